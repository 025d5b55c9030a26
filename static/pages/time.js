// Times as people at the vendor read them: in its time zone and the reader's language.
import { gettext, interpolate } from "./i18n.js";
import { page } from "./page.js";

const OWN = page.time_zone || undefined; // of a page that is about one vendor; else a caller names the zone
const formats = new Map(); // by time zone: making one costs more than using it

function formatsOf(zone) {
  if (!formats.has(zone)) {
    formats.set(zone, {
      clock: new Intl.DateTimeFormat(page.language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone }),
      day: new Intl.DateTimeFormat(page.language, { weekday: "short", day: "numeric", month: "short", timeZone: zone }),
      key: new Intl.DateTimeFormat("en-CA", { timeZone: zone }), // 2026-11-30
    });
  }
  return formats.get(zone);
}

export const dayKey = (at, zone = OWN) => formatsOf(zone).key.format(at);
export const clock = (at, zone = OWN) => formatsOf(zone).clock.format(at);

// "18:30", with the day where it is another than today.
export function when(at, now = new Date(), zone = OWN) {
  return dayKey(at, zone) === dayKey(now, zone) ? clock(at, zone) : `${formatsOf(zone).day.format(at)}, ${clock(at, zone)}`;
}

// A time with the place whose clocks show it, where those of this device show another.
export function named(text, at, zone = OWN) {
  const [there, here] = [formatsOf(zone), formatsOf(undefined)]; // not by `clock`, whose zone is OWN where it is undefined
  const isAsHere = !zone || (there.clock.format(at) === here.clock.format(at) && there.key.format(at) === here.key.format(at));
  return isAsHere ? text : interpolate(gettext("%(time)s (time in %(place)s)"), { time: text, place: zone.split("/").at(-1).replaceAll("_", " ") });
}

// Whole minutes from now, negative for what has passed.
export const minutesTo = (at, now = new Date()) => Math.round((at - now) / 60_000);

// "in 12 min", "5 min late", "now".
export function untilText(at, now = new Date()) {
  const minutes = minutesTo(at, now);
  if (minutes === 0) return gettext("now");
  const hours = Math.floor(Math.abs(minutes) / 60);
  const span = hours
    ? interpolate(gettext("%(hours)s h %(minutes)s min"), { hours, minutes: Math.abs(minutes) % 60 })
    : interpolate(gettext("%(count)s min"), { count: Math.abs(minutes) });
  return interpolate(minutes > 0 ? gettext("in %(span)s") : gettext("%(span)s late"), { span });
}

// "1:05", of what is left of a countdown; "0:00" where it is over.
export function countdown(at, now = new Date()) {
  const seconds = Math.max(0, Math.ceil((at - now) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
