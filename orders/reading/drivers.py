"""Drivers as they see themselves and as the dispatchers of their company see them, with where they are."""

from datetime import datetime

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from orders.models import HELD, Order
from orders.reading.party_views import PositionView
from orders.reading.row_view import NamedView, View, shows
from vendors.models import Driver


class FleetDriverView(View):
    """A driver that `with_loads` read. Who is off duty and carries nothing is nowhere."""

    shown = shows("id name phone on_duty carried")

    def __init__(self, driver: Driver, now: datetime) -> None:
        super().__init__(driver)
        position = getattr(driver, "position", None)
        self.company = NamedView(driver.company) if driver.company else None
        self.vendor = NamedView(driver.vendor) if driver.vendor else None
        self.position = PositionView(position, now) if position and (driver.on_duty or self.carried) else None


def with_loads(drivers: QuerySet[Driver]) -> QuerySet[Driver]:
    """Reads with drivers their employers, their last positions, and how many orders each has accepted and holds."""
    held = Order.objects.filter(HELD, driver=OuterRef("pk"))
    count = held.order_by().values("driver").annotate(count=Count("pk")).values("count")
    carried = Coalesce(Subquery(count, output_field=IntegerField()), 0)
    return drivers.select_related("company", "vendor", "position").annotate(**{"carried": carried})
