// While a blueprint is edited, what the bank can bear is counted anew a little after the last key. Without this script
// the button "Count now" does the same.
const form = document.querySelector("[data-bears]");
const WAIT = 450;

if (form) {
  const state = form.querySelector("[data-bears-state]");
  let timer = 0;
  let asking = null;

  async function count() {
    asking?.abort();
    asking = new AbortController();
    const part = document.getElementById("bears");
    part.dataset.state = "counting";
    try {
      const body = new URLSearchParams(new FormData(form));
      const reply = await fetch(form.dataset.bears, {
        method: "POST",
        body,
        headers: { Accept: "text/html", "X-Fragment": "1" },
        credentials: "same-origin",
        signal: asking.signal,
      });
      if (reply.redirected || !reply.ok) throw new Error(String(reply.status));
      const fresh = new DOMParser().parseFromString(await reply.text(), "text/html").getElementById("bears");
      if (!fresh) throw new Error("nothing counted");
      // what the reader opened stays open
      for (const old of part.querySelectorAll("details[id][open]")) {
        fresh.querySelector(`details[id="${old.id}"]`)?.setAttribute("open", "");
      }
      part.replaceWith(document.importNode(fresh, true));
      const first = fresh.querySelector(".notice-title")?.textContent.trim() ?? "";
      if (state.textContent !== first) state.textContent = first;
    } catch (problem) {
      if (problem.name === "AbortError") return;
      part.dataset.state = "stale";
      state.textContent = "What the bank bears could not be counted. Press Count now.";
    }
  }

  form.addEventListener("input", (event) => {
    if (!event.target.name || event.target.name === "title") return;
    clearTimeout(timer);
    timer = setTimeout(count, WAIT);
  });
}
