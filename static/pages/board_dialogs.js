// What is opened from the board: everything that an order allows, the day's counts, pause, rush, and what is sold out.
import { read } from "./api.js";
import { isCounted, money, optionText, quantityText, word } from "./board_card.js";
import { openDialog } from "./dialogs.js";
import { append, fill, h } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { page } from "./page.js";
import { pictureKind } from "./proofs.js";
import { clock, when } from "./time.js";

const MINUTE = 60_000; // ms
const PAUSES = [15, 30, 60, 120]; // minutes
const RUSHES = [10, 20, 30]; // minutes more
const RUSH_FOR = 60; // minutes
const SOLD_OUT_FOR = 4 * 60; // minutes
const MOST_FOUND = 30;

// By the server's clock: a tablet's own may be hours wrong.
const after = (board, minutes) => new Date(board.now().getTime() + minutes * MINUTE);

const button = (text, press, look = "") => h(look ? `button.${look}` : "button", { type: "button", onclick: press }, text);

// Everything that the order allows now, with what it asks for. Resolves to {step, fields}, {act} or undefined.
export function openOrder(ticket, board) {
  const title = interpolate(gettext("Order %(number)s"), { number: ticket.called });
  return openDialog(title, (close) => {
    const steps = ticket.allowed_transitions.filter(({ name }) => name !== ticket.recall?.transition);
    const rank = ({ name, requires, by_name }) => (name === ticket.next ? 0 : by_name ? 3 : requires.length ? 2 : 1);
    steps.sort((one, other) => rank(one) - rank(other));
    const rows = steps.map((step) => stepRow(step, board, close, ticket));
    return [
      details(ticket, board.now()),
      h("div.stack", {}, ticket.may_start_preparing && button(word("changes", "start_preparing"), () => close({ act: "start" })), rows),
      button(gettext("Print its ticket"), () => close({ act: "print" })),
      papers(ticket),
      ticket.recall && button(gettext("Bring it back"), () => close({ act: "recall" })),
      ticket.prepared_in && ticket.column === "preparing" && delays(close),
      ticket.lines.some(({ product }) => product) && soldOutRows(ticket, board, close),
    ];
  });
}

function details(ticket, now) {
  const rows = [
    [gettext("Customer"), [ticket.customer.name, ticket.customer.phone].filter(Boolean).join(" · ")],
    [gettext("Driver"), ticket.driver && [ticket.driver.name, ticket.driver.phone].filter(Boolean).join(" · ")],
    [gettext("Address"), [ticket.address, ticket.address_notes].filter(Boolean).join(" · ")],
    [gettext("Agreed for"), ticket.deliver_at && when(new Date(ticket.deliver_at), now)],
    [gettext("Placed"), when(new Date(ticket.placed_at), now)],
    [gettext("Total"), money(ticket.total)],
    [gettext("Collection code"), ticket.collection_code],
  ].filter(([, text]) => text);
  return h("dl.details", {}, rows.map(([name, text]) => h("div", {}, h("dt", {}, name), h("dd", {}, text))));
}

// What may be printed of the order, each in a page of its own.
function papers(ticket) {
  const link = (name, text) => h("a.button", { href: `/orders/${ticket.id}/${name}`, target: "_blank", rel: "noopener" }, text);
  return h(
    "div.row",
    { role: "group", "aria-label": gettext("Papers of the order") },
    link("ticket.pdf", gettext("Ticket as PDF")),
    (ticket.address || ticket.package) && link("delivery-note.pdf", gettext("Delivery note")),
    page.reads_invoices && link("receipt.pdf", gettext("Receipt as PDF")),
    page.reads_invoices && ticket.status.name === "completed" && link("invoice", gettext("Invoice")),
  );
}

