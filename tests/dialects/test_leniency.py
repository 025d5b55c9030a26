"""Every writing call of every dialect, in each spelling that its system's clients use; driven by the documents.

A call's document says which fields are optional, whole numbers, amounts and words: a new field or call cannot be
missed. Each variant of a body must answer as the body itself does, each wrong value be refused by name.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test.client import BOUNDARY, encode_multipart
from django.urls import resolve
from rest_framework import serializers
from rest_framework.test import APIClient

from orders.dialects.base import DialectInput
from orders.dialects.registry import DIALECTS
from orders.models import Order
from orders.services.money.wallets import top_up
from ordersite.core.crypto import decrypt
from ordersite.web.serializers import IdField as StrictIdField
from ordersite.web.serializers import StrictIntegerField
from tests.cast import Cast
from tests.dialects.forms import form_of, pairs
from tests.dialects.generated import read_document
from tests.dialects.kalixo.test_kalixo import order_of as codes_of
from tests.dialects.kesk import calling as kesk
from tests.dialects.ordering import asking
from tests.dialects.shop import calling as shop
from tests.orders.gift_cards import stock
from tests.orders.kinds import RECIPIENT, make_package_type, make_service, tomorrow
from tests.orders.rows import make_order
from tests.orders.shopping import NEAR, assert_nothing_changed

Api = Callable[..., APIClient]
WRITES = ("post", "put", "patch")
FORMS = ("shop", "ordering")
CHARSETS = ["ISO-8859-1", "windows-1252", "us-ascii", '"utf-8"']
BLANKS = [None, "", []]
PHOTOS = ("photo", "photos")
NOTHING = [*BLANKS, {}, {"": None}]
# What differs with each call, or with when it was made.
VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\d[T ][0-9:.]+Z?|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9_-]{20,}"
    r'|"(?:id|itemId|orderId|collection_code)": "?\d+"?'
)


@dataclass
class Call:
    """A call that succeeds: who makes it, where, with what."""

    client: APIClient
    path: str
    body: dict[str, Any] = field(default_factory=dict)
    method: str = "post"

    def send(self, body: Any, *, path: str = "", form: bool = False, mark: str = "", **headers: str) -> Any:
        raw = form_of(body) if form else mark + json.dumps(body)
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        kind = headers.pop("content_type", kind)
        return self.client.generic(self.method.upper(), path or self.path, raw, kind, headers=headers)

    def send_parts(self, body: Any) -> Any:
        """As PHP's curl sends an array, with a file that nobody asked for."""
        file = SimpleUploadedFile("a.txt", b"a file")
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        raw = encode_multipart(BOUNDARY, {**dict(pairs(body)), "attachment": file})
        return self.client.generic(self.method.upper(), self.path, raw, kind)  # type: ignore[arg-type]


def kalixo_places(cast: Cast, api: Api) -> Call:
    card = cast.products["soda"]
    card.is_digital, card.price = True, 250
    card.save()
    cast.vendor.save()
    stock(card, *(f"PIN-{unit}" for unit in range(3)))
    top_up(customer_id=cast.customer_row.pk, currency="EUR", amount=10_000, actor="test")
    body = codes_of((card.pk, 250, 2))
    body["currency"] = body["orderProducts"][0]["currency"] = "EUR"
    return Call(api(cast.customer), "/dialects/kalixo/v1/orders/place-order", body)


def shop_places(cast: Cast, api: Api) -> Call:
    body = shop.body_of(
        cast,
        customer={"name": "Wanda Walker", "phone": "+3225550177", "email": "wanda@example.org"},
        vendorId=cast.vendor.pk,
        deliveryType="delivery",
        address="Naamsestraat 1",
        location={**NEAR},
        paymentMethod="cash",
    )
    body["items"] = [
        {
            "productId": cast.products["burger"].pk,
            "quantity": 2,
            "options": [{"optionId": cast.options["Large"].pk, "quantity": 1}],
        }
    ]
    return Call(api(cast.owner), shop.ORDERS, body)


