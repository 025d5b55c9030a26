"""Which reported positions are believed, and shown. No database here: a report, the one before it, and the moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orders.models import Order
from ordersite.places.geometry import distance

# Metres: a device that knows less than this says nothing about a street.
MOST_ACCURACY = 100
# Metres a second: nobody delivers faster; such a jump is a wrong fix.
MOST_SPEED = 50
# How far a device's clock may be ahead of ours.
CLOCK_SKEW = timedelta(minutes=1)
# How long a report may have waited for a link: older ones tell nothing of where somebody is.
MOST_DELAY = timedelta(days=1)
# A jump is judged by a position no older than this: a wrong one, once taken, would else shut out all that follow it.
JUDGES_JUMPS = timedelta(minutes=10)
# A position counts as current for so long.
CURRENT = timedelta(minutes=2)


class Ignored(StrEnum):
    """Why a report that is well formed changes nothing."""

    INACCURATE = "inaccurate"
    IN_FUTURE = "in_future"
    TOO_OLD = "too_old"
    NOT_NEWER = "not_newer"
    TOO_FAST = "too_fast"
    OFF_DUTY = "off_duty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A place that a device was at: degrees, metres (accuracy), degrees from north (heading), metres a second."""

    lat: float
    lng: float
    accuracy: float
    at: datetime
    heading: float | None = None
    speed: float | None = None


def why_ignored(fix: Fix, last: Fix | None, now: datetime) -> Ignored | None:
    """Why the fix is not believed after the last one that was; None where it is."""
    if fix.accuracy > MOST_ACCURACY:
        return Ignored.INACCURATE
    if fix.at > now + CLOCK_SKEW:
        return Ignored.IN_FUTURE
    if fix.at < now - MOST_DELAY:
        return Ignored.TOO_OLD
    if last is None:
        return None
    passed = fix.at - last.at
    if passed <= timedelta():
        return Ignored.NOT_NEWER
    moved = distance(last.lat, last.lng, fix.lat, fix.lng)
    if passed <= JUDGES_JUMPS and moved > MOST_SPEED * passed.total_seconds():
        return Ignored.TOO_FAST
    return None


def is_on_way(order: Order) -> bool:
    """Whether a driver is under way to the customer with it: only then it is shown where that driver is."""
    return order.picked_up_at is not None and not order.is_closed and order.carried_by is not None


def believe(fixes: list[Fix], last: Fix | None, now: datetime) -> list[Ignored | None]:
    """The same for several, each after those of before it that were believed, in the order of their times.

    The answers are in the order in which the fixes were given.
    """
    answers: list[Ignored | None] = [None] * len(fixes)
    for number in sorted(range(len(fixes)), key=lambda number: fixes[number].at):
        answers[number] = why_ignored(fixes[number], last, now)
        if answers[number] is None:
            last = fixes[number]
    return answers
