// The words of the page in both languages, and which one is spoken.

import { EN } from "./words_en.js";
import { KO } from "./words_ko.js";

const WORDS = { en: EN, ko: KO };
const KEPT_AS = "moss-lang";

let spoken = chosen();

export function language() {
  return spoken;
}

/** Speak another language from now on, and remember it. */
export function speak(lang) {
  spoken = lang;
  try {
    localStorage.setItem(KEPT_AS, lang);
  } catch {
    // Without storage it holds until the page is left.
  }
}

/** Return a sentence; {name} in it becomes values.name. */
export function say(key, values = {}) {
  const sentence = WORDS[spoken][key];
  if (sentence === undefined) throw new Error(`no words for ${key}`);
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
}

/** Tell whether there are words for a key. */
export function knows(key) {
  return Object.hasOwn(WORDS[spoken], key);
}

/** Put the words where the page's own markup asks for them: data-say as text, data-label as the accessible name. */
export function translate(root) {
  document.documentElement.lang = spoken;
  for (const element of root.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.dataset.label));
    if (element.matches("button")) element.title = say(element.dataset.label);
  }
}

function chosen() {
  const asked = new URLSearchParams(location.search).get("lang");
  if (asked in WORDS) return asked;
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT_AS);
  } catch {
    // A browser may forbid storage; then its own language holds.
  }
  if (kept in WORDS) return kept;
  return navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag in WORDS) ?? "en";
}
