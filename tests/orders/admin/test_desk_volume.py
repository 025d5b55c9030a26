"""Lists over many: no filter, tab or search of them reads the whole table."""

import re
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.lifecycle.table import Status
from orders.models import Account, Order
from ordersite.accounts.models import Customer, User
from tests.cast import Cast
from tests.orders.rows import make_order
from tests.orders.walking import Api

pytestmark = [pytest.mark.django_db, pytest.mark.postgres, pytest.mark.slow]
LIST = "/admin/orders/order/"
MANY = 100_000
# Counts end at MAX_LIST_DEPTH.
MOST_READ = 10_100
# What differs from one order to the next; `n` counts them. One in 3,000 is open, one in 5,000 each rare thing.
DIFFERENT = {
    "uuid": "gen_random_uuid()",
    "tracking_hash": "md5(n::text)",
    "number": "1000000 + n",
    "status": f"CASE n % 3000 WHEN 0 THEN {int(Status.PENDING)} ELSE {int(Status.COMPLETED)} END",
    "placed_at": "now() - n * interval '1 minute'",
    "deleted_at": "CASE n % 5000 WHEN 1 THEN now() END",
    "payment_status": "CASE n % 5000 WHEN 2 THEN 'refunded' ELSE 'paid' END",
    "kind": "CASE n % 5000 WHEN 3 THEN 'package' ELSE 'regular' END",
    "fulfilment": "CASE n % 5000 WHEN 4 THEN 3 ELSE 1 END",
    "app_id": "CASE n % 5000 WHEN 5 THEN 'rare' ELSE 'app' END",
    "contact_name": "CASE n % 5000 WHEN 6 THEN 'Rara Avis' ELSE 'Clara ' || md5(n::text) END",
    "contact_phone": "'+32470' || n",
    "contact_email": "n || '@example.org'",
    "tracking_number": "CASE n % 5000 WHEN 7 THEN 'parcel' || n ELSE '' END",
    "collection_code": "lpad((n % 1000000)::text, 6, '0')",
    "deliver_at": "CASE n % 5000 WHEN 8 THEN now() + interval '10 minutes' END",
}
QUERIES: list[dict[str, Any]] = [
    {},
    {"group": "open"},
    {"group": "cancelled"},
    {"timing": "delayed"},
    {"deleted": "only"},
    {"payment_status": "refunded"},
    {"payment_status": "failed"},
    {"kind": "package"},
    {"fulfilment": "3"},
    {"fulfilment": "5"},
    {"app_id": "rare"},
    {"app_id": "none"},
    {"driver": "{driver}"},
    {"zone": "{zone}"},
    {"vendor": "{other_vendor}"},
    {"window": "hour"},
    {"placed": "today"},
    *(
        {"q": term}
        for term in ("rara", "nobody", "4711", "+32470123", "9@example.org", "parcel7", "000123", "SHOP-1", "D4711")
    ),
    {"q": "clara", "group": "closed"},
]
# What the API's list is asked for; an e-mail, a number and a telephone of one order each, and what nobody has.
SEARCHED = ("4711@example.org", "1004711", "+324704711", "nobody@example.net", "SHOP-1")
PEOPLE = 10_000
FEW = 1000  # rows that a search of people may read


def fill(order: Order, **more: str) -> None:
    """Copies an order MANY times; `more` says of further columns what differs."""
    columns = [field.column for field in Order._meta.concrete_fields if not field.primary_key]
    different = DIFFERENT | more
    values = ", ".join(different.get(column, f"o.{connection.ops.quote_name(column)}") for column in columns)
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO orders_order ({names}) SELECT {values} FROM orders_order o, generate_series(1, {MANY}) n"
            f" WHERE o.id = {order.pk}"
        )
        cursor.execute("ANALYZE orders_order")


def test_nothing_reads_the_whole_table(cast: Cast) -> None:
    fill(make_order(cast, Status.COMPLETED))
    office = Client()
    office.force_login(cast.staff)
    values = {"{driver}": cast.driver_row.pk, "{zone}": cast.zone.pk, "{other_vendor}": cast.other_vendor.pk}
    read: dict[str, list[str]] = {}
    for query in QUERIES:
        sent = {name: values.get(value, value) for name, value in query.items()}
        with CaptureQueriesContext(connection) as queries:
            assert office.get(LIST, sent).status_code == 200
        assert len(queries) <= 15, query
        if plans := plans_that_read(MOST_READ, "orders_order", queries):
            read[str(query)] = plans
    assert read == {}


