// The charts in sentences: which stretch of time it is and, for a screen reader, what they show.

import { duration, moment, money, quoteOf, score, zone } from "./format.js";
import { at } from "./legend.js";
import { say } from "./words.js";

/** What the whole view shows. */
export function summary(view, series) {
  const [from, until] = series.within(view.since, view.until);
  if (from === until) return say("chart_none");
  const worth = (price) => money(price, quoteOf(series.symbol));
  const shown = series.marks.filter(({ time }) => time >= view.since && time < view.until);
  const count = (kind) => shown.filter(({ signal }) => signal === kind).length;
  return say("chart_of", {
    symbol: series.symbol,
    since: moment(series.time[from]),
    until: moment(series.time[until - 1]),
    first: worth(series.open[from]),
    last: worth(series.close[until - 1]),
    low: worth(least(series.low, from, until)),
    high: worth(-least(series.high.map((price) => -price), from, until)),
    buys: count("BUY"),
    sells: count("SELL"),
  });
}

/** Which time the charts show, in which steps and in whose zone; each part a sentence. */
export function stretch(view, series) {
  const [from, until] = series.within(view.since, view.until);
  if (from === until) return [say("chart_none")];
  const when = `${moment(view.since)} – ${moment(Math.min(view.until, view.newest_s))}`;
  return [when, say("chart_bucket", { duration: duration(series.bucket_s) }), say("zone", { zone: zone() })];
}

/** The start of the point before or after a moment, of the newest where there is no moment; null where none is shown. */
export function pointBeside(series, view, at_s, step) {
  const [from, until] = series.within(view.since, view.until);
  if (from === until) return null;
  const here = at_s === null ? until : series.within(0, at_s)[1] - (step < 0 ? 0 : 1);
  return series.time[Math.min(until - 1, Math.max(from, at_s === null ? until - 1 : here + step))];
}

/** What there is at one point. */
export function reading(series, performance, time) {
  const until_s = time + series.bucket_s;
  const worth = (price) => money(price, quoteOf(series.symbol));
  const [of] = series.within(time, until_s);
  const said = [moment(time), `${say("price")} ${worth(series.close[of])}`];
  for (const { signal } of series.marks.filter((mark) => mark.time >= time && mark.time < until_s)) {
    said.push(say(signal.toLowerCase()));
  }
  for (const [source, { time: times, score: scores }] of series.mood) {
    times.forEach((when, row) => when >= time && when < until_s && said.push(`${source} ${score(scores[row])}`));
  }
  const equity = performance && at(performance.time, performance.equity, until_s);
  if (equity !== null && equity !== undefined) said.push(`${say("equity_own")} ${worth(Math.round(equity))}`);
  return said.join(", ");
}

function least(values, from, until) {
  let found = values[from];
  for (let row = from; row < until; row += 1) found = Math.min(found, values[row]);
  return found;
}
