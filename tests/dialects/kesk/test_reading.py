"""Lists, one order, and following by code (rows 24–28 and 55); the document."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from orders.dialects.kesk.words import METHODS, PAYMENT_WORDS, Word, reads_as, word_of
from orders.lifecycle.table import CLOSED, Status
from orders.models import Order, PaymentStatus
from ordersite.accounts.models import ApiToken
from ordersite.core.crypto import decrypt, token_hash
from tests.cast import Cast
from tests.dialects.kesk.calling import BASE, ORDERS, Api, order_of, placed, refused, url
from tests.orders.rows import add_line, make_order
from tests.orders.shopping import assert_nothing_changed, fill_wallet
from vendors.payment_methods import METHOD_NAMES

# What each status reads as, without a milestone; with one, those that read Accepted read Preparing or Ready.
WORDS = {
    "Pending": (0, 13),
    "Completed": (1,),
    "Delivered": (11, 15),
    "Enroute": (9, 19, 23),
    "Failed": (12, 17),
    "Cancelled": (2, 5, 16),
    "Accepted": (3, 4, 6, 7, 8, 10, 14, 18, 20, 21, 22, 24, 25),
}


@pytest.mark.rows(28, call="GET /v1/orders/{id}")
def test_every_status_has_its_word_and_lists_agree(cast: Cast, api: Api) -> None:
    assert sorted(itertools.chain(*WORDS.values())) == list(range(26))
    made: dict[int, str] = {}
    for word, statuses in WORDS.items():
        for status in statuses:
            for stood, read in (("", word), ("preparation_started", "Preparing"), ("prepared", "Ready")):
                order = make_order(cast, status, stood=stood, payment_method="wallet")
                made[order.pk] = read if word == "Accepted" else word
    for previous in (6, 10, 12):
        made[make_order(cast, 2, previous_status=previous).pk] = "Failed"
    made[make_order(cast, 2, previous_status=7).pk] = "Cancelled"
    assert {order.pk: word_of(order).value for order in Order.objects.all()} == made
    client = api(cast.customer)
    for word in Word:
        wanted = {pk for pk, read in made.items() if read == word}
        assert set(Order.objects.filter(reads_as(word)).values_list("pk", flat=True)) == wanted
        page = client.get(ORDERS, {"status": word.value.upper(), "per_page": "100"}).json()
        assert {row["id"] for row in page["data"]} == wanted
        assert {row["status"] for row in page["data"]} == {word.value}


@pytest.mark.rows(28, call="GET /v1/orders")
def test_the_tables_cover_all_that_there_is() -> None:
    assert set(PAYMENT_WORDS) == set(PaymentStatus.values)
    assert sorted(METHODS.values()) == sorted(METHOD_NAMES)


@pytest.mark.rows(25, 26, call="GET /v1/orders")
def test_filters(cast: Cast, api: Api) -> None:
    mine = make_order(cast, 9, driver=cast.driver_row, stood="accepted driver_accepted prepared picked_up")
    done = make_order(cast, 11)
    tea = make_order(cast, 7, vendor=cast.other_vendor)

    def found(**query: Any) -> list[int]:
        return [row["id"] for row in api(cast.customer).get(ORDERS, query).json()["data"]]

    assert found() == [tea.pk, done.pk, mine.pk]
    assert found(driver_id=cast.driver_row.pk) == [mine.pk]
    assert found(vendor_id=cast.other_vendor.pk) == [tea.pk]
    assert found(vendor_type_id=cast.vendor.type_id) == [done.pk, mine.pk]
    assert found(status="enroute") == found(status="Enroute") == [mine.pk]
    assert found(type="history") == [done.pk]
    assert found(type="assigned") == [tea.pk, mine.pk]
    assert found(type="assigned", vendor_id=cast.vendor.pk, status="", foreign="ignored") == [mine.pk]
    assert found(driver_id=10**12) == []


@pytest.mark.rows(26, call="GET /v1/orders")
def test_history_is_what_is_closed(cast: Cast, api: Api) -> None:
    orders = {status: make_order(cast, status, payment_method="wallet").pk for status in Status}
    client = api(cast.customer)
    closed = {row["id"] for row in client.get(ORDERS, {"type": "history", "per_page": "100"}).json()["data"]}
    assert closed == {orders[status] for status in CLOSED}
    still = client.get(ORDERS, {"type": "assigned", "per_page": "100"}).json()
    assert {row["id"] for row in still["data"]} == set(orders.values()) - closed
    assert {row["is_ongoing"] for row in still["data"]} == {True}


@pytest.mark.rows(27, call="GET /v1/orders")
def test_pages_of_fifteen_from_one_and_an_empty_one_past_the_end(cast: Cast, api: Api) -> None:
    made = [make_order(cast).pk for _ in range(17)][::-1]
    client = api(cast.customer)
    first, second, third = (client.get(ORDERS, {"page": page}).json() for page in (1, 2, 3))
    assert [row["id"] for row in first["data"] + second["data"]] == made
    assert first == client.get(ORDERS).json()
    assert first["meta"] == {"page": 1, "per_page": 15, "total": 17, "last_page": 2}
    assert (third["success"], third["data"], third["meta"]["page"]) == (True, [], 3)
    assert len(client.get(ORDERS, {"per_page": 17, "page": 1}).json()["data"]) == 17


@pytest.mark.rows(25, 27, call="GET /v1/orders")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "0"),
        ("page", "x"),
        ("per_page", "-1"),
        ("status", "Baking"),
        ("type", "all"),
        ("driver_id", "x"),
        ("vendor_id", "0"),
        ("vendor_type_id", "9" * 30),
    ],
)
def test_a_wrong_parameter_is_named(cast: Cast, api: Api, name: str, value: str) -> None:
    refused(api(cast.customer).get(ORDERS, {name: value}), 400, name)


@pytest.mark.rows(25, call="GET /v1/orders")
def test_a_list_takes_the_same_statements_however_long(cast: Cast, api: Api, django_assert_num_queries: Any) -> None:
    def fill() -> None:
        for _ in range(3):
            order = make_order(cast, 8, driver=cast.driver_row, stood="accepted driver_accepted")
            add_line(order, cast.products["soda"])

    fill()
    for user, statements in ((cast.customer, 4), (cast.staff, 5), (cast.driver, 4)):  # staff: one for what it may do
        client = api(user)
        for _ in range(2):
            with django_assert_num_queries(statements):
                assert client.get(ORDERS).status_code == 200
            fill()


@pytest.mark.rows(24, call="GET /v1/orders/{id}")
def test_each_party_sees_its_orders_only(cast: Cast, api: Api) -> None:
    order = make_order(cast, 9, driver=cast.driver_row, stood="accepted driver_accepted prepared picked_up")
    other = make_order(cast, 7, vendor=cast.other_vendor, customer=cast.stranger_row)
    sees = {"customer": [order], "owner": [order], "driver": [order], "stranger": [other], "other_owner": [other]}
    for role, own in sees.items():
        client = api(getattr(cast, role))
        assert [row["id"] for row in client.get(ORDERS).json()["data"]] == [one.pk for one in own]
        for one in (order, other):
            answer = client.get(url(one))
            assert answer.status_code == (200 if one in own else 404)
    assert len(api(cast.staff).get(ORDERS).json()["data"]) == 2
    token = ApiToken.objects.create(
        name="till", merchant=cast.merchant, token_hash=token_hash("ost_till"), hint="ost", scopes=["read", "write"]
    )
    assert token.merchant_id == cast.merchant.pk
    assert [row["id"] for row in api(token="ost_till").get(ORDERS).json()["data"]] == [order.pk]
    with assert_nothing_changed():
        assert api(token="ost_till").post(ORDERS, order_of(cast)).status_code == 400
    refused(api().get(ORDERS), 401, "", "not_authenticated")
    refused(api(cast.stranger).get(url(order)), 404, "", "not_found")
    refused(api(cast.stranger).get(f"{ORDERS}/abc"), 404, "", "not_found")
    refused(api(cast.stranger).delete(url(order)), 405, "", "method_not_allowed")


@pytest.mark.rows(24, call="GET /v1/orders/{id}")
def test_the_detail(cast: Cast, api: Api, django_assert_num_queries: Any) -> None:
    fill_wallet(cast.customer_row, 1200)
    order = Order.objects.get(pk=placed(api(cast.customer), order_of(cast, payment_gateway_method_id=2))["id"])
    owner = api(cast.owner)
    owner.put(url(order), {"status": "Accepted"})
    owner.put(url(order), {"status": "Preparing"})
    with django_assert_num_queries(7):
        data = owner.get(url(order)).json()["data"]
    assert [(row["event"], row["status"], row["by"]) for row in data["history"]] == [
        ("placed", "Pending", "customer"),
        ("accept", "Accepted", "vendor"),
        ("start_preparing", "Preparing", "vendor"),
    ]
    assert (data["status"], data["payment_status"], data["payments"][0]["payment_status"]) == (
        "Preparing",
        "Paid",
        "Paid",
    )
    assert data["allowed_statuses"] == ["Ready", "Cancelled"]
    assert (data["code"], data["collection_code"]) == (None, order.collection_code)
    assert data["user"] == {
        "id": cast.customer_row.pk,
        "name": "Clara Customer",
        "phone": cast.customer_row.phone,
        "email": cast.customer.email,
    }
    assert data["delivery_address"] is None
    mine = api(cast.customer).get(url(order)).json()["data"]
    assert (mine["code"], mine["collection_code"]) == (decrypt(order.tracking_sealed), None)


@pytest.mark.rows(24, call="GET /v1/orders/{id}")
def test_who_could_take_an_order_reads_a_first_name_only(cast: Cast, api: Api) -> None:
    order = make_order(cast, 22, stood="accepted search_started", address_notes="Code 1234")
    for body in (
        api(cast.driver).get(url(order)).json()["data"],
        api(cast.driver).get(ORDERS).json()["data"][0],
    ):
        assert body["user"] == {"id": cast.customer_row.pk, "name": "Clara", "phone": "", "email": ""}
        assert "1234" not in str(body.get("delivery_address"))


@pytest.mark.rows(55, call="POST /v1/track-order")
def test_following_by_code(cast: Cast, api: Api) -> None:
    soon = timezone.now() + timedelta(minutes=20)
    order = make_order(cast, 8, driver=cast.driver_row, stood="accepted driver_accepted prepared", estimated_at=soon)
    add_line(order, cast.products["soda"], 2)
    body = api().post(f"{BASE}/track-order", {"code": decrypt(order.tracking_sealed)}).json()
    assert body == {
        "success": True,
        "data": {
            "number": str(order.number),
            "status": "Ready",
            "type": "regular",
            "estimated_delivery_time": soon.isoformat().replace("+00:00", "Z"),
            "scheduled_at": None,
            "created_at": order.placed_at.isoformat().replace("+00:00", "Z"),
            "vendor": {
                "id": cast.vendor.pk,
                "name": "Burger Bar",
                "phone": "+3225550102",
                "address": "Grote Markt 1",
                "city": "Brussels",
                "latitude": 50.85,
                "longitude": 4.35,
            },
            "customer": "Clara",
            "driver": {"name": "Dora", "latitude": None, "longitude": None},
            "items": [{"name": "Soda", "quantity": 2}],
            "tracking_number": "",
            "carrier": "",
            "orders": [],
        },
    }


@pytest.mark.rows(55, call="POST /v1/track-order")
def test_the_code_of_an_order_is_in_its_answer(cast: Cast, api: Api) -> None:
    code = placed(api(cast.customer), order_of(cast))["code"]
    assert api().post(f"{BASE}/track-order", {"code": code}).json()["data"]["status"] == "Pending"


@pytest.mark.rows(55, call="POST /v1/track-order")
def test_tries_are_counted_with_those_of_our_own_api(cast: Cast, api: Api) -> None:
    order = make_order(cast)
    refused(api().post(f"{BASE}/track-order", {}), 400, "code")
    for number in range(60):
        path = "/api/v1/track" if number % 2 else f"{BASE}/track-order"
        assert api().post(path, {"code": f"guess-{number}"}).status_code == 404
    locked = api().post(f"{BASE}/track-order", {"code": decrypt(order.tracking_sealed)})
    refused(locked, 429, "", "throttled")
    assert int(locked["Retry-After"]) > 0


def test_the_document_is_valid_and_without_warnings(client: Client) -> None:
    GENERATOR_STATS.reset()
    document = client.get("/dialects/kesk/schema", headers={"Accept": "application/json"}).json()
    validate_schema(document)
    assert not GENERATOR_STATS
    found = {
        (method.upper(), path.removeprefix(BASE)): operation["operationId"]
        for path, calls in document["paths"].items()
        for method, operation in calls.items()
    }
    assert found == {
        ("POST", "/orders"): "appCreate",
        ("GET", "/orders"): "getOrders",
        ("GET", "/orders/{id}"): "getOrderDetails",
        ("PUT", "/orders/{id}"): "updateOrder",
        ("POST", "/orders/service"): "processServiceOrder",
        ("POST", "/track-order"): "trackOrder",
        ("POST", "/order/summary"): "getOrderSummary",
        ("POST", "/order/service-summary"): "getServiceSummary",
        ("POST", "/order/delivery-fee-summary"): "getDeliveryFeeSummary",
    }
    assert document["info"]["title"] == "Kesk OrdersApi"
