"""Lists of what somebody did name who it was, however many rows and people there are, in as many statements."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.lifecycle.table import Status
from orders.models import Order, OrderEvent, Posting
from ordersite.accounts.models import User
from tests.cast import Cast
from tests.orders.rows import make_order

pytestmark = pytest.mark.django_db


def add_posting(order: Order, actor: str) -> None:
    Posting.objects.create(kind="payment", actor=actor, order=order)


def add_event(order: Order, actor: str) -> None:
    number = OrderEvent.objects.filter(order=order).count() + 1
    OrderEvent.objects.create(order=order, number=number, kind=OrderEvent.Kind.NOTE, actor=actor)


@pytest.mark.parametrize(("page", "add"), [("posting", add_posting), ("orderevent", add_event)])
def test_a_list_names_who_did_it(cast: Cast, page: str, add: object) -> None:
    assert callable(add)
    office = Client()
    office.force_login(User.objects.create_superuser("root@example.org", name="Root"))
    path, order = f"/admin/orders/{page}/", make_order(cast, Status.PENDING)
    add(order, f"user:{cast.staff.pk}")
    office.get(path)
    counts = []
    for more in ([], [f"user:{cast.owner.pk}", f"user:{cast.customer.pk}", "guest:0123", "user:999999", "system"]):
        for actor in more:
            add(order, actor)
        with CaptureQueriesContext(connection) as queries:
            shown = office.get(path).content.decode()
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 15
    for told in (cast.staff.name, cast.owner.name, cast.customer.name, "a guest", "user:999999", "system"):
        assert f">{told}</td>" in shown, told
    for key in (f"user:{cast.staff.pk}<", "guest:0123"):
        assert key not in shown
    row = Posting if page == "posting" else OrderEvent
    first = row.objects.get(actor=f"user:{cast.staff.pk}")
    assert cast.staff.name in office.get(f"{path}{first.pk}/change/").content.decode()
