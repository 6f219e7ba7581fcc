// An expert's question: the test's own behaviour; each change is kept at once, and the buttons keep it too.
import { Question } from "./sitting/formats.js";

const section = document.querySelector(".item[data-item]");
const form = document.querySelector("[data-panel-answer]");
const line = document.querySelector("[data-save]");

function tell(state, words) {
  if (!line) return;
  line.dataset.state = state;
  line.querySelector("[data-save-text]").textContent = words;
}

if (section && form) {
  const field = form.elements.response;
  let waiting = null;
  const keep = async () => {
    tell("saving", "Saving");
    try {
      const reply = await fetch(form.action, { method: "POST", headers: { "X-Autosave": "1" }, body: new FormData(form), redirect: "error" });
      if (!reply.ok) throw new Error(String(reply.status));
      tell("saved", "Saved");
    } catch {
      tell("offline", "Not saved yet: press Save and next");
    }
  };
  const question = new Question(section, (item, response) => {
    field.value = JSON.stringify(response);
    clearTimeout(waiting);
    waiting = setTimeout(keep, 400);
  });
  form.addEventListener("submit", () => {
    clearTimeout(waiting);
    field.value = JSON.stringify(question.read());
  });
}
