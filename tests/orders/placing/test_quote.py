"""POST /orders/quote: the amounts of a cart, line by line, and nothing written."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.cast import Cast
from tests.orders.shopping import FAR, NEAR, QUOTE, assert_nothing_changed, cart, eur, refused
from vendors.models import DeliveryZone, Vendor
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]


def quote(client: APIClient, body: dict[str, Any]) -> dict[str, Any]:
    body.pop("payment_method", None)
    response = client.post(QUOTE, body)
    assert response.status_code == 200, response.json()
    answer: dict[str, Any] = response.json()
    return answer


def test_a_cart_with_everything(cast: Cast, api: Api) -> None:
    burger = {
        "product": cast.products["burger"].pk,
        "quantity": 3,
        "options": [
            {"option": cast.options["Large"].pk},
            {"option": cast.options["Mayonnaise"].pk, "quantity": 2},
        ],
        "extras": [{"extra": cast.extras["Bacon"].pk, "quantity": 2}],
        "without": [cast.ingredients["Onion"].pk],
    }
    pizza = {
        "product": cast.products["pizza"].pk,
        "options": [
            {"option": cast.options["Mushrooms"].pk, "position": "left"},
            {"option": cast.options["Olives"].pk, "position": "right"},
        ],
    }
    body = cart(cast, delivery_type="delivery", items=[burger, pizza], driver_tip=eur("2.00"))
    with assert_nothing_changed():
        answer = quote(api(), body)
    # (8.50 + 2.00 + 2 × 0.60 + 2 × 1.20) × 3, and 12.00 + 0.80 + half of 1.01, half up once.
    assert [item["total"] for item in answer["items"]] == [eur("42.30"), eur("13.31")]
    assert [(row["kind"], row["name"], row["total"]["amount"]) for row in answer["items"][0]["options"]] == [
        ("option", "Mayonnaise", "3.60"),
        ("option", "Large", "6.00"),
        ("extra", "Bacon", "7.20"),
        ("without", "Onion", "0.00"),
    ]
    assert [row["total"]["amount"] for row in answer["items"][1]["options"]] == ["0.80", "0.51"]
    assert {name: answer[name]["amount"] for name in ("subtotal", "delivery_fee", "driver_tip", "total")} == {
        "subtotal": "55.61",
        "delivery_fee": "2.50",
        "driver_tip": "2.00",
        "total": "60.11",
    }
    # 6 % included: 42.30 × 6 / 106 and 13.31 × 6 / 106.
    assert [item["tax"]["amount"] for item in answer["items"]] == ["2.39", "0.75"]
    assert (answer["tax_included"], answer["tax_added"]) == (eur("3.14"), eur("0.00"))
    assert answer["delivery_zone"] == {"id": cast.zone.pk, "name": "Near"}
    assert (answer["distance"], answer["preorder"]) == (132, False)


def test_tax_is_added_where_prices_leave_it_out(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.other_vendor.pk).update(fee_tax_rate=888, service_fee=50, service_fee_rate=1000)
    body = {
        "vendor": cast.other_vendor.pk,
        "items": [{"product": cast.tea.pk, "quantity": 3}, {"product": cast.tea.pk}],
        "delivery_type": "delivery",
        "address": "Broadway 1",
        "location": {"lat": 40.72, "lng": -74.0},
    }
    answer = quote(api(cast.customer), body)
    amounts = {
        name: answer[name]["amount"] for name in ("subtotal", "service_fee", "delivery_fee", "tax_added", "total")
    }
    # Lines 11.97 and 3.99: 1.06 + 0.35; fees 0.50 + 1.60 and 3.00: 0.19 + 0.27.
    assert amounts == {
        "subtotal": "15.96",
        "service_fee": "2.10",
        "delivery_fee": "3.00",
        "tax_added": "1.87",
        "total": "22.93",
    }
    assert answer["tax_included"]["amount"] == "0.00"
    assert answer["currency"] == "USD"


def zones(cast: Cast, *rows: dict[str, Any]) -> list[DeliveryZone]:
    cast.vendor.delivery_zones.all().delete()
    made = [DeliveryZone.objects.create(vendor=cast.vendor, position=i, **row) for i, row in enumerate(rows)]
    bump_menu_version(vendor_id=cast.vendor.pk)
    return made


def test_the_first_zone_that_holds_the_place_counts(cast: Cast, api: Api) -> None:
    square = [[50.84, 4.34], [50.86, 4.34], [50.86, 4.36], [50.84, 4.36]]
    polygon, _ = zones(
        cast, {"name": "Centre", "polygon": square, "fee": 100}, {"name": "City", "radius": 60_000, "fee": 900}
    )
    answer = quote(api(), cart(cast, delivery_type="delivery"))
    assert (answer["delivery_zone"]["id"], answer["delivery_fee"]) == (polygon.pk, eur("1.00"))
    answer = quote(api(), cart(cast, delivery_type="delivery", location=FAR))
    assert (answer["delivery_zone"]["name"], answer["delivery_fee"]) == ("City", eur("9.00"))


def test_a_zone_may_be_named(cast: Cast, api: Api) -> None:
    _, express = zones(
        cast, {"name": "Slow", "radius": 3000, "fee": 100}, {"name": "Express", "radius": 3000, "fee": 600}
    )
    answer = quote(api(), cart(cast, delivery_type="delivery", delivery_zone=express.pk))
    assert (answer["delivery_zone"]["name"], answer["total"]) == ("Express", eur("18.00"))
    response = api().post(QUOTE, cart(cast, delivery_type="delivery", delivery_zone=express.pk, location=FAR))
    refused(response, 400, "/location", "outside_delivery_zone")
    other = cast.other_vendor.delivery_zones.get()
    response = api().post(QUOTE, cart(cast, delivery_type="delivery", delivery_zone=other.pk))
    refused(response, 400, "/delivery_zone", "unknown")


def test_free_from_and_minimum(cast: Cast, api: Api) -> None:
    zones(cast, {"name": "Near", "radius": 3000, "fee": 250, "minimum": 1201, "free_from": 2400})
    body = refused(api().post(QUOTE, cart(cast, delivery_type="delivery")), 400, "/items", "below_minimum")
    assert body["errors"][0]["minimum"] == eur("12.01")
    two = [{"product": cast.products["pizza"].pk, "quantity": 2}]
    assert quote(api(), cart(cast, delivery_type="delivery", items=two))["delivery_fee"] == eur("0.00")
    sodas = [{"product": cast.products["soda"].pk, "quantity": 6}]
    assert quote(api(), cart(cast, delivery_type="delivery", items=sodas))["delivery_fee"] == eur("2.50")


@pytest.mark.parametrize(
    ("field", "value", "pointer", "code"),
    [
        ("location", None, "/location", "required"),
        ("address", None, "/address", "required"),
        ("location", FAR, "/location", "outside_delivery_zone"),
        ("address", 999_999, "/address", "unknown"),
        ("location", {**NEAR, "alt": 3}, "/location/alt", "unknown_field"),
        ("location", {"lat": 91, "lng": 0}, "/location/lat", "max_value"),
    ],
)
def test_a_delivery_needs_a_place_that_is_served(
    cast: Cast, api: Api, field: str, value: Any, pointer: str, code: str
) -> None:
    response = api(cast.customer).post(QUOTE, cart(cast, delivery_type="delivery", **{field: value}))
    refused(response, 400, pointer, code)


def test_without_zones_nothing_is_delivered(cast: Cast, api: Api) -> None:
    zones(cast)
    refused(api().post(QUOTE, cart(cast, delivery_type="delivery")), 400, "/location", "outside_delivery_zone")


def test_a_client_that_reckoned_otherwise_is_told_both_figures(cast: Cast, api: Api) -> None:
    body = refused(api().post(QUOTE, cart(cast, total=eur("11.99"))), 400, "/total", "total_mismatch")
    assert (body["code"], body["given"], body["expected"]) == ("total_mismatch", eur("11.99"), eur("12.00"))
    assert quote(api(), cart(cast, total=eur("12")))["total"] == eur("12.00")
