// What this computer keeps until the server has named it: events not yet acknowledged, the newest response to each item,
// and the counter. One database for all sittings of this browser; keys begin with the sitting.
const NAME = "sjt-sitting";

function asked(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function finished(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error ?? new Error("aborted"));
  });
}

// Give a store; one that forgets (kept: false) where the browser allows none, so that the page can say so.
export async function openStore(sitting) {
  try {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => {
      for (const name of ["events", "answers", "meta"]) opening.result.createObjectStore(name);
    };
    const database = await asked(opening);
    database.onversionchange = () => database.close();
    navigator.storage?.persist?.().catch(() => {});
    return new Store(database, sitting);
  } catch {
    return new Forgetting();
  }
}

class Store {
  kept = true;

  constructor(database, sitting) {
    this.database = database;
    this.sitting = sitting;
  }

  range() {
    return IDBKeyRange.bound([this.sitting], [this.sitting, []]);
  }

  // A page that goes away may die before a transaction is through; this is written at once, and taken in on return.
  get spilt() {
    return `sjt-sitting-${this.sitting}`;
  }

  spill(entries, meta) {
    try {
      localStorage.setItem(this.spilt, JSON.stringify({ entries: entries.map(({ lease, event }) => ({ lease, event })), meta }));
    } catch {
      // full or forbidden: the transaction may still come through
    }
  }

  unspill() {
    try {
      localStorage.removeItem(this.spilt);
    } catch {
      // nothing was written either
    }
  }

  async load() {
    let spilt = null;
    try {
      spilt = JSON.parse(localStorage.getItem(this.spilt));
    } catch {
      // nothing to take in
    }
    if (spilt) {
      for (const entry of spilt.entries) await this.add(entry, spilt.meta);
      this.unspill();
    }
    const transaction = this.database.transaction(["events", "answers", "meta"], "readonly");
    const [events, answers, meta] = await Promise.all([
      asked(transaction.objectStore("events").getAll(this.range())),
      asked(transaction.objectStore("answers").getAll(this.range())),
      asked(transaction.objectStore("meta").get([this.sitting])),
    ]);
    return { events, answers, meta: meta ?? {} };
  }

  // One transaction: an event and the counter it used are kept together or not at all.
  async add(entry, meta) {
    const transaction = this.database.transaction(["events", "answers", "meta"], "readwrite", { durability: "strict" });
    const { event } = entry;
    transaction.objectStore("events").put(entry, [this.sitting, entry.lease, event.seq]);
    if (event.kind === "answer" || event.kind === "flag") {
      const kept = { kind: event.kind, item: event.item, response: event.response, lease: entry.lease, seq: event.seq, event };
      transaction.objectStore("answers").put(kept, [this.sitting, event.kind, event.item]);
    }
    transaction.objectStore("meta").put(meta, [this.sitting]);
    await finished(transaction);
  }

  async remove(entries) {
    const transaction = this.database.transaction("events", "readwrite");
    for (const { lease, event } of entries) transaction.objectStore("events").delete([this.sitting, lease, event.seq]);
    await finished(transaction);
  }

  async putMeta(meta) {
    const transaction = this.database.transaction("meta", "readwrite");
    transaction.objectStore("meta").put(meta, [this.sitting]);
    await finished(transaction);
  }

  // After the receipt nothing of the sitting stays on a centre's computer.
  async clear() {
    this.unspill();
    const transaction = this.database.transaction(["events", "answers", "meta"], "readwrite");
    for (const name of ["events", "answers", "meta"]) transaction.objectStore(name).delete(this.range());
    await finished(transaction);
  }
}

class Forgetting {
  kept = false;

  async load() { return { events: [], answers: [], meta: {} }; }

  async add() { throw new Error("nothing can be kept"); }

  async remove() {}

  async putMeta() {}

  spill() {}

  unspill() {}

  async clear() {}
}
