// A small map beside the fields of an address: the vendor, its zones, and a pin that is the point in the fields. It is
// drawn by these files alone; tiles are asked for only where the settings name them. Without it the fields do the same.
import { element, holds, metres, moved, project, ring, rounded, unproject, viewOf } from "./admin-earth.js";

const HEIGHT = 280;
// Metres a key moves the pin by, and with Shift.
const STEP = 5;
const LONG_STEP = 50;

function draw(place) {
  const field = (name) => place.querySelector(`[name="${place.dataset.prefix}${name}"]`);
  const [address, lat, lng, located] = ["address", "lat", "lng", "located"].map(field);
  const vendor = JSON.parse(place.dataset.centre);
  const zones = JSON.parse(place.dataset.zones)
    .map((zone) => ({ name: zone.name, corners: zone.polygon || (vendor && zone.radius ? ring(vendor, zone.radius) : []) }))
    .filter((zone) => zone.corners.length);
  // Of a form where one of some saved addresses may be chosen: that one counts, and not what is in the fields.
  const saved = document.getElementById(place.dataset.saved);
  const chosen = () => (saved?.value ? saved.selectedOptions[0].dataset : null);
  const here = place.querySelector("[data-map-here]");
  const state = { centre: vendor || [0, 0], zoom: 13 };

  here.innerHTML = "";
  const button = (text, label, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    if (label) made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  };
  const find = button("Find the address on the map", "", () => look());
  find.className = "act act-plain place-find";
  const found = document.createElement("ul");
  found.className = "place-found";
  const frame = document.createElement("div");
  frame.className = "map-frame";
  const map = element("svg", {
    role: "application",
    tabindex: 0,
    class: "map",
    height: HEIGHT,
    "aria-label": "Map. Arrow keys move the pin by 5 metres, with Shift by 50; plus and minus zoom.",
  });
  const tools = document.createElement("div");
  tools.className = "map-tools";
  tools.append(
    button("+", "Nearer", () => zoom(1)),
    button("−", "Farther", () => zoom(-1)),
    button("◎", "Show the vendor, its zones and the pin", () => fit()),
  );
  const told = document.createElement("p");
  told.className = "quiet map-told";
  told.setAttribute("role", "status");
  frame.append(map, tools);
  here.append(find, found, frame, told);
  if (place.dataset.attribution && place.dataset.tiles) {
    const by = document.createElement("small");
    by.className = "quiet";
    by.textContent = place.dataset.attribution;
    here.append(by);
  }

  const pin = () => {
    const typed = chosen() || { lat: lat.value, lng: lng.value };
    const point = [Number.parseFloat(typed.lat), Number.parseFloat(typed.lng)];
    return typed.lat && typed.lng && point.every(Number.isFinite) && Math.abs(point[0]) <= 85 ? point : null;
  };
  // A saved address whose pin is put elsewhere goes on as a typed one.
  const put = (point) => {
    if (chosen()) {
      address.value = chosen().address;
      saved.value = "";
    }
    [lat.value, lng.value] = point.map(rounded);
    if (located) located.value = "";
    render();
  };
  const { onScreen, onEarth, zoomBy, fit: show, ground } = viewOf(state, {
    frame, height: HEIGHT, usualWidth: 400, margin: 40, tiles: place.dataset.tiles, origin: vendor,
  });
  const zoom = (by) => {
    zoomBy(by);
    render();
  };

  // The vendor, its zones and the pin in view; a pin far away from them, alone.
  function fit() {
    const point = pin();
    const near = [...(vendor ? [vendor] : []), ...zones.flatMap((zone) => zone.corners)];
    const shown = point && near.length && metres(point, vendor || near[0]) > 60000 ? [point] : [...near, ...(point ? [point] : [])];
    show(shown);
    render();
  }

  function render() {
    map.replaceChildren(ground());
    for (const zone of zones) {
      const points = zone.corners.map((corner) => onScreen(corner).join(",")).join(" ");
      const drawn = element("polygon", { class: "map-zone", points });
      drawn.append(element("title", {}, zone.name));
      map.append(drawn);
      const [x, y] = onScreen(zone.corners.reduce((a, b) => (a[0] > b[0] ? a : b)));
      map.append(element("text", { class: "map-name", x, y: Math.max(14, y - 4), "text-anchor": "middle" }, zone.name));
    }
    if (vendor) {
      const [x, y] = onScreen(vendor);
      map.append(
        element("rect", { class: "map-vendor", x: x - 5, y: y - 5, width: 10, height: 10 }),
        element("text", { class: "map-name", x: x + 9, y: y + 4 }, place.dataset.vendor),
      );
    }
    const point = pin();
    if (point) {
      const [x, y] = onScreen(point);
      map.append(element("path", { class: "map-pin", d: `M${x} ${y}c-4 -9 -10 -13 -10 -20a10 10 0 1 1 20 0c0 7 -6 11 -10 20z` }));
      map.append(element("circle", { class: "map-eye", cx: x, cy: y - 20, r: 3.5 }));
    }
    told.textContent = words(point);
  }

  function words(point) {
    if (!point) return "No point yet: find the address, or click where it is.";
    const away = vendor ? `${Math.round(metres(vendor, point))} m from ${place.dataset.vendor}` : `${rounded(point[0])}, ${rounded(point[1])}`;
    const inside = zones.filter((zone) => holds(zone.corners, point)).map((zone) => zone.name);
    if (!zones.length) return `The pin is ${away}.`;
    return `The pin is ${away}, ${inside.length ? `in ${inside.join(", ")}` : "in no zone"}.`;
  }

  async function look() {
    found.replaceChildren();
    if (!address.value.trim()) {
      told.textContent = "Type the address first.";
      return address.focus();
    }
    told.textContent = "Looking for it …";
    const query = new URLSearchParams({ q: address.value.trim() });
    if (vendor) query.set("near", vendor.map(rounded).join(","));
    let answer;
    try {
      const response = await fetch(`/api/v1/places?${query}`, { headers: { Accept: "application/json" } });
      answer = await response.json();
      if (!response.ok) throw new Error(answer.detail);
    } catch (error) {
      told.textContent = error.message || "Addresses cannot be looked up now.";
      return;
    }
    const take = (one, text) => {
      if (saved) saved.value = "";
      address.value = text;
      put([one.location.lat, one.location.lng]);
      if (located) located.value = `${lat.value}|${lng.value}|${text}`;
      found.replaceChildren();
      fit();
    };
    const places = answer.results;
    if (places.length === 1) return take(places[0], address.value.trim());
    told.textContent = places.length ? "Which of them?" : "No such address is known: click where it is.";
    for (const one of places) {
      const row = document.createElement("li");
      const choice = button(one.text, "", () => take(one, one.text));
      choice.className = "act act-plain";
      row.append(choice);
      found.append(row);
    }
    found.querySelector("button")?.focus();
  }

  let drag = null;
  // Neither another button, which opens a menu, nor a second finger.
  map.addEventListener("pointerdown", (event) => {
    if (event.button || !event.isPrimary) return;
    const box = map.getBoundingClientRect();
    const at = [event.clientX - box.left, event.clientY - box.top];
    const point = pin();
    const near = point && Math.hypot(onScreen(point)[0] - at[0], onScreen(point)[1] - 14 - at[1]) < 22;
    drag = { at, start: at, pin: near, centre: state.centre, point };
    map.setPointerCapture(event.pointerId);
  });
  map.addEventListener("pointermove", (event) => {
    if (!drag || !event.isPrimary) return;
    const box = map.getBoundingClientRect();
    drag.at = [event.clientX - box.left, event.clientY - box.top];
    const [dx, dy] = [drag.at[0] - drag.start[0], drag.at[1] - drag.start[1]];
    if (Math.hypot(dx, dy) < 4) return;
    if (drag.pin) {
      const [x, y] = onScreen(drag.point);
      put(onEarth(x + dx, y + dy));
    } else {
      const [x, y] = project(drag.centre, state.zoom);
      state.centre = unproject([x - dx, y - dy], state.zoom);
      render();
    }
  });
  map.addEventListener("pointerup", (event) => {
    if (!event.isPrimary) return;
    if (drag && !drag.pin && Math.hypot(drag.at[0] - drag.start[0], drag.at[1] - drag.start[1]) < 4) put(onEarth(...drag.at));
    drag = null;
  });
  map.addEventListener("lostpointercapture", () => { drag = null; }); // after it went up, and where that is never told
  map.addEventListener("keydown", (event) => {
    const step = event.shiftKey ? LONG_STEP : STEP;
    const by = { ArrowUp: [step, 0], ArrowDown: [-step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] }[event.key];
    if (by) put(moved(pin() || state.centre, ...by));
    else if (event.key === "+" || event.key === "-") zoom(event.key === "+" ? 1 : -1);
    else return;
    event.preventDefault();
  });
  for (const one of [lat, lng]) one.addEventListener("input", fit);
  saved?.addEventListener("change", fit);
  new ResizeObserver(() => render()).observe(frame);
  fit();
}

// Rows of a formset, such as a customer's saved addresses: the fields of one are named after its id.
function drawRow(row) {
  const { tiles, attribution } = row.querySelector("[data-map-point]").dataset;
  Object.assign(row.dataset, { prefix: `${row.id}-`, centre: "null", zones: "[]", tiles, attribution });
  const here = document.createElement("div");
  here.className = "place-map";
  here.dataset.mapHere = "";
  row.append(here);
  draw(row);
}

for (const place of document.querySelectorAll("[data-map]")) draw(place);
for (const row of document.querySelectorAll(".inline-related:not(.empty-form):has([data-map-point])")) drawRow(row);
document.addEventListener("formset:added", (event) => {
  if (event.target.querySelector("[data-map-point]")) drawRow(event.target);
});
