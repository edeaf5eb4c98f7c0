// What is asked when a market is opened, all at once.

import { ask } from "./api.js";
import { ROWS_MAX } from "./lists.js";

/** A market's oldest and newest candle, its newest decision, its buys and sells; the account; all headlines and events. */
export async function askMarket(symbol) {
  const candle = (order) => ask("prices", { symbol, limit: 1, order });
  const decided = (signal) => ask("analysis", { symbol, signal, limit: ROWS_MAX });
  const [first, last, newest, buys, sells, account, events, scores] = await Promise.all([
    ...[candle("asc"), candle("desc"), ask("analysis", { symbol, limit: 1 }), decided("BUY"), decided("SELL")],
    ...[ask("portfolio"), ask("events", { limit: ROWS_MAX }), ask("sentiment", { limit: ROWS_MAX })],
  ]);
  return {
    first: first.items[0],
    last: last.items[0],
    signal: newest.items[0] ?? null,
    signals: [...buys.items, ...sells.items].sort((one, other) => (one.ts < other.ts ? 1 : -1)),
    account: account.equity === null ? null : account,
    events: events.items,
    scores: scores.items,
  };
}
