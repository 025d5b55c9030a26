"""Notes of an order: who reads each at the doors of people, and who may write which on its page."""

import uuid
from typing import Any

import pytest
from django.test import Client

from orders.lifecycle.table import Status
from orders.models import Order, OrderEvent
from tests.cast import Cast, make_manager
from tests.orders.rows import make_order
from tests.orders.shopping import assert_nothing_changed

pytestmark = pytest.mark.django_db
NOTES = {name: f"A word for {name}" for name in OrderEvent.VisibleTo.values}


@pytest.fixture
def order(cast: Cast) -> Order:
    """Carried by Dora, with a note for each kind of reader."""
    order = make_order(
        cast,
        Status.PICK_UP_COMPLETED_BY_DRIVER,
        driver=cast.driver_row,
        stood="accepted prepared driver_accepted picked_up",
    )
    for number, (name, text) in enumerate(NOTES.items(), start=900):
        OrderEvent.objects.create(
            order=order, number=number, kind="note", actor="test", role="staff", visible_to=name, reason=text
        )
    return order


def page_of(client: Client, order: Order) -> str:
    return client.get(f"/admin/orders/order/{order.pk}/change/").content.decode()


def read_in(text: str) -> set[str]:
    return {name for name, note in NOTES.items() if note in text}


def test_who_reads_a_note(cast: Cast, api: Any, order: Order) -> None:
    """By the API and, of those who have a page in the back-office, there; the public page of a code tells none."""
    native = f"/api/v1/orders/{order.pk}?expand=events"
    read = {role: read_in(api(getattr(cast, role)).get(native).content.decode()) for role in ("customer", "owner")}
    read["driver"] = read_in(api(cast.driver).get(native).content.decode())
    read["staff"] = read_in(api(cast.staff).get(native).content.decode())
    everybody, business = {"everybody"}, {"everybody", "business"}
    assert read == {"customer": everybody, "owner": business, "driver": business, "staff": set(NOTES)}
    assert read_in(api(cast.stranger).get(native).content.decode()) == set()
    office, manager = Client(), Client()
    office.force_login(cast.staff)
    manager.force_login(make_manager(cast.vendor))
    assert (read_in(page_of(office, order)), read_in(page_of(manager, order))) == (set(NOTES), business)
    board = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/board").content.decode()
    assert "staff" not in read_in(board)


@pytest.mark.parametrize("visible_to", NOTES)
def test_the_page_writes_a_note_for_whom_its_writer_may_address(cast: Cast, order: Order, visible_to: str) -> None:
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    sent = {"key": str(uuid.uuid4()), "text": "Rang twice", "visible_to": visible_to}
    path = f"/admin/orders/order/{order.pk}/note/"
    if visible_to == "staff":
        with assert_nothing_changed():
            assert manager.post(path, sent).status_code == 302
        return
    assert manager.post(path, sent).status_code == 302
    note = OrderEvent.objects.get(order=order, reason="Rang twice")
    assert (note.visible_to, note.role) == (visible_to, "vendor")
