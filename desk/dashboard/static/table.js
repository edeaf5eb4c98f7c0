// The charts as a table, for those who read rather than see.

import { moment, number, score } from "./format.js";
import { at } from "./legend.js";
import { node } from "./node.js";
import { say } from "./words.js";

const ROWS_MAX = 60;
const HEADS = ["table_time", "table_close", "table_low", "table_high", "mean_fast", "mean_slow", "table_signal", "table_mood"];

/** Fill the table with what the view shows, the newest first, put together to at most so many rows. */
export function showTable(place, view, series, performance) {
  const [from, until] = series.within(view.since, view.until);
  const step = Math.max(1, Math.ceil((until - from) / ROWS_MAX));
  const rows = [];
  for (let start = from; start < until; start += step) rows.push(rowOf(series, performance, start, Math.min(until, start + step)));
  const heads = [...HEADS, "equity_own", "equity_hold"].map((name) => {
    const head = node("th", "", say(name));
    head.scope = "col";
    return head;
  });
  const told = { symbol: series.symbol, since: moment(view.since), until: moment(Math.min(view.until, view.newest_s)) };
  place.replaceChildren(
    node(
      "table",
      "",
      node("caption", "", say("table_caption", told)),
      node("thead", "", node("tr", "", ...heads)),
      node("tbody", "", ...rows.reverse()),
    ),
  );
}

function rowOf(series, performance, start, end) {
  const since_s = series.time[start];
  const until_s = series.time[end - 1] + series.bucket_s;
  const signals = series.marks.filter(({ time }) => time >= since_s && time < until_s);
  const scores = [...series.mood.values()].flatMap(({ time, score: values }) =>
    values.filter((_, row) => time[row] >= since_s && time[row] < until_s),
  );
  const places = series.close[start] >= 1000 ? 0 : 4;
  const value = (amount) => (amount === null || amount === undefined ? "–" : number(amount, places));
  const mean = scores.reduce((sum, each) => sum + each, 0) / scores.length;
  const time = node("th", "", moment(since_s));
  time.scope = "row";
  const cells = [
    value(series.close[end - 1]),
    value(Math.min(...series.low.slice(start, end))),
    value(Math.max(...series.high.slice(start, end))),
    value(at(series.meanTime, series.fast, until_s)),
    value(at(series.meanTime, series.slow, until_s)),
    signals.map(({ signal }) => say(signal === "BUY" ? "buy" : "sell")).join(", "),
    scores.length ? score(mean) : "",
    value(performance && at(performance.time, performance.equity, until_s)),
    value(performance && at(performance.time, performance.hold, until_s)),
  ];
  return node("tr", "", time, ...cells.map((text) => node("td", "", text)));
}
