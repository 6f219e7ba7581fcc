// Reading aloud, by the computer's own voices: what stands on the page and nothing else. A voice that lives on somebody's
// server is never used, since the questions would leave the room.
const synth = globalThis.speechSynthesis;
const html = document.documentElement;
const RATES = { on: 1, slow: 0.75 };
const VOICES_WITHIN = 2_000; // ms: browsers load their voices after the page

const here = () => document.querySelector("article[data-question]:not([hidden])") ?? document.querySelector("[data-aloud-sample]");
const words = (part) => (part?.innerText ?? "").replace(/\s+/gu, " ").trim();

function ownVoice() {
  const own = (synth?.getVoices() ?? []).filter((one) => one.localService);
  return own.find((one) => one.lang.startsWith("en-GB")) ?? own.find((one) => one.lang.startsWith("en")) ?? null;
}

async function voice() {
  const until = Date.now() + VOICES_WITHIN;
  while (synth && !ownVoice() && Date.now() < until) await new Promise((done) => setTimeout(done, 100));
  return ownVoice();
}

// What is said of one response: its letter, its words, and what has been answered for it.
function response(part) {
  const said = [`Response ${part.dataset.letter}: ${words(part.querySelector(".resp-text, th, :scope > span"))}`.replace(`: Response ${part.dataset.letter} `, ": ").replace(`: ${part.dataset.letter} `, ": ")];
  const place = part.closest("[data-place]")?.dataset.place;
  if (place) said.unshift(`Place ${place}.`);
  const checked = [...part.querySelectorAll("input:checked")];
  for (const one of checked) {
    const label = one.dataset.end ? { most: "Most appropriate", least: "Least appropriate" }[one.dataset.end] : one.closest(".rate-point") ? words(one.closest("label")) || one.closest("label").textContent.trim() : "Chosen";
    said.push(`Your answer: ${label}.`);
  }
  return said.join(" ");
}

// The page in the order of its reading: [{part, text}].
function lines() {
  const page = here();
  if (!page) return [];
  const found = [];
  const add = (part, text = words(part)) => text && found.push({ part, text });
  if (page.matches("[data-aloud-sample]")) {
    for (const part of page.querySelectorAll("p:not(.row)")) add(part);
    return found;
  }
  for (const part of page.querySelectorAll("[data-story] :is(h1, h2, p, li, td, th)")) if (!part.closest("header p")) add(part);
  const item = page.querySelector(".item");
  add(item.querySelector(".task"));
  add(item.querySelector(".how"));
  if (item.dataset.format === "rate") {
    const points = [...item.querySelectorAll(".rate-head span")].slice(1).map((one) => one.textContent.trim());
    add(item.querySelector(".rate-head"), `The ratings are: ${points.join(", ")}.`);
  }
  for (const part of item.querySelectorAll("[data-option]")) add(part, response(part));
  const text = item.querySelector("[data-text]");
  if (text) add(text, text.value.trim() ? `Your answer so far: ${text.value}` : "You have written nothing yet.");
  return found;
}

// Sentences one by one: a long utterance cannot be stopped in some browsers, and goes silent in others.
const sentences = (text) => text.match(/[^.!?]+(?:[.!?]+["”’)]*|$)/gu)?.map((one) => one.trim()).filter(Boolean) ?? [];

const buttons = () => [...document.querySelectorAll("[data-action='aloud']")];
const say = (text) => document.querySelectorAll("[data-aloud-say]").forEach((part) => { part.textContent = text; });
let reading = 0; // names the reading under way; 0: none

function mark(part) {
  document.querySelectorAll(".being-read").forEach((one) => one.classList.remove("being-read"));
  part?.classList.add("being-read");
}

function stop() {
  reading = 0;
  synth?.cancel();
  mark(null);
  for (const button of buttons()) button.querySelector("[data-aloud-words]").textContent = "Read aloud";
}

const spoken = (text, by) =>
  new Promise((done) => {
    const one = new SpeechSynthesisUtterance(text);
    Object.assign(one, { voice: by, lang: by.lang, rate: RATES[html.dataset.aloud] ?? 1, onend: () => done(true), onerror: () => done(false) });
    synth.speak(one);
  });

async function read() {
  const mine = (reading = performance.now());
  for (const button of buttons()) button.querySelector("[data-aloud-words]").textContent = "Stop reading";
  say("");
  const by = await voice();
  if (reading !== mine) return;
  if (!by) {
    stop();
    say("This computer has no voice of its own. Ask the invigilator for another computer or a reader.");
    return;
  }
  const page = here();
  for (const { part, text } of lines()) {
    mark(part);
    for (const sentence of sentences(text)) {
      const done = await spoken(sentence, by);
      if (reading !== mine) return;
      if (!done || here() !== page || !page.checkVisibility()) {
        stop();
        return;
      }
    }
  }
  stop();
}

function offered() {
  const on = html.dataset.aloud in RATES;
  for (const button of buttons()) button.hidden = !on;
  if (!on) stop();
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-action='aloud']")) return;
  if (reading) stop();
  else read();
});
document.addEventListener("display", offered);
addEventListener("hashchange", stop);
addEventListener("pagehide", stop);
// what hides the questions ends the reading of them: a pause, a break, the end
const exam = document.querySelector("[data-exam]");
if (exam) new MutationObserver(() => exam.hidden && stop()).observe(exam, { attributes: true, attributeFilter: ["hidden"] });
offered();
