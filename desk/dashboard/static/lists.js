// The newest headlines, buys and sells, and events. What came from outside goes in as text.

import { age, node } from "./node.js";
import { ago, duration, money, moment, quoteOf, score, seconds } from "./format.js";
import { knows, say } from "./words.js";

export const ROWS_MAX = 50;
const NEUTRAL = 0.2;
const TROUBLE = ["error", "gap", "alert", "rollback"];
const CARE = ["breaker", "clock", "missed", "unfilled"];

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

/** The row of an event, in words for the kinds that are known. */
export function eventRow(record) {
  const kind = TROUBLE.includes(record.kind) ? "trouble" : CARE.includes(record.kind) ? "care" : "";
  const name = knows(`event_${record.kind}`) ? say(`event_${record.kind}`) : record.kind;
  return row(node("span", `badge ${kind}`, name), textOf(record), "", record.ts);
}

/** Say anew how long ago each thing was. */
export function refreshAges(root) {
  for (const time of root.querySelectorAll("time.age")) {
    const said = ago(seconds(time.dateTime));
    if (time.textContent !== said) time.textContent = said;
  }
}

function row(badge, what, under, ts) {
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

function textOf(record) {
  if (record.kind === "gap") {
    const length_s = seconds(record.until_ts) - seconds(record.from_ts);
    const since = moment(seconds(record.from_ts));
    return say("event_gap_text", { symbol: record.symbol, duration: duration(length_s), since });
  }
  if (record.kind === "report") return say("event_report_text", record);
  if (record.kind === "missed") return say("event_missed_text", record);
  if (record.kind === "start" || record.kind === "stop") return say("event_version", { version: record.version ?? "?" });
  const told = record.message ?? record.what ?? record.command ?? record.reason ?? record.host ?? record.source ?? "";
  return record.doing ? `${told}: ${record.doing}` : String(told);
}
