// The vendor board: draws what GET /vendors/{id}/board says, follows the live feed, and rings until somebody acts.
import { act, read } from "./api.js";
import { Bell, keepAwake } from "./board_bell.js";
import { Card, isPending, owedKind, word } from "./board_card.js";
import { dayCounts, drawCounts, openOrder, openPause, openSoldOut } from "./board_dialogs.js";
import { Printing } from "./board_print.js";
import { checkBuild, watchBuild } from "./build.js";
import { openDialog } from "./dialogs.js";
import { append, arrange, fill, h, keepPlace, setAttribute, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { page } from "./page.js";
import { released } from "./press.js";
import { askPicture, pictureKind, sendPicture } from "./proofs.js";
import { closeToast, toast } from "./toasts.js";
import { clock, when } from "./time.js";

const COLUMNS = {
  scheduled: () => gettext("Scheduled"),
  new: () => gettext("New"),
  preparing: () => gettext("Preparing"),
  ready: () => gettext("Ready"),
  handed_over: () => gettext("Handed over"),
};
const CORE = ["new", "preparing", "ready"]; // what a screen of middle width shows side by side
const MOST_ASKED = 100; // ids of one call
const SLICE = 8; // ms that drawing takes before the browser gets its turn
const AT_ONCE = 10; // cards that are drawn in the same turn as they are read
const UNDO_FOR = 30_000; // ms
const SETTINGS_EVERY = 15_000; // ms between two looks at pause, rush and what is sold out
const AFRESH_EVERY = 10 * 60_000; // ms between two readings of the whole board
const AGAIN = 2000; // ms until a reading that failed is tried again
const ANSWERED_IN = 10_000; // ms until a look at the settings is answered, or the link is taken for dead
const LOST_SOUND_AFTER = 5000; // ms
const HANDED_OVER_FOR = 2 * 3600_000; // ms
const STATIONS_KEY = `board-stations-${page.vendor.id}`;

const base = `/vendors/${page.vendor.id}`;
const wide = matchMedia("(min-width: 68rem)");
const middle = matchMedia("(min-width: 40rem)");

class Board {
  tickets = new Map(); // by id, as the server said them
  cards = new Map(); // by id, where they are drawn
  dirty = new Set(); // ids to be read again
  redraw = new Set(); // ids to be drawn again
  chosenMinutes = new Map(); // by id, where somebody has chosen others than the usual
  undoable = null; // what was done last: {id, from, until}
  vendor = page.vendor;
  stations = null; // until they are read
  reasons = [];
  unavailable = [];
  offset = 0; // ms that the server's clock is ahead of this one
  position = 0; // of the feed: what it has told of
  read = 0; // of the feed: what the tickets show of it
  shownColumn = "new";
  isAway = false; // nothing comes, by no way
  wasAway = false; // since the last link
  hasMore = false; // more orders are open than were read
  wantsAll = false; // whether the whole board is to be read
  isReading = false; // one answer at a time, so that none is followed by an older one
  isOver = false; // nobody may look at this board here any more

  constructor() {
    this.chosenStations = new Set(JSON.parse(localStorage.getItem(STATIONS_KEY) ?? "[]"));
    this.bell = new Bell((isSilent) => this.tellSound(isSilent));
    this.printing = new Printing(this);
    this.build();
    this.feed = new Feed({
      socket: `/ws/vendors/${page.vendor.id}`,
      events: `${base}/events`,
      callbacks: {
        entries: (entries) => this.take(entries),
        reset: () => this.readAll(),
        link: (isUp, isAsking) => this.tellLink(isUp, isAsking),
        hello: () => checkBuild(),
        ended: (code, reason) => this.end(code, reason),
      },
    });
    document.addEventListener("visibilitychange", () => {
      this.tellSeen();
      this.readSettings();
    });
    for (const query of [wide, middle]) query.addEventListener("change", () => this.place());
    setInterval(() => this.tell(), 1000);
    setInterval(() => this.readSettings(), SETTINGS_EVERY);
    setInterval(() => this.readAll(), AFRESH_EVERY * (0.9 + Math.random() / 5));
    this.readAll();
    watchBuild();
  }

  now() {
    return new Date(Date.now() + this.offset);
  }

  // --- the frame ---------------------------------------------------------------------------------------------------

  build() {
    this.clock = h("time.clock");
    this.start = h("button.main", { type: "button", onclick: () => this.startShift() }, gettext("Start shift"));
    this.pause = h("button", { type: "button", onclick: () => this.changePause() }, gettext("Pause"));
    this.soldOut = h("button", { type: "button", onclick: () => this.changeSoldOut() }, gettext("Sold out"));
    this.counting = h("button", { type: "button", "aria-expanded": "false", onclick: () => this.toggleCounts() }, gettext("To make"));
    this.stationRow = h("div.row.stations", { role: "group", "aria-label": gettext("Stations") });
    this.states = h("div.row.states");
    this.banner = h("p.banner", { role: "alert", hidden: true });
    this.alert = h("div.alert", { role: "status" });
    this.tabs = h("nav.tabs", { "aria-label": gettext("Columns") });
    this.counts = h("aside.all-day", { hidden: true, "aria-label": gettext("To make, from all open orders") }, h("h2", {}, gettext("To make")), h("div"));
    this.desk = h("div.columns");
    this.columns = Object.fromEntries(Object.entries(COLUMNS).map(([name, title]) => {
      const count = h("span.count");
      const hidden = h("p.hidden-orders", { hidden: true });
      const none = h("p.none", {}, gettext("None"));
      const list = h("div.cards");
      const element = h("section.column", { "data-column": name, "aria-labelledby": `column-${name}` }, h("h2", { id: `column-${name}` }, title(), " ", count), hidden, none, list);
      return [name, { element, list, count, hidden, none }];
    }));
    append(this.desk, Object.values(this.columns).map(({ element }) => element));
    const menu = h("a.button.quiet", { href: "/board" }, page.vendor.name);
    fill(
      document.getElementById("board"),
      h("header.bar", {}, h("div.row.whose", {}, h("h1", {}, menu), this.clock), this.states, h("div.row.doing", {}, this.start, this.counting, this.soldOut, this.printing.toggle, this.pause), this.menuButton()),
      this.banner,
      this.stationRow,
      this.alert,
      this.printing.notice,
      this.tabs,
      h("div.desk", {}, this.desk, this.counts),
    );
    this.place();
  }

  menuButton() {
    const template = document.getElementById("menu");
    return h("button", { type: "button", "aria-label": gettext("Menu"), onclick: () => openDialog(gettext("Menu"), () => template.content.cloneNode(true)) }, "☰");
  }

  // Which columns this width shows: all, those of the work at hand, or one.
  visibleColumns() {
    if (wide.matches) return Object.keys(COLUMNS);
    if (!middle.matches) return [this.shownColumn];
    return CORE.includes(this.shownColumn) ? CORE : [this.shownColumn];
  }

  place() {
    const visible = this.visibleColumns();
    for (const [name, { element }] of Object.entries(this.columns)) element.hidden = !visible.includes(name);
    document.body.dataset.columns = visible.length;
    const groups = middle.matches ? [CORE, ["scheduled"], ["handed_over"]] : Object.keys(COLUMNS).map((name) => [name]);
    this.tabs.hidden = wide.matches;
    this.tabButtons = wide.matches ? [] : groups.map((names) => ({ names, element: h("button", { type: "button", onclick: () => this.showColumn(names[0]) }) }));
    fill(this.tabs, this.tabButtons.map(({ element }) => element));
    this.count();
  }

  showColumn(name) {
    const focused = this.tabButtons.findIndex(({ element }) => element === document.activeElement);
    this.shownColumn = name;
    this.place();
    this.tabButtons[focused]?.element.focus();
  }

  // --- reading -----------------------------------------------------------------------------------------------------

  take(entries) {
    if (!performance.getEntriesByName("frame").length) performance.mark("frame");
    for (const entry of entries) if (entry.order) this.dirty.add(entry.order);
    this.position = entries.at(-1).position;
    this.refresh();
    this.printing.look();
  }

  readAll() {
    this.wantsAll = true;
    this.refresh();
  }

  // Reads the whole board where that is wanted, and the orders that have changed: as many at once as have gathered while
  // the last ones were read.
  async refresh() {
    if (this.isReading || this.isOver) return;
    this.isReading = true;
    while (this.wantsAll || this.dirty.size) if (!(await (this.wantsAll ? this.readWhole() : this.readChanged()))) break;
    this.isReading = false;
  }

  // Both give whether the next reading may follow at once.
  async readWhole() {
    this.wantsAll = false;
    try {
      const { body, headers } = await read(`${base}/board`);
      const [position, epoch] = [Number(headers.get("Feed-Position")), headers.get("Feed-Epoch")];
      this.position = epoch === this.epoch ? Math.max(this.position, position) : position; // more may be told meanwhile
      this.epoch = epoch;
      this.read = position;
      const known = new Set(body.orders.map(({ id }) => id));
      for (const id of this.tickets.keys()) {
        if (known.has(id)) continue;
        if (body.has_more) this.dirty.add(id);
        else this.drop(id);
      }
      this.hasMore = body.has_more;
      await this.adopt(body);
      if (this.feed.isLive) this.tellLink(true);
      this.feed.begin(position, epoch);
      return true;
    } catch (problem) {
      if (problem.status === 403 || problem.status === 404) this.end(4403, problem.message);
      else if (problem.status !== 401) {
        if (this.feed.isWaiting) this.tellLink(false, false);
        setTimeout(() => this.readAll(), AGAIN);
      }
      return false;
    }
  }

  async readChanged() {
    const ids = [...this.dirty].slice(0, MOST_ASKED);
    for (const id of ids) this.dirty.delete(id);
    const position = this.dirty.size ? this.read : this.position;
    try {
      const { body } = await read(`${base}/board?orders=${ids.join(",")}`);
      this.read = position;
      for (const id of body.gone) this.drop(id);
      await this.adopt(body);
      return true;
    } catch (problem) {
      for (const id of ids) this.dirty.add(id);
      if ([401, 403, 404].includes(problem.status)) return false;
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
      return true;
    }
  }

  // Reads the settings, which no event tells of; and learns from it of a link that is dead and does not say so.
  async readSettings() {
    if (document.visibilityState !== "visible" || this.isOver) return;
    try {
      const { body, headers } = await read(`${base}/board?orders=`, { signal: AbortSignal.timeout(ANSWERED_IN) });
      await this.adopt(body);
      this.feed.expect(Number(headers.get("Feed-Position")), headers.get("Feed-Epoch"));
    } catch (problem) {
      if (!problem.status) this.feed.drop();
    }
  }

  async adopt(body) {
    await released();
    this.offset = new Date(body.now) - Date.now();
    setText(this.clock, clock(this.now()));
    Object.assign(this, { vendor: body.vendor, reasons: body.reasons, unavailable: body.unavailable });
    if (JSON.stringify(this.stations) !== JSON.stringify(body.stations)) {
      // Which line is whose follows the stations: what is shown was read before they were as they are.
      if (this.stations) this.readAll();
      this.stations = body.stations;
      this.drawStations();
      this.redrawAll();
    }
    for (const ticket of body.orders) {
      const before = this.tickets.get(ticket.id);
      if (before && JSON.stringify(before) === JSON.stringify(ticket)) continue;
      this.tickets.set(ticket.id, ticket);
      this.redraw.add(ticket.id);
    }
    this.drawStates();
    this.draw();
  }

  drop(id) {
    this.tickets.delete(id);
    this.chosenMinutes.delete(id);
    this.redraw.add(id);
  }

  // --- drawing -----------------------------------------------------------------------------------------------------

  // Draws what has changed, in slices, so that the page answers a tap meanwhile; then tells that it was shown.
  async draw() {
    if (this.isDrawing) return;
    this.isDrawing = true;
    if (this.redraw.size > AT_ONCE) await nextTurn(); // what has read them has taken long enough
    while (this.redraw.size) {
      await released();
      keepPlace(this.desk, () => this.drawSlice());
      this.ring();
      if (this.redraw.size) await nextTurn();
    }
    this.isDrawing = false;
    document.getElementById("board").dataset.drawn = this.read;
    if (this.read >= this.position && performance.getEntriesByName("frame").length) {
      performance.measure("drawn", "frame");
      // Whoever observes has it; the browser would keep every one of a day.
      performance.clearMeasures("drawn");
      performance.clearMarks("frame");
    }
    this.offerUndo();
    if (!this.counts.hidden) this.drawDay();
    this.tellSeen();
  }

  drawSlice() {
    const began = performance.now();
    for (const id of this.redraw) {
      this.redraw.delete(id);
      this.drawCard(id);
      if (performance.now() - began > SLICE) break;
    }
    this.sort();
  }

  drawCard(id) {
    const ticket = this.tickets.get(id);
    const card = this.cards.get(id);
    if (!ticket) {
      card?.element.remove();
      this.cards.delete(id);
      return;
    }
    if (card) card.draw(ticket);
    else {
      const fresh = new Card(this, id);
      fresh.draw(ticket);
      this.cards.set(id, fresh);
    }
  }

  // Each card in its column, by when it is due; what was handed over, the latest first.
  sort() {
    const rows = Object.fromEntries(Object.keys(COLUMNS).map((name) => [name, []]));
    for (const card of this.cards.values()) rows[card.ticket.column]?.push(card);
    for (const [name, cards] of Object.entries(rows)) {
      if (name === "handed_over") {
        cards.sort((one, other) => (one.ticket.status_changed_at < other.ticket.status_changed_at ? 1 : -1));
        for (const { id, ticket } of cards.slice(page.most_handed_over)) if (!owedKind(ticket)) this.drop(id);
      } else cards.sort((one, other) => (one.ticket.ready_by < other.ticket.ready_by ? -1 : one.ticket.ready_by > other.ticket.ready_by ? 1 : one.id - other.id));
      arrange(this.columns[name].list, cards.filter(({ ticket }) => this.showsTicket(ticket)).map(({ element }) => element));
    }
    this.rows = rows;
    this.count();
  }

  count() {
    if (!this.rows) return;
    for (const [name, cards] of Object.entries(this.rows)) {
      const column = this.columns[name];
      const hidden = cards.filter(({ ticket }) => !this.showsTicket(ticket)).length;
      setText(column.count, String(cards.length));
      column.none.hidden = cards.length > 0;
      column.hidden.hidden = hidden === 0;
      const text = interpolate(ngettext("%(count)s order is hidden by this filter", "%(count)s orders are hidden by this filter", hidden), { count: hidden });
      if (hidden) fill(column.hidden, text, " ", h("button.quiet", { type: "button", onclick: () => this.chooseStations([]) }, gettext("Show all")));
    }
    for (const { names, element } of this.tabButtons) {
      const total = names.reduce((sum, name) => sum + this.rows[name].length, 0);
      fill(element, names.length > 1 ? gettext("Now") : COLUMNS[names[0]](), " ", h("span.count", {}, String(total)));
      setAttribute(element, "aria-current", names.includes(this.shownColumn) ? "true" : null);
    }
    this.drawAlert();
  }

  // New, changed and cancelled orders that no card on this screen shows just now, by their numbers.
  drawAlert() {
    const visible = this.visibleColumns();
    const away = [...this.cards.values()].filter(({ ticket }) => (isPending(ticket) || owedKind(ticket)) && !(visible.includes(ticket.column) && this.showsTicket(ticket)));
    const key = away.map(({ id }) => id).join();
    if (key === this.alertKey) return;
    this.alertKey = key;
    const numbers = away.map(({ ticket }) => ticket.called).join(" ");
    fill(
      this.alert,
      away.length > 0 && [
        h("strong", {}, interpolate(ngettext("%(count)s order waits out of sight: %(numbers)s", "%(count)s orders wait out of sight: %(numbers)s", away.length), { count: away.length, numbers })),
        h("button", { type: "button", onclick: () => this.reveal(away[0].ticket) }, gettext("Show")),
      ],
    );
  }

  reveal(ticket) {
    if (!this.showsTicket(ticket)) this.chooseStations([]);
    this.showColumn(ticket.column);
    const { element } = this.cards.get(ticket.id);
    element.scrollIntoView({ block: "center" });
    element.querySelector("button, input")?.focus();
  }

  // What changes by the clock alone: times, late colours, and what moves to another column by itself.
  async tell() {
    await released();
    const now = this.now();
    setText(this.clock, clock(now));
    // What calls for an answer pulses by this: an animation of its own would paint sixty times a second.
    setAttribute(document.body, "data-beat", document.body.dataset.ringing && document.body.dataset.beat !== "1" ? "1" : null);
    for (const card of this.cards.values()) {
      card.tell(now);
      const { ticket } = card;
      const begins = ticket.column === "scheduled" && ticket.begins_at && now >= new Date(ticket.begins_at);
      const lapsed = ticket.column === "handed_over" && now - new Date(ticket.status_changed_at) > HANDED_OVER_FOR;
      if ((begins || lapsed) && card.askedAt !== ticket.version) {
        card.askedAt = ticket.version;
        this.dirty.add(card.id);
      }
    }
    if (this.dirty.size) this.refresh();
    this.drawStates();
  }

  // --- what is on: pause, rush, sound ------------------------------------------------------------------------------

  drawStates() {
    const { vendor } = this;
    const now = this.now();
    const isPaused = vendor.paused_until && now < new Date(vendor.paused_until);
    const isRush = vendor.rush_minutes > 0 && !(vendor.rush_until && now >= new Date(vendor.rush_until));
    const key = [isPaused && vendor.paused_until, isRush && vendor.rush_minutes, isRush && vendor.rush_until, this.soundFault, this.hasMore, this.unavailable?.length].join();
    if (key === this.statesKey) return;
    this.statesKey = key;
    const until = (at) => (at ? interpolate(gettext("until %(time)s"), { time: when(new Date(at), now) }) : "");
    fill(
      this.states,
      isPaused && h("button.state.bad", { type: "button", onclick: () => this.changePause() }, interpolate(gettext("Paused %(until)s"), { until: until(vendor.paused_until) })),
      isRush && h("button.state.warn", { type: "button", onclick: () => this.changePause() }, interpolate(gettext("Rush: +%(minutes)s min %(until)s"), { minutes: vendor.rush_minutes, until: until(vendor.rush_until) })),
      this.hasMore && h("span.chip.bad", {}, gettext("More orders are open than a board shows")),
      this.soundFault && h("button.state.bad", { type: "button", onclick: () => this.startShift() }, this.soundFault),
    );
    fill(this.soldOut, gettext("Sold out"), this.unavailable?.length > 0 && h("span.count", {}, String(this.unavailable.length)));
  }

  async startShift() {
    await this.bell.start();
    const isFirst = !this.start.hidden; // the sound may be unlocked again later
    this.start.hidden = true;
    if (isFirst) {
      keepAwake(
        (text) => text && toast(text),
        gettext("This device does not keep its screen on by itself: set that in its own settings."),
      );
    }
    this.ring();
  }

  tellSound(isSilent) {
    this.soundFault = isSilent ? gettext("Sound is off: tap here") : "";
    this.drawStates();
  }

  // Rings as long as somebody has to act; on every tablet the same, as all see the same orders.
  ring() {
    const kinds = new Set();
    for (const ticket of this.tickets.values()) {
      if (isPending(ticket)) kinds.add("new");
      const owed = owedKind(ticket);
      if (owed) kinds.add(owed);
    }
    if (this.isAway) kinds.add("lost");
    this.bell.want(kinds);
    setAttribute(document.body, "data-ringing", [...kinds].join(" ") || null);
    document.title = kinds.has("new") ? `● ${page.vendor.name}` : page.vendor.name;
  }

  // The banner stands as long as there is no socket; it sounds where nothing comes by another way either.
  async tellLink(isUp, isAsking) {
    await released();
    this.banner.hidden = isUp;
    if (!isUp) setText(this.banner, isAsking ? gettext("The live link is lost. The board asks for news every few seconds, and links up again by itself.") : gettext("There is no connection. Orders may be waiting that are not shown here."));
    if (isUp || isAsking) {
      clearTimeout(this.lostTimer);
      this.lostTimer = null;
      this.isAway = false;
      if (isUp && this.wasAway) toast(gettext("The link is back: everything is up to date."));
      if (isUp) this.wasAway = false;
      this.ring();
      return;
    }
    this.lostTimer ??= setTimeout(() => {
      this.isAway = true;
      this.wasAway = true;
      this.ring();
    }, LOST_SOUND_AFTER);
  }

  async end(code, reason) {
    if (code === 4401) {
      location.reload(); // to the sign-in; where the tablet was paired, to where that is done anew
      return;
    }
    if (this.isOver) return;
    this.isOver = true;
    this.feed.stop();
    this.bell.want(new Set());
    await openDialog(gettext("This board is closed"), () => [h("p", {}, reason), h("a.button.main", { href: "/board" }, gettext("To the boards"))]);
    location.assign("/board");
  }

  // Acknowledges the position that this screen has drawn, while somebody can see it.
  async tellSeen() {
    if (!page.tells_seen || document.visibilityState !== "visible" || this.isTelling || !this.epoch || this.redraw.size) return;
    const shown = this.read;
    if (shown === this.seen) return;
    this.isTelling = true;
    await nextFrame();
    try {
      await act("POST", `${base}/seen`, { epoch: this.epoch, position: shown }, { tries: 2 });
      this.seen = shown;
    } catch {
      // The next change, or the next reading, tells it again.
    }
    this.isTelling = false;
    if (this.seen === shown && this.read !== shown) this.tellSeen();
  }

  // --- stations ----------------------------------------------------------------------------------------------------

  drawStations() {
    const known = new Set(this.stations.map(({ id }) => id));
    for (const id of this.chosenStations) if (!known.has(id)) this.chosenStations.delete(id);
    this.stationRow.hidden = this.stations.length === 0;
    const choose = (id) => {
      const chosen = new Set(this.chosenStations);
      if (!chosen.delete(id)) chosen.add(id);
      this.chooseStations(chosen);
    };
    fill(
      this.stationRow,
      h("button", { type: "button", "aria-pressed": String(this.chosenStations.size === 0), onclick: () => this.chooseStations([]) }, gettext("All stations")),
      this.stations.map(({ id, name }) => h("button", { type: "button", "aria-pressed": String(this.chosenStations.has(id)), onclick: () => choose(id) }, name)),
    );
  }

  chooseStations(ids) {
    this.chosenStations = new Set(ids);
    localStorage.setItem(STATIONS_KEY, JSON.stringify([...this.chosenStations]));
    const at = [...this.stationRow.children].indexOf(document.activeElement);
    this.drawStations();
    this.stationRow.children[at]?.focus();
    this.redrawAll();
    this.draw();
  }

  redrawAll() {
    for (const id of this.tickets.keys()) this.redraw.add(id);
  }

  // What belongs to no station is shown everywhere.
  showsLine(line) {
    return this.chosenStations.size === 0 || line.station === null || this.chosenStations.has(line.station);
  }

  showsTicket(ticket) {
    return ticket.lines.length === 0 || ticket.lines.some((line) => this.showsLine(line));
  }

  // --- counts ------------------------------------------------------------------------------------------------------

  toggleCounts() {
    this.counts.hidden = !this.counts.hidden;
    this.counting.setAttribute("aria-expanded", String(!this.counts.hidden));
    if (!this.counts.hidden) this.drawDay();
  }

  drawDay() {
    drawCounts(this.counts.lastElementChild, dayCounts(this.tickets.values(), (line) => this.showsLine(line)));
  }

  // --- acts --------------------------------------------------------------------------------------------------------

  presets(most) {
    const minutes = this.vendor.accept_minutes;
    const usual = minutes.indexOf(this.vendor.preparation_minutes);
    const first = Math.max(0, Math.min(usual - 2, minutes.length - most));
    return minutes.slice(first, first + most);
  }

  minutesFor(ticket) {
    return this.chosenMinutes.get(ticket.id) ?? this.vendor.preparation_minutes;
  }

  choose(ticket, minutes) {
    this.chosenMinutes.set(ticket.id, minutes);
    this.cards.get(ticket.id)?.draw(ticket);
  }

  // Does something to an order (`body` may be a function that makes what is sent), and reads it again whatever came of it; true where it was done.
  async change(ticket, method, path, body) {
    const { element } = this.cards.get(ticket.id) ?? {};
    if (element) setAttribute(element, "aria-busy", "true");
    let isDone = true;
    try {
      await act(method, `/orders/${ticket.id}${path}`, typeof body === "function" ? await body() : body);
    } catch (problem) {
      isDone = false;
      toast(interpolate(gettext("Order %(number)s: %(what)s"), { number: ticket.called, what: problem.message }));
    }
    this.dirty.add(ticket.id);
    this.refresh();
    if (element) setAttribute(element, "aria-busy", null);
    return isDone;
  }

  async move(ticket, step, fields = {}) {
    const minutes = step.name === "accept" && this.cards.get(ticket.id)?.takesMinutes() ? { prepared_in: this.minutesFor(ticket) } : {};
    const from = ticket.status.name;
    const kind = pictureKind(ticket, step);
    const picture = kind && (await askPicture(kind));
    if (kind && !picture) return;
    const takenAt = new Date().toISOString();
    const body = async () => ({
      transition: step.name,
      ...minutes,
      ...fields,
      ...(picture && { proof: await sendPicture(ticket.id, picture, takenAt) }),
    });
    if (await this.change(ticket, "POST", "/transitions", body)) {
      this.undoable = { id: ticket.id, from, until: Date.now() + UNDO_FOR, version: ticket.version };
      this.offerUndo();
    }
  }

  // Once the order is read again: a way back, where the life cycle has one to where it stood before.
  offerUndo() {
    const ticket = this.undoable && this.tickets.get(this.undoable.id);
    if (!ticket || ticket.version <= this.undoable.version) return;
    const { from, until } = this.undoable;
    this.undoable = null;
    closeToast(`order-${ticket.id}`); // the way back from an earlier step
    const back = ticket.allowed_transitions.find((one) => one.by_name && one.to.name === from);
    const text = interpolate(gettext("Order %(number)s: %(what)s"), { number: ticket.called, what: word("statuses", ticket.status.name) });
    if (back && Date.now() < until) {
      const fields = back.requires.includes("reason") ? { reason_code: "mistake" } : {};
      const act = () => this.move(ticket, back, fields);
      toast(text, { label: gettext("Undo"), act, lasts: until - Date.now(), about: `order-${ticket.id}` });
    }
  }

  startPreparing(ticket) {
    return this.change(ticket, "POST", "/start-preparing");
  }

  // A ticket that was only shown again.
  putAway(ticket) {
    return this.change(ticket, "DELETE", "/recall");
  }

  acknowledge(ticket) {
    return this.change(ticket, "POST", "/acknowledge", { version: ticket.version });
  }

  async tick(ticket, line, box) {
    if (!(await this.change(ticket, box.checked ? "PUT" : "DELETE", `/items/${line.id}/tick`))) box.checked = Boolean(line.tick);
  }

  async openMore(ticket) {
    const given = await openOrder(this.tickets.get(ticket.id) ?? ticket, this);
    if (!given) return;
    if (given.step) await this.move(ticket, given.step, given.fields);
    else if (given.act === "start") await this.startPreparing(ticket);
    else if (given.act === "print") await this.printing.printOrder(ticket);
    else if (given.act === "recall") await this.change(ticket, "POST", "/recall");
    else if (given.act === "delay") {
      const minutes = Math.max(1, ticket.prepared_in + given.more);
      await this.change(ticket, "PATCH", "", { prepared_in: minutes, reason_code: "too_busy" });
    } else if (given.act === "sold-out") await this.sellOut({ kind: "product", id: given.product, name: given.name, until: given.until });
  }

  async changeVendor(method, path, body) {
    try {
      await act(method, base + path, body);
    } catch (problem) {
      toast(problem.message);
    }
    await this.readSettings();
  }

  async changePause() {
    const fields = await openPause(this);
    if (fields) await this.changeVendor("PATCH", "", fields);
  }

  async changeSoldOut() {
    const row = await openSoldOut(this);
    if (row) await this.sellOut(row);
  }

  async sellOut({ kind, id, until, isBack }) {
    const path = `/${kind}s/${id}/out-of-stock`;
    await (isBack ? this.changeVendor("DELETE", path) : this.changeVendor("POST", path, { until }));
  }
}

const nextFrame = () => new Promise((resolve) => (document.visibilityState === "visible" ? requestAnimationFrame(() => setTimeout(resolve)) : setTimeout(resolve)));
const nextTurn = () => globalThis.scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));

new Board();
