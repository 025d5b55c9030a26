"""Rows are locked in one order, and never more than is needed: what the statements themselves say, on PostgreSQL."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Status
from orders.models import UnansweredOrder
from orders.services.moving.sightings import pause_unanswering
from tests.cast import Cast
from tests.orders.positions.test_reports import report, send
from tests.orders.rows import make_order
from vendors.models import Product, Vendor
from vendors.services.availability import bring_back

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]
Api = Callable[..., APIClient]
ORDER = re.compile(r'FROM "orders_order" .*FOR UPDATE OF "orders_order"')
STREAM = re.compile("INSERT INTO orders_counter")
# It would hold up every row that is written with a reference to one of these.
WHOLE_ROW = re.compile(r'FROM "vendors_\w+" .*FOR UPDATE')


def statements(captured: Any) -> list[str]:
    return [query["sql"] for query in captured.captured_queries]


def test_a_report_over_several_orders_locks_all_of_them_before_it_tells_anything(cast: Cast, api: Api) -> None:
    for stood in (
        "accepted driver_accepted",
        "accepted driver_accepted",
        "accepted driver_accepted prepared picked_up",
    ):
        status = Status.PICK_UP_COMPLETED_BY_DRIVER if "picked_up" in stood else Status.ACCEPTED_BY_DRIVER
        make_order(cast, status, driver=cast.driver_row, stood=stood)
    with CaptureQueriesContext(connection) as captured:
        assert send(api(cast.driver), report(timezone.now())) == (1, [])
    found = statements(captured)
    locked = [number for number, one in enumerate(found) if ORDER.search(one)]
    told = [number for number, one in enumerate(found) if STREAM.search(one)]
    assert (len(locked), len(told)) == (3, 3)
    assert max(locked) < min(told)


def test_a_vendor_that_is_paused_and_what_comes_back_may_be_pointed_to_meanwhile(cast: Cast) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(pause_after_orders=1)
    order = make_order(cast, Status.REJECTED_BY_BUSINESS)
    UnansweredOrder.objects.create(order=order, vendor=cast.vendor)
    due = timezone.now() - timedelta(minutes=1)
    Product.objects.filter(pk=cast.products["burger"].pk).update(is_available=False, unavailable_until=due)
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        assert (pause_unanswering(), bring_back()) == (1, 1)
    found = statements(captured)
    assert sum("FOR NO KEY UPDATE" in one for one in found) >= 3
    assert not [one for one in found if WHOLE_ROW.search(one)]
