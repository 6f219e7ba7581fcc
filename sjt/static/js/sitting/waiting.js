// Waiting for the room: nothing of the paper is here. The page asks every few seconds and opens the test when it has begun.
import { again, askState } from "./asking.js";
import { callHelp } from "./calls.js";
import { timeOfDay } from "./clock.js";
import { keepDisplay } from "./settings.js";

const page = document.querySelector("[data-waiting]");
const line = document.querySelector("[data-waiting-words]");
let said = line.textContent;
const start = document.querySelector("[data-starts]");
let misses = 0;
let leaving = false;

keepDisplay(page.dataset.display, page.dataset.csrf);
callHelp({ help: page.dataset.help, cancel: page.dataset.cancel, state: page.dataset.state }, page.dataset.csrf, page.dataset.helpNow);
if (page.dataset.worker && "serviceWorker" in navigator) {
  navigator.serviceWorker.register(page.dataset.worker, { scope: page.dataset.scope }).catch(() => {});
}

async function ask() {
  try {
    const answer = await askState(page.dataset.state);
    if (answer.status === 401 || answer.status === 404) {
      leaving = true;
      location.reload();
      return;
    }
    const body = await answer.json();
    if (answer.ok && body.state !== page.dataset.now) {
      leaving = true;
      location.replace(page.dataset.go);
      return;
    }
    misses = answer.ok ? 0 : misses + 1;
    if (answer.ok && start && body.starts && Date.parse(body.starts) !== Date.parse(start.dataset.starts)) {
      start.dataset.starts = body.starts;
      start.textContent = timeOfDay(body.starts);
      said = `The start has moved to ${start.textContent}. Stay on this page: the test opens by itself.`;
    }
  } catch {
    misses += 1;
  }
  const words = misses > 1 ? "There is no connection at the moment. Stay on this page: it goes on by itself." : said;
  if (line.textContent !== words) line.textContent = words;
}

again(ask, () => !leaving, 3_500);
