// A list of the menu is sorted by dragging too: dropping a row sends the form, as a button does.
"use strict";

for (const form of document.querySelectorAll("[data-sorted]")) {
  const list = form.querySelector(".sorted");
  const rows = () => [...list.children];
  let dragged = null;
  const leave = () => {
    for (const row of rows()) row.classList.remove("sorted-over", "sorted-dragged");
  };
  for (const row of rows()) {
    row.draggable = true;
    row.addEventListener("dragstart", (event) => {
      dragged = row;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", row.dataset.row);
      row.classList.add("sorted-dragged");
    });
    row.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      for (const other of rows()) other.classList.toggle("sorted-over", other === row && other !== dragged);
    });
    row.addEventListener("drop", (event) => {
      if (!dragged) return;
      event.preventDefault();
      if (row === dragged) return;
      const order = rows();
      if (order.indexOf(dragged) < order.indexOf(row)) row.after(dragged);
      else row.before(dragged);
      form.elements.order.value = rows().map((one) => one.dataset.row).join(",");
      form.submit();
    });
    row.addEventListener("dragend", () => {
      dragged = null;
      leave();
    });
  }
}
