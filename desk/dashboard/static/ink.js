// What is drawn on the canvas by hand: colours out of the style sheet, lost minutes, candles, and the marks.

import { say } from "./words.js";

const NAMES = ["text", "muted", "grid", "card", "line", "band", "fast", "slow", "accent", "rise", "fall", "buy", "sell", "lost"];
const SOURCES = 8;
const CANDLE_PX_MIN = 5;
// Less room than this for each mark, and they are drawn as strokes.
const RUG_PX = 8;

let colours = {};

/** Read the colours of the theme that holds now. */
export function readInk() {
  // A canvas knows no light-dark(), so an element is asked what the colour came to be.
  const asked = document.body.appendChild(document.createElement("i"));
  const read = (name) => {
    asked.style.color = `var(--${name})`;
    return getComputedStyle(asked).color;
  };
  colours = Object.fromEntries(NAMES.map((name) => [name, read(name)]));
  // Seen through a little, so that many dots on one place look like many.
  colours.sources = Array.from({ length: SOURCES }, (_, at) => read(`source-${at}`).replace(")", " / 75%)").replaceAll(",", ""));
  asked.remove();
}

export function ink(name) {
  return colours[name];
}

/** The colour of the nth source, and again from the first where there are more. */
export function sourceInk(at) {
  return colours.sources[at % SOURCES];
}

/** How wide one point's stretch of time is drawn, in pixels of the page. */
export function pointWidth(plot, bucket_s) {
  const { min, max } = plot.scales.x;
  return (plot.over.clientWidth * bucket_s) / (max - min);
}

export function hasCandles(plot, bucket_s) {
  return pointWidth(plot, bucket_s) >= CANDLE_PX_MIN;
}

/** Shade the time that was lost, under everything else. */
export function drawGaps(plot, gaps) {
  const { ctx, bbox } = plot;
  within(plot, () => {
    for (const [from_s, until_s] of gaps) {
      const left = plot.valToPos(from_s, "x", true);
      const width = Math.max(devicePixelRatio, plot.valToPos(until_s, "x", true) - left);
      if (left > bbox.left + bbox.width || left + width < bbox.left) continue;
      ctx.fillStyle = ink("lost");
      ctx.fillRect(left, bbox.top, width, bbox.height);
      if (width < 64 * devicePixelRatio) continue;
      ctx.fillStyle = ink("muted");
      ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
      ctx.textAlign = "center";
      ctx.textBaseline = "top";
      ctx.fillText(say("gap"), left + width / 2, bbox.top + 6 * devicePixelRatio);
    }
  });
}

/** Say in the middle of an empty pane why it is. */
export function drawNothing(plot, sentence) {
  const { ctx, bbox } = plot;
  within(plot, () => {
    const [x, y] = [bbox.left + bbox.width / 2, bbox.top + bbox.height / 2];
    ctx.font = `${13 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.textAlign = "center";
    ctx.textBaseline = "middle";
    const [width, height] = [ctx.measureText(sentence).width + 24 * devicePixelRatio, 28 * devicePixelRatio];
    ctx.fillStyle = ink("card");
    ctx.fillRect(x - width / 2, y - height / 2, width, height);
    ctx.fillStyle = ink("muted");
    ctx.fillText(sentence, x, y);
  });
}

/** Draw each point as a candle. */
export function drawCandles(plot, series) {
  const { ctx } = plot;
  const [from, until] = series.within(plot.scales.x.min - series.bucket_s, plot.scales.x.max);
  const width = Math.max(1, Math.min(pointWidth(plot, series.bucket_s) * 0.64, 14)) * devicePixelRatio;
  within(plot, () => {
    for (let at = from; at < until; at += 1) {
      const middle = Math.round(plot.valToPos(series.time[at] + series.bucket_s / 2, "x", true));
      const [open, high, low, close] = ["open", "high", "low", "close"].map((name) =>
        plot.valToPos(series[name][at], "y", true),
      );
      ctx.fillStyle = ink(series.close[at] >= series.open[at] ? "rise" : "fall");
      ctx.fillRect(middle - devicePixelRatio / 2, high, devicePixelRatio, low - high);
      const body = Math.max(devicePixelRatio, Math.abs(open - close));
      ctx.fillRect(Math.round(middle - width / 2), Math.min(open, close), Math.round(width), body);
    }
  });
}

/** Draw each buy as a triangle that points up from below the price, each sell as one that points down from above. */
export function drawMarks(plot, series) {
  const { min, max } = plot.scales.x;
  const shown = series.marks.filter(({ time }) => time >= min && time <= max);
  const room = plot.over.clientWidth / Math.max(1, shown.length);
  if (room < RUG_PX) {
    drawRug(plot, shown);
    return;
  }
  const size = (room > 40 ? 7 : 5) * devicePixelRatio;
  const { ctx } = plot;
  within(plot, () => {
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.strokeStyle = ink("card");
    for (const { time, price, signal } of shown) {
      const up = signal === "BUY" ? 1 : -1;
      const x = plot.valToPos(time + Math.min(60, series.bucket_s) / 2, "x", true);
      const tip = plot.valToPos(price, "y", true) + up * 1.2 * size;
      ctx.fillStyle = ink(signal === "BUY" ? "buy" : "sell");
      ctx.beginPath();
      ctx.moveTo(x, tip);
      ctx.lineTo(x - size, tip + up * 1.6 * size);
      ctx.lineTo(x + size, tip + up * 1.6 * size);
      ctx.closePath();
      ctx.stroke();
      ctx.fill();
    }
  });
}

/** So many marks would bury the price: strokes along the edges instead, buys below and sells above. */
function drawRug(plot, marks) {
  const { ctx, bbox } = plot;
  const height = 8 * devicePixelRatio;
  within(plot, () => {
    ctx.globalAlpha = 0.7;
    for (const { time, signal } of marks) {
      ctx.fillStyle = ink(signal === "BUY" ? "buy" : "sell");
      const top = signal === "BUY" ? bbox.top + bbox.height - height : bbox.top;
      ctx.fillRect(Math.round(plot.valToPos(time, "x", true)), top, devicePixelRatio, height);
    }
  });
}

/** Draw a line at a value, such as a score of 0. */
export function drawLevel(plot, value) {
  const { ctx, bbox } = plot;
  within(plot, () => {
    ctx.fillStyle = ink("muted");
    ctx.globalAlpha = 0.5;
    ctx.fillRect(bbox.left, Math.round(plot.valToPos(value, "y", true)), bbox.width, devicePixelRatio);
  });
}

function within(plot, draw) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw();
  ctx.restore();
}
