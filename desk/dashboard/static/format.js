// Numbers, money and times, in the way of the language that is spoken and of the viewer's zone.

import { language, say } from "./words.js";

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 86400;
const QUOTES = ["KRW", "USDT", "USDC", "USD", "EUR", "GBP", "JPY", "BTC", "ETH"];

export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The currency that a market's prices are in; exchanges write KRW-BTC, BTC-USD, BTCUSDT. */
export function quoteOf(symbol) {
  if (symbol?.startsWith("KRW-")) return "KRW";
  return QUOTES.find((quote) => symbol?.endsWith(quote)) ?? "";
}

/** A number with its groups, and the places it has between `fewest` and `places`. Text keeps every digit. */
export function number(value, places = 8, fewest = 0) {
  if (value === null || value === undefined || value === "") return "–";
  return new Intl.NumberFormat(language(), { minimumFractionDigits: fewest, maximumFractionDigits: places }).format(value);
}

/** An amount: 98,100,000원 in Korean, KRW 98,100,000 in English. */
export function money(value, quote) {
  if (value === null || value === undefined) return "–";
  const amount = number(value, quote === "KRW" ? (Math.abs(value) < 100 ? 2 : 0) : Math.abs(value) < 1 ? 8 : 2);
  if (quote === "KRW" && language() === "ko") return `${amount}원`;
  return quote ? `${quote} ${amount}` : amount;
}

/** A rate such as 0.0123 as +1.23%. */
export function percent(rate, { signed = true, places = 2 } = {}) {
  if (rate === null || rate === undefined || !Number.isFinite(Number(rate))) return "–";
  const shape = { style: "percent", minimumFractionDigits: places, maximumFractionDigits: places };
  return new Intl.NumberFormat(language(), { ...shape, signDisplay: signed ? "exceptZero" : "auto" }).format(rate);
}

/** A score from -1 to 1, always with its sign. */
export function score(value) {
  const shape = { minimumFractionDigits: 2, maximumFractionDigits: 2, signDisplay: "exceptZero" };
  return new Intl.NumberFormat(language(), shape).format(value);
}

/** Seconds since 1970 of a record's time. */
export function seconds(ts) {
  return Date.parse(ts) / 1000;
}

/** A moment with its day: Nov 21, 14:05; with its year where that is not this one. */
export function moment(at_s) {
  const isThisYear = new Date(at_s * 1000).getFullYear() === new Date().getFullYear();
  const year = isThisYear ? {} : { year: "numeric" };
  return shaped(at_s, { ...year, month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

export function clock(at_s) {
  return shaped(at_s, { hour: "2-digit", minute: "2-digit" });
}

export function day(at_s) {
  return shaped(at_s, { month: "short", day: "numeric" });
}

export function month(at_s) {
  return shaped(at_s, { year: "numeric", month: "short" });
}

/** How long ago that was. A demo's clock runs ahead of ours: what is still to come is just now. */
export function ago(at_s, now_s = Date.now() / 1000) {
  const past_s = now_s - at_s;
  if (past_s < 5) return say("now");
  const [size_s, unit] = unitOf(past_s);
  const style = language() === "ko" ? "long" : "narrow";
  return new Intl.RelativeTimeFormat(language(), { style }).format(-Math.floor(past_s / size_s), unit);
}

/** A length of time in its two largest units: 3 d 4 h. */
export function duration(length_s) {
  const parts = [
    [DAY_S, "day"],
    [HOUR_S, "hour"],
    [MINUTE_S, "minute"],
    [1, "second"],
  ];
  let left_s = Math.max(0, Math.round(length_s));
  const said = [];
  for (const [size_s, unit] of parts) {
    const count = Math.floor(left_s / size_s);
    left_s -= count * size_s;
    if (count && said.length < 2) said.push(unitful(count, unit));
    else if (said.length) break;
  }
  return said.join(" ") || unitful(0, "second");
}

/** The viewer's zone with its distance to UTC: Asia/Seoul (UTC+9). */
export function zone() {
  const parts = new Intl.DateTimeFormat("en", { timeZoneName: "shortOffset" }).formatToParts(new Date());
  const offset = parts.find((part) => part.type === "timeZoneName")?.value.replace("GMT", "UTC") ?? "UTC";
  return offset === ZONE ? ZONE : `${ZONE} (${offset})`;
}

function unitful(count, unit) {
  return new Intl.NumberFormat(language(), { style: "unit", unit, unitDisplay: "short" }).format(count);
}

function unitOf(past_s) {
  if (past_s < MINUTE_S) return [1, "second"];
  if (past_s < HOUR_S) return [MINUTE_S, "minute"];
  return past_s < 2 * DAY_S ? [HOUR_S, "hour"] : [DAY_S, "day"];
}

const shapes = new Map();

function shaped(at_s, shape) {
  const key = language() + Object.keys(shape).join();
  if (!shapes.has(key)) shapes.set(key, new Intl.DateTimeFormat(language(), { ...shape, hourCycle: "h23" }));
  return shapes.get(key).format(at_s * 1000);
}
