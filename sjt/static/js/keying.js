// Keying from paper: Enter goes on to the next question; only the button, or Enter on it, sends the form.
const form = document.querySelector("[data-keying]");

if (form) {
  const boxes = [...form.querySelectorAll("input:not([type=hidden]), textarea")];
  const first = boxes.find((box) => box.getAttribute("aria-invalid") === "true") ?? boxes[0];
  first?.focus();
  form.addEventListener("keydown", (event) => {
    const at = boxes.indexOf(event.target);
    if (event.key !== "Enter" || at < 0 || (event.target.tagName === "TEXTAREA" && !event.ctrlKey)) return;
    event.preventDefault();
    const next = boxes[at + 1] ?? form.querySelector("button[type=submit]");
    next.focus();
    if (next.select && next.tagName === "INPUT") next.select();
  });
}
