// The document of several orders: its button opens the browser's own page of printing.
"use strict";
document.getElementById("print").addEventListener("click", () => window.print());
