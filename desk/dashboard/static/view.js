// Which stretch of time is shown, and how it moves.

const DAY_S = 86400;
const SPANS_S = { hour: 3600, day: DAY_S, week: 7 * DAY_S, month: 30 * DAY_S, year: 365 * DAY_S, all: Infinity };
const SPAN_S_MIN = 600;
// Some room after the newest minute, so that a mark there is whole.
const MARGIN = 0.02;

export const RANGES = Object.keys(SPANS_S);

/** From `since` to `until` in seconds; `follows` while the newest minute is in sight. */
export class View {
  constructor() {
    this.range = "day";
    this.oldest_s = 0;
    this.newest_s = 0;
    this.follows = true;
    this.since = 0;
    this.until = 0;
  }

  get span_s() {
    return this.until - this.since;
  }

  /** What lies around, as far as there are records: half as much on either side, and how many times the view that is. */
  around() {
    const half_s = this.span_s / 2;
    const since = Math.max(this.since - half_s, Math.min(this.since, this.oldest_s));
    const until = Math.max(this.until, Math.min(this.until + half_s, this.newest_s));
    return { since, until, times: (until - since) / this.span_s };
  }

  /** Say how far the records reach. */
  reach(oldest_s, newest_s) {
    this.oldest_s = oldest_s;
    this.newest_s = newest_s;
  }

  /** Take note of a newer minute; tell whether the view moved along. */
  advance(newest_s) {
    if (newest_s <= this.newest_s) return false;
    const moved_s = newest_s - this.newest_s;
    this.newest_s = newest_s;
    if (this.follows) {
      this.since += moved_s;
      this.until += moved_s;
    }
    return this.follows;
  }

  choose(range) {
    this.range = range;
    const recorded_s = Math.max(SPAN_S_MIN, this.newest_s - this.oldest_s);
    this.#end(Math.min(SPANS_S[range], recorded_s));
  }

  toNewest() {
    this.#end(this.span_s / (1 + MARGIN));
  }

  /** Move by a part of what is shown; below 0 is earlier. */
  pan(part) {
    this.set(this.since + part * this.span_s, this.until + part * this.span_s);
  }

  /** Show `factor` times as much, and keep in its place what lies at that part of the width. */
  zoom(factor, part = 1 - MARGIN) {
    const span_s = Math.min(Math.max(this.span_s * factor, SPAN_S_MIN), this.#all_s());
    const kept_s = this.since + part * this.span_s;
    this.range = "";
    this.set(kept_s - part * span_s, kept_s + (1 - part) * span_s);
  }

  /** Show from here to there, as near as the records and the closest zoom allow. */
  set(since, until) {
    const span_s = Math.min(Math.max(until - since, SPAN_S_MIN), this.#all_s());
    const last_s = this.newest_s + span_s * MARGIN;
    this.until = Math.min(Math.max(until, this.oldest_s + span_s / 2), last_s);
    this.since = this.until - span_s;
    this.follows = this.until >= this.newest_s;
  }

  #end(span_s) {
    this.follows = true;
    this.until = this.newest_s + span_s * MARGIN;
    this.since = this.newest_s - span_s;
  }

  #all_s() {
    return Math.max(SPAN_S_MIN, this.newest_s - this.oldest_s) * 1.2;
  }
}
