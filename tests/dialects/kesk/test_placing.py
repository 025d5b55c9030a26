"""POST of orders, and the quotes before it (rows 1–10)."""

import base64
import io
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from orders.models import Order, Payment, PaymentProof
from ordersite.core.audit import unrecorded
from ordersite.core.crypto import decrypt
from ordersite.web import multipart
from ordersite.web.parsing import parse_json
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
    url,
)
from tests.orders.gift_cards import stock
from tests.orders.kinds import RECIPIENT, make_package_type, make_service, tomorrow
from tests.orders.several import loaf_of, make_bakery
from tests.orders.shopping import FAR, assert_nothing_changed, balance_of, fill_wallet
from vendors.models import Product, Service, Vendor
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


@pytest.mark.rows(1, 8, call="POST /v1/orders")
@pytest.mark.parametrize("path", [ORDERS, f"{BASE}/order/summary"])
def test_an_address_that_is_not_saved_is_looked_up(cast: Cast, api: Api, path: str) -> None:
    """As a text, an object, or a text of it, for one vendor or in its part."""
    there, client = {"address": "Grand-Place 1", "notes": "Bell 2"}, api(cast.customer)
    body = order_of(cast, payment_gateway_method_id=1)
    part = {name: value for name, value in body.items() if name != "payment_gateway_method_id"}
    bodies = [
        *({**body, "delivery_address": said} for said in ("Grand-Place 1", there, json.dumps(there))),
        {"payment_gateway_method_id": 1, "data": [{**part, "delivery_address": there}]},
        {"payment_gateway_method_id": 1, "data": [part], "delivery_address": there},
    ]
    for sent in bodies:
        answer = client.post(path, sent)
        assert (answer.status_code, answer.json()["data"]["delivery_fee"]) == (201 if path == ORDERS else 200, 2.5)
    if path == ORDERS:
        shown = {**there, "latitude": 50.8467, "longitude": 4.3524}
        assert client.get(url(Order.objects.latest("pk"))).json()["data"]["delivery_address"] == shown
    with assert_nothing_changed():
        refused(client.post(path, {**body, "delivery_address": "Nowhere 1"}), 400, "delivery_address")
        far = {"data": [{**part, "delivery_address": {"address": "Meir 1", **FAR}}], "payment_gateway_method_id": 1}
        refused(client.post(path, far), 400, "data.0.delivery_address")
        refused(client.post(path, {**body, "delivery_address": 5}), 400, "delivery_address")


@pytest.mark.rows(1, 8, call="POST /v1/orders")
def test_an_address_beside_another_is_the_same_or_refused(cast: Cast, api: Api) -> None:
    where, client = address(cast.customer_row), api(cast.customer)
    body = order_of(cast, delivery_address_id=where.pk)
    read = placed(client, body)["delivery_address"]
    assert placed(client, {**body, "delivery_address": read})["delivery_address"] == read
    assert placed(client, {**body, "delivery_address": where.address})["delivery_address"] == read
    box = make_package_type(cast.vendor, max_side=None)
    there = {"address": "Meir 1", **FAR}
    parcel = {"vendor_id": cast.vendor.pk, "package_type_id": box.pk, "pickup_address": there, "dropoff_address": there}
    parcel |= {"weight": 1, "payment_method": "cash", **RECIPIENT}
    assert placed(client, {**parcel, "delivery_address": "Meir 1"})["package"]["dropoff"]["address"] == "Meir 1"
    order = Order.objects.latest("pk")
    assert client.put(url(order), {"delivery_address": read | {"address": "Meir 1"}}).status_code == 200
    with assert_nothing_changed(order):
        for sent in (body, parcel, {"payment_method": "cash", "data": [parcel]}):
            for text in ("Grand-Place 1", {"address": "Nowhere 1"}):
                given = {**sent, "delivery_address": text}
                refused(client.post(ORDERS, given), 400, f"{'data.0.' if 'data' in sent else ''}delivery_address")
        refused(client.put(url(order), {"delivery_address": "Grand-Place 1"}), 400, "delivery_address")


