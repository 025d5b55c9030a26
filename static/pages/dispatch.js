// The page of who dispatches for companies: what is on offer to them, and who of their drivers carries what they have taken.
import { act, read } from "./api.js";
import { checkBuild, watchBuild } from "./build.js";
import { askFor, changeWord, collectText, contents, dueOf, dueTime, offerCard, pickupOf, placeBlock, recipientOf, tick } from "./deliveries.js";
import { arrange, h, keepPlace, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { gettext, interpolate } from "./i18n.js";
import { page } from "./page.js";
import { released } from "./press.js";
import { sendPicture } from "./proofs.js";
import { toast } from "./toasts.js";
import { oneAtATime } from "./turns.js";

const EVERY = 15_000; // ms between two readings: of what is on offer to everybody the feed does not tell
const PER_PAGE = 50;

const at = (id) => document.getElementById(id);
const state = { offers: [], orders: [], drivers: [] };
const vendors = new Map(); // by id: where an order is picked up
const known = new Map(); // orders by id, as they were read
const shown = new Map(); // cards by what they show
const choices = new Map(); // by order: the form in which its driver is chosen, which outlives its card

const refresh = oneAtATime(readAndDraw);

// Each company has a feed of its own.
const feeds = page.companies.map(({ id }) => {
  const feed = new Feed({
    socket: `/ws/companies/me?company=${id}`,
    callbacks: {
      entries: () => refresh(),
      hello: () => refresh(),
      reset: () => { feed.begin(0, ""); refresh(); },
      link: (isUp) => { if (isUp) checkBuild(); },
      ended: () => {},
    },
  });
  return feed;
});

async function readAndDraw() {
  try {
    await readAll();
    draw();
  } catch (problem) {
    toast(problem.message, { about: "reading" });
  }
}

// All pages of a list, each once its predecessor has come.
async function readPages(path) {
  const rows = [];
  for (let number = 1; ; number += 1) {
    const { body } = await read(`${path}&per_page=${PER_PAGE}&page=${number}`);
    rows.push(...body.results);
    if (!body.next) return rows;
  }
}

async function readAll() {
  const [offers, all, drivers] = await Promise.all([
    readPages("/companies/me/offers?ordering=placed_at"),
    readPages("/companies/me/orders?group=open&ordering=placed_at"),
    readPages("/companies/me/drivers?on_duty=true"),
  ]);
  const offered = new Set(offers.map((offer) => offer.id));
  const rows = all.filter((row) => !offered.has(row.id));
  const changed = rows.filter((row) => known.get(row.id)?.version !== row.version);
  for (let first = 0; first < changed.length; first += PER_PAGE) {
    const some = changed.slice(first, first + PER_PAGE);
    for (const { body } of await Promise.all(some.map((row) => read(`/orders/${row.id}`)))) known.set(body.id, body);
  }
  const here = new Set(rows.map((row) => row.id));
  for (const some of [known, choices]) for (const id of some.keys()) if (!here.has(id)) some.delete(id);
  const wanted = new Set([...known.values()].map((order) => order.vendor.id).filter((id) => !vendors.has(id)));
  await Promise.all([...wanted].map(async (id) => vendors.set(id, (await read(`/vendors/${id}`)).body)));
  state.offers = offers;
  state.orders = rows.map((row) => known.get(row.id));
  state.drivers = drivers;
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

async function draw() {
  await released();
  keepPlace(document.getElementById("main"), drawAll);
}

function drawAll() {
  const used = new Set();
  // The element that was made for the same things, else a new one: what has the focus keeps it.
  const once = (key, madeOf, build) => {
    used.add(key);
    const signature = JSON.stringify(madeOf);
    if (shown.get(key)?.signature !== signature) shown.set(key, { signature, element: build() });
    shown.get(key).element.dataset.key = key;
    return shown.get(key).element;
  };
  const none = (key, text) => once(key, 0, () => h("p.soft", {}, text));
  const offers = state.offers.map((offer) => once(`offer-${offer.id}`, [offer.version, offer.answer_by], () => offerCard(offer, answer, "accept_by_company")));
  arrange(at("offers"), offers.length ? offers : [none("no-offers", gettext("Nothing is offered now. New offers appear here by themselves."))]);
  const card = (order) => once(`order-${order.id}`, order, () => orderCard(order));
  const waiting = state.orders.filter(needsDriver).sort((one, other) => Number(Boolean(one.driver)) - Number(Boolean(other.driver)) || urgency(one) - urgency(other));
  const driven = state.orders.filter((order) => !needsDriver(order)).sort((one, other) => urgency(one) - urgency(other));
  setText(at("needed-title"), interpolate(gettext("A driver is needed (%(count)s)"), { count: waiting.length }));
  setText(at("orders-title"), interpolate(gettext("Under way (%(count)s)"), { count: driven.length }));
  arrange(at("needed"), waiting.length ? waiting.map(card) : [none("none-needed", gettext("Every order that you have taken has a driver."))]);
  arrange(at("orders"), driven.length ? driven.map(card) : [none("no-orders", gettext("No driver of yours carries an order."))]);
  for (const [id, choice] of choices) choice.update(known.get(id));
  for (const key of shown.keys()) if (!used.has(key)) shown.delete(key);
  tick(refresh);
}

const needsDriver = (order) => !order.milestones.driver_accepted;

// When it is due: the sooner, the further up.
const urgency = (order) => Date.parse(dueOf(order) ?? order.placed_at);

function orderCard(order) {
  const pickup = pickupOf(order, vendors.get(order.vendor.id));
  const due = dueOf(order);
  const steps = order.allowed_transitions.filter((one) => !one.by_name && one.name !== "accept_by_driver");
  return h(
    "article.ticket.held",
    { "aria-label": `${order.called} ${order.vendor.name}` },
    h("header", {}, h("h3", {}, order.vendor.name), h("span.number", {}, order.called)),
    h("p", {}, page.words.statuses[order.status.name] ?? order.status.name, due ? " · " : "", due ? dueTime(order, vendors.get(order.vendor.id)?.time_zone) : ""),
    driverBlock(order),
    placeBlock(gettext("Pick-up"), pickup.place, { who: pickup.who, notes: pickup.notes }),
    placeBlock(gettext("Drop-off"), { address: order.address, location: order.location }, { who: recipientOf(order), notes: order.address_notes }),
    collectText(order),
    contents(order),
    steps.length
      ? h(
          "details",
          { "data-act": "others" },
          h("summary", { "data-act": "open-others" }, gettext("Something else")),
          h("div.choices", {}, steps.map((one) => h("button", { type: "button", "data-act": one.name, onclick: (event) => take(order, one, event.currentTarget) }, changeWord(one.name)))),
        )
      : null,
  );
}

// Who drives it; until one has accepted, who is asked, and whom to ask.
function driverBlock(order) {
  const { driver } = order;
  if (!needsDriver(order)) return h("p", {}, interpolate(gettext("Driver: %(name)s"), { name: driver?.name ?? "" }));
  if (!choices.has(order.id)) choices.set(order.id, new DriverChoice(order.id));
  const accept = order.allowed_transitions.find((one) => one.name === "accept_by_driver");
  return [
    choices.get(order.id).asked,
    driver && accept ? h("button.main", { type: "button", "data-act": "accept", onclick: (event) => take(order, accept, event.currentTarget) }, changeWord("accept_by_driver")) : null,
    choices.get(order.id).form,
  ];
}

// The form in which an order's driver is chosen. It stays while the page is read again: what is chosen, and what has the
// focus, is lost by nothing but the driver's going off duty, which is said.
class DriverChoice {
  constructor(id) {
    const name = `driver-${id}`;
    this.asked = h("p.waits");
    this.select = h("select", { id: name, required: true, onchange: () => this.tell("") }, h("option", { value: "" }, gettext("Choose a driver")));
    this.left = h("p.notice", { role: "status", hidden: true });
    this.form = h("form.fields", {}, h("label", { for: name }, gettext("Who drives it?")), this.select, this.left, h("button.main", {}, gettext("Ask this driver")));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      change(event.submitter, async () => {
        await act("PATCH", `/orders/${id}`, { driver: Number(this.select.value) });
        this.select.value = "";
      });
    });
  }

  tell(text) {
    setText(this.left, text);
    this.left.hidden = !text;
  }

  update({ driver }) {
    const onDuty = new Map(state.drivers.map((one) => [String(one.id), one]));
    const standing = [...this.select.options].slice(1);
    const chosen = this.select.selectedOptions[0];
    if (chosen?.value && !onDuty.has(chosen.value)) {
      this.select.value = "";
      this.tell(interpolate(gettext("%(name)s went off duty: choose another driver."), { name: chosen.dataset.name }));
    }
    for (const option of standing) if (!onDuty.has(option.value)) option.remove();
    const options = new Map(standing.map((option) => [option.value, option]));
    for (const [value, { name, carried }] of onDuty) {
      if (!options.has(value)) this.select.append(h("option", { value, "data-name": name }));
      setText(options.get(value) ?? this.select.lastElementChild, interpolate(gettext("%(name)s, carries %(count)s"), { name, count: carried }));
    }
    setText(this.asked, driver ? askedText(driver, onDuty) : gettext("Each of your drivers on duty is offered it, and the first to take it drives; or ask one:"));
    this.asked.className = driver ? "waits" : "soft";
  }
}

function askedText(driver, onDuty) {
  return onDuty.has(String(driver.id))
    ? interpolate(gettext("%(name)s was asked and has not answered yet."), { name: driver.name })
    : interpolate(gettext("%(name)s was asked, has not answered, and is off duty now."), { name: driver.name });
}

refresh();
for (const feed of feeds) feed.begin(0, "");
setInterval(() => tick(refresh), 1000);
setInterval(() => document.visibilityState === "visible" && refresh(), EVERY);
watchBuild();
