// A customer's orders, the newest first, each with the way to its own page.
import { read } from "./api.js";
import { watchBuild } from "./build.js";
import { arrange, fill, h, keepPlace, setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { page } from "./page.js";
import { released } from "./press.js";
import { named, when } from "./time.js";
import { oneAtATime } from "./turns.js";

const EVERY = 15_000; // ms between two readings
const PER_PAGE = 15;

const at = (id) => document.getElementById(id);
const zones = new Map(); // time zones by vendor; undefined where the vendor is gone
let pages = 1; // how many are shown

const refresh = oneAtATime(async () => {
  try {
    const given = await readOrders();
    await released();
    draw(given);
    at("link").hidden = true;
  } catch (problem) {
    setText(at("link"), problem.message);
    at("link").hidden = false;
  }
});

// As many pages as are shown: {rows, isAll}.
async function readOrders() {
  const rows = [];
  let isAll = !page.customer;
  for (let number = 1; number <= pages && !isAll; number += 1) {
    const { body } = await read(`/orders?customer=${page.customer}&ordering=-placed_at&per_page=${PER_PAGE}&page=${number}`);
    rows.push(...body.results);
    isAll = !body.next;
  }
  const wanted = new Set(rows.map((row) => row.vendor.id).filter((id) => !zones.has(id)));
  await Promise.all([...wanted].map(async (id) => zones.set(id, await zoneOf(id))));
  return { rows, isAll };
}

async function zoneOf(id) {
  try {
    return (await read(`/vendors/${id}`)).body.time_zone;
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    return undefined;
  }
}

function draw({ rows, isAll }) {
  const none = h("li", {}, gettext("You have not ordered anything yet."));
  keepPlace(at("orders"), () => fill(at("orders"), rows.length ? rows.map(rowOf) : none));
  at("orders").removeAttribute("aria-busy");
  const more = at("show-more") ?? h("button", { type: "button", id: "show-more", onclick: () => { pages += 1; refresh(); } }, gettext("Show older ones"));
  arrange(at("more"), isAll ? [] : [more]);
}

const money = ({ amount, currency }) => new Intl.NumberFormat(page.language, { style: "currency", currency }).format(Number(amount));

function rowOf({ id, called, vendor, status, placed_at, total }) {
  const placed = new Date(placed_at);
  const zone = zones.get(vendor.id);
  return h(
    "li",
    {},
    h(
      "a.order",
      { id: `order-${id}`, href: `/orders/${id}` },
      h("span.vendor", {}, interpolate(gettext("%(vendor)s · order %(number)s"), { vendor: vendor.name, number: called })),
      h("strong", {}, page.words.standings[status.name] ?? status.name),
      h("span.soft", {}, `${named(when(placed, new Date(), zone), placed, zone)} · ${money(total)}`),
    ),
  );
}

refresh();
setInterval(() => document.visibilityState === "visible" && refresh(), EVERY);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
watchBuild();
