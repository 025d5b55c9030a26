// What is drawn by itself waits while something is pressed. A browser sends a click only where the pointer goes up on
// what it went down on: an element that is replaced, or moved away, in between is not clicked, or another one is.

const MOST = 2000; // ms that drawing waits: a finger that rests, or whose end is never told, must not stop the page
const CLICKED_IN = 50; // ms after a finger has left until its click has come

const down = new Set(); // ids of pointers, and "key"
const waiting = []; // who draws once nothing is pressed
let timer = null;

// Resolves once nothing is pressed; at once where nothing is.
export async function released() {
  if (down.size) await new Promise((resolve) => waiting.push(resolve));
}

function press(id) {
  down.add(id);
  clearTimeout(timer);
  timer = setTimeout(release, MOST);
}

function leave(id, after) {
  if (!down.has(id)) return;
  clearTimeout(timer);
  timer = setTimeout(release, after);
}

function release() {
  clearTimeout(timer);
  down.clear();
  for (const resolve of waiting.splice(0)) resolve();
}

// The space bar presses a button as a pointer does: its click comes when the key goes up.
const isPressing = ({ key }) => key === " ";

addEventListener("pointerdown", ({ pointerId }) => press(pointerId), true);
addEventListener("pointerup", ({ pointerId }) => leave(pointerId, CLICKED_IN), true);
addEventListener("pointercancel", ({ pointerId }) => leave(pointerId, 0), true);
addEventListener("keydown", (event) => isPressing(event) && !event.repeat && press("key"), true);
addEventListener("keyup", (event) => isPressing(event) && leave("key", 0), true);
addEventListener("click", () => down.size && setTimeout(release), true); // once its own listeners have run
addEventListener("blur", release);
