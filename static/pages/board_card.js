// One order as a card: what GET /vendors/{id}/board says of it, and a button for each thing that it allows.
import { fill, h, keepPlace, setAttribute, setText } from "./dom.js";
import { gettext, interpolate } from "./i18n.js";
import { page } from "./page.js";
import { clock, countdown, minutesTo, untilText, when } from "./time.js";

const PRESETS = 5; // that a card shows at most
const SOON = 12 * 3600_000; // ms; what is due later than this tells its day alone
const PLAIN = { new: "pending", scheduled: "preorder", preparing: "accepted_by_business", ready: "preparation_completed" }; // what a column says already
const TIMED = new Set(["scheduled", "new", "preparing"]); // where being late counts

export const FIELDS = {
  comment: () => gettext("Comment"),
  deliver_at: () => gettext("Time"),
  address: () => gettext("Address"),
  address_notes: () => gettext("Address notes"),
  location: () => gettext("Point on the map"),
  number: () => gettext("Number"),
};

const PIECE = "st"; // the unit of what is counted

// "2×", or "300 gr" of what is weighed.
export const quantityText = (quantity, unit) => (unit && unit !== PIECE ? `${quantity} ${unit}` : `${quantity}×`);
export const isCounted = (unit) => !unit || unit === PIECE;

// What was chosen, or left out, in the words of who reads the board.
export const optionText = ({ kind, name }) => (kind === "without" ? interpolate(gettext("No %(name)s"), { name }) : name);

export const word = (kind, name) => page.words[kind][name] ?? name.replaceAll("_", " ");

export function money({ amount, currency }) {
  return new Intl.NumberFormat(page.language, { style: "currency", currency }).format(Number(amount));
}

export function isPending(ticket) {
  return ticket.column === "new" && !ticket.is_cancelled;
}

export function owedKind(ticket) {
  if (!ticket.unacknowledged.length) return "";
  // A problem that is reported, or settled, of one that was cancelled, and acknowledged, cancels nothing.
  const isCancelled = ticket.unacknowledged.some(({ kind, report }) => kind === "cancelled" || (ticket.is_cancelled && !report));
  return isCancelled ? "cancelled" : "changed";
}

export class Card {
  // `board` acts: tick, acknowledge, move, accept, openMore; and knows chosenStations and minutes.
  constructor(board, id) {
    Object.assign(this, { board, id });
    this.title = h("h3", { id: `order-${id}` });
    this.element = h("article.card", { "data-order": id, "data-key": id, "aria-labelledby": this.title.id });
    this.live = [];
  }

  // Draws the order anew.
  draw(ticket) {
    keepPlace(this.element, () => this.drawAll(ticket));
  }

  drawAll(ticket) {
    this.ticket = ticket;
    this.live = [];
    const owed = owedKind(ticket);
    setAttribute(this.element, "data-column", ticket.column);
    setAttribute(this.element, "data-owed", owed || null);
    setAttribute(this.element, "data-cancelled", ticket.is_cancelled);
    fill(this.title, h("span.number", {}, ticket.called), ticket.customer.name && h("span.who", {}, ticket.customer.name));
    fill(
      this.element,
      h("header", {}, this.title, this.due(), h("span.chip", {}, word("fulfilments", ticket.delivery_type))),
      this.facts(),
      owed && this.owed(owed),
      this.place(),
      this.reported(),
      ticket.comment && h("p.comment", {}, ticket.comment),
      this.lines(),
      this.waiting(),
      !ticket.is_cancelled && this.buttons(),
    );
    this.tell(this.board.now());
  }

  // What changes by the clock alone.
  tell(now) {
    for (const one of this.live) one(now);
    const { ticket } = this;
    let late = "";
    if (TIMED.has(ticket.column) && !ticket.is_cancelled) {
      if (now >= new Date(ticket.late_at)) late = "late";
      else if (now >= new Date(ticket.soon_at)) late = "soon";
    }
    setAttribute(this.element, "data-late", late || null);
  }

  // A text that follows the clock.
  timed(element, textAt) {
    this.live.push((now) => setText(element, textAt(now)));
    return element;
  }

  due() {
    const { ticket } = this;
    const at = new Date(ticket.ready_by);
    if (ticket.column === "handed_over") return h("p.due", {}, h("time", { dateTime: ticket.status_changed_at }, clock(new Date(ticket.status_changed_at))));
    const until = this.timed(h("span.until"), (now) => (at - now < SOON ? untilText(at, now) : ""));
    return h("p.due", {}, h("time", { dateTime: ticket.ready_by }, when(at, this.board.now())), until);
  }

