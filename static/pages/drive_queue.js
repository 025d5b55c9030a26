// What a driver does, kept in this browser until the server has answered it: in order, each once, through dead links
// and reloads. What the server refuses stays, and is told, until the driver tries it again or leaves it.
import { act as call, newKey } from "./api.js";
import { sendPicture } from "./proofs.js";

const DATABASE = "ordersite-drive";
const STORE = "acts";
const SLOWEST = 30_000; // ms between two tries

function openDatabase() {
  return new Promise((resolve) => {
    let asking;
    try {
      asking = indexedDB.open(DATABASE, 1);
    } catch {
      resolve(null);
      return;
    }
    asking.onupgradeneeded = () => asking.result.createObjectStore(STORE, { keyPath: "key" });
    asking.onsuccess = () => resolve(asking.result);
    asking.onerror = () => resolve(null);
  });
}

export class Queue {
  // `driver` is whose acts these are: those of another one who used this browser stay where they are. `changed()` is
  // called whenever something of the queue has, `sent(act, answer)` when an act is done, while it still stands here (without an answer: refused), and
  // `lost()` when the server does not answer.
  constructor({ driver, changed, sent, lost }) {
    Object.assign(this, { driver, changed, sent, lost });
    this.acts = [];
    this.failures = 0;
    this.keeps = true; // whether this browser keeps them through a reload
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
  }

  async load() {
    this.database = await openDatabase();
    this.keeps = Boolean(this.database);
    const kept = this.database ? await this.ask("readonly", (store) => store.getAll()) : [];
    this.acts = kept.filter((one) => one.driver === this.driver).sort((one, other) => one.number - other.number);
    this.changed();
    this.hurry();
  }

  ask(mode, question) {
    return new Promise((resolve, reject) => {
      const asking = question(this.database.transaction(STORE, mode).objectStore(STORE));
      asking.onsuccess = () => resolve(asking.result);
      asking.onerror = () => reject(asking.error);
    });
  }

  async keep(one) {
    if (this.database) await this.ask("readwrite", (store) => store.put(one)).catch(() => { this.keeps = false; });
  }

  // A change of an order {id, called}: `body` as the API takes it, `photo` {kind, blob} where a picture belongs to it.
  async add(order, body, photo = null) {
    const number = 1 + Math.max(0, ...this.acts.map((one) => one.number));
    const done_at = new Date().toISOString();
    const one = { key: newKey(), number, driver: this.driver, order: order.id, called: order.called, body: { ...body, done_at }, photo, refused: "" };
    this.acts.push(one);
    await this.keep(one);
    this.changed();
    this.hurry();
  }

  of(order) {
    return this.acts.filter((one) => one.order === order);
  }

  get refused() {
    return this.acts.filter((one) => one.refused);
  }

  async leave(one) {
    this.acts = this.acts.filter((other) => other !== one);
    if (this.database) await this.ask("readwrite", (store) => store.delete(one.key)).catch(() => {});
    this.changed();
    this.hurry();
  }

  async tryAgain(one) {
    one.refused = "";
    await this.keep(one);
    this.changed();
    this.hurry();
  }

  hurry() {
    clearTimeout(this.timer);
    if (!this.isSending) this.run();
  }

  // The next that may be sent: of each order the first, and none behind one that was refused.
  next() {
    const held = new Set();
    for (const one of this.acts) {
      if (!held.has(one.order) && !one.refused) return one;
      held.add(one.order);
    }
    return null;
  }

  async run() {
    this.isSending = true;
    for (let one = this.next(); one; one = this.next()) {
      try {
        const answer = await send(one);
        this.failures = 0;
        this.sent(one, answer);
        await this.leave(one);
      } catch (problem) {
        if (problem.passes || problem.status === 401) {
          this.failures += 1;
          if (problem.status === 0) this.lost();
          const wait = Math.min(SLOWEST, 1000 * 2 ** Math.min(this.failures, 5)) * (0.75 + Math.random() / 2);
          this.timer = setTimeout(() => this.hurry(), Math.max(wait, 1000 * (problem.wait ?? 0)));
          break;
        }
        one.refused = problem.message;
        await this.keep(one);
        this.changed();
        this.sent(one, null);
      }
    }
    this.isSending = false;
    this.changed();
  }
}

// Sends one act with its own keys, so that a lost answer does not make it happen twice.
async function send(one) {
  let body = one.body;
  if (one.photo) {
    body = { ...body, proof: await sendPicture(one.order, one.photo, body.done_at, { key: `${one.key}-photo`, tries: 1 }) };
  }
  return call("POST", `/orders/${one.order}/transitions?expand=ahead`, body, { key: one.key, tries: 1 });
}
