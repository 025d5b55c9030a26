// An order by phone: finds products while one types, tells the price as it changes, and sends only the rows that are
// ordered, since a form may have no more than so many fields. Without this script the page works as well, for menus
// that are not too long.
import { released } from "./pages/press.js";

const WAIT = 350; // milliseconds after the last change, before the price is asked for

const form = document.getElementById("phone-form");
const rows = [...document.querySelectorAll(".phone-product")];
const find = document.getElementById("phone-find");
const added = document.getElementById("phone-added");

function quantityOf(row) {
  return row.querySelector(".phone-quantity");
}

// --- finding ------------------------------------------------------------------------------------------------------

function shownRows() {
  return rows.filter((row) => !row.hidden);
}

function mark(row) {
  for (const one of rows) one.classList.toggle("phone-marked", one === row);
  row?.scrollIntoView({ block: "nearest" });
}

function markedRow() {
  return shownRows().find((row) => row.classList.contains("phone-marked"));
}

function narrow() {
  const wanted = find.value.trim().toLowerCase();
  for (const row of rows) row.hidden = !row.dataset.name.includes(wanted);
  for (const list of document.querySelectorAll(".phone-menu")) {
    list.previousElementSibling.hidden = ![...list.children].some((row) => !row.hidden);
  }
  mark(wanted ? shownRows()[0] : null);
}

function step(by) {
  const shown = shownRows();
  const at = shown.indexOf(markedRow());
  mark(shown[Math.min(Math.max(at + by, 0), shown.length - 1)]);
}

function addOne() {
  const row = markedRow();
  if (!row) return;
  const quantity = quantityOf(row);
  quantity.value = Number(quantity.value) + 1;
  const details = row.querySelector("details");
  if (details.querySelector("select, fieldset")) details.open = true;
  added.textContent = `${quantity.value} × ${row.querySelector("strong").textContent}`;
  find.select();
  askSoon();
}

if (find) {
  find.parentElement.hidden = false;
  find.addEventListener("input", narrow);
  find.addEventListener("keydown", (event) => {
    const act = { Enter: addOne, ArrowDown: () => step(1), ArrowUp: () => step(-1) }[event.key];
    if (!act) return;
    event.preventDefault(); // Enter would send the form.
    act();
  });
  if (!document.querySelector("[autofocus]")) find.focus();
  if (find.value) narrow(); // typed before this was loaded
}

for (const row of rows) {
  row.querySelector("details").addEventListener("change", () => {
    if (!Number(quantityOf(row).value)) quantityOf(row).value = 1;
  });
}

form.addEventListener("formdata", (event) => {
  for (const row of rows) {
    if (Number(quantityOf(row).value)) continue;
    for (const field of row.querySelectorAll("[name]")) event.formData.delete(field.name);
  }
});

// --- the price ----------------------------------------------------------------------------------------------------

let timer = 0;
let asking = null;
let isSent = false;

function isOrdered() {
  return rows.some((row) => Number(quantityOf(row).value)) || form.querySelector("[name^=free_amount_]")?.value;
}

function askSoon() {
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT);
}

// The newest question counts: an answer to an older one is dropped.
async function ask() {
  if (!isOrdered() || isSent) return;
  asking?.abort();
  const own = (asking = new AbortController());
  const body = new FormData(form);
  body.set("live", "yes");
  try {
    const answer = await fetch(location.href, { method: "POST", body, signal: own.signal });
    if (!answer.ok || answer.redirected) return;
    const read = new DOMParser().parseFromString(await answer.text(), "text/html");
    // A button that is pressed just now is replaced once it was clicked, or not at all.
    await released();
    if (!own.signal.aborted) show(read);
  } catch {
    // Without a link the button "Show the price" says so.
  }
}

function show(answer) {
  const foot = document.getElementById("phone-foot");
  const focused = foot.contains(document.activeElement) ? document.activeElement.name : "";
  for (const id of ["phone-quote", "phone-foot"]) {
    const part = answer.getElementById(id);
    if (part) document.getElementById(id).replaceWith(part);
  }
  if (focused) document.querySelector(`#phone-foot [name=${focused}]`)?.focus();
}

form.addEventListener("change", askSoon);
form.addEventListener("input", (event) => {
  if (event.target.type === "number") askSoon();
});
form.addEventListener("submit", () => {
  isSent = true;
  clearTimeout(timer);
  asking?.abort();
});
// Who comes back to the page has the price told again.
addEventListener("pageshow", () => (isSent = false));
