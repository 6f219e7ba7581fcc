// Time left as the server told it, counted on with the page's monotonic clock: setting the computer's clock changes nothing.
const MINUTE = 60_000;
const TICK = 250;
const NEAR = 5_000;
const MARGIN = 150; // ms: what is entered up to here the server can prove to be in time, whatever the line does
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
  // ended(): no time is left; nearly(yes): the end is near, or is not any more
  constructor(total, ended, nearly = () => {}) {
    this.total = total;
    this.ended = ended;
    this.nearly = nearly;
    this.isNear = false;
    this.part = document.querySelector("[data-timer]");
    this.left = this.part?.querySelector("[data-timer-left]");
    this.end = this.part?.querySelector("[data-timer-end]");
    this.say = this.part?.querySelector("[data-timer-say]");
    this.said = new Set();
    this.base = null;
    this.ticking = setInterval(() => this.show(), TICK);
    addEventListener("visibilitychange", () => this.show());
  }

  // remaining as the server told it at some moment between `asked` and `heard` of performance.now(); runs: false while
  // paused, on a break, or before the start. The end lies between asked + remaining and heard + remaining: of all replies
  // the latest of the earliest ends is kept, so that the page never closes after the server, and no slow reply moves it.
  set({ remaining, endsAt, serverTime, runs }, asked, heard = asked) {
    this.offset = serverTime ? Date.parse(serverTime) - (asked + heard) / 2 : this.offset;
    if (remaining !== null) {
      this.base = remaining;
      const least = asked + remaining - MARGIN;
      const same = this.runs && runs && !this.rough && this.until >= least && this.until <= heard + remaining;
      if (!same) this.until = least;
      this.rough = asked === heard; // not measured: the page itself brought it
    }
    this.runs = runs;
    if (endsAt && this.end) this.end.textContent = timeOfDay(endsAt);
    if (!runs && this.end) this.end.textContent = "a later time: the clock is stopped";
    this.endsAt = endsAt;
    this.show();
  }

  get remaining() {
    if (this.base === null) return null;
    return this.runs ? this.until - performance.now() : this.base;
  }

  get serverNow() {
    return this.offset === undefined ? new Date() : new Date(this.offset + performance.now());
  }

  show() {
    const left = this.remaining;
    if (left === null || !this.left) return;
    const words = inWords(left);
    if (this.left.textContent !== words) this.left.textContent = words;
    const near = this.runs && left <= NEAR;
    if (near !== this.isNear) {
      this.isNear = near;
      this.nearly(near);
    }
    if (!this.runs) return;
    this.speak(left);
    if (left <= 0) this.ended();
    else if (left < TICK) setTimeout(() => this.show(), left); // to the moment, not to the next tick
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
