// What is on the page and where it comes from: one market at a time, one stretch of time in the charts.

import { ask } from "./api.js";
import { Chart } from "./chart.js";
import { showFigures } from "./figures.js";
import { duration, moment, money, quoteOf, seconds, zone } from "./format.js";
import { readInk } from "./ink.js";
import { Legend } from "./legend.js";
import { tellEmpty } from "./empty.js";
import { eventRow } from "./events.js";
import { decisionRow, headlineRow, List, refreshAges, ROWS_MAX } from "./lists.js";
import { node } from "./node.js";
import { reading, summary } from "./reading.js";
import { Series } from "./series.js";
import { showTable } from "./table.js";
import { View } from "./view.js";
import { Vitals } from "./vitals.js";
import { say } from "./words.js";

// A move is drawn at once out of what is there; the server is asked when the hand rests.
const REST_MS = 160;
// What came live is added here; the server's own sums follow this much later.
const EXACT_MS = 10000;
// For what is seen; half as much again on either side makes it less than 4,000.
const POINTS = [500, 1900];

export class Board {
  /** @param $ gives an element of the page by its id */
  constructor($) {
    this.$ = $;
    this.symbol = null;
    this.symbols = [];
    this.view = new View();
    this.now = { prices: {}, signal: null, account: null };
    this.series = this.performance = this.cursor_s = this.asking = null;
    this.timers = {};
    this.vitals = new Vitals($("vitals"), $("stale"));
    this.lists = {
      sentiment: new List($("headlines"), headlineRow, "headlines_none"),
      signals: new List($("decisions"), decisionRow, "decisions_none"),
      events: new List($("events"), eventRow, "events_none"),
    };
    const places = (kind) => ({ price: $(`${kind}-price`), mood: $(`${kind}-mood`), equity: $(`${kind}-equity`) });
    this.chart = new Chart(places("plot"), (at_s) => this.#point(at_s));
    this.legend = new Legend(places("legend"), (name) => this.chart.toggle(name));
    $("table").addEventListener("toggle", () => this.#showTable());
    readInk();
  }

  /** Take what api/status says, and open the first market there is. */
  async look(status) {
    this.vitals.take(status);
    this.vitals.show();
    this.$("version").textContent = status.version ? `moss ${status.version}` : "moss";
    this.$("zone").textContent = say("zone", { zone: zone() });
    const symbols = Object.keys(status.symbols);
    for (const symbol of symbols) this.now.prices[symbol] = status.symbols[symbol].candle?.close;
    this.$("market").hidden = symbols.length === 0;
    this.$("empty").hidden = symbols.length > 0;
    tellEmpty(this.$("empty-now"), status);
    this.$("filled").hidden = symbols.length === 0;
    if (symbols.join() !== this.symbols.join()) this.#offer(symbols);
    if (symbols.length && !symbols.includes(this.symbol)) await this.open(symbols[0]);
  }

  /** Show another market. */
  async open(symbol) {
    this.symbol = symbol;
    this.series = this.performance = null;
    const end = (order) => ask("prices", { symbol, limit: 1, order });
    const [first, last, signals, account, events, scores] = await Promise.all([
      ...[end("asc"), end("desc"), this.#decisions(), ask("portfolio")],
      ...[ask("events", { limit: ROWS_MAX }), ask("sentiment", { limit: ROWS_MAX })],
    ]);
    const decided = await ask("analysis", { symbol, limit: 1 });
    this.lists.sentiment.fill(scores.items);
    this.lists.signals.fill(signals);
    this.lists.events.fill(events.items);
    const candle = last.items[0];
    this.now.signal = decided.items[0] ?? null;
    this.now.account = account.equity === null ? null : account;
    if (!candle) return;
    this.view.reach(seconds(first.items[0].open_ts), seconds(candle.open_ts) + candle.unit_s);
    this.view.choose(this.view.range || "day");
    await this.load();
  }

  /** Show what was just appended. */
  take(stream, record) {
    this.vitals.heard(stream, record.ts);
    if (!this.symbol) {
      this.#later("empty", 500, () => this.onFirst?.());
      return;
    }
    const isOurs = record.symbol === this.symbol;
    if (stream === "ledger") this.now.account = record;
    if (stream === "signals" && isOurs) this.#decided(record);
    if (stream === "prices") this.now.prices[record.symbol] = record.close;
    if (stream === "prices" && isOurs) this.view.advance(seconds(record.open_ts) + record.unit_s);
    if (stream === "sentiment" || stream === "events") this.lists[stream].add(record);
    if (this.series?.take(stream, record) || stream === "ledger") this.#soon();
    this.timers.exact ??= setTimeout(() => this.#exact(), EXACT_MS);
  }

  /** Draw the charts where the view is now, and ask for their points when it rests. */
  moved() {
    if (this.series) this.#soon();
    this.#later("rest", REST_MS, () => this.load());
  }

  /** Ask for the points of the view, and half as much on either side, so that a move has something to show. */
  async load() {
    this.asking?.abort();
    const asking = (this.asking = new AbortController());
    const { since, until } = this.view;
    const ms = (moment_s) => Math.round(moment_s * 1000);
    const points = Math.min(POINTS[1], Math.max(POINTS[0], Math.round(this.chart.width * 1.2)));
    const around = this.view.around();
    const wide = { since: ms(around.since), until: ms(around.until), points: Math.ceil(points * around.times) };
    this.$("charts").setAttribute("aria-busy", "true");
    try {
      const [series, performance] = await Promise.all([
        ask("series", { ...wide, symbol: this.symbol }, asking.signal),
        ask("performance", { since: ms(since), until: ms(until), points }, asking.signal),
      ]);
      this.series = new Series(series);
      this.performance = performance;
      this.legend.show(this.series);
      this.#soon();
      this.#showTable();
    } catch (error) {
      if (error.name !== "AbortError") this.onFailure?.(error);
    } finally {
      if (this.asking === asking) this.$("charts").removeAttribute("aria-busy");
    }
  }

  /** Say everything anew, in another language or theme. */
  retell() {
    readInk();
    this.vitals.show();
    for (const list of Object.values(this.lists)) list.show();
    this.$("zone").textContent = say("zone", { zone: zone() });
    if (!this.series) return;
    this.legend.show(this.series);
    this.chart.redraw();
    this.#showTable();
    this.#draw();
  }

  /** Say whether the connection is lost. */
  lose(isLost) {
    this.vitals.isLost = isLost;
    this.vitals.show();
  }

  /** Keep what tells how long ago something was true. */
  tick() {
    this.vitals.show();
    refreshAges(document);
  }

  /** Read the point before or after the cursor aloud. */
  readNext(step) {
    if (!this.series) return;
    const [from, until] = this.series.within(this.view.since, this.view.until);
    if (from === until) return;
    const here = this.cursor_s === null ? until : this.series.within(0, this.cursor_s)[1] - (step < 0 ? 0 : 1);
    const there = Math.min(until - 1, Math.max(from, this.cursor_s === null ? until - 1 : here + step));
    this.chart.point(this.series.time[there] + this.series.bucket_s / 2);
    this.$("reading").textContent = reading(this.series, this.performance, this.series.time[there]);
  }

  /** Say something to a screen reader, when it has time. */
  announce(sentence) {
    this.$("spoken").textContent = sentence;
  }

  async #decisions() {
    const kinds = ["BUY", "SELL"].map((signal) => ask("analysis", { symbol: this.symbol, signal, limit: ROWS_MAX }));
    const found = (await Promise.all(kinds)).flatMap(({ items }) => items);
    return found.sort((one, other) => (one.ts < other.ts ? 1 : -1));
  }

  #decided(record) {
    this.now.signal = record;
    if (record.signal === "HOLD") return;
    this.lists.signals.add(record);
    const price = money(record.price, quoteOf(record.symbol));
    this.announce(say("new_decision", { signal: say(record.signal.toLowerCase()), symbol: record.symbol, price }));
  }

  #offer(symbols) {
    this.symbols = symbols;
    const options = symbols.map((symbol) => new Option(symbol, symbol, false, symbol === this.symbol));
    this.$("symbol").replaceChildren(...options);
  }

  #later(name, pause_ms, act) {
    clearTimeout(this.timers[name]);
    this.timers[name] = setTimeout(act, pause_ms);
  }

