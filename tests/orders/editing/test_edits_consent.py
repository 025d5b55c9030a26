"""A change that makes an order dearer waits for its customer; what the customer chose beforehand happens at once."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from orders.models import ItemChange, Line, Order, OrderEvent
from orders.services.capacity.offer_terms import save_offer
from tests.cast import Cast
from tests.orders.money import COLLECTED, Api, held, set_terms, walk
from tests.orders.shopping import (
    ORDERS,
    assert_nothing_changed,
    balance_of,
    cart,
    eur,
    fill_wallet,
    place,
    place_order,
    refused,
    sums,
)
from vendors.models import Offer, Product, Stock
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import bump_menu_version


@pytest.fixture(autouse=True)
def terms(cast: Cast) -> None:
    """A tenth is the platform's, and 0.50 for the service; the wallet holds 100.00."""
    set_terms(cast)
    refresh_offer_flags()
    fill_wallet(cast.customer_row, 10_000)


def accepted(cast: Cast, api: Api, *, substitute: Any = None, **fields: Any) -> Order:
    """A pizza of 12.00 and two sodas of 2.50, collected, from the wallet: 17.50; its vendor has accepted it."""
    soda = {"product": cast.products["soda"].pk, "quantity": 2, "substitute": substitute}
    items = [{"product": cast.products["pizza"].pk}, soda]
    order = place_order(api(cast.customer), cart(cast, **{"items": items, "payment_method": "wallet", **fields}))
    walk(cast, api, order, "owner accept")
    order.refresh_from_db()
    return order


def soda_of(order: Order) -> Line:
    return Line.objects.get(order=order, name="Soda")


def more(client: APIClient, order: Order, quantity: int = 4) -> dict[str, Any]:
    """The vendor proposes so many sodas; the change."""
    soda = soda_of(order)
    url = f"{ORDERS}/{order.pk}/items/{soda.pk}"
    response = client.put(url, {"product": soda.product_id, "quantity": quantity, "reason": "You asked"})
    assert response.status_code == 200, response.json()
    return dict(response.json()["change"])


def missing(client: APIClient, order: Order, **body: Any) -> Any:
    return client.post(f"{ORDERS}/{order.pk}/items/{soda_of(order).pk}/missing", body)


def decide(client: APIClient, order: Order, what: str, number: int = 1, **body: Any) -> Any:
    return client.post(f"{ORDERS}/{order.pk}/changes/{number}/{what}", body)


