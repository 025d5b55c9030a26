"""The recipe "Where a dialect is added": one row, and its calls, refusals, document and webhooks are served."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from drf_spectacular.validation import validate_schema
from rest_framework.test import APIClient

from orders.dialects import registry
from orders.models import Order, WebhookEndpoint
from orders.services.outgoing import deliveries
from orders.services.outgoing.formats import STANDARD
from ordersite.web.views import shared
from tests.cast import Cast
from tests.dialects.calling import HOOKS, deliver_all
from tests.dialects.generated import read_document
from tests.orders.shopping import cart, place_order
from tests.recipes.toy_dialect import DIALECT
from tests.tracking.receiver import receiving

Api = Callable[..., APIClient]
TOY = "/dialects/toy/orders"


@pytest.fixture(autouse=True)
def row(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The row stands as if since the process began: inputs, which know the formats, are built anew."""
    settings.ROOT_URLCONF = "tests.recipes.toy_urls"
    monkeypatch.setattr(registry, "DIALECTS", (*registry.DIALECTS, DIALECT))
    shared.cache_clear()
    yield
    shared.cache_clear()


def test_an_order_is_placed_and_read(cast: Cast, api: Api) -> None:
    client = api(cast.customer)
    answer = client.post(TOY, {"shop": str(cast.vendor.pk), "thing": cast.products["pizza"].pk, "note": "not known"})
    assert answer.status_code == 201, answer.json()
    order = Order.objects.get()
    assert answer.json() == {"number": order.pk, "state": "going on"}
    api(cast.owner).post(f"/api/v1/orders/{order.pk}/transitions", {"transition": "reject", "reason_code": "mistake"})
    assert client.get(f"{TOY}/{order.pk}/").json() == {"number": order.pk, "state": "over"}


@pytest.mark.parametrize(
    ("path", "who", "status", "wrong"),
    [
        ("", "customer", 400, "missing"),
        ("", "", 401, ""),
        ("/{order}", "stranger", 404, ""),
        ("/{order}/nowhere", "customer", 404, ""),
    ],
)
def test_every_refusal_has_its_shape(cast: Cast, api: Api, path: str, who: str, status: int, wrong: str) -> None:
    placed = api(cast.customer).post(TOY, {"shop": cast.vendor.pk, "thing": cast.products["pizza"].pk}).json()
    client = api(getattr(cast, who)) if who else api()
    path = TOY + path.format(order=placed["number"])
    answer = client.get(path) if path != TOY else client.post(path, {})
    assert (answer.status_code, list(answer.json())) == (status, ["wrong"])
    assert wrong in answer.json()["wrong"]
    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"thing": 10**6}, "/thing: This vendor has no such product: read its menu."),
        ({"shop": 10**6}, "There is no such vendor: read /api/v1/vendors."),
    ],
)
def test_a_refusal_is_said_in_its_names(cast: Cast, api: Api, sent: dict[str, int], wrong: str) -> None:
    usual = {"shop": cast.vendor.pk, "thing": cast.products["pizza"].pk}
    answer = api(cast.customer).post(TOY, {**usual, **sent})
    assert (answer.status_code, answer.json()) == (400, {"wrong": wrong})


def test_its_document_renders() -> None:
    document = read_document("toy")
    validate_schema(document)
    assert document["info"]["title"] == "Toy"
    assert {
        path: {method: operation["operationId"] for method, operation in operations.items()}
        for path, operations in document["paths"].items()
    } == {TOY: {"post": "buy"}, f"{TOY}/{{order_id}}": {"get": "look"}}
    assert set(document["components"]["schemas"]) == {"ToyInputRequest", "ToyOutput", "ToyError"}


def test_its_consumers_are_told_in_its_shape(cast: Cast, api: Api) -> None:
    """By its names, in its body and with its header; a test, which it has no shape for, in ours."""
    owner = api(cast.owner)
    with receiving() as receiver:
        asked = {"url": receiver.url, "types": ["over", "began", "moved"], "format": "toy"}
        added = owner.post(HOOKS, {**asked, "merchant": cast.merchant.pk}).json()
        assert (added["format"], added["types"]) == ("toy", ["began", "moved", "over"])
        order = place_order(api(cast.customer), cart(cast))
        assert deliver_all(added["id"]) == 1
        owner.post(f"/api/v1/orders/{order.pk}/transitions", {"transition": "reject", "reason_code": "mistake"})
        assert deliver_all(added["id"]) == 2
        owner.post(f"{HOOKS}/{added['id']}/test")
        assert deliver_all(added["id"]) == 1
    bodies = [json.loads(received.body) for received in receiver.calls]
    assert bodies[:3] == [
        {"news": "began", "number": order.pk, "state": "going on"},
        {"news": "moved", "number": order.pk, "state": "over"},
        {"news": "over", "number": order.pk, "state": "over"},
    ]
    assert (bodies[3]["type"], bodies[3]["data"]) == ("webhook.test", {})
    assert [received.headers["x-toy"] for received in receiver.calls] == [
        f"{len(received.body)} whsec_" for received in receiver.calls
    ]


def test_names_of_another_format_are_no_news(cast: Cast, api: Api) -> None:
    asked = {"url": "http://127.0.0.1:9/", "types": ["order.placed"], "format": "toy", "merchant": cast.merchant.pk}
    answer = api(cast.owner).post(HOOKS, asked)
    assert answer.status_code == 400
    assert answer.json()["errors"] == [
        {
            "pointer": "/types",
            "code": "unknown",
            "detail": "This is not told in the endpoint's format: send any of began, moved, over.",
        }
    ]
    assert not WebhookEndpoint.objects.exists()


def test_one_of_a_dialect_that_is_gone_is_told_of_nothing(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nobody else waits for it."""
    left, stays = (
        WebhookEndpoint.objects.create(
            merchant=cast.merchant, url="http://127.0.0.1:9/", types=types, format=name, secret_sealed=""
        )
        for name, types in (("toy", ["began"]), (STANDARD.name, ["order.placed"]))
    )
    monkeypatch.setattr(registry, "DIALECTS", registry.DIALECTS[:-1])
    place_order(api(cast.customer), cart(cast))
    deliveries.pass_on()
    assert [row.deliveries.count() for row in (left, stays)] == [0, 1]
