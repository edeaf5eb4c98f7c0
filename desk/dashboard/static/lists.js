// Lists of the newest records, and the rows of headlines, buys and sells. What came from outside goes in as text.

import { age, node } from "./node.js";
import { ago, money, moment, quoteOf, score, seconds } from "./format.js";
import { say } from "./words.js";

export const ROWS_MAX = 50;
const NEUTRAL = 0.2;

/** One list of records, the newest first; a record that comes live is put on top. */
export class List {
  /**
   * @param row makes the element of a record
   * @param nothing the key of what is said of an empty list
   */
  constructor(place, row, nothing) {
    this.place = place;
    this.row = row;
    this.nothing = nothing;
    this.records = [];
  }

  fill(records) {
    this.records = records.slice(0, ROWS_MAX);
    this.show();
  }

  show() {
    const rows = this.records.map((record) => this.row(record));
    this.place.replaceChildren(...(rows.length ? rows : [node("li", "nothing", say(this.nothing))]));
  }

  add(record) {
    // What was appended while the list was being asked for comes both ways.
    if (this.records.some((known) => isSame(known, record))) return;
    if (!this.records.length) this.place.replaceChildren();
    this.records.unshift(record);
    this.records.length = Math.min(this.records.length, ROWS_MAX);
    const row = this.row(record);
    row.classList.add("fresh");
    this.place.prepend(row);
    while (this.place.childElementCount > ROWS_MAX) this.place.lastElementChild.remove();
  }
}

/** The row of a scored headline. */
export function headlineRow(record) {
  const kind = record.score >= NEUTRAL ? "plus" : record.score <= -NEUTRAL ? "minus" : "";
  const badge = node("span", `badge ${kind}`, node("span", "unseen", say("score_of", { score: "" })), score(record.score));
  return row(badge, titleOf(record), `${record.source} · `, record.published_ts ?? record.ts);
}

/** The row of a buy or sell, as it was decided. */
export function decisionRow(record) {
  const isBuy = record.signal === "BUY";
  const badge = node("span", `badge ${isBuy ? "rise" : "fall"}`, `${isBuy ? "▲" : "▼"} ${say(isBuy ? "buy" : "sell")}`);
  return row(badge, money(record.price, quoteOf(record.symbol)), `${record.symbol} · ${record.reason} · `, record.ts);
}

/** Say anew how long ago each thing was. */
export function refreshAges(root) {
  for (const time of root.querySelectorAll("time.age")) {
    const said = ago(seconds(time.dateTime));
    if (time.textContent !== said) time.textContent = said;
  }
}

/** One line of a list: a badge, what it is, and below it what else, and how long ago. */
export function row(badge, what, under, ts) {
  const when = age(ts, ago(seconds(ts)));
  when.title = moment(seconds(ts));
  return node("li", "record", badge, node("span", "what", what), node("span", "under", under, when));
}

function isSame(one, other) {
  return ["ts", "kind", "text_id", "symbol", "message"].every((name) => one[name] === other[name]);
}

function titleOf(record) {
  const title = record.title ?? say("headline_untold");
  if (!record.link || !/^https?:\/\//i.test(record.link)) return title;
  const link = node("a", "", title);
  link.href = record.link;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}
