// The page of something that runs in the worker: reads itself every three seconds, until it has ended. What is shown is replaced
// in silence; a screen reader is told of each quarter that is done, and of the end.
import { released } from "./pages/press.js";

const QUARTERS = 4;

function quarterOf(section) {
  const bar = section.querySelector("progress");
  return Math.floor((QUARTERS * bar.value) / bar.max);
}

function tellChange(shown, read) {
  const hasEnded = !("running" in read.dataset);
  if (hasEnded || quarterOf(read) !== quarterOf(shown))
    document.getElementById("progress-told").textContent = read.querySelector("h2").textContent;
}

async function showProgress() {
  const shown = document.getElementById("progress");
  if (!shown || !("running" in shown.dataset)) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const read = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("progress");
    await released();
    if (answer.ok && read && !shown.contains(document.activeElement)) {
      tellChange(shown, read);
      shown.replaceWith(read);
    }
  } catch {
    // No connection: what is shown stays, and is read again.
  }
  setTimeout(showProgress, 3000);
}
setTimeout(showProgress, 3000);
