// Hands on the chart: drag, pinch, wheel and keys become moves of the view.

const STEP = 0.2;
const CLOSER = 0.7;

/**
 * @param area the focusable element around the panes
 * @param view what moves
 * @param changed called after each move
 * @param read called with -1 or 1: the reader wants the point before or after
 */
export function followHands(area, view, changed, read) {
  const move = (what) => {
    what();
    changed();
  };
  followPointers(area, view, move);
  followWheel(area, view, move);
  area.addEventListener("dblclick", () => move(() => view.choose(view.range || "day")));
  area.addEventListener("keydown", (event) => {
    if (event.target !== area || event.ctrlKey || event.metaKey || event.altKey) return;
    const does = KEYS[event.key];
    if (does) move(() => does(view));
    else if (event.key === "," || event.key === ".") read(event.key === "," ? -1 : 1);
    else return;
    event.preventDefault();
  });
}

export const ACTIONS = {
  back: (view) => view.pan(-2 * STEP),
  on: (view) => view.pan(2 * STEP),
  closer: (view) => view.zoom(CLOSER, view.follows ? undefined : 0.5),
  further: (view) => view.zoom(1 / CLOSER, view.follows ? undefined : 0.5),
  newest: (view) => view.toNewest(),
};

const KEYS = {
  ArrowLeft: (view) => view.pan(-STEP),
  ArrowRight: (view) => view.pan(STEP),
  PageUp: (view) => view.pan(-1),
  PageDown: (view) => view.pan(1),
  "+": ACTIONS.closer,
  "=": ACTIONS.closer,
  "-": ACTIONS.further,
  Home: ACTIONS.newest,
};

function followWheel(area, view, move) {
  area.addEventListener(
    "wheel",
    (event) => {
      const over = event.target.closest(".u-over");
      if (!over) return;
      const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      // A plain wheel scrolls the page, as everywhere; a pinch on a touchpad comes as Ctrl and wheel.
      if (!isSideways && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = over.getBoundingClientRect();
      if (isSideways) move(() => view.pan(event.deltaX / box.width));
      else move(() => view.zoom(Math.exp(event.deltaY * 0.005), (event.clientX - box.left) / box.width));
    },
    { passive: false },
  );
}

function followPointers(area, view, move) {
  const hands = new Map();
  area.addEventListener("pointerdown", (event) => {
    const over = event.target.closest(".u-over");
    if (!over || event.button > 0) return;
    hands.set(event.pointerId, { x: event.clientX, over });
    over.setPointerCapture(event.pointerId);
    area.focus({ preventScroll: true });
  });
  area.addEventListener("pointermove", (event) => {
    const hand = hands.get(event.pointerId);
    if (!hand) return;
    const box = hand.over.getBoundingClientRect();
    const before = [...hands.values()].map(({ x }) => x);
    const moved = event.clientX - hand.x;
    hand.x = event.clientX;
    const after = [...hands.values()].map(({ x }) => x);
    if (hands.size === 1) move(() => view.pan(-moved / box.width));
    else move(() => pinch(view, before, after, box));
  });
  for (const name of ["pointerup", "pointercancel"]) {
    area.addEventListener(name, (event) => hands.delete(event.pointerId));
  }
}

/** Keep the moments under two fingers under them. */
function pinch(view, before, after, box) {
  const [was, is] = [before, after].map(([one, other]) => Math.max(24, Math.abs(one - other)));
  const middle = (before[0] + before[1]) / 2;
  view.zoom(was / is, (middle - box.left) / box.width);
  view.pan((middle - (after[0] + after[1]) / 2) / box.width);
}
