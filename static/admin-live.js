// The first page, read anew every fifteen seconds while it is looked at. Of several tabs one reads and tells the others.
// A screen reader is told only of what waits that did not before.
import { released } from "./pages/press.js";

const EVERY = 15000;
const SHORTLY = 1000;
const live = document.querySelector("[data-live]");
const channel = new BroadcastChannel("first-page");
let shownAt = Date.now();

function countsOf(root) {
  const rows = root.querySelectorAll('[data-part="waiting"] [data-row]');
  return new Map(Array.from(rows, (row) => [row.dataset.row, row]));
}

function newRows(read) {
  const before = countsOf(document);
  const grown = ([slug, row]) => Number(row.dataset.count) > Number(before.get(slug)?.dataset.count ?? 0);
  const said = ([, row]) => `${row.querySelector(".what").textContent}: ${row.dataset.count}`;
  return Array.from(countsOf(read)).filter(grown).map(said);
}

function replaceParts(read) {
  const focused = document.activeElement?.dataset.row;
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = read.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!other || other.innerHTML === part.innerHTML) continue;
    const open = Array.from(part.querySelectorAll("details"), (details) => details.open);
    part.replaceChildren(...other.childNodes);
    part.querySelectorAll("details").forEach((details, at) => (details.open = open[at] ?? false));
  }
  if (focused && document.activeElement === document.body)
    document.querySelector(`[data-row="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

async function show(text) {
  shownAt = Date.now();
  await released();
  const read = new DOMParser().parseFromString(text, "text/html");
  const news = newRows(read);
  replaceParts(read);
  if (news.length) live.querySelector("[data-told]").textContent = news.join(". ");
  live.querySelector("[data-lost]").hidden = true;
}

function isDue() {
  return !document.hidden && Date.now() - shownAt >= EVERY - SHORTLY;
}

async function readAnew() {
  try {
    const answer = await fetch(live.dataset.live, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) throw new Error(answer.statusText);
    const text = await answer.text();
    await show(text);
    channel.postMessage(text);
  } catch {
    live.querySelector("[data-lost]").hidden = false;
  }
}

// Nothing where another tab reads just now. Without https there are no locks: then two may read at once. A tab that
// would not read asks for no turn: the one that would could find it taken, and stay as it is.
function readInTurn() {
  if (!isDue()) return undefined;
  if (!navigator.locks) return readAnew();
  return navigator.locks.request("first-page", { ifAvailable: true }, (lock) => lock && readAnew());
}

if (live) {
  channel.onmessage = ({ data }) => show(data);
  setInterval(readInTurn, EVERY);
  document.addEventListener("visibilitychange", readInTurn);
}
