// Points on the earth, and on a map of it: what the back-office's maps share.
const SVG = "http://www.w3.org/2000/svg";
const TILE = 256;
const MOST_ZOOM = 19;
const EARTH = 6371008.8;

export const element = (name, attributes = {}, text = "") => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
};

// Web Mercator: pixels of the whole earth at a zoom.
export const project = ([lat, lng], zoom) => {
  const size = TILE * 2 ** zoom;
  const sine = Math.min(Math.max(Math.sin((lat * Math.PI) / 180), -0.9999), 0.9999);
  return [((lng + 180) / 360) * size, (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)) * size];
};
export const unproject = ([x, y], zoom) => {
  const size = TILE * 2 ** zoom;
  const lat = (Math.atan(Math.sinh(Math.PI * (1 - (2 * y) / size))) * 180) / Math.PI;
  return [lat, (x / size) * 360 - 180];
};
export const moved = ([lat, lng], north, east) => {
  const degrees = 180 / (Math.PI * EARTH);
  return [lat + north * degrees, lng + (east * degrees) / Math.cos((lat * Math.PI) / 180)];
};
export const metres = (a, b) => {
  const rad = Math.PI / 180;
  const lat = Math.sin(((b[0] - a[0]) * rad) / 2) ** 2;
  const lng = Math.sin(((b[1] - a[1]) * rad) / 2) ** 2;
  return 2 * EARTH * Math.asin(Math.sqrt(lat + Math.cos(a[0] * rad) * Math.cos(b[0] * rad) * lng));
};
export const ring = (centre, radius) =>
  Array.from({ length: 72 }, (_, at) => {
    const angle = (at * Math.PI) / 36;
    return moved(centre, radius * Math.cos(angle), radius * Math.sin(angle));
  });
export const holds = (corners, [lat, lng]) => {
  let inside = false;
  corners.forEach(([lat1, lng1], at) => {
    const [lat2, lng2] = corners[(at + 1) % corners.length];
    if (lat1 > lat !== lat2 > lat && lng < lng1 + ((lat - lat1) / (lat2 - lat1)) * (lng2 - lng1)) inside = !inside;
  });
  return inside;
};
export const rounded = (degrees) => String(Math.round(degrees * 1e6) / 1e6);

// What a frame of the page shows of the earth. `state` has its centre and zoom, which the caller moves too; `origin` is the
// point, if any, that the grid's lines run through. Without tiles there is a grid with a step of whole metres.
export function viewOf(state, { frame, height, usualWidth, margin, tiles, origin }) {
  const width = () => frame.clientWidth || usualWidth;
  const corner = () => project(state.centre, state.zoom).map((at, axis) => at - (axis ? height : width()) / 2);
  const onScreen = (point) => {
    const [left, top] = corner();
    const [x, y] = project(point, state.zoom);
    return [x - left, y - top];
  };
  const onEarth = (x, y) => {
    const [left, top] = corner();
    return unproject([x + left, y + top], state.zoom);
  };
  const zoomBy = (by) => {
    state.zoom = Math.min(MOST_ZOOM, Math.max(2, state.zoom + by));
  };
  const fit = (points) => {
    if (!points.length) return;
    const [lats, lngs] = [0, 1].map((axis) => points.map((point) => point[axis]));
    const low = [Math.min(...lats), Math.min(...lngs)];
    const high = [Math.max(...lats), Math.max(...lngs)];
    state.centre = [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2];
    for (state.zoom = 17; state.zoom > 2; state.zoom -= tiles ? 1 : 0.25) {
      const [left, bottom] = project(low, state.zoom);
      const [right, top] = project(high, state.zoom);
      if (right - left < width() - margin && bottom - top < height - margin) break;
    }
  };
  const images = () => {
    const [left, top] = corner();
    const most = 2 ** state.zoom;
    const found = [];
    for (let x = Math.floor(left / TILE); x * TILE < left + width(); x += 1) {
      for (let y = Math.max(0, Math.floor(top / TILE)); y * TILE < top + height && y < most; y += 1) {
        const names = { z: state.zoom, x: ((x % most) + most) % most, y };
        const href = tiles.replace(/\{([zxy])\}/g, (_, name) => names[name]);
        found.push(element("image", { href, x: x * TILE - left, y: y * TILE - top, width: TILE, height: TILE }));
      }
    }
    return found;
  };
  // The lines of the grid, and its step, which a line at the foot tells.
  const grid = () => {
    const perPixel = metres(onEarth(0, height / 2), onEarth(100, height / 2)) / 100;
    const step = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 50000].find((one) => one / perPixel >= 70) || 200000;
    const size = step / perPixel;
    const [x0, y0] = onScreen(origin || state.centre);
    const lines = [];
    for (let x = x0 % size; x < width(); x += size) lines.push(element("line", { x1: x, x2: x, y1: 0, y2: height }));
    for (let y = y0 % size; y < height; y += size) lines.push(element("line", { x1: 0, x2: width(), y1: y, y2: y }));
    return [
      ...lines,
      element("path", { class: "map-scale", d: `M12 ${height - 18}v6h${size}v-6` }),
      element("text", { x: 16, y: height - 18 }, step < 1000 ? `${step} m` : `${step / 1000} km`),
    ];
  };
  const ground = () => {
    const group = element("g", { class: "map-grid" });
    group.append(...(tiles ? images() : grid()));
    return group;
  };
  return { onScreen, onEarth, zoomBy, fit, ground };
}
