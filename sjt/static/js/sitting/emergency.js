// The answers in a file that only the installation can read, for a computer that does not get its line back. Works without
// a network; needs a secure context, because browsers give no cryptography elsewhere. Format: docs/emergency-file.md.
import { canonical } from "./canonical.js";

const OFFER_AFTER = 120_000; // ms without a line
const OFFER_AT_END = 20_000; // ms after the end with changes unsent

const subtle = globalThis.crypto?.subtle;
const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const utf8 = (text) => new TextEncoder().encode(text);

function textOf(buffer) {
  let signs = "";
  for (const byte of new Uint8Array(buffer)) signs += String.fromCharCode(byte);
  return btoa(signs).replaceAll("+", "-").replaceAll("/", "_").replace(/[=]+$/u, "");
}

// facts: format, session, public, key as the page was given them; events: [{lease, event}]
export async function answerFile(facts, sitting, lease, events, savedAt) {
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const mine = await subtle.generateKey(curve, false, ["deriveBits"]);
  const theirs = await subtle.importKey("raw", bytesOf(facts.public), curve, false, []);
  const shared = await subtle.deriveBits({ name: "ECDH", public: theirs }, mine.privateKey, 256);
  const secret = await subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]);
  const salt = bytesOf(facts.key);
  const aes = await subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt, info: utf8(facts.format) },
    secret,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt"],
  );
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const header = {
    format: facts.format,
    session: facts.session,
    sitting,
    lease,
    saved_at: savedAt.toISOString(),
    epk: textOf(await subtle.exportKey("raw", mine.publicKey)),
    nonce: textOf(nonce),
  };
  const additionalData = utf8(canonical(header));
  const plain = utf8(canonical({ events }));
  const data = textOf(await subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData }, aes, plain));
  const signing = await subtle.importKey("raw", salt, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const signature = textOf(await subtle.sign("HMAC", signing, utf8(canonical({ ...header, data }))));
  return canonical({ ...header, data, signature });
}

// Offers the file where there is a place for it: `[data-file-offer]` with a button and a line for what became of it.
export class FileOffer {
  constructor({ data, outbox, store, now }) {
    Object.assign(this, { data, outbox, store, now });
    this.able = Boolean(subtle && data.emergency?.public);
    this.ended = null;
    this.offers = [...document.querySelectorAll("[data-file-offer]")];
    for (const offer of this.offers) offer.querySelector("button").addEventListener("click", () => this.save(offer));
    setInterval(() => this.look(), 2_000);
  }

  // the test is over on this page: what is still here may have no other way out
  end() {
    this.ended ??= performance.now();
  }

  get wanted() {
    if (!this.able || !this.outbox.changes) return false;
    if (this.outbox.stopped) return true;
    if (this.outbox.offlineFrom !== null && performance.now() - this.outbox.offlineFrom >= OFFER_AFTER) return true;
    return this.ended !== null && performance.now() - this.ended >= OFFER_AT_END;
  }

  look() {
    const { wanted } = this;
    for (const offer of this.offers) offer.hidden = !(wanted || (offer.dataset.saved && this.outbox.changes));
  }

  async events() {
    const all = new Map(this.outbox.entries.map(({ lease, event }) => [event.id, { lease, event }]));
    const kept = await this.store.load().catch(() => ({ answers: [] }));
    for (const { lease, event } of kept.answers) if (event && !all.has(event.id)) all.set(event.id, { lease, event });
    return [...all.values()].sort((a, b) => a.lease - b.lease || a.event.seq - b.event.seq);
  }

  async save(offer) {
    const words = offer.querySelector("[data-file-words]");
    try {
      const at = this.now();
      const text = await answerFile(this.data.emergency, this.data.sitting, this.data.lease, await this.events(), at);
      const time = at.toISOString().slice(11, 19).replaceAll(":", "");
      const name = `answers-${this.data.sitting.slice(0, 8)}-${time}.sjt-answers`;
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      offer.dataset.saved = "true";
      words.textContent = `Saved as ${name} in this computer's downloads. Tell the invigilator. Leave this page open.`;
    } catch {
      words.textContent = "The file could not be made. Leave this page open and call the invigilator.";
    }
  }
}
