// The parts of the editor are one form; a tab shows one of them at once, and a finding opens the part it leads to.
const form = document.getElementById("draft");
const parts = [...document.querySelectorAll("[data-part]")];
const tabs = [...document.querySelectorAll("[data-tab]")];

export function show(name) {
  for (const part of parts) part.hidden = part.dataset.part !== name;
  for (const tab of tabs) {
    if (tab.dataset.tab === name) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  form.elements.part.value = name;
  const address = new URL(location.href);
  if (name === parts[0].dataset.part) address.searchParams.delete("part");
  else address.searchParams.set("part", name);
  address.hash = "";
  history.replaceState(null, "", address);
  document.dispatchEvent(new Event("draft:shown"));
}

export function goTo(id) {
  const at = document.getElementById(id);
  if (!at || !form.contains(at)) return false;
  const part = at.closest("[data-part]");
  if (part?.hidden) show(part.dataset.part);
  if (at.matches("input, select, textarea, button")) at.focus();
  else {
    at.tabIndex = -1;
    at.focus();
  }
  at.scrollIntoView({ block: "center" });
  return true;
}

for (const tab of tabs) {
  tab.addEventListener("click", (event) => {
    event.preventDefault();
    show(tab.dataset.tab);
  });
}
document.addEventListener("click", (event) => {
  const link = event.target.closest(".draft-aside .finding a[href*='#']");
  if (link && goTo(decodeURIComponent(link.hash.slice(1)))) event.preventDefault();
});

// How wide the preview is shown is remembered by this browser.
for (const choice of document.querySelectorAll("[name=seen]")) {
  try {
    if (localStorage.getItem("sjt.seen") === choice.value) choice.checked = true;
    choice.addEventListener("change", () => localStorage.setItem("sjt.seen", choice.value));
  } catch {
    // a forbidden store: the choice lasts as long as the page
  }
}
