// Three panes on one time axis: price with its averages and marks, the mood of the news, the paper account.

import { timeAxis, valueAxis } from "./axis.js";
import { drawCandles, drawGaps, drawLevel, drawMarks, drawNothing, hasCandles, ink, sourceInk } from "./ink.js";
import { say } from "./words.js";

const NARROW_PX = 560;
const HEIGHTS = { price: [340, 260], mood: [170, 150], equity: [190, 160] };

/** Draws what it is given; it knows nothing of the server. */
export class Chart {
  /**
   * @param panes the elements to draw in: price, mood, equity
   * @param onCursor called with the seconds under the cursor, null when it left
   */
  constructor(panes, onCursor) {
    this.panes = panes;
    this.onCursor = onCursor;
    this.plots = {};
    this.series = null;
    this.performance = null;
    this.hidden = new Set();
    this.sync = uPlot.sync("moss");
    new ResizeObserver(() => this.#resize()).observe(panes.price);
  }

  /** Show a stretch of time out of these columns; performance is null until it is known. */
  draw(view, series, performance) {
    this.view = view;
    const sources = [...series.mood.keys()];
    const isOther = sources.join("\n") !== this.sources?.join("\n") || !this.series;
    Object.assign(this, { series, performance, sources });
    if (isOther) this.#build();
    else for (const name of Object.keys(this.plots)) this.plots[name].setData(this.#data(name), false);
    this.move();
  }

  /** Show another stretch of time out of the same columns. */
  move() {
    for (const plot of Object.values(this.plots)) {
      plot.setScale("x", { min: this.view.since, max: this.view.until });
    }
  }

  /** Draw anew, in another theme or language. */
  redraw() {
    if (this.series) this.#build();
    this.move();
  }

  /** Show or hide a line by its name. */
  toggle(name) {
    if (!this.hidden.delete(name)) this.hidden.add(name);
    this.redraw();
    return !this.hidden.has(name);
  }

  /** Set the cursor of all panes to a moment. */
  point(at_s) {
    const { price } = this.plots;
    price.setCursor({ left: price.valToPos(at_s, "x"), top: 10 });
  }

  get width() {
    return this.plots.price?.over.clientWidth || this.panes.price.clientWidth;
  }

  #build() {
    for (const plot of Object.values(this.plots)) plot.destroy();
    this.plots = {};
    for (const name of Object.keys(this.panes)) {
      this.plots[name] = new uPlot(this.#options(name), this.#data(name), this.panes[name]);
    }
  }

  #data(name) {
    if (name === "price") return this.series.pricePlot();
    if (name === "mood") return this.series.moodPlot(this.view.span_s);
    const { time, equity, hold } = this.performance ?? { time: [], equity: [], hold: [] };
    return [time, equity.map(Number), hold.map(Number)];
  }

  #options(name) {
    const { width, height } = this.#size(name);
    const own = { price: () => this.#price(), mood: () => this.#mood(), equity: () => this.#equity() }[name]();
    return {
      width,
      height,
      padding: [10, 0, 0, 4],
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false }, sync: { key: this.sync.key } },
      ...own,
      axes: [timeAxis(), own.axis],
      scales: { x: { time: true, auto: false }, y: own.scale },
      hooks: {
        ...own.hooks,
        drawClear: [(plot) => drawGaps(plot, this.series.gaps), ...(own.under ?? [])],
        setCursor: [(plot) => this.#tellCursor(plot)],
      },
    };
  }

  #price() {
    const isWide = (plot) => hasCandles(plot, this.series.bucket_s);
    const unseen = { stroke: "transparent", points: { show: false } };
    // A spike of one minute is a hair in a year: the band alone would hide it.
    const edge = { ...unseen, stroke: (plot) => (isWide(plot) ? "transparent" : ink("band")), width: 1 };
    const line = (name, width) => ({ stroke: () => ink(name), width, points: { show: false }, show: !this.hidden.has(name) });
    return {
      axis: valueAxis(() => this.#places()),
      scale: { range: (_, low, high) => padded(low, high, 0.08) },
      series: [
        {},
        edge,
        edge,
        unseen,
        line("fast", 1.5),
        line("slow", 1.5),
        // Last, and so on top: zoomed out, the averages run so close to it that they would cover it.
        { stroke: (plot) => (isWide(plot) ? "transparent" : ink("line")), width: 1.5, points: { show: false } },
      ],
      bands: [{ series: [1, 2], fill: (plot) => (isWide(plot) ? "transparent" : ink("band")), dir: -1 }],
      hooks: {
        drawSeries: [(plot, at) => at === 1 && isWide(plot) && drawCandles(plot, this.series)],
        draw: [(plot) => drawMarks(plot, { ...this.#marks(), bucket_s: this.series.bucket_s })],
      },
    };
  }

  #marks() {
    const shown = { BUY: !this.hidden.has("buy"), SELL: !this.hidden.has("sell") };
    return { marks: this.series.marks.filter(({ signal }) => shown[signal]) };
  }

  #mood() {
    const dots = (source, at) => ({
      show: !this.hidden.has(source),
      stroke: "transparent",
      paths: () => null,
      points: { show: true, size: 5, width: 0, stroke: sourceInk(at), fill: () => sourceInk(at) },
    });
    return {
      axis: valueAxis(() => 1, () => [-1, -0.5, 0, 0.5, 1]),
      scale: { range: () => [-1.1, 1.1] },
      series: [
        {},
        ...this.sources.map(dots),
        { stroke: () => ink("text"), width: 1.5, points: { show: false }, show: !this.hidden.has("mean") },
      ],
      under: [(plot) => drawLevel(plot, 0)],
      hooks: { draw: [(plot) => this.sources.length || drawNothing(plot, say("mood_none"))] },
    };
  }

  #equity() {
    const line = (name, colour, dash) => ({
      ...{ stroke: () => ink(colour), width: 1.75, dash, points: { show: false }, show: !this.hidden.has(name) },
    });
    return {
      axis: valueAxis(() => (this.performance?.time.length ? this.#places() : null)),
      scale: { range: (_, low, high) => padded(low, high, 0.1) },
      series: [{}, line("equity", "accent"), line("held", "muted", [5, 4])],
      hooks: { draw: [(plot) => this.performance?.time.length === 0 && drawNothing(plot, say("equity_none"))] },
    };
  }

  #places() {
    return (this.series.close.at(-1) ?? 0) >= 1000 ? 0 : 4;
  }

  #tellCursor(plot) {
    const { left } = plot.cursor;
    if (plot === this.plots.price) this.onCursor(left >= 0 ? plot.posToVal(left, "x") : null);
  }

  #size(name) {
    const width = Math.max(220, Math.floor(this.panes.price.clientWidth));
    return { width, height: HEIGHTS[name][width < NARROW_PX ? 1 : 0] };
  }

  #resize() {
    for (const [name, plot] of Object.entries(this.plots)) plot.setSize(this.#size(name));
  }
}

function padded(low, high, part) {
  if (low === null || high === null || low === undefined) return [0, 1];
  const room = (high - low || Math.abs(high) * 0.01 || 1) * part;
  return [low - room, high + room];
}
