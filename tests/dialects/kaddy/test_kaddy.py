"""Kaddy's till: its queue, one order, confirming, with the sample of its documents as it stands (rows 40–52 and 73)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import FAILURE, Fulfilment, Status
from orders.models import Order, OrderEvent, Payment
from orders.services.paying.receiving import mark_paid
from ordersite.accounts.callers import SYSTEM
from ordersite.accounts.models import ApiToken
from ordersite.core.crypto import token_hash
from tests.cast import PASSWORD, Cast
from tests.orders.rows import make_order, state_of
from tests.orders.shopping import NEAR, ORDERS, assert_nothing_changed, cart, fill_wallet, place
from vendors.models import Product, Vendor
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import bump_menu_version, import_menu

Api = Callable[..., APIClient]
BASE = "/dialects/kaddy/v1/orders"
SAMPLE = json.loads((Path(__file__).parent / "order.json").read_text())
MENU = {
    "categories": [
        {
            "name": "Boulangerie",
            "products": [
                {"name": "Pain multigrain 400 gr", "plu_code": "3456", "price": 200},
                {"name": "Ciabatta jambon & fromage", "plu_code": "8765", "price": 480, "groups": ["Pain"]},
                {
                    "name": "Tarte aux fruits",
                    "plu_code": "8543",
                    "price": 1250,
                    "groups": ["Plaquette"],
                    "extras": [{"name": "Bougie", "plu_code": "3526", "price": 40, "max_quantity": 9}],
                },
            ],
        }
    ],
    "groups": [
        {"name": "Pain", "options": [{"name": "Pain sans gluten", "plu_code": "4567", "price": 50}]},
        {
            "name": "Plaquette",
            "options": [{"name": "Texte sur plaquette en chocolat", "plu_code": "2315", "kind": "text", "price": 250}],
        },
    ],
    "zones": [{"name": "Beaumont", "radius": 5000, "fee": 350}],
}


@pytest.fixture
def acme(cast: Cast) -> Vendor:
    """The sample's shop, of Merchant A; it takes orders a year ahead."""
    vendor = Vendor.objects.create(
        merchant=cast.merchant,
        type=cast.vendor.type,
        name="Acme",
        address="Rue du Stade 20",
        postal_code="6500",
        city="Beaumont",
        country="BE",
        currency="EUR",
        time_zone="Europe/Brussels",
        lat=NEAR["lat"],
        lng=NEAR["lng"],
        fulfilments=["pickup", "delivery", "eat_in", "curbside", "drive_thru"],
        payment_methods=["cash", "fake"],
        preorder_days=400,
    )
    import_menu(vendor=vendor, menu=MENU)
    refresh_offer_flags()
    return Vendor.objects.get(pk=vendor.pk)


@pytest.fixture
def token(cast: Cast) -> str:
    """Merchant A's API token, as its till holds it."""
    ApiToken.objects.create(
        merchant=cast.merchant, name="Till", token_hash=token_hash("ost_till"), scopes=["read", "write"]
    )
    return "ost_till"


@pytest.fixture
def till(cast: Cast, api: Api, token: str) -> APIClient:
    return api(token=token, x_tenant=str(cast.merchant.uuid))


def item(vendor: Vendor, name: str, **fields: Any) -> dict[str, Any]:
    return {"product": Product.objects.get(vendor=vendor, name=name).pk, **fields}


def option(vendor: Vendor, group: str, **fields: Any) -> dict[str, Any]:
    return {"option": vendor.option_groups.get(name=group).options.get().pk, **fields}


def sample_cart(vendor: Vendor, **fields: Any) -> dict[str, Any]:
    """What John Doe of the sample ordered."""
    return {
        "vendor": vendor.pk,
        "items": [
            item(vendor, "Pain multigrain 400 gr", quantity=2),
            item(vendor, "Ciabatta jambon & fromage", options=[option(vendor, "Pain")]),
            item(vendor, "Tarte aux fruits", options=[option(vendor, "Plaquette", text="Happy Birthday")]),
        ],
        "delivery_type": "pickup",
        "payment_method": "fake",
        "guest": {"name": "John Doe", "email": "john.doe@example.com", "phone": "+32476456271"},
        **fields,
    }


