// The page, told top-down: what is asked at the start, what happens with each new record, what is said of the connection.

import { ask } from "./api.js";
import { Board } from "./board.js";
import { Controls } from "./controls.js";
import { moment } from "./format.js";
import { Live } from "./live.js";
import { say, translate } from "./words.js";

const STATUS_MS = 30000;
const AGES_MS = 1000;
const VENDOR = "python -m desk.dashboard.vendor";

const $ = (id) => document.getElementById(id);
let state = "";

// Before anything is drawn: the language decides colours too.
translate(document);
if (globalThis.uPlot) begin();
else {
  $("filled").hidden = true;
  tell(say("no_library", { command: VENDOR }));
}

function begin() {
  const board = new Board($);
  const live = new Live(
    (stream, record) => board.take(stream, record),
    (next) => tellLive(next, board, look),
    () => {
      board.isBehind = true;
      look();
    },
  );
  const look = () => lookAgain(board, live);
  board.onFirst = look;
  board.onFailure = tellFailure;
  new Controls($, board).show();
  live.start();
  look();
  setInterval(() => document.hidden || look(), STATUS_MS);
  setInterval(() => document.hidden || board.tick(), AGES_MS);
  document.addEventListener("visibilitychange", () => document.hidden || look());
}

/** Ask how it goes; when nothing answers, the connection is not alive either, whatever it seems. */
async function lookAgain(board, live) {
  try {
    await board.look(await ask("status"));
    $("failure").hidden = true;
  } catch (error) {
    if (error.status) tellFailure(error);
    else if (state === "on") live.restart();
  }
}

function tellFailure(error) {
  tell(error.status === 401 || error.status === 403 ? say("live_refused") : say("failed", { message: error.message }));
}

function tell(sentence) {
  $("failure").textContent = sentence;
  $("failure").hidden = false;
}

function tellLive(next, board, look) {
  if (next === state) return;
  const wasLost = state === "lost";
  state = next;
  $("live").dataset.state = next;
  $("live-text").textContent = say(`live_${next}`);
  board.lose(next === "lost");
  $("lost").hidden = next !== "lost";
  if (next === "lost") $("lost").textContent = say("live_lost_since", { time: moment(Date.now() / 1000) });
  if (next === "on" && wasLost) {
    board.announce(say("live_back"));
    look();
  }
}
