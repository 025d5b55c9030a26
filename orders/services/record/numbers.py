"""Order numbers: what a vendor calls out at its counter, from 1 on each day and in each series."""

from dataclasses import dataclass
from datetime import date, datetime

from orders.models import NumberSeries, Order
from orders.services.record.events import draw_numbers
from vendors.models import Vendor


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberCounter:
    """Of a vendor's day and series; `name` is that of its row."""

    day: date
    series: NumberSeries
    name: str


def day_of(vendor: Vendor, at: datetime) -> date:
    """The day of a moment by the vendor's clock."""
    return at.astimezone(vendor.zone).date()


def counter_of_day(vendor_id: int, day: date, *, fulfilment: int, locker: str) -> NumberCounter:
    """The counter from which an order of this day takes its number."""
    series = NumberSeries.of(fulfilment, locker)
    return NumberCounter(day=day, series=series, name=f"number:{vendor_id}:{series}:{day}")


def follow_day(order: Order, day: date) -> None:
    """Moved to another day, an order takes the next number of that day; the old one is given to nobody."""
    counter = counter_of_day(order.vendor_id, day, fulfilment=order.fulfilment, locker=order.locker)
    order.number = draw_numbers([counter.name])[counter.name][0]
    order.number_day, order.number_series = counter.day, counter.series
