// The live feed of a page: every entry once and in order, by a socket, and by asking while there is none.
import { read } from "./api.js";

const PROTOCOL = "ordersite.v1";
const WAIT = 25; // seconds that one asking waits for news
const ASKED_EVERY = 2000; // ms between two askings at least
const SLOWEST = 15_000; // ms between two tries to connect
const GREETED_IN = 10_000; // ms until a socket says hello, or is given up
const TOLD_IN = 5000; // ms until a socket tells what has happened, or is given up
const FINAL = new Set([4400, 4403, 4404]); // the same call is refused again
const SIGNED_OUT = 4401;

export class Feed {
  // `socket` and `events` are paths ("/ws/vendors/3", "/vendors/3/events"); without `events` a page is deaf without its
  // socket. Callbacks: entries(list) with all that has come at once; reset() where the page must read afresh and then
  // call `begin`; link(isUp, isAsking), the second while the socket is gone and asking for news brings answers, as far
  // as is known; hello(); ended(code, reason) where it is over.
  constructor({ socket, events = "", callbacks }) {
    Object.assign(this, { socketPath: socket, eventsPath: events, callbacks });
    this.position = 0;
    this.epoch = "";
    this.failures = 0;
    this.held = []; // what comes while the page reads afresh
    this.isStopped = true;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.drop());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
  }

  // Goes on from what a page has read: the position and epoch that stood before it was read. More may be told already.
  begin(position, epoch) {
    this.position = this.isWaiting || epoch !== this.epoch ? position : Math.max(this.position, position);
    this.epoch = epoch;
    this.isResetting = false;
    this.takeAll(this.held.splice(0));
    if (this.isStopped) {
      this.isStopped = false;
      this.connect();
    } else if (!this.isLive) {
      this.ask();
      this.hurry();
    }
  }

  // Whether the page is to read afresh, and to call `begin`.
  get isWaiting() {
    return this.isStopped || this.isResetting;
  }

  stop() {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.stopAsking();
    this.socket?.close();
  }

  stopAsking() {
    this.asking?.abort();
    this.asking = null;
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
    setTimeout(() => !socket.isGreeted && this.drop(socket), GREETED_IN);
  }

  // Gives up a socket that tells nothing: a dead line, and some proxies, keep it open for a long time.
  drop(socket = this.socket) {
    if (!socket || this.socket !== socket || this.isStopped) return;
    this.lose(1006, "");
    socket.close();
  }

  // How far the stream has come, as another call told: a socket that does not tell as much soon is given up.
  expect(position, epoch) {
    const { socket } = this;
    if (!this.isLive || epoch !== this.epoch || position <= this.position) return;
    setTimeout(() => epoch === this.epoch && this.position < position && !this.isResetting && this.drop(socket), TOLD_IN);
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
    if (!this.asking) this.callbacks.link(false, Boolean(this.eventsPath) && navigator.onLine);
    this.ask();
    const base = Math.min(SLOWEST, 500 * 2 ** Math.min(this.failures, 6));
    this.timer = setTimeout(() => this.connect(), base * (0.5 + Math.random()));
  }

  // Asks for news as long as there is no socket. The first answer comes at once, so that it is known whether asking helps.
  async ask() {
    if (!this.eventsPath || this.asking || this.isResetting) return;
    const asking = new AbortController();
    this.asking = asking;
    let wait = 0;
    while (!this.isStopped && !this.isLive && !this.isResetting && !asking.signal.aborted) {
      const began = Date.now();
      let least = ASKED_EVERY;
      try {
        const query = new URLSearchParams({ since: this.position, epoch: this.epoch, wait });
        const { body } = await read(`${this.eventsPath}?${query}`, { signal: asking.signal });
        if (this.isLive || asking.signal.aborted) break;
        this.callbacks.link(false, true);
        this.takeAll(body.events);
        wait = WAIT;
      } catch (problem) {
        if (asking.signal.aborted) break;
        if (problem.status === 403 || problem.status === 404) {
          this.stop();
          this.callbacks.ended(4403, problem.message);
          break;
        }
        this.callbacks.link(false, false);
        least = Math.max(least, 1000 * (problem.wait ?? 0));
        wait = 0;
      }
      // A server that does not wait is not asked more often than this.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, began + least - Date.now())));
    }
    if (this.asking === asking) this.asking = null;
  }

  get isLive() {
    return Boolean(this.socket && this.socket.isGreeted);
  }

  take(entry) {
    if (entry.kind === "hello") {
      this.socket.isGreeted = true;
      this.failures = 0;
      this.stopAsking();
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
        this.stopAsking();
        this.callbacks.reset();
      } else if (this.isResetting) this.held.push(entry);
      if (this.isResetting || entry.position <= this.position) continue; // while one way follows another, both may tell
      this.position = entry.position;
      fresh.push(entry);
    }
    if (fresh.length) this.callbacks.entries(fresh);
  }
}
