"""Idempotency-Key: a call can be repeated without harm."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from orders.models import Order
from ordersite.accounts.models import Address, User
from ordersite.core.crypto import decrypt
from ordersite.core.models import IdempotencyKey
from tests.cast import Cast, make_cast
from tests.orders.shopping import cart
from tests.promises.crowd import together

PATH, ORDERS = "/api/v1/me/addresses", "/api/v1/orders"
pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def guest_cart(cast: Cast, **changes: Any) -> dict[str, Any]:
    return cart(cast, **{"guest": {"name": "Gina", "phone": "+32470123456"}, **changes})


@pytest.fixture
def ann() -> User:
    return User.objects.create_user("ann@example.org", "x", name="Ann")


def test_a_repetition_answers_what_the_first_call_did(api: Api, ann: User) -> None:
    client = api(ann, idempotency_key="k1")
    first = client.post(PATH, {"address": "Street 1", "label": "Home"})
    second = client.post(PATH, {"label": "Home", "address": "Street 1"})
    assert (first.status_code, second.status_code) == (201, 201)
    assert "Idempotency-Replayed" not in first
    assert second["Idempotency-Replayed"] == "true"
    assert first.json() == second.json()
    assert Address.objects.count() == 1


def test_another_body_is_422_and_changes_nothing(api: Api, ann: User) -> None:
    client = api(ann, idempotency_key="k1")
    client.post(PATH, {"address": "Street 1"})
    response = client.post(PATH, {"address": "Street 2"})
    assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert list(Address.objects.values_list("address", flat=True)) == ["Street 1"]


def test_a_key_belongs_to_its_caller_method_and_path(api: Api, ann: User) -> None:
    bob = User.objects.create_user("bob@example.org", "x")
    one = api(ann, idempotency_key="k1").post(PATH, {"address": "Street 1"})
    other = api(bob, idempotency_key="k1").post(PATH, {"address": "Street 1"})
    assert (one.status_code, other.status_code) == (201, 201)
    assert one.data["id"] != other.data["id"]
    path = f"{PATH}/{one.data['id']}"
    assert api(ann, idempotency_key="k1").patch(path, {"address": "Street 1"}).status_code == 200
    assert api(ann, idempotency_key="k1").delete(path).status_code == 204
    again = api(ann, idempotency_key="k1").delete(path)
    assert (again.status_code, again.content, again["Idempotency-Replayed"]) == (204, b"", "true")


def test_only_a_success_is_kept(api: Api, ann: User) -> None:
    client = api(ann, idempotency_key="k1")
    assert client.post(PATH, {"address": ""}).status_code == 400
    assert client.delete(f"{PATH}/1").status_code == 404
    assert IdempotencyKey.objects.count() == 0
    assert client.post(PATH, {"address": "Street 1"}).status_code == 201


def test_a_failure_inside_leaves_neither_row_nor_key(api: Api, ann: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("ordersite.accounts.api.views.render", fail)
        assert api(ann, idempotency_key="k1").post(PATH, {"address": "Street 1"}).status_code == 500
    assert (Address.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    assert api(ann, idempotency_key="k1").post(PATH, {"address": "Street 1"}).status_code == 201


def test_the_answer_is_stored_encrypted_and_the_body_not_as_a_bare_hash(api: Api, ann: User) -> None:
    api(ann, idempotency_key="k1").post(PATH, {"address": "Secret street"})
    row = IdempotencyKey.objects.get()
    assert "Secret street" not in row.answer
    assert "Secret street" in decrypt(row.answer)
    assert row.fingerprint != hashlib.sha256(b'{"address":"Secret street"}').hexdigest()


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 129, "a\tb"])
def test_a_key_that_is_none_is_400(api: Api, ann: User, key: str) -> None:
    response = api(ann, idempotency_key=key).post(PATH, {"address": "Street 1"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "header:Idempotency-Key"
    assert not Address.objects.exists()


@pytest.mark.parametrize("order_token", ["", "x", "x" * 15])
@pytest.mark.parametrize(("length", "status"), [(1, 400), (15, 400), (16, 201), (128, 201), (129, 400)])
def test_the_key_of_nobody_has_at_least_16_characters(
    api: Api, cast: Cast, length: int, status: int, order_token: str
) -> None:
    headers = {"idempotency_key": "k" * length, **({"order_token": order_token} if order_token else {})}
    response = api(**headers).post(ORDERS, guest_cart(cast))
    assert response.status_code == status
    assert Order.objects.count() == (status == 201)
    if status == 400:
        assert response.json()["errors"][0]["pointer"] == "header:Idempotency-Key"


def test_who_is_known_may_send_a_short_key(api: Api, cast: Cast) -> None:
    placed = api().post(ORDERS, guest_cart(cast)).json()
    guest = api(order_token=placed["purchase"]["guest_token"], idempotency_key="k")
    path = f"{ORDERS}/{placed['orders'][0]['id']}"
    assert guest.patch(path, {"comment": "Ring"}).status_code == 200
    assert guest.patch(path, {"comment": "Ring"})["Idempotency-Replayed"] == "true"
    assert api(cast.customer, idempotency_key="k").post(ORDERS, guest_cart(cast, guest=None)).status_code == 201


def test_two_guests_with_one_key(api: Api, cast: Cast) -> None:
    """The same body is a repetition, whoever sends it; another one is refused, and told nothing of the first."""
    guest = api(idempotency_key="k" * 16)
    first = guest.post(ORDERS, guest_cart(cast))
    again = guest.post(ORDERS, guest_cart(cast))
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again["Idempotency-Replayed"]) == (first.json(), "true")
    for change in ({"comment": "another"}, {"vendor": cast.other_vendor.pk}, {"items": []}):
        other = guest.post(ORDERS, guest_cart(cast, **change))
        assert other.status_code == 422
        body = other.json()
        assert (body["code"], body["errors"]) == ("idempotency_key_reused", [])
        assert set(body) == {"type", "title", "status", "detail", "code", "request_id", "errors"}
        assert not any(str(text) in other.content.decode() for text in secrets_of(first.json()))
    assert Order.objects.count() == 1


def secrets_of(placed: Any) -> list[str]:
    purchase = placed["purchase"]
    return [purchase["uuid"], purchase["tracking_code"], purchase["guest_token"]]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_two_guests_with_one_key_at_once(api: Api, guarded: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each body is placed once at most, and nobody reads another's answer. The control keeps no keys."""
    cast = make_cast()
    if not guarded:
        monkeypatch.setattr("ordersite.web.views.key_scope", lambda **kwargs: "")

    def place(comment: str) -> tuple[str, Any]:
        return comment, api(idempotency_key="k" * 16).post(ORDERS, guest_cart(cast, comment=comment))

    answers = together([lambda: place("one"), lambda: place("other")] * 3)
    placed = [(comment, answer) for comment, answer in answers if answer.status_code == 201]
    if not guarded:
        assert Order.objects.count() == 6
        return
    assert Order.objects.count() == 1
    assert {comment for comment, _ in placed} == {Order.objects.get().comment}
    assert len({answer.content for _, answer in placed}) == 1
    assert sorted(answer.status_code for _, answer in answers) == [201, 201, 201, 422, 422, 422]


def test_the_document_names_the_key_where_it_is_read() -> None:
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    described = {}
    for path, operations in paths.items():
        for method, operation in operations.items():
            keys = [one["description"] for one in operation.get("parameters", []) if one["name"] == "Idempotency-Key"]
            described[f"{method.upper()} {path.removeprefix('/api/v1')}"] = keys
    unsafe = {call: keys for call, keys in described.items() if not call.startswith("GET ")}
    assert {call for call, keys in unsafe.items() if not keys} == {
        "POST /auth/token",
        "POST /devices/pair",
        "POST /auth/token/refresh",
        "POST /auth/register",
        "POST /auth/register/confirm",
        "POST /auth/password-reset/confirm",
        "DELETE /me/payment-methods/{method_id}",
        "POST /me/erasure",
        "POST /payments/notices/{provider}",
    }
    assert all("at least 16 characters" in keys[0] for keys in unsafe.values() if keys)
    assert not any(keys for call, keys in described.items() if call.startswith("GET "))
