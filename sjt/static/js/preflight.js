// Find out what this computer can do, say it line by line, and send it to the room if asked. Words of remedies stand in
// the page; the server judges the whole again from what is sent.
const page = document.querySelector("[data-preflight]");
const SAVES = 12;

function line(check) {
  return page.querySelector(`[data-check="${check}"]`);
}

const STATES = { yes: "Serves", warn: "Serves, with a remark", no: "Does not serve" };

function say(check, serves, found) {
  const one = line(check);
  const needed = one.hasAttribute("data-required");
  const shown = serves === "no" && !needed ? "warn" : serves;
  one.dataset.serves = shown;
  one.querySelector("[data-state]").textContent = STATES[shown];
  one.querySelector("[data-found]").textContent = found;
  one.querySelector("[data-remedy]").hidden = shown === "yes";
  findings.set(check, { check, serves: shown, found });
}

const findings = new Map();

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function browser() {
  const agent = navigator.userAgent;
  const known = [["Edg", "Edge"], ["Firefox", "Firefox"], ["Chrome", "Chrome"], ["Version", "Safari"]];
  const [sign, name] = known.find(([one]) => agent.includes(`${one}/`)) ?? ["", "An unknown browser"];
  const version = sign ? agent.match(new RegExp(`${sign}/(\\d+)`))?.[1] : "";
  const lacks = Object.entries({
    "dialogs": "HTMLDialogElement" in window,
    "fetch": "fetch" in window,
    "structured clone": "structuredClone" in window,
    "style layers": "CSSLayerBlockRule" in window,
    "crypto": "randomUUID" in (window.crypto ?? {}) || "getRandomValues" in (window.crypto ?? {}),
  }).filter(([, has]) => !has).map(([what]) => what);
  const words = `${name}${version ? ` ${version}` : ""}`;
  say("browser", lacks.length ? "no" : "yes", lacks.length ? `${words}, which lacks ${lacks.join(", ")}` : words);
}

function secure() {
  const good = window.isSecureContext && Boolean(window.crypto?.subtle);
  say("secure", good ? "yes" : "no", good ? "The address is secure" : `${location.protocol}//${location.host} is not a secure address`);
}

async function storage() {
  try {
    const opening = indexedDB.open("sjt-preflight", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("trial");
    const database = await asked(opening);
    const value = "x".repeat(100_000);
    const began = performance.now();
    await asked(database.transaction("trial", "readwrite").objectStore("trial").put(value, "answer"));
    const back = await asked(database.transaction("trial").objectStore("trial").get("answer"));
    database.close();
    indexedDB.deleteDatabase("sjt-preflight");
    if (back !== value) throw new Error("what was read is not what was written");
    say("storage", "yes", `Written and read back in ${Math.round(performance.now() - began)} ms`);
  } catch (error) {
    say("storage", "no", `Nothing can be kept: ${error?.message ?? error}`);
  }
}

async function space() {
  const found = await navigator.storage?.estimate?.().catch(() => null);
  if (!found?.quota) return say("space", "warn", "The browser does not say how much it may keep");
  const free = (found.quota - (found.usage ?? 0)) / 1_000_000;
  return say("space", free >= 50 ? "yes" : "no", `${free >= 1000 ? `${(free / 1000).toFixed(0)} GB` : `${free.toFixed(0)} MB`} for this site`);
}

async function worker() {
  if (!("serviceWorker" in navigator)) return say("worker", "no", "This browser runs no service worker here: after a reload without a line the page would not come back");
  try {
    await navigator.serviceWorker.register(page.dataset.worker, { scope: page.dataset.scope });
    return say("worker", "yes", "A reload without a line brings the test back");
  } catch (error) {
    return say("worker", "no", `The service worker was refused: ${error?.message ?? error}`);
  }
}

function screenSize() {
  const zoom = window.outerWidth && window.innerWidth ? Math.round((window.outerWidth / window.innerWidth) * 100) : 100;
  const words = `${window.innerWidth} × ${window.innerHeight} in the window, ${screen.width} × ${screen.height} on the screen, zoom about ${zoom} %`;
  const width = window.innerWidth;
  say("screen", width < 320 || window.innerHeight < 400 ? "no" : width < 900 ? "warn" : "yes", words);
}

// The same way an answer goes: a row on the server's disk before the reply.
async function saveOnce() {
  const began = performance.now();
  const wall = Date.now();
  const answer = await fetch(page.dataset.save, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": page.dataset.csrf },
    credentials: "same-origin",
    cache: "no-store",
    signal: AbortSignal.timeout?.(10_000),
  });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const { server_time: server } = await answer.json();
  const took = performance.now() - began;
  return { took, ahead: wall + took / 2 - Date.parse(server) };
}

