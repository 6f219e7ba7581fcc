// Sort a table in place: <table data-sortable>, heads with <th data-sort="text|number">. Without a script the order is the server's.
// A cell may carry its own sorting value in data-value.
const compare = {
  number: (a, b) => a - b,
  text: (a, b) => a.localeCompare(b, "en-GB", { numeric: true }),
};

function read(row, column, kind) {
  const cell = row.cells[column];
  const words = cell?.dataset.value ?? cell?.textContent.trim() ?? "";
  if (kind !== "number") return words;
  const value = Number.parseFloat(words.replace("−", "-"));
  return Number.isNaN(value) ? -Infinity : value;
}

function sort(table, head) {
  const kind = head.dataset.sort;
  const column = head.cellIndex;
  const up = head.getAttribute("aria-sort") !== "ascending";
  for (const other of table.tHead.querySelectorAll("[aria-sort]")) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", up ? "ascending" : "descending");
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row, place) => ({ row, place, value: read(row, column, kind) }));
  rows.sort((a, b) => (up ? 1 : -1) * compare[kind](a.value, b.value) || a.place - b.place);
  body.append(...rows.map((entry) => entry.row));
}

for (const table of document.querySelectorAll("table[data-sortable]")) {
  for (const head of table.tHead.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(table, head));
  }
}
