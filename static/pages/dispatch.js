// The page of a company's dispatcher: what is on offer to it, and who of its drivers carries what it has taken.
import { act, read } from "./api.js";
import { checkBuild, watchBuild } from "./build.js";
import { askFor, changeWord, collectText, contents, offerCard, pickupOf, placeBlock, recipientOf, tick } from "./deliveries.js";
import { arrange, h } from "./dom.js";
import { Feed } from "./feed.js";
import { gettext, interpolate } from "./i18n.js";
import { page } from "./page.js";
import { sendPicture } from "./proofs.js";
import { toast } from "./toasts.js";
import { oneAtATime } from "./turns.js";

const EVERY = 15_000; // ms between two readings: of what is on offer to everybody the feed does not tell
const MOST = 50; // orders and offers that are shown
const MOST_DRIVERS = 100;

const at = (id) => document.getElementById(id);
const state = { offers: [], orders: [], drivers: [] };
const vendors = new Map(); // by id: where an order is picked up
const known = new Map(); // orders by id, as they were read
const shown = new Map(); // cards by what they show
const chosen = new Map(); // drivers by the order for which each is chosen, until it is asked

const refresh = oneAtATime(readAndDraw);
const feed = new Feed({
  socket: "/ws/companies/me",
  callbacks: {
    entries: () => refresh(),
    hello: () => refresh(),
    reset: () => { feed.begin(0, ""); refresh(); },
    link: (isUp) => { if (isUp) checkBuild(); },
    ended: () => {},
  },
});

async function readAndDraw() {
  try {
    await readAll();
    draw();
  } catch (problem) {
    toast(problem.message);
  }
}

async function readAll() {
  const [offers, orders, drivers] = await Promise.all([
    read(`/companies/me/offers?per_page=${MOST}`),
    read(`/companies/me/orders?group=open&per_page=${MOST}&ordering=placed_at`),
    read(`/companies/me/drivers?on_duty=true&per_page=${MOST_DRIVERS}`),
  ]);
  const offered = new Set(offers.body.results.map((offer) => offer.id));
  const rows = orders.body.results.filter((row) => !offered.has(row.id));
  const changed = rows.filter((row) => known.get(row.id)?.version !== row.version);
  for (const { body } of await Promise.all(changed.map((row) => read(`/orders/${row.id}`)))) known.set(body.id, body);
  for (const some of [known, chosen]) for (const id of some.keys()) if (!rows.some((row) => row.id === id)) some.delete(id);
  const wanted = new Set([...known.values()].map((order) => order.vendor.id).filter((id) => !vendors.has(id)));
  await Promise.all([...wanted].map(async (id) => vendors.set(id, (await read(`/vendors/${id}`)).body)));
  state.offers = offers.body.results;
  state.orders = rows.map((row) => known.get(row.id));
  state.drivers = drivers.body.results;
}

// Does something, tells what is refused, and reads again whatever came of it.
async function change(button, call) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    await call();
  } catch (problem) {
    toast(problem.message);
  }
  button.disabled = false;
  button.removeAttribute("aria-busy");
  refresh();
}

function answer(offer, isTaken, button) {
  return change(button, () =>
    isTaken ? act("POST", `/orders/${offer.id}/transitions`, { transition: "accept_by_company" }) : act("POST", `/companies/me/offers/${offer.id}/decline`),
  );
}

async function take(order, step, button) {
  const given = await askFor(order, step);
  if (!given) return;
  const takenAt = new Date().toISOString();
  await change(button, async () => {
    const proof = given.photo ? { proof: await sendPicture(order.id, given.photo, takenAt) } : {};
    await act("POST", `/orders/${order.id}/transitions`, { transition: step.name, ...given.body, ...proof });
  });
}

// --- drawing --------------------------------------------------------------------------------------------------------

