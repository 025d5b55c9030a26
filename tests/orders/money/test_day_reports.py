"""The end of a vendor's business day: what it says, that it is closed once and kept, and that no posting is missed."""

import io
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import Sum
from django.test import Client
from pypdf import PdfReader

from orders.models import Account, DayReport, DocumentIssued, Entry, Order, Posting
from orders.services.money import day_reports
from orders.services.money.day_reports import business_day, read_open_day, start_of_day
from ordersite.accounts.callers import SYSTEM
from tests.cast import Cast, in_roles, make_clerk
from tests.office import form_of
from tests.orders.money import COLLECTED, Api, pickup, set_terms, walk
from tests.orders.shopping import ORDERS, assert_nothing_changed, eur, fill_wallet
from tests.web.test_invoice_page import text_of
from vendors.models import Product, Vendor

# Tomorrow at noon in Brussels, whatever the clock says now.
NOON = (datetime.now(UTC) + timedelta(days=1)).replace(hour=11, minute=0, second=0, microsecond=0)
PLACED, DONE = (), (*COLLECTED, "owner complete")


@pytest.fixture(autouse=True)
def noon(cast: Cast) -> Iterator[None]:
    """Pizzas of 12.00 at 6 %, with a fee of 0.50 at 21 %; the customer has 100.00."""
    Product.objects.filter(pk=cast.products["pizza"].pk).update(tax_rate=600)
    Vendor.objects.filter(pk=cast.vendor.pk).update(fee_tax_rate=2100)
    set_terms(cast)
    fill_wallet(cast.customer_row, 10_000)
    with time_machine.travel(NOON):
        yield


def page_of(cast: Cast) -> str:
    return f"/board/{cast.vendor.pk}/day"


def client_of(user: Any) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def close(cast: Cast, counted: str = "0", who: Any = None) -> DayReport:
    """Opens the page, and closes the day as it stands there."""
    client = client_of(who or cast.owner)
    answer = client.post(page_of(cast), {**form_of(client.get(page_of(cast))), "counted": counted})
    assert answer.status_code == 302, answer.content.decode()
    report = DayReport.objects.latest("pk")
    assert answer["Location"] == f"{page_of(cast)}/{report.number}"
    return report


def a_day(cast: Cast, api: Api) -> list[Order]:
    """Two sold for cash, one from the wallet of which 5.00 went back, one cancelled, one still open."""
    in_cash = [pickup(cast, api, payment_method="cash") for _ in "12"]
    by_wallet, cancelled = (pickup(cast, api, payment_method="wallet") for _ in "12")
    for order in (*in_cash, by_wallet):
        walk(cast, api, order, *DONE)
    assert api(cast.owner).post(f"{ORDERS}/{by_wallet.pk}/refunds", {"amount": eur("5.00")}).status_code == 201
    walk(cast, api, cancelled, "customer cancel_by_customer")
    return [*in_cash, by_wallet, cancelled, pickup(cast, api, payment_method="cash")]


def test_what_a_day_says(cast: Cast, api: Api) -> None:
    still_open = a_day(cast, api)[-1]
    report = close(cast, "24,90")
    content = report.content
    assert (report.number, report.day, report.actor) == (1, NOON.date(), cast.owner.caller_key)
    assert content["methods"] == [
        {"method": "cash", "received": 2500, "refunded": 0, "in_hand": 2500},
        {"method": "wallet", "received": 2500, "refunded": 1750, "in_hand": 0},
    ]
    # Three pizzas with their fee; 5.00 of 12.50 back is 4.80 of the pizza and 0.20 of the fee.
    assert content["sales"] == [{"rate": 600, "gross": 3600, "tax": 204}, {"rate": 2100, "gross": 150, "tax": 27}]
    assert content["refunds"] == [{"rate": 600, "gross": 480, "tax": 27}, {"rate": 2100, "gross": 20, "tax": 4}]
    assert (content["orders"], content["cancelled"], content["cancelled_total"], content["tips"]) == (3, 1, 1250, 0)
    assert (report.expected, report.counted, report.difference) == (2500, 2490, -10)
    assert content["still_open"] == [[still_open.pk, still_open.called]]


def test_it_is_closed_once_and_kept(cast: Cast, api: Api) -> None:
    a_day(cast, api)
    client = client_of(cast.owner)
    shown = form_of(client.get(page_of(cast)))
    first = client.post(page_of(cast), {**shown, "counted": "25"})
    told = text_of(client.get(first["Location"]))
    with assert_nothing_changed():
        again = client.post(page_of(cast), {**shown, "counted": "26"})
    assert (again.status_code, again["Location"]) == (302, page_of(cast))
    page = client.get(page_of(cast)).content.decode()
    assert "This day is closed." in page
    assert 'name="counted"' not in page
    # What is sold afterwards, or renamed, changes nothing of it.
    walk(cast, api, pickup(cast, api, payment_method="cash"), *DONE)
    assert text_of(client.get(first["Location"])) == told
    report = DayReport.objects.get()
    for change in (report.save, report.delete, DayReport.objects.all().delete, lambda: DayReport.objects.update(day=1)):
        with pytest.raises(DocumentIssued):
            change()