def pay(order_id: int) -> None:
    """As the provider of the sample: by bancontact, on 20 April 2023, 00:19:51 in Brussels."""
    payment = Payment.objects.get(shares__order=order_id)
    Payment.objects.filter(pk=payment.pk).update(reference="tr_9HbgUZNeRe", method="bancontact")
    mark_paid(payment_id=payment.pk, caller=SYSTEM, now=datetime(2023, 4, 19, 22, 19, 51, tzinfo=UTC))


def without_new_fields(order: dict[str, Any]) -> dict[str, Any]:
    """What the sample shows: the documents' other properties stand beside it."""
    shown = {name: value for name, value in order.items() if name in SAMPLE}
    shown["order_lines"] = [
        {**line, "options": [{k: v for k, v in one.items() if k != "type"} for one in line["options"]]}
        for line in order["order_lines"]
    ]
    return shown


@pytest.mark.rows(44, 46, 48, 49, 50, 51, call="GET /v1/orders/{id}")
def test_the_sample_comes_out_field_by_field(cast: Cast, api: Api, acme: Vendor, till: APIClient) -> None:
    placed = place(api(), sample_cart(acme))
    order = Order.objects.get(pk=placed["orders"][0]["id"])
    pay(order.pk)
    Order.objects.filter(pk=order.pk).update(deliver_at=datetime(2023, 4, 26, 7, 0, tzinfo=UTC))
    body = till.get(f"{BASE}/{order.uuid}").json()
    ids = {"id": str(order.uuid), "shop": {**SAMPLE["shop"], "id": str(acme.pk)}}
    assert without_new_fields(body) == {
        **SAMPLE,
        **ids,
        "client": {**SAMPLE["client"], "id": str(order.customer.uuid)},
    }
    assert (body["order_number"], body["delivery_cost"], body["service_cost"]) == ("1", "0.00", "0.00")
    assert [one["type"] for line in body["order_lines"] for one in line["options"]] == ["default", "text"]
    parts = [line["total"] for line in body["order_lines"]]
    parts += [one["total"] for line in body["order_lines"] for one in line["options"]]
    assert sorted(parts) == sorted(["4.00", "4.80", "12.50", "0.50", "2.50"])


@pytest.mark.rows(52, call="GET /v1/orders/{id}")
def test_extras_have_their_own_total_and_unit(cast: Cast, api: Api, acme: Vendor, till: APIClient) -> None:
    candles = [{"extra": acme.products.get(name="Tarte aux fruits").extras.get().pk, "quantity": 4}]
    items = [item(acme, "Tarte aux fruits", extras=candles, quantity=2)]
    placed = place(api(), sample_cart(acme, items=items, payment_method="cash"))
    line = till.get(f"{BASE}/{placed['orders'][0]['uuid']}").json()["order_lines"][0]
    assert (line["total"], line["extras"]) == (
        "25.00",
        [{"name": "Bougie", "plu_code": "3526", "qty": 8, "total": "3.20", "unit": "st"}],
    )


@pytest.mark.rows(51, call="GET /v1/orders/{id}")
def test_what_was_written_about_a_line_is_a_text_of_it(cast: Cast, api: Api, acme: Vendor, till: APIClient) -> None:
    """After what was chosen, of each piece; a line without one has none."""
    plate = [option(acme, "Plaquette", text="Bravo")]
    items = [
        item(acme, "Pain multigrain 400 gr", quantity=3, comment="Coupé, s'il vous plaît"),
        item(acme, "Tarte aux fruits", comment="Sans fraises", options=plate),
        item(acme, "Pain multigrain 400 gr"),
    ]
    placed = place(api(), sample_cart(acme, items=items, payment_method="cash"))
    lines = till.get(f"{BASE}/{placed['orders'][0]['uuid']}").json()["order_lines"]
    comment = {"name": "Comment", "plu_code": "", "total": "0.00", "type": "text"}
    assert lines[0]["options"] == [{**comment, "qty": 3, "meta": "Coupé, s'il vous plaît"}]
    assert lines[1]["options"][1:] == [{**comment, "qty": 1, "meta": "Sans fraises"}]
    assert lines[1]["options"][0]["meta"] == "Bravo"
    assert lines[2]["options"] == []


