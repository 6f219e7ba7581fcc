// The questions: the whole form is in this page, one question shows at a time, every change is an event.
import { callHelp } from "./calls.js";
import { Clock, timeOfDay } from "./clock.js";
import { FileOffer } from "./emergency.js";
import { Question, typingAtOnce } from "./formats.js";
import { Outbox } from "./outbox.js";
import { keepDisplay } from "./settings.js";
import { Rest } from "./rest.js";
import { openStore } from "./store.js";

const data = JSON.parse(document.getElementById("sitting-data").textContent);
const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const list = (parts) => (parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`);
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

const articles = all("article[data-question]");
const total = articles.length;
const exam = one("[data-exam]");
const check = one("#check");
const title = document.title.replace(/^.*? – /u, "");
const rehearsal = data.practice ? await import("./rehearsal.js") : null; // nothing is kept or sent
const store = rehearsal?.noStore ?? (await openStore(data.sitting));
const kept = await store.load();
const flags = new Set(data.flags);
let current = 0;
let shown = "";
let over = false;
let late = 0;

// -- answers: the server's, and on top of them what this computer has and the server has not said yet --

const newer = (a, b) => a.lease > b.lease || (a.lease === b.lease && a.seq > b.seq);
const questions = articles.map((article) => new Question(one(".item", article), (item, response) => answered(item, response)));
const unchecked = new Map(rehearsal ? questions.map((question) => [question.item, rehearsal.checked(question)]) : []);
const byItem = new Map(questions.map((question, i) => [question.item, i + 1]));
for (const mine of kept.answers) {
  const place = byItem.get(mine.item);
  if (!place) continue;
  if (mine.kind === "flag") {
    if (mine.response) flags.add(mine.item);
    else flags.delete(mine.item);
  } else if (newer(mine, data.answers[mine.item] ?? { lease: 0, seq: -1 })) {
    questions[place - 1].put(mine.response);
  }
}

// -- the line to the server --

const saveLine = one("[data-save]");
const saveText = one("[data-save-text]");
const speak = one("[data-save-say]");
let savedAt = data.server_time;
let kind = "saved";

function tellState(next, changes, since) {
  const words = {
    saved: rehearsal ? "Practice: nothing is kept" : `All answers saved at ${timeOfDay(savedAt)}`,
    saving: "Saving…",
    waiting: `${plural(changes, "change")} kept on this computer, sending`,
    offline: `No connection since ${since ? timeOfDay(since) : ""}. ${isUp() ? "Your" : "Keep working: your"} answers are kept on this computer.`,
  };
  if (next === "waiting" && !changes) next = "saved";
  if (next !== "saved" && outbox?.unkept) words[next] = "This browser cannot keep answers. Do not close this page. Call the invigilator if this stays.";
  saveLine.dataset.state = next;
  if (saveText.textContent !== words[next]) saveText.textContent = words[next];
  // heard on a change of kind only, never for each save
  const loud = next === "offline" || next === "waiting";
  if (next !== kind && (loud || kind === "offline")) speak.textContent = words[next];
  kind = loud ? next : next === "saved" ? "saved" : kind;
}

const outbox = new (rehearsal?.NoLine ?? Outbox)({
  url: data.urls.events,
  look: data.urls.state,
  csrf: data.csrf,
  lease: data.lease,
  store,
  meta: kept.meta.lease === data.lease ? kept.meta : { lease: data.lease },
  entries: kept.events
    .sort((a, b) => a.lease - b.lease || a.event.seq - b.event.seq)
    .map((entry) => ({ lease: entry.lease, event: entry.event, kept: Promise.resolve(true), safe: true })),
  nextSeq: data.next_seq,
  head: data.content_head,
  prev: data.prev,
  now: () => clock.serverNow,
  tells: {
    state: tellState,
    reply: replied,
    refused: refusals,
    lost: (status) => {
      if (status !== 401 && status !== 404) return;
      file.end(); // a file may be the only way out
      hold("lost");
    },
  },
});
const clock = new Clock(data.total_ms, timeIsUp, (near) => {
  typingAtOnce(near);
  if (near) for (const question of questions) question.flush();
});
const begun = lastKnown();
const file = new FileOffer({ data, outbox, store, now: () => clock.serverNow });
const rest = new Rest({
  urls: data.urls,
  csrf: data.csrf,
  left: data.break_left_ms,
  took: (state) => {
    if (state === "break") hold("break");
    rest.state(state);
    outbox.soon(0, true);
  },
});
if (data.total_ms !== null) clock.set({ remaining: begun.remaining_ms, endsAt: begun.ends_at, serverTime: begun.server_time, runs: begun.state === "running" }, performance.now());
keepClock(begun);
tellState(outbox.entries.length ? "saving" : "saved", outbox.changes, null);

// A page that comes back without a line was given by the service worker, and its time is old: what the last reply said
// is kept beside the answers, and the computer's clock only measures how long that is ago.
function lastKnown() {
  const told = { state: data.state, remaining_ms: data.remaining_ms, ends_at: data.ends_at, server_time: data.server_time };
  const { last } = kept.meta;
  if (!last || kept.meta.lease !== data.lease || last.server_time < data.server_time) return told;
  const passed = Math.max(0, Date.now() - last.wall);
  const runs = last.state === "running";
  return {
    state: last.state,
    remaining_ms: runs && last.remaining_ms !== null ? Math.max(0, last.remaining_ms - passed) : last.remaining_ms,
    ends_at: last.ends_at,
    server_time: new Date(Date.parse(last.server_time) + passed).toISOString(),
  };
}

function keepClock({ state, remaining_ms, ends_at, server_time }) {
  outbox.remember({ lease: data.lease, last: { state, remaining_ms, ends_at, server_time, wall: Date.now() } });
}

function answered(item, response) {
  outbox.add("answer", item, response);
  unchecked.get(item)?.();
  mark(byItem.get(item));
}

function replied(body, asked, heard) {
  savedAt = body.server_time;
  clock.set({ remaining: body.remaining_ms, endsAt: body.ends_at, serverTime: body.server_time, runs: body.state === "running" }, asked, heard);
  outbox.tell();
  if (over) return;
  if (body.lease_current === false && !outbox.entries.length) {
    outbox.stop();
    hold("moved");
    return;
  }
  keepClock(body);
  rest.state(body.state);
  if (body.state === "paused" || body.state === "break") hold(body.state);
  else if (body.state === "running" && !(isUp() && body.remaining_ms < 2_000)) release();
  else if (body.state === "running") tellTimeIsUp();
  else if (!outbox.entries.length) finish();
  else hold("time");
}

function refusals(refused) {
  const stale = refused.some((one_) => one_.code === "stale_lease");
  late += refused.filter((one_) => one_.kept).length;
  if (stale) {
    outbox.stop();
    file.look();
    hold("moved");
    return;
  }
  const odd = refused.filter((one_) => !one_.kept && one_.code !== "closed" && one_.code !== "not_started" && one_.entry.event.kind === "answer");
  if (odd.length) {
    const places = [...new Set(odd.map((one_) => byItem.get(one_.entry.event.item)))];
    note(`Your last change to question ${list(places.map(String))} was not taken: ${odd[0].message} Answer it again.`);
  }
}

function note(words) {
  const part = one("[data-note]");
  part.hidden = !words;
  one("p", part).textContent = words;
}

// -- what hides the questions --

function hold(which) {
  if (one("[data-held]:not([hidden])")?.dataset.held === which) return;
  for (const question of questions) question.flush();
  all("dialog[open]").forEach((dialog) => dialog.close());
  exam.hidden = true;
  controls(false);
  for (const part of all("[data-held]")) part.hidden = part.dataset.held !== which;
  one(`[data-held="${which}"] h1`)?.focus();
}

// What leads through the questions goes with them; the call to the invigilator stays.
function controls(shown) {
  for (const name of ["flag", "review", "next", "rest"]) {
    const part = one(`.exam-foot [data-action='${name}']`);
    if (part) part.hidden = !shown;
  }
  if (!shown) one("[data-action='previous']").hidden = true;
  one(".strip-wrap").hidden = !shown;
}

function release() {
  file.ended = null;
  if (!exam.hidden) return;
  for (const part of all("[data-held]")) part.hidden = true;
  exam.hidden = false;
  controls(true);
  if (!articles.length) location.reload();
  else show(shown || `#question-${current || 1}`);
}

