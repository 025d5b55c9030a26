// Where the driver is, between the vendor and the customer: on a plain grid without streets, drawn here, that asks no
// other host. Where the site names a server of tiles (MAP_TILES_URL) they lie on the grid, as far as they come.
import { gettext, interpolate } from "./i18n.js";
import { page } from "./page.js";
import { clock, minutesTo } from "./time.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, MARGIN] = [600, 300, 60];
const METRES = 111_195; // of a degree of latitude
const LEAST = 200; // metres that the map is wide at least
const TILE = 256; // pixels of a tile's side
const CLOSEST = 17; // zoom

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

// Where a place is in the world as tiles show it (Web Mercator): from 0 to 1, eastwards and southwards.
function onWorld({ lat, lng }) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [lng / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

// The tiles behind the map, whose left upper corner lies there in the world; one that does not come is taken away.
function tiles(zoom, left, top) {
  const group = element("g");
  const count = 2 ** zoom;
  for (let y = Math.floor(top * count); y <= (top * count) + HEIGHT / TILE; y += 1) {
    for (let x = Math.floor(left * count); x <= (left * count) + WIDTH / TILE; x += 1) {
      if (y < 0 || y >= count) continue;
      const names = { z: zoom, x: ((x % count) + count) % count, y };
      const href = page.tiles.url.replace(/\{([zxy])\}/g, (_, name) => names[name]);
      const tile = element("image", { x: (x - left * count) * TILE, y: (y - top * count) * TILE, width: TILE, height: TILE });
      tile.addEventListener("error", () => tile.remove());
      tile.setAttribute("href", href);
      group.append(tile);
    }
  }
  return group;
}

// `destination` is where it goes, for those who may know it.
export function drawMap(vendor, position, destination, { vendorName, driverName }) {
  const places = [vendor, position, ...(destination ? [destination] : [])].map(onWorld);
  const [xs, ys] = [0, 1].map((axis) => places.map((place) => place[axis]));
  const middle = ([one, ...more]) => (Math.min(one, ...more) + Math.max(one, ...more)) / 2;
  const span = (all) => Math.max(Math.max(...all) - Math.min(...all), LEAST / (360 * METRES * Math.cos((vendor.lat * Math.PI) / 180)));
  let scale = Math.min((WIDTH - 2 * MARGIN) / span(xs), (HEIGHT - 2 * MARGIN) / span(ys)); // pixels that the world is wide
  const zoom = Math.max(0, Math.min(CLOSEST, Math.floor(Math.log2(scale / TILE))));
  if (page.tiles.url) scale = TILE * 2 ** zoom;
  const [left, top] = [middle(xs) - WIDTH / 2 / scale, middle(ys) - HEIGHT / 2 / scale];
  const [here, there, goal] = places.map(([x, y]) => [(x - left) * scale, (y - top) * scale]);
  const kilometres = (distance(vendor, position) / 1000).toFixed(1);
  const told = interpolate(gettext("%(name)s is %(distance)s km from the vendor"), { name: driverName, distance: kilometres });
  const map = element("svg", { class: "map", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": told });
  for (let x = 0; x <= WIDTH; x += 50) map.append(element("line", { class: "grid", x1: x, x2: x, y1: 0, y2: HEIGHT }));
  for (let y = 0; y <= HEIGHT; y += 50) map.append(element("line", { class: "grid", x1: 0, x2: WIDTH, y1: y, y2: y }));
  if (page.tiles.url) map.append(tiles(zoom, left, top));
  for (const end of [here, goal]) if (end) map.append(element("line", { class: "way", x1: end[0], y1: end[1], x2: there[0], y2: there[1] }));
  map.append(element("circle", { class: "vendor", cx: here[0], cy: here[1], r: 8 }));
  if (goal) map.append(element("rect", { class: "goal", x: goal[0] - 8, y: goal[1] - 8, width: 16, height: 16 }));
  map.append(element("circle", { class: position.is_current === false ? "driver old" : "driver", cx: there[0], cy: there[1], r: 11 }));
  // Names stand on the outer sides, so that none lies on the way between.
  const half = middle([here[1], there[1], ...(goal ? [goal[1]] : [])]);
  const names = [[here, vendorName, here[1] < half], [there, driverName, there[1] <= half]];
  if (goal) names.push([goal, gettext("You"), goal[1] < half]);
  for (const [[x, y], name, isAbove] of names) {
    map.append(element("text", { x, y: isAbove ? y - 18 : y + 34, "text-anchor": "middle" }, name));
  }
  return map;
}
