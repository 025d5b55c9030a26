// What is waited for on a page (#awaited with data-running) is read anew every two seconds, until it has come.
import { released } from "./pages/press.js";

const EVERY = 2000;

async function readAnew() {
  const shown = document.getElementById("awaited");
  if (!shown || !("running" in shown.dataset)) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "error" });
    const read = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("awaited");
    await released();
    if (answer.ok && read && !shown.contains(document.activeElement)) {
      // The sentence stays where a screen reader listens; what stands below it is replaced.
      const [before, told] = [shown, read].map((root) => root.querySelector("[role=status]"));
      if (before.textContent !== told.textContent) before.textContent = told.textContent;
      shown.replaceChildren(before, ...Array.from(read.children).filter((child) => child !== told));
      if (!("running" in read.dataset)) delete shown.dataset.running;
    }
  } catch {
    // No connection: what is shown stays, and is read again.
  }
  setTimeout(readAnew, EVERY);
}
setTimeout(readAnew, EVERY);
