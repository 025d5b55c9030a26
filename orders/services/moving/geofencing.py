"""Makes the changes of status that follow from positions, each by the one decision about changes of status."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings

from orders.lifecycle.decisions import Outcome, decide
from orders.lifecycle.geofences import FENCES, Watch, Whose, watch_order
from orders.lifecycle.positions import Fix
from orders.lifecycle.table import NAMES, Actor
from orders.models import Order
from orders.services.moving.transitions import Wish, move_on
from orders.services.record.access import OrderAccess, access_as
from ordersite.accounts.callers import Caller
from vendors.models import Vendor

# What the fences of one order remember, as JSON: by the fence's name the parts of its Watch, times as texts.
Remembered = Mapping[str, Mapping[str, Any]]
MOMENTS = ("since", "inside_since", "outside_since")


class Sighting(NamedTuple):
    """Believed fixes of somebody, in the order of their times, with who reported them and when that came in."""

    whose: Whose
    fixes: Sequence[Fix]
    caller: Caller
    now: datetime


def metres_of(vendor: Vendor) -> dict[str, int]:
    """The radius of each fence, 0 for off: the vendor's own, else the site's, else the table's."""
    site: Mapping[str, int] = settings.GEOFENCES
    found = {}
    for fence in FENCES:
        own: int | None = getattr(vendor, f"{fence.name}_metres")
        found[fence.name] = site.get(fence.name, fence.metres) if own is None else own
    return found


def foresee(order: Order, sighting: Sighting, remembered: Remembered) -> tuple[bool, Remembered]:
    """Whether the fixes would change the order, which is not locked, and what its fences remember if they would not."""
    access = access_as(Actor.GEOFENCE, sighting.caller, order, sighting.now)
    moves = []

    def note(name: str) -> bool:
        moves.append(is_taken(access, name))
        return False

    seen = see(order, sighting, remembered, note)
    return any(moves), seen


def follow(order: Order, sighting: Sighting, remembered: Remembered) -> Remembered:
    """Makes the changes that follow from the fixes, of an order that this transaction has locked."""
    access = access_as(Actor.GEOFENCE, sighting.caller, order, sighting.now)

    def make(name: str) -> bool:
        if not is_taken(access, name):
            return False
        move_on(access, Wish(name=name))
        return True

    return see(order, sighting, remembered, make)


def is_taken(access: OrderAccess, name: str) -> bool:
    return decide(access.order, access.asker(), to=NAMES[name], name=name).outcome == Outcome.TAKE


def see(order: Order, sighting: Sighting, remembered: Remembered, make: Callable[[str], bool]) -> Remembered:
    """What the fences of the order remember after the fixes."""
    watches = {name: as_watch(parts) for name, parts in remembered.items()}
    watches = watch_order(order, sighting.whose, sighting.fixes, watches, metres_of(order.vendor), make)
    return {name: as_parts(watch) for name, watch in watches.items()}


def as_watch(parts: Mapping[str, Any]) -> Watch:
    moments = {name: datetime.fromisoformat(parts[name]) for name in MOMENTS if name in parts}
    return Watch(**{**parts, **moments})


def as_parts(watch: Watch) -> dict[str, Any]:
    """As JSON, without what is as in the beginning."""
    parts = {name: value for name, value in asdict(watch).items() if value}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in parts.items()}