@pytest.mark.rows(8, call="POST /v1/orders")
def test_a_telephone_number_is_read_as_it_is_written_in_the_vendors_country(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(country="BE")
    box, client = make_package_type(cast.vendor, max_side=None), api(cast.customer)
    there = {"address": "Meir 1", "lat": 51.2, "lng": 4.4}
    body = {"vendor_id": cast.vendor.pk, "package_type_id": box.pk, "pickup_address": there, "dropoff_address": there}
    body |= {"weight": 1, "recipient_name": "Rita", "payment_method": "cash"}
    for written in ("0470 12 34 57", "0470/12.34.57", "(0470) 12-34-57", "+32 470 12 34 57", "0032470123457"):
        data = placed(client, {**body, "recipient_phone": written})
        assert data["package"]["recipient_phone"] == "+32470123457", written
    for wrong in ("123456", "call me", "0470 12 34 57 x 5", True, "1" * 30):
        with assert_nothing_changed():
            refused(client.post(ORDERS, {**body, "recipient_phone": wrong}), 400, "recipient_phone")


@pytest.mark.rows(1, 8, call="POST /v1/orders")
@pytest.mark.parametrize(
    "point",
    [{"lat": 51.2, "lng": 4.4}, {"latitude": 51.2, "longitude": "4.4"}, {"lat": None, "latitude": 51.2, "lng": 4.4}],
)
def test_an_address_goes_back_as_it_was_read(cast: Cast, api: Api, point: dict[str, Any]) -> None:
    """Its point by the names in which it is read too."""
    box = make_package_type(cast.vendor, max_side=None)
    there = {"address": "Meir 1", "notes": "Bell 2", **point}
    body = {"vendor_id": cast.vendor.pk, "package_type_id": box.pk, "pickup_address": there, "dropoff_address": there}
    data = placed(api(cast.customer), {**body, "weight": 1, **RECIPIENT, "payment_method": "cash"})
    read = {"address": "Meir 1", "notes": "Bell 2", "latitude": 51.2, "longitude": 4.4}
    assert (data["package"]["pickup"], data["package"]["dropoff"]) == (read, read)


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
        refused(taken, 409, "scheduled_at", "slot_full")


def open_tomorrow(cast: Cast, **fields: Any) -> Service:
    """A service of an hour that can be booked tomorrow from nine to twelve, and on no other day."""
    weekday = tomorrow(cast).weekday()
    return make_service(cast.vendor, (weekday, "09:00", "12:00"), **fields)


def begins(data: dict[str, Any], cast: Cast) -> str:
    """When the service of an order, or of a quote's only part, begins, as the vendor's clock shows it."""
    at = datetime.fromisoformat(data["scheduled_at"]).astimezone(cast.vendor.zone)
    assert at.date() == tomorrow(cast).date()
    return f"{at:%H:%M}"


@pytest.mark.rows(9, call="POST /v1/orders/service")
@pytest.mark.parametrize("when", [{}, {"scheduled_at": None}, {"scheduled_at": ""}])
@pytest.mark.parametrize("path", ["/orders", "/orders/service"])
def test_a_service_without_a_time_is_booked_for_the_first_free_one(
    cast: Cast, api: Api, path: str, when: dict[str, Any]
) -> None:
    service, client = open_tomorrow(cast), api(cast.customer)
    body = {"service_id": service.pk, "vendor_id": cast.vendor.pk, "payment_method": "cash", **when}
    for first in ("09:00", "10:00", "11:00"):
        with assert_nothing_changed():
            summary = client.post(f"{BASE}/order/service-summary", body).json()["data"]
        assert begins(summary["vendors"][0], cast) == first
        data = placed(client, body, BASE + path)
        assert (begins(data, cast), data["service"]["starts_at"]) == (first, data["scheduled_at"])
    with assert_nothing_changed():
        error = refused(client.post(BASE + path, body), 409, "scheduled_at", "slot_full")
        refused(client.post(f"{BASE}/order/service-summary", body), 409, "scheduled_at", "slot_full")
    assert "Hair cut is fully booked, or not offered, in the 7 days ahead" in error["message"]
    second = Order.objects.order_by("pk")[1]
    assert client.put(f"{ORDERS}/{second.pk}", {"status": "Cancelled"}).status_code == 200
    assert begins(placed(client, body, BASE + path), cast) == "10:00"


@pytest.mark.rows(9, call="POST /v1/orders")
def test_services_booked_together_follow_each_other(cast: Cast, api: Api) -> None:
    service, client = open_tomorrow(cast), api(cast.customer)
    part = {"service_id": service.pk, "vendor_location_id": cast.vendor.pk}
    ten = {**part, "scheduled_at": tomorrow(cast).isoformat()}
    body = {"payment_method": "cash", "data": [ten, part, part]}
    data = placed(client, body)
    assert [begins(order, cast) for order in data["orders"]] == ["10:00", "09:00", "11:00"]
    with assert_nothing_changed():
        refused(client.post(ORDERS, {**body, "data": [part]}), 409, "data.0.scheduled_at", "slot_full")


@pytest.mark.rows(9, call="POST /v1/orders/service")
def test_the_first_free_time_keeps_the_vendors_rules(cast: Cast, api: Api) -> None:
    service, client, path = open_tomorrow(cast), api(cast.customer), f"{ORDERS}/service"
    body = {"service_id": service.pk, "vendor_id": cast.vendor.pk, "payment_method": "cash"}
    vendors, where = Vendor.objects.filter(pk=cast.vendor.pk), address(cast.customer_row)
    vendors.update(preorder_days=0)
    with assert_nothing_changed(), unrecorded():  # that the vendor's settings change is recorded otherwise
        error = refused(client.post(path, body), 409, "scheduled_at", "slot_full")
        assert "today, and cannot be booked ahead" in error["message"]
        vendors.update(preorder_days=7, paused_until=tomorrow(cast, "12:00"))
        refused(client.post(path, body), 409, "scheduled_at", "slot_full")
        vendors.update(paused_until=None)
        refused(client.post(path, {**body, "service_id": 10**9}), 400, "service_id")
        error = refused(client.post(path, {**body, "delivery_address_id": where.pk}), 400, "delivery_address_id")
    assert "is only offered at the vendor's place" in error["message"]
    vendors.update(paused_until=tomorrow(cast, "09:20"))
    assert begins(placed(client, body, path), cast) == "09:30"
    visiting = open_tomorrow(cast, name="Cleaning", at_vendor=False, at_customer=True)
    body["service_id"] = visiting.pk
    with assert_nothing_changed():
        error = refused(client.post(path, body), 400, "delivery_address_id")
    assert "with delivery_address_id it is the customer's place" in error["message"]
    data = placed(client, {**body, "delivery_address_id": where.pk}, path)
    assert (begins(data, cast), data["service"]["place"], data["delivery_fee"]) == ("09:30", "customer", 2.5)


@pytest.mark.rows(9, call="POST /v1/orders/service")
def test_a_service_checks_its_method_and_the_balance(cast: Cast, api: Api) -> None:
    service = make_service(cast.vendor)
    body = {"vendor_id": cast.vendor.pk, "service_id": service.pk, "scheduled_at": tomorrow(cast).isoformat()}
    path, client = f"{ORDERS}/service", api(cast.customer)
    with assert_nothing_changed():
        refused(client.post(path, body), 400, "payment_gateway_method_id")
        refused(client.post(path, {**body, "payment_gateway_method_id": 3}), 400, "payment_gateway_method_id")
        refused(
            client.post(path, {**body, "payment_gateway_method_id": 2}),
            409,
            "payment_gateway_method_id",
            "insufficient_funds",
        )
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


def url_safe(colour: str) -> str:
    """A photo whose base64 has both characters that addresses do not hold, written for them."""
    raw = png(colour) + bytes(range(256))
    text = base64.urlsafe_b64encode(raw + b"." * (1 - len(raw) % 3)).decode()
    assert {"-", "_", "="} <= set(text)
    return text


@pytest.mark.rows(2, call="POST /v1/orders")
@pytest.mark.parametrize(
    "spell",
    [
        lambda text: text,
        lambda text: text.rstrip("="),
        lambda text: f"data:image/png;base64,{text}",
        lambda text: f"data:image/png;base64,{text.rstrip('=')}",
        lambda text: f" DATA:image/png;charset=utf-8;base64,{text}\n",
        lambda text: f"data:;base64,{text}",
        lambda text: f"data:application/octet-stream;base64,{text}",
        lambda text: text.replace("-", "+").replace("_", "/"),
        lambda text: text.replace("-", "+").replace("_", "/").rstrip("="),
        lambda text: "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
    ],
)
def test_base64_in_each_spelling(cast: Cast, api: Api, spell: Callable[[str], str]) -> None:
    take_transfers(cast)
    body = order_of(
        cast, payment_gateway_method_id=None, photo=spell(url_safe("red")), photos=[spell(url_safe("blue"))]
    )
    data = placed(api(cast.customer), body)
    assert (data["payment_status"], len(data["payments"][0]["photos"])) == ("Review", 2)
    form = {"vendor_id": cast.vendor.pk, "items": json.dumps(body["items"]), "photo": spell(url_safe("red"))}
    response = api(cast.customer).post(ORDERS, form, format="multipart")
    assert response.status_code == 201, response.json()
    assert len(response.json()["data"]["payments"][0]["photos"]) == 1


@pytest.mark.rows(2, call="POST /v1/orders")
@pytest.mark.parametrize("name", ["photo", "photos", "photo[]", "photos[]", "photos[{}]"])
def test_parts_of_a_form_in_each_spelling(cast: Cast, api: Api, name: str) -> None:
    """As PHP's, Dart's and JavaScript's clients name them; a field of an item is one of these names too."""
    take_transfers(cast)
    names = [name.format(number) for number in range(2)]
    files = [SimpleUploadedFile(f"{colour}.png", png(colour), "image/png") for colour in ("red", "blue")]
    fields = {
        "vendor_id": cast.vendor.pk,
        "items[0][product_id]": cast.products["burger"].pk,
        "items[0][quantity]": "2",
        "items[0][options][0][option_id]": cast.options["Large"].pk,
        "items[0][without][]": cast.ingredients["Onion"].pk,
        "items[1][product_id]": cast.products["pizza"].pk,
        "items[1][notes]": "",
        "photos[2]": "",
    }
    photos = dict(zip(names, files, strict=True)) if names[0] != names[1] else {name: files}
    response = api(cast.customer).post(ORDERS, fields | photos, format="multipart")
    assert response.status_code == 201, response.json()
    data = response.json()["data"]
    assert (data["payment_status"], len(data["payments"][0]["photos"])) == ("Review", 2)
    chosen = [option["name"] for option in data["items"][0]["options"]]
    assert [(item["quantity"], item["name"]) for item in data["items"]] == [(2, "Burger"), (1, "Pizza")]
    assert sorted(chosen) == ["Large", "Onion"]
    name = names[0]
    with assert_nothing_changed():
        many = fields | {name: [SimpleUploadedFile("a.png", png(), "image/png") for _ in range(6)]}
        refused(api(cast.customer).post(ORDERS, many, format="multipart"), 400, name.partition("[")[0])
        wrong = fields | {name: SimpleUploadedFile("a.png", b"no picture", "image/png")}
        refused(api(cast.customer).post(ORDERS, wrong, format="multipart"), 400, f"{name.partition('[')[0]}.0")
        address = fields | {name: "https://example.org/photo.jpg"}
        refused(api(cast.customer).post(ORDERS, address, format="multipart"), 400, f"{name.partition('[')[0]}.0")


@pytest.mark.rows(2, call="POST /v1/orders")
def test_the_order_may_stand_beside_its_photos(cast: Cast, api: Api) -> None:
    take_transfers(cast)
    whole = {"CreateOrderInput": order_of(cast, payment_gateway_method_id=None), "photo": as_text(png()), "photos": []}
    assert placed(api(cast.customer), whole)["payment_status"] == "Review"


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
        refused(api(cast.customer).post(ORDERS, order_of(cast, photo=as_text(png()))), 400, "payment_gateway_method_id")
        many = order_of(cast, payment_gateway_method_id=3, photos=[as_text(png())] * 6)
        refused(api(cast.customer).post(ORDERS, many), 400, "photos")
        form = {"vendor_id": cast.vendor.pk, "items": json.dumps(many["items"])}
        form["photo"] = SimpleUploadedFile("a.png", b"no", "image/png")
        refused(api(cast.customer).post(ORDERS, form, format="multipart"), 400, "photo.0")


@pytest.mark.rows(3, 4, call="POST /v1/orders")
@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"payment_gateway_method_id": None}, "payment_gateway_method_id"),
        ({"payment_gateway_method_id": 6}, "payment_gateway_method_id"),
        ({"payment_gateway_method_id": 3}, "payment_gateway_method_id"),
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
        refused(response, 409, "payment_gateway_method_id", "insufficient_funds")
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
        for name in ("vendor_id", "vendor_location_id"):
            refused(api(cast.customer).post(ORDERS, {**body, name: cast.other_vendor.pk}), 400, name)
        refused(api(cast.customer).post(ORDERS, {**body, "items": [loaf]}), 400, "items")
        unknown = {**body, "data": [body["data"][0], {**body["data"][1], "items": [{"product_id": 10**9}]}]}
        refused(api(cast.customer).post(ORDERS, unknown), 400, "data.1.items.0.product_id")
    data = placed(api(cast.customer), {**body, "vendor_id": cast.vendor.pk, "vendor_location_id": bakery.pk})
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
    told = f"The amount is {expected} EUR, not 7.77"
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