function draw() {
  const used = new Set();
  // The element that was made for the same things, else a new one: what has the focus keeps it.
  const once = (key, madeOf, build) => {
    used.add(key);
    const signature = JSON.stringify(madeOf);
    if (shown.get(key)?.signature !== signature) shown.set(key, { signature, element: build() });
    return shown.get(key).element;
  };
  const none = (key, text) => once(key, 0, () => h("p.soft", {}, text));
  const offers = state.offers.map((offer) => once(`offer-${offer.id}`, [offer.version, offer.answer_by], () => offerCard(offer, answer, "accept_by_company")));
  arrange(at("offers"), offers.length ? offers : [none("no-offers", gettext("Nothing is offered now. New offers appear here by themselves."))]);
  const drivers = state.drivers.map(({ id, name, carried }) => ({ id, name, carried }));
  const orders = state.orders.map((order) => once(`order-${order.id}`, [order, order.milestones.driver_accepted || drivers], () => orderCard(order, drivers)));
  arrange(at("orders"), orders.length ? orders : [none("no-orders", gettext("Your company carries no order."))]);
  for (const key of shown.keys()) if (!used.has(key)) shown.delete(key);
  tick(refresh);
}

function orderCard(order, drivers) {
  const pickup = pickupOf(order, vendors.get(order.vendor.id));
  const due = order.deliver_at ?? order.estimated_at;
  const steps = order.allowed_transitions.filter((one) => !one.by_name && one.name !== "accept_by_driver");
  return h(
    "article.ticket.held",
    { "aria-label": `${order.number} ${order.vendor.name}` },
    h("header", {}, h("h3", {}, order.vendor.name), h("span.number", {}, `#${order.number}`)),
    h("p", {}, page.words.statuses[order.status.name] ?? order.status.name, due ? " · " : "", due ? h("span", { "data-due": due }) : ""),
    driverBlock(order, drivers),
    placeBlock(gettext("Pick-up"), pickup.place, { who: pickup.who, notes: pickup.notes }),
    placeBlock(gettext("Drop-off"), { address: order.address, location: order.location }, { who: recipientOf(order), notes: order.address_notes }),
    collectText(order),
    contents(order),
    steps.length
      ? h(
          "details",
          {},
          h("summary", {}, gettext("Something else")),
          h("div.choices", {}, steps.map((one) => h("button", { type: "button", onclick: (event) => take(order, one, event.currentTarget) }, changeWord(one.name)))),
        )
      : null,
  );
}

// Who drives it; until one has accepted, who is asked, and whom to ask.
function driverBlock(order, drivers) {
  const { driver } = order;
  if (order.milestones.driver_accepted) return h("p", {}, interpolate(gettext("Driver: %(name)s"), { name: driver?.name ?? "" }));
  const accept = order.allowed_transitions.find((one) => one.name === "accept_by_driver");
  const id = `driver-${order.id}`;
  const choice = h(
    "select",
    { id, required: true, onchange: () => chosen.set(order.id, Number(choice.value)) },
    h("option", { value: "" }, gettext("Choose a driver")),
    drivers.map((one) => h("option", { value: one.id, selected: one.id === chosen.get(order.id) }, interpolate(gettext("%(name)s, carries %(count)s"), { name: one.name, count: one.carried }))),
  );
  const form = h("form.fields", {}, h("label", { for: id }, gettext("Who drives it?")), choice, h("button.main", {}, gettext("Ask this driver")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    chosen.delete(order.id);
    change(event.submitter, () => act("PATCH", `/orders/${order.id}`, { driver: Number(choice.value) }));
  });
  return [
    driver ? h("p.waits", {}, interpolate(gettext("%(name)s was asked and has not answered yet."), { name: driver.name })) : null,
    driver && accept ? h("button.main", { type: "button", onclick: (event) => take(order, accept, event.currentTarget) }, changeWord("accept_by_driver")) : null,
    form,
  ];
}

refresh();
feed.begin(0, "");
setInterval(() => tick(refresh), 1000);
setInterval(() => document.visibilityState === "visible" && refresh(), EVERY);
watchBuild();
