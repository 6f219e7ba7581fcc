// The clock and state alone, asked for again and again. A question that hangs is given up in time for the next one, so
// that from the moment a server answers again no page waits for longer than five seconds.
import { lockHeaders } from "./locked.js";

const EVERY = 4_000;
const GIVE_UP = 3_000;

export const askState = (url) =>
  fetch(url, { headers: { Accept: "application/json", ...lockHeaders() }, cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(GIVE_UP) });

// From beginning to beginning a little under four seconds, not the same for all: a room does not ask in one instant.
export function again(ask, wanted, every = EVERY) {
  const next = async () => {
    if (!wanted()) return;
    const began = performance.now();
    await ask();
    if (wanted()) setTimeout(next, Math.max(0, began + every * (0.85 + 0.15 * Math.random()) - performance.now()));
  };
  setTimeout(next, every * Math.random());
}
