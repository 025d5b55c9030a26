"""Who sees an order in a list stands to it as somebody when it is asked for alone, and nobody else does."""

import itertools

import pytest
from django.utils import timezone

from orders.lifecycle.table import Status
from orders.models import Order
from orders.services.record.access import with_parties
from orders.visibility import actors_for, visible_orders
from ordersite.accounts.callers import Caller, caller_of_merchant, caller_of_user
from ordersite.accounts.models import User
from tests.cast import Cast
from tests.tracking.live import make_order
from vendors.models import Driver, Member

pytestmark = pytest.mark.django_db

STATUSES = (
    Status.PENDING,
    Status.ACCEPTED_BY_BUSINESS,
    Status.PREPARATION_COMPLETED,
    Status.LOOKING_FOR_DRIVER,
    Status.DRIVER_ON_WAY,
)


def make_orders(cast: Cast) -> None:
    """Every mixture of what the rules look at: status, parties, milestones, whether its vendor may see it."""
    now = timezone.now()
    drivers = (None, cast.driver_row, cast.courier_row, cast.company_driver_row)
    for vendor, status, driver, company, searched, taken, visible in itertools.product(
        (cast.vendor, cast.other_vendor), STATUSES, drivers, (None, cast.company), (None, now), (None, now), (None, now)
    ):
        make_order(
            vendor,
            cast.customer_row,
            status=status,
            driver=driver,
            company=company,
            search_started_at=searched,
            company_accepted_at=taken,
            visible_at=visible,
        )


def callers(cast: Cast) -> list[Caller]:
    """Everybody of the cast, a merchant's token, a member at one vendor only, nobody."""
    part_time = User.objects.create_user("part.time@example.org", name="Part Time")
    Member.objects.create(user=part_time, merchant=cast.merchant, all_vendors=False).vendors.set([cast.vendor])
    users = User.objects.select_related("customer", "driver").order_by("pk")
    known = [caller_of_user(user) for user in users]
    return [*known, caller_of_merchant(cast.merchant.pk), Caller()]


def test_seen_in_a_list_and_seen_alone_are_the_same(cast: Cast) -> None:
    make_orders(cast)
    Driver.objects.filter(pk=cast.other_driver_row.pk).update(on_duty=False)
    for caller in callers(cast):
        seen = set(visible_orders(caller).values_list("pk", flat=True))
        orders = with_parties(Order.objects.filter(deleted_at__isnull=True))
        assert {order.pk for order in orders if actors_for(caller, order)} == seen, caller.key
