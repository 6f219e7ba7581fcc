// The six formats: what a person does to a question becomes a response, a response becomes what the page shows.
import { Ranking } from "./ranking.js";

const TYPING_PAUSE = 700; // ms after the last key
const TYPING_LONGEST = 1500; // ms: who types without a pause is saved all the same

const atOnce = { on: false };

// Shortly before the end every key is an event at once: what is typed in time has the time it was typed at.
export function typingAtOnce(on) {
  atOnce.on = on;
}

const list = (letters) => (letters.length < 2 ? letters.join("") : `${letters.slice(0, -1).join(", ")} and ${letters.at(-1)}`);
// As the server keeps it: composed letters, one sort of line end, no half of a sign.
const plain = (text) => (text.toWellFormed?.() ?? text).normalize("NFC").replace(/\r\n?/gu, "\n").replaceAll("\0", "");
const words = (text) => text.trim().split(/\s+/u).filter(Boolean).length;

export class Question {
  // answered(item, response) is called for each change that a person made
  constructor(section, answered) {
    this.section = section;
    this.item = section.dataset.item;
    this.format = section.dataset.format;
    this.answered = answered;
    this.options = section.dataset.order ? section.dataset.order.split(",") : [];
    this.sayPart = section.querySelector("[data-say]");
    this.refusal = section.querySelector("[data-refusal]");
    section.querySelector("[data-action='clear']")?.addEventListener("click", () => this.clear());
    if (this.format === "rank") {
      this.ranking = new Ranking(section, () => this.changed(), (text) => this.say(text));
    } else if (this.format === "written") {
      this.area = section.querySelector("[data-text]");
      this.counted = Math.floor(words(this.area.value) / 10);
      this.area.addEventListener("input", () => this.typed());
      this.area.addEventListener("blur", () => this.flush());
      this.count(false);
    } else {
      section.addEventListener("change", (event) => this.ticked(event.target));
    }
    this.last = JSON.stringify(this.read());
  }

  say(text) {
    if (this.sayPart) this.sayPart.textContent = text;
  }

  refuse(text) {
    if (!this.refusal) return;
    this.refusal.hidden = !text;
    this.refusal.textContent = text ?? "";
  }

  letter(option) {
    return this.section.querySelector(`[data-option="${CSS.escape(option)}"]`)?.dataset.letter ?? option;
  }

  inputs(selector = "input") {
    return [...this.section.querySelectorAll(selector)];
  }

  read() {
    if (this.format === "rank") return this.ranking.read();
    if (this.format === "written") return this.area.value ? { text: plain(this.area.value) } : null;
    const checked = this.inputs("input:checked");
    if (this.format === "choose") return checked.length ? checked.map((one) => one.value).sort() : null;
    if (this.format === "single") return checked[0]?.value ?? null;
    if (this.format === "rate") {
      const given = Object.fromEntries(checked.map((one) => [one.closest("[data-option]").dataset.option, Number(one.value)]));
      return checked.length ? given : null;
    }
    const end = (name) => checked.find((one) => one.dataset.end === name)?.value ?? null;
    return checked.length ? { most: end("most"), least: end("least") } : null;
  }

  put(response) {
    if (this.format === "rank") {
      this.ranking.put(response);
    } else if (this.format === "written") {
      this.area.value = response?.text ?? "";
      this.count(false);
    } else {
      for (const one of this.inputs()) {
        if (this.format === "choose") one.checked = (response ?? []).includes(one.value);
        else if (this.format === "single") one.checked = response === one.value;
        else if (this.format === "rate") one.checked = (response ?? {})[one.closest("[data-option]").dataset.option] === Number(one.value);
        else one.checked = (response ?? {})[one.dataset.end] === one.value;
      }
      this.showCount();
    }
    this.last = JSON.stringify(this.read());
  }

  // none, part or done, and how far in words
  progress() {
    const given = this.read();
    const n = this.options.length;
    const tell = (done, of, verb) => ({ state: done === 0 ? "none" : done < of ? "part" : "done", words: done && done < of ? `${done} of ${of} ${verb}` : "" });
    if (this.format === "rank") return tell(Object.keys(given ?? {}).length, n, "placed");
    if (this.format === "rate") return tell(Object.keys(given ?? {}).length, n, "rated");
    if (this.format === "choose") return tell((given ?? []).length, Number(this.section.querySelector("[data-choose]").dataset.choose), "chosen");
    if (this.format === "most_least") return tell((given?.most ? 1 : 0) + (given?.least ? 1 : 0), 2, "chosen");
    if (this.format === "written") return tell(given && given.text.trim() ? 1 : 0, 1, "");
    return tell(given === null ? 0 : 1, 1, "chosen");
  }

  changed() {
    const response = this.read();
    const now = JSON.stringify(response);
    if (now === this.last) return;
    this.last = now;
    this.answered(this.item, response);
  }

  clear() {
    if (this.read() === null) return;
    this.put(null);
    this.last = ""; // so that the clearing counts as a change
    this.refuse("");
    this.say("Answer cleared");
    this.changed();
  }

  ticked(input) {
    if (!input.matches("input")) return;
    this.refuse("");
    if (this.format === "choose") {
      const most = Number(this.section.querySelector("[data-choose]").dataset.choose);
      const checked = this.inputs("input:checked");
      if (checked.length > most) {
        input.checked = false;
        const chosen = checked.filter((one) => one !== input).map((one) => this.letter(one.value));
        this.refuse(`You have chosen ${list(chosen)}. Take one out first.`);
      }
      this.showCount();
      this.say(this.section.querySelector("[data-count]").textContent);
    } else if (this.format === "most_least") {
      const other = this.inputs("input:checked").find((one) => one !== input && one.value === input.value);
      if (other) {
        const before = JSON.parse(this.last) ?? { most: null, least: null };
        this.put(before);
        const letter = this.letter(input.value);
        const now = other.dataset.end === "most" ? "most" : "least";
        this.refuse(`Response ${letter} is your ${now} appropriate already. One response cannot be both. Choose another.`);
        (this.inputs(`input[data-end="${input.dataset.end}"]:checked`)[0] ?? input).focus();
        return;
      }
    }
    this.changed();
  }

  showCount() {
    const part = this.section.querySelector("[data-count]");
    if (part) part.textContent = `${this.inputs("input:checked").length} of ${this.section.querySelector("[data-choose]").dataset.choose} chosen`;
  }

  count(aloud) {
    const n = words(this.area.value);
    const most = this.area.dataset.maxWords;
    const over = most && n > Number(most) ? ". Longer answers are kept whole" : "";
    const text = `${n}${most ? ` of about ${most}` : ""} words${over}`;
    this.section.querySelector("[data-words]").textContent = text;
    const tens = Math.floor(n / 10);
    if (aloud && tens !== this.counted) this.say(text);
    this.counted = tens;
  }

  typed() {
    this.count(true);
    clearTimeout(this.pause);
    if (atOnce.on) {
      this.flush();
      return;
    }
    this.pause = setTimeout(() => this.flush(), TYPING_PAUSE);
    this.longest ??= setTimeout(() => this.flush(), TYPING_LONGEST);
  }

  flush() {
    clearTimeout(this.pause);
    clearTimeout(this.longest);
    this.pause = this.longest = undefined;
    if (this.format === "written") this.changed();
  }
}
