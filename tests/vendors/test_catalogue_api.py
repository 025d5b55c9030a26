"""GET /vendors, /vendors/{id}, its menu and slots, /vendor-types; PATCH /vendors/{id}."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from ordersite.accounts.models import ApiToken
from ordersite.core.crypto import token_hash
from tests.cast import Cast, make_user
from vendors.api.serializers import MenuOutput
from vendors.models import (
    FULFILMENTS,
    DeliveryZone,
    Member,
    OpeningHours,
    Product,
    Vendor,
    VendorType,
)
from vendors.services.vendors import import_menu

Api = Callable[..., APIClient]
EVERY_TYPE = dict.fromkeys(FULFILMENTS, True)


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.data
    return [row["name"] for row in response.data["results"]]


def close(vendor: Vendor, fulfilment: str = "") -> None:
    """Opens on one date long gone only, and so is closed."""
    OpeningHours.objects.create(vendor=vendor, date="2020-01-01", closed=True, fulfilment=fulfilment)


def test_list_of_vendors_is_public(cast: Cast, api: Api) -> None:
    response = api().get("/api/v1/vendors")
    assert names(response) == ["Burger Bar", "Tea House"]
    assert response.data["count"] == 2
    row = response.data["results"][0]
    assert row["id"] == cast.vendor.pk
    assert row["type"] == {"id": cast.vendor.type_id, "name": "Restaurant"}
    assert row["location"] == {"lat": 50.85, "lng": 4.35}
    assert row["is_open"] == EVERY_TYPE


def test_switched_off_vendors_are_not_listed_nor_found(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(is_active=False)
    assert names(api().get("/api/v1/vendors")) == ["Tea House"]
    for path in ("", "/menu", "/slots?delivery_type=pickup"):
        assert api().get(f"/api/v1/vendors/{cast.vendor.pk}{path}").status_code == 404
        assert api(cast.other_owner).get(f"/api/v1/vendors/{cast.vendor.pk}{path}").status_code == 404
        assert api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}{path}").status_code == 200
        assert api(cast.staff).get(f"/api/v1/vendors/{cast.vendor.pk}{path}").status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=burg", ["Burger Bar"]),
        ("q=a", ["Burger Bar", "Tea House"]),
        ("city=BRUSSELS", ["Burger Bar"]),
        ("city=Brus", []),
        ("delivery_type=pickup", ["Burger Bar", "Tea House"]),
        ("delivery_type=drive_thru", ["Burger Bar"]),
        ("delivery_type=5", ["Burger Bar"]),
        ("open_now=true", ["Burger Bar"]),
        ("open_now=false", ["Tea House"]),
        ("open_now=true&delivery_type=delivery", []),
        ("open_now=true&delivery_type=pickup", ["Burger Bar"]),
        ("ordering=-name", ["Tea House", "Burger Bar"]),
        ("per_page=1&page=2", ["Tea House"]),
    ],
)
def test_filters(cast: Cast, api: Api, query: str, expected: list[str]) -> None:
    close(cast.other_vendor)
    close(cast.vendor, "delivery")
    OpeningHours.objects.bulk_create(
        OpeningHours(vendor=cast.vendor, weekday=day, opens="00:00", closes="00:00", fulfilment="pickup")
        for day in range(7)
    )
    assert names(api().get(f"/api/v1/vendors?{query}")) == expected


def test_filter_by_type(cast: Cast, api: Api) -> None:
    assert names(api().get(f"/api/v1/vendors?type={cast.other_vendor.type_id}")) == ["Tea House"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("type=x", "?type"),
        ("type=0", "?type"),
        (f"type={2**63}", "?type"),
        (f"type={'9' * 6000}", "?type"),
        ("delivery_type=teleport", "?delivery_type"),
        ("open_now=maybe", "?open_now"),
        (f"q={'x' * 121}", "?q"),
        ("ordering=price", "?ordering"),
        ("per_page=101", "?per_page"),
    ],
)
def test_wrong_parameters_are_named(cast: Cast, api: Api, query: str, pointer: str) -> None:
    response = api().get(f"/api/v1/vendors?{query}")
    assert response.status_code == 400
    assert [row["pointer"] for row in response.data["errors"]] == [pointer]


def test_vendor_types(cast: Cast, api: Api) -> None:
    assert names(api().get("/api/v1/vendor-types")) == ["Restaurant", "Shop"]


def test_vendor_in_full(cast: Cast, api: Api) -> None:
    until = timezone.now().replace(microsecond=0) + timedelta(hours=2)
    Vendor.objects.filter(pk=cast.vendor.pk).update(paused_until=until, rush_minutes=10)
    OpeningHours.objects.create(vendor=cast.vendor, weekday=4, opens="18:00", closes="02:00", fulfilment="delivery")
    DeliveryZone.objects.create(vendor=cast.vendor, name="Closed", radius=9, is_active=False)
    response = api().get(f"/api/v1/vendors/{cast.vendor.pk}")
    assert response.status_code == 200
    data = response.json()
    stamp = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    next_delivery = data.pop("next_opening")
    assert next_delivery.pop("pickup") is None
    assert set(next_delivery) == set(FULFILMENTS) - {"pickup"}
    assert datetime.fromisoformat(next_delivery["delivery"]) >= until
    assert data == {
        "id": cast.vendor.pk,
        "uuid": str(cast.vendor.uuid),
        "name": "Burger Bar",
        "description": "Burgers, pizza and cake",
        "picture": None,
        "type": {"id": cast.vendor.type_id, "name": "Restaurant"},
        "currency": "EUR",
        "time_zone": "Europe/Brussels",
        "phone": "+3225550102",
        "address": "Grote Markt 1",
        "postal_code": "1000",
        "city": "Brussels",
        "country": "BE",
        "location": {"lat": 50.85, "lng": 4.35},
        "delivery_types": list(FULFILMENTS),
        "payment_methods": ["cash", "wallet"],
        "prices_include_tax": True,
        "preparation_minutes": 20,
        "rush_minutes": 10,
        "rush_until": None,
        "current_preparation_minutes": 30,
        "paused_until": stamp,
        "is_open": dict.fromkeys(FULFILMENTS, False),
        "preorder_days": 7,
        "slot_minutes": 15,
        "hours": [
            {
                "weekday": 4,
                "date": None,
                "closed": False,
                "opens": "18:00",
                "closes": "02:00",
                "delivery_type": "delivery",
            }
        ],
        "zones": [
            {
                "id": cast.zone.pk,
                "name": "Near",
                "radius": 3000,
                "polygon": None,
                "fee": {"amount": "2.50", "currency": "EUR"},
                "minimum": {"amount": "10.00", "currency": "EUR"},
                "free_from": None,
            }
        ],
    }


def test_next_opening_of_a_paused_vendor_is_the_end_of_its_pause(cast: Cast, api: Api) -> None:
    until = timezone.now().replace(microsecond=0) + timedelta(hours=2)
    Vendor.objects.filter(pk=cast.vendor.pk).update(paused_until=until)
    data = api().get(f"/api/v1/vendors/{cast.vendor.pk}").json()
    stamp = until.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert data["next_opening"] == dict.fromkeys(FULFILMENTS, stamp)


def test_a_number_that_no_vendor_has(cast: Cast, api: Api) -> None:
    for path in ("", "/menu", "/slots?delivery_type=pickup"):
        assert api().get(f"/api/v1/vendors/999999999999999999{path}").status_code == 404


# --- the menu ---------------------------------------------------------------------------------------------------


def same_keys(value: Any, serializer: Any) -> None:
    """The hand-built JSON has exactly the fields that the document promises, all the way down."""
    if hasattr(serializer, "child"):
        for item in () if value is None and serializer.allow_null else value:
            same_keys(item, serializer.child)
    elif hasattr(serializer, "fields"):
        assert set(value) == set(serializer.fields)
        for name, field in serializer.fields.items():
            same_keys(value[name], field)


def test_menu_in_one_call(cast: Cast, api: Api) -> None:
    Product.objects.filter(pk=cast.products["cake"].pk).update(is_available=False)
    response = api().get(f"/api/v1/vendors/{cast.vendor.pk}/menu")
    assert response.status_code == 200
    same_keys(response.data, MenuOutput())
    assert response.data["currency"] == "EUR"
    food, rest = response.data["categories"]
    assert (food["name"], rest["name"]) == ("Food", "Drinks and sweets")
    burger, pizza = food["products"]
    soda, cake = rest["products"]
    assert burger["price"] == {"amount": "8.50", "currency": "EUR"}
    assert burger["tax_rate"] == "6.00"
    assert [row["name"] for row in burger["ingredients"]] == ["Onion", "Ketchup", "Cheese"]
    assert burger["extras"] == [
        {
            "id": cast.extras["Bacon"].pk,
            "name": "Bacon",
            "unit": "st",
            "price": {"amount": "1.20", "currency": "EUR"},
            "charged": "auto",
            "max_quantity": 3,
            "allergens": None,
            "allergen_note": "",
        }
    ]
    sauce, size = burger["option_groups"]
    assert (sauce["name"], sauce["minimum"], sauce["maximum"], sauce["allows_quantity"]) == ("Sauce", 0, 2, True)
    assert (size["name"], size["minimum"], size["maximum"]) == ("Size", 1, 1)
    assert [(row["name"], row["price"]["amount"], row["preselected"]) for row in size["options"]] == [
        ("Regular", "0.00", True),
        ("Large", "2.00", False),
    ]
    mushrooms, olives = pizza["option_groups"][0]["options"]
    assert mushrooms["half_price"] == {"amount": "0.80", "currency": "EUR"}
    assert olives["half_price"] is None
    assert (soda["stock"], soda["max_per_order"]) == (10, 6)
    assert (cake["stock"], cake["is_available"]) == (None, False)
    assert cake["option_groups"][0]["options"][0]["kind"] == "text"


def test_menu_tells_the_stock_of_now_without_a_new_version(cast: Cast, api: Api) -> None:
    client = api()
    before = client.get(f"/api/v1/vendors/{cast.vendor.pk}/menu").data
    cast.products["soda"].stock.quantity = 3
    cast.products["soda"].stock.save()
    after = client.get(f"/api/v1/vendors/{cast.vendor.pk}/menu").data
    assert after["categories"][1]["products"][0]["stock"] == 3
    assert after["version"] == before["version"]


@pytest.mark.parametrize("size", [1, 50])
def test_menu_takes_eight_statements_cold_and_two_warm(cast: Cast, api: Api, size: int) -> None:
    products = [
        {
            "name": f"Dish {number}",
            "price": 100,
            "stock": 5,
            "groups": ["Size"],
            "extras": [{"name": "Rice"}],
            "ingredients": ["Salt"],
        }
        for number in range(size)
    ]
    menu = {
        "groups": [{"name": "Size", "options": [{"name": "S"}, {"name": "L"}]}],
        "categories": [{"name": "All", "products": products}],
    }
    with transaction.atomic():
        import_menu(vendor=cast.other_vendor, menu=menu)
    taken = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert api().get(f"/api/v1/vendors/{cast.other_vendor.pk}/menu").status_code == 200
        taken.append(len(queries))
    assert taken == [8, 2]


def test_lists_take_the_same_statements_for_many_vendors(cast: Cast, api: Api) -> None:
    def statements(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert api().get(path).status_code == 200
        return len(queries)

    paths = ("/api/v1/vendors?per_page=100", "/api/v1/vendors?per_page=100&open_now=true", "/api/v1/vendor-types")
    before = [statements(path) for path in paths]
    for number in range(30):
        kind = VendorType.objects.create(name=f"Type {number}")
        vendor = Vendor.objects.create(
            merchant=cast.merchant, type=kind, name=f"Vendor {number}", fulfilments=["pickup"], payment_methods=["cash"]
        )
        OpeningHours.objects.create(vendor=vendor, weekday=number % 7, opens="00:00", closes="00:00")
    assert [statements(path) for path in paths] == before == [3, 5, 2]


def test_vendor_takes_three_statements(cast: Cast, api: Api) -> None:
    for number in range(5):
        DeliveryZone.objects.create(vendor=cast.vendor, name=f"Zone {number}", radius=9, position=number)
    with CaptureQueriesContext(connection) as queries:
        assert api().get(f"/api/v1/vendors/{cast.vendor.pk}").status_code == 200
    assert len(queries) == 3


# --- slots ------------------------------------------------------------------------------------------------------


def test_slots_of_a_day(cast: Cast, api: Api) -> None:
    OpeningHours.objects.bulk_create(
        OpeningHours(vendor=cast.vendor, weekday=day, opens="11:00", closes="12:00") for day in range(7)
    )
    day = (timezone.now().astimezone(cast.vendor.zone) + timedelta(days=2)).date()
    response = api().get(f"/api/v1/vendors/{cast.vendor.pk}/slots?delivery_type=pickup&date={day}")
    assert response.status_code == 200
    assert response.data["date"] == day.isoformat()
    assert response.data["delivery_type"] == "pickup"
    start = datetime(day.year, day.month, day.day, 11, tzinfo=cast.vendor.zone).astimezone(UTC)
    starts = [start + timedelta(minutes=15 * number) for number in range(4)]
    assert [datetime.fromisoformat(row["starts_at"]) for row in response.data["slots"]] == starts
    assert datetime.fromisoformat(response.data["slots"][3]["ends_at"]) == start + timedelta(hours=1)


def test_slots_begin_when_it_can_be_prepared(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(rush_minutes=30)
    now = timezone.now()
    for number in (1, 2):
        day = now.astimezone(cast.vendor.zone).date() + timedelta(days=number - 1)
        response = api().get(f"/api/v1/vendors/{cast.vendor.pk}/slots?delivery_type=1&date={day}")
        for row in response.data["slots"]:
            assert datetime.fromisoformat(row["starts_at"]) >= now + timedelta(minutes=50)


@pytest.mark.parametrize("day", ["2020-01-01", "9999-12-31", "0001-01-01", "2120-02-29"])
def test_days_gone_or_far_have_no_slots(cast: Cast, api: Api, day: str) -> None:
    response = api().get(f"/api/v1/vendors/{cast.vendor.pk}/slots?delivery_type=pickup&date={day}")
    assert (response.status_code, response.data["slots"]) == (200, [])


def test_slots_in_a_pause_are_none(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(paused_until=timezone.now() + timedelta(days=30))
    for ahead in (0, 1, 5):
        day = timezone.now().date() + timedelta(days=ahead)
        response = api().get(f"/api/v1/vendors/{cast.vendor.pk}/slots?delivery_type=pickup&date={day}")
        assert (response.status_code, response.data["slots"]) == (200, [])


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("", "?delivery_type"),
        ("delivery_type=teleport", "?delivery_type"),
        ("delivery_type=pickup&date=tomorrow", "?date"),
        ("delivery_type=pickup&date=2026-02-30", "?date"),
        ("delivery_type=pickup&date=", "?date"),
        ("delivery_type=drive_thru", "?delivery_type"),
    ],
)
def test_wrong_slots_parameters(cast: Cast, api: Api, query: str, pointer: str) -> None:
    response = api().get(f"/api/v1/vendors/{cast.other_vendor.pk}/slots?{query}")
    assert response.status_code == 400
    assert response.data["errors"][0]["pointer"] == pointer


# --- changing ---------------------------------------------------------------------------------------------------


def state(cast: Cast) -> tuple[Any, int, int]:
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    return vendor.paused_until, vendor.rush_minutes, vendor.menu_version


def merchant_token(cast: Cast, merchant: Any, *scopes: str) -> str:
    token = f"ost_{merchant.pk}_{'-'.join(scopes)}"
    ApiToken.objects.create(
        name="Till", merchant=merchant, token_hash=token_hash(token), hint=token[:12], scopes=list(scopes)
    )
    return token


@pytest.mark.parametrize("who", ["staff", "owner", "token", "member of this vendor"])
def test_its_people_pause_it(cast: Cast, api: Api, who: str) -> None:
    if who == "token":
        client = api(token=merchant_token(cast, cast.merchant, "read", "write"))
    elif who == "member of this vendor":
        user = make_user("Mia Member")
        Member.objects.create(user=user, merchant=cast.merchant, all_vendors=False).vendors.add(cast.vendor)
        client = api(user)
    else:
        client = api(getattr(cast, who))
    until = timezone.now().replace(microsecond=0) + timedelta(hours=1)
    response = client.patch(
        f"/api/v1/vendors/{cast.vendor.pk}", {"paused_until": until.isoformat(), "rush_minutes": 15}, format="json"
    )
    assert response.status_code == 200
    assert response.data["rush_minutes"] == 15
    assert response.data["is_open"]["pickup"] is False
    assert state(cast)[:2] == (until, 15)
    response = client.patch(f"/api/v1/vendors/{cast.vendor.pk}", {"paused_until": None}, format="json")
    assert response.data["is_open"]["pickup"] is True
    assert state(cast)[:2] == (None, 15)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("nobody", 401),
        ("customer", 403),
        ("other_owner", 403),
        ("courier", 403),
        ("dispatcher", 403),
        ("token of another", 403),
        ("token that reads", 403),
        ("member of another vendor", 403),
        ("member with a foreign vendor", 403),
    ],
)
def test_others_do_not(cast: Cast, api: Api, who: str, status: int) -> None:
    before = state(cast)
    if who == "nobody":
        client = api()
    elif who == "token of another":
        client = api(token=merchant_token(cast, cast.other_merchant, "read", "write"))
    elif who == "token that reads":
        client = api(token=merchant_token(cast, cast.merchant, "read"))
    elif who.startswith("member"):
        user = make_user("Mia Member")
        foreign = who == "member with a foreign vendor"
        member = Member.objects.create(
            user=user, merchant=cast.other_merchant if foreign else cast.merchant, all_vendors=False
        )
        if foreign:
            member.vendors.add(cast.vendor)
        client = api(user)
    else:
        client = api(getattr(cast, who))
    response = client.patch(f"/api/v1/vendors/{cast.vendor.pk}", {"rush_minutes": 15}, format="json")
    assert response.status_code == status
    assert state(cast) == before


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"rush_minutes": -1}, "/rush_minutes"),
        ({"rush_minutes": 601}, "/rush_minutes"),
        ({"rush_minutes": "5"}, "/rush_minutes"),
        ({"rush_minutes": None}, "/rush_minutes"),
        ({"paused_until": "2020-01-01T00:00:00Z"}, "/paused_until"),
        ({"paused_until": "soon"}, "/paused_until"),
        ({"paused_until": "9999-12-31T23:59:59-12:00"}, "/paused_until"),
        ({"name": "Mine"}, "/name"),
        ([], ""),
    ],
)
def test_wrong_changes_change_nothing(cast: Cast, api: Api, body: Any, pointer: str) -> None:
    before = state(cast)
    response = api(cast.owner).patch(f"/api/v1/vendors/{cast.vendor.pk}", body, format="json")
    assert response.status_code == 400
    assert response.data["errors"][0]["pointer"] == pointer
    assert state(cast) == before


def test_a_pause_to_the_end_of_the_calendar(cast: Cast, api: Api) -> None:
    body = {"paused_until": "9999-12-31T23:59:59Z"}
    response = api(cast.owner).patch(f"/api/v1/vendors/{cast.vendor.pk}", body, format="json")
    assert response.status_code == 200
    assert api().get("/api/v1/vendors?open_now=true").status_code == 200
    assert api().get(f"/api/v1/vendors/{cast.vendor.pk}/slots?delivery_type=pickup").data["slots"] == []
    board = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/board").json()
    assert board["vendor"]["paused_until"] == "9999-12-31T23:59:59Z"
    office = Client()
    office.force_login(cast.staff)
    for page in (
        "vendors/vendor/",
        f"vendors/vendor/{cast.vendor.pk}/change/",
        f"orders/order/phone/?vendor={cast.vendor.pk}",
    ):
        assert office.get(f"/admin/{page}").status_code == 200, page