function isUp() {
  return Boolean(one("[data-held='time']:not([hidden])"));
}

function timeIsUp() {
  if (over || isUp()) return;
  hold("time"); // nothing can be typed from here on
  file.end();
  const push = () => {
    if (over || !isUp()) return;
    tellTimeIsUp();
    outbox.soon(0, true);
    setTimeout(push, 1500);
  };
  push();
}

// What is true now: how much has arrived, and what the candidate can do about the rest.
function tellTimeIsUp() {
  const n = outbox.changes;
  const are = n === 1 ? "is" : "are";
  let words = "All your answers have arrived. Your receipt comes by itself.";
  if (n && outbox.offlineSince) words = `There is no connection. ${plural(n, "change")} ${are} kept on this computer and not sent yet. Leave this page open and call the invigilator.`;
  else if (n) words = `${plural(n, "change")} ${are} still being sent. Leave this page open.`;
  else if (outbox.offlineSince) words = "There is no connection, but all your answers have arrived. Your receipt comes when the connection is back.";
  const part = one("[data-time-words]");
  if (part.textContent !== words) part.textContent = words;
}

async function finish() {
  if (over) return;
  over = true;
  outbox.stop();
  await store.clear().catch(() => {});
  if (!rehearsal && "caches" in globalThis) await Promise.all((await caches.keys()).filter((name) => name.startsWith("sitting-")).map((name) => caches.delete(name))).catch(() => {});
  location.replace(late ? `${data.urls.receipt}?late=${late}` : data.urls.receipt);
}

