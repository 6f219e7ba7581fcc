// Waiting for the room: nothing of the paper is here. The page asks every few seconds and opens the test when it has begun.
import { keepDisplay, callHelp } from "./settings.js";

const page = document.querySelector("[data-waiting]");
const line = document.querySelector("[data-waiting-words]");
const said = line.textContent;
let misses = 0;

keepDisplay(page.dataset.display, page.dataset.csrf);
callHelp(page.dataset.help, page.dataset.csrf);
if (page.dataset.worker && "serviceWorker" in navigator) {
  navigator.serviceWorker.register(page.dataset.worker, { scope: page.dataset.scope }).catch(() => {});
}

async function ask() {
  try {
    const answer = await fetch(page.dataset.state, { headers: { Accept: "application/json" }, cache: "no-store", credentials: "same-origin" });
    if (answer.status === 401 || answer.status === 404) {
      location.reload();
      return;
    }
    const body = await answer.json();
    if (answer.ok && body.state !== page.dataset.now) {
      location.replace(page.dataset.go);
      return;
    }
    misses = answer.ok ? 0 : misses + 1;
  } catch {
    misses += 1;
  }
  const words = misses > 1 ? "There is no connection at the moment. Stay on this page: it goes on by itself." : said;
  if (line.textContent !== words) line.textContent = words;
  setTimeout(ask, 2500 + 1500 * Math.random());
}

setTimeout(ask, 1500 + 1500 * Math.random());