// A change that asks for nothing is a button; one that asks opens its fields below itself.
function stepRow(step, board, close, ticket) {
  const text = word("changes", step.name);
  const asked = step.requires.filter((one) => one !== "proof" || !pictureKind(ticket, step));
  if (!asked.length) return button(text, () => close({ step, fields: {} }), step.name === ticket.next ? "main" : "");
  const fields = h("form.fields.asked", { hidden: true });
  const opener = button(`${text} …`, () => {
    fields.hidden = !fields.hidden;
    opener.setAttribute("aria-expanded", !fields.hidden);
    if (!fields.hidden) fields.querySelector("select, input, textarea").focus();
  });
  opener.setAttribute("aria-expanded", "false");
  const id = `ask-${step.name}`;
  if (step.requires.includes("reason")) {
    const reasons = board.reasons.map(({ code }) => h("option", { value: code }, word("reasons", code)));
    append(fields, [
      h("label", { for: `${id}-why` }, gettext("Why?")),
      h("select", { id: `${id}-why`, name: "reason_code", required: true }, h("option", { value: "" }, gettext("Choose a reason")), reasons),
      h("label", { for: `${id}-words` }, gettext("In words, which the customer reads too")),
      h("textarea", { id: `${id}-words`, name: "reason", maxLength: 500 }),
    ]);
  }
  if (step.requires.includes("code")) {
    append(fields, [
      h("label", { for: `${id}-code` }, gettext("Collection code")),
      h("input", { id: `${id}-code`, name: "code", required: true, maxLength: 20, autocomplete: "off", inputMode: "numeric" }),
    ]);
  }
  if (asked.includes("proof")) {
    append(fields, [
      h("label", { for: `${id}-proof` }, gettext("The customer's code")),
      h("input", { id: `${id}-proof`, name: "proof", required: true, maxLength: 20, autocomplete: "off", inputMode: "numeric" }),
    ]);
  }
  fields.append(h("button.main", {}, text));
  fields.addEventListener("submit", (event) => {
    event.preventDefault();
    const needsText = board.reasons.find(({ code }) => code === fields.elements.reason_code?.value)?.needs_text;
    const words = fields.elements.reason;
    if (words) {
      words.required = Boolean(needsText);
      if (!fields.reportValidity()) return;
    }
    close({ step, fields: Object.fromEntries(new FormData(fields)) });
  });
  return h("div.stack", {}, opener, fields);
}

function delays(close) {
  return h(
    "div.row",
    { role: "group", "aria-label": gettext("Ready later or sooner") },
    [-5, 5, 10].map((more) => button(`${more > 0 ? "+" : "−"}${Math.abs(more)} min`, () => close({ act: "delay", more }))),
  );
}

// Each product of the order, with what the customer takes instead.
function soldOutRows(ticket, board, close) {
  const seen = new Map(ticket.lines.filter(({ product }) => product).map((line) => [line.product, line]));
  return h(
    "details",
    {},
    h("summary", {}, gettext("Something is sold out")),
    h("ul.stack", {}, [...seen.values()].map((line) => {
      const instead = line.substitute
        ? interpolate(gettext("The customer takes instead: %(name)s"), { name: line.substitute.name })
        : line.remove_if_missing && gettext("The customer wants it left out.");
      return h("li.stack", {}, h("strong", {}, line.name), instead && h("span.soft", {}, instead), untilButtons(board, (until) => close({ act: "sold-out", product: line.product, name: line.name, until })));
    })),
  );
}

function untilButtons(board, press) {
  return h(
    "div.row",
    {},
    button(gettext("For 4 hours"), () => press(after(board, SOLD_OUT_FOR).toISOString())),
    button(gettext("Today"), () => press("today")),
    button(gettext("Until I change it"), () => press(null)),
  );
}

