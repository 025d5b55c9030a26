"""A vendor's ledger, balance and payouts; a driver's tips and cash."""

from typing import Any

import pytest
from django.db import transaction

from orders.models import Posting
from orders.reading.statements import statement_lines
from orders.services.money.payouts import Purse, reverse_movement
from ordersite.accounts.callers import SYSTEM
from ordersite.accounts.models import ApiToken
from ordersite.core.crypto import token_hash
from tests.cast import Cast
from tests.orders.money import COLLECTED, DELIVERED, Api, delivery, driven, held, pickup, set_terms, settled, walk
from tests.orders.shopping import assert_nothing_changed, eur, fill_wallet, refused, sums
from vendors.models import Vendor

AMOUNTS = ("gross", "commission", "fees", "refund", "payout", "cash", "net")


@pytest.fixture(autouse=True)
def terms(cast: Cast) -> None:
    set_terms(cast)
    fill_wallet(cast.customer_row, 6000)


def ledger_of(cast: Cast) -> str:
    return f"/api/v1/vendors/{cast.vendor.pk}/ledger"


def payouts_of(cast: Cast) -> str:
    return f"/api/v1/vendors/{cast.vendor.pk}/payouts"


def rows(answer: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Each row's kind and amounts, those of zero as nothing."""
    return [
        (row["kind"], {name: row[name]["amount"] for name in AMOUNTS if row.get(name, eur("0.00")) != eur("0.00")})
        for row in answer["results"]
    ]


def test_a_vendor_s_ledger_shows_what_became_of_each_sale(cast: Cast, api: Api) -> None:
    by_wallet, in_cash = delivery(cast, api), pickup(cast, api)
    walk(cast, api, by_wallet, *DELIVERED)
    walk(cast, api, in_cash, *COLLECTED, "owner undo_collect", "owner collect")
    answer = api(cast.owner).get(ledger_of(cast)).json()
    handed_over, not_after_all = {"cash": "-12.50", "net": "-12.50"}, {"cash": "12.50", "net": "12.50"}
    sale = {"gross": "12.50", "commission": "-1.20", "fees": "-0.50", "net": "10.80"}
    back = {"gross": "-12.50", "commission": "1.20", "fees": "0.50", "net": "-10.80"}
    delivered = {"gross": "15.00", "commission": "-1.20", "fees": "-0.50", "net": "13.30"}
    assert answer["count"] == 7
    assert rows(answer) == [
        ("settlement", sale),
        ("cash", handed_over),
        ("cash", not_after_all),
        ("reversal", back),
        ("settlement", sale),
        ("cash", handed_over),
        ("settlement", delivered),
    ]
    first = answer["results"][6]
    assert (first["order"], first["number"], first["text"]) == (by_wallet.pk, by_wallet.number, "")
    balance = {"owed": eur("24.10"), "cash": eur("-12.50"), "net": eur("11.60")}
    assert api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/balance").json() == {"balances": [balance]}
    assert sums()[f"vendor:{cast.vendor.pk}:EUR"] == 2410


def test_the_ledger_is_read_by_page_cursor_and_day(cast: Cast, api: Api, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        settled(cast)
    Posting.objects.filter(pk=Posting.objects.filter(kind="settlement").earliest("pk").pk).update(
        created_at="2026-03-01T22:59:59Z"
    )
    client, url = api(cast.owner), ledger_of(cast)
    newest = client.get(url).json()["results"]
    assert [row["id"] for row in client.get(f"{url}?ordering=at").json()["results"]] == [
        row["id"] for row in reversed(newest)
    ]
    first = client.get(f"{url}?cursor=&per_page=2").json()
    assert (first["count"], first["results"]) == (None, newest[:2])
    assert client.get(first["next"]).json()["results"] == newest[2:]
    # 22:59:59 in UTC is still the first of March in Brussels.
    for query, count in {
        "from=2026-03-01&to=2026-03-01": 1,
        "to=2026-02-28": 0,
        "from=2026-03-02": 2,
        "to=2026-03-02": 1,
    }.items():
        assert client.get(f"{url}?{query}").json()["count"] == count, query
    for size in (1, 3):
        # Who asks, the vendor, the membership; its accounts, count, ids, postings, entries.
        with django_assert_num_queries(8):
            assert len(client.get(f"{url}?per_page={size}").json()["results"]) == size


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("from=yesterday", "?from", "invalid"),
        ("to=2026-02-30", "?to", "invalid"),
        ("from=2026-03-02&to=2026-03-01", "?to", "invalid"),
        ("cursor=x", "?cursor", "invalid"),
        ("ordering=net", "?ordering", "invalid"),
        ("per_page=101", "?per_page", "invalid"),
    ],
)
def test_parameters_that_are_refused(cast: Cast, api: Api, query: str, pointer: str, code: str) -> None:
    for url in (ledger_of(cast), payouts_of(cast)):
        refused(api(cast.owner).get(f"{url}?{query}"), 400, pointer, code)


