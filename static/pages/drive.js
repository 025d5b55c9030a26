// The driver page: offers, the orders that the driver holds with the next step of each, and what waits to be sent.
import { act, onSignedOut, read } from "./api.js";
import { Bell } from "./board_bell.js";
import { checkBuild, watchBuild } from "./build.js";
import { askFor, changeWord, collectText, contents, dueOf, dueTime, money, offerCard, pickupOf, placeBlock, recipientOf, tick } from "./deliveries.js";
import { arrange, fill, h, keepPlace, setText } from "./dom.js";
import { Reporter } from "./drive_position.js";
import { Queue } from "./drive_queue.js";
import { Feed } from "./feed.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { page } from "./page.js";
import { released } from "./press.js";
import { toast } from "./toasts.js";
import { oneAtATime } from "./turns.js";

const EVERY = 60_000; // ms between two readings while the feed tells of changes
const DEAF = 8000; // ms while it does not
const MOST = 50; // orders and offers that are shown
// The way of an order through a driver's hands: of what the server allows the first of these is the next step.
const STEPS = ["accept_by_driver", "driver_arrive", "pick_up", "deliver", "depart", "retry_delivery"];
const LAST = "deliver"; // after it nothing is awaited of anybody

const title = document.title;
const DONE = new Set(["delivery_completed_by_driver", "completed"]);
const at = (id) => document.getElementById(id);
const state = { driver: null, orders: new Map(), offers: [], cash: null, isFed: false, isReachable: true, isSignedOut: false };
const vendors = new Map(); // by id: where an order is picked up
const gone = new Map(); // orders that others have taken off the driver, with what is told of them, until it has read so
const shown = new Map(); // cards by what they show
const used = new Set(); // the keys of those that this drawing shows

const refresh = oneAtATime(readAndDraw);
const queue = new Queue({ driver: page.driver.id, changed: draw, sent: whenSent, lost: () => { state.isReachable = false; } });
const reporter = new Reporter(draw);
const bell = new Bell(() => {});
const feed = new Feed({
  socket: "/ws/drivers/me",
  callbacks: {
    entries: () => refresh(),
    hello: () => refresh(),
    reset: () => { feed.begin(0, ""); refresh(); },
    link: (isUp) => { state.isFed = isUp; if (isUp) { queue.hurry(); checkBuild(); } },
    ended: () => { state.isFed = false; },
  },
});

onSignedOut(() => { state.isSignedOut = true; draw(); });

// --- reading --------------------------------------------------------------------------------------------------------

async function readAndDraw() {
  try {
    await readAll();
    state.isSignedOut = false;
    state.isRead = true;
    state.isReachable = navigator.onLine; // an answer may come from before the link was lost
  } catch (problem) {
    if (problem.status && problem.status !== 401) toast(problem.message);
    state.isReachable = problem.status !== 0;
  }
  draw();
}

async function readAll() {
  const [driver, held, offers, cash] = await Promise.all([
    read("/drivers/me"),
    read(`/drivers/me/orders?group=open&per_page=${MOST}&ordering=placed_at`),
    read(`/drivers/me/offers?per_page=${MOST}`),
    read("/drivers/me/balance"),
  ]);
  const news = offers.body.results.filter((one) => !state.offers.some((old) => old.id === one.id));
  if (state.isRead && news.length) {
    navigator.vibrate?.([300, 150, 300]);
    if (bell.isOn) bell.play("new");
  }
  state.driver = driver.body;
  state.offers = offers.body.results;
  state.cash = cash.body;
  const rows = held.body.results;
  const offered = new Set(state.offers.map((offer) => offer.id));
  const changed = rows.filter((row) => state.orders.get(row.id)?.version !== row.version);
  const details = await Promise.all(changed.map((row) => read(`/orders/${row.id}?expand=ahead`)));
  const known = new Map(details.map(({ body }) => [body.id, body]));
  const left = [...state.orders.values()].filter((one) => one.milestones.driver_accepted && !rows.some((row) => row.id === one.id));
  const isMoving = (order) => queue.of(order.id).some((one) => !one.refused);
  for (const order of left.filter((one) => !isMoving(one))) {
    const why = await whyGone(order);
    if (!DONE.has(why)) gone.set(order.id, { order, why });
  }
  const stand = rows.map((row) => known.get(row.id) ?? state.orders.get(row.id));
  const mine = stand.filter((one) => one && (one.milestones.driver_accepted || !offered.has(one.id)));
  state.orders = new Map([...mine, ...left.filter(isMoving)].map((one) => [one.id, one]));
  const wanted = new Set([...state.orders.values()].map((order) => order.vendor.id).filter((id) => !vendors.has(id)));
  await Promise.all([...wanted].map(async (id) => vendors.set(id, (await read(`/vendors/${id}`)).body)));
}

