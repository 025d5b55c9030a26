// What the pages of drivers and of their dispatchers show alike: offers, places, and what a change asks for.
import { openDialog } from "./dialogs.js";
import { h, setText } from "./dom.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { page } from "./page.js";
import { askPicture } from "./proofs.js";
import { countdown, minutesTo, named, untilText, when } from "./time.js";

const NEAR = 180; // minutes from which on is told how long it takes
const HANDED_OVER = "delivery_completed_by_driver";

export const changeWord = (name) => page.words.changes[name] ?? name;

// What the change needs, asked for: {body, photo}; undefined where a dialog was left.
export async function askFor(order, change) {
  const body = {};
  let photo = null;
  if (change.to.name === HANDED_OVER && isOwedInCash(order) && !(await confirmCash(order, change))) return undefined;
  if (change.requires.includes("reason")) {
    const why = await askReason(changeWord(change.name));
    if (!why) return undefined;
    Object.assign(body, why);
  }
  if (change.requires.includes("code") || (change.requires.includes("proof") && order.proof_kind === "code")) {
    const code = await askCode(changeWord(change.name));
    if (!code) return undefined;
    body[change.requires.includes("code") ? "code" : "proof"] = code;
  } else if (change.requires.includes("proof")) {
    photo = await askPicture(order.proof_kind);
    if (!photo) return undefined;
  }
  return { body, photo };
}

// Handing over takes the cash: the sum is agreed to before anything is sent.
function confirmCash(order, change) {
  const sum = money(order.owed);
  return openDialog(changeWord(change.name), (close) => [
    collectText(order),
    h("p", {}, gettext("Is it handed over, and is this sum taken?")),
    h(
      "div.choices",
      {},
      h("button.main", { type: "button", autofocus: true, onclick: () => close(true) }, interpolate(gettext("Yes, %(sum)s taken"), { sum })),
      h("button", { type: "button", onclick: () => close() }, gettext("No, go back")),
    ),
  ]);
}

function askReason(title) {
  const entries = Object.entries(page.words.reasons);
  return openDialog(title, (close) => {
    const text = h("textarea", { id: "reason-text", maxLength: 500 });
    const choose = (code) => {
      if (page.reasons_with_text.includes(code) && !text.value.trim()) {
        text.focus();
        return;
      }
      close({ reason_code: code, reason: text.value.trim() });
    };
    return [
      h("label", { for: "reason-text" }, gettext("In your words (needed for “another reason”)")),
      text,
      h("div.choices", {}, entries.map(([code, word]) => h("button", { type: "button", onclick: () => choose(code) }, word))),
    ];
  });
}

function askCode(title) {
  return openDialog(title, (close) => {
    const field = h("input", { id: "code", inputMode: "numeric", autocomplete: "one-time-code", maxLength: 20, required: true, autofocus: true });
    const form = h("form.fields", {}, h("label", { for: "code" }, gettext("The customer's code")), field, h("button.main", {}, title));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      close(field.value.trim());
    });
    return form;
  });
}

export function money({ amount, currency }) {
  return new Intl.NumberFormat(page.language, { style: "currency", currency }).format(Number(amount));
}

