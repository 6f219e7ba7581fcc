// The display choices of a candidate: <form data-display>. Applies each at once to <html> and tells the page by a
// "display" event with {scheme, size, font, spacing, focus, aloud}; keeping them with the sitting is the page's work.
import { show } from "./dialog.js";

const html = document.documentElement;
const attribute = { scheme: "scheme", size: "size", font: "font", spacing: "spacing", focus: "lineFocus", aloud: "aloud" };

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-display]");
  const name = event.target.name;
  if (!form || !(name in attribute)) return;
  html.dataset[attribute[name]] = event.target.value;
  const chosen = Object.fromEntries([...new FormData(form)].filter(([key]) => key in attribute));
  document.dispatchEvent(new CustomEvent("display", { detail: chosen }));
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-action='display']");
  const panel = document.getElementById("display-panel");
  if (opener && panel) show(panel, opener);
});

// One line marked under the pointer or the focus: a frame above the text, which takes no press.
const ruler = document.createElement("div");
ruler.className = "line-ruler";
ruler.hidden = true;
document.body.append(ruler);

function mark(y, height) {
  if (html.dataset.lineFocus !== "on") return;
  ruler.hidden = false;
  ruler.style.height = `${height}px`;
  ruler.style.top = `${y - height / 2}px`;
}

document.addEventListener("pointermove", (event) => {
  if (html.dataset.lineFocus !== "on" || event.pointerType === "touch") return;
  const size = Number.parseFloat(getComputedStyle(document.body).lineHeight) || 28;
  mark(event.clientY, size * 1.3);
});
document.addEventListener("focusin", (event) => {
  const box = event.target.getBoundingClientRect();
  mark(box.top + box.height / 2, Math.min(box.height + 8, 64));
});
