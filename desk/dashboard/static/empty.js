// What is said where no minute is recorded yet.

import { say } from "./words.js";

/** Where a bot runs, starting one is not what helps: say so, and what went wrong last. */
export function tellEmpty(place, { state, last_error: error }) {
  place.hidden = state !== "running";
  const why = error?.message ? ` ${say("empty_error", { message: error.message })}` : "";
  place.textContent = say("empty_running") + why;
}