def test_what_is_booked_later_stands_in_the_next_one(cast: Cast, api: Api) -> None:
    close(cast)
    walk(cast, api, pickup(cast, api, payment_method="cash"), *DONE)
    with time_machine.travel(NOON + timedelta(days=3)):
        later = pickup(cast, api, payment_method="cash")
        walk(cast, api, later, *DONE)
        report = close(cast, "25.00")
    assert (report.number, report.day) == (2, NOON.date() + timedelta(days=3))
    assert (report.content["orders"], report.expected, report.difference) == (2, 2500, 0)


def test_what_was_shown_is_what_is_closed(cast: Cast, api: Api) -> None:
    client = client_of(cast.owner)
    shown = form_of(client.get(page_of(cast)))
    walk(cast, api, pickup(cast, api, payment_method="cash"), *DONE)
    for sent in ({**shown, "counted": "12.5"}, {"counted": "12.5"}):
        with assert_nothing_changed():
            answer = client.post(page_of(cast), sent)
        assert answer.status_code == 409
        assert "The figures have changed since they were shown" in answer.content.decode()
        assert 'value="12.5"' in answer.content.decode()
    assert close(cast, "12.5").difference == 0


@pytest.mark.parametrize(
    "counted", ["", "x", "-1", "--1", "-", "-\u22121", "1e3", "1.234", "\x00", "9" * 50, "\ud800"[:0] + "1,2,3"]
)
def test_amounts_that_are_refused(cast: Cast, api: Api, counted: str) -> None:
    client = client_of(cast.owner)
    shown = form_of(client.get(page_of(cast)))
    with assert_nothing_changed():
        answer = client.post(page_of(cast), {**shown, "counted": counted})
    assert answer.status_code == 400, answer.content
    assert not DayReport.objects.exists()


def test_more_may_have_been_given_back_than_came_in(cast: Cast, api: Api) -> None:
    """5.00 of what was paid in cash the day before: without what lay there before, the drawer has 5.00 less."""
    order = pickup(cast, api, payment_method="cash")
    walk(cast, api, order, *DONE)
    close(cast, "12.50")
    with time_machine.travel(NOON + timedelta(days=1)):
        assert api(cast.staff).post(f"{ORDERS}/{order.pk}/refunds", {"amount": eur("5.00")}).status_code == 201
        page = client_of(cast.owner).get(page_of(cast)).content.decode()
        # The keys for decimal numbers have no minus on some telephones.
        assert 'inputmode="decimal"' not in page
        report = close(cast, " -4,90")
    assert (report.expected, report.counted, report.difference) == (-500, -490, 10)
    told = text_of(client_of(cast.owner).get(f"{page_of(cast)}/2"))
    assert "Cash that came in -5.00 EUR Counted -4.90 EUR Difference 0.10 EUR" in told


def test_who_sees_and_closes_it(cast: Cast, api: Api) -> None:
    a_day(cast, api)
    people = {
        name: getattr(cast, name) for name in ("owner", "staff", "other_owner", "customer", "driver", "dispatcher")
    }
    people["finance"] = in_roles(make_clerk(name="Fin"), "finance")
    people["bookkeeper"] = in_roles(make_clerk(name="Book"), "bookkeeper")
    people["support"] = in_roles(make_clerk(name="Sup"), "support")
    sees = {name: client_of(user).get(page_of(cast)).status_code for name, user in people.items()}
    assert sees == {
        **dict.fromkeys(("owner", "staff", "finance", "bookkeeper"), 200),
        **dict.fromkeys(("other_owner", "customer", "driver", "dispatcher", "support"), 404),
    }
    shown = form_of(client_of(cast.owner).get(page_of(cast)))
    closes = {}
    for name in ("other_owner", "customer", "driver", "dispatcher", "support", "bookkeeper"):
        client = client_of(people[name])
        with assert_nothing_changed():
            closes[name] = client.post(page_of(cast), {**shown, "counted": "1"}).status_code
    assert closes == {**dict.fromkeys(closes, 404), "bookkeeper": 403}
    assert Client().get(page_of(cast)).status_code == 302
    report = close(cast, "25", who=people["finance"])
    for path in (f"{page_of(cast)}/{report.number}", f"{page_of(cast)}/{report.number}.pdf"):
        for name, status in sees.items():
            assert client_of(people[name]).get(path).status_code == status, (name, path)
        assert Client().get(path).status_code == 404
    assert client_of(cast.owner).get(f"{page_of(cast)}/99").status_code == 404
    assert client_of(cast.owner).get("/board/999999/day").status_code == 404


