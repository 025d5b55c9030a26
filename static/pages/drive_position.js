// Where the driver is: asked of the browser and told to the server. A browser tells nothing while its page is hidden.
import { act } from "./api.js";

const OFTEN = 5000; // ms between two reports while an order is held
const RARELY = 120_000; // ms while on duty without one, so that near orders can be offered
const MOST = 100; // positions of one call

export class Reporter {
  // `changed()` is called when the state has changed: "off", "on" or "refused".
  constructor(changed) {
    this.changed = changed;
    this.state = "off";
    this.fixes = [];
    this.every = 0;
    this.last = null; // when the last position was taken by the server
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.lockScreen());
  }

  // How closely to follow: "closely" with an order, "rarely" on duty without one, "" not at all.
  follow(how) {
    const every = { closely: OFTEN, rarely: RARELY }[how] ?? 0;
    if (every === this.every) return;
    this.every = every;
    clearInterval(this.timer);
    if (!every) {
      this.stop();
      return;
    }
    if (this.watch === undefined) this.begin();
    this.timer = setInterval(() => this.report(), every);
    this.lockScreen();
  }

  begin() {
    if (!navigator.geolocation) {
      this.tell("refused");
      return;
    }
    this.watch = navigator.geolocation.watchPosition(
      (position) => this.take(position),
      (error) => error.code === error.PERMISSION_DENIED && this.tell("refused"),
      { enableHighAccuracy: true, maximumAge: 2000 },
    );
  }

  stop() {
    if (this.watch !== undefined) navigator.geolocation.clearWatch(this.watch);
    this.watch = undefined;
    this.fixes = [];
    this.lock?.release().catch(() => {});
    this.lock = null;
    this.tell("off");
  }

  take({ coords, timestamp }) {
    const isFirst = this.state !== "on";
    this.fixes.push({
      lat: coords.latitude,
      lng: coords.longitude,
      accuracy: Math.min(100_000, coords.accuracy),
      heading: Number.isFinite(coords.heading) ? coords.heading : null,
      speed: Number.isFinite(coords.speed) ? coords.speed : null,
      at: new Date(timestamp).toISOString(),
    });
    // Through a long dead link every second one is kept rather than the newest only.
    if (this.fixes.length > MOST) this.fixes = this.fixes.filter((fix, index) => index % 2 === 1);
    this.tell("on");
    if (isFirst) this.report();
  }

  async report() {
    if (this.isReporting || !this.fixes.length) return;
    this.isReporting = true;
    const sent = this.every === OFTEN ? this.fixes.slice(-MOST) : this.fixes.slice(-1);
    try {
      await act("POST", "/drivers/me/position", { positions: sent }, { tries: 1 });
      this.fixes = this.fixes.filter((fix) => !sent.includes(fix) && fix.at > sent.at(-1).at);
      this.last = new Date();
    } catch (problem) {
      if (!problem.passes) this.fixes = [];
    }
    this.isReporting = false;
    this.changed();
  }

  tell(state) {
    if (this.state === state) return;
    this.state = state;
    this.changed();
  }

  // The screen stays on while an order is held; a browser that refuses is no reason to stop.
  async lockScreen() {
    if (this.every !== OFTEN || !navigator.wakeLock || document.visibilityState !== "visible") return;
    this.lock = await navigator.wakeLock.request("screen").catch(() => null);
  }
}
