// Every change is an event: kept on this computer at once, sent within two seconds, given up only when the server names it.
import { canonical } from "./canonical.js";
import { again, askState } from "./asking.js";
import { lockHeaders } from "./locked.js";
import { newId, sha256 } from "./sha256.js";

const SEND_AFTER = 300; // ms after an event: neighbours travel together
const BATCH = 200;
const BATCH_BYTES = 200_000;
const KEEPALIVE_BYTES = 60_000; // browsers refuse more on a page that goes away
const WAITS = [1, 2, 4, 8, 15]; // s between tries while the line is down
const CONTACT = 8_000; // ms: with nothing to say, the page says that it is there
const ANSWER_WITHIN = 12_000;
const PAGE = newId().replaceAll("-", "").slice(0, 16); // the life of this page: a reload begins another

// A moment by the page's own count, which setting the computer's clock does not move.
const moment = () => ({ page: PAGE, ms: Math.round(performance.now()) });

// What the next event hangs on: the same hash that the server folds into content_head.
function linkOf(lease, event) {
  const { id, seq, kind, item, client_time, prev, clock, response = null } = event;
  return sha256(canonical({ id, lease, seq, kind, item, response, client_time, prev, clock }));
}

export class Outbox {
  // tells: state(kind), reply(body, asked, heard), refused(list), lost(status); look: the address that tells the time alone
  // head: the newest content_head that the server told; prev: what the first event hangs on; now: the server's time
  constructor({ url, look, csrf, lease, store, meta, entries, nextSeq, head, prev, now, tells }) {
    Object.assign(this, { url, look, csrf, lease, store, head, now, tells });
    this.entries = entries; // {lease, event}, not acknowledged
    const ahead = meta.prev && (meta.seq ?? 0) >= nextSeq;
    this.meta = { ...meta, seq: Math.max(meta.seq ?? 0, nextSeq), prev: ahead ? meta.prev : prev };
    this.tries = 0;
    this.sending = null;
    this.timer = null;
    this.stopped = false;
    this.offlineSince = null; // the server's time, to be told
    this.offlineFrom = null; // the page's count, to be measured
    this.unkept = 0;
    this.asked = this.heard = performance.now(); // when the page last sent, and last heard the time
    this.unheard = false; // the last try had no answer at all
    addEventListener("online", () => this.soon(0, true));
    again(() => this.pulse(), () => !this.stopped);
  }

  get changes() {
    return this.entries.filter(({ event }) => event.kind === "answer" || event.kind === "flag").length;
  }

  // Whatever becomes of what is sent, the page asks for the time every four seconds: a server that is back is noticed
  // by all within five, also while a try to send still hangs or waits for its turn.
  async pulse() {
    const quiet = !this.sending && this.tries === 0;
    if (quiet && performance.now() - this.asked >= CONTACT) {
      this.soon(0, true);
      return;
    }
    const asked = performance.now();
    let body;
    try {
      const answer = await askState(this.look);
      if (!answer.ok) throw new Error(String(answer.status));
      body = await answer.json();
    } catch {
      if (quiet) this.soon(0, true); // tell the candidate if the line is down
      return;
    }
    if (this.stopped || this.heard > asked) return;
    this.heard = asked;
    this.tells.reply(body, asked, performance.now());
    if (this.unheard && !this.sending) this.soon(0, true);
  }

  add(kind, item = null, response = undefined) {
    if (this.stopped) return null;
    const event = this.made(kind, item);
    if (response !== undefined) event.response = response;
    const entry = { lease: this.lease, event };
    this.meta = { ...this.meta, seq: event.seq + 1, prev: linkOf(this.lease, event) };
    this.entries.push(entry);
    entry.kept = this.store.add({ lease: entry.lease, event }, this.meta).then(
      () => {
        entry.safe = true;
        if (this.spilt && this.entries.every((one) => one.safe)) {
          this.spilt = false;
          this.store.unspill();
        }
        return true;
      },
      () => {
        this.unkept += 1;
        this.tell();
        return false;
      },
    );
    this.tell();
    this.soon(SEND_AFTER);
    return event;
  }

  made(kind, item) {
    const clock = { ...moment(), seen: this.head };
    return { id: newId(), seq: this.meta.seq, kind, item, client_time: new Date().toISOString(), prev: this.meta.prev, clock };
  }

  remember(more) {
    this.meta = { ...this.meta, ...more };
    this.store.putMeta(this.meta).catch(() => {});
  }

  tell() {
    let kind = "saved";
    if (this.offlineSince) kind = "offline";
    else if (this.tries > 0) kind = "waiting";
    else if (this.changes) kind = "saving";
    this.tells.state(kind, this.changes, this.offlineSince);
  }