@pytest.mark.parametrize(
    ("zone", "begins", "at", "day"),
    [
        ("Europe/Brussels", 0, "2026-03-01T22:59:59", date(2026, 3, 1)),
        ("Europe/Brussels", 0, "2026-03-01T23:00:00", date(2026, 3, 2)),
        ("Europe/Brussels", 4, "2026-03-02T02:59:59", date(2026, 3, 1)),
        ("Europe/Brussels", 4, "2026-03-02T03:00:00", date(2026, 3, 2)),
        ("Pacific/Kiritimati", 0, "2026-03-01T10:00:00", date(2026, 3, 2)),
        ("Europe/Brussels", 2, "2026-03-29T00:59:59", date(2026, 3, 28)),  # the night without an hour from 2 to 3
        ("Europe/Brussels", 2, "2026-03-29T01:00:00", date(2026, 3, 29)),
    ],
)
def test_to_which_business_day_a_moment_belongs(cast: Cast, zone: str, begins: int, at: str, day: date) -> None:
    vendor = Vendor(time_zone=zone, day_begins_at=begins)
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert business_day(vendor, moment) == day
    assert start_of_day(vendor, day) <= moment < start_of_day(vendor, day + timedelta(days=1))


def sums_of(content: dict[str, Any]) -> tuple[int, int]:
    """What came in less what went back, and what was sold less what of it went back."""
    came = sum(row["received"] - row["refunded"] for row in content["methods"])
    sold, back = (sum(row["gross"] for row in content[name]) for name in ("sales", "refunds"))
    return came, sold - back


def ledger_of(vendor: Vendor) -> tuple[int, int, int]:
    """The same of all of the vendor's orders, by the ledger alone, and the cash in the vendor's hands."""
    entries = Entry.objects.filter(posting__order__vendor=vendor)

    def moved(**where: Any) -> int:
        return int(entries.filter(**where).aggregate(sum=Sum("amount"))["sum"] or 0)

    outside, owned = (Account.Kind.WALLET, Account.Kind.FUNDING, Account.Kind.CASH), ("vendor", "driver", "platform")
    cash = moved(account__kind=Account.Kind.CASH, account__vendor=vendor, posting__share__payment__provider="cash")
    return -moved(account__kind__in=outside), moved(account__kind__in=owned), -cash


@pytest.mark.parametrize("seed", range(4))
def test_all_reports_together_are_the_ledger(cast: Cast, api: Api, seed: int) -> None:
    """Random days: what was done on each, closed or not; the sums of the reports are those of all entries."""
    dice = random.Random(seed)
    waiting: list[tuple[Order, tuple[str, ...]]] = []
    for number in range(4):
        with time_machine.travel(NOON + timedelta(days=number)):
            for _ in range(dice.randint(1, 3)):
                method = dice.choice(["cash", "wallet"])
                waiting.append((pickup(cast, api, payment_method=method), dice.choice([DONE, COLLECTED])))
            for order, steps in [one for one in waiting if dice.random() < 0.7]:
                waiting.remove((order, steps))
                walk(cast, api, order, *steps)
                if steps == COLLECTED and dice.random() < 0.5:
                    walk(cast, api, order, "owner undo_collect", "owner collect")
                if order.payment_method == "wallet" and dice.random() < 0.6:
                    answer = api(cast.owner).post(f"{ORDERS}/{order.pk}/refunds", {"amount": eur("3.33")})
                    assert answer.status_code == 201
            if dice.random() < 0.7 or number == 3:
                close(cast, "0")
    reports = list(DayReport.objects.order_by("number"))
    totals = [sum(values) for values in zip(*(sums_of(report.content) for report in reports), strict=True)]
    assert (*totals, sum(report.expected for report in reports)) == ledger_of(cast.vendor)
    assert [report.number for report in reports] == list(range(1, len(reports) + 1))


def test_what_commits_after_a_close_with_an_earlier_moment_is_in_the_next_one_once(cast: Cast, api: Api) -> None:
    first = pickup(cast, api, payment_method="cash")
    walk(cast, api, first, *DONE)
    report = close(cast, "12.50")
    late = pickup(cast, api, payment_method="cash")
    walk(cast, api, late, *DONE)
    moment = report.until - timedelta(seconds=2)
    Posting.objects.filter(order=late).update(created_at=moment)
    with time_machine.travel(NOON + timedelta(days=1)):
        second = close(cast, "12.50")
    assert (second.content["orders"], second.expected) == (1, 1250)
    with time_machine.travel(NOON + timedelta(days=2)):
        assert close(cast).expected == 0