// An order on offer, with `answer(offer, isTaken, button)` behind its buttons; `accept` is the change that takes it, and
// `company` the name of the one that holds it for any of its drivers.
export function offerCard(offer, answer, accept, { company = "" } = {}) {
  const left = offer.answer_by ? h("span.left", { role: "timer", "data-until": offer.answer_by }) : null;
  return h(
    "article.ticket.offer",
    { "aria-label": `${gettext("Offers")}: ${offer.vendor.name}` },
    h("header", {}, h("h3", {}, offer.vendor.name), left),
    placeBlock(gettext("Pick-up"), offer.pickup),
    placeBlock(gettext("Drop-off"), offer.dropoff),
    company ? h("p.soft", {}, interpolate(gettext("%(company)s has it, and offers it to each of its drivers on duty: the first to take it drives."), { company })) : null,
    h("dl.facts", {}, offerFacts(offer).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    h(
      "div.two",
      {},
      h("button", { type: "button", "data-act": "decline", onclick: (event) => answer(offer, false, event.currentTarget) }, gettext("Decline")),
      h("button.main", { type: "button", "data-act": "take", onclick: (event) => answer(offer, true, event.currentTarget) }, changeWord(accept)),
    ),
  );
}

// What an offer brings and asks, each with its name: who pays what to whom, how far, and when.
function offerFacts({ payment_method, total, driver_tip, distance, deliver_at, time_zone }) {
  const isCash = payment_method === "cash";
  return [
    isCash ? [gettext("To collect from the customer, in cash"), money(total)] : [gettext("To collect from the customer"), gettext("nothing")],
    Number(driver_tip.amount) ? [gettext("Tip for the driver"), money(driver_tip)] : null,
    distance ? [gettext("From pick-up to drop-off"), `${(distance / 1000).toLocaleString(page.language, { maximumFractionDigits: 1 })} km`] : null,
    deliver_at ? [gettext("Wanted for"), named(when(new Date(deliver_at), new Date(), time_zone), new Date(deliver_at), time_zone)] : null,
  ].filter(Boolean);
}

// When an order is due at its customer's, or where nobody told that, when it is ready; null where neither is known.
export const dueOf = ({ deliver_at: asked, estimated_at: told }) => asked ?? told;

// The same by its vendor's clocks; `tick` fills it in, and says where it is when it is ready.
export function dueTime(order, zone) {
  const isReady = !order.deliver_at && order.estimated_for === "ready";
  return h("span", { "data-due": dueOf(order), "data-zone": zone ?? "", "data-ready": isReady });
}

// Where a map leads to: the device's own navigation where it has one, else a map on the web.
function navigationUrl({ address, location }) {
  const point = location ? `${location.lat},${location.lng}` : "";
  if (/Android/.test(navigator.userAgent)) return `geo:${point || "0,0"}?q=${encodeURIComponent(point || address)}`;
  if (/iPhone|iPad/.test(navigator.userAgent)) return `https://maps.apple.com/?daddr=${encodeURIComponent(point || address)}`;
  return point
    ? `https://www.openstreetmap.org/directions?to=${encodeURIComponent(point)}`
    : `https://www.openstreetmap.org/search?query=${encodeURIComponent(address)}`;
}

export function placeBlock(title, place, { isNow = false, who = null, notes = "" } = {}) {
  const phone = who?.phone ? h("a.button", { "data-act": `call-${title}`, href: `tel:${who.phone.replace(/[^+\d]/g, "")}` }, gettext("Call")) : null;
  const way = h(
    "a.button",
    { "data-act": `way-${title}`, href: navigationUrl(place), target: "_blank", rel: "noopener noreferrer", "aria-label": `${gettext("Navigate")}: ${place.address}` },
    gettext("Navigate"),
  );
  const hasWay = place.address || place.location;
  return h(
    isNow ? "div.place.now" : "div.place",
    {},
    h("b", {}, title),
    who?.name ? h("span", {}, who.name) : null,
    h("span", {}, place.address || gettext("No address")),
    notes ? h("span", {}, notes) : null,
    h("div.row", {}, hasWay ? way : null, phone),
  );
}

// Where an order is picked up, whose vendor was read.
export function pickupOf(order, vendor) {
  if (order.package) return { place: order.package.pickup, who: null, notes: order.package.pickup.address_notes };
  const address = [vendor?.address, `${vendor?.postal_code ?? ""} ${vendor?.city ?? ""}`.trim()].filter(Boolean).join(", ");
  return { place: { address, location: vendor?.location }, who: { name: order.vendor.name, phone: vendor?.phone ?? "" }, notes: "" };
}

// Who receives it: of a package whom its sender named.
export function recipientOf({ package: sent, contact }) {
  return sent ? { name: sent.recipient_name, phone: sent.recipient_phone } : contact;
}

const isOwedInCash = (order) => order.payment_method === "cash" && Number(order.owed.amount) > 0;

export function collectText(order) {
  if (!isOwedInCash(order)) return null;
  const parts = [interpolate(gettext("Collect %(sum)s in cash."), { sum: money(order.owed) })];
  if (order.cash && Number(order.cash.amount) > Number(order.owed.amount)) {
    const back = { amount: (Number(order.cash.amount) - Number(order.owed.amount)).toFixed(3), currency: order.cash.currency };
    parts.push(interpolate(gettext("The customer pays with %(cash)s: give back %(back)s."), { cash: money(order.cash), back: money(back) }));
  }
  return h("p.money", {}, parts.join(" "));
}

export function contents(order) {
  const lines = order.items.map((line) => h("li", {}, `${line.quantity} × ${line.name}`, line.ticket.length ? ` (${line.ticket.join(", ")})` : ""));
  if (!lines.length) return null;
  const count = order.items.reduce((sum, line) => sum + (line.unit === "st" ? line.quantity : 1), 0);
  const title = interpolate(ngettext("%(count)s item", "%(count)s items", count), { count });
  return h("details", { "data-act": "contents" }, h("summary", { "data-act": "open-contents" }, title), h("ul.contents", {}, lines));
}

// What moves with the clock; `refresh` reads anew once an offer is over.
export function tick(refresh) {
  const now = new Date();
  for (const element of document.querySelectorAll("[data-until]")) {
    const until = new Date(element.dataset.until);
    setText(element, countdown(until, now));
    if (until <= now && !element.dataset.over) {
      element.dataset.over = "1";
      setTimeout(refresh, 1500);
    }
  }
  for (const element of document.querySelectorAll("[data-due]")) {
    const due = new Date(element.dataset.due);
    const zone = element.dataset.zone || undefined;
    const near = Math.abs(minutesTo(due, now)) < NEAR;
    const text = named(when(due, now, zone), due, zone);
    const told = near ? `${text} · ${untilText(due, now)}` : text;
    setText(element, "ready" in element.dataset ? interpolate(gettext("ready %(time)s"), { time: told }) : told);
  }
}
