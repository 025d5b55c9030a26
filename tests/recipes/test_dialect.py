"""The recipe "Where a dialect is added": one row, and its calls, refusals and document are served."""

from collections.abc import Callable
from typing import Any

import pytest
from drf_spectacular.validation import validate_schema
from rest_framework.test import APIClient

from orders.dialects import urls
from orders.models import Order
from tests.cast import Cast
from tests.dialects.generated import read_document
from tests.recipes.toy_dialect import DIALECT

Api = Callable[..., APIClient]
TOY = "/dialects/toy/orders"


@pytest.fixture(autouse=True)
def row(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ROOT_URLCONF = "tests.recipes.toy_urls"
    monkeypatch.setattr(urls, "DIALECTS", (*urls.DIALECTS, DIALECT))


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