def test_days_at_the_end_of_the_calendar_are_no_fault(cast: Cast, api: Api) -> None:
    """Refused by name, whatever the vendor's zone; the list of orders takes every moment that is one in UTC."""
    for zone in ("Pacific/Kiritimati", "Etc/GMT+12"):
        Vendor.objects.filter(pk=cast.vendor.pk).update(time_zone=zone)
        for url in (ledger_of(cast), payouts_of(cast)):
            for query, pointer in (
                ("from=0001-01-01", "?from"),
                ("to=9999-12-31", "?to"),
                ("from=0001-01-01&to=9999-12-31", "?from"),
                ("from=0001-01-01&cursor=", "?from"),
            ):
                refused(api(cast.owner).get(f"{url}?{query}"), 400, pointer, "out_of_range")
            assert api(cast.owner).get(f"{url}?from=1970-01-01&to=9000-12-31").status_code == 200
    for name in ("placed_after", "placed_before", "deliver_after", "deliver_before"):
        for at, status in (
            ("0001-01-01T00:00:00Z", 200),
            ("9999-12-31T23:59:59Z", 200),
            ("0001-01-01T00:00:00%2B14:00", 400),
            ("9999-12-31T23:59:59-12:00", 400),
        ):
            for user in (cast.owner, cast.customer):
                assert api(user).get(f"/api/v1/orders?{name}={at}").status_code == status, (name, at)


def test_a_driver_s_days_are_days_too(cast: Cast, api: Api) -> None:
    for query in ("from=0001-01-01", "to=9999-12-31"):
        refused(
            api(cast.driver).get(f"/api/v1/drivers/me/ledger?{query}"), 400, f"?{query.split('=')[0]}", "out_of_range"
        )


def test_only_its_people_and_staff_see_a_vendor_s_money(cast: Cast, api: Api) -> None:
    settled(cast)
    ApiToken.objects.create(
        name="till", merchant=cast.merchant, token_hash=token_hash("ost_till"), hint="ost_", scopes=["read"]
    )
    for call in ("ledger", "balance", "payouts", "statement?from=2026-01-01&to=2026-01-31"):
        url = f"/api/v1/vendors/{cast.vendor.pk}/{call}"
        for client in (api(cast.owner), api(cast.staff), api(token="ost_till")):
            assert client.get(url).status_code == 200, call
        for user in (cast.customer, cast.other_owner, cast.driver, cast.courier, cast.dispatcher):
            assert api(user).get(url).status_code == 403, call
        assert api().get(url).status_code == 401
        assert api(cast.staff).get(f"/api/v1/vendors/999999/{call}").status_code == 404


# --- payouts ----------------------------------------------------------------------------------------------------


def test_a_payout_sets_off_the_cash_and_empties_both_accounts(cast: Cast, api: Api) -> None:
    driven(cast)
    settled(cast, "cash")
    assert sums() == held(cast, wallet=4500, cash=-1500, vendor=2360, driver=300, platform=340, funding=-6000)
    response = api(cast.staff).post(payouts_of(cast), {"text": "Bank 17"})
    assert response.status_code == 201, response.json()
    assert {name: response.json()[name] for name in ("amount", "text")} == {"amount": eur("8.60"), "text": "Bank 17"}
    assert sums() == held(cast, wallet=4500, driver=300, platform=340, funding=-5140)
    row = api(cast.owner).get(ledger_of(cast)).json()
    assert rows(row)[0] == ("payout", {"payout": "-8.60", "net": "-8.60"})
    listed = api(cast.owner).get(payouts_of(cast)).json()
    assert (listed["count"], listed["results"]) == (1, [response.json()])
    assert Posting.objects.get(kind="payout").actor == cast.staff.caller_key


def test_a_payout_that_is_taken_back_is_told_to_the_vendor(cast: Cast, api: Api) -> None:
    driven(cast)
    settled(cast, "cash")
    before = sums()
    paid = api(cast.staff).post(payouts_of(cast), {}).json()
    assert paid["reversed"] is False
    with transaction.atomic():
        reversal = reverse_movement(posting_id=paid["id"], caller=SYSTEM, reason="Sent back by the bank")
    assert sums() == before
    page = api(cast.owner).get(ledger_of(cast)).json()
    assert rows(page)[:2] == [
        ("payout_rev", {"payout": "8.60", "net": "8.60"}),
        ("payout", {"payout": "-8.60", "net": "-8.60"}),
    ]
    assert page["results"][0]["text"] == "Sent back by the bank"
    assert [row["reversed"] for row in api(cast.owner).get(payouts_of(cast)).json()["results"]] == [True]
    balance = api(cast.owner).get(f"/api/v1/vendors/{cast.vendor.pk}/balance").json()["balances"]
    assert balance[0]["net"] == eur("8.60")
    # What is owed again is paid out again, and that may be taken back too.
    assert api(cast.staff).post(payouts_of(cast), {}).json()["amount"] == eur("8.60")
    day = reversal.created_at.astimezone(cast.vendor.zone).date()
    purse = Purse(currency="EUR", vendor_id=cast.vendor.pk)
    lines = list(statement_lines(vendor=cast.vendor, purse=purse, first=day, last=day))
    told = next(line for line in lines if "payout taken back" in line)
    assert "Sent back by the bank" in told
    assert told.strip().endswith("0.00,8.60,0.00,8.60,8.60,EUR,,")


