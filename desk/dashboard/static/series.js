// One stretch of time as columns: what the server gave, and what came live since.

import { seconds } from "./format.js";

// The moving mean looks back over this part of what is shown, and over an hour at least.
const MEAN_PARTS = 24;
const MEAN_S_MIN = 3600;

/** The answer of api/series; take() adds a live record, so that the chart moves before it is asked for anew. */
export class Series {
  constructor(answer) {
    this.symbol = answer.symbol;
    this.bucket_s = answer.bucket_s;
    this.time = [...answer.time];
    this.open = [...answer.open];
    this.high = [...answer.high];
    this.low = [...answer.low];
    this.close = [...answer.close];
    this.meanTime = [...answer.sma_time];
    this.fast = [...answer.sma_fast];
    this.slow = [...answer.sma_slow];
    this.marks = [...answer.signals];
    this.gaps = answer.gaps;
    this.moodMean = [[], []];
    this.mood = new Map(
      Object.entries(answer.sentiment)
        .sort(([one], [other]) => one.localeCompare(other))
        .map(([source, of]) => [source, { time: [...of.time], score: [...of.score], count: [...of.count] }]),
    );
  }

  /** Add a record that was just appended; tell whether it shows. */
  take(stream, record) {
    if (stream === "sentiment") return this.#addScore(record);
    if (record.symbol !== this.symbol) return false;
    if (stream === "prices") return this.#addCandle(record);
    return stream === "signals" && this.#addSignal(record);
  }

  /** High, low, open, the two averages and, over them, the close on one time axis; lines break where a gap is. */
  pricePlot() {
    const range = [this.time, this.high, this.low, this.open];
    const means = [this.meanTime, this.fast, this.slow];
    const closes = [this.time, this.close];
    // A point that begins in the gap may hold the first minutes after it.
    const gaps = this.gaps.map(([from_s, until_s]) => [from_s, until_s - this.bucket_s]).filter(([from_s, until_s]) => from_s < until_s);
    const plot = uPlot.join([range, means, closes, [gaps.map(([from_s, until_s]) => (from_s + until_s) / 2)]]);
    for (const gap of gaps) breakLines(plot, gap);
    return plot;
  }

  /** Each source's scores and, over them, the moving mean of all, on one time axis. */
  moodPlot(span_s) {
    const tables = [...this.mood.values()].map(({ time, score }) => [time, score]);
    this.moodMean = this.#moodMean(span_s);
    return uPlot.join([...tables, this.moodMean]);
  }

  /** The candles whose start lies in a stretch: from which index to which. */
  within(since_s, until_s) {
    return [lowerBound(this.time, since_s), lowerBound(this.time, until_s)];
  }

  #addCandle(record) {
    const open_s = seconds(record.open_ts);
    const last = this.time.length - 1;
    if (last >= 0 && open_s < this.time[last]) return false;
    if (last >= 0 && open_s < this.time[last] + this.bucket_s) {
      this.high[last] = Math.max(this.high[last], record.high);
      this.low[last] = Math.min(this.low[last], record.low);
      this.close[last] = record.close;
      return true;
    }
    this.time.push(open_s - (open_s % this.bucket_s));
    for (const name of ["open", "high", "low", "close"]) this[name].push(record[name]);
    return true;
  }

  #addSignal(record) {
    const time = seconds(record.candle_ts);
    if (record.sma_fast !== null && time > (this.meanTime.at(-1) ?? 0)) {
      this.meanTime.push(time);
      this.fast.push(record.sma_fast);
      this.slow.push(record.sma_slow);
    }
    if (record.signal !== "HOLD" && time > (this.marks.at(-1)?.time ?? 0)) this.marks.push({ ...record, time });
    return true;
  }

  #addScore(record) {
    const time = seconds(record.ts);
    if (!this.mood.has(record.source)) this.mood.set(record.source, { time: [], score: [], count: [] });
    const of = this.mood.get(record.source);
    const last = of.time.length - 1;
    if (last >= 0 && time < of.time[last]) return false;
    if (last >= 0 && time < of.time[last] + this.bucket_s) {
      of.score[last] += (record.score - of.score[last]) / (of.count[last] + 1);
      of.count[last] += 1;
      return true;
    }
    of.time.push(time);
    of.score.push(record.score);
    of.count.push(1);
    return true;
  }

  #moodMean(span_s) {
    const points = [];
    for (const { time, score, count } of this.mood.values()) {
      time.forEach((at, row) => points.push([at, score[row], count[row]]));
    }
    points.sort(([one], [other]) => one - other);
    const width_s = Math.max(MEAN_S_MIN, span_s / MEAN_PARTS);
    const [times, means] = [[], []];
    let [first, sum, weight] = [0, 0, 0];
    for (const [at, score, count] of points) {
      sum += score * count;
      weight += count;
      for (; points[first][0] < at - width_s; first += 1) {
        sum -= points[first][1] * points[first][2];
        weight -= points[first][2];
      }
      if (at === times.at(-1)) means[means.length - 1] = sum / weight;
      else {
        times.push(at);
        means.push(sum / weight);
      }
    }
    return [times, means];
  }
}

/** To a line, undefined is a point of another line and null is an end: where a line has nothing in a gap, it ends. */
function breakLines([time, ...lines], [from_s, until_s]) {
  const from = lowerBound(time, from_s);
  const until = lowerBound(time, until_s + 1);
  for (const line of lines) {
    if (line.slice(from, until).every((value) => value === undefined)) line.fill(null, from, until);
  }
}

/** The first index whose value is not below. */
export function lowerBound(values, value) {
  let [from, until] = [0, values.length];
  while (from < until) {
    const middle = (from + until) >> 1;
    if (values[middle] < value) from = middle + 1;
    else until = middle;
  }
  return from;
}
