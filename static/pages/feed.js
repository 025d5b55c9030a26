// The live feed of a page: every entry once and in order, by a socket, and by asking while there is none.
import { Problem, read } from "./api.js";

const PROTOCOL = "ordersite.v1";
const WAIT = 25; // seconds that one asking waits for news
const SLOWEST = 15_000; // ms between two tries to connect
const FINAL = new Set([4400, 4403, 4404]); // the same call is refused again
const SIGNED_OUT = 4401;

export class Feed {
  // `socket` and `events` are paths ("/ws/vendors/3", "/vendors/3/events"); without `events` a page is deaf without its
  // socket. Callbacks: entries(list) with all that has come at once; reset() where the page must read afresh and then
  // call `begin`; link(isUp, isAsking); hello(); ended(code, reason) where it is over.
  constructor({ socket, events = "", callbacks }) {
    Object.assign(this, { socketPath: socket, eventsPath: events, callbacks });
    this.position = 0;
    this.epoch = "";
    this.failures = 0;
    this.held = []; // what comes while the page reads afresh
    this.isStopped = true;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.socket?.close());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
  }

  // Goes on from what a page has read: the position and epoch that stood before it was read.
  begin(position, epoch) {
    this.position = position;
    this.epoch = epoch;
    this.isResetting = false;
    this.takeAll(this.held.splice(0));
    if (this.isStopped) {
      this.isStopped = false;
      this.connect();
    } else if (!this.socket) this.hurry();
  }

  stop() {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.asking?.abort();
    this.socket?.close();
  }

  hurry() {
    if (this.isStopped || this.socket) return;
    clearTimeout(this.timer);
    this.connect();
  }

  connect() {
    const url = new URL(this.socketPath, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    if (this.epoch) {
      url.searchParams.set("since", this.position);
      url.searchParams.set("epoch", this.epoch);
    }
    const socket = new WebSocket(url, [PROTOCOL]);
    this.socket = socket;
    socket.onmessage = ({ data }) => this.socket === socket && this.take(JSON.parse(data), true);
    socket.onclose = ({ code, reason }) => this.socket === socket && this.lose(code, reason);
  }

  lose(code, reason) {
    this.socket = null;
    if (this.isStopped) return;
    if (FINAL.has(code) || code === SIGNED_OUT) {
      this.stop();
      this.callbacks.ended(code, reason);
      return;
    }
    this.failures += 1;
    this.callbacks.link(false, Boolean(this.eventsPath));
    this.ask();
    const base = Math.min(SLOWEST, 500 * 2 ** Math.min(this.failures, 6));
    this.timer = setTimeout(() => this.connect(), base * (0.5 + Math.random()));
  }

  // Asks for news as long as there is no socket.
  async ask() {
    if (!this.eventsPath || this.asking || this.isResetting) return;
    const asking = new AbortController();
    this.asking = asking;
    try {
      while (!this.isStopped && !this.isLive && !this.isResetting) {
        const began = Date.now();
        const query = new URLSearchParams({ since: this.position, epoch: this.epoch, wait: WAIT });
        const { body } = await read(`${this.eventsPath}?${query}`, { signal: asking.signal });
        if (this.isLive || asking.signal.aborted) break;
        this.takeAll(body.events);
        // A server that does not wait is not asked more often than this.
        await new Promise((resolve) => setTimeout(resolve, Math.max(0, 2000 - (Date.now() - began))));
      }
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 403) this.callbacks.ended(4403, problem.message);
    }
    this.asking = null;
  }

  get isLive() {
    return Boolean(this.socket && this.socket.isGreeted);
  }

  take(entry) {
    if (entry.kind === "hello") {
      this.socket.isGreeted = true;
      this.failures = 0;
      this.asking?.abort();
      this.callbacks.link(true, false);
      this.callbacks.hello?.();
      if (!this.epoch) {
        this.epoch = entry.epoch;
        this.position = entry.position;
      }
      return;
    }
    this.takeAll([entry]);
  }

  takeAll(entries) {
    const fresh = [];
    for (const entry of entries) {
      if (entry.kind === "reset") {
        this.isResetting = true;
        this.held = [];
        this.asking?.abort();
        this.callbacks.reset();
      } else if (this.isResetting) this.held.push(entry);
      if (this.isResetting || entry.position <= this.position) continue; // while one way follows another, both may tell
      this.position = entry.position;
      fresh.push(entry);
    }
    if (fresh.length) this.callbacks.entries(fresh);
  }
}
