"""Kalixo's two calls, with the samples of its documents as they stand (rows 21–23, 53, 54 and 112)."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Code, Kind, Order, OrderEvent
from orders.services.money.wallets import top_up
from orders.services.moving.timers import run_due
from tests.cast import PASSWORD, Cast
from tests.orders.capacity.test_offers import make_offer
from tests.orders.gift_cards import stock
from tests.orders.rows import make_order
from tests.orders.shopping import assert_nothing_changed, sums
from vendors.models import Category, Offer, Product, Vendor
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import import_menu

Api = Callable[..., APIClient]
PLACE = "/dialects/kalixo/v1/orders/place-order"
RETRIEVE = "/dialects/kalixo/v1/orders/retrieve-order"
HERE = Path(__file__).parent
SAMPLE = json.loads((HERE / "place-order.json").read_text())
ANSWER = json.loads((HERE / "placed.json").read_text())
SIGN_IN = "Sign in first: send your token in the header Authorization, as Bearer and the token."
PIN = "ABCDE-FGHIJ-KLMNO-PQRST-UVWX"


@pytest.fixture
def codes(cast: Cast) -> Vendor:
    """Sells the sample's products, of the sample's ids, in pounds; three codes of each are there."""
    vendor = Vendor.objects.create(
        merchant=cast.other_merchant,
        type=cast.other_vendor.type,
        name="Codes",
        currency="GBP",
        time_zone="Europe/London",
        fulfilments=["pickup"],
        payment_methods=["wallet"],
    )
    category = Category.objects.create(vendor=vendor, name="Cards")
    for pk, price, sku in ((1, 1099, "A"), (2, 3299, "GB-EN-4251604177278"), (6, 839, "GB-EN-4251604133182")):
        Product.objects.filter(pk=pk).delete()
        product = Product.objects.create(
            pk=pk, vendor=vendor, category=category, name=f"Card {pk}", price=price, sku=sku, is_digital=True
        )
        stock(product, *(f"{PIN}{pk}{unit}" for unit in range(3)))
    refresh_offer_flags()
    return vendor


@pytest.fixture
def pounds(cast: Cast) -> int:
    """A hundred pounds in Clara's wallet."""
    top_up(customer_id=cast.customer_row.pk, currency="GBP", amount=10_000, actor="test")
    return 10_000


def order_of(*lines: tuple[int, int, int], code: str = "O-1", **fields: Any) -> dict[str, Any]:
    """A valid order of (product, price, quantity)."""
    products = [
        {"productId": pk, "price": price, "sku": "x", "currency": "GBP", "quantity": quantity}
        for pk, price, quantity in lines
    ]
    total = sum(price * quantity for _, price, quantity in lines)
    return {"externalOrderCode": code, "price": total, "currency": "GBP", "orderProducts": products, **fields}


