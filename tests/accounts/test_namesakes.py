"""Somebody registers with another's name and e-mail: staff are told wherever they name or choose people."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.models import Account, Order
from ordersite.accounts.models import Customer, User
from ordersite.accounts.registration import register
from tests.cast import Cast
from tests.office import form_of
from tests.orders.back_office import place_order
from tests.orders.shopping import fill_wallet

pytestmark = pytest.mark.django_db
TOP_UP = "/admin/orders/account/top-up/"


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", name="Root"))
    return client


@pytest.fixture
def ada(db: None) -> Customer:
    """The one whom staff know; the others came before and after her."""
    guest("Ada Peeters")
    impostor("Ada Peeters")
    user = User.objects.create_user("ada@example.org", name="Ada Peeters")
    customer = Customer.objects.create(user=user, name="Ada Peeters", email="ada@example.org")
    impostor("Ada Peeters")
    guest("Ada Peeters")
    return customer


def impostor(name: str) -> Customer:
    user, _ = register(
        email="ada@example.org", password="a-long-enough-passphrase", name=name, phone="", address="192.0.2.1"
    )
    return user.customer


def guest(name: str) -> Customer:
    return Customer.objects.create(name=name, email="ada@example.org")


def offered(office: Client, field: str, term: str) -> list[str]:
    app, model, name = field.split(".")
    query = {"app_label": app, "model_name": model, "field_name": name, "term": term}
    response = office.get("/admin/autocomplete/", query)
    assert response.status_code == 200
    return [row["text"] for row in response.json()["results"]]


ADA = "Ada Peeters, ada@example.org"


@pytest.mark.parametrize(
    ("field", "ranked"),
    [
        ("orders.order.customer", [ADA, *[f"{ADA} (not confirmed)"] * 2, *[f"{ADA} (guest)"] * 2]),
        ("orders.account.customer", [ADA, *[f"{ADA} (not confirmed)"] * 2, *[f"{ADA} (guest)"] * 2]),
        ("vendors.member.user", ["ada@example.org", *["ada@example.org (not confirmed)"] * 2]),
        ("vendors.driver.user", ["ada@example.org", *["ada@example.org (not confirmed)"] * 2]),
    ],
)
def test_a_chooser_offers_who_is_confirmed_first_and_marks_the_others(
    office: Client, ada: Customer, field: str, ranked: list[str]
) -> None:
    for term in ("Ada Peeters", "ADA@example.org"):
        assert offered(office, field, term) == ranked
    unasked = offered(office, field, "")
    assert ranked[0] in unasked
    assert [text for text in unasked if text.endswith(")")] == []


@pytest.mark.parametrize("page", ["customer", "user"])
def test_a_searched_list_ranks_alike_unless_a_column_is_asked_for(office: Client, ada: Customer, page: str) -> None:
    def listed(**query: str) -> list[Any]:
        rows = office.get(f"/admin/accounts/{page}/", query).context["cl"].result_list
        return [row.mark for row in rows]

    guests = [" (guest)"] * 2 if page == "customer" else []
    assert listed(q="Ada Peeters") == ["", " (not confirmed)", " (not confirmed)", *guests]
    assert len(listed(q="Ada Peeters", o="1")) == 3 + len(guests)
    assert listed()[-1] == ""  # the newest first: the cast was there before


def test_who_is_topped_up_is_told_before_it_is_done(office: Client, ada: Customer) -> None:
    other = Customer.objects.filter(user__isnull=False, name="Ada Peeters").exclude(pk=ada.pk).latest("pk")
    for customer, shown in ((ada, ADA), (other, f"{ADA} (not confirmed)")):
        chosen = office.get(TOP_UP, {"customer": customer.pk})
        assert f"selected>{shown}</option>" in chosen.content.decode()
        asked = office.post(TOP_UP, {"customer": customer.pk, "currency": "EUR", "amount": "5.00"})
        assert dict(asked.context["deed"].facts)["Customer"] == shown
        done = office.post(TOP_UP, form_of(asked), follow=True)
        assert [str(message) for message in done.context["messages"]] == [
            f"5.00\u00a0EUR put into the wallet of {shown}."
        ]
    refused = office.post(TOP_UP, {"customer": guest("Ada").pk, "currency": "EUR", "amount": "5.00"})
    assert refused.context["form"].errors == {"customer": ["Choose a customer with an account: a guest has no wallet."]}
    assert Account.objects.filter(kind=Account.Kind.WALLET).count() == 2


def test_lists_and_pages_name_it_in_a_fixed_number_of_statements(office: Client, cast: Cast, ada: Customer) -> None:
    def seen(path: str) -> tuple[str, int]:
        with CaptureQueriesContext(connection) as queries:
            page = office.get(path)
        assert page.status_code == 200
        return page.content.decode(), len(queries)

    def order_by(customer: Customer) -> Order:
        order = place_order(cast)
        Order.objects.filter(pk=order.pk).update(customer=customer, contact_name=customer.name)
        order.purchase.customer = customer
        order.purchase.save(update_fields=["customer"])
        fill_wallet(customer, 500)
        return order

    lists = [f"/admin/orders/{name}/" for name in ("order", "purchase", "account")]
    order = order_by(impostor("Ada Peeters"))
    before = [seen(path) for path in lists]
    assert all("(not confirmed)" in text for text, _ in before)
    for _ in range(3):
        order_by(impostor("Ada Peeters"))
    assert [count for _, count in map(seen, lists)] == [count for _, count in before]
    for path in (
        f"/admin/orders/order/{order.pk}/change/",
        f"/admin/orders/purchase/{order.purchase_id}/change/",
        f"/admin/accounts/customer/{Order.objects.get(pk=order.pk).customer_id}/change/",
        f"/admin/orders/order/phone/?vendor={cast.vendor.pk}&customer={Order.objects.get(pk=order.pk).customer_id}",
    ):
        assert "(not confirmed)" in seen(path)[0], path
