import { goTo } from "./draft/parts.js";
import "./draft/options.js";
import "./draft/story.js";

// The editor saves by itself a little after the last key, renews findings and preview, and keeps what could not be
// sent in this tab until it could. Without this script every button still works as a plain form.
const LONG_LIST = 60;
const form = document.querySelector("[data-draft]");
const WAIT = 2500;

if (form) {
  const line = document.querySelector("[data-save]");
  const words = document.querySelector("[data-save-text]");
  const store = `sjt.draft.${form.dataset.draft}`;
  let timer = 0;
  let typed = 0;
  let sent = 0;
  let running = null;
  let leaving = false;

  const say = (state, text) => {
    line.dataset.state = state;
    if (words.textContent !== text) words.textContent = text;
  };
  const body = () => new URLSearchParams(new FormData(form));
  const keep = () => {
    const held = body();
    held.delete("csrf_token");
    try {
      sessionStorage.setItem(store, held.toString());
    } catch {
      // a full or forbidden store: the page itself still holds every word
    }
  };
  const forget = () => sessionStorage.removeItem(store);

  async function post(held) {
    const reply = await fetch(form.action, {
      method: "POST",
      body: held,
      headers: { "X-Autosave": "1" },
      credentials: "same-origin",
    });
    if (reply.redirected || !reply.ok) throw new Error(reply.redirected ? "signed out" : String(reply.status));
    const kind = reply.headers.get("Content-Type") ?? "";
    return kind.startsWith("application/json") ? reply.json() : reply.text();
  }

  function go(address) {
    leaving = true;
    const at = document.activeElement?.id;
    const to = new URL(address, location.href);
    if (to.pathname === location.pathname && !to.search) to.search = location.search;
    if (at && form.contains(document.activeElement)) to.hash = at;
    const same = to.pathname + to.search === location.pathname + location.search;
    location.assign(to);
    if (same) location.reload();
  }

  // What was typed stays as it is; only findings, counts and the number of the save come from the server.
  function renew(text) {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    const revision = fresh.querySelector("[data-revision]");
    if (!revision) throw new Error("no editor in the reply");
    form.querySelector("[data-revision]").value = revision.value;
    for (const old of document.querySelectorAll("[data-renew]")) {
      const now = fresh.getElementById(old.id);
      if (now && now.innerHTML !== old.innerHTML) old.replaceChildren(...now.childNodes);
    }
    for (const button of document.querySelectorAll("[form=draft]")) {
      const now = fresh.querySelector(`[form=draft][value="${button.value}"]`);
      if (!now) continue;
      for (const name of ["aria-disabled", "title"]) {
        if (now.hasAttribute(name)) button.setAttribute(name, now.getAttribute(name));
        else button.removeAttribute(name);
      }
    }
    document.querySelector("[data-preview]")?.contentWindow?.location.reload();
    document.dispatchEvent(new Event("draft:renewed"));
    say("saved", fresh.querySelector("[data-save-text]")?.textContent ?? "Saved");
  }

  function save() {
    clearTimeout(timer);
    if (running) return running.then(() => (typed > sent ? save() : undefined));
    if (typed === sent) return Promise.resolve();
    const upTo = typed;
    say("saving", "Saving…");
    running = post(body())
      .then((reply) => {
        sent = upTo;
        if (reply.base) form.querySelector("[data-revision]").value = reply.base;
        if (typed === sent) forget();
        else keep();
        if (reply.merge || reply.reload) go(reply.merge ?? reply.reload);
        else renew(reply);
        if (typed > sent) timer = setTimeout(save, WAIT);
      })
      .catch((problem) => {
        keep();
        say(
          "offline",
          problem.message === "signed out" || problem.message === "400"
            ? "Not saved: you were signed out. What you typed is kept in this tab. Sign in in another tab, then load this page again."
            : "Not saved yet. What you typed is kept in this tab; the next try is in 10 s.",
        );
        timer = setTimeout(save, 10_000);
      })
      .finally(() => {
        running = null;
      });
    return running;
  }

  const changed = () => {
    typed += 1;
    keep();
    say("waiting", "Not saved yet");
    clearTimeout(timer);
    timer = setTimeout(save, WAIT);
  };
  form.addEventListener("input", (event) => {
    if (event.target.name) changed();
  });
  // These change which fields there are, so the page is drawn anew.
  form.addEventListener("change", (event) => {
    if (/(\.format|\.scale|\.rubric|^option)$/.test(event.target.name)) {
      form.requestSubmit();
    }
  });
  // A button goes out only when everything typed is safe, so that nothing has to be sent twice.
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (typed === sent && !running) {
      leaving = true;
      return;
    }
    event.preventDefault();
    const button = event.submitter;
    Promise.resolve(save()).then(() => {
      if (typed === sent && !leaving) form.requestSubmit(button);
    });
  });
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      typed += 1;
      save();
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden" && typed > sent && !leaving) save();
  });
  addEventListener("beforeunload", (event) => {
    if (typed > sent && !leaving) event.preventDefault();
  });

  // What an earlier page of this tab could not send goes first; the server brings it together with what came since.
  const held = sessionStorage.getItem(store);
  if (held) {
    const waiting = new URLSearchParams(held);
    waiting.set("csrf_token", form.elements.csrf_token.value);
    say("saving", "Saving what was kept in this tab…");
    post(waiting)
      .then((reply) => {
        forget();
        go(reply.merge ?? location.pathname);
      })
      .catch(() => say("offline", "What was kept in this tab could not be sent. Load the page again to try once more."));
  }

  // A field that the address names is where to go on.
  if (location.hash) goTo(decodeURIComponent(location.hash.slice(1)));

  // A link leads away only when everything typed is safe.
  for (const link of document.querySelectorAll(".page-head a[href]")) {
    link.addEventListener("click", (event) => {
      if (typed === sent || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      Promise.resolve(save()).then(() => {
        if (typed === sent) location.assign(link.href);
      });
    });
  }

  for (const box of document.querySelectorAll("[data-narrow]")) {
    box.hidden = false;
    const list = document.getElementById(box.dataset.narrow);
    const told = document.querySelector(`[data-narrowed="${box.dataset.narrow}"]`);
    const search = box.querySelector("input");
    const entries = [...list.children].map((pick) => [pick, pick.querySelector("label").textContent.toLowerCase()]);
    // a list of hundreds shows what is ticked until words are typed: nobody presses Tab three hundred times
    const long = entries.length > LONG_LIST;
    const narrow = () => {
      const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const [pick, text] of entries) {
        const ticked = long && !wanted.length ? pick.querySelector("input").checked : true;
        pick.hidden = !ticked || !wanted.every((word) => text.includes(word));
        if (!pick.hidden) shown += 1;
      }
      told.textContent = long && !wanted.length ? `${entries.length - shown} more: type words to find them.` : `${shown} of ${entries.length}`;
    };
    search.addEventListener("input", narrow);
    if (long) {
      told.className = "small muted";
      narrow();
    }
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") event.preventDefault();
    });
  }
}
