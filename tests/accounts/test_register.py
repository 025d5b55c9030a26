"""POST /auth/register."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from ordersite.accounts import services
from ordersite.accounts.models import Customer, User
from ordersite.web.models import IdempotencyKey

BODY = {"email": "New@Example.org", "password": "a-long-enough-passphrase", "name": "Nele", "phone": "+32 470 12 34 56"}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty")]


def register(client: APIClient | None = None, **changes: Any) -> Any:
    return (client or APIClient()).post("/api/v1/auth/register", {**BODY, **changes})


def test_registers_a_user_with_its_customer_signed_in() -> None:
    response = register()
    assert response.status_code == 201
    user, customer = User.objects.get(), Customer.objects.get()
    data = dict(response.json())
    access = data.pop("access")
    assert data.pop("refresh")
    assert data == {
        "id": user.pk,
        "uuid": str(user.uuid),
        "email": "new@example.org",
        "name": "Nele",
        "phone": "+32470123456",
        "is_staff": False,
        "customer": {"id": customer.pk, "uuid": str(customer.uuid)},
    }
    assert (customer.user, customer.name, customer.email, customer.phone) == (user, "Nele", user.email, user.phone)
    me = APIClient(headers={"Authorization": f"Bearer {access}"}).get("/api/v1/me")
    assert me.json() == data


def test_name_and_phone_may_be_left_out() -> None:
    response = APIClient().post("/api/v1/auth/register", {"email": "a@example.org", "password": BODY["password"]})
    assert (response.status_code, response.data["name"], response.data["phone"]) == (201, "", "")


@pytest.mark.parametrize("key", [False, True])
def test_an_email_that_exists_in_any_case_is_refused(key: bool) -> None:
    register()
    client = APIClient(headers={"Idempotency-Key": "again"} if key else {})
    response = register(client, email="NEW@example.ORG", name="Other")
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/email"
    assert response.json()["errors"][0]["code"] == "taken"
    assert list(User.objects.values_list("name", flat=True)) == ["Nele"]
    assert Customer.objects.count() == 1
    assert IdempotencyKey.objects.count() == 0


@pytest.mark.parametrize("password", ["short", "password", "new@example.org"])
def test_a_weak_password_is_refused(password: str) -> None:
    response = register(password=password)
    assert response.status_code == 400
    assert {error["pointer"] for error in response.json()["errors"]} == {"/password"}
    assert not User.objects.exists()
    assert not Customer.objects.exists()


@pytest.mark.parametrize("phone", ["0470123456", "12", "+999123", "call me", "+32470123456 ext 5", "+" * 300, 5, True])
def test_a_phone_that_is_none_is_refused_with_the_remedy(phone: Any) -> None:
    response = register(phone=phone)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/phone"
    assert not User.objects.exists()


def test_an_email_that_grows_by_lower_case_is_no_fault() -> None:
    response = register(email="a@" + ".".join(["İ" * 30] * 7) + ".com")
    assert response.status_code in (201, 400)


def test_registrations_are_counted_per_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "ADDRESS_TRIES", 2)
    key = {"Idempotency-Key": "k"}
    assert register().status_code == 201
    # A refusal is a try too, with an Idempotency-Key as without.
    assert register(APIClient(headers=key)).status_code == 400
    response = register(email="third@example.org")
    assert response.status_code == 429
    assert User.objects.count() == 1
    assert register(APIClient(REMOTE_ADDR="192.0.2.7"), email="third@example.org").status_code == 201


@pytest.mark.parametrize("key", [False, True])
def test_of_two_registrations_at_once_one_wins(key: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(password: str, user: User) -> None:
        User.objects.create_user(user.email, password, name="First")

    monkeypatch.setattr(services, "check_password_rules", meanwhile)
    response = register(APIClient(headers={"Idempotency-Key": "k"} if key else {}))
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/email"
    assert list(User.objects.values_list("name", flat=True)) == ["First"]
    assert not Customer.objects.exists()