async function saves() {
  const good = [];
  let failed = 0;
  let why = "";
  for (let n = 0; n < SAVES; n += 1) {
    try {
      good.push(await saveOnce());
    } catch (error) {
      failed += 1;
      why = error?.message ?? String(error);
    }
    line("line").querySelector("[data-found]").textContent = `${n + 1} of ${SAVES} trial answers sent`;
  }
  if (!good.length) {
    say("line", "no", `No trial answer arrived: ${why}`);
    return say("clock", "warn", "The server could not be asked for its time");
  }
  const times = good.map((one) => one.took).sort((a, b) => a - b);
  const middle = times[Math.floor(times.length / 2)];
  const worst = times.at(-1);
  const words = `${good.length} of ${SAVES} trial answers stored; half within ${Math.round(middle)} ms, the slowest ${Math.round(worst)} ms`;
  say("line", failed ? "no" : worst > 2000 ? "warn" : "yes", words);
  const ahead = good.reduce((best, one) => (one.took < best.took ? one : best)).ahead / 1000;
  const off = Math.abs(ahead);
  const told = off < 2 ? "Agrees with the server" : `${Math.round(off)} s ${ahead > 0 ? "ahead of" : "behind"} the server. The server’s clock decides, so no time is lost`;
  return say("clock", off > 60 ? "warn" : "yes", told);
}

function sum() {
  const needed = [...page.querySelectorAll("[data-required]")];
  const bad = needed.filter((one) => one.dataset.serves === "no").map((one) => one.querySelector("h2").textContent);
  const words = page.querySelector("[data-sum]");
  words.dataset.serves = bad.length ? "no" : "yes";
  words.textContent = bad.length ? `This computer does not serve yet: ${bad.join(", ")}.` : "This computer serves for a test.";
  const send = page.querySelector("[data-result] button");
  if (send) send.disabled = false;
}

async function all() {
  findings.clear();
  browser();
  secure();
  screenSize();
  await Promise.all([storage(), space(), worker()]);
  await saves();
  sum();
}

function machine() {
  try {
    let name = localStorage.getItem("sjt-machine");
    if (!name) {
      name = [...crypto.getRandomValues(new Uint8Array(12))].map((n) => n.toString(16).padStart(2, "0")).join("");
      localStorage.setItem("sjt-machine", name);
    }
    return name;
  } catch {
    return `unnamed-${Date.now()}`;
  }
}

page.querySelector("[data-test-page]").addEventListener("click", () => window.print());
for (const button of page.querySelectorAll("[data-printed]")) {
  button.addEventListener("click", () => {
    const came = button.dataset.printed === "yes";
    say("printing", came ? "yes" : "no", came ? "A test page came out" : "No test page came out");
  });
}
page.querySelector("[data-again]").addEventListener("click", () => all());
page.querySelector("[data-result]")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const told = page.querySelector("[data-sent]");
  const seat = event.target.elements.seat.value.trim();
  if (!seat) {
    told.textContent = "Write the seat number or the name on this computer first.";
    event.target.elements.seat.focus();
    return;
  }
  try {
    const answer = await fetch(page.dataset.send, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": page.dataset.csrf },
      credentials: "same-origin",
      body: JSON.stringify({ machine: machine(), seat, findings: [...findings.values()] }),
    });
    const said = await answer.json();
    told.textContent = answer.ok ? `Sent. The room’s list shows ${seat} as ${said.serves ? "serving" : "not serving yet"}.` : `${said.message} ${(said.faults ?? []).join(" ")}`;
  } catch {
    told.textContent = "The result did not get through. Check the line, then send again.";
  }
});
all();
