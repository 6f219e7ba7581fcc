// A rest break that the candidate takes: the clock stops, the questions are hidden, the time of the break counts down.
import { inWords } from "./clock.js";

export class Rest {
  // urls: {rest, back}; took(state): the server stopped or started the clock
  constructor({ urls, csrf, left, took }) {
    Object.assign(this, { urls, csrf, left, took });
    this.since = null;
    this.granted = left > 0; // of a break that the room gave without a budget there is nothing to count down
    this.dialog = document.getElementById("rest-dialog");
    this.words = document.querySelector("[data-rest-left]");
    this.problem = document.querySelector("[data-rest-problem]");
    document.querySelector("[data-action='rest']")?.addEventListener("click", () => this.ask());
    document.querySelector("[data-action='rest-now']")?.addEventListener("click", () => this.post(urls.rest));
    document.querySelector("[data-action='back-from-break']")?.addEventListener("click", () => this.post(urls.back));
    setInterval(() => this.show(), 500);
  }

  ask() {
    this.problem.hidden = true;
    this.dialog.querySelector("[data-rest-budget]").textContent = inWords(this.left).replace("No time left", "nothing");
    this.dialog.showModal();
    this.dialog.querySelector("h2").focus();
  }

  async post(url) {
    const started = url === this.urls.rest;
    try {
      const answer = await fetch(url, { method: "POST", headers: { Accept: "application/json", "X-CSRFToken": this.csrf }, credentials: "same-origin" });
      const body = await answer.json();
      if (!answer.ok) throw new Error(body.message ?? String(answer.status));
      if (body.break_left_ms !== undefined) this.left = body.break_left_ms;
      this.dialog?.close();
      this.took(started ? "break" : "running");
    } catch (error) {
      if (started) {
        this.problem.hidden = false;
        this.problem.textContent = error.message.length > 12 ? error.message : "The break has not begun: there is no connection. Call the invigilator.";
      } else {
        this.took("break");
      }
    }
  }

  // told with each reply: the state in which the sitting is
  state(now) {
    if (now === "break") {
      this.since ??= performance.now();
    } else if (this.since !== null) {
      this.left = Math.max(0, this.left - (performance.now() - this.since));
      this.since = null;
    }
    this.show();
  }

  show() {
    if (!this.words || !this.granted || this.since === null) return;
    const left = this.left - (performance.now() - this.since);
    const text = left > 0 ? `Rest break: ${inWords(left)}.` : "Your rest-break time is used up.";
    if (this.words.textContent !== text) this.words.textContent = text;
  }
}
