"""GET, PATCH /me and /me/addresses."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from ordersite.accounts.models import Address, Customer, User
from vendors.models import Member, Merchant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty")]
Api = Callable[..., APIClient]


@pytest.fixture
def ann() -> User:
    user = User.objects.create_user("ann@example.org", "x", name="Ann")
    Customer.objects.create(user=user, name="Ann", email=user.email)
    return user


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob@example.org", "x", name="Bob", phone="+32470123456")


def test_me_without_a_customer(api: Api, bob: User) -> None:
    assert api(bob).get("/api/v1/me").json() == {
        "id": bob.pk,
        "uuid": str(bob.uuid),
        "email": "bob@example.org",
        "email_confirmed": True,
        "name": "Bob",
        "phone": "+32470123456",
        "is_staff": False,
        "customer": None,
        "merchants": [],
        "declined_mails": [],
    }


def test_me_names_the_merchants_that_one_works_at(api: Api, bob: User) -> None:
    """By their ids an owner adds API tokens and webhook endpoints."""
    bakery, anvers = Merchant.objects.create(name="Bakery"), Merchant.objects.create(name="Anvers")
    Member.objects.create(user=bob, merchant=bakery, role=Member.Role.OWNER)
    Member.objects.create(user=bob, merchant=anvers)
    told = [
        {"id": anvers.pk, "name": "Anvers", "role": "staff"},
        {"id": bakery.pk, "name": "Bakery", "role": "owner"},
    ]
    assert api(bob).get("/api/v1/me").json()["merchants"] == told
    assert api(bob).patch("/api/v1/me", {"name": "Bobby"}).json()["merchants"] == told


def test_nobody_is_401(api: Api, db: None) -> None:
    for path in ("/api/v1/me", "/api/v1/me/addresses", "/api/v1/api-tokens"):
        response = api().get(path)
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == "Bearer"


def test_a_change_reaches_the_customer_too(api: Api, ann: User) -> None:
    response = api(ann).patch("/api/v1/me", {"name": "Anna", "phone": "+32 470 12 34 57"})
    assert (response.status_code, response.data["name"], response.data["phone"]) == (200, "Anna", "+32470123457")
    customer = Customer.objects.get()
    assert (customer.name, customer.phone) == ("Anna", "+32470123457")


@pytest.mark.parametrize(
    "change", [{"email": "b@example.org"}, {"is_staff": True}, {"phone": "1"}, {"name": "x" * 121}]
)
def test_what_may_not_change_does_not(api: Api, ann: User, change: dict[str, Any]) -> None:
    response = api(ann).patch("/api/v1/me", change)
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/" + next(iter(change))
    ann.refresh_from_db()
    assert (ann.email, ann.name, ann.phone, ann.is_staff) == ("ann@example.org", "Ann", "", False)


def test_the_first_address_makes_a_customer(api: Api, bob: User) -> None:
    body = {"label": "Home", "address": "Main street 1", "location": {"lat": 50.85, "lng": 4.35}}
    response = api(bob).post("/api/v1/me/addresses", body)
    assert response.status_code == 201
    assert response.json() == {"id": Address.objects.get().pk, "address_notes": "", **body}
    customer = Customer.objects.get()
    assert (customer.user, customer.name, customer.email, customer.phone) == (bob, "Bob", bob.email, bob.phone)
    assert api(bob).post("/api/v1/me/addresses", {"address": "Side street 2"}).data["location"] is None
    assert Customer.objects.count() == 1


def test_addresses_come_in_pages(api: Api, ann: User, django_assert_num_queries: Any) -> None:
    Address.objects.bulk_create(Address(customer=ann.customer, address=f"Street {n}") for n in range(17))
    with django_assert_num_queries(3):
        first = api(ann).get("/api/v1/me/addresses").json()
    assert (first["count"], len(first["results"]), first["previous"]) == (17, 15, None)
    second = api(ann).get(first["next"]).json()
    assert [row["address"] for row in second["results"]] == ["Street 15", "Street 16"]
    assert api(ann).get("/api/v1/me/addresses?page=3").status_code == 404
    assert api(ann).get("/api/v1/me/addresses?per_page=101").status_code == 400
    assert api(ann).get("/api/v1/me/addresses?ordering=customer").status_code == 400


def test_an_address_is_changed_and_forgotten_by_its_owner_only(api: Api, ann: User, bob: User) -> None:
    address = Address.objects.create(customer=ann.customer, address="Street 1", lat=1, lng=2)
    path = f"/api/v1/me/addresses/{address.pk}"
    assert api(bob).get("/api/v1/me/addresses").data["results"] == []
    assert api(bob).patch(path, {"address": "Mine"}).status_code == 404
    assert api(bob).delete(path).status_code == 404
    assert list(Address.objects.values_list("address", "lat", "lng")) == [("Street 1", 1, 2)]
    changed = api(ann).patch(path, {"address_notes": "Ring twice"})
    assert (changed.status_code, changed.data["address"], changed.data["address_notes"]) == (
        200,
        "Street 1",
        "Ring twice",
    )
    assert changed.data["location"] == {"lat": 1, "lng": 2}
    assert api(ann).patch(path, {"location": None}).data["location"] is None
    assert api(ann).delete(path).status_code == 204
    assert not Address.objects.exists()


@pytest.mark.parametrize("location", [{"lat": 1}, {"lat": 91, "lng": 0}, {"lat": 0, "lng": 0, "alt": 1}, [1, 2], "x"])
@pytest.mark.parametrize("method", ["post", "patch"])
def test_half_a_point_is_none(api: Api, ann: User, location: Any, method: str) -> None:
    address = Address.objects.create(customer=ann.customer, address="Street 1")
    path = "/api/v1/me/addresses" + (f"/{address.pk}" if method == "patch" else "")
    response = getattr(api(ann), method)(path, {"address": "Street 2", "location": location})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"].startswith("/location")
    assert list(Address.objects.values_list("address", "lat")) == [("Street 1", None)]
