"""The search over everything: what each kind is found by, by whose rights, and that no table is read whole."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.admin import everything
from orders.lifecycle.table import Status
from orders.models import Code, IssuedDocument, Line, Payment
from orders.services.capacity.code_imports import fingerprints
from ordersite.accounts.models import Customer, User
from ordersite.core.crypto import encrypt
from tests.cast import Cast, in_roles, make_clerk, make_customer, make_manager
from tests.orders.admin.test_desk_volume import fill, plans_that_read
from tests.orders.back_office import place_order
from tests.orders.rows import make_order
from vendors.models import Driver

pytestmark = pytest.mark.django_db
SECRET = "ABCD-EFGH"
GROUP = re.compile(r'<h2 id="found-\d+">([^<]*)</h2>(.*?)</section>', re.DOTALL)
LINK = re.compile(r'<li><a href="([^"]*)"')


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def office(cast: Cast) -> Client:
    return client_of(cast.staff)


def found(client: Client, text: str) -> dict[str, list[str]]:
    """Where the rows of each group lead."""
    answer = client.get("/admin/search/", {"q": text})
    assert answer.status_code == 200
    return {title: LINK.findall(rows) for title, rows in GROUP.findall(answer.content.decode())}


def page_of(row: Any) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


@pytest.fixture
def world(cast: Cast) -> dict[str, Any]:
    """One of each kind, and beside it another of which nothing is looked for."""
    order = make_order(
        cast,
        external_code="SHOP-77",
        number=4711,
        number_series="delivery",
        contact_name="Zoë Müller",
        contact_phone="+32470123456",
    )
    payment = Payment.objects.get(purchase=order.purchase)
    Payment.objects.filter(pk=payment.pk).update(provider="mollie", reference="tr_7UhSN1zuXS")
    other = place_order(cast)
    line = Line.objects.get(order=other)
    code = Code.objects.create(
        product=cast.products["burger"],
        sealed=encrypt(SECRET),
        fingerprint=fingerprints(SECRET)[0],
        last4="EFGH",
        line=line,
        issued_at=timezone.now(),
    )
    document = IssuedDocument.objects.create(
        kind="invoice", seller=cast.merchant, year=2026, number=12, order=order, currency="EUR", total=1500, content={}
    )
    Driver.objects.filter(pk=cast.driver_row.pk).update(phone="+32471000001")
    _, petra = make_customer("Petra Peeters")
    Customer.objects.filter(pk=petra.pk).update(phone="+32472000002", email="petra@shop.example")
    return {
        "order": order,
        "other": other,
        "payment": payment,
        "purchase": order.purchase,
        "code": code,
        "document": document,
        "driver": cast.driver_row,
        "vendor": cast.vendor,
        "customer": petra,
    }


# What is typed, and what it finds by group.
TERMS: dict[str, dict[str, str]] = {
    "zoe": {"Orders": "order"},
    "MÜLLER": {"Orders": "order"},
    "0470 12 34 56": {"Orders": "order"},
    "+32 (0)470/12.34.56": {"Orders": "order"},
    "4711": {"Orders": "order"},
    "D4711": {"Orders": "order"},
    "P4711": {},
    "SHOP-77": {"Orders": "order", "Purchases": "purchase", "Payments": "payment"},
    "tr_7UhSN1zuXS": {"Payments": "payment"},
    "2026-000012": {"Invoices and credit notes": "document"},
    "2026-12": {"Invoices and credit notes": "document"},
    "2026-13": {},
    SECRET: {"Orders": "other", "Codes": "code"},
    "0471000001": {"Drivers": "driver"},
    "dora": {"Drivers": "driver"},
    "dora.driver@example.org": {"Drivers": "driver"},
    "peeters": {"Customers": "customer"},
    "petra p": {"Customers": "customer"},
    "0032472000002": {"Customers": "customer"},
    "petra@shop.example": {"Customers": "customer"},
    "PETRA.PEETERS@example.org": {"Customers": "customer"},
    "burger": {"Vendors": "vendor"},
    "nobody": {},
    "%": {},
    "' OR 1=1": {},
}


@pytest.mark.parametrize("term", TERMS)
def test_finds_each_kind(world: dict[str, Any], term: str) -> None:
    root = client_of(User.objects.create_superuser("root@example.org", name="Root"))
    assert found(root, term) == {title: [page_of(world[name])] for title, name in TERMS[term].items()}


def test_finds_by_uuid_and_tracking_code(world: dict[str, Any], office: Client) -> None:
    order = world["order"]
    assert found(office, str(order.uuid)) == {"Orders": [page_of(order)]}
    assert found(office, str(order.purchase.uuid)).keys() == {"Orders", "Purchases", "Payments"}
    assert found(office, order.tracking_code).keys() == {"Orders", "Purchases"}
    assert found(office, str(world["customer"].uuid)) == {"Customers": [page_of(world["customer"])]}


def test_each_role_finds_what_it_may_open(world: dict[str, Any], cast: Cast) -> None:
    told = {
        "support": {"Orders", "Purchases", "Payments"},
        "finance": {"Orders", "Purchases", "Payments"},
        "dispatcher": {"Orders"},
        "catalogue": set(),
    }
    for role, groups in told.items():
        client = client_of(in_roles(make_clerk(name=f"In {role}"), role))
        assert found(client, "SHOP-77").keys() == groups, role
    for text, title in (("dora", "Drivers"), ("burger", "Vendors")):
        assert found(client_of(in_roles(make_clerk(name=f"D {text}"), "dispatcher")), text).keys() == {title}
    nobody = client_of(make_clerk(name="No Body"))
    assert nobody.get("/admin/search/", {"q": "zoe"}).status_code == 403
    assert b"search-all" not in nobody.get("/admin/").content
    assert client_of(cast.customer).get("/admin/search/").status_code == 302


def test_a_manager_finds_the_rows_of_its_vendors(world: dict[str, Any], cast: Cast) -> None:
    ours, theirs = client_of(make_manager(cast.vendor)), client_of(make_manager(cast.other_vendor, "Max Manager"))
    assert found(ours, "zoe") == {"Orders": [page_of(world["order"])]}
    assert found(theirs, "zoe") == {}
    assert found(theirs, "burger") == {}
    assert found(ours, SECRET) == {"Orders": [page_of(world["other"])], "Codes": [page_of(world["code"])]}
    assert found(theirs, SECRET) == {}
    assert found(ours, "peeters") == {}
    courier = cast.courier_row
    assert found(ours, courier.name) == {"Drivers": [page_of(courier)]}
    assert found(ours, "dora") == {}


def test_each_group_ends_and_leads_to_the_rest(cast: Cast, office: Client) -> None:
    orders = [make_order(cast, contact_name="Zita Zand").pk for _ in range(everything.MOST_SHOWN + 2)]
    page = office.get("/admin/search/", {"q": "zand"}).content.decode()
    newest = sorted(orders, reverse=True)[: everything.MOST_SHOWN]
    assert LINK.findall(page) == [f"/admin/orders/order/{pk}/change/" for pk in newest]
    assert '<a href="/admin/orders/order/?q=zand">show all in their list</a>' in page


@pytest.mark.parametrize("query", ["q=%00", f"q={'9' * 400}", "q=%ED%A0%80", "q=", "", "q=a&q=b", "q=%26%7C!%3A*"])
def test_nonsense_is_no_fault(cast: Cast, office: Client, query: str) -> None:
    assert office.get(f"/admin/search/?{query}").status_code == (400 if "%00" in query else 200)


def test_it_is_only_read(cast: Cast, office: Client) -> None:
    assert office.post("/admin/search/", {"q": "x"}).status_code == 405


def test_it_costs_the_same_however_much_there_is(cast: Cast, office: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            found(office, "0470123456")
        return len(queries)

    make_order(cast, contact_phone="+32470123456")
    few = cost()
    for _ in range(12):
        make_order(cast, contact_phone="+32470123456")
    assert cost() == few <= 15


@pytest.mark.postgres
@pytest.mark.slow
def test_no_table_is_read_whole(cast: Cast, office: Client) -> None:
    fill(make_order(cast, Status.COMPLETED))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_customer (uuid, name, email, phone, created_at) SELECT gen_random_uuid(),"
            " 'Clara ' || md5(n::text), n || '@example.org', '+32470' || n, now() FROM generate_series(1, 100000) n"
        )
        cursor.execute("ANALYZE accounts_customer")
    slowest = 0.0
    for text in ("rara", "nobody", "4711", "0470/123", "9@example.org", "000123", "SHOP-1", "D4711", "clara", "2026-1"):
        with CaptureQueriesContext(connection) as queries:
            begun = timezone.now()
            assert office.get("/admin/search/", {"q": text}).status_code == 200
            slowest = max(slowest, (timezone.now() - begun).total_seconds())
        assert len(queries) <= 15
        if text != "clara":  # everybody is called so
            for table in ("orders_order", "accounts_customer"):
                assert plans_that_read(1000, table, queries) == [], text
    assert slowest < 1
