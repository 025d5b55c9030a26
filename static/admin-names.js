// What the admin's own scripts draw has names for who does not see it: choosers of rows (Select2), and hints.
"use strict";
{
  const CHOOSERS = "select.admin-autocomplete.select2-hidden-accessible";

  function nameOf(select) {
    const labels = [...(select.labels || [])].map((label) => label.textContent.trim().replace(/:$/, ""));
    return select.getAttribute("aria-label") || labels.join(" ");
  }

  function nameChooser(select) {
    const box = select.nextElementSibling && select.nextElementSibling.querySelector(".select2-selection");
    const name = nameOf(select);
    if (!box || !name) return;
    box.setAttribute("aria-label", name);
    const shown = box.querySelector(".select2-selection__rendered");
    const typed = box.querySelector(".select2-search__field");
    if (typed) typed.setAttribute("aria-label", name);
    if (typed || !shown || !shown.id) return;
    // What is chosen is the box's value, and no text field of its own: both are read, the name first.
    shown.removeAttribute("role");
    shown.removeAttribute("aria-readonly");
    box.id = `${shown.id}-box`;
    box.setAttribute("aria-labelledby", `${box.id} ${shown.id}`);
  }

  function nameAll(within) {
    for (const select of within.querySelectorAll(CHOOSERS)) nameChooser(select);
    for (const hint of within.querySelectorAll(".help-tooltip[aria-label]")) hint.setAttribute("role", "img");
  }

  function nameOpened(event) {
    const name = nameOf(event.target);
    const parts = ".select2-container--open :is(.select2-search__field, .select2-results__options)";
    for (const part of document.querySelectorAll(parts)) {
      part.setAttribute("aria-label", name);
      const box = event.target.nextElementSibling.querySelector("[role=combobox]");
      if (box && part.matches("ul")) box.setAttribute("aria-controls", part.id);
    }
  }

  // After the admin's own scripts, which draw when the document is ready (jQuery's callbacks keep their order), and when
  // it has loaded.
  const $ = window.django && django.jQuery;
  if ($) {
    $(() => nameAll(document));
    $(document).on("select2:open", nameOpened);
  }
  window.addEventListener("load", () => nameAll(document));
  document.addEventListener("formset:added", (event) => nameAll(event.target));
}
