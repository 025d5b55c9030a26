// The board's sounds, made by the browser itself: only after a tap, as browsers allow none before.
// Each is a row of [frequency in Hz, start in s, length in s].
const SOUNDS = {
  new: [[880, 0, 0.16], [1175, 0.18, 0.16], [1568, 0.36, 0.34]],
  changed: [[740, 0, 0.1], [740, 0.16, 0.1], [740, 0.32, 0.1]],
  cancelled: [[523, 0, 0.28], [392, 0.3, 0.28], [262, 0.6, 0.5]],
  lost: [[330, 0, 0.5], [247, 0.55, 0.7]],
};
const EVERY = { new: 3500, changed: 6000, cancelled: 6000, lost: 20_000 }; // ms until it is heard again
const LOUD = 0.5;

export class Bell {
  constructor(whenSilent) {
    this.whenSilent = whenSilent; // called when the sound is or is no longer kept back
    this.context = null;
    this.wanted = new Set();
    this.due = new Map(); // kind: when it is heard again, ms
    this.freeAt = 0;
  }

  get isOn() {
    return this.context?.state === "running";
  }

  // Within a tap: unlocks the sound, and plays it once, if it is to be heard.
  async start({ isHeard = true } = {}) {
    if (!this.context) {
      this.context = new AudioContext();
      this.context.addEventListener("statechange", () => this.whenSilent(!this.isOn));
      this.timer = setInterval(() => this.look(), 500);
    }
    await this.context.resume();
    if (!isHeard) return;
    this.play("new");
    this.due.set("new", performance.now() + EVERY.new);
    this.look();
  }

  // What is to be heard until it is wanted no longer: kinds of SOUNDS.
  want(kinds) {
    for (const kind of this.due.keys()) if (!kinds.has(kind) && kind !== "new") this.due.delete(kind);
    if (!kinds.has("new") && this.wanted.has("new")) this.due.delete("new");
    this.wanted = kinds;
    this.look();
  }

  look() {
    if (!this.isOn) return;
    const now = performance.now();
    for (const kind of this.wanted) {
      if ((this.due.get(kind) ?? 0) > now) continue;
      this.play(kind);
      this.due.set(kind, now + EVERY[kind]);
    }
  }

  // Two sounds are heard one after the other.
  play(kind) {
    const { context } = this;
    const begins = Math.max(context.currentTime + 0.02, this.freeAt);
    for (const [frequency, start, length] of SOUNDS[kind]) {
      const [tone, volume] = [context.createOscillator(), context.createGain()];
      const at = begins + start;
      tone.type = "triangle";
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0, at);
      volume.gain.linearRampToValueAtTime(LOUD, at + 0.015);
      volume.gain.setValueAtTime(LOUD, at + length - 0.04);
      volume.gain.linearRampToValueAtTime(0, at + length);
      tone.connect(volume).connect(context.destination);
      tone.start(at);
      tone.stop(at + length);
      this.freeAt = at + length + 0.15;
    }
    document.dispatchEvent(new CustomEvent("bell", { detail: kind }));
  }
}

// Keeps the screen on while the page is looked at; `told` is called with a sentence, or "" where it is on.
export function keepAwake(told, refusal) {
  let lock = null;
  const ask = async () => {
    if (document.visibilityState !== "visible" || (lock && !lock.released)) return;
    try {
      lock = await navigator.wakeLock.request("screen");
      told("");
    } catch {
      told(refusal);
    }
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}
