// An order by phone: finds products while one types, and sends only the rows that are ordered, since a form may have
// no more than so many fields. Without this script the page works as well, for menus that are not too long.
"use strict";

const form = document.getElementById("phone-form");
const rows = [...document.querySelectorAll(".phone-product")];
const find = document.getElementById("phone-find");

if (find) {
  find.parentElement.hidden = false;
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.dataset.name.includes(wanted);
  });
  // Enter would send the form.
  find.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

for (const row of rows) {
  const quantity = row.querySelector(".phone-quantity");
  row.querySelector("details").addEventListener("change", () => {
    if (!Number(quantity.value)) quantity.value = 1;
  });
}

form.addEventListener("formdata", (event) => {
  for (const row of rows) {
    if (Number(row.querySelector(".phone-quantity").value)) continue;
    for (const field of row.querySelectorAll("[name]")) event.formData.delete(field.name);
  }
});
