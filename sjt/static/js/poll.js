// Keep a part of the page fresh: <section data-poll="/url" data-poll-seconds="5">. The server answers with the same HTML
// fragment; elements are matched by data-key and only what differs is replaced, so that focus, scroll and open
// details stay. An element with data-speak is copied to the page's one live region when its key is new.
const live = document.createElement("div");
live.className = "visually-hidden";
live.setAttribute("role", "status");
document.body.append(live);

function merge(now, next) {
  for (const name of next.getAttributeNames()) {
    if (now.getAttribute(name) !== next.getAttribute(name)) now.setAttribute(name, next.getAttribute(name));
  }
  // what the reader opened stays open
  const gone = now.getAttributeNames().filter((name) => name !== "open" && !next.hasAttribute(name));
  for (const name of gone) now.removeAttribute(name);
  const keyed = [...next.children].some((child) => child.dataset.key);
  if (!keyed) return mergeNodes(now, next);
  const old = new Map([...now.children].map((child) => [child.dataset.key, child]));
  let place = now.firstElementChild;
  for (const child of next.children) {
    const found = old.get(child.dataset.key);
    if (found) {
      merge(found, child);
      old.delete(child.dataset.key);
      if (found !== place) now.insertBefore(found, place);
      else place = place.nextElementSibling;
    } else {
      now.insertBefore(document.importNode(child, true), place);
    }
  }
  for (const left of old.values()) left.remove();
}

// Node by node in order: what is of the same kind stays and is brought up to date.
function mergeNodes(now, next) {
  const have = [...now.childNodes];
  const want = [...next.childNodes];
  want.forEach((node, i) => {
    const mine = have[i];
    if (!mine) now.append(document.importNode(node, true));
    else if (mine.nodeName !== node.nodeName) mine.replaceWith(document.importNode(node, true));
    else if (node.nodeType === Node.ELEMENT_NODE) merge(mine, node);
    else if (mine.nodeValue !== node.nodeValue) mine.nodeValue = node.nodeValue;
  });
  for (const left of have.slice(want.length)) left.remove();
}

// In words and without a flood: a few new lines are read out, many are counted.
const MOST_SPOKEN = 3;

function speak(parts, known) {
  const lines = parts.flatMap((part) => [...part.querySelectorAll("[data-speak][data-key]")]);
  const fresh = lines.filter((line) => !known.has(line.dataset.key));
  if (!fresh.length) return;
  const said = fresh.slice(0, MOST_SPOKEN).map((line) => line.dataset.speak || line.textContent.trim()).join(". ");
  const more = fresh.length - MOST_SPOKEN;
  live.textContent = more > 0 ? `${said}. And ${more} more in the list.` : said;
}

function keysOf(parts) {
  return new Set(parts.flatMap((part) => [...part.querySelectorAll("[data-speak][data-key]")].map((line) => line.dataset.key)));
}

// All parts of a page that are fed by one address are brought up to date by one answer. With data-poll-part="main" a part
// keeps another element fresh, by its id, until an answer brings what it waited for and has no data-poll any more.
async function refresh(source) {
  if (document.hidden) return;
  const { url, wait, parts } = source;
  const asked = performance.now();
  let fresh = true;
  try {
    // what hangs is given up: the next question may be answered at once
    const within = AbortSignal.timeout(wait + GIVE_UP);
    const answer = await fetch(url, { headers: { Accept: "text/html", "X-Fragment": "1" }, cache: "no-store", signal: within });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const known = keysOf(parts);
    for (const part of parts) {
      const target = document.getElementById(part.dataset.pollPart ?? part.id) ?? part;
      const next = page.getElementById(target.id) ?? (parts.length === 1 ? page.body.firstElementChild : null);
      if (!next) continue;
      const focused = document.activeElement;
      merge(target, next);
      // a row that changed its place in the list has lost the focus on the way
      if (focused !== document.activeElement) {
        const back = focused?.isConnected ? focused : document.getElementById(focused?.id ?? "");
        (back ?? target).focus({ preventScroll: true });
      }
    }
    source.shown = asked; // what is on the page is at least as young as the question
    speak(parts, known);
  } catch {
    fresh = false;
  }
  tell(source, fresh);
}

// A part that could not be renewed, or whose answer is a long time coming, says so in words: its data-stale elements
// stand in the page and are read out once.
function tell({ parts }, fresh) {
  let words = "";
  for (const part of parts) {
    if (!fresh && part.dataset.fresh !== "no") words ||= document.querySelector("[data-stale]")?.textContent.trim() ?? "";
    part.dataset.fresh = fresh ? "yes" : "no";
  }
  if (words) live.textContent = words;
}

const GIVE_UP = 2_000; // ms beyond the pause between two questions
const sources = new Map();
for (const part of document.querySelectorAll("[data-poll]")) {
  const wait = Math.max(2, Number(part.dataset.pollSeconds) || 5) * 1000;
  const key = `${wait} ${part.dataset.poll}`;
  if (!sources.has(key)) sources.set(key, { url: part.dataset.poll, wait, parts: [], shown: performance.now() });
  sources.get(key).parts.push(part);
}
for (const source of sources.values()) {
  const { wait, parts } = source;
  const waits = () => parts.some((part) => part.isConnected && part.dataset.poll);
  // the next question is asked only after the last was answered or given up: a slow server is not pressed harder
  const again = () => waits() && setTimeout(() => refresh(source).finally(again), wait);
  again();
  document.addEventListener("visibilitychange", () => waits() && refresh(source));
  setInterval(() => {
    if (waits() && !document.hidden && performance.now() - source.shown > wait + GIVE_UP) tell(source, false);
  }, 500);
}
