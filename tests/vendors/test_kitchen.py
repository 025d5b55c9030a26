"""Stations, and what is out of stock: through the API, and what the menu and placing make of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cast import Cast, make_manager, make_user
from tests.clock import Clock
from tests.orders.walking import Api
from tracking.worker import WORK
from vendors.models import Member, Option, Product, Station, Vendor
from vendors.services.availability import end_of_today

NEW = {"name": "Grill"}


def url(cast: Cast, rest: str = "stations") -> str:
    return f"/api/v1/vendors/{cast.vendor.pk}/{rest}"


def add(api: Api, cast: Cast, **given: Any) -> dict[str, Any]:
    answer = api(cast.owner).post(url(cast), given)
    assert answer.status_code == 201, answer.data
    return dict(answer.json())


def test_a_station_is_added_changed_and_deleted(cast: Cast, api: Api) -> None:
    burger, pizza = cast.products["burger"], cast.products["pizza"]
    grill = add(api, cast, name="Grill", categories=[burger.category_id], products=[pizza.pk])
    assert grill == {**grill, "position": 0, "categories": [burger.category_id], "products": [pizza.pk]}
    oven = add(api, cast, name="Oven", products=[pizza.pk], position=2)
    listed = api(cast.owner).get(url(cast)).json()["results"]
    assert listed == [{**grill, "products": []}, oven]
    changed = api(cast.owner).patch(url(cast, f"stations/{grill['id']}"), {"name": "Hot", "categories": []}).json()
    assert changed == {**grill, "name": "Hot", "categories": [], "products": []}
    assert api(cast.owner).delete(url(cast, f"stations/{oven['id']}")).status_code == 204
    pizza.refresh_from_db()
    assert (pizza.station_id, Station.objects.count()) == (None, 1)
    assert [add(api, cast, name=name)["position"] for name in ("Bar", "Fryer")] == [1, 2]


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({}, "/name", "required"),
        ({"name": ""}, "/name", "blank"),
        ({"name": "x" * 41}, "/name", "max_length"),
        ({"name": "Fryer"}, "/name", "taken"),
        ({"name": "New", "categories": [2**62]}, "/categories", "unknown"),
        ({"name": "New", "products": [2**62]}, "/products", "unknown"),
        ({"name": "New", "products": "all"}, "/products", "not_a_list"),
        ({"name": "New", "position": 1001}, "/position", "max_value"),
        ({"name": "New", "colour": "red"}, "/colour", "unknown_field"),
    ],
)
def test_a_wrong_station_is_refused_by_its_field(
    cast: Cast, api: Api, given: dict[str, Any], pointer: str, code: str
) -> None:
    Station.objects.create(vendor=cast.vendor, name="Fryer")
    refused = api(cast.owner).post(url(cast), given)
    assert refused.status_code == 400
    assert {(one["pointer"], one["code"]) for one in refused.json()["errors"]} == {(pointer, code)}
    assert Station.objects.count() == 1


def test_what_is_anothers_is_unknown(cast: Cast, api: Api) -> None:
    refused = api(cast.owner).post(url(cast), {"name": "Tea", "products": [cast.tea.pk]})
    assert refused.json()["detail"].startswith("The vendor has no products with these ids: ")
    foreign = Station.objects.create(vendor=cast.other_vendor, name="Kettle")
    assert api(cast.owner).patch(url(cast, f"stations/{foreign.pk}"), NEW).status_code == 404
    assert api(cast.owner).delete(url(cast, f"stations/{foreign.pk}")).status_code == 404


def test_no_more_than_thirty(cast: Cast, api: Api) -> None:
    Station.objects.bulk_create(Station(vendor=cast.vendor, name=str(number)) for number in range(30))
    refused = api(cast.owner).post(url(cast), NEW)
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many")


def test_who_arranges_the_kitchen(cast: Cast, api: Api) -> None:
    cook = make_user("Cas Cook")
    Member.objects.create(user=cook, merchant=cast.merchant, role=Member.Role.STAFF)
    station = Station.objects.create(vendor=cast.vendor, name="Fryer")
    for user, may in ((cook, False), (cast.other_owner, False), (make_manager(cast.vendor), True), (cast.staff, True)):
        assert api(user).get(url(cast)).status_code == (200 if user != cast.other_owner else 403)
        assert api(user).post(url(cast), {"name": user.name}).status_code == (201 if may else 403)
        assert api(user).patch(url(cast, f"stations/{station.pk}"), {"position": 1}).status_code == (
            200 if may else 403
        )
    assert api(cook).delete(url(cast, f"stations/{station.pk}")).status_code == 403
    assert Station.objects.filter(pk=station.pk).exists()


# --- out of stock -------------------------------------------------------------------------------------------------


def order_soda(api: Api, cast: Cast) -> Any:
    cart = {
        "vendor": cast.vendor.pk,
        "items": [{"product": cast.products["soda"].pk}],
        "delivery_type": "pickup",
        "payment_method": "cash",
    }
    return api(cast.customer).post("/api/v1/orders", cart)


def on_menu(api: Api, cast: Cast, name: str) -> bool:
    menu = api(cast.customer).get(url(cast, "menu")).json()
    products = {one["name"]: one for category in menu["categories"] for one in category["products"]}
    return bool(products[name]["is_available"])


def test_a_product_is_out_of_stock_until_it_is_put_back(cast: Cast, api: Api) -> None:
    soda = cast.products["soda"]
    version = Vendor.objects.get(pk=cast.vendor.pk).menu_version
    path = url(cast, f"products/{soda.pk}/out-of-stock")
    answer = api(cast.owner).post(path, {"until": None})
    assert answer.json() == {"id": soda.pk, "name": "Soda", "is_available": False, "until": None}
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version == version + 1
    # The same again leaves the menu as it is.
    api(cast.owner).post(path, {"until": None})
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version == version + 1
    assert not on_menu(api, cast, "Soda")
    assert order_soda(api, cast).json()["errors"][0]["code"] == "unavailable"
    board = api(cast.owner).get(url(cast, "board")).json()["unavailable"]
    assert board == [{"kind": "product", "id": soda.pk, "name": "Soda", "until": None}]
    assert api(cast.owner).delete(path).json()["is_available"] is True
    assert order_soda(api, cast).status_code == 201


def test_it_comes_back_by_itself(cast: Cast, api: Api, clock: Clock) -> None:
    soda, option = cast.products["soda"], cast.options["Mayonnaise"]
    until = (clock.now + timedelta(hours=4)).isoformat()
    for path in (f"products/{soda.pk}/out-of-stock", f"options/{option.pk}/out-of-stock"):
        assert api(cast.owner).post(url(cast, path), {"until": until}).json()["until"] == "2026-01-14T15:00:00Z"
    clock.now += timedelta(hours=4) - timedelta(seconds=1)
    bring_back = next(work for work in WORK if work.name == "what is in stock again").run
    assert bring_back() == 0
    clock.now += timedelta(seconds=1)
    version = Vendor.objects.get(pk=cast.vendor.pk).menu_version
    assert (bring_back(), bring_back()) == (2, 0)
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version == version + 1
    assert on_menu(api, cast, "Soda")
    assert Option.objects.get(pk=option.pk).is_available
    assert not Product.objects.filter(unavailable_until__isnull=False).exists()


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-01-14T11:00", "2026-01-15T04:00"),
        ("2026-01-14T23:30", "2026-01-15T04:00"),
        ("2026-01-15T03:59", "2026-01-15T04:00"),
        ("2026-01-15T04:00", "2026-01-16T04:00"),
        ("2026-03-28T12:00", "2026-03-29T03:00"),  # the clocks go forward that night
    ],
)
def test_today_ends_at_five_by_the_vendors_clock(cast: Cast, now: str, ends: str) -> None:
    found = end_of_today(cast.vendor, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "now", "ends"),
    [
        (3, "2026-01-14T11:00", "2026-01-15T02:00"),
        (3, "2026-01-15T01:59", "2026-01-15T02:00"),
        (3, "2026-01-15T02:00", "2026-01-16T02:00"),
        (12, "2026-01-15T10:59", "2026-01-15T11:00"),
    ],
)
def test_today_ends_where_the_vendors_next_business_day_begins(cast: Cast, hour: int, now: str, ends: str) -> None:
    cast.vendor.day_begins_at = hour
    found = end_of_today(cast.vendor, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"until": "tomorrow"}, "invalid"),
        ({"until": "2020-01-01T00:00:00Z"}, "past"),
        ({"until": 4}, "invalid"),
        ({"until": "2027-01-15T11:00:01Z"}, "too_far"),
        ({"until": "9999-12-31T23:59:59Z"}, "too_far"),
    ],
)
def test_a_wrong_time_is_refused(cast: Cast, api: Api, clock: Clock, body: dict[str, Any], code: str) -> None:
    path = url(cast, f"products/{cast.products['soda'].pk}/out-of-stock")
    refused = api(cast.owner).post(path, body)
    assert refused.status_code == 400
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [("/until", code)]
    assert Product.objects.get(pk=cast.products["soda"].pk).is_available
    assert api(cast.owner).post(path, {"until": "2027-01-15T11:00:00Z"}).status_code == 200


def test_others_are_refused_and_nothing_changes(cast: Cast, api: Api) -> None:
    soda, tea = cast.products["soda"], cast.tea
    for user in (cast.customer, cast.driver, cast.other_owner):
        assert api(user).post(url(cast, f"products/{soda.pk}/out-of-stock"), {"until": None}).status_code == 403
    assert api(cast.owner).post(url(cast, f"products/{tea.pk}/out-of-stock"), {"until": None}).status_code == 404
    assert not Product.objects.filter(is_available=False).exists()
