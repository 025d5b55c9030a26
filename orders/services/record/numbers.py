"""Order numbers: what a vendor calls out at its counter, from 1 on each day and in each series."""

from datetime import date, datetime

from orders.models import NumberSeries, Order
from orders.services.record.events import draw
from vendors.models import Vendor


def day_of(vendor: Vendor, at: datetime) -> date:
    """The day of a moment by the vendor's clock."""
    return at.astimezone(vendor.zone).date()


def counter_of(vendor_id: int, series: NumberSeries, day: date) -> str:
    """The name of the counter that numbers are drawn from."""
    return f"number:{vendor_id}:{series}:{day}"


def follow_day(order: Order, day: date) -> None:
    """Moved to another day, an order takes the next number of that day; the old one is given to nobody."""
    series = NumberSeries.of(order.fulfilment, order.locker)
    counter = counter_of(order.vendor_id, series, day)
    order.number, order.number_day, order.number_series = draw([counter])[counter][0], day, series