def test_days_that_are_closed_shortly_after_each_other_have_each_posting_once(cast: Cast, api: Api) -> None:
    """Two minutes before and after midnight: of the second, a moment that it looks back to lies in the first."""
    midnight = start_of_day(Vendor.objects.get(pk=cast.vendor.pk), NOON.date() + timedelta(days=1))
    with time_machine.travel(midnight - timedelta(minutes=3)):
        walk(cast, api, pickup(cast, api, payment_method="cash"), *DONE)
    expected = []
    for minutes in (-2, 2, 60 * 24):
        with time_machine.travel(midnight + timedelta(minutes=minutes)):
            expected.append(close(cast).expected)
    assert expected == [1250, 0, 0]


def test_what_was_booked_shortly_before_the_first_report_is_in_none(cast: Cast, api: Api) -> None:
    midnight = start_of_day(Vendor.objects.get(pk=cast.vendor.pk), NOON.date() + timedelta(days=1))
    with time_machine.travel(midnight - timedelta(minutes=3)):
        walk(cast, api, pickup(cast, api, payment_method="cash"), *DONE)
    expected = []
    for minutes in (2, 60 * 24):
        with time_machine.travel(midnight + timedelta(minutes=minutes)):
            expected.append(close(cast).expected)
    assert expected == [0, 0]


def test_counting_takes_its_time_and_is_no_change(cast: Cast, api: Api) -> None:
    """The newest postings of a report are fewer with each minute, while its figures stay what they were."""
    walk(cast, api, pickup(cast, api, payment_method="cash"), *DONE)
    client = client_of(cast.owner)
    shown = form_of(client.get(page_of(cast)))
    with time_machine.travel(NOON + timedelta(minutes=25)):
        answer = client.post(page_of(cast), {**shown, "counted": "12.50"})
    assert answer.status_code == 302, answer.content.decode()
    assert DayReport.objects.get().difference == 0


def test_as_pdf_and_page_it_says_the_same(cast: Cast, api: Api) -> None:
    still_open = a_day(cast, api)[-1]
    report = close(cast, "24.90")
    client = client_of(cast.owner)
    answer = client.get(f"{page_of(cast)}/1.pdf")
    assert answer["Content-Disposition"] == f'inline; filename="day-{report.day}-1.pdf"'
    reader = PdfReader(io.BytesIO(answer.content))
    lines = [line.strip() for line in reader.pages[0].extract_text().splitlines() if line.strip()]
    assert reader.metadata.title == f"End of day 1, {cast.vendor.name}"
    page = client.get(f"{page_of(cast)}/1").content.decode()
    for words in (
        ["Cash that came in", "25.00 EUR", "Counted", "24.90 EUR", "Difference", "-0.10 EUR"],
        ["Still open", still_open.called],
        ["Cash", "25.00 EUR", "0.00 EUR", "25.00 EUR"],
        ["6 %", "33.96 EUR", "2.04 EUR", "36.00 EUR"],
    ):
        at = next(at for at in range(len(lines)) if lines[at : at + len(words)] == words)
        assert at, words
        assert all(word in page for word in words)
    for language, title in {"nl": "Dagafsluiting", "fr": "Clôture", "es": "Cierre"}.items():
        told = client.get(f"{page_of(cast)}/1.pdf", headers={"Accept-Language": language}).content
        assert PdfReader(io.BytesIO(told)).metadata.title.startswith(title)


def test_reading_a_day_takes_as_many_statements_for_many(cast: Cast, api: Api, django_assert_num_queries: Any) -> None:
    a_day(cast, api)
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    for _ in range(2):
        # The last report, the postings, their moves, orders, lines, documents, what was given back before,
        # cancelled, by method, still open.
        with django_assert_num_queries(10):
            read_open_day(vendor, NOON + timedelta(hours=1))
        a_day(cast, api)


def test_many_postings_are_read_in_batches(cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    a_day(cast, api)
    vendor, later = Vendor.objects.get(pk=cast.vendor.pk), NOON + timedelta(hours=1)
    whole = read_open_day(vendor, later)
    monkeypatch.setattr(day_reports, "BATCH", 2)
    assert read_open_day(vendor, later) == whole


def test_the_back_office_lists_them(cast: Cast, api: Api) -> None:
    a_day(cast, api)
    close(cast, "24.90")
    staff = client_of(cast.staff)
    page = staff.get(f"/admin/orders/dayreport/?vendor={cast.vendor.pk}").content.decode()
    assert "-0.10\xa0EUR" in page
    assert f"{page_of(cast)}/1" in page
    assert staff.get(f"/admin/orders/dayreport/?vendor={cast.other_vendor.pk}").context["cl"].result_count == 0
    assert day_reports.may_close(SYSTEM, cast.vendor)
