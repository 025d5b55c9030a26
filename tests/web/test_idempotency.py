"""Idempotency-Key: a call can be repeated without harm."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from ordersite.accounts.models import Address, User
from ordersite.web.crypto import decrypt
from ordersite.web.models import IdempotencyKey

PATH = "/api/v1/me/addresses"
pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


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
