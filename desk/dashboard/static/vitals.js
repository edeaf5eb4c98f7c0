// Is it alive: the bot's state, the last record of each stream, the gaps.

import { age, node } from "./node.js";
import { ago, duration, moment, number, seconds } from "./format.js";
import { knows, say } from "./words.js";

const STREAMS = ["prices", "signals", "ledger", "feeds", "sentiment", "events"];

/** Keeps the line of life signs; `streams` holds the newest time of each stream that is known. */
export class Vitals {
  constructor(place, stale) {
    this.place = place;
    this.stale = stale;
    this.status = null;
    // Without a connection nobody knows.
    this.isLost = false;
    this.streams = {};
    this.gaps = [];
  }

  /** Take what the server says of itself. */
  take(status) {
    this.status = status;
    for (const [stream, ts] of Object.entries(status.streams)) this.heard(stream, ts);
  }

  /** Note that a stream has a record of this time. */
  heard(stream, ts) {
    if (ts && ts > (this.streams[stream] ?? "")) this.streams[stream] = ts;
  }

  show() {
    if (!this.status) return;
    const { alive, state, since, errors_day } = this.status;
    const said = this.isLost ? "alive_unknown" : alive ? "alive_yes" : "alive_no";
    const pulse = node("p", "vital pulse", node("span", "dot"), say(said));
    pulse.dataset.alive = this.isLost ? "unknown" : String(alive);
    const gap_s = this.gaps.reduce((sum, [from_s, until_s]) => sum + until_s - from_s, 0);
    const gaps = this.gaps.length
      ? say("gaps_some", { count: number(this.gaps.length), duration: duration(gap_s) })
      : say("gaps_none");
    this.place.replaceChildren(
      pulse,
      vital("bot", stateOf(state, since)),
      ...STREAMS.map((stream) => vital(`stream_${stream}`, this.#last(stream))),
      vital("gaps", gaps),
      vital("errors_day", number(errors_day)),
    );
    this.#tellStale(alive);
  }

  #last(stream) {
    const ts = this.streams[stream];
    return ts ? age(ts, ago(seconds(ts))) : say("nothing_yet");
  }

  #tellStale(alive) {
    const newest = Object.values(this.streams).filter(Boolean).sort().at(-1);
    this.stale.hidden = alive || !newest;
    if (this.stale.hidden) return;
    const told = [say("stale", { time: moment(seconds(newest)), ago: ago(seconds(newest)) })];
    const key = `stale_${this.status.state.replace(" ", "_")}`;
    told.push(knows(key) ? say(key) : this.status.reason);
    this.stale.textContent = told.join(" ");
  }
}

function vital(name, value) {
  return node("p", "vital", node("span", "name", say(name)), node("span", "value", value));
}

function stateOf(state, since) {
  if (state === "running") return say("state_running", { duration: duration(Date.now() / 1000 - seconds(since)) });
  if (state === "stopped") return say("state_stopped", { time: moment(seconds(since)) });
  return say(state === "silent" ? "state_silent" : "state_never");
}
