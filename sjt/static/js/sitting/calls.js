// "Call the invigilator": the button calls, a second press takes the call back, and the page says when somebody has seen it.
import { askState } from "./asking.js";

const ASK_EVERY = 3_000;

// urls: {help, cancel, state}; now: "", "waiting" or "seen", as the server had it when it gave the page
export function callHelp(urls, csrf, now) {
  const button = document.querySelector("[data-action='help']");
  if (!button) return;
  const label = button.querySelector("[data-help-label]");
  const words = document.querySelector("[data-help-words]");
  const headers = { Accept: "application/json", "X-CSRFToken": csrf };
  let state = "";
  let timer = null;

  function show(next) {
    if (next === state) return;
    state = next;
    label.textContent = state === "waiting" ? "Take the call back" : "Call the invigilator";
    if (state === "waiting") words.textContent = "The invigilator sees that you need help. Stay at your seat.";
    else if (state === "seen") words.textContent = "The invigilator has seen your call.";
    clearTimeout(timer);
    if (state === "waiting") timer = setTimeout(ask, ASK_EVERY);
  }

  async function ask() {
    try {
      const answer = await askState(urls.state);
      if (answer.ok) show((await answer.json()).help ?? state);
    } catch {
      // the line is down: the call stands as it was
    }
    if (state === "waiting") timer = setTimeout(ask, ASK_EVERY);
  }

  button.addEventListener("click", async () => {
    const calling = state !== "waiting";
    words.textContent = calling ? "Calling the invigilator…" : "Taking the call back…";
    try {
      const answer = await fetch(calling ? urls.help : urls.cancel, { method: "POST", headers, credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      show(calling ? "waiting" : "");
      if (!calling) words.textContent = "Your call is taken back.";
    } catch {
      words.textContent = calling ? "The call did not get through. Raise your hand." : "The call still stands: there is no connection.";
    }
  });
  if (now === "waiting") show(now);
}
