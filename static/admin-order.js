// The page of an order: what a button asks for is ready to be typed as soon as it opens.
"use strict";

for (const asking of document.querySelectorAll("details.ask")) {
  // Within the press: "toggle" comes later, and would take the focus back from who has gone on by then.
  const summary = asking.querySelector("summary");
  const focus = () => asking.open && asking.querySelector("input:not([type=hidden]), select, textarea")?.focus();
  summary.addEventListener("click", (event) => {
    event.preventDefault();
    asking.open = !asking.open;
    focus();
  });
  // It was pressed before this ran.
  if (summary === document.activeElement) focus();
}