// How an order that the driver held stands now; "" where it may no longer see it: it is another's.
async function whyGone(order) {
  try {
    const { body } = await read(`/orders/${order.id}`);
    return body.status.name;
  } catch (problem) {
    if (problem.status !== 404) throw problem;
    return "";
  }
}

// --- acting ---------------------------------------------------------------------------------------------------------

function whenSent(one, answer) {
  if (answer) keepAnswer(answer);
  else toast(interpolate(gettext("“%(step)s” was refused."), { step: changeWord(one.body.transition) }));
  refresh();
}

// The order as the server told it after a change, until all is read again. What was handed over is held no more.
function keepAnswer(order) {
  const known = state.orders.get(order.id);
  if (known) state.orders.set(order.id, { ...known, ...order });
  if (known && (order.milestones.delivered || order.milestones.closed)) state.orders.delete(order.id);
}

// Asks for whatever the change needs, then puts it on the queue.
async function take(order, change) {
  const given = await askFor(order, change);
  if (given) await queue.add(order, { transition: change.name, ...given.body }, given.photo);
}

async function answer(offer, isTaken, button) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    if (isTaken) await act("POST", `/orders/${offer.id}/transitions`, { transition: "accept_by_driver" });
    else await act("POST", `/drivers/me/offers/${offer.id}/decline`);
    state.offers = state.offers.filter((one) => one.id !== offer.id);
  } catch (problem) {
    toast(problem.message);
  }
  button.disabled = false;
  button.removeAttribute("aria-busy");
  refresh();
}

async function setDuty(onDuty) {
  try {
    state.driver = await act("PATCH", "/drivers/me", { on_duty: onDuty });
  } catch (problem) {
    toast(problem.message);
  }
  refresh();
}

// --- drawing --------------------------------------------------------------------------------------------------------

// The element that was made for the same things, else a new one: what has the focus keeps it.
function once(key, made_of, build) {
  used.add(key);
  const signature = JSON.stringify(made_of);
  const old = shown.get(key);
  if (old?.signature === signature) return old.element;
  const element = build();
  element.dataset.key = key;
  shown.set(key, { signature, element });
  return element;
}

async function draw() {
  await released();
  keepPlace(document.getElementById("main"), drawAll);
}

function drawAll() {
  used.clear();
  drawNotices();
  drawDuty();
  const refused = queue.refused.filter((one) => !state.orders.has(one.order)); // those of orders at hand stand there
  at("unsent").hidden = !refused.length;
  arrange(at("unsent"), refused.map((one) => once(`refused-${one.key}`, one.refused, () => refusedCard(one))));
  if (!state.isRead) return;
  document.title = state.offers.length ? `(${state.offers.length}) ${title}` : title;
  const offers = state.offers.map((offer) => once(`offer-${offer.id}`, [offer.version, offer.answer_by], () => offerCard(offer, answer, "accept_by_driver", { company: offer.is_named ? "" : state.driver.company?.name })));
  arrange(at("offers"), offers.length ? offers : [once("no-offers", state.driver.on_duty, noOffers)]);
  const orders = [...state.orders.values()].map((order) =>
    once(`order-${order.id}`, [order, queue.of(order.id).map((one) => [one.key, one.refused])], () => orderCard(order)),
  );
  arrange(at("orders"), orders.length ? orders : [once("no-orders", 0, () => h("p.soft", {}, gettext("You hold no order.")))]);
  for (const key of shown.keys()) if (!used.has(key)) shown.delete(key);
  putFirst(orders.length ? "orders" : "offers");
  const held = state.cash.balances;
  const sums = held.filter((one) => Number(one.cash.amount)).map((one) => money({ ...one.cash, amount: -one.cash.amount }));
  setText(at("cash"), sums.join(", ") || gettext("None"));
  const carries = [...state.orders.values()].some((order) => order.milestones.driver_accepted);
  reporter.follow(carries ? "closely" : state.driver.on_duty ? "rarely" : "");
  tick(refresh);
}

