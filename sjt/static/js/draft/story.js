// The layer behind the story carries line numbers and marks; both follow what is typed, findings stand at their line.
const area = document.querySelector("[data-code]");

if (area) {
  const text = area.querySelector("textarea");
  const layer = area.querySelector("[data-marks]");
  const notes = document.getElementById("story-found");
  const beside = matchMedia("(min-width: 56rem)");

  // The words a finding quotes, wherever they stand now: text before them may have moved since.
  function marked(value) {
    const tone = new Array(value.length).fill("");
    for (const note of notes.children) {
      const words = note.dataset.quote.split(/\s+/).filter(Boolean);
      if (!words.length) continue;
      const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
      const found = new RegExp(pattern, "i").exec(value);
      note.line = found ? value.slice(0, found.index).split("\n").length : 0;
      if (!found) continue;
      for (let at = found.index; at < found.index + found[0].length; at += 1) {
        if (tone[at] !== "error") tone[at] = note.dataset.severity;
      }
    }
    return tone;
  }

  function draw() {
    const value = text.value;
    const tone = marked(value);
    let at = 0;
    const lines = value.split("\n").map((line) => {
      const row = document.createElement("div");
      for (let i = 0; i < line.length; ) {
        let end = i;
        while (end < line.length && tone[at + end] === tone[at + i]) end += 1;
        const part = line.slice(i, end);
        if (tone[at + i]) {
          const mark = document.createElement("mark");
          if (tone[at + i] === "error") mark.className = "err";
          mark.append(part);
          row.append(mark);
        } else row.append(part);
        i = end;
      }
      at += line.length + 1;
      return row;
    });
    layer.replaceChildren(...lines);
    place();
  }

  function place() {
    let bottom = 0;
    const top = notes.getBoundingClientRect().top;
    for (const note of notes.children) {
      note.style.marginTop = "";
      const row = beside.matches && note.line ? layer.children[note.line - 1] : null;
      const wanted = row ? row.getBoundingClientRect().top - top : 0;
      if (wanted > bottom) note.style.marginTop = `${wanted - bottom}px`;
      bottom = note.getBoundingClientRect().bottom - top;
    }
  }

  area.dataset.live = "";
  text.addEventListener("input", draw);
  document.addEventListener("draft:renewed", draw);
  document.addEventListener("draft:shown", place);
  new ResizeObserver(place).observe(area);
  document.fonts.ready.then(place);
  draw();
}