def shape(value: Any) -> Any:
    """Keys and types alone."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(item) for item in value] if isinstance(value, list) else type(value).__name__


def refused(response: Any, status: int, message: str) -> None:
    labels = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 409: "Conflict", 405: "Method Not Allowed"}
    assert (response.status_code, response.json()) == (
        status,
        {"statusCode": status, "error": labels[status], "message": message},
    )


@pytest.mark.rows(23, call="POST /v1/orders/place-order")
def test_the_sample_is_refused_for_its_wrong_sum(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    with assert_nothing_changed():
        refused(api(cast.customer).post(PLACE, SAMPLE), 400, "Order price mismatch: expected total 4138")


@pytest.mark.rows(21, call="POST /v1/orders/place-order")
def test_with_the_right_sum_it_answers_one_pin_a_unit(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    response = api(cast.customer).post(PLACE, {**SAMPLE, "price": 4138})
    order = Order.objects.get()
    assert response.status_code == 200
    assert response.json() == {
        "orderId": str(order.pk),
        "products": [
            {"price": 3299, "productId": 2, "quantity": 1, "pin": [{"PIN": f"{PIN}20"}]},
            {"price": 839, "productId": 6, "quantity": 1, "pin": [{"PIN": f"{PIN}60"}]},
        ],
    }
    assert (order.kind, order.status, order.total) == (Kind.DIGITAL, 1, 4138)
    assert sums()[f"wallet:{cast.customer_row.pk}:GBP"] == 10_000 - 4138


@pytest.mark.rows(21, call="POST /v1/orders/place-order")
def test_the_answer_has_the_samples_fields_types_and_figures(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    body = api(cast.customer).post(PLACE, order_of((1, 1099, 1), (2, 3299, 2))).json()
    assert shape(body) == shape(ANSWER)
    for answered, sample in zip(body["products"], ANSWER["products"], strict=True):
        assert {**answered, "pin": len(answered["pin"])} == {**sample, "pin": len(sample["pin"])}
    assert len({pin["PIN"] for product in body["products"] for pin in product["pin"]}) == 3


@pytest.mark.rows(23, call="POST /v1/orders/place-order")
def test_the_same_code_again_answers_the_first_order(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    first = api(cast.customer).post(PLACE, order_of((2, 3299, 1)))
    with assert_nothing_changed():
        again = api(cast.customer).post(PLACE, order_of((6, 839, 2)))
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.slow
@pytest.mark.rows(23, call="POST /v1/orders/place-order")
@pytest.mark.parametrize("meanwhile", ["dearer", "not available", "vendor off", "wallet empty", "codes gone"])
def test_a_late_repeat_answers_the_first_order(
    cast: Cast, api: Api, codes: Vendor, pounds: int, meanwhile: str
) -> None:
    """Whatever has become of what was bought: a client that missed the answer has its PINs still."""
    body = order_of((2, 3299, 1), (6, 839, 2))
    first = api(cast.customer).post(PLACE, body)
    if meanwhile == "dearer":
        Product.objects.update(price=9999)
    elif meanwhile == "not available":
        Product.objects.update(is_available=False)
    elif meanwhile == "vendor off":
        Vendor.objects.update(is_active=False)
    elif meanwhile == "wallet empty":
        api(cast.customer).post(PLACE, order_of((1, 1099, 3), (6, 839, 1), code="O-2"))
    else:
        Code.objects.filter(line=None).delete()
    Vendor.objects.get(pk=codes.pk).save()
    with assert_nothing_changed():
        again = api(cast.customer).post(PLACE, body)
        refused(api(cast.customer).post(PLACE, {**body, "price": 1}), 400, "Order price mismatch: expected total 4977")
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.rows(23, call="POST /v1/orders/place-order")
def test_anothers_code_is_another_order(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    first = api(cast.customer).post(PLACE, order_of((6, 839, 1)))
    top_up(customer_id=cast.stranger_row.pk, currency="GBP", amount=839, actor="test")
    other = api(cast.stranger).post(PLACE, order_of((6, 839, 1)))
    assert other.status_code == 200
    assert other.json()["orderId"] != first.json()["orderId"]
    assert other.json()["products"][0]["pin"] != first.json()["products"][0]["pin"]


@pytest.mark.rows(53, call="GET /v1/orders/retrieve-order")
def test_retrieving_shows_status_and_pins(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    placed = api(cast.customer).post(PLACE, order_of((2, 3299, 2))).json()
    body = api(cast.customer).get(RETRIEVE, {"id": placed["orderId"]}).json()
    assert body == {
        "orderId": int(placed["orderId"]),
        "orderStatus": "completed",
        "products": placed["products"],
    }


@pytest.mark.rows(53, call="GET /v1/orders/retrieve-order")
def test_others_get_no_pins(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    placed = api(cast.customer).post(PLACE, order_of((2, 3299, 1))).json()
    refused(
        api(cast.stranger).get(RETRIEVE, {"id": placed["orderId"]}), 404, "This does not exist, or you may not see it."
    )
    seen = api(cast.other_owner).get(RETRIEVE, {"id": placed["orderId"]}).json()
    assert seen["products"][0]["pin"][0]["PIN"].endswith(f"{PIN}20"[-4:])
    assert seen["products"][0]["pin"][0]["PIN"] != f"{PIN}20"


STATUS_WORDS = {
    "requested": (0, 13),
    "completed": (1, 11, 15),
    "failed": (12, 17),
    "cancelled": (2, 5, 16),
    "processing": (3, 4, 6, 7, 8, 9, 10, 14, *range(18, 26)),
}


@pytest.mark.rows(54, call="GET /v1/orders/retrieve-order")
@pytest.mark.parametrize(("word", "status"), [(word, n) for word, all_ in STATUS_WORDS.items() for n in all_])
def test_every_status_has_its_word(cast: Cast, api: Api, word: str, status: int) -> None:
    order = make_order(cast, status, payment_method="wallet")
    assert api(cast.customer).get(RETRIEVE, {"id": order.pk}).json()["orderStatus"] == word


@pytest.mark.rows(54, call="GET /v1/orders/retrieve-order")
@pytest.mark.parametrize("status", [2, 5])
def test_no_codes_is_a_failure(cast: Cast, api: Api, status: int) -> None:
    order = make_order(cast, status, payment_method="wallet")
    OrderEvent.objects.create(
        order=order,
        number=2,
        kind="status",
        to_status=status,
        reason_code="codes_unavailable",
        actor="x",
        role="system",
    )
    assert api(cast.customer).get(RETRIEVE, {"id": order.pk}).json()["orderStatus"] == "failed"


@pytest.mark.rows(54, call="GET /v1/orders/retrieve-order")
def test_a_missing_code_is_an_error_until_the_money_goes_back(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    placed = api(cast.customer).post(PLACE, order_of((6, 839, 4))).json()
    assert placed["products"][0]["pin"] == []
    client = api(cast.customer)
    assert client.get(RETRIEVE, {"id": placed["orderId"]}).json()["orderStatus"] == "error"
    late = timezone.now() - timedelta(minutes=61)
    Order.objects.update(accepted_at=late, codes_tried_at=late, due_at=late)
    # A last try, and then the money goes back.
    run_due()
    run_due()
    assert client.get(RETRIEVE, {"id": placed["orderId"]}).json()["orderStatus"] == "failed"
    assert sums()[f"wallet:{cast.customer_row.pk}:GBP"] == 10_000


@pytest.mark.rows(22, call="POST /v1/orders/place-order")
def test_only_a_bearer_is_let_in(cast: Cast, api: Api) -> None:
    with assert_nothing_changed():
        refused(api().post(PLACE, SAMPLE), 401, SIGN_IN)
        assert api(token="ost_nonsense").post(PLACE, SAMPLE).status_code == 401
    assert api().get(RETRIEVE, {"id": 1}).status_code == 401


@pytest.mark.rows(112, call="POST /api/v1/auth/token")
def test_signed_in_by_email_and_password(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    login = api().post("/api/v1/auth/token", {"email": cast.customer.email, "password": PASSWORD})
    access = login.json()["access"]
    assert api(token=access).post(PLACE, order_of((6, 839, 1))).status_code == 200


@pytest.mark.rows(21, 23, call="POST /v1/orders/place-order")
@pytest.mark.parametrize("field", ["externalOrderCode", "price", "currency", "orderProducts"])
def test_what_is_missing_is_named(cast: Cast, api: Api, codes: Vendor, pounds: int, field: str) -> None:
    body = {name: value for name, value in order_of((2, 3299, 1)).items() if name != field}
    with assert_nothing_changed():
        response = api(cast.customer).post(PLACE, body)
    assert (response.status_code, response.json()["error"]) == (400, "Bad Request")
    assert field in response.json()["message"]


@pytest.mark.rows(21, 23, call="POST /v1/orders/place-order")
@pytest.mark.parametrize(
    ("line", "total", "message"),
    [
        ((99_999_999, 100, 1), 100, "Product 99999999 was not found in your catalog"),
        ((2, 3298, 1), 3298, "Order price mismatch: expected total 3299"),
        ((2, 3300, 1), 3300, "Order price mismatch: expected total 3299"),
        ((2, 0, 1), 0, "Order price mismatch: expected total 3299"),
        ((2, 3299, 2), 3299, "Order price mismatch: expected total 6598"),
        ((2, 3299, 2), 6599, "Order price mismatch: expected total 6598"),
    ],
)
def test_a_wrong_product_or_price(
    cast: Cast, api: Api, codes: Vendor, pounds: int, line: tuple[int, int, int], total: int, message: str
) -> None:
    with assert_nothing_changed():
        response = api(cast.customer).post(PLACE, order_of(line, price=total))
    assert response.status_code == 400
    assert message in response.json()["message"]


@pytest.mark.rows(21, 23, call="POST /v1/orders/place-order")
def test_prices_that_only_add_up_are_refused(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    with assert_nothing_changed():
        refused(
            api(cast.customer).post(PLACE, order_of((2, 3298, 1), (6, 840, 1))),
            400,
            "Product 2 price mismatch: expected 3299",
        )


@pytest.mark.rows(23, call="POST /v1/orders/place-order")
def test_an_offer_makes_it_cheaper_and_a_fee_is_refused(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    """What is given by itself must not stop a client that cannot know of it; what it did not agree to is not taken."""
    make_offer(vendor=codes, currency="GBP")
    placed = api(cast.customer).post(PLACE, order_of((6, 839, 1)))
    assert (placed.status_code, placed.json()["products"][0]["price"]) == (200, 839)
    assert sums()[f"wallet:{cast.customer_row.pk}:GBP"] == 10_000 - 755
    Offer.objects.update(is_active=False)
    Vendor.objects.filter(pk=codes.pk).update(service_fee=100)
    with assert_nothing_changed():
        response = api(cast.customer).post(PLACE, order_of((6, 839, 1), code="O-2"))
        refused(response, 400, "Order price mismatch: expected total 939")


@pytest.mark.rows(21, call="POST /v1/orders/place-order")
def test_goods_that_are_no_codes_are_refused(cast: Cast, api: Api, codes: Vendor) -> None:
    top_up(customer_id=cast.customer_row.pk, currency="EUR", amount=10_000, actor="test")
    soda = cast.products["soda"]
    body = order_of((soda.pk, 250, 1))
    body["currency"] = body["orderProducts"][0]["currency"] = "EUR"
    with assert_nothing_changed():
        response = api(cast.customer).post(PLACE, body)
    refused(response, 400, f"Product {soda.pk} was not found in your catalog")


@pytest.mark.rows(21, call="POST /v1/orders/place-order")
def test_a_rule_of_the_shop_names_the_line(cast: Cast, api: Api, codes: Vendor, pounds: int) -> None:
    """By its place among all lines, though another vendor sells the ones before it."""
    other = Vendor.objects.create(
        merchant=cast.merchant,
        type=codes.type,
        name="Other codes",
        currency="GBP",
        fulfilments=["pickup"],
        payment_methods=["wallet"],
    )
    # An id of its own: of the fixture's, which are the examples', PostgreSQL's sequence does not know.
    card = Product.objects.create(
        pk=9001,
        vendor=other,
        category=Category.objects.create(vendor=other, name="Cards"),
        name="C",
        price=100,
        is_digital=True,
    )
    Product.objects.filter(pk=6).update(is_available=False)
    Product.objects.filter(pk=2).update(max_per_order=1)
    import_menu(vendor=codes, menu={})
    with assert_nothing_changed():
        response = api(cast.customer).post(PLACE, order_of((1, 1099, 1), (card.pk, 100, 1), (6, 839, 1)))
        refused(response, 400, "/orderProducts/2/productId: Card 6 is not available now: leave it out.")
        response = api(cast.customer).post(PLACE, order_of((card.pk, 100, 1), (2, 3299, 2)))
        refused(response, 400, "/orderProducts/1/quantity: At most 1 × Card 2 in one order: lower the quantity.")


@pytest.mark.rows(21, call="POST /v1/orders/place-order")
@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"payment_methods": ["transfer"]}, 400, "Codes takes transfer."),
        ({"paused_until": timezone.now() + timedelta(days=1)}, 409, "Codes takes no orders now: try again later."),
    ],
)
def test_a_rule_about_what_is_not_sent_names_no_field(
    cast: Cast, api: Api, codes: Vendor, pounds: int, fields: dict[str, Any], status: int, message: str
) -> None:
    Vendor.objects.filter(pk=codes.pk).update(**fields)
    with assert_nothing_changed():
        refused(api(cast.customer).post(PLACE, order_of((2, 3299, 1), (6, 839, 1))), status, message)


@pytest.mark.rows(21, call="POST /v1/orders/place-order")
def test_too_little_in_the_wallet_is_refused_and_nothing_is_written(cast: Cast, api: Api, codes: Vendor) -> None:
    with assert_nothing_changed():
        response = api(cast.customer).post(PLACE, order_of((2, 3299, 1)))
    refused(response, 409, "The wallet balance is too low: top it up by POST /api/v1/wallet/top-ups.")


@pytest.mark.rows(53, call="GET /v1/orders/retrieve-order")
def test_a_wrong_id_method_or_path(cast: Cast, api: Api, client: Client) -> None:
    refused(api(cast.customer).get(RETRIEVE, {"id": "x"}), 400, "id must be the number of an order")
    refused(api(cast.customer).get(RETRIEVE, {"id": 10**17}), 404, "This does not exist, or you may not see it.")
    refused(api(cast.customer).get(PLACE), 405, "This address does not take GET: see the documentation.")
    refused(client.get("/dialects/kalixo/v1/orders"), 404, "This does not exist, or you may not see it.")


@pytest.mark.rows(21, call="POST /v1/orders/place-order")
@pytest.mark.parametrize("blank", [None, "", []])
def test_a_line_may_leave_out_its_currency_and_sku(
    cast: Cast, api: Api, codes: Vendor, pounds: int, blank: Any
) -> None:
    body = order_of((2, 3299, 1))
    body["orderProducts"][0] |= {"currency": blank, "sku": blank, "productId": "2", "quantity": "1"}
    response = api(cast.customer).post(PLACE, body)
    assert (response.status_code, response.json()["products"][0]["productId"]) == (200, 2)


@pytest.mark.rows(21, 23, call="POST /v1/orders/place-order")
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"price": "1e3"}, "/orderProducts/0/price: Send an amount in minor units, digits alone: 250 for 2.50."),
        (
            {"currency": "Pounds"},
            "/orderProducts/0/currency: Send a currency by its code of three letters, such as EUR.",
        ),
        ({"quantity": None}, "/orderProducts/0/quantity: This field is null: send a value."),
        ({"sku": [1]}, "/orderProducts/0/sku: Send a text."),
    ],
)
def test_a_wrong_value_of_a_line_is_told_in_a_sentence(
    cast: Cast, api: Api, codes: Vendor, line: dict[str, Any], message: str
) -> None:
    body = order_of((2, 3299, 1))
    body["orderProducts"][0] |= line
    with assert_nothing_changed():
        refused(api(cast.customer).post(PLACE, body), 400, message)
