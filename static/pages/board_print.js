// Tickets on the board: prints them from this device, where that is switched on, and asks about those that nobody knows of.
import { act, read } from "./api.js";
import { fill, h } from "./dom.js";
import { gettext, interpolate, ngettext } from "./i18n.js";
import { page } from "./page.js";
import { released } from "./press.js";
import { toast } from "./toasts.js";

const LOOK_EVERY = 15_000; // ms
const STUCK_AFTER = 60_000; // ms that a ticket waits until the board says so
const LOADS_IN = 10_000; // ms of the page of a ticket
const KEY = `board-prints-${page.vendor.id}`;

const base = `/vendors/${page.vendor.id}/print-jobs`;

export class Printing {
  jobs = [];
  turn = Promise.resolve(); // what is printed now, and what comes after it

  constructor(board) {
    this.board = board;
    this.isOn = localStorage.getItem(KEY) === "on";
    this.notice = h("div.prints", { role: "status" });
    this.toggle = h("button", { type: "button", onclick: () => this.switchOn(!this.isOn) }, gettext("Print here"));
    this.tell();
    setInterval(() => this.look(), LOOK_EVERY);
    this.look();
  }

  switchOn(isOn) {
    this.isOn = isOn;
    localStorage.setItem(KEY, isOn ? "on" : "off");
    toast(isOn ? gettext("Tickets are printed from this device.") : gettext("Tickets are no longer printed from this device."));
    this.tell();
    this.look();
  }

  // Reads what is to be printed, once more where something has changed while it was read.
  async look() {
    this.isWanted = true;
    if (this.isLooking) return;
    this.isLooking = true;
    while (this.isWanted) {
      this.isWanted = false;
      try {
        this.jobs = (await read(`${base}?per_page=100`)).body.results;
      } catch {
        break; // the board tells of the link; the next look reads it
      }
      await released();
      this.tell();
      if (this.isOn) await this.printWaiting();
    }
    this.isLooking = false;
  }

  async printWaiting() {
    for (const job of this.jobs.filter(({ state }) => state === "waiting")) await this.print(job);
  }

  // A ticket that somebody asks for on this device.
  async printOrder(order) {
    try {
      const job = await act("POST", `/orders/${order.id}/print-jobs`);
      await this.print(job, true);
    } catch (problem) {
      toast(problem.message);
    }
    this.look();
  }

  // Claims a job, and prints it where no other device was first; one after another.
  print(job, isAskedFor = false) {
    this.turn = this.turn.then(() => this.printNow(job, isAskedFor));
    return this.turn;
  }

  async printNow(job, isAskedFor) {
    try {
      await act("POST", `${base}/${job.id}/claim`);
      const fault = await printPage(`/board/tickets/${job.id}`);
      if (fault) await act("POST", `${base}/${job.id}/failed`, { reason: fault });
      else await act("POST", `${base}/${job.id}/printed`);
    } catch (problem) {
      // Another device was first: that is as it should be.
      if (isAskedFor || !["print_job_taken", "print_job_settled"].includes(problem.code)) toast(problem.message);
    }
  }

  async answer(job, isThere) {
    try {
      await act("POST", `${base}/${job.id}/${isThere ? "printed" : "failed"}`, isThere ? null : { reason: "" });
    } catch (problem) {
      toast(problem.message);
    }
    this.look();
  }

  // What somebody has to look at: papers that nobody knows of, and those that no device prints.
  tell() {
    this.toggle.setAttribute("aria-pressed", String(this.isOn));
    const now = this.board.now?.() ?? new Date();
    const unsure = this.jobs.filter(({ state }) => state === "unsure");
    const stuck = this.jobs.filter(({ state, created_at, tries }) => state === "waiting" && (tries >= 3 || now - new Date(created_at) > STUCK_AFTER));
    const key = JSON.stringify([unsure.map(({ id }) => id), stuck.map(({ id }) => id)]);
    if (key === this.told) return;
    this.told = key;
    const button = (text, press, look = "button") => h(look, { type: "button", onclick: press }, text);
    fill(
      this.notice,
      unsure.map((job) => h(
        "div.print",
        {},
        h("strong", {}, interpolate(gettext("Ticket %(number)s at %(name)s: was it printed?"), { number: job.called, name: job.claimed_by })),
        button(gettext("Yes, it is there"), () => this.answer(job, true), "button.main"),
        button(gettext("No, print another"), () => this.answer(job, false)),
      )),
      stuck.length > 0 && h(
        "div.print",
        {},
        h("strong", {}, interpolate(ngettext("%(count)s ticket waits for a printer", "%(count)s tickets wait for a printer", stuck.length), { count: stuck.length })),
        button(gettext("Print from this device"), () => this.printStuck(stuck), "button.main"),
      ),
    );
  }

  async printStuck(jobs) {
    for (const job of jobs) await this.print(job, true);
    this.look();
  }
}

// Prints a page from a frame that nobody sees; resolves to why it could not be, "" where it was.
function printPage(address) {
  return new Promise((resolve) => {
    const frame = h("iframe.paper", { title: gettext("Ticket"), tabIndex: -1 });
    frame.setAttribute("aria-hidden", "true");
    const end = (fault) => {
      clearTimeout(late);
      frame.remove();
      resolve(fault);
    };
    const late = setTimeout(() => end("The ticket did not load"), LOADS_IN);
    frame.addEventListener("load", () => {
      clearTimeout(late);
      if (!frame.contentDocument?.querySelector("main[data-ticket]")) {
        end("The ticket did not load");
        return;
      }
      try {
        frame.contentWindow.focus();
        frame.contentWindow.print(); // returns once the browser's dialog is closed
        end("");
      } catch {
        end("The browser cannot print");
      }
    });
    frame.src = address;
    document.body.append(frame);
  });
}
