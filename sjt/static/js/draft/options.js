// Responses are moved where they stand: by their buttons or by dragging. The list of their letters is a field of the
// form, so a move is saved and undone like anything typed. Without this script the buttons are deeds of the server.
const said = document.querySelector("[data-said]");

for (const box of document.querySelectorAll("[data-options]")) {
  const field = document.getElementsByName(box.dataset.options)[0];
  const letters = () => [...box.children].map((row) => row.dataset.option);

  function settle(row) {
    const now = letters().join(" ");
    if (now === field.value) return;
    field.value = now;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    said.textContent = `Response ${row.dataset.option} is at place ${letters().indexOf(row.dataset.option) + 1} of ${box.children.length}.`;
  }

  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("[data-option]");
    const up = button.dataset.move === "up";
    const other = up ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (up) other.before(row);
    else other.after(row);
    settle(row);
    const still = getComputedStyle(button).visibility === "visible" ? button : row.querySelector(`[data-move="${up ? "down" : "up"}"]`);
    still.focus();
  });

  for (const grip of box.querySelectorAll("[data-grip]")) {
    grip.hidden = false;
    const row = grip.closest("[data-option]");
    let from = 0;
    grip.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      event.preventDefault();
      grip.setPointerCapture(event.pointerId);
      from = event.clientY;
      row.dataset.dragged = "";
    });
    grip.addEventListener("pointermove", (event) => {
      if (!("dragged" in row.dataset)) return;
      // The row changes places with a neighbour once it is past the neighbour's middle.
      for (const way of ["previousElementSibling", "nextElementSibling"]) {
        const other = row[way];
        if (!other) continue;
        const size = other.getBoundingClientRect();
        const middle = size.top + size.height / 2;
        const up = way === "previousElementSibling";
        if (up ? event.clientY > middle : event.clientY < middle) continue;
        const before = row.offsetTop;
        if (up) row.after(other); // the neighbour moves: the row itself would lose the pointer
        else row.before(other);
        from += row.offsetTop - before;
        break;
      }
      row.style.transform = `translateY(${event.clientY - from}px)`;
    });
    const drop = () => {
      if (!("dragged" in row.dataset)) return;
      delete row.dataset.dragged;
      row.style.transform = "";
      settle(row);
    };
    grip.addEventListener("pointerup", drop);
    grip.addEventListener("pointercancel", drop);
    grip.addEventListener("lostpointercapture", drop);
  }
}
