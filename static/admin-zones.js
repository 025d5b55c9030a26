// Delivery zones on a map: corners are put, dragged and taken away there, or moved by buttons below it. The fields of
// the zones' cards hold all of it, and without this file they do the same.
import { element, moved, project, ring, rounded, unproject, viewOf } from "./admin-earth.js";

const HEIGHT = 380;
const NEAR = 14; // pixels around a corner that still are the corner
const STEPS = [10, 50, 200, 1000];
const LINE = /^\s*(-?\d{1,3}(?:[.,]\d+)?)\s*[;,\s]\s*(-?\d{1,3}(?:[.,]\d+)?)\s*[;,]?\s*$/;

const make = (name, attributes = {}, text = "") => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
};
const button = (text, label, act) => {
  const made = make("button", { type: "button", ...(label ? { "aria-label": label } : {}) }, text);
  made.addEventListener("click", act);
  return made;
};

function draw(place) {
  const prefix = place.dataset.zones;
  const vendor = JSON.parse(place.dataset.centre);
  const total = place.querySelector(`[name="${prefix}-TOTAL_FORMS"]`);
  const cards = place.querySelector(".zones-cards");
  const state = { centre: vendor || [50, 10], zoom: 12, card: null, corner: -1, step: 50, drag: null };

  // --- a card's fields ---

  const field = (card, name) => card.querySelector(`[name$="-${name}"]`);
  const all = () => [...cards.querySelectorAll(".zone-card")].filter((card) => !card.hidden);
  const nameOf = (card) => field(card, "name").value.trim() || "New zone";
  const isOff = (card) => Boolean(field(card, "DELETE")?.checked);
  // Null where the text is none of lines of corners: GeoJSON, or half typed. The server reads that, nothing here may
  // write over it.
  const typedCorners = (card) => {
    const lines = field(card, "polygon").value.split(/\r?\n/).filter((line) => line.trim()).map((line) => LINE.exec(line));
    return lines.every(Boolean) ? lines.map((found) => [1, 2].map((at) => Number(found[at].replace(",", ".")))) : null;
  };
  const cornersOf = (card) => typedCorners(card) || [];
  const radiusOf = (card) => Number.parseInt(field(card, "radius").value, 10) || 0;
  const outlineOf = (card) => {
    const corners = cornersOf(card);
    return corners.length ? corners : vendor && radiusOf(card) ? ring(vendor, radiusOf(card)) : [];
  };
  const write = (card, corners) => {
    if (!typedCorners(card)) return refresh();
    field(card, "polygon").value = corners.map((corner) => corner.map(rounded).join(", ")).join("\n");
    if (corners.length) field(card, "radius").value = "";
    refresh();
  };

  // --- the map ---

  const here = place.querySelector("[data-map-here]");
  const frame = make("div", { class: "map-frame" });
  const map = element("svg", {
    role: "application", tabindex: 0, class: "map", height: HEIGHT,
    "aria-label": "Map of the zones. Arrow keys move the chosen corner, or the map; plus and minus zoom. The buttons below do the same.",
  });
  const tools = make("div", { class: "map-tools" });
  tools.append(
    button("+", "Nearer", () => zoom(1)),
    button("−", "Farther", () => zoom(-1)),
    button("◎", "Show the vendor and all zones", () => fit(all())),
  );
  const told = make("p", { class: "quiet map-told", role: "status" });
  const panel = make("div", { class: "zone-panel" });
  frame.append(map, tools);
  here.append(frame, told, panel);
  if (place.dataset.tiles && place.dataset.attribution) here.append(make("small", { class: "quiet" }, place.dataset.attribution));

  const { onScreen, onEarth, zoomBy, fit: show, ground } = viewOf(state, {
    frame, height: HEIGHT, usualWidth: 600, margin: 60, tiles: place.dataset.tiles, origin: vendor,
  });
  const zoom = (by) => {
    zoomBy(by);
    render();
  };

  function fit(shown) {
    const outlines = shown.flatMap(outlineOf);
    show(vendor ? [vendor, ...outlines] : outlines);
    render();
  }

  function render() {
    map.replaceChildren(ground());
    for (const card of all()) {
      const corners = outlineOf(card);
      if (!corners.length || isOff(card)) continue;
      const points = corners.map((corner) => onScreen(corner));
      const kind = `map-zone${card === state.card ? " map-zone-chosen" : ""}${field(card, "is_active").checked ? "" : " map-zone-off"}`;
      map.append(element("polygon", { class: kind, points: points.map((point) => point.join(",")).join(" ") }));
      const [x, y] = points.reduce((a, b) => (a[1] < b[1] ? a : b));
      map.append(element("text", { class: "map-name", x, y: Math.max(14, y - 6), "text-anchor": "middle" }, nameOf(card)));
    }
    if (vendor) {
      const [x, y] = onScreen(vendor);
      map.append(
        element("rect", { class: "map-vendor", x: x - 5, y: y - 5, width: 10, height: 10 }),
        element("text", { class: "map-name", x: x + 9, y: y + 4 }, place.dataset.vendor),
      );
    }
    if (state.card) {
      cornersOf(state.card).forEach((corner, at) => {
        const [cx, cy] = onScreen(corner);
        map.append(element("circle", { class: `map-handle${at === state.corner ? " map-handle-near" : ""}`, cx, cy, r: 7 }));
      });
    }
  }

  // --- one zone, by buttons ---

  function refresh() {
    const corners = state.card ? cornersOf(state.card) : [];
    if (state.corner >= corners.length) state.corner = corners.length - 1;
    for (const card of all()) card.classList.toggle("zone-chosen", card === state.card);
    place.toggleAttribute("data-drawing", Boolean(state.card));
    render();
    showPanel(corners);
    if (state.card && !typedCorners(state.card)) told.textContent = `${nameOf(state.card)}: its corners are typed as text, which the map leaves as it is. Save to see them drawn, or clear that text to draw here.`;
    else if (!state.card) told.textContent = "Choose “Draw on the map” of a zone to change its corners.";
    else if (corners.length) told.textContent = `${nameOf(state.card)}: ${corners.length} corners. Click to add one, drag one to move it.`;
    else if (radiusOf(state.card)) told.textContent = `${nameOf(state.card)}: a circle of ${radiusOf(state.card)} m. Click to draw corners instead.`;
    else told.textContent = `${nameOf(state.card)}: click its corners one after the other, or type a radius.`;
  }

  const shift = (indexes, north, east) => {
    const corners = cornersOf(state.card);
    write(state.card, corners.map((corner, at) => (indexes.includes(at) ? moved(corner, north, east) : corner)));
  };
  const ARROWS = [["↑", "north", 1, 0], ["↓", "south", -1, 0], ["←", "west", 0, -1], ["→", "east", 0, 1]];
  const arrows = (words, indexes) =>
    ARROWS.map(([text, where, north, east]) =>
      keepFocus(button(text, `Move ${words} ${state.step} metres ${where}`, () => shift(indexes(), north * state.step, east * state.step)), `${words} ${where}`),
    );
  // What is drawn anew keeps the focus on the button of the same name.
  const keepFocus = (made, key) => {
    made.dataset.key = key;
    return made;
  };

  function showPanel(corners) {
    const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    panel.replaceChildren();
    if (!state.card) return;
    const first = make("div", { class: "zone-tools" });
    const steps = make("select", { "aria-label": "Metres that a button moves by" });
    for (const step of STEPS) steps.append(make("option", { value: step, ...(step === state.step ? { selected: "" } : {}) }, `${step} m`));
    steps.dataset.key = "steps";
    steps.addEventListener("change", () => {
      state.step = Number(steps.value);
      refresh();
    });
    if (corners.length) {
      first.append(make("span", {}, "Move all"), ...arrows("the whole zone", () => corners.map((_, at) => at)), make("span", {}, "by"), steps);
    } else if (vendor && radiusOf(state.card)) {
      first.append(
        keepFocus(button("Smaller", `Make the circle ${state.step} metres smaller`, () => resize(-state.step)), "smaller"),
        keepFocus(button("Larger", `Make the circle ${state.step} metres larger`, () => resize(state.step)), "larger"),
        make("span", {}, "by"),
        steps,
        button("Corners instead of the circle", "", () => write(state.card, ring(vendor, radiusOf(state.card)).filter((_, at) => at % 6 === 0))),
      );
    }
    const second = make("div", { class: "zone-tools" });
    const typed = make("input", { type: "text", placeholder: "50.8466, 4.3528 or an address", "aria-label": "Corner to add: coordinates, or an address" });
    typed.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      addTyped(typed);
    });
    const file = make("input", { type: "file", accept: ".json,.geojson,application/geo+json,application/json", "aria-label": "GeoJSON of this zone" });
    file.addEventListener("change", async () => {
      if (!file.files.length) return;
      field(state.card, "polygon").value = await file.files[0].text();
      field(state.card, "radius").value = "";
      state.card.querySelector(".zone-corners").open = true;
      told.textContent = "The file was taken over: save, and the zone is drawn.";
    });
    second.append(typed, button("Add this corner", "", () => addTyped(typed)), make("span", {}, "or GeoJSON:"), file);
    const list = make("ol", { class: "zone-list" });
    corners.slice(0, 100).forEach((corner, at) => {
      const row = make("li", { class: "zone-corner" });
      row.append(
        make("span", {}, `${at + 1}: ${corner.map((one) => one.toFixed(5)).join(", ")}`),
        ...arrows(`corner ${at + 1}`, () => [at]),
        keepFocus(button("Halve the edge after it", `Add a corner after corner ${at + 1}`, () => halve(at)), `halve ${at}`),
        keepFocus(button("×", `Remove corner ${at + 1}`, () => removeCorner(at)), `remove ${at}`),
      );
      row.addEventListener("focusin", () => {
        state.corner = at;
        render();
      });
      list.append(row);
    });
    panel.append(first, second, list);
    if (focused) panel.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  const resize = (by) => {
    field(state.card, "radius").value = Math.max(10, radiusOf(state.card) + by);
    refresh();
  };
  const removeCorner = (at) => write(state.card, cornersOf(state.card).filter((_, one) => one !== at));
  const insert = (at, corner) => {
    const corners = cornersOf(state.card);
    corners.splice(at, 0, corner);
    state.corner = at;
    write(state.card, corners);
  };
  const halve = (at) => {
    const corners = cornersOf(state.card);
    const next = corners[(at + 1) % corners.length];
    insert(at + 1, corners[at].map((one, axis) => (one + next[axis]) / 2));
  };
  // Where a new corner goes: into the edge that is nearest to it on the map.
  const placeFor = (corner) => {
    const corners = cornersOf(state.card).map(onScreen);
    if (corners.length < 3) return corners.length;
    const [x, y] = onScreen(corner);
    const far = corners.map(([x1, y1], at) => {
      const [x2, y2] = corners[(at + 1) % corners.length];
      const long = (x2 - x1) ** 2 + (y2 - y1) ** 2 || 1;
      const part = Math.max(0, Math.min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / long));
      return Math.hypot(x - x1 - part * (x2 - x1), y - y1 - part * (y2 - y1));
    });
    return far.indexOf(Math.min(...far)) + 1;
  };

  async function addTyped(typed) {
    const text = typed.value.trim();
    const found = LINE.exec(text);
    if (!text) return typed.focus();
    if (found) return insert(cornersOf(state.card).length, [1, 2].map((at) => Number(found[at].replace(",", "."))));
    told.textContent = "Looking for it …";
    const query = new URLSearchParams({ q: text });
    if (vendor) query.set("near", vendor.map(rounded).join(","));
    try {
      const response = await fetch(`/api/v1/places?${query}`, { headers: { Accept: "application/json" } });
      const answer = await response.json();
      if (!response.ok) throw new Error(answer.detail);
      if (answer.results.length === 1) {
        const [{ location }] = answer.results;
        insert(cornersOf(state.card).length, [location.lat, location.lng]);
      } else told.textContent = answer.results.length ? `Several places match: ${answer.results.map((one) => one.text).join("; ")}. Type one of them.` : "No such address is known.";
    } catch (error) {
      told.textContent = error.message || "Addresses cannot be looked up now.";
    }
  }

  // --- pointer and keys ---

  const at = (event) => {
    const box = map.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  // Neither another button, which opens a menu, nor a second finger.
  map.addEventListener("pointerdown", (event) => {
    if (event.button || !event.isPrimary) return;
    const start = at(event);
    const corners = state.card ? cornersOf(state.card) : [];
    const corner = corners.findIndex((one) => Math.hypot(onScreen(one)[0] - start[0], onScreen(one)[1] - start[1]) < NEAR);
    state.drag = { start, corner, centre: state.centre, isMoved: false };
    if (corner >= 0) state.corner = corner;
    map.setPointerCapture(event.pointerId);
  });
  map.addEventListener("pointermove", (event) => {
    const drag = state.drag;
    if (!drag || !event.isPrimary) return;
    const now = at(event);
    const by = [now[0] - drag.start[0], now[1] - drag.start[1]];
    if (!drag.isMoved && Math.hypot(...by) < 4) return;
    drag.isMoved = true;
    if (drag.corner >= 0) {
      const corners = cornersOf(state.card);
      corners[drag.corner] = onEarth(...now);
      write(state.card, corners);
    } else {
      const [x, y] = project(drag.centre, state.zoom);
      state.centre = unproject([x - by[0], y - by[1]], state.zoom);
      render();
    }
  });
  map.addEventListener("pointerup", (event) => {
    if (!event.isPrimary) return;
    const drag = state.drag;
    state.drag = null;
    if (!drag || drag.isMoved) return;
    if (drag.corner >= 0) return refresh();
    if (!state.card) return;
    const corner = onEarth(...drag.start);
    insert(placeFor(corner), corner);
  });
  map.addEventListener("lostpointercapture", () => { state.drag = null; }); // after it went up, and where that is never told
  map.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? state.step * 10 : state.step;
    const by = { ArrowUp: [step, 0], ArrowDown: [-step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] }[event.key];
    if (by && state.card && state.corner >= 0) shift([state.corner], ...by);
    else if (by) {
      state.centre = moved(state.centre, by[0] * 4, by[1] * 4);
      render();
    } else if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? 1 : -1);
    else return;
    event.preventDefault();
  });

  // --- the cards ---

  const choose = (card) => {
    state.card = state.card === card ? null : card;
    state.corner = -1;
    if (state.card) fit([card]);
    for (const one of all()) one.querySelector(".zone-edit")?.setAttribute("aria-pressed", String(one === state.card));
    refresh();
    if (state.card) frame.scrollIntoView({ block: "nearest" });
  };
  const equip = (card) => {
    const edit = button("Draw on the map", "", () => choose(card));
    edit.className = "zone-edit";
    edit.setAttribute("aria-pressed", "false");
    card.querySelector(".zone-fields").append(edit);
    card.addEventListener("input", refresh);
    card.addEventListener("change", () => {
      card.classList.toggle("zone-removed", isOff(card));
      refresh();
    });
  };
  if (!place.hasAttribute("data-only-shown")) {
    for (const card of cards.querySelectorAll(".zone-card")) {
      card.hidden = card.hasAttribute("data-blank");
      equip(card);
    }
    const add = place.querySelector("[data-add]");
    if (add) {
      add.parentElement.hidden = false;
      add.addEventListener("click", () => {
        let card = [...cards.querySelectorAll(".zone-card")].find((one) => one.hidden);
        if (card) card.hidden = false;
        else {
          const made = make("div");
          made.innerHTML = place.querySelector("template[data-card]").innerHTML.replaceAll("__prefix__", total.value);
          card = made.firstElementChild;
          delete card.dataset.blank;
          total.value = Number(total.value) + 1;
          cards.append(card);
          equip(card);
        }
        choose(card);
        field(card, "name").focus();
      });
    }
  }
  new ResizeObserver(() => render()).observe(frame);
  fit(all());
  refresh();
}

for (const place of document.querySelectorAll("[data-zones][data-vendor]:not([data-map])")) draw(place);