// -- questions, numbers, the check page --

function stateOf(n) {
  return { ...questions[n - 1].progress(), flagged: flags.has(questions[n - 1].item) };
}

const STATES = { done: "complete", part: "part done", none: "not answered" };

function mark(n) {
  const now = stateOf(n);
  const link = one(`.strip [data-question="${n}"]`);
  link.dataset.state = now.state;
  link.dataset.flagged = String(now.flagged);
  link.setAttribute("aria-label", `Question ${n}, ${STATES[now.state]}${now.flagged ? ", flagged" : ""}`);
  const row = one(`.review-list [data-question="${n}"]`);
  row.dataset.state = now.state;
  row.dataset.flagged = String(now.flagged);
  one(".flagged", row).hidden = !now.flagged;
  for (const part of all("[data-when]", row)) part.hidden = part.dataset.when !== now.state;
  one("[data-part-words]", row).textContent = now.words || "Part done";
  if (n === current) one("[data-action='flag']").setAttribute("aria-pressed", String(now.flagged));
}

function summary() {
  const open = [];
  const flagged = [];
  for (let n = 1; n <= total; n += 1) {
    const now = stateOf(n);
    if (now.state !== "done") open.push(n);
    if (now.flagged) flagged.push(n);
  }
  return { open, flagged };
}

const named = (numbers) => `${numbers.length === 1 ? "Question" : "Questions"} ${list(numbers.map(String))}`;

