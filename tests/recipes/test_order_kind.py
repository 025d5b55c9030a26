"""The recipe "Where an order kind is added", followed with a toy: placed, read, moved on, cancelled, opened again."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from orders.checkout import Cart, Checkout
from orders.kinds import KINDS
from orders.models import Order
from orders.pricing import CartItem
from orders.services.kinds import HANDLERS
from orders.services.placing.parties import Placing
from orders.services.placing.placing import place, quote
from ordersite.accounts.callers import caller_of_user
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Invalid
from tests.cast import Cast
from tests.orders.shopping import assert_nothing_changed
from tests.recipes.toy_kind import RentalHandler, RentalKind

Api = Callable[..., APIClient]


def put_first(registry: dict[str, Any], name: str, one: object) -> None:
    """A row before the others: of what has items, regular is asked last."""
    rows = {name: one, **registry}
    registry.clear()
    registry.update(rows)


@pytest.fixture
def rental() -> Iterator[RentalHandler]:
    handler = RentalHandler(1)
    put_first(KINDS, "rental", RentalKind())
    put_first(HANDLERS, "rental", handler)
    yield handler
    del KINDS["rental"], HANDLERS["rental"]


def cart_of(cast: Cast, kind: str | None = "rental") -> Cart:
    return Cart(vendor_id=cast.vendor.pk, kind=kind, items=[CartItem(product=cast.products["pizza"].pk)])


def rent(cast: Cast) -> Order:
    checkout = Checkout(carts=[cart_of(cast)], payment_method="cash")
    with transaction.atomic():
        return place(placing=Placing(checkout=checkout), caller=caller_of_user(cast.customer)).orders[0]


def move(client: APIClient, order: Order, to: str, **more: str) -> int:
    answer = client.post(f"/api/v1/orders/{order.pk}/transitions", {"transition": to, **more}, format="json")
    return answer.status_code


def test_it_is_placed_and_read(cast: Cast, api: Api, rental: RentalHandler) -> None:
    order = rent(cast)
    assert (order.kind, order.total, rental.left) == ("rental", 1200, 0)
    answer = api(cast.customer).get(f"/api/v1/orders/{order.pk}").json()
    assert (answer["kind"], answer["package"], answer["booking"]) == ("rental", None, None)
    assert [line["name"] for line in answer["items"]] == ["Pizza"]


def test_it_is_priced_without_being_taken(cast: Cast, rental: RentalHandler) -> None:
    checkout = Checkout(carts=[cart_of(cast)])
    assert quote(checkout=checkout, caller=caller_of_user(cast.customer)).total == 1200
    assert rental.left == 1


def test_what_is_gone_is_refused_and_nothing_is_written(cast: Cast, rental: RentalHandler) -> None:
    rent(cast)
    with assert_nothing_changed(), pytest.raises(Conflict) as refused:
        rent(cast)
    assert refused.value.fault.code == FaultCode.UNAVAILABLE


def test_nothing_of_it_is_made(cast: Cast, api: Api, rental: RentalHandler) -> None:
    """Accepted, it is prepared: the customer can come for it."""
    order = rent(cast)
    assert move(api(cast.owner), order, "accept") == 200
    order.refresh_from_db()
    assert (order.prepared_at, order.prepared_at is None) == (order.accepted_at, False)


def test_its_items_stay_and_its_time_can_be_moved(cast: Cast, api: Api, rental: RentalHandler) -> None:
    order, staff = rent(cast), api(cast.staff)
    later = (timezone.now() + timedelta(hours=3)).replace(microsecond=0)
    assert (
        staff.patch(f"/api/v1/orders/{order.pk}", {"deliver_at": later.isoformat()}, format="json").status_code == 200
    )
    order.refresh_from_db()
    assert order.deliver_at == later
    added = staff.post(f"/api/v1/orders/{order.pk}/items", {"product": cast.products["pizza"].pk}, format="json")
    assert (added.status_code, added.json()["code"]) == (409, "other_kind")


def test_cancelled_it_gives_back_what_it_took_and_opened_again_takes_it_anew(
    cast: Cast, api: Api, rental: RentalHandler
) -> None:
    order = rent(cast)
    assert move(api(cast.customer), order, "cancel_by_customer", reason_code="changed_mind") == 200
    assert rental.left == 1
    assert move(api(cast.staff), order, "reopen", reason_code="mistake") == 200
    assert rental.left == 0


def test_without_its_row_the_same_cart_is_regular(cast: Cast) -> None:
    caller = caller_of_user(cast.customer)
    with pytest.raises(Invalid) as refused:
        quote(checkout=Checkout(carts=[cart_of(cast)]), caller=caller)
    assert refused.value.fault.code == FaultCode.OTHER_TYPE
