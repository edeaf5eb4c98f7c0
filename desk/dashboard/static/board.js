// What is on the page and where it comes from: one market at a time, one stretch of time in the charts.

import { ask } from "./api.js";
import { Chart } from "./chart.js";
import { showFigures } from "./figures.js";
import { money, quoteOf, seconds, zone } from "./format.js";
import { readInk } from "./ink.js";
import { Legend } from "./legend.js";
import { tellEmpty } from "./empty.js";
import { eventRow } from "./events.js";
import { decisionRow, headlineRow, List, refreshAges } from "./lists.js";
import { askMarket } from "./market.js";
import { node } from "./node.js";
import { pointBeside, reading, stretch, summary } from "./reading.js";
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
    this.symbol = this.opening = null;
    this.symbols = [];
    // Whether something is missing of what is shown, so that the next look has to open the market anew.
    this.isBehind = false;
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

  /** Take what api/status says, and open the first market there is, or anew the one that is not all there. */
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
    if (symbols.length && (this.isBehind || !symbols.includes(this.symbol))) await this.open(this.$("symbol").value);
  }

  /** Show another market, or the same anew. Throws what its questions throw: then the next look opens it again. */
  async open(symbol) {
    const opening = (this.opening = {});
    this.asking?.abort();
    this.symbol = symbol;
    this.series = this.performance = null;
    this.isBehind = false;
    try {
      const found = await askMarket(symbol);
      // Else another one was chosen meanwhile, and this came too late.
      if (this.opening === opening) await this.#show(found);
    } catch (error) {
      if (this.opening !== opening) return;
      this.isBehind = true;
      throw error;
    }
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
      if (error.name === "AbortError") return;
      this.isBehind ||= !this.series;
      this.onFailure?.(error);
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
    const there_s = this.series && pointBeside(this.series, this.view, this.cursor_s, step);
    if (there_s === null) return;
    this.chart.point(there_s + this.series.bucket_s / 2);
    this.$("reading").textContent = reading(this.series, this.performance, there_s);
  }

  /** Say something to a screen reader, when it has time. */
  announce(sentence) {
    this.$("spoken").textContent = sentence;
  }

  async #show({ first, last, signal, signals, account, events, scores }) {
    this.lists.sentiment.fill(scores);
    this.lists.signals.fill(signals);
    this.lists.events.fill(events);
    this.now.signal = signal;
    this.now.account = account;
    if (!last) return;
    this.view.reach(seconds(first.open_ts), seconds(last.open_ts) + last.unit_s);
    this.view.choose(this.view.range || "day");
    await this.load();
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
    if (!document.hidden && this.view.newest_s && this.view.follows) this.load();
  }

  #soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.series) this.#draw();
    });
  }

  #draw() {
    const { view, series, performance } = this;
    this.chart.draw(view, series, performance);
    const first = series.close[series.within(view.since, view.until)[0]];
    showFigures(this.$("figures"), this.symbol, this.now, first, performance);
    this.vitals.gaps = series.gaps.filter(([begin_s, end_s]) => end_s > view.since && begin_s < view.until);
    this.vitals.show();
    this.#tell();
    this.$("chart-when").replaceChildren(...stretch(view, series).map((part) => node("span", "part", part)));
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
