"""POST of orders, and the quotes before it (rows 1–10)."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from orders.models import Order, Payment, PaymentProof
from ordersite.web.crypto import decrypt
from tests.cast import Cast
from tests.dialects.kesk.calling import (
    BASE,
    ORDERS,
    Api,
    address,
    as_text,
    order_of,
    placed,
    png,
    refused,
    take_transfers,
)
from tests.orders.gift_cards import stock
from tests.orders.kinds import RECIPIENT, make_package_type, make_service, tomorrow
from tests.orders.several import loaf_of, make_bakery
from tests.orders.shopping import assert_nothing_changed, balance_of, fill_wallet
from vendors.models import Product
from vendors.services.vendors import bump_menu_version


@pytest.mark.rows(1, 7, call="POST /v1/orders")
@pytest.mark.parametrize("kind", ["regular", "products", "Commerce", None])
def test_the_whole_order_comes_back(cast: Cast, api: Api, kind: str | None) -> None:
    where = address(cast.customer_row)
    choice = {"option_id": cast.options["Olives"].pk, "position": "left"}
    item = {"product_id": cast.products["pizza"].pk, "quantity": 2, "notes": "Well done", "options": [choice]}
    body = order_of(cast, type=kind, items=[item], delivery_address_id=where.pk, notes="Ring twice")
    data = placed(api(cast.customer), body)
    order = Order.objects.get()
    line, at = order.lines.get(), order.placed_at.isoformat().replace("+00:00", "Z")
    shown = ("id", "type", "order_category", "status", "payment_status", "payment_method", "payment_gateway_method_id")
    assert {name: data[name] for name in shown} == {
        "id": order.pk,
        "type": "regular",
        "order_category": "commerce",
        "status": "Pending",
        "payment_status": "Pending",
        "payment_method": "cash",
        "payment_gateway_method_id": 1,
    }
    amounts = ("sub_total", "discount", "delivery_fee", "service_fee", "tax", "tax_included", "total", "currency")
    assert [data[name] for name in amounts] == [25.01, 0, 2.5, 0, 0, 1.42, 27.51, "EUR"]
    assert data["items"] == [
        {
            "id": line.pk,
            "product_id": item["product_id"],
            "name": "Pizza",
            "image": None,
            "quantity": 2,
            "price": 12.0,
            "total": 25.01,
            "discount": 0,
            "tax": 1.42,
            "notes": "Well done",
            "options": [
                {
                    "id": choice["option_id"],
                    "kind": "option",
                    "name": "Olives",
                    "quantity": 1,
                    "position": "left",
                    "text": "",
                    "total": 1.01,
                }
            ],
        }
    ]
    assert data["delivery_address"] == {
        "address": "Naamsestraat 1",
        "notes": "",
        "latitude": where.lat,
        "longitude": where.lng,
    }
    assert (data["vendor"]["name"], data["user"]["name"], data["driver"]) == ("Burger Bar", "Clara Customer", None)
    assert (data["notes"], data["code"], data["orders"]) == ("Ring twice", decrypt(order.tracking_sealed), [])
    assert data["history"] == [
        {"event": "placed", "status": "Pending", "by": "customer", "reason_code": "", "reason": "", "created_at": at}
    ]
    assert data["allowed_statuses"] == ["Cancelled"]
    assert data["payments"][0]["amount"] == 27.51


@pytest.mark.rows(1, 7, 8, call="POST /v1/orders")
@pytest.mark.parametrize("kind", ["package", None])
def test_a_package(cast: Cast, api: Api, kind: str | None) -> None:
    box = make_package_type(cast.vendor)
    saved = address(cast.customer_row)
    body = {
        "type": kind,
        "vendor_id": cast.vendor.pk,
        "vendor_location_id": cast.vendor.pk,
        "package_type_id": box.pk,
        "pickup_location_id": saved.pk,
        "pickup_address": "Naamsestraat 1, second bell",
        "dropoff_address": {"address": "Meir 1", "lat": 51.2, "lng": 4.4},
        "weight": 2.001,
        "width": 30,
        "length": 40.5,
        "height": "20",
        **RECIPIENT,
        "payment_method": "cash",
    }
    data = placed(api(cast.customer), body)
    assert (data["type"], data["order_category"], data["service"]) == ("package", "package", None)
    assert data["package"] == {
        "package_type_id": box.pk,
        "name": "Box",
        "pickup": {
            "address": "Naamsestraat 1, second bell",
            "notes": "",
            "latitude": saved.lat,
            "longitude": saved.lng,
        },
        "dropoff": {"address": "Meir 1", "notes": "", "latitude": 51.2, "longitude": 4.4},
        **RECIPIENT,
        "weight": 2.001,
        "width": 30.0,
        "length": 40.5,
        "height": 20.0,
    }
    package = Order.objects.get().package
    assert (package.weight, package.width, package.length, package.height) == (2001, 300, 405, 200)
    assert data["delivery_fee"] == 39 * 0.5 + 3 * 0.2


@pytest.mark.rows(1, 9, call="POST /v1/orders/service")
@pytest.mark.parametrize(("path", "kind"), [("/orders", "service"), ("/orders", None), ("/orders/service", None)])
def test_a_service(cast: Cast, api: Api, path: str, kind: str | None) -> None:
    service, at = make_service(cast.vendor), tomorrow(cast)
    body = {"type": kind, "vendor_id": cast.vendor.pk, "service_id": service.pk, "scheduled_at": at.isoformat()}
    data = placed(api(cast.customer), {**body, "payment_gateway_method_id": 1}, BASE + path)
    assert (data["type"], data["service"]["service_id"], data["service"]["place"]) == ("service", service.pk, "vendor")
    assert (data["total"], data["is_scheduled"]) == (40, True)
    with assert_nothing_changed():
        taken = api(cast.stranger).post(BASE + path, {**body, "payment_gateway_method_id": 1})
        refused(taken, 409, "", "slot_full")


@pytest.mark.rows(9, call="POST /v1/orders/service")
def test_a_service_checks_its_method_and_the_balance(cast: Cast, api: Api) -> None:
    service = make_service(cast.vendor)
    body = {"vendor_id": cast.vendor.pk, "service_id": service.pk, "scheduled_at": tomorrow(cast).isoformat()}
    path, client = f"{ORDERS}/service", api(cast.customer)
    with assert_nothing_changed():
        refused(client.post(path, body), 400, "payment_gateway_method_id")
        refused(client.post(path, {**body, "payment_gateway_method_id": 3}), 400, "payment_method")
        refused(client.post(path, {**body, "payment_gateway_method_id": 2}), 409, "", "insufficient_funds")
        refused(client.post(path, {"vendor_id": cast.vendor.pk, "payment_method": "cash"}), 400, "service_id")


@pytest.mark.rows(2, 3, call="POST /v1/orders")
def test_photos_as_texts(cast: Cast, api: Api) -> None:
    take_transfers(cast)
    body = order_of(cast, payment_gateway_method_id=None, photo=as_text(png()))
    body["photos"] = [f"data:image/png;base64,{as_text(png('blue'))}", None]
    data = placed(api(cast.customer), body)
    assert (data["payment_method"], data["payment_status"]) == ("transfer", "Review")
    assert PaymentProof.objects.count() == 2
    [payment] = data["payments"]
    client = api(cast.customer)
    assert [client.get(photo)["Content-Type"] for photo in payment["photos"]] == ["image/jpeg"] * 2
    again = placed(client, order_of(cast, payment_gateway_method_id=3, photos=as_text(png())))
    assert len(again["payments"][0]["photos"]) == 1


@pytest.mark.rows(2, call="POST /v1/orders")
@pytest.mark.parametrize("whole", [True, False])
def test_photos_as_files(cast: Cast, api: Api, whole: bool) -> None:
    take_transfers(cast)
    body = order_of(cast, payment_gateway_method_id=None, sub_total=12, notes="5")
    said = {name: value for name, value in body.items() if value is not None}
    form: dict[str, Any] = {"CreateOrderInput": json.dumps(body)}
    if not whole:
        form = {name: json.dumps(value) if name == "items" else str(value) for name, value in said.items()}
    form["photo"] = SimpleUploadedFile("a.png", png(), "image/png")
    form["photos"] = [SimpleUploadedFile("b.png", png("blue"), "image/png")]
    headers = {"Idempotency-Key": f"k{whole}"}
    response = api(cast.customer).post(ORDERS, form, format="multipart", headers=headers)
    assert response.status_code == 201, response.json()
    data = response.json()["data"]
    assert (data["payment_status"], len(data["payments"][0]["photos"]), data["notes"]) == ("Review", 2, "5")


@pytest.mark.rows(2, call="POST /v1/orders")
@pytest.mark.parametrize("photo", ["https://example.org/photo.jpg", "not base64!", 5, {}, as_text(b"no picture")])
def test_photos_that_are_none(cast: Cast, api: Api, photo: Any) -> None:
    take_transfers(cast)
    with assert_nothing_changed():
        response = api(cast.customer).post(ORDERS, order_of(cast, payment_gateway_method_id=3, photo=photo))
        refused(response, 400, "photo")
        response = api(cast.customer).post(ORDERS, order_of(cast, payment_gateway_method_id=3, photos=[photo]))
        refused(response, 400, "photos.0")


@pytest.mark.rows(2, call="POST /v1/orders")
def test_photos_prove_a_transfer_only_and_are_five_at_most(cast: Cast, api: Api) -> None:
    take_transfers(cast)
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, order_of(cast, photo=as_text(png()))), 400, "payment_method")
        many = order_of(cast, payment_gateway_method_id=3, photos=[as_text(png())] * 6)
        refused(api(cast.customer).post(ORDERS, many), 400, "photos")
        form = {"vendor_id": "1", "photo": SimpleUploadedFile("a.png", b"no", "image/png")}
        refused(api(cast.customer).post(ORDERS, form, format="multipart"), 400, "photo.0")


@pytest.mark.rows(3, 4, call="POST /v1/orders")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"payment_gateway_method_id": None}, "payment_gateway_method_id"),
        ({"payment_gateway_method_id": 6}, "payment_gateway_method_id"),
        ({"payment_gateway_method_id": 3}, "payment_method"),
        ({"payment_method": "wallet"}, "payment_gateway_method_id"),
        ({"saved_payment_method_id": 1}, "saved_payment_method_id"),
    ],
)
def test_the_payment_method_is_checked(cast: Cast, api: Api, fields: dict[str, Any], field: str) -> None:
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, order_of(cast, **fields)), 400, field)


@pytest.mark.rows(5, call="POST /v1/orders")
def test_the_wallet_pays_what_it_holds(cast: Cast, api: Api) -> None:
    fill_wallet(cast.customer_row, 1199)
    with assert_nothing_changed():
        response = api(cast.customer).post(ORDERS, order_of(cast, payment_gateway_method_id=2))
        refused(response, 409, "", "insufficient_funds")
    fill_wallet(cast.customer_row, 1)
    assert placed(api(cast.customer), order_of(cast, payment_gateway_method_id=2))["payment_status"] == "Paid"
    assert balance_of(cast.customer_row) == 0


@pytest.mark.rows(6, 8, call="POST /v1/orders")
def test_several_vendors(cast: Cast, api: Api) -> None:
    bakery, where = make_bakery(cast), address(cast.customer_row)
    fill_wallet(cast.customer_row, 1982)
    loaf = {"product_id": loaf_of(bakery).pk}
    body: dict[str, Any] = {
        "type": "regular",
        "payment_gateway_method_id": 2,
        "delivery_address_id": where.pk,
        "total": 19.82,
        "data": [
            {"vendor_id": cast.vendor.pk, "items": [{"product_id": cast.products["pizza"].pk}], "total": 14.5},
            {"vendor_id": bakery.pk, "items": [loaf], "delivery_fee": 1.99, "notes": "Sliced"},
        ],
    }
    with assert_nothing_changed():
        wrong = {**body, "data": [body["data"][0], {**body["data"][1], "delivery_fee": 1.98}]}
        refused(api(cast.customer).post(ORDERS, wrong), 400, "data.1.delivery_fee", "amount_mismatch")
        refused(api(cast.customer).post(ORDERS, {**body, "total": 19.81}), 400, "total", "amount_mismatch")
        refused(api(cast.customer).post(ORDERS, {**body, "vendor_id": cast.vendor.pk}), 400, "vendor_id")
        unknown = {**body, "data": [body["data"][0], {**body["data"][1], "items": [{"product_id": 10**9}]}]}
        refused(api(cast.customer).post(ORDERS, unknown), 400, "data.1.items.0.product_id")
    data = placed(api(cast.customer), body)
    first, second = Order.objects.order_by("pk")
    assert [order["id"] for order in data["orders"]] == [first.pk, second.pk]
    assert (data["id"], data["total"], data["orders"][1]["total"]) == (first.pk, 14.5, 5.32)
    assert data["orders"][1]["notes"] == "Sliced"
    assert Payment.objects.get().amount == 1982


@pytest.mark.rows(8, call="POST /v1/orders")
@pytest.mark.parametrize(
    ("field", "right"), [("sub_total", 12.0), ("discount", 0), ("delivery_fee", 2.5), ("tax", 0), ("total", "14.50")]
)
def test_an_amount_that_differs_is_refused_with_both_figures(
    cast: Cast, api: Api, field: str, right: float | str
) -> None:
    body = order_of(cast, delivery_address_id=address(cast.customer_row).pk)
    with assert_nothing_changed():
        error = refused(api(cast.customer).post(ORDERS, {**body, field: 7.77}), 400, field, "amount_mismatch")
    expected = f"{float(right):.2f}"
    told = f"It is {expected} EUR, not 7.77"
    assert told in error["details"][0]["message"].replace("7.770", "7.77")
    assert placed(api(cast.customer), {**body, field: right})["total"] == 14.5


@pytest.mark.rows(8, call="POST /v1/orders")
def test_what_a_double_reckons_is_the_amount(cast: Cast, api: Api) -> None:
    """0.1 + 0.2 is no other amount than 0.3, and 12.004 rounds to it."""
    for total in (12.000000000000002, "12.004", 11.995):
        assert placed(api(cast.customer), order_of(cast, total=total))["total"] == 12
    refused(api(cast.customer).post(ORDERS, order_of(cast, total=12.005)), 400, "total", "amount_mismatch")


@pytest.mark.rows(2, 7, call="POST /v1/orders")
def test_a_form_reads_as_leniently(cast: Cast, api: Api) -> None:
    """Numbers are texts there; parts that are empty or not known are passed over, files too."""
    form: dict[str, Any] = {
        "vendor_id": "1.0".replace("1", str(cast.vendor.pk)),
        "items": json.dumps([{"product_id": str(cast.products["pizza"].pk), "quantity": "2.0", "of": 1}]),
        "payment_gateway_method_id": "1",
        "total": "24.0",
        "coupon_code": "",
        "scheduled_at": "",
        "not_known": "x",
        "file": SimpleUploadedFile("a.txt", b"no picture", "text/plain"),
    }
    response = api(cast.customer).post(ORDERS, form, format="multipart")
    assert response.status_code == 201, response.json()
    assert (response.json()["data"]["total"], PaymentProof.objects.count()) == (24, 0)


@pytest.mark.rows(8, call="POST /v1/orders")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"vendor_id": None}, "vendor_id"),
        ({"vendor_id": 10**12}, "vendor_id"),
        ({"vendor_id": "one"}, "vendor_id"),
        ({"vendor_location_id": 10**9}, "vendor_location_id"),
        ({"delivery_address_id": 10**9}, "delivery_address_id"),
        ({"items": None}, "items"),
        ({"items": []}, "items"),
        ({"items": [{"product_id": 10**9}]}, "items.0.product_id"),
        ({"items": [{"product_id": 1, "quantity": 0}]}, "items.0.quantity"),
        ({"items": [{"product": 1}]}, "items.0.product_id"),
        ({"items": "pizza"}, "items"),
        ({"type": "taxi"}, "type"),
        ({"type": "package"}, "package_type_id"),
        ({"type": "service"}, "service_id"),
        ({"type": "package", "package_type_id": 10**9}, "weight"),
        ({"total": "12,00"}, "total"),
        ({"total": -1}, "total"),
        ({"total": 1e300}, "total"),
        ({"sub_total": True}, "sub_total"),
        ({"weight": 0}, "weight"),
        ({"notes": "x" * 501}, "notes"),
        ({"coupon_code": "NONE"}, "coupon_code"),
        ({"scheduled_at": "soon"}, "scheduled_at"),
        ({"scheduled_at": "2020-01-01T00:00:00Z"}, "scheduled_at"),
        ({"pickup_address": 5}, "pickup_address"),
        ({"pickup_address": {"address": "x", "lat": 91}}, "pickup_address.lat"),
        ({"recipient_phone": "call me"}, "recipient_phone"),
        ({"data": "x"}, "data"),
    ],
)
def test_a_mistake_names_its_field_and_changes_nothing(
    cast: Cast, api: Api, fields: dict[str, Any], field: str
) -> None:
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, order_of(cast, **fields)), 400, field)


@pytest.mark.rows(8, call="POST /v1/orders")
def test_anothers_addresses_are_not_there(cast: Cast, api: Api) -> None:
    theirs, box = address(cast.stranger_row), make_package_type(cast.vendor)
    package: dict[str, Any] = {"type": "package", "package_type_id": box.pk, "weight": 1, **RECIPIENT, "items": None}
    there: dict[str, Any] = {"pickup_address": {"address": "x", "lat": 50.85, "lng": 4.35}}
    client = api(cast.customer)
    with assert_nothing_changed():
        refused(client.post(ORDERS, order_of(cast, delivery_address_id=theirs.pk)), 400, "delivery_address_id")
        body = order_of(cast, **package, **there, dropoff_location_id=theirs.pk)
        refused(client.post(ORDERS, body), 400, "dropoff_location_id")
        refused(client.post(ORDERS, order_of(cast, **package, **there)), 400, "dropoff_location_id")
        body = order_of(cast, **package, **there, dropoff_address="Meir 1")
        refused(client.post(ORDERS, body), 400, "dropoff_address")


@pytest.mark.rows(1, call="POST /v1/orders")
def test_codes_are_a_type_of_their_own(cast: Cast, api: Api) -> None:
    Product.objects.filter(pk=cast.products["cake"].pk).update(is_digital=True)
    bump_menu_version(cast.vendor.pk)
    stock(cast.products["cake"], "CODE-1")
    fill_wallet(cast.customer_row, 2500)
    body = order_of(cast, "cake", payment_gateway_method_id=2)
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, body), 400, "type")
    data = placed(api(cast.customer), {**body, "type": "digital"})
    assert (data["type"], data["status"]) == ("digital", "Completed")


@pytest.mark.rows(7, call="POST /v1/orders")
def test_only_persons_who_are_signed_in_place_orders(cast: Cast, api: Api) -> None:
    with assert_nothing_changed():
        refused(api().post(ORDERS, order_of(cast)), 401, "", "not_authenticated")
        refused(api(token="ost_x").post(ORDERS, order_of(cast)), 401, "", "authentication_failed")
        refused(api(cast.customer).post(ORDERS, b"[", content_type="application/json"), 400, "", "parse_error")
        refused(api(cast.customer).post(ORDERS, []), 400, "")
        large = api(cast.customer).post(ORDERS, {"photo": "x" * 1_000_001})
        refused(large, 413, "", "too_large")


@pytest.mark.rows(7, call="POST /v1/orders")
def test_a_repeated_call_answers_the_first_order(cast: Cast, api: Api) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = api(cast.customer).post(ORDERS, order_of(cast), headers=headers)
    with assert_nothing_changed():
        again = api(cast.customer).post(ORDERS, order_of(cast), headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
