// The search of every page: "/" leads to it, unless somebody types, or has switched that off (on the page of results).
"use strict";
const KEY = "search-key";
const isOn = () => localStorage.getItem(KEY) !== "off";
const types = (element) => element.matches("input, select, textarea, [contenteditable], .select2-selection");

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || !isOn() || types(event.target)) return;
  event.preventDefault();
  const field = document.getElementById("search-all-text");
  field.focus();
  field.select();
});

const choice = document.getElementById("search-key");
if (choice) {
  choice.checked = isOn();
  choice.addEventListener("change", () => localStorage.setItem(KEY, choice.checked ? "on" : "off"));
}
