// What a person may change: market, language, theme, and the stretch of time.

import { icon } from "./icons.js";
import { ACTIONS, followHands } from "./moves.js";
import { node } from "./node.js";
import { RANGES } from "./view.js";
import { language, say, speak, translate } from "./words.js";

const THEMES = ["auto", "light", "dark"];

export class Controls {
  constructor($, board) {
    this.$ = $;
    this.board = board;
    board.onDraw = () => this.#pressRange();
    $("symbol").addEventListener("change", (event) => {
      board.open(event.target.value).catch((error) => board.onFailure?.(error));
    });
    $("language").addEventListener("click", () => this.#speak(language() === "ko" ? "en" : "ko"));
    $("theme").addEventListener("click", () => this.#paint());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => board.retell());
    for (const button of $("moves").children) {
      button.append(icon(button.dataset.move));
      button.addEventListener("click", () => {
        ACTIONS[button.dataset.move](board.view);
        board.moved();
      });
    }
    followHands($("charts"), board.view, () => board.moved(), (step) => board.readNext(step));
  }

  /** Write the words on what can be pressed. */
  show() {
    const { $ } = this;
    document.title = say("title");
    $("language").textContent = language() === "ko" ? "EN" : "한국어";
    $("language").lang = language() === "ko" ? "en" : "ko";
    const other = language() === "ko" ? "English" : "한국어";
    $("language").setAttribute("aria-label", other);
    $("language").title = other;
    const theme = document.documentElement.dataset.theme;
    const told = say("theme_is", { name: say(`theme_${theme}`) });
    $("theme").replaceChildren(icon(theme));
    $("theme").setAttribute("aria-label", told);
    $("theme").title = told;
    $("ranges").replaceChildren(...RANGES.map((range) => this.#rangeButton(range)));
    this.#pressRange();
  }

  #rangeButton(range) {
    const button = node("button", "", say(`range_${range}`));
    button.type = "button";
    button.title = say(`range_${range}_long`);
    button.setAttribute("aria-label", button.title);
    button.dataset.range = range;
    button.addEventListener("click", () => {
      this.board.view.choose(range);
      this.board.moved();
      this.#pressRange();
    });
    return button;
  }

  #pressRange() {
    for (const button of this.$("ranges").children) {
      button.setAttribute("aria-pressed", String(button.dataset.range === this.board.view.range));
    }
  }

  #speak(lang) {
    speak(lang);
    translate(document);
    this.show();
    this.board.retell();
  }

  #paint() {
    const root = document.documentElement;
    const theme = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
    root.dataset.theme = theme;
    try {
      localStorage.setItem("moss-theme", theme);
    } catch {
      // Without storage it holds until the page is left.
    }
    this.show();
    this.board.retell();
  }
}