  // Where it stands, who has come, how it is paid, and how long there is to answer.
  facts() {
    const { ticket } = this;
    const chips = [];
    const isSaid = PLAIN[ticket.column] === ticket.status.name || (ticket.customer.arrived_at && ticket.status.name === "customer_arrived_to_business") || (ticket.driver?.arrived_at && ticket.status.name === "driver_in_business");
    if ((!isSaid || !this.nextStep()) && !ticket.is_cancelled) chips.push(h("span.chip.status", {}, word("statuses", ticket.status.name)));
    if (ticket.label) chips.push(h("span.chip", {}, ticket.label.name));
    if (ticket.milestones.preparation_started && ticket.column === "preparing") chips.push(h("span.chip.good", {}, gettext("Started")));
    if (ticket.customer.arrived_at && ticket.column !== "handed_over") chips.push(this.arrival(gettext("Customer is here"), ticket.customer.arrived_at, ticket.customer.waits_at));
    if (ticket.driver?.arrived_at && ticket.column !== "handed_over") chips.push(this.arrival(gettext("Driver is here"), ticket.driver.arrived_at));
    else if (ticket.driver && ticket.column !== "handed_over") chips.push(h("span.chip", {}, interpolate(gettext("Driver: %(name)s"), { name: ticket.driver.name })));
    if (ticket.recalled_at) chips.push(h("span.chip.warn", {}, gettext("Recalled")));
    if (ticket.answer_until && isPending(ticket)) {
      const until = new Date(ticket.answer_until);
      const text = this.timed(h("span"), (now) => interpolate(gettext("Refused by itself in %(time)s"), { time: countdown(until, now) }));
      chips.push(h("span.chip.bad", {}, text));
    }
    return chips.length > 0 && h("p.facts", {}, chips);
  }

  arrival(text, since, where = "") {
    const waits = this.timed(h("span"), (now) => interpolate(gettext("%(count)s min"), { count: Math.max(0, -minutesTo(new Date(since), now)) }));
    return h("span.chip.warn", {}, text, where && [" · ", h("b", {}, where)], " · ", waits);
  }

  place() {
    const { ticket } = this;
    const rows = [
      [gettext("Table"), ticket.table],
      [gettext("Vehicle"), ticket.vehicle],
      [gettext("Locker"), ticket.locker],
    ].filter(([, text]) => text);
    return rows.length > 0 && h("p.place", {}, rows.map(([name, text]) => h("span", {}, `${name}: `, h("strong", {}, text))));
  }

  // What others have changed: the old struck through until somebody acknowledges it.
  owed(kind) {
    const { ticket } = this;
    const [problems] = this.problems();
    const changes = ticket.unacknowledged.filter(({ report }) => report === null);
    const rows = changes.flatMap((one) => one.differences.map((difference) => this.difference(difference)));
    const last = changes.at(-1);
    const why = last && [last.reason_code && word("reasons", last.reason_code), last.reason].filter(Boolean).join(": ");
    return h(
      "section.owed",
      { "aria-label": kind === "cancelled" ? gettext("Cancelled") : changes.length ? gettext("Changed") : gettext("Reported") },
      last && h("p.owed-title", {}, kind === "cancelled" ? word("statuses", ticket.status.name) : gettext("This order was changed")),
      why && h("p", {}, why),
      rows.length > 0 && h("ul", {}, rows),
      problems.length > 0 && h("p.owed-title", {}, problems.every((one) => one.settled_at) ? gettext("A problem is settled") : gettext("The customer reports a problem")),
      problems.length > 0 && h("ul", {}, problems.map((one) => this.problem(one))),
      this.button("acknowledge", gettext("Got it"), () => this.board.acknowledge(ticket), "main"),
    );
  }

  // What was reported and acknowledged stays as long as the order: what staff did about it comes later.
  reported() {
    const [, rest] = this.problems();
    return rest.length > 0 && h("section.reported", { "aria-label": gettext("Reported") }, h("p", {}, gettext("The customer reported a problem")), h("ul", {}, rest.map((one) => this.problem(one))));
  }

  // What was reported: those that somebody is to acknowledge, and the others.
  problems() {
    const owed = new Set(this.ticket.unacknowledged.map(({ report }) => report));
    return [true, false].map((isOwed) => this.ticket.problems.filter(({ number }) => owed.has(number) === isOwed));
  }

  problem({ reason, text, items, settled_at: settled, settled_note: note }) {
    const about = [word("problems", reason), ...items.map(({ name }) => name)].join(" · ");
    return h(
      "li",
      {},
      h("strong", {}, about),
      text && " ",
      text && h("q", {}, text),
      settled && h("p.settled", {}, interpolate(gettext("Settled %(time)s."), { time: when(new Date(settled), this.board.now()) }), note && ` ${note}`),
    );
  }

  difference({ field, old, new: current }) {
    const text = (value) => (field === "deliver_at" && value ? when(new Date(value), this.board.now()) : typeof value === "object" && value ? Object.values(value).join(", ") : String(value ?? ""));
    return h(
      "li",
      {},
      FIELDS[field] && h("span.field", {}, `${FIELDS[field]()}: `),
      text(old) && h("del", {}, text(old)),
      text(old) && text(current) && " ",
      text(current) && h("ins", {}, text(current)),
    );
  }