def shop_call(rest: str, method: str = "post", **body: Any) -> Callable[[Cast, Api], Call]:
    """A call to an order of the shop's; names of the cast's things stand for their ids."""

    def make(cast: Cast, api: Api) -> Call:
        client = api(cast.owner)
        order = shop.created(client.post(shop.ORDERS, shop_places(cast, api).body))
        ids = {
            "soda": cast.products["soda"].pk,
            "line": order.lines.get().pk,
            "accepted": shop.label_of(7).pk,
        }
        if rest in ("/sent", "/delivered", "/done"):
            client.patch(shop.at(order, "/status"), {"statusId": ids["accepted"]})
            client.post(shop.at(order, "/tracking"), {"trackingNumber": "P-1"})
        who = api(cast.staff) if rest in ("/done", "/delivered", "/paid") else client
        return Call(who, shop.at(order, rest), {name: ids.get(value, value) for name, value in body.items()}, method)

    return make


def ordering_places(cast: Cast, api: Api) -> Call:
    burger = {
        "id": cast.products["burger"].pk,
        "quantity": 2,
        "comment": "Well done",
        "ingredients": {f"id:{cast.ingredients['Onion'].pk}": {"selected": False}},
        "options": {
            f"id:{cast.groups['Size'].pk}": {
                "suboptions": {
                    f"id:{cast.options['Large'].pk}": {"selected": True, "quantity": 1, "position": "whole"},
                }
            }
        },
        "extras": {f"id:{cast.extras['Bacon'].pk}": {"quantity": 1}},
    }
    body = asking.order_of(
        cast,
        delivery_type=1,
        location={**NEAR, "address": "Naamsestraat 1"},
        customer_id=cast.customer_row.pk,
        comment="No bell",
        driver_tip=0.1 + 0.2,
        delivery_zone_id=cast.zone.pk,
        cash="50",
        products=[burger],
    )
    return Call(api(cast.customer), asking.ORDERS, body)


def ordering_updates(cast: Cast, api: Api) -> Call:
    order = make_order(cast, 0, lat=NEAR["lat"], lng=NEAR["lng"], delivery_zone=cast.zone)
    body = {
        "status": 7,
        "comment": "Second door",
        "driver_id": cast.driver.pk,
        "driver_tip": 10.9 * 0.15,
        "cash": "20",
        "paymethod_id": 1,
        "prepared_in": 20,
        "location": {"lat": 50.852, "lng": 4.352, "address": "Bondgenotenlaan 2"},
    }
    return Call(api(cast.staff), asking.one(order.pk), body, "put")


def kesk_order(cast: Cast, **fields: Any) -> dict[str, Any]:
    """Burgers, brought to a saved address, with all amounts that a client reckons."""
    item = {
        "product_id": cast.products["burger"].pk,
        "quantity": 2,
        "notes": "Well done",
        "options": [{"option_id": cast.options["Large"].pk, "quantity": 1, "position": "whole"}],
        "extras": [{"extra_id": cast.extras["Bacon"].pk, "quantity": 1}],
        "without": [cast.ingredients["Onion"].pk],
    }
    amounts: dict[str, Any] = {"sub_total": 23.400000000000002, "delivery_fee": 2.5, "total": 25.900000000000002}
    where = kesk.address(cast.customer_row)
    return kesk.order_of(cast, items=[item], delivery_address_id=where.pk, notes="Ring twice", **amounts, **fields)


def kesk_several(cast: Cast) -> dict[str, Any]:
    """The same as a part of an order of several vendors."""
    whole = kesk_order(cast)
    shared = ("type", "payment_gateway_method_id")
    return {name: whole.pop(name) for name in shared} | {"data": [whole], "total": whole["total"]}


def kesk_package(cast: Cast) -> dict[str, Any]:
    return {
        "type": "package",
        "vendor_id": cast.vendor.pk,
        "vendor_location_id": cast.vendor.pk,
        "package_type_id": make_package_type(cast.vendor).pk,
        "pickup_location_id": kesk.address(cast.customer_row).pk,
        "dropoff_address": {"address": "Meir 1", "lat": 51.2, "lng": 4.4},
        "weight": 2.001,
        "width": 30,
        "length": 40.5,
        "height": 0.1 + 0.2,
        **RECIPIENT,
        "payment_method": "cash",
    }


def kesk_service(cast: Cast) -> dict[str, Any]:
    at = tomorrow(cast).isoformat()
    return {"vendor_id": cast.vendor.pk, "service_id": make_service(cast.vendor).pk, "scheduled_at": at}


