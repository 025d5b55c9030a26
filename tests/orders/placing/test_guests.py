"""What somebody may order whom nobody knows: how often, and for how much before it is paid."""

import re
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from orders.models import Order
from orders.services.placing import placing
from ordersite.accounts.registration import register
from ordersite.core.models import Attempt
from tests.cast import Cast
from tests.orders.shopping import ORDERS, QUOTE, assert_nothing_changed, cart, fill_wallet, place
from vendors.models import Vendor

Api = Callable[..., APIClient]
HOME, OFFICE = "192.0.2.1", "192.0.2.2"


def guest(phone: str = "+32470123456") -> dict[str, str]:
    return {"name": "Gina Guest", "phone": phone}


def order(client: APIClient, cast: Cast, address: str = HOME, **fields: Any) -> Any:
    return client.post(ORDERS, cart(cast, **fields), REMOTE_ADDR=address)


@pytest.fixture
def limited(settings: Any) -> None:
    settings.GUEST_ORDERS_PER_ADDRESS, settings.GUEST_ORDERS_PER_PHONE = 3, 2


@pytest.fixture
def unconfirmed(cast: Cast) -> str:
    """The access token of an account whose e-mail is not confirmed."""
    fields = {"email": "nele@example.org", "password": "a-long-enough-passphrase", "name": "Nele", "phone": ""}
    return register(**fields, address=HOME)[1].access


@pytest.mark.usefixtures("limited")
def test_guests_orders_are_counted_by_address_and_by_phone(cast: Cast, api: Api) -> None:
    phones = [f"+3247012345{number}" for number in range(5)]
    for phone in phones[:3]:
        assert order(api(), cast, guest=guest(phone)).status_code == 201
    with assert_nothing_changed():
        refused = order(api(), cast, guest=guest(phones[3]))
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert 3590 <= int(refused["Retry-After"]) <= 3600
    # Elsewhere the address is another; the phone, however it is typed, is the same.
    assert order(api(), cast, OFFICE, guest=guest("+32 470 12 34 50")).status_code == 201
    assert order(api(), cast, OFFICE, guest=guest(phones[0])).status_code == 429
    assert order(api(), cast, OFFICE, guest=guest(phones[4])).status_code == 201


@pytest.mark.usefixtures("limited")
def test_what_is_refused_is_not_counted_and_who_is_known_is_not_either(cast: Cast, api: Api) -> None:
    for _ in range(5):
        assert order(api(), cast, guest=guest(), items=[]).status_code == 400
    for _ in range(4):
        assert order(api(cast.customer), cast).status_code == 201
        # Staff and the vendor's people enter many guests' orders from one place.
        assert order(api(cast.owner), cast, guest=guest()).status_code == 201
        assert order(api(cast.staff), cast, guest=guest()).status_code == 201
    assert [order(api(), cast, guest=guest()).status_code for _ in range(3)] == [201, 201, 429]


@pytest.mark.usefixtures("limited")
def test_the_count_is_the_last_that_is_locked(cast: Cast, api: Api) -> None:
    """Guests behind one address wait for each other no longer than a commit lasts."""
    with CaptureQueriesContext(connection) as captured:
        assert order(api(), cast, guest=guest()).status_code == 201
    written = re.findall(r"INSERT INTO \"?(\w+)", " ".join(row["sql"] for row in captured.captured_queries))
    assert written[-2:] == ["web_attempt", "web_attempt"]
    assert "web_attempt" not in written[:-2]
    assert "orders_orderevent" in written


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("behind", ["one address", "one phone"])
def test_who_places_last_of_several_at_once_is_refused_whole(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, behind: str
) -> None:
    """All passed the first look; what the late one wrote goes back, and the count is of those that stand."""
    monkeypatch.setattr(placing, "refuse_strangers_order", lambda *_: None)
    most = 3 if behind == "one address" else 2
    for number in range(most + 2):
        phone, address = f"+3247012345{number}", f"192.0.2.{number}"
        with nullcontext() if number < most else assert_nothing_changed():
            answer = (
                order(api(), cast, guest=guest(phone))
                if behind == "one address"
                else order(api(), cast, address, guest=guest())
            )
        assert answer.status_code == (201 if number < most else 429)
    counted = Attempt.objects.filter(key__startswith="guest-").order_by("-count")
    assert (Order.objects.count(), counted[0].count) == (most, most)


