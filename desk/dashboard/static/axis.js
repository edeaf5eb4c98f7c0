// The axes: times in the viewer's zone and language below, values on the right, the same width in every pane.

import { clock, day, month, number } from "./format.js";
import { ink } from "./ink.js";

const DAY_S = 86400;
const MONTH_S = 28 * DAY_S;
const EDGE_PX = 22;
const FONT = "11px system-ui, sans-serif";

export function timeAxis() {
  return {
    ...shared(),
    space: 76,
    size: 40,
    gap: 6,
    values: (plot, splits, _, __, step_s) => {
      // At the very edge half a label would be cut off.
      const first = splits.findIndex((at_s) => plot.valToPos(at_s, "x") >= EDGE_PX);
      return splits.map((at_s, nth) => (nth < first ? "" : tick(at_s, nth > first ? splits[nth - 1] : undefined, step_s)));
    },
  };
}

/** @param places gives how many decimals a label may have, null where there is nothing to label */
export function valueAxis(places, splits = undefined) {
  return {
    ...shared(),
    side: 1,
    size: 78,
    gap: 8,
    space: 36,
    ...(splits && { splits }),
    values: (_, values) => values.map((value) => (places() === null ? "" : number(value, places()))),
  };
}

function shared() {
  return {
    font: FONT,
    stroke: () => ink("muted"),
    grid: { stroke: () => ink("grid"), width: 1 },
    ticks: { show: false },
  };
}

function tick(at_s, before_s, step_s) {
  if (step_s >= MONTH_S) return month(at_s);
  if (step_s >= DAY_S) return day(at_s);
  const isNewDay = before_s === undefined || day(before_s) !== day(at_s);
  return isNewDay ? `${clock(at_s)}\n${day(at_s)}` : clock(at_s);
}
