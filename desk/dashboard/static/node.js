// Elements out of plain values: text goes in as text, never as markup.

/** Return an element with a class and children; a string child becomes text. */
export function node(tag, className = "", ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** Return a moment for people and machines, with how long ago it was; its words are kept true by refreshAges. */
export function age(ts, words) {
  const made = node("time", "age", words);
  made.dateTime = ts;
  return made;
}
