// The figures that answer most questions: price, last decision, paper account, and what holding would have earned.

import { age, node } from "./node.js";
import { ago, money, number, percent, quoteOf, seconds } from "./format.js";
import { say } from "./words.js";

const SIGNALS = { BUY: ["▲", "buy", "rise"], SELL: ["▼", "sell", "fall"], HOLD: ["–", "hold", ""] };

/**
 * Show the figures of a market.
 * @param now {prices, signal, account}: the newest price of each market, decision and account, null where there is none
 * @param first the price at the start of what the chart shows
 * @param performance the answer of api/performance, null until it is known
 */
export function showFigures(place, symbol, now, first, performance) {
  const quote = quoteOf(symbol);
  place.replaceChildren(
    priceOf(now.prices[symbol] ?? null, first, quote),
    decisionOf(now.signal, quote),
    accountOf(now.account, quote, now.prices),
    performanceOf(performance, quote),
  );
}

function priceOf(price, first, quote) {
  const change = price !== null && first ? price / first - 1 : null;
  const moved = change === null ? "" : node("span", `sign ${change > 0 ? "rise" : change < 0 ? "fall" : ""}`, percent(change));
  return figure("price", money(price, quote), moved, moved && ` ${say("in_view")}`);
}

function decisionOf(signal, quote) {
  if (!signal) return figure("last_decision", say("no_decision"));
  const [shape, word, colour] = SIGNALS[signal.signal];
  const said = node("span", colour, `${shape} ${say(word)}`);
  const when = age(signal.ts, ago(seconds(signal.ts)));
  return figure("last_decision", said, money(signal.price, quote), " · ", when);
}

function accountOf(account, quote, prices) {
  if (!account) return figure("paper_equity", "–");
  const held = Object.entries(account.positions ?? {});
  const what = held.map(([name, quantity]) => `${number(quantity, 6)} ${name.replace(/^KRW-|-[A-Z]+$/, "")}`).join(", ");
  // The stored equity is as old as the last fill; with the newest prices it is today's.
  const worth = held.reduce((sum, [name, quantity]) => sum + Number(quantity) * prices[name], Number(account.cash));
  const holds = held.length ? say("paper_held", { what }) : say("paper_flat");
  return figure(
    "paper_equity",
    money(Number.isNaN(worth) ? account.equity : worth, quote),
    `${holds} · ${say("paper_cash", { amount: money(Math.floor(account.cash), quote) })}`,
  );
}

function performanceOf(performance, quote) {
  if (!performance || performance.return_rate === null) return figure("versus_hold", "–");
  const own = Number(performance.return_rate);
  const hold = Number(performance.hold_return_rate);
  const ahead = own - hold;
  const points = say("points", { count: number(Math.abs(ahead) * 100, 2, 2) });
  const word = Math.abs(ahead) < 0.00005 ? "points_same" : ahead > 0 ? "points_more" : "points_less";
  const said = node("span", word === "points_same" ? "" : ahead > 0 ? "better" : "worse", say(word, { points }));
  const parts = [
    `${say("return_own")} ${percent(own)}`,
    `${say("return_hold")} ${percent(hold)}`,
    performance.trades ? `${say("trades")} ${number(performance.trades)}` : say("trades_none"),
    `${say("drawdown")} ${percent(performance.drawdown_rate, { signed: false, places: 1 })}`,
  ];
  if (performance.win_rate !== null) {
    parts.push(`${say("win_rate")} ${percent(performance.win_rate, { signed: false, places: 0 })}`);
  }
  if (performance.trades) parts.push(`${say("fees")} ${money(Math.round(performance.fees), quote)}`);
  return figure("versus_hold", said, ...parts.map((part) => node("span", "part", part)));
}

function figure(name, value, ...more) {
  return node(
    "div",
    "card figure",
    node("p", "name", say(name)),
    node("p", "value", value),
    node("p", "more", ...more),
  );
}
