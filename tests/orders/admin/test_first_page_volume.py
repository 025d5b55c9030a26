"""The first page over many orders: it reads those that wait and those of today, by index."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.admin import first_page
from orders.lifecycle.table import Status
from tests.cast import Cast, make_manager
from tests.orders.admin.test_desk_volume import fill, plans_that_read
from tests.orders.rows import make_order

pytestmark = [pytest.mark.django_db, pytest.mark.postgres, pytest.mark.slow]
# One order a minute: a day has this many, and 34 of all are open.
MOST_OF_A_DAY = 24 * 60 + 100


def test_it_reads_what_waits_and_the_orders_of_today(cast: Cast) -> None:
    fill(make_order(cast, Status.COMPLETED))
    for person in (cast.staff, make_manager(cast.vendor)):
        reader = Client()
        reader.force_login(person)
        for page in ("/admin/", "/admin/live/"):
            for kept in (first_page.kept, first_page.kept_bulk, first_page.kept_figures):
                kept.clear()
            with CaptureQueriesContext(connection) as queries:
                answer: Any = reader.get(page)
            assert answer.status_code == 200
            assert len(queries) <= 15
            assert plans_that_read(MOST_OF_A_DAY, "orders_order", queries) == [], (person, page)