// What is sold out now, and a search for what becomes so. Resolves to {kind, id, until} or {kind, id, isBack: true}.
export function openSoldOut(board) {
  return openDialog(gettext("Sold out"), (close) => {
    const found = h("ul.stack");
    const search = h("input", { type: "search", id: "sold-out-search", autocomplete: "off", maxLength: 60 });
    const out = board.unavailable.map((row) =>
      h(
        "li.row.spread",
        {},
        h("span", {}, h("strong", {}, row.name), row.until && h("span.soft", {}, ` ${interpolate(gettext("until %(time)s"), { time: when(new Date(row.until), board.now()) })}`)),
        button(gettext("Available again"), () => close({ ...row, isBack: true })),
      ),
    );
    let menu = null;
    search.addEventListener("input", async () => {
      try {
        menu ??= await partsOfMenu();
      } catch (problem) {
        fill(found, h("li", {}, problem.message));
        return;
      }
      const wanted = search.value.trim().toLowerCase();
      const rows = wanted ? menu.filter(({ name }) => name.toLowerCase().includes(wanted)).slice(0, MOST_FOUND) : [];
      fill(found, rows.map(({ kind, id, name, of }) => h("li.stack", {}, h("span", {}, h("strong", {}, name), of && h("span.soft", {}, ` · ${of}`)), untilButtons(board, (until) => close({ kind, id, name, until })))));
    });
    return [
      out.length > 0 ? h("ul.stack", {}, out) : h("p.soft", {}, gettext("Nothing is sold out.")),
      h("div.fields", {}, h("label", { for: search.id }, gettext("Find a product or an option")), search),
      found,
    ];
  });
}

// The products of the menu, then the options of their groups, each once; an option with the name of its group.
async function partsOfMenu() {
  const { body } = await read(`/vendors/${page.vendor.id}/menu`);
  const products = body.categories.flatMap((category) => category.products);
  const options = new Map();
  for (const { option_groups: groups } of products)
    for (const group of groups) for (const { id, name } of group.options) options.set(id, { kind: "option", id, name, of: group.name });
  return [...products.map(({ id, name }) => ({ kind: "product", id, name })), ...options.values()];
}

// Resolves to the fields of PATCH /vendors/{id}, or undefined.
export function openPause(board) {
  const { vendor } = board;
  return openDialog(gettext("Pause or slow down"), (close) => {
    const at = (minutes) => after(board, minutes);
    return [
      h("h3", {}, gettext("Take no orders for")),
      h("div.row", {}, PAUSES.map((minutes) => button(interpolate(gettext("%(count)s min"), { count: minutes }), () => close({ paused_until: at(minutes).toISOString() })))),
      vendor.paused_until && button(gettext("Take orders again"), () => close({ paused_until: null }), "main"),
      h("h3", {}, interpolate(gettext("Rush: more minutes for each order, until %(time)s"), { time: clock(at(RUSH_FOR)) })),
      h("div.row", {}, RUSHES.map((minutes) => button(`+${minutes} min`, () => close({ rush_minutes: minutes, rush_until: at(RUSH_FOR).toISOString() })))),
      vendor.rush_minutes > 0 && button(gettext("End the rush"), () => close({ rush_minutes: 0, rush_until: null }), "main"),
    ];
  });
}

// How many of each product and option the open tickets still need: counted from them, each time.
export function dayCounts(tickets, showsLine) {
  const counts = new Map();
  for (const ticket of tickets) {
    if (!["new", "preparing"].includes(ticket.column) || ticket.is_cancelled) continue;
    for (const line of ticket.lines) {
      if (line.tick || !showsLine(line)) continue;
      const row = counts.get(line.name) ?? { name: line.name, unit: line.unit, quantity: 0, options: new Map() };
      row.quantity += Number(line.quantity);
      for (const option of line.options) {
        const key = optionText(option);
        const times = isCounted(line.unit) ? Number(line.quantity) : 1;
        row.options.set(key, (row.options.get(key) ?? 0) + option.quantity * times);
      }
      counts.set(line.name, row);
    }
  }
  return [...counts.values()].sort((one, other) => other.quantity - one.quantity || one.name.localeCompare(other.name));
}

export function drawCounts(place, rows) {
  fill(
    place,
    rows.length
      ? h("ul.counts", {}, rows.map((row) => h("li", {}, h("span.quantity", {}, quantityText(row.quantity, row.unit)), h("span.what", {}, row.name, [...row.options].map(([name, count]) => h("span.option", {}, `${count}× ${name}`))))))
      : h("p.soft", {}, gettext("Nothing is to be made.")),
  );
}
