// One try of each format before the clock starts: the same behaviour as in the test, and nothing is kept.
import { Question } from "./formats.js";
import { keepDisplay } from "./settings.js";

for (const section of document.querySelectorAll(".item[data-item]")) {
  const question = new Question(section, () => {
    const part = section.parentElement.querySelector("[data-tried]");
    if (part) part.hidden = question.progress().state !== "done";
  });
}
const page = document.querySelector("[data-display-url]");
if (page) keepDisplay(page.dataset.displayUrl, page.dataset.csrf);