// Whoever holds an order reads its next step first, whoever holds none what is on offer.
function putFirst(name) {
  const [first, second] = ["offers", "orders"].map((id) => at(id).closest("section")).sort((one) => (one === at(name).closest("section") ? -1 : 1));
  if (second.compareDocumentPosition(first) & Node.DOCUMENT_POSITION_FOLLOWING) second.before(first);
}

function drawNotices() {
  const notices = [];
  const add = (key, text, ...more) => notices.push(once(key, text, () => h("p.notice", {}, text, " ", ...more)));
  const waiting = queue.acts.length - queue.refused.length;
  if (state.isSignedOut) {
    const back = h("a", { href: `/sign-in?next=${encodeURIComponent("/drive")}` }, gettext("Sign in"));
    add("signed-out", gettext("You are signed out. What you did is kept until you sign in again."), back);
  } else if (!state.isReachable) {
    const text = waiting
      ? interpolate(
          ngettext(
            "No connection. %(count)s step is kept and sent once it is back.",
            "No connection. %(count)s steps are kept and sent once it is back.",
            waiting,
          ),
          { count: waiting },
        )
      : gettext("No connection. Go on: what you do is kept and sent once it is back.");
    add("no-link", text);
  }
  for (const [id, { order, why }] of gone) {
    const told = { number: order.called, vendor: order.vendor.name, status: page.words.statuses[why] ?? why };
    const text = why
      ? interpolate(gettext("Order %(number)s of %(vendor)s is no longer yours: %(status)s."), told)
      : interpolate(gettext("Order %(number)s of %(vendor)s is no longer yours: somebody else has it now."), told);
    add(`gone-${id}`, text, h("button", { type: "button", "data-act": "seen", onclick: () => { gone.delete(id); draw(); } }, gettext("Got it")));
  }
  if (!queue.keeps) add("keeps", gettext("This browser keeps nothing: do not close or reload the page while a step waits to be sent."));
  if (reporter.state === "refused") add("no-position", gettext("Your position is not sent. Allow this page to use your location."));
  else if (reporter.state === "on") {
    const text = gettext("Your position is sent while this page is open in front of you; in the background no browser sends it.");
    notices.push(once("position", text, () => h("p.soft", {}, text)));
  }
  if (state.orders.size && state.offers.length) {
    const count = state.offers.length;
    const text = interpolate(ngettext("%(count)s offer waits.", "%(count)s offers wait.", count), { count });
    add("offers", text, h("a", { href: "#offers-title" }, gettext("Show")));
  }
  arrange(at("notices"), notices);
}

function drawDuty() {
  if (!state.driver) return;
  const onDuty = state.driver.on_duty;
  const button = () =>
    h("button", { type: "button", "data-act": "duty", "aria-pressed": String(onDuty), onclick: () => setDuty(!onDuty) }, onDuty ? gettext("On duty") : gettext("Off duty"));
  arrange(at("duty"), [once("duty", onDuty, button)]);
}

function noOffers() {
  const text = state.driver.on_duty
    ? gettext("Nothing is offered now. New offers appear here by themselves.")
    : gettext("You are off duty: nothing is offered to you.");
  return h("p.soft", {}, text);
}

// A refused step of an order that is not at hand any more.
function refusedCard(one) {
  const text = interpolate(gettext("“%(step)s” of order %(order)s was refused."), { step: changeWord(one.body.transition), order: one.called ?? `#${one.order}` });
  return h("article.ticket", {}, h("h3", {}, text), h("p", {}, one.refused), refusedActs(one));
}

function refusedActs(one) {
  return h(
    "div.row",
    {},
    h("button", { type: "button", "data-act": `again-${one.key}`, onclick: () => queue.tryAgain(one) }, gettext("Try again")),
    h("button.quiet", { type: "button", "data-act": `leave-${one.key}`, onclick: () => queue.leave(one) }, gettext("Leave it")),
  );
}

