// The row of an event: its name, and in words what happened, for the kinds that are known.

import { duration, moment, number, seconds } from "./format.js";
import { row } from "./lists.js";
import { node } from "./node.js";
import { knows, say } from "./words.js";

const TROUBLE = ["error", "gap", "alert", "rollback"];
const CARE = ["breaker", "clock", "missed", "unfilled"];
const CHANGES_MAX = 3;

export function eventRow(record) {
  const kind = TROUBLE.includes(record.kind) ? "trouble" : CARE.includes(record.kind) ? "care" : "";
  const name = knows(`event_${record.kind}`) ? say(`event_${record.kind}`) : record.kind;
  return row(node("span", `badge ${kind}`, name), (TEXTS[record.kind] ?? told)(record), "", record.ts);
}

const TEXTS = {
  gap: ({ symbol, from_ts, until_ts }) => {
    const length_s = seconds(until_ts) - seconds(from_ts);
    return say("event_gap_text", { symbol, duration: duration(length_s), since: moment(seconds(from_ts)) });
  },
  start: (record) => joined(version(record), knows(`start_${record.previous}`) && say(`start_${record.previous}`)),
  stop: (record) => version(record),
  report: (record) => figures(record),
  summary: (record) => joined(record.day, figures(record)),
  missed: (record) => say("event_missed_text", record),
  breaker: (record) => {
    const key = `breaker_${record.state}`.replace("-", "_");
    return knows(key) ? say(key, { ...record, duration: duration(record.wait_s) }) : told(record);
  },
  source: ({ source, instead_of, why }) => joined(say("event_source_text", { source, other: instead_of ?? "–" }), why),
  reload: (record) => changes(record),
  rollback: (record) => joined(record.why, changes(record)),
  alert_end: ({ what }) => String(what ?? ""),
};

function told(record) {
  const first = record.message ?? record.what ?? record.why ?? record.host ?? record.source ?? "";
  return joined(String(first), record.doing);
}

function version(record) {
  return say("event_version", { version: record.version ?? "?" });
}

/** What a report or a summary counts; older ones have fewer figures. */
function figures(record) {
  const counts = { candles: record.candles, signals: record.evaluations ?? record.signals, fills: record.fills, errors: record.errors };
  for (const [name, count] of Object.entries(counts)) counts[name] = number(total(count));
  return say("event_report_text", counts);
}

/** A count, or the sum of counts by name. */
function total(count) {
  if (count === null || typeof count !== "object") return Number(count ?? 0);
  return Object.values(count).reduce((sum, each) => sum + Number(each), 0);
}

function changes(record) {
  const found = Object.entries(record.changes ?? {}).map(([name, pair]) => `${name}: ${[pair].flat().map(plain).join(" → ")}`);
  const more = found.length > CHANGES_MAX ? ` +${found.length - CHANGES_MAX}` : "";
  return found.slice(0, CHANGES_MAX).join(", ") + more;
}

function plain(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function joined(...parts) {
  return parts.filter(Boolean).join(": ");
}
