"""POST /track: one order by its code, without a login."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import Order
from ordersite.core.crypto import decrypt
from tests.cast import Cast
from tests.orders.rows import add_line, make_order
from tests.orders.walking import Api

TRACK = "/api/v1/track"


def test_what_a_code_tells(cast: Cast, api: Api) -> None:
    order = make_order(cast, 8, driver=cast.driver_row, stood="accepted driver_accepted")
    add_line(order, cast.products["soda"], 2)
    answer = api().post(TRACK, {"code": decrypt(order.tracking_sealed)})
    assert answer.status_code == 200
    assert answer.data["status"] == {"code": 8, "name": "accepted_by_driver"}
    assert (answer.data["customer"], answer.data["driver"]) == ("Clara", "Dora")
    assert answer.data["items"] == [{"name": "Soda", "quantity": 2}]
    assert answer.data["vendor"]["name"] == "Burger Bar"
    shown = answer.content.decode()
    for hidden in (
        order.address,
        order.contact_phone,
        order.contact_email,
        "Customer",
        "Driver",
        order.collection_code,
    ):
        assert f'"{hidden}' not in shown


def test_a_driver_who_has_not_accepted_is_not_told(cast: Cast, api: Api) -> None:
    order = make_order(cast, 7, driver=cast.driver_row, stood="accepted")
    assert api().post(TRACK, {"code": decrypt(order.tracking_sealed)}).data["driver"] is None


def without_id(answer: Any) -> dict[str, Any]:
    return {name: value for name, value in answer.json().items() if name != "request_id"}


def test_unknown_lapsed_and_deleted_answer_alike_after_the_same_statements(cast: Cast, api: Api) -> None:
    lapsed, deleted = make_order(cast, 1, closed_at=timezone.now() - timedelta(days=8)), make_order(cast, 1)
    Order.objects.filter(pk=deleted.pk).update(deleted_at=timezone.now())
    codes = ["not-a-code", decrypt(lapsed.tracking_sealed), decrypt(deleted.tracking_sealed)]
    seen = []
    for code in codes:
        with CaptureQueriesContext(connection) as asked:
            answer = api().post(TRACK, {"code": code})
        seen.append((answer.status_code, without_id(answer), len(asked)))
    assert seen[0][0] == 404
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.slow
def test_tries_are_counted_in_the_database(cast: Cast, api: Api) -> None:
    order = make_order(cast)
    answers = [api().post(TRACK, {"code": f"guess-{number}"}).status_code for number in range(60)]
    assert answers == [404] * 60
    locked = api().post(TRACK, {"code": decrypt(order.tracking_sealed)})
    assert (locked.status_code, locked.data["code"]) == (429, "throttled")
    assert int(locked["Retry-After"]) > 0


@pytest.mark.parametrize("body", [{}, {"code": ""}, {"code": 5, "x": 1}, {"code": "x" * 101}, [], "code"])
def test_nonsense(cast: Cast, api: Api, body: Any) -> None:
    assert api().post(TRACK, body).status_code == 400