// What may be done next, as the server said: now, or after what waits to be sent.
function nextStep(order) {
  const waiting = queue.of(order.id);
  if (waiting.some((one) => one.refused)) return null;
  const names = waiting.map((one) => one.body.transition).join();
  const stand = waiting.length ? order.ahead?.find(({ after }) => after.join() === names) : order;
  const allowed = (stand?.allowed_transitions ?? []).filter((one) => !one.by_name);
  return STEPS.map((name) => allowed.find((one) => one.name === name)).find(Boolean) ?? null;
}

// What became of the steps that were not taken yet, or how the order stands.
function standing(order, waiting, due) {
  const words = (acts) => acts.map((one) => changeWord(one.body.transition)).join(", ");
  const [refused, unsent] = [waiting.filter((one) => one.refused), waiting.filter((one) => !one.refused)];
  if (refused.length) {
    return [
      refused.map((one) =>
        h(
          "div.notice.bad.stack",
          { role: "group" },
          h("p", {}, h("strong", {}, interpolate(gettext("“%(step)s” was refused."), { step: changeWord(one.body.transition) })), " ", one.refused),
          refusedActs(one),
        ),
      ),
      unsent.length ? h("p.waits", {}, interpolate(gettext("%(steps)s: not sent before that is settled"), { steps: words(unsent) })) : null,
    ];
  }
  if (unsent.length) return h("p.waits", {}, words(unsent), " — ", gettext("waits to be sent"));
  return h("p", {}, page.words.statuses[order.status.name] ?? order.status.name, due ? " · " : "", due ? dueTime(order, vendors.get(order.vendor.id)?.time_zone) : "");
}

// Why there is no next step: nothing, where there is one, or the last was taken.
function whyNone(next, waiting) {
  if (next || waiting.some((one) => one.refused) || waiting.at(-1)?.body.transition === LAST) return null;
  return h("p.soft", {}, waiting.length ? gettext("What comes next depends on the vendor: it shows once that is sent.") : gettext("Nothing to do now: the vendor is preparing it."));
}

function orderCard(order) {
  const waiting = queue.of(order.id);
  const isTaken = !waiting.some((one) => one.refused) && waiting.some((one) => one.body.transition === "pick_up");
  const isPickedUp = Boolean(order.milestones.picked_up) || isTaken;
  const next = nextStep(order);
  const pickup = pickupOf(order, vendors.get(order.vendor.id));
  // Where it goes next, and what to know there, stands before the button, the other place behind it.
  const atPickup = [placeBlock(gettext("Pick-up"), pickup.place, { isNow: !isPickedUp, who: pickup.who, notes: pickup.notes }), contents(order)];
  const atDropOff = [
    placeBlock(gettext("Drop-off"), { address: order.address, location: order.location }, { isNow: isPickedUp, who: recipientOf(order), notes: order.address_notes }),
    order.comment ? h("p", {}, `“${order.comment}”`) : null,
    collectText(order),
  ];
  const others = waiting.length ? [] : order.allowed_transitions.filter((one) => one.name !== next?.name);
  const due = dueOf(order);
  return h(
    "article.ticket.held",
    { "aria-label": `${order.called} ${order.vendor.name}` },
    h("header", {}, h("h3", {}, order.vendor.name), h("span.number", {}, order.called)),
    standing(order, waiting, due),
    isPickedUp ? atDropOff : atPickup,
    next ? h("button.main", { type: "button", "data-act": next.name, onclick: () => take(order, next) }, changeWord(next.name)) : null,
    whyNone(next, waiting),
    isPickedUp ? atPickup : atDropOff,
    others.length
      ? h(
          "details",
          { "data-act": "others" },
          h("summary", { "data-act": "open-others" }, gettext("Something else")),
          h("div.choices", {}, others.map((one) => h("button", { type: "button", "data-act": one.name, onclick: () => take(order, one) }, changeWord(one.name)))),
        )
      : null,
  );
}

fill(at("duty"));
queue.load();
refresh();
feed.begin(0, "");
setInterval(() => tick(refresh), 1000);
setInterval(() => document.visibilityState === "visible" && refresh(), EVERY);
setInterval(() => !state.isFed && refresh(), DEAF);
addEventListener("offline", () => { state.isReachable = false; draw(); });
addEventListener("online", refresh);
addEventListener("click", () => bell.start({ isHeard: false }), { once: true });
watchBuild();