def test_a_part_is_paid_out_and_never_more_than_is_owed(cast: Cast, api: Api) -> None:
    driven(cast)
    client = api(cast.staff)
    assert client.post(payouts_of(cast), {"amount": eur("10.00")}).status_code == 201
    with assert_nothing_changed():
        answer = client.post(payouts_of(cast), {"amount": eur("0.31")})
    assert (answer.status_code, answer.json()["code"], answer.json()["owed"]) == (409, "payout_too_large", eur("0.30"))
    assert [row["pointer"] for row in answer.json()["errors"]] == ["/amount"]
    assert client.post(payouts_of(cast), {"amount": eur("0.30")}).status_code == 201
    for body in ({}, {"amount": eur("0.01")}, {"amount": {"amount": "1.00", "currency": "USD"}}):
        answer = client.post(payouts_of(cast), body)
        assert (answer.status_code, answer.json()["code"]) == (409, "nothing_owed")
    assert sums() == held(cast, wallet=4500, driver=300, platform=170, funding=-4970)


def test_who_holds_more_cash_than_it_is_owed_gets_nothing(cast: Cast, api: Api) -> None:
    settled(cast, "cash")
    answer = api(cast.staff).post(payouts_of(cast), {})
    assert (answer.status_code, answer.json()["code"], answer.json()["owed"]) == (409, "nothing_owed", eur("-1.70"))
    assert not Posting.objects.filter(kind="payout").exists()


def test_a_payout_is_repeated_without_harm(cast: Cast, api: Api) -> None:
    driven(cast)
    headers = {"Idempotency-Key": "november"}
    first, second = (api(cast.staff).post(payouts_of(cast), {"amount": eur("1.00")}, headers=headers) for _ in "12")
    assert first.json() == second.json()
    assert Posting.objects.filter(kind="payout").count() == 1


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"amount": eur("0.00")}, "/amount", "min_value"),
        ({"amount": eur("-1.00")}, "/amount", "min_value"),
        ({"amount": "1.00"}, "/amount", "invalid"),
        ({"text": "x" * 201}, "/text", "max_length"),
        ({"vendor": 3}, "/vendor", "unknown_field"),
    ],
)
def test_payouts_that_are_refused(cast: Cast, api: Api, body: dict[str, Any], pointer: str, code: str) -> None:
    driven(cast)
    with assert_nothing_changed():
        refused(api(cast.staff).post(payouts_of(cast), body), 400, pointer, code)


def test_only_staff_pay_out(cast: Cast, api: Api) -> None:
    driven(cast)
    with assert_nothing_changed():
        for user in (cast.owner, cast.customer, cast.other_owner, cast.driver):
            assert api(user).post(payouts_of(cast), {}).status_code == 403
        assert api().post(payouts_of(cast), {}).status_code == 401
        assert api(cast.staff).post("/api/v1/vendors/999999/payouts", {}).status_code == 404


# --- drivers ----------------------------------------------------------------------------------------------------


def test_a_driver_reads_its_tips_and_the_cash_in_its_hands(cast: Cast, api: Api) -> None:
    driven(cast, "cash")
    answer = api(cast.driver).get("/api/v1/drivers/me/ledger").json()
    shown = [{name: row[name]["amount"] for name in ("tip", "payout", "cash", "net")} for row in answer["results"]]
    assert (answer["count"], shown) == (
        2,
        [
            {"tip": "3.00", "payout": "0.00", "cash": "0.00", "net": "3.00"},
            {"tip": "0.00", "payout": "0.00", "cash": "-15.00", "net": "-15.00"},
        ],
    )
    balance = {"owed": eur("3.00"), "cash": eur("-15.00"), "net": eur("-12.00")}
    assert api(cast.driver).get("/api/v1/drivers/me/balance").json() == {"balances": [balance]}
    assert api(cast.other_driver).get("/api/v1/drivers/me/ledger").json()["count"] == 0
    assert api(cast.other_driver).get("/api/v1/drivers/me/balance").json() == {"balances": []}
    for call in ("ledger", "balance"):
        for user in (cast.customer, cast.owner, cast.staff):
            assert api(user).get(f"/api/v1/drivers/me/{call}").status_code == 403
        assert api().get(f"/api/v1/drivers/me/{call}").status_code == 401


# --- in the back-office -----------------------------------------------------------------------------------------