  #exact() {
    this.timers.exact = null;
    if (!document.hidden && this.view.follows) this.load();
  }

  #soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.#draw();
    });
  }

  #draw() {
    const { view, series, performance } = this;
    this.chart.draw(view, series, performance);
    const [from, until] = series.within(view.since, view.until);
    showFigures(this.$("figures"), this.symbol, this.now, series.close[from], performance);
    this.vitals.gaps = series.gaps.filter(([begin_s, end_s]) => end_s > view.since && begin_s < view.until);
    this.vitals.show();
    this.#tell();
    const when = `${moment(view.since)} – ${moment(Math.min(view.until, view.newest_s))}`;
    const told = [when, say("chart_bucket", { duration: duration(series.bucket_s) }), say("zone", { zone: zone() })];
    const parts = from === until ? [say("chart_none")] : told;
    this.$("chart-when").replaceChildren(...parts.map((part) => node("span", "part", part)));
    this.$("charts").setAttribute("aria-label", summary(view, series));
    this.onDraw?.();
  }

  /** Write the values under the cursor, else the newest that are shown. */
  #tell() {
    const at_s = this.cursor_s ?? (this.view.follows ? null : this.view.until);
    this.legend.tell(this.series, this.performance, at_s, this.view);
  }

  #point(at_s) {
    if (at_s === this.cursor_s) return;
    this.cursor_s = at_s;
    if (this.series) this.#tell();
  }

  #showTable() {
    const table = this.$("table");
    if (table.open && this.series) showTable(table.lastElementChild, this.view, this.series, this.performance);
  }
}