@pytest.mark.rows(51, call="GET /v1/orders/{id}")
def test_a_half_says_which(cast: Cast, api: Api, till: APIClient) -> None:
    halves = [
        {"option": cast.options["Mushrooms"].pk, "position": "left"},
        {"option": cast.options["Olives"].pk, "position": "right"},
    ]
    order = place(
        api(cast.customer), cart(cast, items=[{"product": cast.products["pizza"].pk, "options": halves, "quantity": 2}])
    )["orders"][0]
    options = till.get(f"{BASE}/{order['uuid']}").json()["order_lines"][0]["options"]
    assert [(one["name"], one["qty"], one["total"]) for one in options] == [
        ("Mushrooms (left half)", 2, "1.60"),
        ("Olives (right half)", 2, "1.01"),
    ]


@pytest.mark.slow
@pytest.mark.rows(46, call="GET /v1/orders/{id}")
@pytest.mark.parametrize(
    ("delivery_type", "fields", "remarks"),
    [
        ("pickup", {}, None),
        ("pickup", {"comment": "Merci"}, "Comment: Merci"),
        ("pickup", {"comment": "Merci", "locker": "B4"}, "Comment: Merci\nLocker: B4"),
        ("eat_in", {"table": "12"}, "Table: 12"),
        ("curbside", {"vehicle": "Red Fiat, 1-ABC-123"}, "Vehicle: Red Fiat, 1-ABC-123"),
        ("drive_thru", {"vehicle": "Fiat", "comment": "Vite"}, "Comment: Vite\nVehicle: Fiat"),
        ("delivery", {"address_notes": "Ring twice", "comment": "Vite"}, "Comment: Vite\nAddress notes: Ring twice"),
        ("eat_in", {"comment": "Vite\r\nTable: 9", "table": "12"}, "Comment: Vite Table: 9\nTable: 12"),
    ],
)
def test_where_it_is_brought_to_stands_in_the_remarks(
    cast: Cast,
    api: Api,
    acme: Vendor,
    till: APIClient,
    delivery_type: str,
    fields: dict[str, Any],
    remarks: str | None,
) -> None:
    body = sample_cart(acme, payment_method="cash", delivery_type=delivery_type, **fields)
    if delivery_type == "delivery":
        body |= {"address": "Rue Haute 1", "location": NEAR}
    order = place(api(), body)["orders"][0]
    assert till.get(f"{BASE}/{order['uuid']}").json()["remarks"] == remarks


@pytest.mark.rows(46, 47, call="GET /v1/orders/{id}")
def test_only_a_delivery_has_an_address_with_its_distance(cast: Cast, api: Api, acme: Vendor, till: APIClient) -> None:
    body = sample_cart(
        acme, payment_method="cash", delivery_type="delivery", address="Rue de la frête 20 bus 3, 1367 Ramillies"
    )
    order = place(api(), {**body, "location": {"lat": NEAR["lat"] + 0.01, "lng": NEAR["lng"]}})["orders"][0]
    shown = till.get(f"{BASE}/{order['uuid']}").json()
    assert shown["delivery_address"] == {
        "street": "Rue de la frête",
        "number": "20",
        "bus": "3",
        "postal_code": "1367",
        "city": "Ramillies",
        "country": "BE",
        "distance": "1112",
    }
    assert (shown["order_type"], shown["delivery_cost"], shown["payed_at"]) == ("delivery", "3.50", None)
    pickup = place(api(), sample_cart(acme, payment_method="cash"))["orders"][0]
    assert "delivery_address" not in till.get(f"{BASE}/{pickup['uuid']}").json()


