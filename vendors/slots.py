"""How much a vendor takes on at a time. Pure: spans in, the slot of a moment and its caps out.

A cap holds for one slot of the grid (`vendors.hours.slots`) and one fulfilment. It stands on the span that the slot
begins in, else on the vendor; where spans overlap, the tightest counts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from vendors.hours import DAY, Period, grids, moment, openings
from vendors.menu import Span

# An order that takes days to prepare may be ready on a closed one: it falls into the last opening of the week before.
DAYS_BACK = 7
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Caps:
    """The most orders in a slot, and the most that they may be worth in minor units; None is no cap."""

    orders: int | None = None
    value: int | None = None

    @property
    def is_none(self) -> bool:
        return self.orders is None and self.value is None

    def hold(self, orders: int, value: int) -> bool:
        """Whether so many orders, worth so much, are within them."""
        return (self.orders is None or orders <= self.orders) and (self.value is None or value <= self.value)


def slot_at(spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, at: datetime, minutes: int) -> datetime | None:
    """The start of the slot of so many minutes that the moment lies in, in UTC; None without an opening before it.

    What is left at the end of an opening, too short for a slot to order for, counts as one. A moment after closing
    (what was ordered just before it) falls into the last slot of that opening.
    """
    today = at.astimezone(zone).date()
    start = moment(today, time.min, zone)
    if spans:
        opening = opening_begun(spans, zone, fulfilment, at, 1) or opening_begun(spans, zone, fulfilment, at, DAYS_BACK)
        if opening is None:
            return None
        start, end = opening
        at = min(at, end - INSTANT)
    step = timedelta(minutes=minutes)
    return start + (at - start) // step * step


def opening_begun(spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, at: datetime, days: int) -> Period | None:
    """The last opening that has begun by the moment, on its day or one of so many before."""
    found = grids(spans, zone, fulfilment, at.astimezone(zone).date() - days * DAY, days + 1)
    return next((opening for opening in reversed(found) if opening[0] <= at), None)


def caps_at(spans: Sequence[Span], zone: ZoneInfo, fulfilment: str, slot: datetime, usual: Caps) -> Caps:
    """The caps of the slot that begins at this moment: those of its spans, and where these say nothing the usual."""
    yesterday = slot.astimezone(zone).date() - DAY
    holding = [span for start, end, span in openings(spans, zone, fulfilment, yesterday, 2) if start <= slot < end]
    return Caps(
        orders=min((span.slot_orders for span in holding if span.slot_orders is not None), default=usual.orders),
        value=min((span.slot_value for span in holding if span.slot_value is not None), default=usual.value),
    )


def is_capped(spans: Sequence[Span], usual: Caps) -> bool:
    """Whether any slot has a cap at all."""
    return not usual.is_none or any(span.slot_orders is not None or span.slot_value is not None for span in spans)
