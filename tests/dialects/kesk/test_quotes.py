"""What an order would cost, before it is placed (row 10)."""

import pytest

from tests.cast import Cast
from tests.dialects.kesk.calling import BASE, Api, address, order_of, refused
from tests.orders.kinds import make_service, tomorrow
from tests.orders.shopping import assert_nothing_changed
from vendors.models import Vendor
from vendors.services.vendors import bump_menu_version


@pytest.mark.rows(10, call="POST /v1/order/summary")
def test_quotes(cast: Cast, api: Api) -> None:
    where, service = address(cast.customer_row), make_service(cast.vendor)
    client = api(cast.customer)
    with assert_nothing_changed():
        body = order_of(cast, delivery_address_id=where.pk, payment_gateway_method_id=None)
        data = client.post(f"{BASE}/order/summary", body).json()["data"]
        at = tomorrow(cast).isoformat()
        booked = {"vendor_id": cast.vendor.pk, "service_id": service.pk, "scheduled_at": at}
        cut = client.post(f"{BASE}/order/service-summary", booked).json()["data"]
        refused(client.post(f"{BASE}/order/service-summary", body), 400, "service_id")
        refused(client.post(f"{BASE}/order/summary", {**body, "total": 1}), 400, "total", "amount_mismatch")
    amounts = {"sub_total": 12.0, "discount": 0, "delivery_fee": 2.5, "service_fee": 0, "tax": 0, "tax_included": 0.68}
    assert {name: value for name, value in data.items() if name != "vendors"} == {
        "currency": "EUR",
        **amounts,
        "total": 14.5,
    }
    [part] = data["vendors"]
    assert (part["vendor"]["name"], part["type"], part["items"][0]["name"]) == ("Burger Bar", "regular", "Pizza")
    assert (cut["total"], cut["vendors"][0]["type"]) == (40, "service")
    assert api().post(f"{BASE}/order/summary", body).status_code == 401


@pytest.mark.rows(10, call="POST /v1/order/delivery-fee-summary")
def test_the_delivery_fee(cast: Cast, api: Api) -> None:
    where, far = address(cast.customer_row), address(cast.customer_row, lat=51.2, lng=4.4)
    path, vendor = f"{BASE}/order/delivery-fee-summary", cast.vendor.pk
    expected = {
        "delivery_fee": 2.5,
        "currency": "EUR",
        "distance": 132,
        "zone": {"id": cast.zone.pk, "name": "Near"},
        "minimum": 10.0,
        "free_from": None,
    }
    client = api(cast.customer)
    by_address = client.post(path, {"vendor_id": vendor, "delivery_address_id": where.pk})
    by_point = client.post(path, {"vendor_id": vendor, "latitude": where.lat, "longitude": where.lng})
    assert by_address.json() == by_point.json() == {"success": True, "data": expected}
    said = {"address": where.address, "latitude": where.lat, "longitude": where.lng}
    for address_id in (None, where.pk):
        by_text = client.post(path, {"vendor_id": vendor, "delivery_address_id": address_id, "delivery_address": said})
        assert by_text.json() == by_point.json()
    another = {"vendor_id": vendor, "delivery_address_id": where.pk, "delivery_address": "Meir 1"}
    refused(client.post(path, another), 400, "delivery_address")
    refused(client.post(path, {"vendor_id": vendor, "delivery_address": "Nowhere 1"}), 400, "delivery_address")
    refused(client.post(path, {"vendor_id": vendor, "delivery_address_id": far.pk}), 400, "delivery_address_id")
    refused(client.post(path, {"vendor_id": vendor}), 400, "delivery_address_id")
    refused(client.post(path, {"vendor_id": 10**9, "latitude": 0, "longitude": 0}), 400, "vendor_id")
    stranger = api(cast.stranger).post(path, {"vendor_id": vendor, "delivery_address_id": where.pk})
    refused(stranger, 400, "delivery_address_id")


def test_a_fee_that_there_is_not_is_told_without_speaking_of_an_order(cast: Cast, api: Api) -> None:
    path, far = f"{BASE}/order/delivery-fee-summary", {"address": "Meir 1", "latitude": 51.2, "longitude": 4.4}
    body = {"vendor_id": cast.vendor.pk, "delivery_address": far}
    error = refused(api(cast.customer).post(path, body), 400, "delivery_address")
    assert error["message"] == "delivery_address: Burger Bar does not deliver there: choose another address."
    Vendor.objects.filter(pk=cast.vendor.pk).update(fulfilments=["pickup"])
    bump_menu_version(cast.vendor.pk)
    error = refused(api(cast.customer).post(path, body), 400, "delivery_address")
    assert error["message"] == "delivery_address: Burger Bar does not deliver: choose another vendor."
