// Time left as the server told it, counted on with the page's monotonic clock: setting the computer's clock changes nothing.
const MINUTE = 60_000;
const CENTRE = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/London", hour: "2-digit", minute: "2-digit" });

export const timeOfDay = (at) => CENTRE.format(new Date(at));

export function inWords(ms) {
  if (ms <= 0) return "No time left";
  if (ms <= MINUTE) return `${Math.ceil(ms / 1000)} s left`;
  return `${Math.ceil(ms / MINUTE)} min left`;
}

function spoken(ms) {
  if (ms <= 0) return "No time left.";
  if (ms < MINUTE) return `${Math.ceil(ms / 1000)} seconds left.`;
  const minutes = Math.ceil(ms / MINUTE);
  return minutes === 1 ? "1 minute left." : `${minutes} minutes left.`;
}

export class Clock {
  constructor(total, ended) {
    this.total = total;
    this.ended = ended;
    this.part = document.querySelector("[data-timer]");
    this.left = this.part?.querySelector("[data-timer-left]");
    this.end = this.part?.querySelector("[data-timer-end]");
    this.say = this.part?.querySelector("[data-timer-say]");
    this.said = new Set();
    this.base = null;
    this.ticking = setInterval(() => this.show(), 250);
    addEventListener("visibilitychange", () => this.show());
  }

  // remaining at the moment `measured` of performance.now(); runs: false while paused, on a break, or before the start
  set({ remaining, endsAt, serverTime, runs }, measured) {
    this.offset = serverTime ? Date.parse(serverTime) - measured : this.offset;
    this.runs = runs;
    if (remaining !== null) {
      const fresh = this.base === null;
      // never jump for the jitter of a line, only for what changed
      const drift = fresh ? Infinity : Math.abs(remaining - (this.base - (measured - this.measured)));
      if (fresh || drift > 700 || !runs || this.ran !== runs) {
        this.base = remaining;
        this.measured = measured;
      }
    }
    this.ran = runs;
    if (endsAt && this.end) this.end.textContent = timeOfDay(endsAt);
    if (!runs && this.end) this.end.textContent = "a later time: the clock is stopped";
    this.endsAt = endsAt;
    this.show();
  }

  get remaining() {
    if (this.base === null) return null;
    return this.runs ? this.base - (performance.now() - this.measured) : this.base;
  }

  get serverNow() {
    return this.offset === undefined ? new Date() : new Date(this.offset + performance.now());
  }

  show() {
    const left = this.remaining;
    if (left === null || !this.left) return;
    const words = inWords(left);
    if (this.left.textContent !== words) this.left.textContent = words;
    if (!this.runs) return;
    this.speak(left);
    if (left <= 0) this.ended();
  }

  // half, 10, 5 and 1 minute, each once; a page opened later does not repeat what has passed
  speak(left) {
    const marks = [this.total / 2, 10 * MINUTE, 5 * MINUTE, MINUTE].filter((mark) => mark < this.total);
    let passed = null;
    for (const mark of marks) {
      if (left > mark || this.said.has(mark)) continue;
      this.said.add(mark);
      if (left > mark - 5_000) passed = mark;
    }
    if (passed !== null) this.tell(passed === this.total / 2 ? `Half of your time is left. ${spoken(passed)}` : spoken(passed));
  }

  tell(words) {
    if (this.say) this.say.textContent = words;
  }

  onDemand() {
    if (this.remaining !== null) this.tell(`${spoken(this.remaining)}${this.endsAt ? ` Your test ends at ${timeOfDay(this.endsAt)}.` : ""}`);
  }
}
