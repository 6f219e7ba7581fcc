// Ranking by place buttons, arrows, keys and, as an extra, by dragging a handle. One element per response is moved about.
export class Ranking {
  constructor(section, changed, say) {
    Object.assign(this, { section, changed, say });
    this.places = [...section.querySelectorAll("[data-rank] > li")];
    this.n = this.places.length;
    this.responses = new Map([...section.querySelectorAll(".resp")].map((one) => [one.dataset.option, one]));
    section.addEventListener("click", (event) => this.click(event));
    section.addEventListener("keydown", (event) => this.key(event));
    section.addEventListener("pointerdown", (event) => this.lift(event));
    this.show();
  }

  at(place) {
    return this.places[place - 1]?.querySelector(".resp") ?? null;
  }

  placeOf(one) {
    return Number(one.closest("[data-rank] > li")?.dataset.place ?? 0);
  }

  read() {
    const given = {};
    for (const [option, one] of this.responses) if (this.placeOf(one)) given[option] = this.placeOf(one);
    return Object.keys(given).length ? given : null;
  }

  put(response) {
    for (const one of this.responses.values()) this.takeOut(one);
    for (const [option, place] of Object.entries(response ?? {})) {
      const one = this.responses.get(option);
      if (one && this.places[place - 1]) this.places[place - 1].append(one);
    }
    this.show();
  }

  takeOut(one) {
    this.section.querySelector(`[data-home="${CSS.escape(one.dataset.option)}"]`).append(one);
  }

  // Put into a place; whoever stands there, and those behind, give way towards the nearest empty place.
  place(one, place) {
    const from = this.placeOf(one);
    if (from === place) return;
    if (from) this.takeOut(one);
    if (this.at(place)) {
      let gap = 0;
      for (let d = 1; d < this.n && !gap; d += 1) {
        for (const near of [place + d, place - d]) if (!gap && near >= 1 && near <= this.n && !this.at(near)) gap = near;
      }
      const step = gap > place ? -1 : 1;
      for (let p = gap; p !== place; p += step) this.places[p - 1].append(this.at(p + step));
    }
    this.places[place - 1].append(one);
    this.done(one, `${one.dataset.letter} moved to place ${place} of ${this.n}`);
  }

  move(one, step) {
    const from = this.placeOf(one);
    const to = from + step;
    if (!from || to < 1 || to > this.n) {
      if (from) this.say(`${one.dataset.letter} is ${step < 0 ? "in the first place" : "in the last place"}`);
      return;
    }
    const other = this.at(to);
    if (other) this.places[from - 1].append(other);
    this.places[to - 1].append(one);
    this.done(one, `${one.dataset.letter} moved to place ${to} of ${this.n}`);
  }

  out(one) {
    if (!this.placeOf(one)) return;
    this.takeOut(one);
    this.done(one, `${one.dataset.letter} taken out of the ranking`);
  }

  done(one, words) {
    this.show();
    this.say(words);
    this.changed();
  }

  show() {
    const taken = new Set();
    for (const place of this.places) {
      const one = place.querySelector(".resp");
      place.dataset.filled = one ? "true" : "false";
      if (!one) continue;
      const number = Number(place.dataset.place);
      taken.add(number);
      one.querySelector("[data-action='up']").toggleAttribute("aria-disabled", false);
      for (const [name, end] of [["up", 1], ["down", this.n]]) {
        const button = one.querySelector(`[data-action='${name}']`);
        if (number === end) button.setAttribute("aria-disabled", "true");
        else button.removeAttribute("aria-disabled");
      }
    }
    for (const button of this.section.querySelectorAll("[data-action='place']")) button.hidden = taken.has(Number(button.dataset.place));
    const rest = this.n - taken.size;
    this.section.querySelector("[data-rest]").textContent = rest ? `Still to place: ${rest}` : "Every response has a place";
  }

  click(event) {
    const button = event.target.closest("button[data-action]");
    const one = button?.closest(".resp");
    if (!one) return;
    const act = button.dataset.action;
    if (act === "place") this.place(one, Number(button.dataset.place));
    else if (act === "up") this.move(one, -1);
    else if (act === "down") this.move(one, 1);
    else if (act === "out") this.out(one);
    this.focus(one, act);
  }

  // The focus follows the response: on the same button where it still shows, else on the response itself.
  focus(one, act) {
    const button = act === "place" ? null : one.querySelector(`[data-action='${act}']`);
    if (button?.offsetParent) button.focus();
    else one.focus();
    one.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const one = event.target.closest(".resp");
    if (!one || event.ctrlKey || event.metaKey) return;
    const act = document.activeElement?.dataset?.action ?? "";
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) this.move(one, event.key === "ArrowUp" ? -1 : 1);
    else if (event.altKey) return;
    else if (/^[1-9]$/.test(event.key) && Number(event.key) <= this.n) this.place(one, Number(event.key));
    else if (event.key === "Delete" || event.key === "Backspace") this.out(one);
    else return;
    event.preventDefault();
    this.focus(one, act === "up" || act === "down" ? act : "place");
  }

  lift(event) {
    const grip = event.target.closest("[data-grip]");
    const one = grip?.closest(".resp");
    if (!one || event.button) return;
    event.preventDefault();
    const start = { x: event.clientX, y: event.clientY };
    grip.setPointerCapture(event.pointerId);
    one.classList.add("lifted");
    let over = null;
    const move = (now) => {
      one.style.transform = `translate(${now.clientX - start.x}px, ${now.clientY - start.y}px)`;
      one.style.pointerEvents = "none";
      const below = document.elementFromPoint(now.clientX, now.clientY)?.closest("[data-rank] > li, [data-tray]");
      over?.classList.remove("over");
      over = below && this.section.contains(below) ? below : null;
      over?.classList.add("over");
    };
    const drop = (last) => {
      grip.removeEventListener("pointermove", move);
      grip.removeEventListener("pointerup", drop);
      grip.removeEventListener("pointercancel", drop);
      one.classList.remove("lifted");
      one.style.transform = "";
      one.style.pointerEvents = "";
      over?.classList.remove("over");
      if (last.type === "pointercancel" || !over) return;
      if (over.dataset.place) this.place(one, Number(over.dataset.place));
      else this.out(one);
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener("pointerup", drop);
    grip.addEventListener("pointercancel", drop);
  }
}