@pytest.mark.rows(47, call="GET /v1/orders/{id}")
def test_an_address_is_split(cast: Cast, api: Api, acme: Vendor, till: APIClient) -> None:
    """More of them in tests/places/test_splitting.py."""
    addresses = {
        "Rue Haute 20, boîte 3, B-1000 Bruxelles": ("Rue Haute", "20", "3", "1000", "Bruxelles", "BE"),
        "Chaussée de Louvain 149/24\n1030 Schaerbeek": ("Chaussée de Louvain", "149", "24", "1030", "Schaerbeek", "BE"),
        "12, rue de la Gare, L-1611 Luxembourg": ("rue de la Gare", "12", "", "1611", "Luxembourg", "LU"),
        "At the fountain": ("At the fountain", "", "", "", "", "BE"),
    }
    order = Order.objects.get(
        pk=place(
            api(),
            sample_cart(acme, payment_method="cash", delivery_type="delivery", address="Rue Haute 1", location=NEAR),
        )["orders"][0]["id"]
    )
    for address, parts in addresses.items():
        Order.objects.filter(pk=order.pk).update(address=address)
        shown = till.get(f"{BASE}/{order.uuid}").json()["delivery_address"]
        names = ("street", "number", "bus", "postal_code", "city", "country")
        assert tuple(shown[name] for name in names) == parts


@pytest.mark.rows(46, call="GET /v1/orders")
@pytest.mark.parametrize(
    ("delivery_type", "locker", "word"),
    [
        ("pickup", "", "pick_up"),
        ("pickup", "B4", "pick_up_coolbox"),
        ("eat_in", "", "pick_up"),
        ("curbside", "", "pick_up"),
        ("drive_thru", "", "pick_up"),
    ],
)
def test_order_types(
    cast: Cast, api: Api, acme: Vendor, till: APIClient, delivery_type: str, locker: str, word: str
) -> None:
    place(api(), sample_cart(acme, payment_method="cash", delivery_type=delivery_type, locker=locker))
    assert [order["order_type"] for order in till.get(BASE).json()] == [word]


@pytest.mark.slow
@pytest.mark.rows(46, call="GET /v1/orders")
def test_numbers_begin_at_one_for_each_shop_day_and_type(cast: Cast, api: Api, acme: Vendor, till: APIClient) -> None:
    """At one counter there is one number 1, whether it is collected, eaten there or brought to a car."""
    for delivery_type in ("pickup", "eat_in", "curbside", "drive_thru", "pickup"):
        place(api(), sample_cart(acme, payment_method="cash", delivery_type=delivery_type))
    for _ in range(2):
        place(api(), sample_cart(acme, payment_method="cash", locker="B4"))
    address = {"address": "Rue Haute 1", "location": NEAR}
    place(api(), sample_cart(acme, payment_method="cash", delivery_type="delivery", **address))
    tomorrow = datetime.combine(timezone.now().astimezone(acme.zone).date() + timedelta(days=1), time(12), acme.zone)
    place(api(), sample_cart(acme, payment_method="cash", deliver_at=tomorrow.isoformat()))
    place(api(cast.customer), cart(cast))
    shown = [(order["order_type"], order["order_number"]) for order in till.get(BASE, {"limit": 20}).json()]
    assert shown == [
        *(("pick_up", str(number)) for number in range(1, 6)),
        ("pick_up_coolbox", "1"),
        ("pick_up_coolbox", "2"),
        ("delivery", "1"),
        ("pick_up", "1"),
        ("pick_up", "1"),
    ]