def kesk_call(path: str, body: Callable[[Cast], dict[str, Any]]) -> Callable[[Cast, Api], Call]:
    return lambda cast, api: Call(api(cast.customer), f"{kesk.BASE}{path}", body(cast))


def kesk_updates(cast: Cast, api: Api) -> Call:
    order = make_order(cast, 7, stood="accepted")
    body = {
        "status": "Ready",
        "payment_method": "cash",
        "payment_gateway_method_id": 1,
        "driver_id": cast.courier_row.pk,
    }
    return Call(api(cast.owner), kesk.url(order), {**body, "payment_status": "Pending"}, "put")


def kesk_follows(cast: Cast, api: Api) -> Call:
    return Call(api(), f"{kesk.BASE}/track-order", {"code": decrypt(make_order(cast).tracking_sealed)})


ORDER = "/System/Orders/{id}"
# By dialect and path, and by what it does where it does several things: every writing call that has a body.
CALLS: dict[tuple[str, ...], Callable[[Cast, Api], Call]] = {
    ("kesk", "POST /v1/orders"): kesk_call("/orders", kesk_order),
    ("kesk", "POST /v1/orders", "package"): kesk_call("/orders", kesk_package),
    ("kesk", "POST /v1/orders", "several"): kesk_call("/orders", kesk_several),
    ("kesk", "POST /v1/orders/service"): kesk_call(
        "/orders/service", lambda cast: kesk_service(cast) | {"payment_gateway_method_id": 1}
    ),
    ("kesk", "PUT /v1/orders/{id}"): kesk_updates,
    ("kesk", "POST /v1/track-order"): kesk_follows,
    ("kesk", "POST /v1/order/summary"): kesk_call("/order/summary", kesk_order),
    ("kesk", "POST /v1/order/service-summary"): kesk_call("/order/service-summary", kesk_service),
    ("kesk", "POST /v1/order/delivery-fee-summary"): kesk_call(
        "/order/delivery-fee-summary",
        lambda cast: {"vendor_id": cast.vendor.pk, "latitude": NEAR["lat"], "longitude": NEAR["lng"]},
    ),
    ("kalixo", "POST /v1/orders/place-order"): kalixo_places,
    ("shop", "POST /System/Orders"): shop_places,
    ("shop", f"POST {ORDER}/item"): shop_call("/item", productId="soda", quantity=2),
    ("shop", f"PUT {ORDER}/item"): shop_call("/item", "put", itemId="line", quantity=3),
    ("shop", f"PATCH {ORDER}/status"): shop_call("/status", "patch", statusId="accepted"),
    ("shop", f"POST {ORDER}/tracking"): shop_call("/tracking", trackingNumber="P-1", carrier="B"),
    ("shop", f"POST {ORDER}/history"): shop_call("/history", text="Called"),
    **{
        ("shop", f"PATCH {ORDER}/{name}"): shop_call(f"/{name}", "patch", value=True)
        for name in ("paid", "done", "cancel", "sent", "delivered")
    },
    ("ordering", "POST /orders"): ordering_places,
    ("ordering", "PUT /orders/{order_id}"): ordering_updates,
}


@dataclass(frozen=True)
class Shape:
    """What a document says of a body."""

    schema: Any
    components: Any

    def at(self, schema: Any) -> "Shape":
        """Of a part, its references followed."""
        while schema:
            if "$ref" in schema:
                schema = self.components[schema["$ref"].rsplit("/", 1)[1]]
            elif len(schema.get("allOf", ())) == 1:
                schema = schema["allOf"][0]
            else:
                break
        return Shape(schema or {}, self.components)

    @property
    def properties(self) -> dict[str, "Shape"]:
        return {name: self.at(one) for name, one in self.schema.get("properties", {}).items()}

    @property
    def required(self) -> list[str]:
        required: list[str] = self.schema.get("required", [])
        return required

    @property
    def words(self) -> list[Any]:
        """The words of an enum, also where it stands among others or beside null."""
        inner = [self.at(one) for one in (*self.schema.get("oneOf", ()), *self.schema.get("anyOf", ()))]
        return [*self.schema.get("enum", ()), *(word for one in inner for word in one.schema.get("enum", ()))]

    def inner(self, key: Any) -> "Shape":
        """Of a member of an object, or a row of a list."""
        if isinstance(key, int):
            return self.at(self.schema.get("items", {}))
        return self.properties.get(key) or self.at(self.schema.get("additionalProperties") or {})


