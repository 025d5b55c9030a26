// Short messages at the foot of the page, which screen readers tell without taking the focus.
import { h } from "./dom.js";
import { gettext } from "./i18n.js";
import { released } from "./press.js";

const FOR = 8000; // ms
const MOST = 3;

// Shows a text, in the place of what stands there `about` the same; with `label` and `act` it has a button too, and stays
// `lasts` ms. Returns what takes it away.
export function toast(text, { label = "", act = null, lasts = FOR, about = "" } = {}) {
  const place = document.getElementById("toasts");
  let isClosed = false;
  const close = () => {
    isClosed = true;
    element.remove();
  };
  const button = label
    ? h("button", { type: "button", onclick: () => { close(); act(); } }, label)
    : h("button", { type: "button", "aria-label": gettext("Close"), onclick: close }, "✕");
  const element = h("div.toast", { "data-about": about }, h("span", {}, text), button);
  const show = () => {
    if (isClosed) return;
    if (about) closeToast(about);
    place.append(element);
    while (place.children.length > MOST) place.firstElementChild.remove();
    if (lasts) setTimeout(() => released().then(close), lasts);
  };
  released().then(show);
  return close;
}

// Takes away what was said about something.
export function closeToast(about) {
  [...document.getElementById("toasts").children].filter((one) => one.dataset.about === about).forEach((one) => one.remove());
}