def test_a_list_is_one_part_of_a_form_or_a_part_for_each_object(cast: Cast, api: Api) -> None:
    """As browsers send it, and as generated clients do."""
    items = [{"product_id": cast.products["pizza"].pk, "quantity": number} for number in (1, 2, 3)]
    for given, lines in ((json.dumps(items), 3), ([json.dumps(one) for one in items], 3), (json.dumps(items[0]), 1)):
        form = {"vendor_id": cast.vendor.pk, "items": given, "payment_gateway_method_id": 1}
        response = api(cast.customer).post(ORDERS, form, format="multipart")
        assert response.status_code == 201, response.json()
        shown = response.json()["data"]["items"]
        assert [one["quantity"] for one in shown] == [1, 2, 3][:lines]


@pytest.mark.parametrize("spread", ["one part", "a part each", "two lists", "beside the order", "beside fields"])
def test_the_json_of_a_forms_parts_is_counted_together_before_any_is_read(
    cast: Cast, api: Api, settings: Any, monkeypatch: pytest.MonkeyPatch, spread: str
) -> None:
    settings.MAX_JSON_VALUES = 60
    read: list[bytes] = []
    monkeypatch.setattr(multipart, "parse_json", lambda raw, **kwargs: read.append(raw) or parse_json(raw, **kwargs))

    def form(count: int) -> dict[str, Any]:
        rows = [{"product_id": cast.products["pizza"].pk, "quantity": 1}] * count
        half = json.dumps(rows[: count // 2])
        head = {"vendor_id": cast.vendor.pk, "payment_gateway_method_id": 1}
        match spread:
            case "a part each":
                return {**head, "items": [json.dumps(row) for row in rows]}
            case "two lists":
                return {**head, "items": half, "data": half}
            case "beside the order":
                return {"CreateOrderInput": json.dumps({**head, "items": rows[: count // 2]}), "items": half}
            case "beside fields":
                return {**head, "items": half, **{f"unknown{number}": "x" for number in range(3 * count // 2)}}
        return {**head, "items": json.dumps(rows)}

    client = api(cast.customer)
    with assert_nothing_changed():
        answer = client.post(ORDERS, form(30), format="multipart")
        assert (answer.status_code, read) == (400, [])
        assert "more than 60 values" in answer.json()["error"]["message"]
    fitting = client.post(ORDERS, form(8), format="multipart")
    assert fitting.status_code == (400 if spread == "two lists" else 201), fitting.json()
    assert read


@pytest.mark.rows(1, 8, call="POST /v1/orders")
def test_lists_and_places_as_texts_of_json(cast: Cast, api: Api) -> None:
    """As clients write them that make a form and a JSON body of the same values."""
    items = json.dumps([{"product_id": cast.products["pizza"].pk, "quantity": "2"}])
    body = order_of(cast, items=f" {items}", data="[]")
    assert placed(api(cast.customer), body)["total"] == 24
    assert api(cast.customer).post(f"{BASE}/order/summary", body).json()["data"]["total"] == 24
    data = json.dumps([{"vendor_id": cast.vendor.pk, "items": items}])
    assert placed(api(cast.customer), {"payment_method": "cash", "data": data})["total"] == 24
    point = json.dumps({"address": "Meir 1", "notes": "", "latitude": "51.2", "longitude": 4.4})
    package = {
        "vendor_id": cast.vendor.pk,
        "package_type_id": make_package_type(cast.vendor).pk,
        **dict.fromkeys(("weight", "width", "length", "height"), "1"),
        "pickup_location_id": address(cast.customer_row).pk,
        "dropoff_address": point,
        "pickup_address": "{}",
        "payment_method": "cash",
        **RECIPIENT,
    }
    shown = placed(api(cast.customer), package)["package"]
    assert (shown["dropoff"]["address"], shown["dropoff"]["latitude"]) == ("Meir 1", 51.2)
    assert shown["pickup"]["address"] == "Naamsestraat 1"


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
        ({"items": [None]}, "items.0"),
        ({"items": [{"product_id": 1, "options": [None]}]}, "items.0.options.0"),
        ({"items": [{"product_id": 1, "extras": [None, {}]}]}, "items.0.extras.0"),
        ({"items": "pizza"}, "items"),
        ({"type": "taxi"}, "type"),
        ({"type": "package"}, "package_type_id"),
        ({"type": "service"}, "service_id"),
        ({"type": "package", "package_type_id": 10**9}, "weight"),
        ({"total": "12,00"}, "total"),
        ({"total": -1}, "total"),
        ({"total": 1e300}, "total"),
        ({"sub_total": True}, "sub_total"),
        ({"weight": -1}, "weight"),
        ({"type": "package", "package_type_id": 10**9, "weight": 0}, "weight"),
        ({"notes": "x" * 501}, "notes"),
        ({"coupon_code": "NONE"}, "coupon_code"),
        ({"scheduled_at": "soon"}, "scheduled_at"),
        ({"scheduled_at": "2020-01-01T00:00:00Z"}, "scheduled_at"),
        ({"pickup_address": 5}, "pickup_address"),
        ({"pickup_address": {"address": "x", "lat": 91}}, "pickup_address.lat"),
        ({"recipient_phone": "call me"}, "recipient_phone"),
        ({"pickup_address": '{"address": "x", "lat": 91}'}, "pickup_address.lat"),
        ({"pickup_address": "{Meir 1"}, "pickup_address"),
        ({"data": "x"}, "data"),
        ({"items": "[1"}, "items"),
        ({"items": "[1]"}, "items.0"),
        ({"delivery_address_id": "-0.5"}, "delivery_address_id"),
    ],
)
def test_a_mistake_names_its_field_and_changes_nothing(
    cast: Cast, api: Api, fields: dict[str, Any], field: str
) -> None:
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, order_of(cast, **fields)), 400, field)


@pytest.mark.rows(8, call="POST /v1/orders")
@pytest.mark.parametrize(
    "blank",
    [
        {"vendor_id": None},
        {"vendor_id": ""},
        {"data": []},
        {"data": None},
        {"data": ""},
        dict.fromkeys(("type", "notes", "coupon_code", "scheduled_at", "delivery_address_id", "total", "tax"), ""),
        {"notes": "   ", "pickup_address": "", "recipient_name": "", "recipient_phone": " ", "weight": ""},
        {"items": [], "service_id": ""},
        *({"data": rows} for rows in ([{}], [{}, {"items": [{}]}])),
        *(dict.fromkeys(("weight", "width", "length", "height"), none) for none in (0, "0", 0.0)),
        dict.fromkeys(("pickup_address", "dropoff_address", "data", "notes", "total", "weight", "type"), {}),
        {"pickup_address": {"address": "", "lat": None, "longitude": ""}, "dropoff_address": {"notes": " "}},
        *(
            dict.fromkeys(
                (
                    *("vendor_id", "delivery_address_id", "package_type_id", "pickup_location_id"),
                    *("dropoff_location_id", "service_id", "saved_payment_method_id"),
                ),
                none,
            )
            for none in (0, "0", 0.0)
        ),
    ],
)
def test_a_vendors_location_is_the_vendor_and_blanks_say_nothing(cast: Cast, api: Api, blank: dict[str, Any]) -> None:
    body = order_of(cast)
    body["vendor_location_id"] = body.pop("vendor_id")
    if "items" in blank:
        blank = {**blank, "items": [{**body["items"][0], "options": [], "extras": None, "without": [], "notes": ""}]}
    assert placed(api(cast.customer), {**body, **blank})["vendor"]["id"] == cast.vendor.pk
    bakery = make_bakery(cast)
    loaf = {"vendor_location_id": str(bakery.pk), "items": [{"product_id": loaf_of(bakery).pk}]}
    several = {"payment_method": "cash", "data": [{**body, **blank, "data": []}, loaf], "vendor_location_id": ""}
    data = placed(api(cast.customer), several)
    assert [one["vendor"]["id"] for one in data["orders"]] == [cast.vendor.pk, bakery.pk]


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
@pytest.mark.parametrize("said", [{"type": "digital"}, {"type": None}, {}])
def test_codes_are_a_type_of_their_own(cast: Cast, api: Api, said: dict[str, Any]) -> None:
    """Found from the content where no type is sent."""
    Product.objects.filter(pk=cast.products["cake"].pk).update(is_digital=True)
    bump_menu_version(cast.vendor.pk)
    stock(cast.products["cake"], "CODE-1")
    fill_wallet(cast.customer_row, 2500)
    body = order_of(cast, "cake", payment_gateway_method_id=2)
    del body["type"]
    with assert_nothing_changed():
        refused(api(cast.customer).post(ORDERS, {**body, "type": "regular"}), 400, "type")
    data = placed(api(cast.customer), {**body, **said})
    assert (data["type"], data["status"]) == ("digital", "Completed")


@pytest.mark.rows(7, call="POST /v1/orders")
def test_only_persons_who_are_signed_in_place_orders(cast: Cast, api: Api) -> None:
    with assert_nothing_changed():
        refused(api().post(ORDERS, order_of(cast)), 401, "", "not_authenticated")
        refused(api(token="ost_x").post(ORDERS, order_of(cast)), 401, "", "authentication_failed")
        refused(api(cast.customer).post(ORDERS, b"[", content_type="application/json"), 400, "", "parse_error")
        refused(api(cast.customer).post(ORDERS, [1]), 400, "")
        refused(api(cast.customer).post(ORDERS, []), 400, "payment_gateway_method_id")


@pytest.mark.rows(2, call="POST /v1/orders")
def test_a_phones_photo_comes_as_a_file(cast: Cast, api: Api) -> None:
    """Twelve megapixels lying on their side: too much for JSON, which says what to do."""
    take_transfers(cast)
    exif, raw = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6  # orientation: turned to the right
    Image.effect_noise((4032, 3024), 9).convert("RGB").save(raw, "JPEG", quality=85, exif=exif)
    assert 3_000_000 < len(raw.getvalue()) < 4_000_000
    body = order_of(cast, payment_gateway_method_id=None)
    with assert_nothing_changed():
        large = api(cast.customer).post(ORDERS, {**body, "photo": as_text(raw.getvalue())})
        told = "Photos can be sent as files of a form (multipart/form-data), of up to 5 MB each."
        assert refused(large, 413, "", "too_large")["message"] == f"The body is larger than 1 MB: send less. {told}"
    photos = [SimpleUploadedFile(f"IMG_{at}.JPG", raw.getvalue(), "image/jpeg") for at in range(2)]
    form = {"CreateOrderInput": json.dumps(body), "photos": photos}
    response = api(cast.customer).post(ORDERS, form, format="multipart")
    assert response.status_code == 201, response.json()
    assert [Image.open(proof.photo).size for proof in PaymentProof.objects.all()] == [(1200, 1600)] * 2


@pytest.mark.rows(7, call="POST /v1/orders")
def test_a_repeated_call_answers_the_first_order(cast: Cast, api: Api) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = api(cast.customer).post(ORDERS, order_of(cast), headers=headers)
    with assert_nothing_changed():
        again = api(cast.customer).post(ORDERS, order_of(cast), headers=headers)
    assert (again.status_code, again.json()) == (201, first.json())
