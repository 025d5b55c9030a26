"""Promise 16 for the dialects: every call of each foreign API, by every role, against an order that is not theirs."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from orders.dialects.registry import DIALECTS
from orders.lifecycle.table import Actor
from orders.models import Order, OrderEvent
from ordersite.core.rules import OfAsker
from tests.cast import Cast
from tests.promises.everybody import ROLES, SEES, World, make_world

NAMES = [dialect.name for dialect in DIALECTS]
UNSEEN = (401, 403, 404)
# By a part of the address.
BODIES: dict[str, dict[str, Any]] = {
    "/kesk/v1/orders/7": {"status": "Ready"},
    "/ordering/": {"status": 4},
    "/item": {"itemId": 1, "productId": 1, "quantity": 1},
    "/status": {"statusId": 1},
    "/tracking": {"trackingNumber": "P1"},
    "/history": {"text": "noted"},
}
# Clara's at Burger Bar and Stijn's at the Tea House: each is another's to everybody but staff.
SIDES = ("claras", "stijns")


@pytest.fixture
def world(cast: Cast, settings: Any) -> World:
    settings.THROTTLE_ANONYMOUS = settings.THROTTLE_CALLER = settings.THROTTLE_TILL = 0
    return make_world(cast)


def operations(name: str) -> Iterator[tuple[str, str]]:
    """Method and path of every call in a dialect's document."""
    document = Client().get(f"/dialects/{name}/schema", headers={"Accept": "application/json"}).json()
    for path, calls in document["paths"].items():
        for method in calls:
            yield method.upper(), path


def address_of(path: str, order: Order) -> str:
    """The call's address for this order: what a dialect calls its id is filled by how it is written."""
    line = order.lines.first()
    named = {"order_uuid": order.uuid, "item_id": line.pk if line else 1, "itemId": line.pk if line else 1}
    while "{" in path:
        start, end = path.index("{"), path.index("}")
        path = f"{path[:start]}{named.get(path[start + 1 : end], order.pk)}{path[end + 1 :]}"
    return f"{path}?id={order.pk}" if path.endswith("retrieve-order") else path


def send(client: APIClient, method: str, url: str, world: World) -> Any:
    """The call with a body that its dialect takes, so that only the caller decides; with the caller's own tenant."""
    body = next((body for part, body in BODIES.items() if part in url), {})
    answers = []
    for merchant in (world.cast.merchant, world.cast.other_merchant):
        headers = {"X-Tenant": str(merchant.uuid)}
        answer = (
            client.get(url, headers=headers)
            if method == "GET"
            else client.generic(method, url, client._encode_data(body, "json")[0], "application/json", headers=headers)  # type: ignore[attr-defined]
        )
        if "kaddy" not in url:
            return answer
        answers.append(answer)
    return min(answers, key=lambda answer: answer.status_code)


@pytest.mark.parametrize("name", NAMES)
def test_no_call_opens_anothers_order(world: World, name: str, figure: Callable[[str], None]) -> None:
    calls, leaks = 0, []
    for method, path in operations(name):
        about_one = "{" in path or path.endswith("retrieve-order")
        for role in ROLES:
            for whose in SIDES if about_one else SIDES[:1]:
                order = world.orders[whose]
                url = address_of(path, order)
                before = state_of(world)
                with transaction.atomic():
                    answer = send(world.client(role), method, url, world)
                    if about_one and whose not in SEES[role]:
                        assert answer.status_code in UNSEEN, f"{method} {url} of {whose} by {role}: {answer.content!r}"
                        assert state_of(world) == before, f"{method} {url} of {whose} by {role} changed something"
                    transaction.set_rollback(True)
                leaks += [f"{method} {url} by {role} shows {mark}" for mark in leaked(world, role, answer)]
                calls += 1
    assert leaks == []
    figure(f"{name}: {calls} calls by {len(ROLES)} roles, 0 leaks")


def state_of(world: World) -> Any:
    rows = Order.objects.order_by("pk").values_list("pk", "version", "status", "deleted_at", "pos_confirmed_at")
    return list(rows), OrderEvent.objects.count()


def leaked(world: World, role: str, answer: Any) -> list[str]:
    """Marks of orders that the role does not see, in what it was answered."""
    text = answer.content.decode(errors="replace")
    return [mark for one in sorted(set(world.orders) - SEES[role]) for mark in private(world, one) if mark in text]


def private(world: World, name: str) -> list[str]:
    """What nobody else may read of an order; its id stands in the address, so an error may repeat it."""
    order = world.orders[name]
    return [*(mark for mark in world.marks(name) if mark not in (str(order.pk), str(order.uuid)))]


@pytest.mark.parametrize("name", NAMES)
def test_control_without_the_filter_of_one_order_it_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr("orders.services.record.access.actors_for", lambda caller, order: frozenset({Actor.CUSTOMER}))
    monkeypatch.setattr("orders.dialects.ordering.views.OWN", OfAsker(lambda caller: True))
    monkeypatch.setattr("orders.dialects.kaddy.views.vendors_of_till", everywhere)
    monkeypatch.setattr("orders.reading.selectors.visible_orders", lambda caller: Order.objects.all())
    with pytest.raises(AssertionError):
        test_no_call_opens_anothers_order(world, name, print)


def everywhere(caller: Any, merchant_uuid: str) -> list[int]:
    """In the place of orders.services.moving.tills.vendors_of_till: every vendor, for everybody."""
    return list(Order.objects.values_list("vendor_id", flat=True))