def test_no_search_by_the_api_reads_the_whole_table(cast: Cast, api: Api) -> None:
    fill(make_order(cast, Status.COMPLETED))
    read = {}
    for term in SEARCHED:
        with CaptureQueriesContext(connection) as queries:
            answer = api(cast.staff).get("/api/v1/orders", {"mode": "dashboard", "q": term})
        assert answer.status_code == 200
        assert len(queries) <= 12
        if plans := plans_that_read(MOST_READ, "orders_order", queries):
            read[term] = plans
    assert read == {}


def test_no_search_by_the_api_reads_the_whole_table_for_a_wrong_guess(cast: Cast, api: Api) -> None:
    """Of 200 e-mails PostgreSQL thinks that any other one finds hundreds of orders too, so that a page comes soon."""
    order = make_order(cast, Status.COMPLETED)
    fill(order, contact_email="n % 200 || '@example.org'")
    newest, read = Order.objects.order_by("-pk")[0], {}
    finds = {
        "nobody@example.net": 0,
        "1004711": 1,
        newest.called: 1,
        str(newest.uuid): 1,
        str(newest.pk): 1,
        "+324704711": 1,
        "SHOP-1": 0,
        "7@example.org": 15,  # the first page of five hundred
    }
    ways = product(finds.items(), (cast.staff, cast.owner), ({}, {"cursor": ""}))
    for (term, count), user, way in ways:
        with CaptureQueriesContext(connection) as queries:
            answer = api(user).get("/api/v1/orders", {"mode": "dashboard", "q": term, **way})
        assert (term, len(answer.json()["results"])) == (term, count)
        assert len(queries) <= 12
        if plans := plans_that_read(MOST_READ, "orders_order", queries):
            read[term, user.email, *way] = plans
    assert read == {}


def test_no_search_of_accounts_reads_all_people(cast: Cast) -> None:
    """Who calls, and whose wallet it is: by what stands in two tables."""
    users = User.objects.bulk_create(User(email=f"u{n}@example.org", password="!") for n in range(PEOPLE))  # noqa: S106
    customers = Customer.objects.bulk_create(
        Customer(user=user, name=f"Clara {n}", email=f"c{n}@example.org", phone=f"+3247{n:07}")
        for n, user in enumerate(users)
    )
    Account.objects.bulk_create(
        Account(name=f"wallet:{one.pk}:EUR", kind=Account.Kind.WALLET, currency="EUR", customer=one, balance=0)
        for one in customers
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    office, read = Client(), {}
    office.force_login(cast.staff)
    for page, name in (("/admin/orders/account/", "q"), ("/admin/orders/order/phone/", "who")):
        for term in ("u4711@example.org", "c4711@example.org", "+32470004711", f"wallet:{customers[7].pk}:EUR"):
            with CaptureQueriesContext(connection) as queries:
                assert office.get(page, {name: term}).status_code == 200
            tables = ("accounts_customer", "accounts_user")
            if plans := [plan for table in tables for plan in plans_that_read(FEW, table, queries)]:
                read[page, term] = plans
    assert read == {}


def plans_that_read(most: int, table: str, queries: CaptureQueriesContext) -> list[str]:
    """The statements of a table, each with its plan, of which one step has read more rows."""
    found = []
    for one in queries.captured_queries:
        if f'"{table}"' in one["sql"] and one["sql"].startswith("SELECT"):
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, TIMING OFF, BUFFERS) " + one["sql"].replace("%", "%%"))
                plan = "\n".join(row[0] for row in cursor.fetchall())
            if most_read(plan) > most:
                found.append(f"{one['sql']}\n{plan}")
    return found


def most_read(plan: str) -> int:
    """The most rows that one step of a plan has read."""
    found = 0
    for step in re.split(r"\n(?=[^\n]*\(cost=)", plan):
        counted = re.search(r"\(actual rows=([\d.]+) loops=(\d+)\)", step)
        if counted is None:
            continue  # a step that was never taken
        removed = sum(int(one) for one in re.findall(r"Rows Removed by \w+(?: \w+)*: (\d+)", step))
        found = max(found, int((float(counted[1]) + removed) * int(counted[2])))
    return found
