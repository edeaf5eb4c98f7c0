// The page, told top-down: what is asked at the start, what happens with each new record, what a person may change.

import { ask } from "./api.js";
import { Board } from "./board.js";
import { Live } from "./live.js";
import { Controls } from "./controls.js";
import { moment } from "./format.js";
import { say, translate } from "./words.js";

const STATUS_MS = 30000;

const $ = (id) => document.getElementById(id);
// Before anything is drawn: the language decides colours too.
translate(document);
const board = new Board($);
const controls = new Controls($, board);
const live = new Live((stream, record) => board.take(stream, record), tellLive);
let state = "";

board.onFirst = look;
board.onFailure = tellFailure;
controls.show();
live.start();
await look();
setInterval(() => document.hidden || look(), STATUS_MS);
setInterval(() => document.hidden || board.tick(), 1000);
document.addEventListener("visibilitychange", () => document.hidden || look());

/** Ask how it goes; when nothing answers, the connection is not alive either, whatever it seems. */
async function look() {
  try {
    await board.look(await ask("status"));
    $("failure").hidden = true;
  } catch (error) {
    if (error.status) tellFailure(error);
    else if (state === "on") live.restart();
  }
}

function tellFailure(error) {
  $("failure").textContent = error.status === 401 || error.status === 403 ? say("live_refused") : say("failed", error);
  $("failure").hidden = false;
}

function tellLive(next) {
  if (next === state) return;
  const wasLost = state === "lost";
  state = next;
  $("live").dataset.state = next;
  $("live-text").textContent = say(`live_${next}`);
  $("lost").hidden = next !== "lost";
  if (next === "lost") $("lost").textContent = say("live_lost_since", { time: moment(Date.now() / 1000) });
  if (next === "on" && wasLost) {
    board.announce(say("live_back"));
    look();
  }
}
