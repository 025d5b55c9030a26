// Times as people at the vendor read them: in its time zone and the reader's language.
import { gettext, interpolate } from "./i18n.js";
import { page } from "./page.js";

const zone = page.time_zone || undefined;
const clockFormat = new Intl.DateTimeFormat(page.language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
const dayFormat = new Intl.DateTimeFormat(page.language, { weekday: "short", day: "numeric", month: "short", timeZone: zone });
const keyFormat = new Intl.DateTimeFormat("en-CA", { timeZone: zone }); // 2026-11-30

export const dayKey = (at) => keyFormat.format(at);
export const clock = (at) => clockFormat.format(at);

// "18:30", with the day where it is another than today.
export function when(at, now = new Date()) {
  return dayKey(at) === dayKey(now) ? clock(at) : `${dayFormat.format(at)}, ${clock(at)}`;
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