@pytest.mark.usefixtures("limited")
def test_an_account_that_is_not_confirmed_counts_as_a_guest(cast: Cast, api: Api, unconfirmed: str) -> None:
    client = api(token=unconfirmed)
    assert [order(client, cast).status_code for _ in range(4)] == [201, 201, 201, 429]


PIZZA = 1200
METHODS = [("cash", 400), ("transfer", 400), ("fake", 201)]


@pytest.mark.parametrize(("method", "over"), METHODS)
@pytest.mark.parametrize(("limit", "above"), [(PIZZA, False), (PIZZA - 1, True), (0, True), (None, False)])
@pytest.mark.parametrize("who", ["guest", "unconfirmed"])
def test_a_vendors_limit_holds_for_what_is_not_paid(
    cast: Cast, api: Api, unconfirmed: str, who: str, limit: int | None, above: bool, method: str, over: int
) -> None:
    methods = ["cash", "transfer", "fake", "wallet"]
    Vendor.objects.filter(pk=cast.vendor.pk).update(guest_limit=limit, payment_methods=methods)
    client = api() if who == "guest" else api(token=unconfirmed)
    fields: dict[str, Any] = {"guest": guest() if who == "guest" else None, "payment_method": method}
    response = order(client, cast, **fields)
    assert response.status_code == (over if above else 201), response.json()
    assert Order.objects.count() == (response.status_code == 201)
    if response.status_code == 400:
        [error] = response.json()["errors"]
        assert (error["pointer"], error["code"]) == ("/payment_method", "guest_limit")
        assert f"{limit / 100 if limit else 0:.2f} EUR" in error["detail"]


def test_the_limit_is_500_00_by_default_and_the_cakes_are_refused(cast: Cast, api: Api) -> None:
    assert Vendor.objects.get(pk=cast.vendor.pk).guest_limit == 50_000
    cakes = [{"product": cast.products["cake"].pk, "quantity": 20}]
    assert order(api(), cast, guest=guest(), items=cakes).status_code == 201
    for quantity in (21, 999):
        cakes[0]["quantity"] = quantity
        with assert_nothing_changed():
            assert order(api(), cast, guest=guest(), items=cakes).json()["errors"][0]["code"] == "guest_limit"
    for known in (cast.customer, cast.owner, cast.staff):
        fields: dict[str, Any] = {} if known == cast.customer else {"guest": guest()}
        assert order(api(known), cast, items=cakes, **fields).status_code == 201


def test_an_order_does_not_grow_beyond_the_limit_afterwards(cast: Cast, api: Api) -> None:
    methods = ["cash", "transfer", "fake"]
    Vendor.objects.filter(pk=cast.vendor.pk).update(guest_limit=PIZZA + 100, payment_methods=methods)
    placed = place(api(), cart(cast, guest=guest()))
    row = Order.objects.get(pk=placed["orders"][0]["id"])
    client = api(order_token=placed["purchase"]["guest_token"])
    item = {"product": cast.products["pizza"].pk}
    path = f"{ORDERS}/{row.pk}"
    with assert_nothing_changed(row):
        grown = client.post(f"{path}/items", item)
        tipped = client.patch(path, {"driver_tip": {"amount": "1.01", "currency": "EUR"}})
    assert [(answer.status_code, answer.json()["errors"][0]["code"]) for answer in (grown, tipped)] == [
        (400, "guest_limit"),
        (400, "guest_limit"),
    ]
    assert [answer.json()["errors"][0]["pointer"] for answer in (grown, tipped)] == ["/quantity", "/driver_tip"]
    assert client.patch(path, {"comment": "Ring twice"}).status_code == 200
    # A vendor that lowers its limit has less owed by what stands, and no more.
    for tip, limit, status in (("1.00", PIZZA + 100, 200), ("0.50", 100, 200), ("0.51", 100, 400), ("0.00", 100, 200)):
        Vendor.objects.filter(pk=cast.vendor.pk).update(guest_limit=limit)
        answer = client.patch(path, {"driver_tip": {"amount": tip, "currency": "EUR"}})
        assert answer.status_code == status, answer.json()
    with assert_nothing_changed(row):
        other = client.patch(path, {"payment_method": "transfer", "driver_tip": {"amount": "1.00", "currency": "EUR"}})
    assert [error["pointer"] for error in other.json()["errors"]] == ["/payment_method"]
    Vendor.objects.filter(pk=cast.vendor.pk).update(guest_limit=PIZZA + 100)
    # Online it may be more, and then no more by cash.
    assert client.patch(path, {"payment_method": "fake"}).status_code == 200
    assert client.post(f"{path}/items", item).status_code == 201
    row.refresh_from_db()
    with assert_nothing_changed(row):
        back = client.patch(path, {"payment_method": "cash"})
    assert (back.status_code, back.json()["errors"][0]["pointer"]) == (400, "/payment_method")