function drawCheck(filter) {
  for (let n = 1; n <= total; n += 1) mark(n);
  const { open, flagged } = summary();
  const counts = { all: total, open: open.length, flagged: flagged.length };
  for (const tab of all("[data-tab]")) {
    one(".count", tab).textContent = counts[tab.dataset.tab];
    if (tab.dataset.tab === filter) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  for (const row of all(".review-list > li")) {
    const n = Number(row.dataset.question);
    row.hidden = (filter === "open" && !open.includes(n)) || (filter === "flagged" && !flagged.includes(n));
  }
  one("[data-nothing]").hidden = counts[filter] > 0;
  one("[data-done]").textContent = total - open.length;
  const missing = one("[data-missing]");
  missing.hidden = !open.length;
  one("[data-missing-title]").textContent = `${open.length} ${open.length === 1 ? "question is" : "questions are"} not complete`;
  const go = one("[data-missing-link]");
  go.textContent = `Go to question ${open[0]}`;
  go.href = `#question-${open[0]}`;
  one("[data-flags]").hidden = !flagged.length;
  one("[data-flags-words]").textContent = `You flagged question${flagged.length === 1 ? "" : "s"} ${list(flagged.map(String))}. Flags are for you only and do not affect your mark.`;
  const back = one("[data-back]");
  back.href = `#question-${current || 1}`;
  one("[data-back-words]").textContent = `Back to question ${current || 1}`;
  for (const end of all("[data-check-end]")) end.textContent = clock.endsAt ? ` at ${timeOfDay(clock.endsAt)}` : "";
}

function show(hash) {
  const filter = { "#check": "all", "#check-open": "open", "#check-flagged": "flagged" }[hash];
  const asked = Number(/^#question-(\d+)$/u.exec(hash)?.[1]);
  for (const question of questions) question.flush();
  shown = hash;
  const checking = Boolean(filter);
  check.hidden = !checking;
  one(".exam-foot").hidden = checking;
  one(".strip-wrap").hidden = checking;
  if (checking) {
    for (const article of articles) article.hidden = true;
    drawCheck(filter);
    document.title = `Check your answers – ${title}`;
    if (!check.contains(document.activeElement) || !document.activeElement.matches("[data-tab]")) one("h1", check).focus();
    scrollTo(0, 0);
    return;
  }
  const n = asked >= 1 && asked <= total ? asked : current || 1;
  current = n;
  articles.forEach((article, i) => { article.hidden = i !== n - 1; });
  for (const link of all(".strip [data-question]")) {
    if (Number(link.dataset.question) === n) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  }
  mark(n);
  const previous = one("[data-action='previous']");
  previous.hidden = n === 1;
  previous.href = `#question-${n - 1}`;
  one("[data-previous-words]").textContent = `Question ${n - 1}`;
  const next = one("[data-action='next']");
  next.href = n === total ? "#check" : `#question-${n + 1}`;
  one("[data-next-words]").textContent = n === total ? "Check my answers" : `Question ${n + 1}`;
  document.title = `Question ${n} of ${total} – ${title}`;
  one("h1", articles[n - 1]).focus({ preventScroll: true });
  scrollTo(0, 0);
  outbox.add("view", questions[n - 1].item);
  outbox.remember({ place: n, lease: data.lease });
}

addEventListener("hashchange", () => {
  if (location.hash !== "#main") show(location.hash);
});

one("[data-action='flag']").addEventListener("click", () => {
  const { item } = questions[current - 1];
  if (flags.has(item)) flags.delete(item);
  else flags.add(item);
  outbox.add("flag", item, flags.has(item));
  mark(current);
});

// -- submitting --

const dialog = one("#submit-dialog");
const problem = one("[data-submit-problem]");
let opener = null;

one("[data-action='submit']").addEventListener("click", (event) => {
  for (const question of questions) question.flush();
  opener = event.currentTarget;
  const { open } = summary();
  one("[data-submit-missing]").textContent = open.length
    ? `${named(open)} ${open.length === 1 ? "is" : "are"} not complete. A question without an answer gets no marks.`
    : `All ${total} questions are complete.`;
  problem.hidden = true;
  dialog.showModal();
  one("h2", dialog).focus();
});
dialog.addEventListener("close", () => opener?.focus());
let submitting = false;
one("[data-action='submit-now']").addEventListener("click", async () => {
  if (submitting) return;
  submitting = true;
  problem.hidden = false;
  problem.textContent = "Sending your answers…";
  const body = await outbox.submit();
  submitting = false;
  if (body && ["submitted", "closed", "void"].includes(body.state)) {
    finish();
    return;
  }
  problem.textContent = body
    ? "Your test is not submitted: it is paused. Ask the invigilator."
    : "Your test is not submitted yet: there is no connection. Your answers are kept on this computer. Try again in a moment, or call the invigilator.";
});

// -- the rest of the page --

one("[data-action='time-toggle']")?.addEventListener("click", (event) => {
  const button = event.currentTarget;
  const hide = one("[data-timer]").dataset.hidden !== "true";
  hideTime(button, hide);
  outbox.remember({ hideTime: hide });
});
function hideTime(button, hide) {
  one("[data-timer]").dataset.hidden = String(hide);
  button.setAttribute("aria-pressed", String(hide));
}
if (kept.meta.hideTime) hideTime(one("[data-action='time-toggle']"), true);
addEventListener("keydown", (event) => {
  if (event.altKey && !event.ctrlKey && event.key.toLowerCase() === "t") {
    event.preventDefault();
    clock.onDemand();
  }
});
if (!rehearsal) keepDisplay(data.urls.display, data.csrf, () => outbox.add("display"));
callHelp({ help: data.urls.help, cancel: data.urls.cancel, state: data.urls.state }, data.csrf, data.help);
const here = () => (current ? questions[current - 1].item : null);
for (const name of ["copy", "paste"]) document.addEventListener(name, () => outbox.add(name, here()));
document.addEventListener("cut", () => outbox.add("copy", here()));
addEventListener("beforeprint", () => outbox.add("print", here()));
addEventListener("blur", () => outbox.add("blur", here()));
addEventListener("focus", () => outbox.add("focus", here()));
addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") leave();
  else outbox.soon(0, true);
});

function leave() {
  for (const question of questions) question.flush();
  outbox.leave();
}

for (let n = 1; n <= total; n += 1) mark(n);
if (!store.kept) note("This browser does not let the page keep a copy of your answers. Do not close or reload it.");
const start = kept.meta.lease === data.lease ? kept.meta.place : undefined;
exam.hidden = false;
if (!/^#(question-\d+|check.*)$/u.test(location.hash)) history.replaceState(null, "", `#question-${start ?? data.place}`);
show(location.hash);
if (begun.state === "paused" || begun.state === "break") hold(begun.state);
rest.state(begun.state);
outbox.soon(0, true);
document.documentElement.dataset.ready = "true";
