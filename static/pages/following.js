// The tracking page: by its code it reads, as the order's customer it acts too. Live by the order's socket, by asking
// where there is none.
import { act, onSignedOut, read } from "./api.js";
import { watchBuild } from "./build.js";
import { openDialog } from "./dialogs.js";
import { fill, h, keepPlace, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { drawMap, positionText } from "./following_map.js";
import { gettext, interpolate } from "./i18n.js";
import { page } from "./page.js";
import { released } from "./press.js";
import { clock, named, when } from "./time.js";
import { toast } from "./toasts.js";

const EVERY = 6000; // ms between two questions while there is no socket
const REDRAWN = 20_000; // ms, for ages and ranges that move on by themselves
const FAILED = new Set(["rejected", "rejected_by_business", "delivery_failed_by_driver", "canceled_by_customer", "not_picked_by_customer"]);
const DONE = new Set(["completed", "delivery_completed_by_driver", "pickup_completed_by_customer"]);
const PAID = new Set(["paid", "partly_refunded", "authorised"]);
const RECEIVED = ["paid", "partly_refunded", "refunded"];
const PIECE = "st"; // the unit of what is counted

const place = document.getElementById("orders");
const link = document.getElementById("link");
let drawn = "";
let seen = []; // what was read last: {tracked, detail}
let reading = null;
let again = false;

onSignedOut(() => location.reload());

// By the code; without a key, since nothing is changed by it.
async function track() {
  const token = document.cookie.split("; ").find((one) => one.startsWith(`${page.csrf_cookie}=`))?.split("=")[1] ?? "";
  const answer = await fetch("/api/v1/track", {
    method: "POST",
    credentials: "same-origin",
    cache: "no-store",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify({ code: page.code }),
  });
  if (answer.status === 404) location.reload();
  if (!answer.ok) throw new Error(String(answer.status));
  const body = await answer.json();
  return body.orders.length ? body.orders : [body];
}

// Reads all anew, and once more where something has changed while it was read.
async function refresh() {
  again = true;
  reading ??= readAll().finally(() => { reading = null; });
  await reading;
}

async function readAll() {
  while (again) {
    again = false;
    try {
      const tracked = await track();
      const ask = (path) => Promise.all(page.orders.map(({ id }) => (id ? read(`/orders/${id}${path}`).then(({ body }) => body) : null)));
      const [details, problems] = await Promise.all([ask(""), ask("/problems")]);
      seen = tracked.map((order, number) => ({ tracked: order, detail: details[number] ?? null, problems: problems[number]?.results ?? [], plan: page.orders[number] }));
      draw();
      if (feed.isLive) tellLink(true); // after a reading that failed
    } catch {
      tellLink(false); // it is asked again
    }
  }
}

async function draw() {
  await released();
  const wanted = JSON.stringify([seen, Math.floor(Date.now() / REDRAWN)]);
  if (wanted === drawn) return;
  drawn = wanted;
  keepPlace(place, () => fill(place, seen.map(drawOrder)));
}

function drawOrder({ tracked, detail, problems, plan }, number) {
  const status = tracked.status.name;
  const kind = FAILED.has(status) ? "failed" : DONE.has(status) ? "done" : "open";
  const heading = h("h1", {}, page.words.standings[status] ?? status);
  const reason = tracked.reason_code && page.words.reasons[tracked.reason_code];
  return h(
    `article.order.${kind}`,
    {},
    h("header", {}, h("p.soft", {}, interpolate(gettext("%(vendor)s · order %(number)s"), { vendor: tracked.vendor.name, number: tracked.called })), heading, reason && h("p", {}, reason)),
    drawEstimate(tracked, kind, plan.usual_minutes),
    kind !== "failed" && drawSteps(tracked, plan.steps),
    drawDriver(tracked, detail, kind === "open"),
    drawLines(tracked, detail, kind === "open"),
    drawVendor(tracked.vendor, number),
    detail && drawActs(detail, number),
    detail && drawProblems(detail, problems, number),
  );
}

// A time by the vendor's clocks, which it names where the customer's show another.
const vendorTime = (moment) => named(when(new Date(moment)), new Date(moment));

function drawEstimate(order, kind, usual) {
  if (kind !== "open") return null;
  const estimate = order.estimate;
  const isDelivery = order.delivery_type === "delivery";
  const promised = order.estimated_at ?? order.deliver_at;
  const isThere = isDelivery && order.estimated_for !== "ready"; // as a time that was asked for is
  const isOver = !isThere && order.milestones.prepared; // what was promised has come
  const isLate = promised && !isOver && new Date(promised) < Date.now();
  const parts = [];
  if (estimate?.to) {
    parts.push(h("p.soft", {}, isDelivery ? gettext("With you between") : gettext("Ready between")));
    parts.push(h("p.estimate", {}, named(`${when(new Date(estimate.from))} – ${clock(new Date(estimate.to))}`, new Date(estimate.to))));
  } else if (estimate) parts.push(h("p.notice", {}, gettext("It takes longer than usual: nobody can say exactly how long.")));
  else if (promised && !isOver) {
    parts.push(h("p.soft", {}, isThere ? gettext("Expected at your door at") : gettext("Expected to be ready at")));
    parts.push(h("p.estimate", {}, vendorTime(promised)));
  } else if (!order.milestones.accepted && usual) {
    parts.push(h("p", {}, interpolate(gettext("Usually ready about %(count)s min after the vendor accepts it."), { count: usual })));
  }
  if (isLate && estimate) parts.push(h("p.notice", {}, interpolate(gettext("Later than the vendor said: %(time)s."), { time: vendorTime(promised) })));
  return parts.length ? h("div.stack", {}, parts) : null;
}

function drawSteps(order, steps) {
  const times = { ...order.milestones, placed: order.placed_at };
  if (DONE.has(order.status.name)) times.closed ??= order.milestones.delivered ?? null;
  const last = steps.findLastIndex((step) => times[step]);
  return h(
    "ol.steps",
    { "aria-label": gettext("Steps of the order") },
    steps.map((step, number) => {
      const isReached = number <= last || DONE.has(order.status.name);
      const state = isReached ? gettext("done") : number === last + 1 ? gettext("next") : gettext("later");
      const at = times[step] && new Date(times[step]);
      return h(
        `li${isReached ? ".reached" : number === last + 1 ? ".next" : ""}`,
        { "aria-current": number === last + 1 && !isReached ? "step" : null },
        h("span", {}, page.words.steps[step], h("span.unseen", {}, ` (${state})`)),
        at && h("time", { dateTime: times[step] }, vendorTime(at)),
      );
    }),
  );
}

function drawDriver(order, detail, isOpen) {
  const position = order.driver_position ?? null;
  if (!(isOpen && order.driver) && !order.tracking_number) return null;
  const location = order.vendor.location;
  return h(
    "section.stack",
    {},
    isOpen && order.driver && h("h2", {}, interpolate(gettext("%(name)s drives"), { name: order.driver })),
    order.tracking_number && h("p", {}, `${order.carrier} ${order.tracking_number}`),
    position && location && drawMap(location, position, detail?.location, { vendorName: order.vendor.name, driverName: order.driver }),
    position && location && page.tiles.url && page.tiles.attribution && h("p.soft.tiles", {}, page.tiles.attribution),
    position && h("p.soft", {}, positionText(position)),
  );
}

const money = ({ amount, currency }) => new Intl.NumberFormat(page.language, { style: "currency", currency }).format(Number(amount));
const percent = (hundredths) => new Intl.NumberFormat(page.language, { style: "percent", maximumFractionDigits: 2 }).format(hundredths / 10_000);
const isSome = ({ amount }) => Number(amount) > 0;
const taken = (given) => money({ ...given, amount: `-${given.amount}` });

function drawLines(order, detail, isOpen) {
  if (!order.items.length) return null;
  return h(
    "section.stack",
    {},
    h("h2", {}, detail ? gettext("Receipt") : gettext("What was ordered")),
    h("ul.lines", {}, detail ? receiptRows(detail) : order.items.map((item) => h("li", {}, itemText(item)))),
    isOpen && detail?.collection_code && h("p", {}, interpolate(gettext("Code for the handover: %(code)s"), { code: detail.collection_code })),
  );
}

const itemText = ({ quantity, unit, name }) => (unit && unit !== PIECE ? `${quantity} ${unit} ${name}` : `${quantity} × ${name}`);

// What it costs, the tax in it or on it, and how it was paid: each amount as the order says it.
function receiptRows(order) {
  const row = (name, value, look = "li") => h(look, {}, h("span", {}, name), h("span", {}, value));
  const some = (name, given) => isSome(given) && row(name, money(given));
  const taxes = (text) => order.taxes.map(({ rate, amount }) => row(interpolate(text, { rate: percent(rate) }), money(amount)));
  return [
    order.items.map((item) => row(itemText(item), money(item.total))),
    isSome(order.discount) && row(gettext("Discount"), taken(order.discount)),
    some(gettext("Delivery"), order.delivery_fee),
    some(gettext("Service"), order.service_fee),
    isSome(order.tax_added) && taxes(gettext("Tax %(rate)s")),
    some(gettext("Tip"), order.driver_tip),
    row(gettext("Total"), money(order.total), "li.total"),
    isSome(order.tax_included) && taxes(gettext("including tax %(rate)s")),
    order.payments.map((payment) => paymentRows(payment, row)),
    isSome(order.waived) && row(gettext("Waived"), taken(order.waived)),
    isSome(order.owed) && row(gettext("Still to pay"), money(order.owed), "li.total"),
  ];
}

// What has become of a payment, and what of it came back; one that failed moved nothing.
function paymentRows({ method, status, amount, refunded, paid_at }, row) {
  const told = { method: page.words.methods[method] ?? method, time: paid_at ? vendorTime(paid_at) : "" };
  const texts = {
    unpaid: gettext("To be paid: %(method)s"),
    proof_pending: gettext("Being checked: %(method)s"),
    authorised: gettext("Reserved: %(method)s"),
    ...Object.fromEntries(RECEIVED.map((one) => [one, paid_at ? gettext("Paid: %(method)s, %(time)s") : gettext("Paid: %(method)s")])),
  };
  return texts[status] && isSome(amount) && [
    row(interpolate(texts[status], told), money(amount)),
    isSome(refunded) && row(interpolate(gettext("Refunded: %(method)s"), told), taken(refunded)),
  ];
}

function drawVendor(vendor, number) {
  const where = [vendor.address, vendor.city].filter(Boolean).join(", ");
  return h(
    "section.stack",
    {},
    h("h2", {}, vendor.name),
    where && h("p", {}, where),
    vendor.phone && h("p", {}, h("a", { id: `phone-${number}`, href: `tel:${vendor.phone}` }, vendor.phone)),
  );
}

// --- what its customer may do ------------------------------------------------------------------------------------

function drawActs(order, number) {
  const may = new Set(order.allowed_transitions.map(({ name }) => name));
  const isOpen = !FAILED.has(order.status.name) && !DONE.has(order.status.name);
  const changes = order.item_changes;
  const button = (id, text, run, kind = "") => h(`button${kind}`, { type: "button", id: `${id}-${number}`, onclick: run }, text);
  return [
    changes.map((change) => drawChange(order, change)),
    h(
      "div.acts",
      {},
      may.has("customer_arrive") && button("here", gettext("I am here"), () => arrive(order), ".main"),
      order.payments.find(({ checkout_url }) => checkout_url) && h("a.button.main", { id: `pay-${number}`, href: order.payments.find(({ checkout_url }) => checkout_url).checkout_url }, gettext("Pay")),
      isOpen && order.delivery_type === "delivery" && button("tip", gettext("Give a tip"), () => tip(order)),
      button("print", gettext("Print the receipt"), () => print()),
      may.has("cancel_by_customer") && button("cancel", gettext("Cancel the order"), () => cancel(order), ".bad"),
    ),
  ];
}

// Does one thing, tells what became of it, and reads all anew.
async function attempt(done, run) {
  try {
    await run();
    toast(done);
  } catch (problem) {
    toast(problem.message);
  }
  await refresh();
}

function drawChange(order, change) {
  const answer = (way, done) => attempt(done, () => act("POST", `/orders/${order.id}/changes/${change.number}/${way}`, {}));
  return h(
    "section.notice.stack",
    {},
    h("h2", {}, gettext("The vendor asks you about a change")),
    h("p", {}, interpolate(gettext("The total would be %(new)s instead of %(old)s."), { new: money(change.new_total), old: money(change.old_total) })),
    change.reason && h("p", {}, change.reason),
    h(
      "div.acts",
      {},
      h("button.main", { type: "button", id: `accept-${change.number}`, onclick: () => answer("accept", gettext("The vendor is told that you agree.")) }, gettext("Agree")),
      h("button", { type: "button", id: `refuse-${change.number}`, onclick: () => answer("refuse", gettext("The vendor is told that you do not agree.")) }, gettext("Do not agree")),
    ),
  );
}

async function cancel(order) {
  const { body: fresh } = await read(`/orders/${order.id}`);
  const cost = Number(fresh.cancel_cost.amount);
  const back = PAID.has(fresh.payment_status) ? Math.max(0, Number(fresh.total.amount) - Number(fresh.refunded.amount) - cost) : 0;
  const amount = (value) => money({ amount: value, currency: fresh.total.currency });
  const agreed = await openDialog(gettext("Cancel the order?"), (close) => [
    h("p", {}, cost > 0 ? interpolate(gettext("Cancelling now costs %(cost)s."), { cost: amount(cost) }) : gettext("Cancelling now costs nothing.")),
    PAID.has(fresh.payment_status) && h("p", {}, interpolate(gettext("%(amount)s comes back to you."), { amount: amount(back) })),
    h("div.acts", {}, h("button.bad", { type: "button", onclick: () => close(true) }, gettext("Cancel the order")), h("button", { type: "button", onclick: () => close() }, gettext("Keep it"))),
  ]);
  // What it costs must be what was shown: another version is looked at again.
  if (agreed) await attempt(gettext("The order is cancelled."), () => act("POST", `/orders/${order.id}/transitions`, { transition: "cancel_by_customer" }, { version: fresh.version }));
}

async function arrive(order) {
  const where = await openDialog(gettext("I am here"), (close) => {
    const field = h("input", { id: "where", maxLength: 60, autocomplete: "off" });
    return h(
      "form.fields",
      { onsubmit: (event) => { event.preventDefault(); close(field.value.trim()); } },
      h("label", { for: "where" }, gettext("Where do you wait? For example: bay 3")),
      field,
      h("button.main", {}, gettext("Tell the vendor")),
    );
  });
  if (where === undefined) return;
  await attempt(gettext("The vendor knows that you are here."), async () => {
    if (where) await act("POST", `/orders/${order.id}/position`, { place: where });
    await act("POST", `/orders/${order.id}/transitions`, { transition: "customer_arrive" });
  });
}

async function tip(order) {
  const { currency } = order.total;
  const given = await openDialog(gettext("Give a tip"), (close) => {
    const field = h("input", { id: "tip", inputMode: "decimal", pattern: "[0-9]{1,6}([.,][0-9]{1,2})?", required: true, value: order.driver_tip.amount });
    return h(
      "form.fields",
      { onsubmit: (event) => { event.preventDefault(); close(field.value.replace(",", ".")); } },
      h("label", { for: "tip" }, interpolate(gettext("The driver gets all of it, in %(currency)s"), { currency })),
      field,
      h("button.main", {}, gettext("Give it")),
    );
  });
  if (given) await attempt(gettext("The tip is noted."), () => act("PATCH", `/orders/${order.id}`, { driver_tip: { amount: given, currency } }));
}

function drawProblems(order, problems, number) {
  return h(
    "section.stack",
    {},
    h("h2", {}, gettext("Something is wrong")),
    problems.length > 0 && h("ul.problems", {}, problems.map(drawProblem)),
    h("div.acts", {}, h("button", { type: "button", id: `problem-${number}`, onclick: () => reportProblem(order) }, gettext("Report a problem"))),
  );
}

function drawProblem(problem) {
  const about = [page.words.problems[problem.reason] ?? problem.reason, ...problem.items.map(({ name }) => name)].join(" · ");
  const at = (moment) => ({ time: vendorTime(moment) });
  return h(
    "li.stack",
    {},
    h("p", {}, h("strong", {}, about)),
    problem.text && h("p.words", {}, problem.text),
    h("p.soft", {}, interpolate(gettext("Reported %(time)s. The vendor and our staff are told."), at(problem.created_at))),
    problem.settled_at && h("p", {}, interpolate(gettext("Settled %(time)s."), at(problem.settled_at)), problem.settled_note && ` ${problem.settled_note}`),
  );
}

// A line among others: of several of one name each with its place and what was chosen, as the report tells it.
function toldApart(item, place, items) {
  const isOnly = items.filter(({ name }) => name === item.name).length === 1;
  return isOnly ? itemText(item) : `${place}. ${itemText(item)}${item.ticket.length ? ` (${item.ticket.join(", ")})` : ""}`;
}

async function reportProblem(order) {
  const given = await openDialog(gettext("Report a problem"), (close) => {
    const reason = h("select", { id: "problem-reason", required: true }, h("option", { value: "" }, gettext("Choose …")), Object.entries(page.words.problems).map(([value, text]) => h("option", { value }, text)));
    const text = h("textarea", { id: "problem-text", maxLength: 2000, rows: 4 });
    const boxes = order.items.map((item, place) => [item.id, h("input", { type: "checkbox", id: `problem-item-${item.id}` }), toldApart(item, place + 1, order.items)]);
    reason.addEventListener("change", () => { text.required = reason.value === "other"; });
    const send = () => close({ reason: reason.value, text: text.value.trim(), items: boxes.filter(([, box]) => box.checked).map(([id]) => id) });
    return h(
      "form.fields",
      { onsubmit: (event) => { event.preventDefault(); send(); } },
      h("label", { for: reason.id }, gettext("What is wrong?")),
      reason,
      boxes.length > 0 && h("fieldset.which", {}, h("legend", {}, gettext("Which items? None means the whole order.")), boxes.map(([, box, name]) => h("label", {}, box, name))),
      h("label", { for: text.id }, gettext("In your own words")),
      text,
      h("button.main", {}, gettext("Send it")),
    );
  });
  if (given) await attempt(gettext("Your report is sent."), () => act("POST", `/orders/${order.id}/problems`, given));
}

// --- live ----------------------------------------------------------------------------------------------------------

let timer = null;

async function tellLink(isUp) {
  await released();
  link.hidden = isUp;
  setText(link, isUp ? "" : gettext("No live link: the page asks every few seconds."));
  if (isUp) {
    clearInterval(timer);
    timer = null;
  } else timer ??= setInterval(refresh, EVERY);
}

const feed = new Feed({
  socket: `/ws/orders/${encodeURIComponent(page.code)}`,
  callbacks: {
    entries: refresh,
    reset: async () => { await refresh(); feed.begin(0, ""); },
    hello: refresh,
    link: tellLink,
    ended: () => tellLink(false),
  },
});

// Forms are sent by calls: without a referrer the browser names no origin for a form.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post" || form.closest("dialog")) return;
  event.preventDefault();
  const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form, event.submitter)), redirect: "manual" });
  if (answer.status >= 400) toast(form.id === "guest" ? gettext("This is not the token of this order.") : gettext("This did not work."));
  else location.reload();
});

watchBuild();
setInterval(draw, REDRAWN);
refresh().then(() => feed.begin(0, ""));
