// Hours by day: adds rows, and copies a day to others. Without it each day has one empty row at a time.
"use strict";

for (const week of document.querySelectorAll("[data-week]")) {
  const total = week.querySelector(`[name="${week.dataset.week}-TOTAL_FORMS"]`);
  const told = week.querySelector("[data-told]");
  const days = [...week.querySelectorAll(".week-day")];
  const dayOf = (key) => days.find((day) => day.dataset.day === key);
  const field = (row, name) => row.querySelector(`[name$="-${name}"]`);
  const rowsOf = (day) => [...day.querySelectorAll(".week-row")];
  const stands = (row) => !row.hidden && !field(row, "DELETE")?.checked;

  const refresh = (day) => {
    const closed = day.querySelector(".week-closed");
    if (closed) closed.hidden = rowsOf(day).some((row) => !row.hidden);
    for (const row of rowsOf(day)) row.classList.toggle("week-removed", Boolean(field(row, "DELETE")?.checked));
  };
  // An empty row that the page brought is used first: its number is counted already.
  const add = (day) => {
    const spare = rowsOf(day).find((row) => row.hidden);
    if (spare) {
      spare.hidden = false;
      return spare;
    }
    const kind = day.dataset.day === "special" ? "special" : "week";
    const made = document.createElement("div");
    made.innerHTML = week.querySelector(`template[data-row="${kind}"]`).innerHTML.replaceAll("__prefix__", total.value);
    const row = made.firstElementChild;
    delete row.dataset.blank;
    for (const input of row.querySelectorAll("[aria-label]")) {
      input.setAttribute("aria-label", `${input.getAttribute("aria-label")}, ${day.querySelector("h3").textContent}, row ${Number(total.value) + 1}`);
    }
    if (kind === "week") field(row, "weekday").value = day.dataset.day;
    total.value = Number(total.value) + 1;
    day.querySelector(".week-closed").before(row);
    return row;
  };
  const remove = (row) => {
    const tick = field(row, "DELETE");
    if (row.classList.contains("week-new")) {
      for (const input of row.querySelectorAll("input:not([type=hidden]), select")) {
        if (input.type === "checkbox") input.checked = false;
        else input.value = "";
      }
      row.hidden = true;
    } else if (tick) tick.checked = true;
  };
  const COPIED = ["opens", "closes", "fulfilment", "slot_orders", "slot_value"];
  const copy = (from, to) => {
    const rows = rowsOf(from).filter(stands);
    for (const row of rowsOf(to)) if (!row.hidden) remove(row);
    for (const row of rows) {
      const made = add(to);
      for (const name of COPIED) if (field(row, name)) field(made, name).value = field(row, name).value;
    }
    refresh(to);
  };

  for (const day of days) {
    for (const row of day.querySelectorAll(".week-row[data-blank]")) row.hidden = true;
    const tools = day.querySelector(".week-tools");
    if (tools) tools.hidden = false;
    refresh(day);
    day.addEventListener("change", (event) => {
      const row = event.target.closest(".week-row");
      if (row && event.target === field(row, "DELETE") && event.target.checked) remove(row);
      refresh(day);
    });
    day.querySelector("[data-add]")?.addEventListener("click", () => {
      const row = add(day);
      refresh(day);
      row.querySelector("input:not([type=hidden]), select").focus();
    });
    day.querySelector("[data-copy]")?.addEventListener("click", (event) => {
      const panel = event.target.closest("details");
      const chosen = [...panel.querySelectorAll("input:checked")];
      for (const one of chosen) {
        copy(day, dayOf(one.value));
        one.checked = false;
      }
      panel.open = false;
      panel.querySelector("summary").focus();
      const name = day.querySelector("h3").textContent;
      told.textContent = chosen.length ? `${name} was copied to ${chosen.length} days. Save to keep it.` : "Choose the days first.";
    });
  }
}
