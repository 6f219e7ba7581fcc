// What every page needs: say that scripts run, focus the error summary, take a press once, print.
import "./dialog.js";

document.documentElement.classList.add("scripted");

const summary = document.querySelector("[data-focus-first]");
if (summary) summary.focus();

// A link of the summary leads into the field, not beside it.
document.addEventListener("click", (event) => {
  const link = event.target.closest(".error-summary a[href^='#']");
  if (!link) return;
  const field = document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  const control = field.matches("input, select, textarea") ? field : field.querySelector("input, select, textarea");
  (control ?? field).focus();
  (field.closest(".field") ?? field).scrollIntoView({ block: "center" });
});

// On a narrow window the nouns of the bar wait behind one button.
const menu = document.querySelector("[data-menu]");
if (menu) {
  const nouns = document.getElementById(menu.getAttribute("aria-controls"));
  const open = (yes) => {
    menu.setAttribute("aria-expanded", String(yes));
    nouns.toggleAttribute("data-open", yes);
  };
  menu.addEventListener("click", () => open(menu.getAttribute("aria-expanded") !== "true"));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || menu.getAttribute("aria-expanded") !== "true") return;
    open(false);
    if (nouns.contains(document.activeElement)) menu.focus();
  });
}

// A second press of the same button within two seconds sends nothing: the first one is on its way.
const lastSent = new WeakMap();
document.addEventListener("submit", (event) => {
  if (!event.submitter?.matches("[data-once]")) return;
  const now = performance.now();
  if (now - (lastSent.get(event.target) ?? -Infinity) < 2000) event.preventDefault();
  else lastSent.set(event.target, now);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  const refused = event.target.closest("[aria-disabled='true']");
  if (refused) event.preventDefault();
});