def conflict(answer: Any, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.json()
    return dict(answer.json())


def fresh(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def told(order: Order) -> dict[str, Any]:
    """What the last event of an order tells."""
    event = OrderEvent.objects.filter(order=order).latest("number")
    assert (event.kind, event.visible_to, event.number) == ("items", "everybody", fresh(order).version)
    return {"role": event.role, "reason": event.reason, **event.data}


# --- a rise -------------------------------------------------------------------------------------------------------


def test_a_rise_waits_and_everybody_sees_it(cast: Cast, api: Api, django_assert_num_queries: Any) -> None:
    order = accepted(cast, api)
    before = Order.objects.filter(pk=order.pk).values().get()
    change = more(api(cast.owner), order)
    assert (change["number"], change["state"], change["actor"], change["reason"]) == (
        1,
        "waiting",
        "vendor",
        "You asked",
    )
    assert (change["old_total"], change["new_total"], change["difference"]) == (eur("17.50"), eur("22.50"), eur("5.00"))
    assert Order.objects.filter(pk=order.pk).values().get() == {**before, "version": 3}
    assert (balance_of(cast.customer_row), Stock.objects.get(pk=cast.products["soda"].pk).quantity) == (8250, 8)
    assert told(order) == {
        "role": "vendor",
        "reason": "You asked",
        "change": 1,
        "action": "change",
        "state": "waiting",
        "old": {"item": "2 × Soda", "amount": eur("5.00"), "total": eur("17.50")},
        "new": {"item": "4 × Soda", "amount": eur("10.00"), "total": eur("22.50")},
    }
    assert change["new_item"]["quantity"] == 4
    # One of them reads where the customer waits; staff have one for what they may do.
    for user, statements in ((cast.customer, 7), (cast.owner, 7), (cast.staff, 8)):
        with django_assert_num_queries(statements):
            shown = api(user).get(f"{ORDERS}/{order.pk}").json()
        assert shown["item_changes"] == [change]
        assert api(user).get(f"{ORDERS}/{order.pk}/changes").json() == {"results": [change]}


@pytest.mark.parametrize("method", ["wallet", "cash"])
def test_the_customer_accepts(cast: Cast, api: Api, method: str) -> None:
    order = accepted(cast, api, payment_method=method)
    more(api(cast.owner), order)
    response = decide(api(cast.customer), order, "accept")
    body = response.json()
    assert (response.status_code, response["ETag"]) == (200, '"4"')
    assert (body["change"]["state"], body["order"]["total"], body["order"]["item_changes"]) == (
        "applied",
        eur("22.50"),
        [],
    )
    assert body["change"]["decided_at"] is not None
    assert (told(order)["role"], told(order)["state"]) == ("customer", "applied")
    assert (told(order)["old"]["item"], told(order)["new"]["item"]) == ("2 × Soda", "4 × Soda")
    assert Stock.objects.get(pk=cast.products["soda"].pk).quantity == 6
    # Twice is harmless, the other way is too late.
    order = fresh(order)
    with assert_nothing_changed(order):
        assert decide(api(cast.customer), order, "accept").json()["change"] == body["change"]
        assert conflict(decide(api(cast.customer), order, "refuse"), "change_decided")["change_state"] == "applied"
    walk(cast, api, order, *COLLECTED[1:])
    shares = {"vendor": 1980, "platform": 270}
    if method == "wallet":
        assert sums() == held(cast, wallet=7750, funding=-10_000, **shares)
    else:
        assert sums() == held(cast, wallet=10_000, funding=-10_000, cash=-2250, **shares)


def test_the_customer_refuses(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    more(api(cast.owner), order)
    answer = decide(api(cast.customer), order, "refuse", reason="Too dear").json()
    assert (answer["change"]["state"], answer["order"]["total"], answer["order"]["item_changes"]) == (
        "refused",
        eur("17.50"),
        [],
    )
    assert told(order) == {
        "role": "customer",
        "reason": "Too dear",
        "change": 1,
        "action": "change",
        "state": "refused",
    }
    order = fresh(order)
    with assert_nothing_changed(order):
        assert decide(api(cast.customer), order, "refuse").json()["change"] == answer["change"]
        assert conflict(decide(api(cast.customer), order, "accept"), "change_decided")["change_state"] == "refused"


def test_a_guest_consents_by_its_token(cast: Cast, api: Api) -> None:
    soda = {"product": cast.products["soda"].pk, "quantity": 2}
    body = cart(
        cast, items=[soda, {"product": cast.products["pizza"].pk}], guest={"name": "Gina", "phone": "+3225550111"}
    )
    placed = place(api(), body)
    order = Order.objects.get(pk=placed["orders"][0]["id"])
    walk(cast, api, order, "owner accept")
    more(api(cast.owner), order)
    guest = api(order_token=placed["purchase"]["guest_token"])
    assert decide(guest, order, "accept").json()["order"]["total"] == eur("22.50")


def test_who_decides(cast: Cast, api: Api) -> None:
    """Staff for a customer on the telephone, who say so; the vendor takes its own proposal back."""
    order = accepted(cast, api)
    more(api(cast.owner), order)
    more(api(cast.owner), order, 5)
    order = fresh(order)
    with assert_nothing_changed(order):
        assert decide(api(cast.owner), order, "accept").status_code == 403
        refused(decide(api(cast.staff), order, "accept"), 400, "/reason", "required")
        for user in (cast.stranger, cast.other_owner, None):
            assert decide(api(user), order, "accept").status_code == 404
            assert api(user).get(f"{ORDERS}/{order.pk}/changes").status_code == 404
        assert decide(api(cast.customer), order, "accept", 3).status_code == 404
        refused(decide(api(cast.customer), order, "accept", reason="x" * 301), 400, "/reason", "max_length")
    assert decide(api(cast.staff), order, "accept", reason="Said yes by phone").status_code == 200
    assert (told(order)["role"], told(order)["reason"]) == ("staff", "Said yes by phone")
    assert decide(api(cast.owner), order, "refuse", 2).json()["change"]["state"] == "refused"
    assert told(order)["role"] == "vendor"


def test_before_accepting_the_customer_pays_at_once_and_the_vendor_asks(cast: Cast, api: Api) -> None:
    order = place_order(api(cast.customer), cart(cast, "soda", payment_method="wallet"))
    assert more(api(cast.customer), order, 2)["state"] == "applied"
    assert more(api(cast.owner), order, 3)["state"] == "waiting"
    assert more(api(cast.staff), order, 4)["state"] == "waiting"
    assert balance_of(cast.customer_row) == 10_000 - 550


def test_too_little_goes_on_waiting(cast: Cast, api: Api) -> None:
    """Neither an empty wallet nor an empty stock ends a change: the customer may mend the one, the vendor the other."""
    order = accepted(cast, api)
    more(api(cast.owner), order)
    order = fresh(order)
    Stock.objects.filter(pk=cast.products["soda"].pk).update(quantity=1)
    with assert_nothing_changed(order):
        conflict(decide(api(cast.customer), order, "accept"), "out_of_stock")
    Stock.objects.filter(pk=cast.products["soda"].pk).update(quantity=2)
    cakes = [{"product": cast.products["cake"].pk, "quantity": 3}]
    place_order(api(cast.customer), cart(cast, items=cakes, payment_method="wallet", driver_tip=eur("4.00")))
    assert balance_of(cast.customer_row) == 300
    with assert_nothing_changed(order):
        conflict(decide(api(cast.customer), order, "accept"), "insufficient_funds")
    assert ItemChange.objects.get().state == "waiting"
    fill_wallet(cast.customer_row, 1000)
    assert decide(api(cast.customer), order, "accept").status_code == 200


# --- what is over -------------------------------------------------------------------------------------------------


def lapses(cast: Cast, api: Api, order: Order, why: str) -> None:
    """Accepting is refused, and the change is over: it cannot be accepted later either."""
    version = fresh(order).version
    body = conflict(decide(api(cast.customer), order, "accept"), "change_lapsed")
    assert why in body["detail"], body["detail"]
    assert body["change_state"] == ItemChange.objects.get(order=order, number=1).state == "lapsed"
    assert fresh(order).version == version + 1
    assert (told(order)["state"], told(order)["role"]) == ("lapsed", "customer")
    assert conflict(decide(api(cast.customer), order, "accept"), "change_decided")["change_state"] == "lapsed"
    assert conflict(decide(api(cast.customer), order, "refuse"), "change_decided")["change_state"] == "lapsed"


def test_another_price_lapses(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    more(api(cast.owner), order)
    Product.objects.filter(pk=cast.products["soda"].pk).update(price=300)
    bump_menu_version(cast.vendor.pk)
    lapses(cast, api, order, "price difference is no longer the same")
    assert (fresh(order).total, balance_of(cast.customer_row)) == (1750, 8250)


def test_a_sold_out_item_lapses(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    more(api(cast.owner), order)
    Product.objects.filter(pk=cast.products["soda"].pk).update(is_available=False)
    bump_menu_version(cast.vendor.pk)
    lapses(cast, api, order, "Soda is not available now")


def test_an_item_that_is_gone_lapses_also_where_another_came(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    owner = api(cast.owner)
    more(owner, order)
    assert owner.delete(f"{ORDERS}/{order.pk}/items/{soda_of(order).pk}").status_code == 200
    client = api(cast.customer)
    assert client.get(f"{ORDERS}/{order.pk}").json()["item_changes"][0]["item"] is None
    added = owner.post(f"{ORDERS}/{order.pk}/items", {"product": cast.products["soda"].pk, "quantity": 2})
    assert decide(client, order, "accept", added.json()["change"]["number"]).status_code == 200
    lapses(cast, api, order, "no such item")


def test_another_change_of_the_order_leaves_the_same_difference(cast: Cast, api: Api) -> None:
    order = accepted(cast, api)
    more(api(cast.owner), order)
    cake = {"product": cast.products["cake"].pk}
    assert api(cast.owner).post(f"{ORDERS}/{order.pk}/items", cake).json()["change"]["state"] == "waiting"
    assert decide(api(cast.customer), order, "accept", 2).status_code == 200
    answer = decide(api(cast.customer), order, "accept", 1).json()["change"]
    assert (answer["old_total"], answer["new_total"], answer["difference"]) == (eur("42.50"), eur("47.50"), eur("5.00"))
    assert fresh(order).total == 4750


OVER = {
    "prepared": (("owner mark_ready",), "The order is prepared"),
    "closed": (("owner mark_ready", "owner collect"), "The order is closed"),
    "cancelled": (("staff cancel_by_staff",), "The order is closed"),
}


@pytest.mark.parametrize("name", OVER)
def test_an_order_that_went_on_lapses_it(cast: Cast, api: Api, name: str) -> None:
    steps, why = OVER[name]
    order = accepted(cast, api)
    more(api(cast.owner), order)
    walk(cast, api, order, *steps)
    shown = api(cast.customer).get(f"{ORDERS}/{order.pk}/changes").json()["results"][0]["state"]
    assert shown == ("waiting" if name == "prepared" else "lapsed")
    total = fresh(order).total
    money = sums()
    lapses(cast, api, order, why)
    assert (fresh(order).total, sums()) == (total, money)


def test_a_picked_up_order_lapses_it_and_what_staff_propose_outlives_preparing(cast: Cast, api: Api) -> None:
    order = accepted(cast, api, delivery_type="delivery")
    walk(cast, api, order, "owner look_for_driver", "driver accept_by_driver")
    more(api(cast.owner), order)
    more(api(cast.staff), order, 3)
    more(api(cast.staff), order, 5)
    walk(cast, api, order, "owner mark_ready")
    assert decide(api(cast.customer), order, "accept", 2).json()["order"]["total"] == eur("22.50")
    walk(cast, api, order, "driver pick_up")
    assert api(cast.customer).get(f"{ORDERS}/{order.pk}").json()["item_changes"] == []
    lapses(cast, api, order, "picked up")
    walk(cast, api, order, "driver deliver")
    assert sums() == held(cast, wallet=7750, funding=-10_000, vendor=2005, platform=245)


# --- what cannot be had -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["owner", "staff"])
def test_the_substitute_comes_at_once_also_where_it_is_dearer(cast: Cast, api: Api, who: str) -> None:
    order = accepted(cast, api, substitute={"product": cast.products["cake"].pk})
    line = soda_of(order)
    client = api(getattr(cast, who))
    with assert_nothing_changed(order):
        quoted = missing(client, order, quote=True).json()
    assert (quoted["change"]["state"], quoted["change"]["difference"]) == ("applied", eur("45.00"))
    body = missing(client, order).json()
    assert (body["change"]["state"], body["change"]["difference"], body["change"]["action"]) == (
        "applied",
        eur("45.00"),
        "change",
    )
    row = body["order"]["items"][1]
    assert (row["id"], row["name"], row["quantity"], row["substitute"]) == (line.pk, "Cake", 2, None)
    assert (balance_of(cast.customer_row), Stock.objects.get(pk=cast.products["soda"].pk).quantity) == (3750, 10)
    assert (told(order)["missing"], told(order)["new"]["item"]) == (True, "2 × Cake")
    walk(cast, api, order, *COLLECTED[1:])
    assert sums() == held(cast, wallet=3750, funding=-10_000, vendor=5580, platform=670)


def test_remove_happens_at_once(cast: Cast, api: Api) -> None:
    order = accepted(cast, api, substitute="remove")
    body = missing(api(cast.owner), order).json()
    assert (body["change"]["state"], body["change"]["action"], body["change"]["item"]) == ("applied", "remove", None)
    assert ([row["name"] for row in body["order"]["items"]], balance_of(cast.customer_row)) == (["Pizza"], 8750)


@pytest.mark.parametrize("wish", ["none", "sold out", "not so many", "too many in all"])
def test_without_a_wish_that_can_be_had_the_customer_is_asked(cast: Cast, api: Api, wish: str) -> None:
    cake = cast.products["cake"]
    order = accepted(cast, api, substitute=None if wish == "none" else {"product": cake.pk})
    if wish == "not so many":
        Stock.objects.create(product=cake, quantity=1)
    Product.objects.filter(pk=cake.pk).update(
        is_available=wish != "sold out", max_per_order=1 if wish == "too many in all" else None
    )
    bump_menu_version(cast.vendor.pk)
    change = missing(api(cast.owner), order).json()["change"]
    assert (change["state"], change["action"], change["difference"]) == ("waiting", "remove", eur("-5.00"))
    assert decide(api(cast.customer), order, "accept").json()["order"]["total"] == eur("12.50")
    assert balance_of(cast.customer_row) == 8750


def test_the_last_item_that_is_missing(cast: Cast, api: Api) -> None:
    soda: dict[str, Any] = {"product": cast.products["soda"].pk}
    order = place_order(api(cast.customer), cart(cast, items=[soda]))
    with assert_nothing_changed(order):
        assert "cancel" in conflict(missing(api(cast.owner), order), "last_item")["detail"]
    soda["substitute"] = {"product": cast.products["pizza"].pk}
    order = place_order(api(cast.customer), cart(cast, items=[soda]))
    assert missing(api(cast.owner), order).json()["order"]["total"] == eur("12.50")


def test_a_substitute_that_the_wallet_cannot_pay(cast: Cast, api: Api) -> None:
    order = accepted(cast, api, substitute={"product": cast.products["cake"].pk})
    place_order(
        api(cast.customer),
        cart(cast, items=[{"product": cast.products["cake"].pk, "quantity": 2}], payment_method="wallet"),
    )
    with assert_nothing_changed(order):
        conflict(missing(api(cast.owner), order), "insufficient_funds")


def test_a_removal_that_loses_an_offer_is_a_rise(cast: Cast, api: Api) -> None:
    """Five off from 16.00 on: with a soda of 2.50 less the order costs 2.50 more."""
    save_offer(offer=Offer(name="Five", kind="amount", amount=500, minimum=1600))
    order = accepted(cast, api)
    assert order.total == 1250
    url = f"{ORDERS}/{order.pk}/items/{soda_of(order).pk}"
    soda = {"product": cast.products["soda"].pk, "quantity": 1}
    assert api(cast.owner).put(url, soda).json()["change"]["difference"] == eur("2.50")
    assert ItemChange.objects.get().state == "waiting"
