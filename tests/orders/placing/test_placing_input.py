"""POST /orders with nonsense: 400 with a pointer, and no row anywhere."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.cast import Cast
from tests.orders.shopping import ORDERS, QUOTE, assert_nothing_changed, cart, eur, refused
from vendors.models import Vendor

Api = Callable[..., APIClient]
HUGE = 10**30


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"tip": eur("1.00")}, "/tip", "unknown_field"),
        ({"status": 7}, "/status", "unknown_field"),
        ({"driver": 1}, "/driver", "unknown_field"),
        ({"type": "lottery"}, "/type", "invalid_choice"),
        ({"vendor": "1"}, "/vendor", "invalid"),
        ({"vendor": True}, "/vendor", "invalid"),
        ({"vendor": 0}, "/vendor", "min_value"),
        ({"vendor": HUGE}, "/vendor", "max_value"),
        ({"vendor": 999_999}, "/vendor", "unknown"),
        ({"items": []}, "/items", "empty"),
        ({"items": {}}, "/items", "not_a_list"),
        ({"items": "soda"}, "/items", "not_a_list"),
        ({"items": [3]}, "/items/0", "invalid"),
        ({"items": [{"product": 1}] * 101}, "/items", "max_length"),
        ({"address": {}}, "/address", "invalid"),
        ({"address": " "}, "/address", "blank"),
        ({"address": "x" * 301}, "/address", "max_length"),
        ({"location": [50.8, 4.3]}, "/location", "invalid"),
        ({"location": {"lat": "north", "lng": 4}}, "/location/lat", "invalid"),
        ({"location": {"lat": "5_0.8396", "lng": 4}}, "/location/lat", "invalid"),
        ({"location": {"lat": 50.8, "lng": "٤.3496"}}, "/location/lng", "invalid"),
        ({"location": {"lat": True, "lng": 4}}, "/location/lat", "invalid"),
        ({"location": {"lat": " 50.8", "lng": 4}}, "/location/lat", "invalid"),
        ({"location": {"lat": "5e1", "lng": 4}}, "/location/lat", "invalid"),
        ({"location": {"lat": "nan", "lng": 4}}, "/location/lat", "invalid"),
        ({"location": {"lat": 50.8}}, "/location/lng", "required"),
        ({"delivery_zone": -1}, "/delivery_zone", "min_value"),
        ({"comment": "x" * 501}, "/comment", "max_length"),
        ({"comment": ["x"]}, "/comment", "invalid"),
        ({"external_code": ""}, "/external_code", "blank"),
        ({"external_code": "x" * 101}, "/external_code", "max_length"),
        ({"currency": "euro"}, "/currency", "invalid"),
        ({"total": 12}, "/total", "invalid"),
        ({"total": {"amount": 12.0, "currency": "EUR"}}, "/total", "invalid"),
        ({"total": eur("12.001")}, "/total", "invalid"),
        ({"total": eur("1e3")}, "/total", "invalid"),
        ({"total": eur("9" * 40)}, "/total", "invalid"),
        ({"total": {"amount": "12.00", "currency": "EURO"}}, "/total", "currency"),
        ({"driver_tip": eur("99999999999999")}, "/driver_tip", "invalid"),
        ({"guest": "Gina"}, "/guest", "invalid"),
        ({"customer": "me"}, "/customer", "invalid"),
    ],
)
def test_fields(cast: Cast, api: Api, fields: dict[str, Any], pointer: str, code: str) -> None:
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, cart(cast, **fields)), 400, pointer, code)


@pytest.mark.parametrize(
    ("item", "pointer", "code"),
    [
        ({"quantity": 0}, "/items/0/quantity", "min_value"),
        ({"quantity": -1}, "/items/0/quantity", "min_value"),
        ({"quantity": 1.5}, "/items/0/quantity", "invalid"),
        ({"quantity": "2"}, "/items/0/quantity", "invalid"),
        ({"quantity": True}, "/items/0/quantity", "invalid"),
        ({"quantity": None}, "/items/0/quantity", "null"),
        ({"quantity": 10_001}, "/items/0/quantity", "max_value"),
        ({"quantity": HUGE}, "/items/0/quantity", "max_value"),
        ({"price": eur("0.01")}, "/items/0/price", "unknown_field"),
        ({"substitute": "whatever"}, "/items/0/substitute", "invalid"),
        ({"substitute": {"product": "1"}}, "/items/0/substitute", "invalid"),
        ({"product": None}, "/items/0/product", "null"),
        ({"options": [{"option": 999_999}]}, "/items/0/options/0/option", "unknown"),
        ({"options": [{"option": 1, "quantity": HUGE}]}, "/items/0/options/0/quantity", "max_value"),
        ({"options": [{"option": 1, "position": "top"}]}, "/items/0/options/0/position", "invalid_choice"),
        ({"options": [{"quantity": 1}]}, "/items/0/options/0/option", "required"),
        ({"options": [{"option": 1}] * 101}, "/items/0/options", "max_length"),
        ({"extras": [{"extra": 1, "price": 0}]}, "/items/0/extras/0/price", "unknown_field"),
        ({"without": ["Onion"]}, "/items/0/without/0", "invalid"),
        ({"without": [1] * 101}, "/items/0/without", "max_length"),
        ({"comment": "x" * 301}, "/items/0/comment", "max_length"),
    ],
)
def test_items(cast: Cast, api: Api, item: dict[str, Any], pointer: str, code: str) -> None:
    body = cart(cast, items=[{"product": cast.products["pizza"].pk, **item}])
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, body), 400, pointer, code)
        body.pop("payment_method")
        refused(api(cast.customer).post(QUOTE, body), 400, pointer, code)


def test_a_product_of_another_vendor_is_unknown(cast: Cast, api: Api) -> None:
    with assert_nothing_changed():
        body = cart(cast, items=[{"product": cast.products["pizza"].pk}, {"product": cast.tea.pk}])
        refused(api(cast.customer).post(ORDERS, body), 400, "/items/1/product", "unknown")


def test_the_most_that_can_be_ordered_is_no_error_of_ours(cast: Cast, api: Api) -> None:
    items = [{"product": cast.products["cake"].pk, "quantity": 10_000}] * 100
    body = api(cast.customer).post(ORDERS, cart(cast, items=items)).json()
    assert body["purchase"]["total"] == eur("25000000.00")


def test_a_vendor_that_is_switched_off_is_unknown(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(is_active=False)
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, cart(cast)), 400, "/vendor", "unknown")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"vendor": NaN}',
        b'{"comment": "\\u0000"}',
        b'{"comment": "\\ud800"}',
        b'{"vendor": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
    ],
)
def test_bodies_that_are_no_order(cast: Cast, api: Api, raw: bytes) -> None:
    with assert_nothing_changed():
        for headers in ({}, {"Idempotency-Key": "k"}):
            response = api(cast.customer).post(ORDERS, raw, content_type="application/json", headers=headers)
            assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("key", ["", "with space", "x" * 129, "é"])
def test_keys_that_are_none(cast: Cast, api: Api, key: str) -> None:
    with assert_nothing_changed():
        response = api(cast.customer).post(ORDERS, cart(cast), headers={"Idempotency-Key": key})
        refused(response, 400, "header:Idempotency-Key", "invalid")


def test_the_app_is_kept_at_its_columns_length(cast: Cast, api: Api) -> None:
    response = api(cast.customer).post(ORDERS, cart(cast), headers={"X-APP-X": "a" * 300})
    assert response.json()["orders"][0]["app_id"] == "a" * 60