  soon(after, evenIfEmpty = false) {
    if (this.stopped) return;
    if (!evenIfEmpty && !this.entries.length) return;
    const due = performance.now() + after;
    if (this.timer && this.due <= due) return;
    clearTimeout(this.timer);
    this.due = due;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.send();
    }, after);
  }

  batch(bytes) {
    const lease = this.entries[0]?.lease ?? this.lease; // what an older lease still owes goes first, under its own number
    const taken = [];
    let size = 0;
    for (const entry of this.entries) {
      if (entry.lease !== lease || taken.length >= BATCH) break;
      const length = JSON.stringify(entry.event).length * 2;
      if (taken.length && size + length > bytes) break;
      taken.push(entry);
      size += length;
    }
    return { lease, taken };
  }

  ask(lease, events, more = {}) {
    return fetch(this.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": this.csrf, "X-Lease": String(lease), ...lockHeaders() },
      body: JSON.stringify({ events, unsaved: this.changes, clock: moment() }),
      credentials: "same-origin",
      cache: "no-store",
      ...more,
    });
  }

  // One request at a time; resolves with the reply, or null when there was none.
  send() {
    this.sending ??= this.deliver().finally(() => {
      this.sending = null;
      if (this.entries.length && !this.timer) this.soon(this.tries ? this.wait : 0);
    });
    return this.sending;
  }

  async deliver() {
    const { lease, taken } = this.batch(BATCH_BYTES);
    // kept first, then sent: a browser that dies in between has it on disk
    await Promise.all(taken.map((entry) => entry.kept));
    const asked = performance.now();
    this.asked = asked;
    let answer;
    try {
      answer = await this.ask(lease, taken.map((entry) => entry.event), { signal: AbortSignal.timeout(ANSWER_WITHIN) });
      if (answer.status === 200) {
        const body = await answer.json();
        this.heard = performance.now();
        this.take(body, taken);
        this.tells.reply(body, asked, performance.now());
        return body;
      }
    } catch {
      answer = null;
    }
    if (answer && [400, 401, 403, 404, 413].includes(answer.status)) this.tells.lost(answer.status);
    this.tries += 1;
    this.unheard = !answer;
    const told = Number(answer?.headers.get("Retry-After"));
    const seconds = told > 0 ? told : WAITS[Math.min(this.tries, WAITS.length) - 1];
    this.wait = seconds * 1000 * (0.8 + 0.4 * Math.random()); // a room that lost its line does not come back at one instant
    if (!answer && this.tries > 1) {
      this.offlineSince ??= this.now();
      this.offlineFrom ??= asked;
    }
    this.tell();
    this.soon(this.wait, true);
    return null;
  }

  take(body, taken) {
    this.head = body.content_head ?? this.head;
    const named = new Map(taken.map((entry) => [entry.event.id, entry]));
    const done = new Set(body.acked.map((id) => named.get(id)).filter(Boolean));
    const refused = body.refused.map((one) => ({ ...one, entry: named.get(one.id) })).filter((one) => one.entry);
    for (const one of refused) if (one.code !== "not_started") done.add(one.entry);
    this.entries = this.entries.filter((entry) => !done.has(entry));
    this.store.remove([...done]).catch(() => {});
    this.tries = 0;
    this.unheard = false;
    this.offlineSince = this.offlineFrom = null;
    this.tell();
    if (refused.length) this.tells.refused(refused);
  }

  // The page is going away: what fits goes with it; all of it is kept here in any case, and a repeat is harmless.
  leave() {
    if (this.stopped || !this.entries.length) return;
    const unsafe = this.entries.filter((entry) => !entry.safe);
    if (unsafe.length) {
      this.spilt = true;
      this.store.spill(unsafe, this.meta);
    }
    const { lease, taken } = this.batch(KEEPALIVE_BYTES);
    this.ask(lease, taken.map((entry) => entry.event), { keepalive: true }).catch(() => {});
  }

  // Send all that waits, then the end. True when the server has said so.
  async submit() {
    if (this.sending) await this.sending;
    for (let round = 0; round < 20 && this.entries.length; round += 1) if (!(await this.send())) return null;
    if (this.entries.length) return null;
    let last = this.meta.submit;
    if (!last || last.seq + 1 !== this.meta.seq) { // answers were changed since: this is another deed
      last = this.made("submit", null);
      this.remember({ submit: last, seq: last.seq + 1 });
    }
    const asked = performance.now();
    try {
      const answer = await this.ask(this.lease, [last], { signal: AbortSignal.timeout(ANSWER_WITHIN) });
      if (answer.status !== 200) return null;
      const body = await answer.json();
      this.tells.reply(body, asked, performance.now());
      return body;
    } catch {
      return null;
    }
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
  }
}
