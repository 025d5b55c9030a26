// Where the driver is, seen from the vendor: a plain grid without streets, drawn here, that asks no other host.
import { gettext, interpolate } from "./i18n.js";
import { clock, minutesTo } from "./time.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, MARGIN] = [600, 300, 60];
const METRES = 111_195; // of a degree of latitude
const LEAST = 200; // metres that the map is wide at least

function element(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

// Metres east and north of one place as seen from another.
function offset(from, to) {
  return [(to.lng - from.lng) * METRES * Math.cos((from.lat * Math.PI) / 180), (to.lat - from.lat) * METRES];
}

export function distance(from, to) {
  return Math.hypot(...offset(from, to));
}

// "Last position 3 min ago" for one that is old, else when it was.
export function positionText(position) {
  const at = new Date(position.at);
  const count = -minutesTo(at);
  return position.is_current === false || count > 2
    ? interpolate(gettext("Last position %(count)s min ago"), { count })
    : interpolate(gettext("Position of %(time)s"), { time: clock(at) });
}

export function drawMap(vendor, position, { vendorName, driverName }) {
  const [east, north] = offset(vendor, position);
  const scale = Math.min((WIDTH - 2 * MARGIN) / Math.max(Math.abs(east), LEAST), (HEIGHT - 2 * MARGIN) / Math.max(Math.abs(north), LEAST));
  const at = ([x, y]) => [WIDTH / 2 + (x - east / 2) * scale, HEIGHT / 2 - (y - north / 2) * scale];
  const [here, there] = [at([0, 0]), at([east, north])];
  const kilometres = (distance(vendor, position) / 1000).toFixed(1);
  const told = interpolate(gettext("%(name)s is %(distance)s km from the vendor"), { name: driverName, distance: kilometres });
  const map = element("svg", { class: "map", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": told });
  for (let x = 0; x <= WIDTH; x += 50) map.append(element("line", { class: "grid", x1: x, x2: x, y1: 0, y2: HEIGHT }));
  for (let y = 0; y <= HEIGHT; y += 50) map.append(element("line", { class: "grid", x1: 0, x2: WIDTH, y1: y, y2: y }));
  map.append(element("line", { class: "way", x1: here[0], y1: here[1], x2: there[0], y2: there[1] }));
  map.append(element("circle", { class: "vendor", cx: here[0], cy: here[1], r: 8 }));
  map.append(element("circle", { class: position.is_current === false ? "driver old" : "driver", cx: there[0], cy: there[1], r: 11 }));
  // Names stand on the outer sides, so that none lies on the way between.
  for (const [[x, y], name, isAbove] of [[here, vendorName, north < 0], [there, driverName, north >= 0]]) {
    map.append(element("text", { x, y: isAbove ? y - 18 : y + 34, "text-anchor": "middle" }, name));
  }
  return map;
}
