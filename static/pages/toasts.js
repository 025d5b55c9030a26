// Short messages at the foot of the page, which screen readers tell without taking the focus.
import { h } from "./dom.js";
import { gettext } from "./i18n.js";

const FOR = 8000; // ms
const MOST = 3;

// Shows a text, in the place of what stands there `about` the same; with `label` and `act` it has a button too, and stays
// `lasts` ms. Returns what takes it away.
export function toast(text, { label = "", act = null, lasts = FOR, about = "" } = {}) {
  const place = document.getElementById("toasts");
  if (about) [...place.children].filter((other) => other.dataset.about === about).forEach((other) => other.remove());
  const close = () => element.remove();
  const button = label
    ? h("button", { type: "button", onclick: () => { close(); act(); } }, label)
    : h("button", { type: "button", "aria-label": gettext("Close"), onclick: close }, "✕");
  const element = h("div.toast", { "data-about": about }, h("span", {}, text), button);
  place.append(element);
  while (place.children.length > MOST) place.firstElementChild.remove();
  if (lasts) setTimeout(close, lasts);
  return close;
}
