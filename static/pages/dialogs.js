// Dialogs: the browser's own, which hold the focus and give it back.
import { fill, h } from "./dom.js";
import { gettext } from "./i18n.js";

let count = 0;

// Opens a dialog with a title and what `build(close)` returns; resolves to what `close` was called with, undefined for
// one that was left.
export function openDialog(title, build, { kind = "" } = {}) {
  return new Promise((resolve) => {
    const opener = document.activeElement;
    let given;
    const close = (value) => { given = value; element.close(); };
    count += 1;
    const id = `dialog-${count}`;
    const heading = h("h2", { id, tabIndex: -1 }, title);
    const leave = h("button.quiet", { type: "button", "aria-label": gettext("Close"), onclick: () => close() }, "✕");
    const element = h("dialog", { "aria-labelledby": id });
    if (kind) element.classList.add(kind);
    element.addEventListener("close", () => {
      element.remove();
      if (opener?.isConnected) opener.focus();
      resolve(given);
    });
    element.addEventListener("click", (event) => event.target === element && close()); // beside it
    fill(element, h("div.dialog", {}, h("header", {}, heading, leave), build(close)));
    document.body.append(element);
    element.showModal();
    (element.querySelector("[autofocus]") ?? heading).focus();
  });
}
