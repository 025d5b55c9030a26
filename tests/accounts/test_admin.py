"""Users, customers and API tokens in the back-office."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ordersite.accounts.models import Address, ApiToken, Customer, User
from tests.office import change, choose

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-enough-passphrase"


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root@example.org", PASSWORD, name="Root")


@pytest.fixture
def office(root: User) -> Client:
    client = Client()
    assert client.login(email="ROOT@example.org", password=PASSWORD)
    return client


def test_signs_in_by_email(root: User) -> None:
    client = Client()
    response = client.post("/admin/login/?next=/admin/", {"username": "Root@Example.org", "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/admin/")


def test_makes_a_user_in_lower_case(office: Client) -> None:
    assert office.get("/admin/accounts/user/add/").status_code == 200
    form = {"email": "New@Example.org", "name": "New", "usable_password": "true"}
    response = office.post("/admin/accounts/user/add/", {**form, "password1": PASSWORD, "password2": PASSWORD})
    assert response.status_code == 302
    user = User.objects.get(name="New")
    assert user.email == "new@example.org"
    assert user.check_password(PASSWORD)
    assert office.get(f"/admin/accounts/user/{user.pk}/change/").status_code == 200


def test_staff_give_themselves_no_rights_and_do_not_touch_a_superuser(root: User) -> None:
    clerk = User.objects.create_user("clerk@example.org", PASSWORD, is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client = Client()
    client.force_login(clerk)
    form = {"email": clerk.email, "name": "Clerk", "is_active": "on", "is_staff": "on", "is_superuser": "on"}
    change(client, f"/admin/accounts/user/{clerk.pk}/change/", **form)
    clerk.refresh_from_db()
    assert (clerk.name, clerk.is_superuser) == ("Clerk", False)
    assert client.post(f"/admin/accounts/user/{root.pk}/change/", {**form, "email": "x@example.org"}).status_code == 403
    passwords = {"password1": "my-own-long-passphrase", "password2": "my-own-long-passphrase"}
    assert client.post(f"/admin/accounts/user/{root.pk}/password/", passwords).status_code == 403
    root.refresh_from_db()
    assert root.email == "root@example.org"
    assert root.check_password(PASSWORD)


def test_hashes_of_api_tokens_are_never_shown_and_tokens_are_revoked(office: Client, root: User) -> None:
    token = ApiToken.objects.create(
        name="Till", user=root, created_by=root, token_hash="f" * 64, hint="ost_abcd",
        expires_at=datetime(2031, 5, 6, 7, 8, tzinfo=UTC),
    )  # fmt: skip
    assert '<td class="field-expires_at nowrap">6 May 2031 ' in office.get("/admin/accounts/apitoken/").content.decode()
    for path in ("", f"{token.pk}/change/"):
        page = office.get(f"/admin/accounts/apitoken/{path}")
        assert page.status_code == 200
        assert "f" * 64 not in page.content.decode()
    assert office.get("/admin/accounts/apitoken/add/").status_code == 403
    choose(office, "/admin/accounts/apitoken/", "revoke", [token])
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_lists_cost_the_same_for_one_row_and_for_many(office: Client, root: User) -> None:
    def fill(number: int) -> None:
        user = User.objects.create_user(f"u{number}@example.org")
        customer = Customer.objects.create(user=user, name=f"C{number}")
        Address.objects.create(customer=customer, address="Street 1")
        ApiToken.objects.create(name="T", user=user, token_hash=str(number), hint="ost_")

    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert office.get(path).status_code == 200
        return len(seen)

    paths = [f"/admin/accounts/{name}/" for name in ("user", "customer", "apitoken")]
    fill(0)
    few = [cost(path) for path in paths]
    for number in range(1, 8):
        fill(number)
    assert [cost(path) for path in paths] == few
    customer = Customer.objects.first()
    assert customer
    assert office.get(f"/admin/accounts/customer/{customer.pk}/change/").status_code == 200
