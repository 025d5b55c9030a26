// Elements are made of text and elements alone: nothing that somebody typed is ever read as HTML.

// h("button.main", {type: "button", onclick: act}, "Accept"): properties, "aria-…" and "data-…" attributes, children.
export function h(name, properties = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key.includes("-") || key === "role" || key === "for" || key === "list") element.setAttribute(key, value === true ? "" : value);
    else element[key] = value;
  }
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? "" : value);
}

// Puts the elements into this order with as few moves as it takes, so that what has the focus keeps it.
export function arrange(parent, elements) {
  const wanted = new Set(elements);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let place = parent.firstElementChild;
  for (const element of elements) {
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
}

// Draws a place anew. What had the focus has it again, and what was opened stays open: by its id, or by its "data-act"
// within the same "data-key". Where that is gone, the focus is at what has the key, so that Tab goes on from there.
export function keepPlace(place, draw) {
  const active = place.contains(document.activeElement) ? document.activeElement : null;
  const found = active && nameOf(active);
  const opened = [...place.querySelectorAll("details[data-act][open]")].map(nameOf);
  draw();
  for (const name of opened) elementOf(place, name)?.setAttribute("open", "");
  if (!found || document.activeElement === active) return;
  const again = elementOf(place, found) ?? elementOf(place, { key: found.key });
  if (again?.matches("article")) again.tabIndex = -1;
  again?.focus({ preventScroll: true });
}

const nameOf = (element) => ({ id: element.id, act: element.dataset.act, key: element.closest("[data-key]")?.dataset.key });

function elementOf(place, { id, act, key }) {
  if (id) return document.getElementById(id);
  const isWhole = key === undefined || place.dataset.key === key;
  const within = isWhole ? place : place.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (act !== undefined) return within?.querySelector(`[data-act="${CSS.escape(act)}"]`);
  return key === undefined ? null : within;
}
