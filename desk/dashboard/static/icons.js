// Small pictures on buttons, drawn as SVG nodes: markup in a string would need no more, and could carry more.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  back: "M15 5l-7 7 7 7",
  on: "M9 5l7 7-7 7",
  further: "M5 12h14",
  closer: "M5 12h14M12 5v14",
  newest: "M6 5l7 7-7 7M18 5v14",
  light: "M12 8a4 4 0 100 8 4 4 0 000-8M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  dark: "M20 14.5A8.5 8.5 0 019.5 4a8.5 8.5 0 1010.5 10.5z",
  auto: "M4 5h16v11H4zM9 20h6M12 16v4",
};

/** Return the picture of that name; it says nothing to a screen reader. */
export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const shape = { viewBox: "0 0 24 24", width: "18", height: "18", "aria-hidden": "true" };
  for (const [key, value] of Object.entries(shape)) picture.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  picture.append(path);
  return picture;
}
