// The line of names over each pane: what each line is, its value under the cursor, and a click hides it.

import { money, number, quoteOf, score } from "./format.js";
import { node } from "./node.js";
import { lowerBound } from "./series.js";
import { say } from "./words.js";

const SHOWN_SOURCES = 8;

/** Keeps the three legends; `toggle` is asked to show or hide a line and tells whether it shows. */
export class Legend {
  constructor(places, toggle) {
    this.places = places;
    this.toggle = toggle;
    this.values = new Map();
    this.hidden = new Set();
  }

  /** Name the lines of these columns. */
  show(series) {
    this.values.clear();
    this.#fill("price", [
      ["close", say("price"), "line", ""],
      ["fast", say("mean_fast"), "fast", ""],
      ["slow", say("mean_slow"), "slow", ""],
      ["buy", say("buy"), "buy", "up"],
      ["sell", say("sell"), "sell", "down"],
    ]);
    const sources = [...series.mood.keys()];
    const dots = sources.map((name, at) => [name, name, `source-${at % SHOWN_SOURCES}`, "dotted"]);
    this.#fill("mood", [...dots, ["mean", say("mood_mean"), "text", ""]]);
    this.#fill("equity", [
      ["equity", say("equity_own"), "accent", ""],
      ["held", say("equity_hold"), "muted", "dashed"],
    ]);
  }

  /** Write the values at a moment, or the newest. */
  tell(series, performance, at_s, view) {
    const quote = quoteOf(series.symbol);
    const price = at(series.time, series.close, at_s);
    const all = series.marks.filter(({ time }) => time >= view.since && time < view.until);
    this.#write("close", price === null ? "" : money(price, quote));
    this.#write("fast", rounded(at(series.meanTime, series.fast, at_s), price));
    this.#write("slow", rounded(at(series.meanTime, series.slow, at_s), price));
    this.#write("buy", number(all.filter(({ signal }) => signal === "BUY").length));
    this.#write("sell", number(all.filter(({ signal }) => signal === "SELL").length));
    for (const [source, of] of series.mood) {
      const value = at(of.time, of.score, at_s);
      this.#write(source, value === null ? "" : score(value));
    }
    const mean = at(...series.moodMean, at_s);
    this.#write("mean", mean === null ? "" : score(mean));
    for (const [name, column] of [["equity", "equity"], ["held", "hold"]]) {
      const value = performance && at(performance.time, performance[column], at_s);
      this.#write(name, value === null || value === undefined ? "" : money(value, quote));
    }
  }

  #fill(pane, keys) {
    this.places[pane].replaceChildren(
      ...keys.map(([name, words, ink, shape]) => {
        const value = node("span", "value");
        const key = node("button", "key", node("span", `swatch ${shape} ink-${ink}`), node("span", "name", words), value);
        key.type = "button";
        key.setAttribute("aria-pressed", String(!this.hidden.has(name)));
        if (name !== "close") key.addEventListener("click", () => this.#press(key, name));
        else key.disabled = true;
        this.values.set(name, value);
        return key;
      }),
    );
  }

  #press(key, name) {
    const isShown = this.toggle(name);
    if (isShown) this.hidden.delete(name);
    else this.hidden.add(name);
    key.setAttribute("aria-pressed", String(isShown));
  }

  #write(name, text) {
    const value = this.values.get(name);
    if (value && value.textContent !== text) value.textContent = text;
  }
}

/** The value of the point that a moment lies in; the newest where there is no moment. */
export function at(times, values, at_s) {
  if (!times.length) return null;
  if (at_s === null) return values.at(-1);
  const next = lowerBound(times, at_s + 1e-6);
  return next === 0 ? null : values[next - 1];
}

function rounded(value, price) {
  return value === null ? "" : number(value, price >= 1000 ? 0 : 4);
}
