"""Promise 16 for paired devices: what a vendor's tablet may do is this table, and of all other calls it has nothing."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from orders.dialects.registry import DIALECTS
from orders.models import Payment, PaymentShare
from ordersite.core.crypto import token_hash
from tests.cast import Cast
from tests.orders.online import started
from tests.orders.shopping import assert_nothing_changed
from tests.promises.everybody import SEES, World, bodies, make_world
from tests.promises.test_p16_nobody_sees_anothers import call, leaked, operations, table
from tracking.feed import watchers
from tracking.feed.closings import ENDED, FORBIDDEN, WatchRefused
from vendors.models import Device

TOKEN = "osd_the-kitchens-tablet"
# Method, path, and what it answers to Burger Bar's tablet: of Clara's order and its vendor, and of the Tea House's.
TABLE = """
GET    /orders                                            200 -
GET    /orders/{order_id}                                 200 404
PATCH  /orders/{order_id}                                 200 404
POST   /orders/{order_id}/acknowledge                     200 404
GET    /orders/{order_id}/changes                         200 404
POST   /orders/{order_id}/changes/{number}/refuse         200 404
POST   /orders/{order_id}/delivery-proofs                 409 404
GET    /orders/{order_id}/history                         200 404
POST   /orders/{order_id}/history                         201 404
POST   /orders/{order_id}/items/{item_id}/missing         200 404
POST   /orders/{order_id}/payments/{payment_id}/approve   200 404
PUT    /orders/{order_id}/items/{item_id}/tick            200 404
DELETE /orders/{order_id}/items/{item_id}/tick            200 404
POST   /orders/{order_id}/recall                          200 404
DELETE /orders/{order_id}/recall                          200 404
POST   /orders/{order_id}/print-jobs                      200 404
POST   /orders/{order_id}/start-preparing                 200 404
POST   /orders/{order_id}/tracking-number                 200 404
GET    /orders/{order_id}/transitions                     200 404
POST   /orders/{order_id}/transitions                     200 404
GET    /orders/statuses                                   200 -
GET    /vendors/{vendor_id}                               200 200
PATCH  /vendors/{vendor_id}                               200 403
GET    /vendors/{vendor_id}/board                         200 403
GET    /vendors/{vendor_id}/events                        200 403
GET    /vendors/{vendor_id}/stations                      200 403
POST   /vendors/{vendor_id}/products/{product_id}/out-of-stock 200 403
DELETE /vendors/{vendor_id}/products/{product_id}/out-of-stock 200 403
POST   /vendors/{vendor_id}/options/{option_id}/out-of-stock 200 403
DELETE /vendors/{vendor_id}/options/{option_id}/out-of-stock 200 403
GET    /vendors/{vendor_id}/menu                          200 200
GET    /vendors/{vendor_id}/print-jobs                    200 403
POST   /vendors/{vendor_id}/seen                          200 403
POST   /vendors/{vendor_id}/print-jobs/{job_id}/claim     200 403
POST   /vendors/{vendor_id}/print-jobs/{job_id}/failed    409 404
POST   /vendors/{vendor_id}/print-jobs/{job_id}/printed   409 404
"""


@pytest.fixture
def world(cast: Cast, settings: Any) -> World:
    settings.FAKE_PAYMENTS_URL = started().url
    made = make_world(cast)
    Device.objects.create(vendor=cast.vendor, name="Kitchen", token_hash=token_hash(TOKEN))
    return made


def tablet() -> APIClient:
    return APIClient(headers={"Authorization": f"Bearer {TOKEN}"})


def allowed() -> dict[tuple[str, str], tuple[str, str]]:
    rows = [line.split() for line in TABLE.strip().splitlines()]
    return {(method, path): (own, other) for method, path, own, other in rows}


def answers(world: World, client: APIClient) -> Iterator[tuple[str, str, str, Any]]:
    """What every call of the API answers on each side, each taken back."""
    sent = bodies(world)
    for method, path, side in table():
        body = sent.get(f"{method} {path} of {side}", sent.get(f"{method} {path}"))
        with transaction.atomic():
            answer = call(client, method, "/api/v1" + path.format(**world.paths[side]), body)
            transaction.set_rollback(True)
        yield method, path, side, answer


def test_every_call_by_a_device(world: World, figure: Callable[[str], None]) -> None:
    """A call that is not in the table is refused, or answers what it answers anybody."""
    expected, anybody, calls = allowed(), table(), 0
    for method, path, side, answer in answers(world, tablet()):
        where = f"{method} {path} of {side}: {answer.status_code} {answer.content[:200]!r}"
        if (method, path) in expected:
            own, other = expected[method, path]
            assert str(answer.status_code) == (own if side == "own" else other), where
        else:
            assert answer.status_code in (403, anybody[method, path, side][0]), where
        assert leaked(world, "owner", path, answer) == [], where
        calls += 1
    assert {(method, path) for method, path in expected} <= set(operations())
    figure(f"{calls} calls by a paired device answered as its table says, 0 leaks")


def test_what_is_refused_changes_nothing(world: World) -> None:
    sent = bodies(world)
    client, tried = tablet(), 0
    with assert_nothing_changed(world.orders["claras"]):
        for method, path, side in table():
            if method == "GET" or (method, path) in allowed() or table()[method, path, side][0] in (200, 201, 204):
                continue
            body = sent.get(f"{method} {path} of {side}", sent.get(f"{method} {path}"))
            answer = call(client, method, "/api/v1" + path.format(**world.paths[side]), body)
            assert answer.status_code >= 400, (method, path)
            tried += 1
    assert tried > 40


def test_lists_hold_the_vendors_orders_alone(world: World) -> None:
    seen = {world.orders[name].pk for name in SEES["owner"]}
    board = tablet().get("/api/v1/orders?mode=dashboard").data
    assert (board["count"], {row["id"] for row in board["results"]}) == (len(seen), seen)
    other = world.cast.other_vendor.pk
    assert tablet().get(f"/api/v1/orders?mode=dashboard&vendor={other}").data["count"] == 0
    assert tablet().get("/api/v1/orders").data["count"] == 0


def test_of_payments_it_confirms_cash_alone(world: World) -> None:
    order, payment_id = world.orders["claras"], world.paths["own"]["payment_id"]
    path = f"/api/v1/orders/{order.pk}/payments/{payment_id}/approve"
    Payment.objects.filter(pk=payment_id).update(provider="transfer", to_vendor=True)
    with assert_nothing_changed(order):
        refused = tablet().post(path)
    assert (refused.status_code, refused.data["code"]) == (403, "forbidden")
    assert "only confirm cash" in refused.data["detail"]
    Payment.objects.filter(pk=payment_id).update(provider="cash", to_vendor=False)
    assert tablet().post(path).status_code == 200
    assert PaymentShare.objects.get(payment=payment_id, order=order).owed == 0


def test_no_dialect_knows_it(world: World) -> None:
    for name, path in {
        "kesk": "v1/orders",
        "shop": "System/Orders",
        "ordering": "orders",
        "kaddy": "v1/orders",
    }.items():
        assert name in {dialect.name for dialect in DIALECTS}
        assert tablet().get(f"/dialects/{name}/{path}").status_code in (401, 403), name


def test_sockets(world: World) -> None:
    credential = watchers.by_bearer(TOKEN)
    own = watchers.at_vendor(world.cast.vendor.pk, credential)
    assert watchers.admit([lambda: own]) == [own]
    for door in (
        lambda: watchers.at_vendor(world.cast.other_vendor.pk, credential),
        lambda: watchers.as_driver(credential),
        lambda: watchers.as_dispatcher(credential, None),
        lambda: watchers.as_dispatcher(credential, world.cast.company.pk),
    ):
        (refused,) = watchers.admit([door])
        assert isinstance(refused, WatchRefused)
        assert refused.code == FORBIDDEN.code
    Device.objects.filter(name="Kitchen").update(token_hash=token_hash("osd_paired-again"))
    assert watchers.refusals([own]) == {own: ENDED}


def test_control_a_view_open_to_all_methods_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk must fail where the gate lets a device through."""
    monkeypatch.setattr("ordersite.accounts.authentication.refuse_closed_view", lambda request: None)
    with pytest.raises(AssertionError, match="/codes of own: 200"):
        test_every_call_by_a_device(world, print)
