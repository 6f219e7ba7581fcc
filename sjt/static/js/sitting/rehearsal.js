// The practice test: what in a sitting keeps and sends answers is here a stand-in that keeps and sends nothing, and each
// question can be checked against its key, which came with the page.

// Stands where Outbox stands in a sitting.
export class NoLine {
  constructor({ tells }) {
    Object.assign(this, { tells, entries: [], meta: {}, changes: 0, unkept: 0, offlineSince: null, offlineFrom: null });
  }

  add() {}

  remember() {}

  tell() {}

  leave() {}

  stop() {}

  // What the page would send at its end is the end: there is nobody to wait for.
  soon() {
    if (document.querySelector("[data-held='time']:not([hidden])")) this.tells.reply({ state: "closed", remaining_ms: 0 }, performance.now());
  }

  async submit() {
    return { state: "submitted" };
  }
}

export const noStore = {
  kept: true,
  load: async () => ({ events: [], answers: [], meta: {} }),
  clear: async () => {},
};

// What is answered for one response, as the table of marks names it.
function answerOf(format, option, response) {
  if (response === null || response === undefined) return null;
  if (format === "rank" || format === "rate") return response[option] === undefined ? null : String(response[option]);
  if (format === "choose") return response.includes(option) ? "yes" : "";
  if (format === "single") return response === option ? "yes" : "";
  return response.most === option ? "most" : response.least === option ? "least" : "";
}

const plain = (sum) => String(Math.round(sum * 100) / 100);

// question: formats.js's Question. Puts its feedback under it, and takes it away when the answer changes.
export function checked(question) {
  const part = document.querySelector(`[data-feedback="${CSS.escape(question.item)}"]`);
  const body = part.querySelector("[data-feedback-body]");
  const say = part.querySelector("[data-feedback-say]");
  const marks = part.dataset.marks ? JSON.parse(part.dataset.marks) : null;
  const words = part.dataset.words ? JSON.parse(part.dataset.words) : null;
  question.section.append(part);

  function fill() {
    const response = question.read();
    let sum = 0;
    for (const line of part.querySelectorAll("[data-line]")) {
      const { line: option } = line.dataset;
      const mine = answerOf(question.format, option, response);
      const mark = mine === null ? 0 : Number(marks[option][mine] ?? 0);
      sum += mark;
      line.querySelector("[data-line-letter]").textContent = `Response ${question.letter(option)}`;
      line.querySelector("[data-line-mine]").textContent = mine === null ? "No answer" : `${words[mine]}, ${plain(mark)} ${mark === 1 ? "mark" : "marks"}`;
    }
    const total = part.querySelector("[data-feedback-sum]");
    if (total) total.textContent = `Your answer gets ${plain(sum)} of ${part.dataset.most} marks.`;
  }

  part.querySelector("[data-action='check-answer']").addEventListener("click", () => {
    question.flush();
    if (question.progress().state !== "done") {
      say.textContent = "Answer the question in full first.";
      return;
    }
    say.textContent = "";
    fill();
    body.hidden = false;
    body.querySelector("h3").focus();
  });
  return () => {
    if (body.hidden) return;
    body.hidden = true;
    say.textContent = "Your answer has changed: check it again.";
  };
}
