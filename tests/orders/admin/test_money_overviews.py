"""The pages of open payments, commission and the ledger: exact sums, filters, links, statements and rights."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.lifecycle.table import Status
from orders.models import Account, Entry, Order, Payment, PaymentShare, Posting
from orders.reading.money_overviews import AGES, asked_before, open_shares, sums_of_open
from orders.services.paying.payment_checks import waive_owed
from ordersite.accounts.callers import caller_of_user
from tests.cast import Cast, in_roles, make_clerk, make_manager
from tests.orders.money import settled
from tests.orders.rows import make_order
from tests.orders.shopping import fill_wallet

pytestmark = pytest.mark.django_db
BASE = "/admin/orders/account/"
PAGES = ("open-payments", "commission", "ledger")


def text_of(client: Client, page: str) -> str:
    answer = client.get(f"{BASE}{page}")
    assert answer.status_code == 200
    text = unescape(re.sub(r"<[^>]+>", " ", answer.content.decode()))
    return re.sub(r"\s+", " ", text.replace("\xa0", " "))


def aged(order: Any, **age: int) -> Any:
    Payment.objects.filter(purchase=order.purchase).update(created_at=timezone.now() - timedelta(**age))
    return order


def test_open_payments_by_age_method_and_vendor(cast: Cast, office: Client) -> None:
    young = aged(make_order(cast, payment_method="cash"), minutes=5)
    old = aged(make_order(cast, Status.ACCEPTED_BY_BUSINESS, payment_method="transfer"), days=8)
    other = aged(make_order(cast, vendor=cast.other_vendor, payment_method="cash"), hours=2)
    make_order(cast, Status.REJECTED_BY_BUSINESS, payment_method="cash")
    make_order(cast, payment_method="cash", deleted_at=timezone.now())
    found = [(one.age, one.method, one.count, one.owed) for one in sums_of_open(open_shares(), timezone.now())]
    assert found == [
        ("under an hour", "cash", 1, 1500),
        ("under a day", "cash", 1, 1500),
        ("a week or more", "transfer", 1, 1500),
    ]
    page = office.get(f"{BASE}open-payments/").content.decode()
    shown = [int(pk) for pk in re.findall(r"/admin/orders/order/(\d+)/change/\">#", page)]
    assert shown == [old.pk, other.pk, young.pk]
    for query, orders in (
        ("method=cash", [other, young]),
        ("age=a week or more", [old]),
        ("age=under a day&method=cash", [other]),
        (f"vendor={cast.other_vendor.pk}", [other]),
        ("vendor=999999999", []),
    ):
        page = office.get(f"{BASE}open-payments/?{query}").content.decode()
        assert re.findall(r"/admin/orders/order/(\d+)/change/\">#", page) == [str(order.pk) for order in orders], query


def rise_of(order: Any, amount: int = 300) -> PaymentShare:
    """A rise of what was paid already, which nobody has paid."""
    payment = Payment.objects.create(
        purchase=order.purchase, currency="EUR", provider=order.payment_method, amount=amount
    )
    return PaymentShare.objects.create(payment=payment, order=order, amount=amount, is_extra=True)


def owing(**named: Any) -> list[tuple[int, int]]:
    """Which orders owe how much."""
    return sorted((share.order_id, share.owed) for share in open_shares(**named))


def test_what_a_completed_order_owes_stands_among_the_open_payments(cast: Cast, office: Client) -> None:
    paid: dict[str, Any] = {"payment_method": "fake", "payment_status": "paid"}
    completed = make_order(cast, Status.COMPLETED, **paid)
    under_way = make_order(cast, Status.ACCEPTED_BY_BUSINESS, vendor=cast.other_vendor, **paid)
    refused = make_order(cast, Status.REJECTED_BY_BUSINESS, **paid)
    deleted = make_order(cast, Status.COMPLETED, **paid, deleted_at=timezone.now())
    make_order(cast, Status.COMPLETED, **paid)
    rises = [rise_of(order) for order in (completed, under_way, refused, deleted)]
    # What its provider held has lapsed after it was completed.
    lapsed = make_order(cast, Status.DELIVERY_COMPLETED_BY_DRIVER, payment_method="fake", payment_status="failed")
    assert owing() == [(completed.pk, 300), (under_way.pk, 300), (lapsed.pk, 1500)]
    assert owing(vendor_id=cast.other_vendor.pk) == [(under_way.pk, 300)]
    assert owing(vendor_id=cast.vendor.pk, method="fake") == [(completed.pk, 300), (lapsed.pk, 1500)]
    assert owing(method="cash") == []
    page = office.get(f"{BASE}open-payments/").content.decode()
    shown = re.findall(r"/admin/orders/order/(\d+)/change/\">#", page)
    assert sorted(map(int, shown)) == [completed.pk, under_way.pk, lapsed.pk]
    waive_owed(
        payment_id=rises[0].payment_id, order_id=completed.pk, caller=caller_of_user(cast.staff), reason="Not worth it."
    )
    assert owing(vendor_id=cast.vendor.pk) == [(lapsed.pk, 1500)]


@pytest.mark.postgres
def test_open_payments_are_found_without_reading_what_is_paid(cast: Cast) -> None:
    order = make_order(cast, Status.COMPLETED, payment_method="fake", payment_status="paid")
    own = {"id", "uuid", "number", "tracking_hash"}
    rest = ", ".join(f'"{field.column}"' for field in Order._meta.concrete_fields if field.column not in own)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO orders_order (uuid, number, tracking_hash, {rest}) "  # noqa: S608
            f"SELECT gen_random_uuid(), 1000000 + n, 'copy ' || n, {rest} "
            "FROM orders_order, generate_series(1, 5000) n WHERE id = %s",
            [order.pk],
        )
        cursor.execute(
            "INSERT INTO orders_paymentshare (payment_id, order_id, amount, tip, received, refunded, is_extra) "
            "SELECT %s, id, 1500, 0, 1500, 0, false FROM orders_order WHERE id <> %s",
            [Payment.objects.get().pk, order.pk],
        )
        cursor.execute("ANALYZE orders_order")
        cursor.execute("ANALYZE orders_paymentshare")
    rise_of(order)
    assert owing() == [(order.pk, 300)]
    plan = open_shares().explain()
    assert "Seq Scan" not in plan
    assert {"share_rise_owed", "order_completed_unpaid"} <= set(re.findall(r"(?:share|order)_\w+", plan)), plan


def test_every_moment_has_one_age(cast: Cast) -> None:
    now = timezone.now()
    order = make_order(cast, payment_method="cash")
    for seconds in (-60, 0, 3599, 3600, 86_399, 86_400, 604_799, 604_800, 10**8):
        Payment.objects.update(created_at=now - timedelta(seconds=seconds))
        ages = [name for name, _ in AGES if open_shares().filter(asked_before(name, now), order=order).exists()]
        assert ages == [one.age for one in sums_of_open(open_shares(), now)], seconds
        assert len(ages) == 1


def test_commission_of_a_vendor(cast: Cast, office: Client) -> None:
    fill_wallet(cast.customer_row, 3000)
    settled(cast)
    settled(cast, "cash")
    page = text_of(office, "commission/")
    assert "Burger Bar 2 30.00 EUR 3.40 EUR 11.33 %" in page
    assert "All, EUR 30.00 EUR 3.40 EUR" in page
    Posting.objects.update(created_at=timezone.now() - timedelta(days=40))
    assert "Nothing was sold in these days." in text_of(office, "commission/")
    day = (timezone.localdate() - timedelta(days=40)).isoformat()
    assert "3.40 EUR" in text_of(office, f"commission/?first={day}&last={day}")


def test_the_ledger_with_its_sum(cast: Cast, office: Client) -> None:
    fill_wallet(cast.customer_row, 1500)
    order = settled(cast)
    page = text_of(office, "ledger/")
    assert "Owed to a vendor 13.30 EUR The platform's own 1.70 EUR" in page
    assert "Sum, EUR 0.00 EUR All accounts together gained nothing and lost nothing: the sum is zero" in page
    vendor = Account.objects.get(kind="vendor", vendor=cast.vendor)
    page = text_of(office, f"ledger/?account={vendor.pk}")
    assert "Sum, EUR 13.30 EUR" in page
    assert "the sum is zero" not in page
    assert "Sum, EUR 0.00 EUR" in text_of(office, "ledger/?kind=settlement")
    html = office.get(f"{BASE}ledger/?account={vendor.pk}").content.decode()
    for link in (f"/admin/orders/order/{order.pk}/change/", f"{BASE}{vendor.pk}/change/", "/admin/orders/posting/"):
        assert link in html
    Entry.objects.filter(account=vendor).update(amount=1331)
    assert "The sum is not zero: the ledger is wrong." in text_of(office, "ledger/")


def test_all_entries_are_paged_through_once(cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.admin.overviews.PER_PAGE", 2)
    fill_wallet(cast.customer_row, 3000)
    settled(cast)
    settled(cast)
    # At one moment, so that only their ids tell them apart.
    Posting.objects.update(created_at=timezone.now())
    seen, query = 0, "ledger/"
    while query:
        html = office.get(f"{BASE}{query}").content.decode()
        seen += html.count("/admin/orders/posting/") - html.count('/admin/orders/posting/"')
        older = re.search(r'href="(\?[^"]*before=[^"]*)"', html)
        query = "ledger/" + older[1].replace("&amp;", "&") if older else ""
    assert seen == Entry.objects.count()


@pytest.mark.parametrize("page", PAGES)
def test_nonsense_is_refused_in_words(cast: Cast, office: Client, page: str) -> None:
    settled(cast, "cash")
    for query in (
        "first=x&last=y",
        "first=2026-02-02&last=2026-02-01",
        "first=2026-01-01&last=2026-12-31",
        "first=0001-01-01&last=0001-01-02",
        "first=9999-12-31&last=9999-12-31",
        "account=x",
        "account=99999999999999999999",
        "kind=x",
        "age=x",
        "vendor=-1",
        "vendor=99999999999999999999999",
        "before=x",
        "before=2026-01-01T00:00:00~1",
        "before=2026-01-01T00:00:00%2B00:00~99999999999999999999",
        "p=x",
    ):
        assert office.get(f"{BASE}{page}/?{query}").status_code == 200, query
    assert office.post(f"{BASE}{page}/").status_code == 405
    assert "days are shown at most" in text_of(office, "ledger/?first=2026-01-01&last=2026-12-31")


@pytest.mark.parametrize("page", PAGES)
def test_they_cost_a_fixed_number_of_statements(cast: Cast, office: Client, page: str) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(f"{BASE}{page}/").status_code == 200
        return len(queries)

    def fill(count: int) -> None:
        for number in range(count):
            settled(cast, "cash", vendor=cast.other_vendor if number % 2 else cast.vendor)
            make_order(cast, payment_method="cash")

    fill(2)
    few = cost()
    fill(6)
    assert cost() == few <= 15


@pytest.mark.parametrize("page", PAGES)
def test_who_keeps_the_books_sees_them_and_a_vendors_people_do_not(cast: Cast, page: str) -> None:
    for person, status in (
        (in_roles(make_clerk(name="Berta Books"), "bookkeeper"), 200),
        (make_clerk("orders.view_account"), 403),
        (make_clerk(name="Nora Nothing"), 403),
        (make_manager(cast.vendor), 403),
    ):
        client = Client()
        client.force_login(person)
        assert client.get(f"{BASE}{page}/").status_code == status, person