Change = Callable[[Any, Shape], Any]


def changed(value: Any, shape: Shape, leaf: Change, inside: Change) -> Any:
    """A body with every leaf and every object changed."""
    if isinstance(value, dict):
        return inside({key: changed(one, shape.inner(key), leaf, inside) for key, one in value.items()}, shape)
    if isinstance(value, list):
        return [changed(one, shape.inner(at), leaf, inside) for at, one in enumerate(value)]
    return leaf(value, shape)


def same(value: Any, shape: Shape) -> Any:
    return value


def with_blanks(blank: Any) -> Change:
    """Every optional field that is not sent is sent without a value; an object as a photo is a file that JSON lost."""

    def inside(value: dict[str, Any], shape: Shape) -> dict[str, Any]:
        left_out = set(shape.properties).difference(shape.required, PHOTOS if isinstance(blank, dict) else ())
        return dict.fromkeys(left_out, blank) | value

    return inside


def with_no_ids(value: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """Every optional id that is not sent is sent as 0."""
    left_out = (name for name in shape.properties if name not in shape.required)
    return {name: 0 for name in left_out if re.search(r"(_id|Id)$", name)} | value


def with_more(value: dict[str, Any], shape: Shape) -> dict[str, Any]:
    """What is not known. In an object of keys nothing can be: its keys are its data."""
    return {"not_known": {"of": [1]}, "": 2} | value if shape.properties else value


def spelt(spell: Callable[[Any], Any], is_meant: Callable[[Any, Shape], bool]) -> Change:
    return lambda value, shape: spell(value) if is_meant(value, shape) else value


def is_whole(value: Any, shape: Shape) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and shape.schema.get("type") == "integer"


def is_number(value: Any, shape: Shape) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_amount(value: Any, shape: Shape) -> bool:
    """A coordinate is a number too, which ends at 90 or 180 degrees, and is told as it was sent."""
    schema = shape.schema
    return is_number(value, shape) and schema.get("type") == "number" and schema.get("maximum") not in (90, 180)


def is_word(value: Any, shape: Shape) -> bool:
    return isinstance(value, str) and value in shape.words


def is_moment(value: Any, shape: Shape) -> bool:
    return shape.schema.get("format") == "date-time"


def in_utc(value: str) -> str:
    """Without an offset, as some systems print it."""
    return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


VARIANTS: dict[str, tuple[Change, Change]] = {
    **{f"optional fields as {blank!r}": (same, with_blanks(blank)) for blank in NOTHING},
    "optional ids as 0": (same, with_no_ids),
    "what is not known": (same, with_more),
    "whole numbers as texts": (spelt(str, is_whole), same),
    "whole numbers as 4.0": (spelt(float, is_whole), same),
    'whole numbers as "4.0"': (spelt(lambda value: f"{value}.0", is_whole), same),
    "whole numbers between spaces": (spelt(lambda value: f" {value} ", is_whole), same),
    "numbers as texts": (spelt(str, is_number), same),
    "numbers with the noise of doubles": (spelt(lambda value: value + 1e-10, is_amount), same),
    "moments with a space": (spelt(lambda value: value.replace("T", " "), is_moment), same),
    "moments in UTC": (spelt(in_utc, is_moment), same),
    **{f"words in {spell.__name__}": (spelt(spell, is_word), same) for spell in (str.upper, str.lower, str.title)},
}
WRONG: dict[str, tuple[Callable[[Any, Shape], bool], list[Any]]] = {
    "whole": (is_whole, ["abc", 4.5, "4.5", True, {"id": 4}, 10**19]),
    "number": (is_number, ["abc", True, "1e3", "NaN"]),
    "word": (is_word, ["no such word", True]),
}


def leaves(value: Any, shape: Shape, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any, Shape]]:
    if isinstance(value, dict | list):
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, shape.inner(key), (*path, key))
    else:
        yield path, value, shape