  // Only those of the stations that this screen shows, and how many it leaves out.
  lines() {
    const { ticket, board } = this;
    const shown = ticket.lines.filter((line) => board.showsLine(line));
    const hidden = ticket.lines.length - shown.length;
    return [
      h("ul.lines", {}, shown.map((line) => this.line(line))),
      hidden > 0 && h("p.elsewhere", {}, interpolate(gettext("%(count)s more for other stations"), { count: hidden })),
      ticket.package && h("p", {}, ticket.package.recipient_name, " · ", ticket.package.dropoff?.address ?? ""),
      ticket.booking && h("p", {}, ticket.booking.service?.name ?? ticket.booking.name ?? ""),
    ];
  }

  line(line) {
    const parts = [
      h("span.quantity", {}, quantityText(line.quantity, line.unit)),
      h(
        "span.what",
        {},
        h("span.name", {}, line.name, line.plu_code && h("span.plu", {}, line.plu_code)),
        line.options.map((option) => this.option(option)),
        this.allergens(line),
        line.comment && h("span.line-comment", {}, line.comment),
      ),
    ];
    const { ticket } = this;
    if (ticket.column !== "preparing" || ticket.is_cancelled) return h("li.line", {}, parts);
    const box = h("input", {
      type: "checkbox",
      checked: Boolean(line.tick),
      "data-act": `tick-${line.id}`,
      onchange: () => this.board.tick(ticket, line, box),
    });
    return h("li", {}, h(line.tick ? "label.line.ticked" : "label.line", {}, box, parts));
  }

  allergens(line) {
    const names = line.allergens && (line.allergens.map((code) => word("allergens", code)).join(", ") || gettext("none of the fourteen"));
    const told = [names, line.allergen_note].filter(Boolean).join("; ");
    return told && h("span.allergens", {}, interpolate(gettext("Allergens: %(names)s"), { names: told }));
  }

  // What is added and what is left out look different, and say it in words too.
  option(option) {
    const side = { left: gettext("left"), right: gettext("right") }[option.position];
    const times = option.quantity > 1 ? `${option.quantity}× ` : "";
    const sign = { without: "− ", extra: "+ " }[option.kind] ?? "";
    const text = optionText(option);
    return h(
      `span.option.${option.kind}`,
      {},
      `${sign}${times}`,
      side && h("b", {}, `${side}: `),
      text,
      option.plu_code && h("span.plu", {}, option.plu_code),
      option.text && h("q", {}, option.text),
    );
  }

  waiting() {
    const { ticket } = this;
    if (!ticket.item_changes.length) return null;
    return h("p.notice", {}, gettext("A change waits for the customer’s answer."));
  }

  button(act, text, press, look = "") {
    const element = h(look ? `button.${look}` : "button", { type: "button", "data-act": act, onclick: () => press(element) }, text);
    return element;
  }

  buttons() {
    const { ticket, board } = this;
    const row = [];
    const step = this.nextStep();
    const accepts = step?.name === "accept";
    if (ticket.may_start_preparing && ticket.column === "preparing") {
      row.push(this.button("start_preparing", word("changes", "start_preparing"), () => board.startPreparing(ticket), ticket.all_ticked ? "" : "main"));
    }
    if (step) {
      const isMain = !(ticket.may_start_preparing && ticket.column === "preparing") || ticket.all_ticked;
      const text = accepts && this.takesMinutes() ? interpolate(gettext("Accept · %(minutes)s min"), { minutes: board.minutesFor(ticket) }) : word("changes", step.name);
      row.push(this.button(step.name, text, () => board.move(ticket, step), isMain && ticket.column !== "handed_over" ? "main.next" : "next"));
    }
    if (ticket.recalled_at) row.push(this.button("put_away", gettext("Put away"), () => board.putAway(ticket), "main"));
    const open = this.button("more", "⋯", () => board.openMore(ticket));
    open.setAttribute("aria-label", interpolate(gettext("More for order %(number)s"), { number: ticket.called }));
    row.push(open);
    return h("footer", {}, accepts && this.takesMinutes() && this.presets(), h("div.acts", {}, row));
  }

  // What one tap does; none where it waits for others, as for a driver: then the ticket tells how it stands.
  nextStep() {
    return this.ticket.allowed_transitions.find(({ name }) => name === this.ticket.next);
  }

  takesMinutes() {
    return !this.ticket.deliver_at && this.ticket.delivery_type !== "digital";
  }

  presets() {
    const { ticket, board } = this;
    const chosen = board.minutesFor(ticket);
    return h(
      "div.presets",
      { role: "group", "aria-label": gettext("Ready in, minutes") },
      board.presets(PRESETS).map((minutes) => {
        const one = this.button(`in-${minutes}`, String(minutes), () => board.choose(ticket, minutes));
        one.setAttribute("aria-pressed", minutes === chosen);
        return one;
      }),
    );
  }
}