class TestQueue:
    @pytest.mark.rows(40, 73, call="POST /v1/orders/{id}/confirm")
    def test_confirmed_orders_leave_it_and_twice_is_harmless(self, cast: Cast, api: Api, till: APIClient) -> None:
        first, second = (place(api(cast.customer), cart(cast))["orders"][0] for _ in range(2))
        listed = till.get(BASE)
        assert isinstance(listed.json(), list)
        assert [order["id"] for order in listed.json()] == [first["uuid"], second["uuid"]]
        for _ in range(2):
            confirmed = till.post(f"{BASE}/{first['uuid']}/confirm")
            assert (confirmed.status_code, confirmed.json()) == (200, {"success": True})
        assert [order["id"] for order in till.get(BASE).json()] == [second["uuid"]]
        assert till.get(f"{BASE}/{first['uuid']}").status_code == 200
        order = Order.objects.get(pk=first["id"])
        assert (order.status, order.version) == (0, 2)
        assert OrderEvent.objects.filter(order=order, reason="Confirmed by the till").count() == 1

    @pytest.mark.slow
    @pytest.mark.rows(73, call="POST /v1/orders/{id}/confirm")
    @pytest.mark.parametrize("status", sorted(FAILURE))
    @pytest.mark.parametrize("before", [False, True])
    def test_what_was_cancelled_or_failed_is_not_confirmed(
        self, cast: Cast, till: APIClient, status: Status, before: bool
    ) -> None:
        """Also where the till had confirmed it before: it is told, and nothing is written."""
        Vendor.objects.filter(pk=cast.vendor.pk).update(confirm_accepts=True)
        fulfilment = Fulfilment.DELIVERY if status != Status.NOT_PICKED_BY_CUSTOMER else Fulfilment.PICKUP
        order = make_order(cast, status, fulfilment, pos_confirmed_at=timezone.now() if before else None)
        written = state_of(order)
        refused = till.post(f"{BASE}/{order.uuid}/confirm")
        assert refused.status_code == 409
        assert refused.json() == {"error": f"The order is {status.label.lower()}: do not prepare it."}
        assert state_of(order) == written

    @pytest.mark.rows(73, call="POST /v1/orders/{id}/confirm")
    def test_confirming_also_accepts_where_the_vendor_chose_so(self, cast: Cast, api: Api, till: APIClient) -> None:
        Vendor.objects.filter(pk=cast.vendor.pk).update(confirm_accepts=True)
        order = place(api(cast.customer), cart(cast))["orders"][0]
        till.post(f"{BASE}/{order['uuid']}/confirm")
        assert Order.objects.get(pk=order["id"]).status == 7

    @pytest.mark.rows(40, call="GET /v1/orders")
    def test_open_ones_only_preorders_too_and_none_unpaid(
        self, cast: Cast, api: Api, acme: Vendor, till: APIClient
    ) -> None:
        Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["fake", "cash"])
        later = (timezone.now() + timedelta(days=1)).isoformat()
        preorder = place(api(cast.customer), cart(cast, deliver_at=later))["orders"][0]
        place(api(cast.customer), cart(cast, payment_method="fake"))
        make_order(cast, 16)
        make_order(cast, 7, visible_at=None)
        assert [order["id"] for order in till.get(BASE).json()] == [preorder["uuid"]]

    @pytest.mark.slow
    @pytest.mark.rows(41, call="GET /v1/orders")
    def test_limit(self, cast: Cast, till: APIClient) -> None:
        counts = {"5": 5, "5.0": 5, "12": 12, "999": 12, **dict.fromkeys(("", "0", "-1", "x", "1e2", "٣"), 10)}
        for _ in range(12):
            make_order(cast, 0)
        assert {limit: len(till.get(BASE, {"limit": limit}).json()) for limit in counts} == counts

    @pytest.mark.rows(42, call="GET /v1/orders")
    def test_shop(self, cast: Cast, api: Api, acme: Vendor, till: APIClient) -> None:
        place(api(cast.customer), cart(cast))
        place(api(), sample_cart(acme, payment_method="cash"))
        one = (str(acme.pk), f"{acme.pk}.0", f" {acme.pk} ")
        all_ = ("x", "", "0", "-1", "1.5", "9999", "9" * 40, "1e1", f"{acme.pk},", str(cast.other_vendor.pk))
        counts = {shop: len(till.get(BASE, {"shop": shop}).json()) for shop in (*one, *all_)}
        assert counts == {**dict.fromkeys(one, 1), **dict.fromkeys(all_, 2)}

    @pytest.mark.slow
    @pytest.mark.parametrize("method", ["cash", "transfer"])
    def test_statements_do_not_grow_with_the_queue(self, cast: Cast, api: Api, till: APIClient, method: str) -> None:
        def count() -> int:
            with CaptureQueriesContext(connection) as statements:
                till.get(BASE)
            return len(statements)

        Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["cash", "transfer"])
        bump_menu_version(cast.vendor.pk)
        place(api(cast.customer), cart(cast, payment_method=method))
        count()  # the token's first use of the hour is written down
        one = count()
        for _ in range(5):
            place(api(cast.customer), cart(cast, payment_method=method))
        assert len(till.get(BASE).json()) == 6
        assert count() == one <= 8