def test_a_wallet_pays_at_once_so_the_limit_says_nothing(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(guest_limit=0)
    fill_wallet(cast.customer_row, 5000)
    assert order(api(cast.customer), cast, payment_method="wallet").status_code == 201


# --- purchases of several orders ------------------------------------------------------------------------------------


def parts(cast: Cast, count: int, **fields: Any) -> dict[str, Any]:
    """A purchase of so many orders at one vendor, each of a pizza (12.00)."""
    part = {"vendor": cast.vendor.pk, "items": [{"product": cast.products["pizza"].pk}], "delivery_type": "pickup"}
    return {"vendors": [part] * count, "payment_method": "cash", "guest": guest(), **fields}


@pytest.mark.parametrize(("limit", "above"), [(3 * PIZZA, False), (3 * PIZZA - 1, True), (PIZZA, True)])
def test_a_vendors_orders_of_a_purchase_count_together(cast: Cast, api: Api, limit: int, above: bool) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(guest_limit=limit, payment_methods=["cash", "transfer", "fake"])
    body = parts(cast, 3)
    quoted = {name: value for name, value in body.items() if name != "guest"}
    with assert_nothing_changed():
        answers = [api().post(QUOTE, quoted)]
        if above:
            answers.append(api().post(ORDERS, body))
            # Without a method nobody can tell yet; whoever is known has no such limit.
            del quoted["payment_method"]
            assert api().post(QUOTE, quoted).status_code == 200
            assert api(cast.customer).post(QUOTE, {**quoted, "payment_method": "cash"}).status_code == 200
    for answer in answers:
        assert answer.status_code == (400 if above else 200), answer.json()
        if above:
            [error] = answer.json()["errors"]
            assert (error["pointer"], error["code"]) == ("/payment_method", "guest_limit")
    if not above:
        assert api().post(ORDERS, body).status_code == 201


def test_a_purchase_does_not_grow_beyond_the_limit_part_by_part(cast: Cast, api: Api) -> None:
    limit = 2 * PIZZA + 100
    Vendor.objects.filter(pk=cast.vendor.pk).update(guest_limit=limit, payment_methods=["cash", "transfer", "fake"])
    placed = place(api(), parts(cast, 2))
    client = api(order_token=placed["purchase"]["guest_token"])
    first, second = (Order.objects.get(pk=one["id"]) for one in placed["orders"])

    def tip(order: Order, amount: str) -> Any:
        return client.patch(f"{ORDERS}/{order.pk}", {"driver_tip": {"amount": amount, "currency": "EUR"}})

    with assert_nothing_changed():
        grown = client.post(f"{ORDERS}/{first.pk}/items", {"product": cast.products["pizza"].pk})
    assert (grown.status_code, grown.json()["errors"][0]["code"]) == (400, "guest_limit")
    assert tip(first, "0.60").status_code == 200
    with assert_nothing_changed():
        over = tip(second, "0.41")
    assert (over.status_code, over.json()["errors"][0]["code"]) == (400, "guest_limit")
    assert tip(second, "0.40").status_code == 200
    # What has failed is not owed.
    Order.objects.filter(pk=first.pk).update(status=2)
    assert tip(second, "5.00").status_code == 200


@pytest.mark.usefixtures("limited")
def test_each_order_of_a_purchase_counts(cast: Cast, api: Api) -> None:
    def buy(count: int, phone: str) -> int:
        body = parts(cast, count, guest=guest(phone))
        status: int = api().post(ORDERS, body, REMOTE_ADDR=HOME).status_code
        return status

    with assert_nothing_changed():
        assert (buy(20, "+32470123450"), buy(3, "+32470123450")) == (429, 429)
    assert buy(2, "+32470123450") == 201
    with assert_nothing_changed():
        assert buy(2, "+32470123451") == 429
    assert (buy(1, "+32470123451"), buy(1, "+32470123452")) == (201, 429)
