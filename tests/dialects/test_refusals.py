"""A refusal of the services, through each door: the field that was sent, by the name and path that it has there."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from rest_framework.test import APIClient

from orders.dialects.base import Dialect
from orders.dialects.registry import DIALECTS
from orders.services.money.wallets import top_up
from ordersite.web.problems import ConflictProblem
from tests.cast import Cast
from tests.clock import Clock
from tests.dialects.kalixo.test_kalixo import PLACE, order_of
from tests.dialects.kesk import calling as kesk
from tests.dialects.ordering import asking
from tests.dialects.shop import calling as shop
from tests.orders.gift_cards import stock
from tests.orders.kinds import RECIPIENT, make_package_type
from tests.orders.placing.test_placing_times import open_hours
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS, assert_nothing_changed, cart, eur
from vendors.models import Stock

Api = Callable[..., APIClient]
Door = Callable[[Cast, list[int]], tuple[str, dict[str, Any]]]


def by_kesk(cast: Cast, products: list[int], **fields: Any) -> tuple[str, dict[str, Any]]:
    return kesk.ORDERS, kesk.order_of(cast, items=[{"product_id": pk, "quantity": 2} for pk in products], **fields)


def by_kesk_of_several(cast: Cast, products: list[int]) -> tuple[str, dict[str, Any]]:
    body = by_kesk(cast, products)[1]
    method = body.pop("payment_gateway_method_id")
    return kesk.ORDERS, {"payment_gateway_method_id": method, "data": [body]}


def by_shop(cast: Cast, products: list[int], **fields: Any) -> tuple[str, dict[str, Any]]:
    items = [{"productId": pk, "quantity": 2} for pk in products]
    return shop.ORDERS, shop.body_of(cast, items=items, paymentMethod="cash") | fields


def by_ordering(cast: Cast, wanted: list[int], **fields: Any) -> tuple[str, dict[str, Any]]:
    lines = [{"id": pk, "quantity": 2} for pk in wanted]
    now = asking.at(timezone.now())
    return asking.ORDERS, asking.order_of(cast, products=lines, delivery_datetime=now) | fields


def by_native(cast: Cast, products: list[int], **fields: Any) -> tuple[str, dict[str, Any]]:
    return ORDERS, cart(cast, items=[{"product": pk, "quantity": 2} for pk in products], **fields)


def fields_of(response: Any) -> list[str]:
    """The fields that a refusal names, in whichever shape it is."""
    body = response.json()
    match body:
        case {"errors": rows}:
            return [row["pointer"] for row in rows]
        case {"error": {"details": rows}} | {"error": {"fields": rows}}:
            return [row["field"] for row in rows]
        case {"result": sentences}:
            return [sentence.partition(": ")[0] for sentence in sentences]
    return [str(body["message"]).partition(": ")[0]]


@pytest.mark.parametrize("size", ["100", "101", "1000", "1000.0", "99999999"])
def test_a_page_has_a_hundred_rows_at_most(cast: Cast, api: Api, size: str) -> None:
    client = api(cast.customer)
    assert client.get(kesk.ORDERS, {"per_page": size}).json()["meta"]["per_page"] == 100
    assert client.get(shop.ORDERS, {"limit": size}).json()["limit"] == 100
    assert client.get(asking.ORDERS, {"page_size": size}).json()["pagination"]["page_size"] == 100


@pytest.mark.parametrize(
    ("door", "field"),
    [
        (by_kesk, "items.1.quantity"),
        (by_kesk_of_several, "data.0.items.1.quantity"),
        (by_shop, "items[1].quantity"),
        (by_ordering, "products.1.quantity"),
    ],
)
def test_too_few_are_told_at_their_quantity(cast: Cast, api: Api, door: Door, field: str) -> None:
    soda = cast.products["soda"].pk
    Stock.objects.filter(pk=soda).update(quantity=1)
    path, body = door(cast, [cast.products["pizza"].pk, soda])
    with assert_nothing_changed():
        response = api(cast.customer).post(path, body)
    assert (response.status_code, fields_of(response)) == (409, [field])
    assert "Only 1 × Soda left: lower the quantity." in str(response.json())


def test_too_few_codes_are_told_at_their_line(cast: Cast, api: Api) -> None:
    card = cast.products["soda"]
    card.is_digital, card.price = True, 250
    card.save()
    cast.vendor.save()
    stock(card, "PIN-1")
    Stock.objects.filter(pk=card.pk).update(quantity=1)
    top_up(customer_id=cast.customer_row.pk, currency="EUR", amount=10_000, actor="test")
    body = order_of((card.pk, 250, 2))
    body["currency"] = body["orderProducts"][0]["currency"] = "EUR"
    with assert_nothing_changed():
        response = api(cast.customer).post(PLACE, body)
    assert (response.status_code, fields_of(response)) == (409, ["/orderProducts/0/quantity"])


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
@pytest.mark.parametrize("allowed", [(), (8,)])
def test_a_refusal_needs_nothing_but_the_problem(dialect: Dialect, allowed: tuple[int, ...]) -> None:
    """Also where no view is in between: it is made of the problem alone, whose further members stay as they are."""
    rows = [{"to": {"code": code, "name": "x"}, "by_name": False} for code in allowed]
    problem = ConflictProblem("transition_not_allowed", "It cannot.", extra={"allowed_transitions": rows})
    answer = dialect.answer(problem)
    assert answer.status_code == 409
    assert answer.content
    assert problem.extra == {"allowed_transitions": rows}


def test_too_little_in_the_wallet_is_told_at_the_method(cast: Cast, api: Api) -> None:
    path, body = by_ordering(cast, [cast.products["pizza"].pk], paymethod_id=2)
    with assert_nothing_changed():
        response = api(cast.customer).post(path, body)
    assert (response.status_code, fields_of(response)) == (409, ["paymethod_id"])


@pytest.mark.parametrize(
    ("door", "method", "field"),
    [
        (by_kesk, {"payment_gateway_method_id": 2}, "payment_gateway_method_id"),
        (by_kesk, {"payment_gateway_method_id": None, "payment_method": "wallet"}, "payment_method"),
        (by_shop, {"paymentMethod": "wallet"}, "paymentMethod"),
        (by_ordering, {"paymethod_id": 2}, "paymethod_id"),
        (by_native, {"payment_method": "wallet"}, "/payment_method"),
    ],
)
def test_who_has_too_little_is_told_the_method_that_he_sent(
    cast: Cast, api: Api, door: Any, method: dict[str, Any], field: str
) -> None:
    path, body = door(cast, [cast.products["pizza"].pk], **method)
    with assert_nothing_changed():
        response = api(cast.customer).post(path, body)
    assert (response.status_code, fields_of(response)) == (409, [field])


@pytest.mark.parametrize(
    ("door", "field", "remedy"),
    [
        (by_kesk, "scheduled_at", "send scheduled_at to order for later."),
        (by_kesk_of_several, "data.0.scheduled_at", "send scheduled_at to order for later."),
        (by_ordering, "delivery_datetime", "send delivery_datetime to order for later."),
        (by_native, "/deliver_at", "send deliver_at to order for later."),
        (by_shop, None, "try again later."),
    ],
)
@pytest.mark.parametrize("state", ["paused", "closed"])
def test_a_vendor_that_takes_nothing_now_is_told_at_the_time(
    cast: Cast, api: Api, clock: Clock, door: Door, field: str | None, remedy: str, state: str
) -> None:
    if state == "paused":
        shop.set_vendor(cast, paused_until=timezone.now() + timedelta(hours=1))
    else:
        open_hours(cast.vendor, (2, "17:00", "22:00"))
    path, body = door(cast, [cast.products["pizza"].pk])
    with assert_nothing_changed():
        response = api(cast.customer).post(path, body)
    assert (response.status_code, fields_of(response)) == (409, [field] if field else [])
    assert remedy in str(response.json())


@pytest.mark.parametrize(
    ("door", "fields", "field"),
    [
        (by_shop, lambda cast: {"customer": {"id": cast.stranger_row.pk}}, "customer"),
        (by_shop, lambda cast: {"items": [], "vendorId": cast.vendor.pk}, "items"),
        (by_ordering, lambda cast: {"customer_id": cast.stranger_row.pk}, "customer_id"),
        (by_ordering, lambda cast: {"products": [{"name": "By hand", "price": 5}]}, "products"),
        (by_native, lambda cast: {"customer": cast.stranger_row.pk}, "/customer"),
        (by_native, lambda cast: {"custom": [{"name": "By hand", "amount": eur("5.00")}]}, "/custom"),
    ],
)
def test_what_only_staff_may_send_is_named(cast: Cast, api: Api, door: Any, fields: Any, field: str) -> None:
    path, body = door(cast, [cast.products["pizza"].pk], **fields(cast))
    with assert_nothing_changed():
        response = api(cast.customer).post(path, body)
    assert (response.status_code, fields_of(response)) == (403, [field])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda cast, order: (f"{asking.ORDERS}/{order}", {"comment": "Ring twice"}), "comment"),
        (lambda cast, order: (f"{kesk.ORDERS}/{order}", {"driver_id": cast.driver_row.pk}), "driver_id"),
        (lambda cast, order: (f"{kesk.ORDERS}/{order}", {"payment_status": "Paid"}), "payment_status"),
        (lambda cast, order: (f"{kesk.ORDERS}/{order}", {"payment_gateway_method_id": 2}), "payment_gateway_method_id"),
        (lambda cast, order: (f"/api/v1/orders/{order}", {"driver": cast.driver_row.pk}), "/driver"),
    ],
)
def test_what_a_customer_may_not_change_is_named(cast: Cast, api: Api, change: Any, field: str) -> None:
    order = make_order(cast, 7, stood="accepted")
    path, body = change(cast, order.pk)
    client = api(cast.customer)
    with assert_nothing_changed(order):
        response = (client.patch if path.startswith("/api") else client.put)(path, body)
    assert (response.status_code, fields_of(response)[0]) == (409 if "method" in field else 403, field)


@pytest.mark.parametrize("method", ["cash", "wallet"])
def test_more_of_an_item_than_can_be_had_or_paid_is_told_at_its_quantity(cast: Cast, api: Api, method: str) -> None:
    top_up(customer_id=cast.customer_row.pk, currency="EUR", amount=500, actor="test")
    client, soda = api(cast.customer), cast.products["soda"].pk
    path, body = by_shop(cast, [soda], paymentMethod=method)
    order = shop.created(client.post(path, body))
    if method == "cash":
        Stock.objects.filter(pk=soda).update(quantity=1)
    item, line = shop.at(order, "/item"), order.lines.get().pk
    with assert_nothing_changed(order):
        answers = [
            client.post(item, {"productId": soda, "quantity": 2}),
            client.put(item, {"itemId": line, "quantity": 4}),
            client.post(f"/api/v1/orders/{order.pk}/items", {"product": soda, "quantity": 2}),
            client.put(f"/api/v1/orders/{order.pk}/items/{line}", {"product": soda, "quantity": 4}),
        ]
    code = "out_of_stock" if method == "cash" else "insufficient_funds"
    assert [code in str(answer.json()) for answer in answers] == [True] * 4
    told = [(answer.status_code, fields_of(answer)) for answer in answers]
    assert told == [(409, ["quantity"])] * 2 + [(409, ["/quantity"])] * 2


def test_lines_of_one_currency_blame_that_of_the_order(cast: Cast, api: Api) -> None:
    body = order_of((cast.products["soda"].pk, 250, 2), currency="EUR")
    with assert_nothing_changed():
        response = api(cast.customer).post(PLACE, body)
    assert (response.status_code, response.json()["message"]) == (400, "Order currency mismatch: expected GBP")


@pytest.mark.parametrize("method", [None, ""])
def test_the_method_is_asked_for_by_the_name_that_was_sent(cast: Cast, api: Api, method: Any) -> None:
    path, body = by_kesk(cast, [cast.products["pizza"].pk], payment_method=method)
    named = {name: value for name, value in body.items() if name != "payment_gateway_method_id"}
    with assert_nothing_changed():
        assert fields_of(api(cast.customer).post(path, named)) == ["payment_method"]
        both = {**named, "payment_gateway_method_id": None}
        assert fields_of(api(cast.customer).post(path, both)) == ["payment_gateway_method_id"]


@pytest.mark.parametrize("given", [{}, {"payment_gateway_method_id": ""}, {"payment_method": ""}])
def test_a_method_that_only_its_photo_says_is_told_by_its_first_name(
    cast: Cast, api: Api, given: dict[str, Any]
) -> None:
    """A photo means a transfer, which this vendor does not take."""
    body = by_kesk(cast, [cast.products["pizza"].pk])[1]
    picture = SimpleUploadedFile("a.png", kesk.png(), "image/png")
    form = {"vendor_id": body["vendor_id"], "items": json.dumps(body["items"]), "photo": picture, **given}
    with assert_nothing_changed():
        response = api(cast.customer).post(kesk.ORDERS, form, format="multipart")
    assert (response.status_code, fields_of(response)) == (400, ["payment_gateway_method_id"])


@pytest.mark.parametrize("part", ["items", "data", "CreateOrderInput"])
@pytest.mark.parametrize("text", ["[{", "x", '{"a": NaN}'])
def test_a_part_that_is_no_json_is_named(cast: Cast, api: Api, part: str, text: str) -> None:
    with assert_nothing_changed():
        response = api(cast.customer).post(kesk.ORDERS, {"payment_method": "cash", part: text}, format="multipart")
    assert (response.status_code, fields_of(response)) == (400, [part])


def test_an_item_that_an_order_has_not_is_named(cast: Cast, api: Api) -> None:
    client = api(cast.customer)
    path, body = by_shop(cast, [cast.products["soda"].pk])
    order = shop.created(client.post(path, body))
    with assert_nothing_changed(order):
        response = client.put(shop.at(order, "/item"), {"itemId": 10**9, "quantity": 2})
        foreign = api(cast.stranger).put(shop.at(order, "/item"), {"itemId": 10**9, "quantity": 2})
    assert (response.status_code, fields_of(response)) == (404, ["itemId"])
    assert (foreign.status_code, fields_of(foreign)) == (404, [])


@pytest.mark.parametrize(("who", "status"), [("owner", 409), ("customer", 403)])
def test_a_status_that_may_not_be_set_is_named(cast: Cast, api: Api, who: str, status: int) -> None:
    order = make_order(cast, 0)
    label = shop.label_of(11 if who == "owner" else 7)
    with assert_nothing_changed(order):
        response = api(getattr(cast, who)).patch(shop.at(order, "/status"), {"statusId": label.pk})
    assert (response.status_code, fields_of(response)) == (status, ["statusId"])
    error = response.json()["error"]
    assert error["message"].startswith(error["fields"][0]["message"])


@pytest.mark.parametrize(
    ("who", "sent", "status", "field"),
    [
        ("owner", {"status": 11}, 409, "status"),
        ("customer", {"status": 7}, 403, "status"),
        ("customer", {"transition": "accept"}, 403, "transition"),
    ],
)
def test_so_it_is_at_ordering(cast: Cast, api: Api, who: str, sent: dict[str, Any], status: int, field: str) -> None:
    order = make_order(cast, 0)
    with assert_nothing_changed(order):
        response = api(getattr(cast, who)).put(asking.one(order.pk), sent)
    assert (response.status_code, fields_of(response)[0]) == (status, field)
    assert ("others do." in str(response.json())) == (status == 403)


def test_kesk_tells_kilograms_and_centimetres(cast: Cast, api: Api) -> None:
    box = make_package_type(cast.vendor)
    there = {"address": "Meir 1", "lat": 51.2, "lng": 4.4}
    body = {
        **{"vendor_id": cast.vendor.pk, "package_type_id": box.pk, "payment_method": "cash", **RECIPIENT},
        **{"pickup_address": there, "dropoff_address": there, "weight": 10.5, "width": 60.1, "length": 10},
    }
    with assert_nothing_changed():
        details = api(cast.customer).post(kesk.ORDERS, body).json()["error"]["details"]
    assert {row["field"]: row["message"] for row in details} == {
        "weight": f"{box.name} may weigh 10 kg at most: choose another type.",
        "width": f"{box.name} may be 60 cm long at most: choose another type.",
        "height": f"{box.name} may be 60 cm long at most: send the height.",
    }


def test_our_own_calls_are_named_by_their_whole_paths(cast: Cast, api: Api) -> None:
    client, pizza = api(cast.customer), [cast.products["pizza"].pk]
    path, body = by_kesk(cast, pizza, vendor_id=10**9)
    assert client.post(path, body).json()["error"]["message"].endswith("read /api/v1/vendors.")
    path, body = by_kesk(cast, pizza, total=1)
    assert client.post(path, body).json()["error"]["message"].endswith(": ask /v1/order/summary again.")