def put_at(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy of the body with another value there."""
    body = json.loads(json.dumps(body))
    inner = body
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return body


def settled(value: Any) -> str:
    """An answer without what differs from one to the next."""
    return VOLATILE.sub("*", json.dumps(value))


@contextmanager
def undone() -> Iterator[None]:
    """What is written here is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@cache
def shapes() -> dict[tuple[str, ...], Shape]:
    """What every call with a body reads, by its dialect and path."""
    found: dict[tuple[str, ...], Shape] = {}
    for dialect in DIALECTS:
        whole = read_document(dialect.name)
        for path, methods in whole["paths"].items():
            for method, told in methods.items():
                if method not in WRITES or "requestBody" not in told:
                    continue
                schema = told["requestBody"]["content"]["application/json"]["schema"]
                call = f"{method.upper()} {path.removeprefix(dialect.base)}"
                found[dialect.name, call] = Shape({}, whole["components"]["schemas"]).at(schema)
    return found


def test_every_writing_call_is_in_the_table() -> None:
    assert set(shapes()) == {key[:2] for key in CALLS}


@pytest.mark.parametrize("key", CALLS, ids="-".join)
def test_each_spelling_answers_alike(cast: Cast, api: Api, key: tuple[str, ...]) -> None:
    call, shape = CALLS[key](cast, api), shapes()[key[:2]]

    def answer(body: Any, **how: Any) -> Any:
        with undone():
            response = call.send(body, **how)
            return response.status_code, settled(response.json())

    right = answer(call.body)
    assert right[0] in (200, 201, 202), right
    for name, (leaf, inside) in VARIANTS.items():
        assert answer(changed(call.body, shape, leaf, inside)) == right, name
    ways: dict[str, dict[str, Any]] = {
        "a slash": {"path": f"{call.path}/"},
        "a parameter": {"path": f"{call.path}?not_known=1"},
        "charset": {"content_type": "application/json; charset=utf-8"},
        "type": {"content_type": "Application/JSON;charset=UTF-8"},
        "a byte order mark": {"mark": "\ufeff"},
        **{f"charset {one}": {"content_type": f"application/json; charset={one}"} for one in CHARSETS},
        "accept": {"accept": "application/json; charset=utf-8"},
        "page": {"accept": "text/html"},
    }
    if key[0] in FORMS:
        ways["form"] = {"form": True}
        ways["form charset"] = {
            "form": True,
            "content_type": "application/x-www-form-urlencoded; charset=UTF-8",
        }
    for name, how in ways.items():
        assert answer(call.body, **how) == right, name
    if key[0] in FORMS:
        with undone():
            response = call.send_parts(call.body)
            assert (response.status_code, settled(response.json())) == right, "parts of a form"


@pytest.mark.parametrize("charset", ["UTF-8", "ISO-8859-1", "latin1", "windows-1252", "ISO-8859-15"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_a_text_comes_in_the_charset_that_is_told(cast: Cast, api: Api, charset: str, kind: str) -> None:
    call = shop_call("/history")(cast, api)
    text = {"text": "Zoë à l'étage"}
    raw = json.dumps(text, ensure_ascii=False) if kind.endswith("json") else urlencode(text, encoding=charset)
    response = call.client.generic("POST", call.path, raw.encode(charset), f"{kind}; charset={charset}")  # type: ignore[arg-type]
    assert response.status_code == 201, response.json()
    assert response.json()["text"] == text["text"]


@pytest.mark.parametrize("key", CALLS, ids="-".join)
def test_a_charset_that_is_not_known_is_refused(cast: Cast, api: Api, key: tuple[str, ...]) -> None:
    call = CALLS[key](cast, api)
    with assert_nothing_changed():
        response = call.send(call.body, content_type="application/json; charset=ebcdic")
    assert response.status_code == 415
    assert "The charset ebcdic is not known here: send UTF-8." in json.dumps(response.json())


@pytest.mark.parametrize("key", CALLS, ids="-".join)
def test_what_no_text_may_hold_is_named(cast: Cast, api: Api, key: tuple[str, ...]) -> None:
    """A NUL, or half of a surrogate pair, wherever it stands."""
    call = CALLS[key](cast, api)
    with assert_nothing_changed():
        for path, _, _ in leaves(call.body, shapes()[key[:2]]):
            name = next(part for part in reversed(path) if not isinstance(part, int))
            for one in ("a\0b", "\ud83c"):
                response = call.send(put_at(call.body, path, one))
                told = json.dumps(response.json())
                assert response.status_code == 400, (path, told)
                assert name in told, (path, told)
                assert "leave it out" in told, (path, told)


@pytest.mark.parametrize("key", CALLS, ids="-".join)
def test_a_wrong_value_is_named_and_changes_nothing(cast: Cast, api: Api, key: tuple[str, ...]) -> None:
    call = CALLS[key](cast, api)
    with assert_nothing_changed():
        for path, value, shape in leaves(call.body, shapes()[key[:2]]):
            name = next(part for part in reversed(path) if not isinstance(part, int))
            for is_meant, wrong in WRONG.values():
                for one in wrong if is_meant(value, shape) else ():
                    with undone():
                        response = call.send(put_at(call.body, path, one))
                    assert response.status_code == 400, (path, one, response.json())
                    assert name in json.dumps(response.json()), (path, one, response.json())


@pytest.mark.parametrize("key", CALLS, ids="-".join)
def test_a_required_field_without_a_value_is_named(cast: Cast, api: Api, key: tuple[str, ...]) -> None:
    call = CALLS[key](cast, api)
    with assert_nothing_changed():
        for name, blank in product(shapes()[key[:2]].required, BLANKS):
            with undone():
                response = call.send({**call.body, name: blank})
            assert response.status_code == 400, (name, response.json())
            assert name in json.dumps(response.json())


def reads(cast: Cast, api: Api) -> dict[tuple[str, ...], tuple[APIClient, str, dict[str, Any]]]:
    """Every reading call: who makes it, where, with which parameters."""
    order = make_order(cast, payment_method="wallet")
    customer, owner = api(cast.customer), api(cast.owner)
    till = api(cast.owner, x_tenant=str(cast.merchant.uuid).upper())
    filters = {"vendor_id": cast.vendor.pk, "vendor_type_id": cast.vendor.type_id, "status": "Pending"}
    where = json.dumps({"status": "0", "business_id": float(cast.vendor.pk)})
    told = {"where": where, "conector": "AND", "mode": "dashboard", "orderBy": "-created_at"}
    return {
        ("kaddy", "GET /v1/orders"): (till, "/v1/orders", {"limit": 5, "shop": cast.vendor.pk}),
        ("kaddy", "GET /v1/orders/{order_uuid}"): (till, f"/v1/orders/{order.uuid}", {}),
        ("kalixo", "GET /v1/orders/retrieve-order"): (customer, "/v1/orders/retrieve-order", {"id": order.pk}),
        ("kesk", "GET /v1/orders"): (owner, "/v1/orders", {**filters, "type": "assigned", "page": 1, "per_page": 5}),
        ("kesk", "GET /v1/orders/{id}"): (owner, f"/v1/orders/{order.pk}", {}),
        ("shop", "GET /System/Orders"): (
            owner,
            "/System/Orders",
            {"customerId": order.customer_id, "statusId": shop.label_of(0).pk, "page": 1, "limit": 5},
        ),
        ("shop", "GET /System/Orders/{id}"): (owner, f"/System/Orders/{order.pk}", {}),
        ("shop", "GET /System/Orders/Statuses"): (owner, "/System/Orders/Statuses", {}),
        ("ordering", "GET /orders"): (owner, "/orders", {**told, "page": 1, "page_size": 5}),
        ("ordering", "GET /orders/{order_id}"): (owner, f"/orders/{order.pk}", {"mode": "dashboard"}),
    }


def test_each_reading_call_answers_alike(cast: Cast, api: Api) -> None:
    """Parameters in each spelling, empty or not known; header names and Accept in any."""
    calls = reads(cast, api)
    told: dict[tuple[str, ...], Any] = {
        (dialect.name, f"GET {path.removeprefix(dialect.base)}"): methods["get"].get("parameters", [])
        for dialect in DIALECTS
        for path, methods in read_document(dialect.name)["paths"].items()
        if "get" in methods
    }
    assert set(calls) == set(told)
    for key, (client, path, given) in calls.items():
        address = f"/dialects/{key[0]}{path}"
        right = client.get(address, given)
        assert right.status_code == 200, (key, right.json())
        known = {one["name"] for one in told[key] if one["in"] == "query"}
        numbers = {name: f"{value}.0" for name, value in given.items() if isinstance(value, int)}
        words = {name: value for name, value in given.items() if isinstance(value, str) and name != "where"}
        variants: dict[str, dict[str, Any]] = {
            **{blank: {**dict.fromkeys(known - given.keys(), blank), **given} for blank in ("", "null", "undefined")},
            "not known": {**given, "not_known": "1"},
            "4.0": {**given, **numbers},
            "upper": {**given, **{name: value.upper() for name, value in words.items()}},
            "lower": {**given, **{name: value.lower() for name, value in words.items()}},
        }
        for name, query in variants.items():
            assert client.get(address, query).json() == right.json(), (key, name)
        for accept in ("application/json; charset=utf-8", "text/html", "*/*"):
            assert client.get(f"{address}/", given, headers={"ACCEPT": accept}).json() == right.json(), (key, accept)


def test_every_path_takes_a_slash_at_its_end() -> None:
    for dialect in DIALECTS:
        for path in [*read_document(dialect.name)["paths"], f"{dialect.base}/schema"]:
            address = re.sub(r"{\w*uuid}", "988a7773-8234-4b44-9a2d-8ea2e2eb1ae7", path)
            address = re.sub(r"{\w+}", "1", address)
            assert resolve(f"{address}/").func is resolve(address).func


def test_a_key_means_the_same_call_with_a_slash_and_without(cast: Cast, api: Api) -> None:
    call = shop_places(cast, api)
    first = call.send(call.body, **{"Idempotency-Key": "k1"})  # type: ignore[arg-type]
    again = call.send(call.body, path=f"{call.path}/", **{"Idempotency-Key": "k1"})  # type: ignore[arg-type]
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])


HOSTILE = [
    "items[0]=x&products[0]=x&customer=x&location=x",
    "items[a][b]=1&products[a]=1&customer[0]=1&location[0][0]=1",
    "currency[]=EUR&status[]=7&driver_tip[x]=1&paymethod_id[]=1&comment[]=x",
    "a" + "[b]" * 30 + "=1",
    "&".join(f"items[{at}][productId]=1&products[{at}][id]=1" for at in range(900)),
    "&" * 5001,
    "items[999999999][productId]=1&products[999999999][id]=1",
    "%00=1&a=%FF",
    "%ZZ=%&=&[=1&]=2",
]


@pytest.mark.parametrize("form", HOSTILE, ids=lambda form: form[:20])
def test_hostile_forms_are_refused_and_change_nothing(cast: Cast, api: Api, form: str) -> None:
    placing, updating = shop_places(cast, api), ordering_updates(cast, api)
    ordering = ordering_places(cast, api)
    with assert_nothing_changed():
        for call in (placing, ordering):
            response = call.client.generic("POST", call.path, form, "application/x-www-form-urlencoded")
            assert response.status_code == 400, response.json()
        response = updating.client.generic("PUT", updating.path, form, "application/x-www-form-urlencoded")
        assert response.status_code in (200, 400), response.json()


def test_what_the_shop_shows_may_be_put_back(cast: Cast, api: Api) -> None:
    """An item with all that is shown of it, and the whole order beside a status."""
    client = api(cast.owner)
    shown = client.post(shop.ORDERS, shop_places(cast, api).body).json()
    order = Order.objects.get(pk=shown["id"])
    with assert_nothing_changed(order):
        answer = client.put(shop.at(order, "/item"), shown["items"][0]).json()
        assert (answer.pop("change"), answer) == (None, shown)
        status = {**shown, "statusId": shown["status"]["id"]}
        assert client.patch(shop.at(order, "/status"), status).json() == shown


def test_no_input_of_a_dialect_reads_strictly() -> None:
    """Each is a DialectInput, and no field of one is of a kind that takes one spelling alone."""
    strict = {
        *(serializers.IntegerField, serializers.ChoiceField, serializers.DecimalField, serializers.DateTimeField),
        *(serializers.FloatField, StrictIntegerField, StrictIdField),
    }

    def below(kind: type[serializers.Serializer]) -> Iterator[type[serializers.Serializer]]:
        for one in kind.__subclasses__():
            yield one
            yield from below(one)

    inputs = [one for one in below(serializers.Serializer) if re.match(r"orders\.dialects\..*", one.__module__)]
    names = [one for one in inputs if "Output" not in one.__name__ and not issubclass(one, DialectInput)]
    assert [one.__name__ for one in names if one.__module__.endswith("inputs")] == []
    for one in inputs:
        if issubclass(one, DialectInput):
            assert [name for name, field in one().fields.items() if type(field) in strict] == [], one