@pytest.mark.rows(44, call="GET /v1/orders/{id}")
def test_ids_in_any_spelling(cast: Cast, api: Api, till: APIClient) -> None:
    order = place(api(cast.customer), cart(cast))["orders"][0]
    for spelt in (order["uuid"].upper(), order["uuid"].replace("-", ""), f"{order['uuid']}/"):
        assert till.get(f"{BASE}/{spelt}").json()["id"] == order["uuid"]
    assert till.post(f"{BASE}/{order['uuid'].upper()}/confirm").json() == {"success": True}


@pytest.mark.slow
@pytest.mark.rows(46, call="GET /v1/orders/{id}")
@pytest.mark.parametrize(
    ("zone", "moment", "date", "clock"),
    [
        ("Europe/Brussels", datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "2026-03-29", "01:59:00"),
        ("Europe/Brussels", datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-29", "03:00:00"),
        ("Europe/Brussels", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25", "02:30:00"),
        ("Europe/Brussels", datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25", "02:30:00"),
        ("Europe/Brussels", datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "2027-01-01", "00:30:00"),
        ("America/New_York", datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-28", "21:00:00"),
        ("Asia/Tokyo", datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "2027-01-01", "08:30:00"),
    ],
)
def test_times_are_those_of_the_shops_clock(
    cast: Cast, api: Api, till: APIClient, zone: str, moment: datetime, date: str, clock: str
) -> None:
    """Over a change of the clock too; what was paid as what it is for."""
    fill_wallet(cast.customer_row, 10_000)
    order = place(api(cast.customer), cart(cast, payment_method="wallet"))["orders"][0]
    Vendor.objects.filter(pk=cast.vendor.pk).update(time_zone=zone)
    Order.objects.filter(pk=order["id"]).update(deliver_at=moment)
    Payment.objects.filter(shares__order=order["id"]).update(paid_at=moment)
    shown = till.get(f"{BASE}/{order['uuid']}").json()
    assert (shown["order_date"], shown["order_time"], shown["payed_at"]) == (date, clock, f"{date} {clock}")


class TestTenants:
    @pytest.mark.rows(43, 45, call="GET /v1/orders")
    def test_a_missing_or_foreign_tenant_is_not_known(self, cast: Cast, api: Api, token: str) -> None:
        order = place(api(cast.customer), cart(cast))["orders"][0]
        ours = str(cast.merchant.uuid)
        tenants = {"": 401, "x": 401, str(cast.other_merchant.uuid): 401, str(cast.merchant.pk): 401}
        tenants |= dict.fromkeys((ours, ours.upper(), f" {ours} "), 200)
        for tenant, status in tenants.items():
            client = api(token=token, x_tenant=tenant)
            for path in (BASE, f"{BASE}/{order['uuid']}"):
                response = client.get(path)
                assert response.status_code == status
                if status == 401:
                    assert response.json() == {"error": "Unauthenticated"}
        with assert_nothing_changed():
            foreign = api(cast.other_owner, x_tenant=str(cast.other_merchant.uuid))
            assert foreign.post(f"{BASE}/{order['uuid']}/confirm").status_code == 404

    @pytest.mark.rows(43, 45, call="GET /v1/orders")
    def test_who_works_there_and_staff_may_pull_others_may_not(self, cast: Cast, api: Api) -> None:
        place(api(cast.customer), cart(cast))
        tenant = str(cast.merchant.uuid)
        wanted = {"owner": 200, "staff": 200, "customer": 401, "stranger": 401, "driver": 401, "dispatcher": 401}
        assert {who: api(getattr(cast, who), x_tenant=tenant).get(BASE).status_code for who in wanted} == wanted
        nobody = api(x_tenant=tenant).get(BASE)
        assert (nobody.status_code, nobody.json()) == (401, {"error": "Unauthenticated"})

    @pytest.mark.rows(45, call="GET /v1/orders")
    def test_sixty_a_minute(self, cast: Cast, till: APIClient, settings: Any) -> None:
        first = till.get(BASE)
        assert (first["X-RateLimit-Limit"], first["X-RateLimit-Remaining"]) == ("60", "59")
        settings.THROTTLE_TILL = 3
        answers = [till.get(BASE) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert [answer["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
        assert (answers[2]["X-RateLimit-Limit"], list(answers[2].json())) == ("3", ["error"])
        assert int(answers[2]["Retry-After"]) > 0

    @pytest.mark.slow
    @pytest.mark.rows(45, call="GET /v1/orders")
    def test_each_token_has_its_own_sixty(self, cast: Cast, api: Api, settings: Any) -> None:
        """Of one merchant or one person: an API token each, a sign-in each however often it is renewed."""
        settings.THROTTLE_TILL = 3
        for name in ("one", "two", "own"):
            ApiToken.objects.create(
                merchant=None if name == "own" else cast.merchant,
                user=cast.owner if name == "own" else None,
                name=name,
                token_hash=token_hash(f"ost_{name}"),
                scopes=["read"],
            )
        signed_in = [api().post("/api/v1/auth/token", {"email": cast.owner.email, "password": PASSWORD}).json()]
        signed_in += [api().post("/api/v1/auth/token", {"email": cast.owner.email, "password": PASSWORD}).json()]
        tokens = ["ost_one", "ost_two", "ost_own", *(one["access"] for one in signed_in)]
        tills = [api(token=token, x_tenant=str(cast.merchant.uuid)) for token in tokens]
        for calls_left in ("2", "1", "0"):
            assert [till.get(BASE)["X-RateLimit-Remaining"] for till in tills] == [calls_left] * 5
        renewed = api().post("/api/v1/auth/token/refresh", {"refresh": signed_in[0]["refresh"]}).json()
        tills.append(api(token=renewed["access"], x_tenant=str(cast.merchant.uuid)))
        refused = [till.get(BASE) for till in tills]
        assert [(one.status_code, one["X-RateLimit-Remaining"]) for one in refused] == [(429, "0")] * 6
        assert all(list(one.json()) == ["error"] and int(one["Retry-After"]) > 0 for one in refused)

    @pytest.mark.rows(45, call="GET /v1/orders/{id}")
    def test_unknown_orders_and_paths_are_404_in_its_shape(self, cast: Cast, till: APIClient) -> None:
        for path in (f"{BASE}/139ecf70-a3e7-4ac8-b8ff-65b5535a246e", f"{BASE}/x", "/dialects/kaddy/v2"):
            response = till.get(path)
            assert (response.status_code, list(response.json())) == (404, ["error"])


@pytest.mark.rows(48, call="GET /v1/orders")
def test_a_native_client_sees_what_the_till_did(cast: Cast, api: Api, till: APIClient) -> None:
    order = place(api(cast.customer), cart(cast))["orders"][0]
    till.post(f"{BASE}/{order['uuid']}/confirm")
    seen = api(cast.owner).get(f"{ORDERS}/{order['id']}/history").json()
    assert "Confirmed by the till" in str(seen)
    assert "Confirmed by the till" not in str(api(cast.customer).get(f"{ORDERS}/{order['id']}/history").json())


@pytest.mark.slow
@pytest.mark.rows(41, 42, call="GET /v1/orders")
@pytest.mark.parametrize("wrong", ["%00", "1%00", "0", "-1", "1e3", "9" * 40, "%FF", "[]"])
def test_a_parameter_that_is_none_counts_as_left_out(cast: Cast, api: Api, till: APIClient, wrong: str) -> None:
    order = place(api(cast.customer), cart(cast))["orders"][0]
    for query in (f"shop={wrong}", f"limit={wrong}", f"of={wrong}"):
        response = till.get(f"{BASE}?{query}")
        assert (response.status_code, [one["id"] for one in response.json()]) == (200, [order["uuid"]]), query
