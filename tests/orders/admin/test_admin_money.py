"""The back-office's pages of money: refunds and their buttons, what is owed, payouts, cash handed in, statements."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.lifecycle.table import Status
from orders.models import Account, Order, OrderEvent, Posting, Refund
from orders.services.money.payouts import reverse_movement
from ordersite.accounts.callers import SYSTEM
from ordersite.accounts.models import Customer
from ordersite.core.faults import Conflict, Invalid, NotFound
from ordersite.core.money import with_currency
from tests.cast import Cast
from tests.orders.admin.test_admin import clerk_with
from tests.orders.admin.test_admin_buttons import history, ledger, state
from tests.orders.back_office import place_order
from tests.orders.confirming import ACCOUNT_CODE, asked, confirm, messages_of, not_asked, shown_in, told
from tests.orders.money import Api, driven, held, pickup, set_terms, settled
from tests.orders.proving import differences
from tests.orders.rows import add_line
from tests.orders.shopping import assert_nothing_changed, fill_wallet, sums

PAYOUTS = "/admin/orders/account/payouts/"


@pytest.fixture(autouse=True)
def terms(cast: Cast) -> None:
    set_terms(cast)
    fill_wallet(cast.customer_row, 6000)


def give_back(client: Client, order: Order, what: str, **fields: Any) -> list[str]:
    """Sends the form of a refund as the order's page has it now, and confirms what it shows; the messages."""
    page, url = preview(client, order, what, **fields), f"/admin/orders/order/{order.pk}/refund/"
    if page.status_code == 302:
        return messages_of(page)
    return told(client, url, shown_in(page.content.decode()))


def preview(client: Client, order: Order, what: str, **fields: Any) -> Any:
    """What comes of the form of a refund: the page that shows what happens, or the way back."""
    client.cookies.pop("messages", None)
    version = Order.objects.get(pk=order.pk).version
    form = {"what": what, "version": version, "currency": "EUR", "to": "source", **fields}
    with assert_nothing_changed(order):
        return client.post(f"/admin/orders/order/{order.pk}/refund/", form)


def account(kind: str, **owner: Any) -> Account:
    return Account.objects.get(kind=kind, currency="EUR", **owner)


# --- refunds ----------------------------------------------------------------------------------------------------


def test_the_button_does_what_the_call_does(cast: Cast, api: Api, office: Client) -> None:
    by_button, by_call = pickup(cast, api, payment_method="wallet"), pickup(cast, api, payment_method="wallet")
    lines = [order.lines.get() for order in (by_button, by_call)]
    url = f"/api/v1/orders/{by_call.pk}/refunds"
    assert give_back(office, by_button, "amount", amount="1.50", reason="Late") == ["The refund has been started."]
    body: dict[str, Any] = {"amount": {"amount": "1.50", "currency": "EUR"}, "reason": "Late"}
    assert api(cast.staff).post(url, body).status_code == 201
    assert give_back(office, by_button, "amount", amount="12.00") == [
        "At most 11.00 EUR can be refunded: that is what is left of the payment."
    ]
    assert give_back(office, by_button, "all", to="wallet") == ["The refund has been started."]
    assert api(cast.staff).post(url, {"to": "wallet"}).status_code == 201
    assert history(by_button) == history(by_call)
    assert ledger(by_button) == ledger(by_call)
    assert state(by_button) == state(by_call)
    assert [line.refunded for line in lines] == [0, 0]


def test_items_are_given_back_by_the_button(cast: Cast, office: Client) -> None:
    order = settled(cast)
    soda, cake = add_line(order, cast.products["soda"], 3), add_line(order, cast.products["cake"])
    fields = {f"line_{soda.pk}": "2", f"line_{cake.pk}": "0", "line_x": "1", "line_": "9" * 30}
    assert give_back(office, order, "lines", **fields) == ["The refund has been started."]
    soda.refresh_from_db()
    assert (soda.refunded, Refund.objects.get().amount) == (500, 500)
    page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert "5.00\u00a0EUR refunded" in page
    assert "items item" in page


@pytest.mark.parametrize(
    ("what", "fields", "message"),
    [
        ("all", {"to": "bank"}, "Where to:"),
        ("nothing", {}, "What:"),
        ("amount", {"amount": ""}, "Amount:"),
        ("amount", {"amount": "x"}, "Amount:"),
        ("amount", {"amount": "0"}, "Amount: The amount must be more than zero."),
        ("amount", {"amount": "1.00", "currency": "XXX"}, "Currency: This is not a currency code."),
        ("amount", {"amount": "1.00", "currency": "USD"}, "The order is in EUR: send the amount in that currency."),
        ("", {}, "What: Choose what is refunded, or fill in an amount, or items."),
        ("", {"amount": "1.00", "line_1": "1"}, "What: Choose what is refunded, or fill in an amount, or items."),
        ("all", {"amount": "1.00"}, "Choose “An amount” or “Items” to refund these"),
        ("all", {"line_1": "1"}, "Choose “An amount” or “Items” to refund these"),
        ("amount", {"amount": "1.00", "line_1": "1"}, "Choose “An amount” or “Items” to refund these"),
        ("lines", {}, "Fill in how many of which items are refunded."),
        ("lines", {"line_999999": "1"}, "The order has no such item: read its items again."),
        ("all", {"version": "7"}, "Changed meanwhile"),
    ],
)
def test_forms_that_are_refused(cast: Cast, office: Client, what: str, fields: dict[str, Any], message: str) -> None:
    order = settled(cast)
    with assert_nothing_changed(order):
        assert message in give_back(office, order, what, **fields)[0]


@pytest.mark.parametrize(("fields", "amount"), [({"amount": "1,50"}, 150), ({"{line}": "1"}, 250)])
def test_what_alone_is_filled_in_is_meant(cast: Cast, office: Client, fields: dict[str, str], amount: int) -> None:
    order = settled(cast)
    soda = add_line(order, cast.products["soda"], 3)
    filled = {name.format(line=f"line_{soda.pk}"): value for name, value in fields.items()}
    give_back(office, order, "", **filled)
    assert Refund.objects.get().amount == amount


def test_sent_twice_it_goes_back_once(cast: Cast, office: Client) -> None:
    order = settled(cast)
    shown = shown_in(preview(office, order, "amount", amount="1.00").content.decode())
    said = [told(office, f"/admin/orders/order/{order.pk}/refund/", shown) for _ in range(2)]
    assert said[0] == ["The refund has been started."]
    assert said[1] == ["The form was sent twice, but the change was made only once."]
    assert Refund.objects.get().amount == 100


def facts_in(page: Any) -> dict[str, str]:
    """What the page that asks says, by its labels."""
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page.content.decode().replace("\u00a0", " "))
    return dict(found)


def test_a_refund_is_shown_before_anything_moves(cast: Cast, office: Client) -> None:
    """9.00 by wallet with 0.48 of tax in it: the platform has 10 % of 8.50 and the fee of 0.50."""
    order = place_order(cast, payment_method="wallet")
    shown = preview(office, order, "amount", amount="2,50", reason="Late", cancel="")
    assert facts_in(shown) == {
        "Vendor": cast.vendor.name,
        "Amount": "2.50 EUR",
        "Tax in it": "0.13 EUR",
        "2.50 EUR to": "the customer&#x27;s wallet, at once",
        "Left of what was paid": "6.50 EUR",
        "Part of the vendor": "7.65 EUR → 5.52 EUR",
        "Part of the platform (commission and fees)": "1.35 EUR → 0.98 EUR",
        "The order": "stays Pending",
        "Why": "Late",
    }
    assert not Refund.objects.exists()
    url = f"/admin/orders/order/{order.pk}/refund/"
    assert told(office, url, shown_in(shown.content.decode())) == ["The refund has been started."]
    for what, amount in (("all", {}), ("amount", {"amount": "6.50"})):
        asks = "All of it goes back: choose whether the order is cancelled too."
        assert asks in give_back(office, order, what, cancel="", **amount)[0]
    facts = facts_in(preview(office, order, "all", cancel="yes"))
    assert (facts["Amount"], facts["Left of what was paid"]) == ("6.50 EUR", "0.00 EUR")
    assert facts["The order"] == f"becomes {Status.REJECTED.label}"
    assert give_back(office, order, "all", cancel="yes") == ["The refund has been started."]
    order.refresh_from_db()
    assert (order.status, order.refunded) == (Status.REJECTED, 900)


def test_the_preview_of_items_names_their_own_tax_and_hands(cast: Cast, office: Client) -> None:
    """Three sodas of 2.50 paid in cash: two go back by hand, with the tax of two."""
    order = settled(cast)
    soda = add_line(order, cast.products["soda"], 3)
    facts = facts_in(preview(office, order, "lines", **{f"line_{soda.pk}": "2"}))
    assert facts["Amount"] == "5.00 EUR"
    assert facts["Tax in it"] == with_currency((soda.tax * 2 + 1) // 3, "EUR")


def test_what_would_go_elsewhere_by_now_is_not_made(
    cast: Cast, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, url = settled(cast), "/admin/orders/order/{}/refund/"
    shown = shown_in(preview(office, order, "amount", amount="1.00").content.decode())
    other = settled(cast)
    with assert_nothing_changed(other):
        told(office, url.format(other.pk), shown)
        assert told(office, url.format(other.pk), {"shown": "forged"}) == [
            "Nothing was done: first check what will happen, then confirm it."
        ]
    monkeypatch.setattr("orders.admin.refunds.refunds_as_told", lambda refunds: [["another"]])
    with assert_nothing_changed(order):
        assert told(office, url.format(order.pk), shown) == ["It would go back otherwise by now: check it again."]
    assert not Refund.objects.exists()


def test_refunds_that_need_somebody_stand_on_the_first_page(cast: Cast, office: Client) -> None:
    order = settled(cast, "cash")
    give_back(office, order, "amount", amount="3.00")
    refund = Refund.objects.get()
    first = office.get("/admin/").content.decode()
    assert "Refunds to be given by hand" in first
    listed = office.get("/admin/orders/refund/?state__exact=by_hand").content.decode()
    assert f"/admin/orders/refund/{refund.pk}/change/" in listed
    page = office.get(f"/admin/orders/refund/{refund.pk}/change/").content.decode()
    assert f"/admin/orders/refund/{refund.pk}/done/" in page
    assert "to-wallet" not in page
    url = f"/admin/orders/refund/{refund.pk}"
    assert told(office, f"{url}/to-wallet/", {}) == ["This refund has not failed: it is to be given by hand."]
    assert told(office, f"{url}/done/", {}) == ["The refund was made."]
    refund.refresh_from_db()
    assert (refund.state, refund.done_at is None) == ("done", False)
    assert told(office, f"{url}/done/", {}) == ["This refund does not have to be paid by hand: it is done."]
    event = OrderEvent.objects.filter(order=order).latest("number")
    assert event.data == {"refund_done": {"amount": "3.00", "currency": "EUR"}}
    assert office.get(f"{url}/change/").content.decode().count('class="act act-success"') == 0


def test_a_failed_one_goes_to_the_wallet_instead(cast: Cast, office: Client) -> None:
    order = settled(cast)
    give_back(office, order, "amount", amount="5.00")
    Refund.objects.update(state="failed", to="source", failure="The card is closed.")
    before = sums()
    refund = Refund.objects.get()
    url = f"/admin/orders/refund/{refund.pk}/to-wallet/"
    assert told(office, url, {}) == ["The money was added to the customer's wallet."]
    refund.refresh_from_db()
    assert (refund.state, refund.to) == ("done", "wallet")
    changed = {name: amount - before.get(name, 0) for name, amount in sums().items() if amount != before.get(name, 0)}
    assert changed == held(cast, wallet=500, funding=-500)
    with assert_nothing_changed(order.__class__.objects.get(pk=order.pk)):
        assert told(office, url, {}) == ["This refund has not failed: it is done."]


def test_a_guest_s_failed_refund_stays(cast: Cast, office: Client) -> None:
    order = settled(cast, "cash", customer=Customer.objects.create(name="Gina"))
    give_back(office, order, "amount", amount="5.00")
    Refund.objects.update(state="failed")
    with assert_nothing_changed(Order.objects.get()):
        url = f"/admin/orders/refund/{Refund.objects.get().pk}/to-wallet/"
        assert told(office, url, {}) == ["A guest has no wallet: pay the refund by hand."]
        assert told(office, "/admin/orders/refund/999999/done/", {})[0] == "There is no such refund."


# --- what is owed -----------------------------------------------------------------------------------------------


def test_what_is_owed_is_paid_out_from_its_page(cast: Cast, office: Client) -> None:
    driven(cast)
    settled(cast, "cash")
    page = office.get(PAYOUTS).content.decode()
    for amount in ("23.60", "-15.00", "8.60"):
        assert f"{amount}\u00a0EUR" in page
    url = f"/admin/orders/account/{account('vendor').pk}/pay-out/"
    form = {"text": "Bank 17", "from": "payouts"}
    with assert_nothing_changed():
        assert not_asked(office, url, **form, amount="8.61") == ["That is more than is owed: pay out 8.60 EUR at most."]
        for amount in ("x", "0", "-1", "0.001", "1.234", "1,234.5,6", "8e0", "٨", "9" * 30, "NaN"):
            assert "Amount:" in not_asked(office, url, **form, amount=amount)[0], amount
        # To look is not to pay, and to press without having looked neither.
        page, shown = asked(office, url, **form)
        assert told(office, url, {**form, "amount": "8.60"}) == [
            "Nothing was done: first check what will happen, then confirm it."
        ]
        assert "Nothing was done" in told(office, url, {"shown": shown["shown"] + "x"})[0]
    for fact in (
        "Burger Bar",
        "8.60\u00a0EUR",
        "23.60\u00a0EUR",
        "-15.00\u00a0EUR",
        "Bank 17",
        "Cash with Burger Bar",
        "Outside the site",
    ):
        assert fact in page
    assert told(office, url, shown) == ["The payout was recorded."]
    assert told(office, url, shown) == ["The form was sent twice, but the change was made only once."]
    assert sums() == held(cast, wallet=4500, driver=300, platform=340, funding=-5140)
    assert Posting.objects.get(kind="payout").text == "Bank 17"


def test_what_was_paid_a_moment_ago_is_shown_before_more_is_paid(cast: Cast, office: Client) -> None:
    """Somebody pressed "back", or two pay the same vendor: the page that asks again tells what was paid."""
    cast.other_vendor.currency = "EUR"
    for vendor in (cast.vendor, cast.other_vendor):
        settled(cast, vendor=vendor)
        settled(cast, vendor=vendor)
    settled(cast, "cash")
    mine, other = (account("vendor", vendor=vendor).pk for vendor in (cast.vendor, cast.other_vendor))
    url = f"/admin/orders/account/{mine}/pay-out/"
    lately = "Paid out in the last 24 hours"
    assert lately not in asked(office, url, amount="5,00")[0]
    assert confirm(office, url, amount="5,00", text="Bank 17") == ["The payout was recorded."]
    again = asked(office, url, amount="5,00")[0]
    assert again.count(lately) == 1
    # What left the bank, not what was deducted as cash besides.
    assert re.search(r"<dd>5\.00\u00a0EUR, [^<]+, Bank 17</dd>", again)
    assert lately not in asked(office, f"/admin/orders/account/{other}/pay-out/", amount="1")[0]
    both = asked(office, "/admin/orders/account/pay-out/", account=[mine, other])[0]
    assert both.count(lately) == 1

    # Neither what was taken back is told, nor what is older.
    posting = Posting.objects.get(kind="payout")
    page = f"/admin/orders/posting/{posting.pk}/reverse/"
    told(office, page, {**asked(office, page)[1], "reason": "Wrong account"})
    assert lately not in asked(office, url, amount="5,00")[0]
    confirm(office, url, amount="5,00")
    Posting.objects.filter(kind="payout").update(created_at=timezone.now() - timedelta(hours=25))
    assert lately not in asked(office, url, amount="5,00")[0]


def test_what_has_changed_since_it_was_shown_is_not_paid(cast: Cast, office: Client) -> None:
    settled(cast)
    url = f"/admin/orders/account/{account('vendor').pk}/pay-out/"
    _, shown = asked(office, url, amount="5,00")
    settled(cast, "cash")
    with assert_nothing_changed():
        assert told(office, url, shown) == [
            "The amounts have changed: 26.60 EUR are owed now, with -15.00 in cash. Nothing was booked."
        ]
    assert confirm(office, url, amount="5,00") == ["The payout was recorded."]
    assert sums()[f"vendor:{cast.vendor.pk}:EUR"] == 2660 - 1500 - 500


def test_selected_payees_are_paid_all_or_none(cast: Cast, office: Client) -> None:
    cast.other_vendor.currency = "EUR"
    settled(cast)
    settled(cast, vendor=cast.other_vendor)
    url = "/admin/orders/account/pay-out/"
    rows = [account("vendor", vendor=vendor).pk for vendor in (cast.vendor, cast.other_vendor)]
    with assert_nothing_changed():
        assert not_asked(office, url) == ["First tick who is to be paid."]
        assert not_asked(office, url, account=["x", "9" * 30, account("clearing").pk]) == [
            "First tick who is to be paid."
        ]
        page, shown = asked(office, url, account=rows)
    assert page.count("13.30\u00a0EUR") >= 4
    assert "Pay out to 2" in page
    settled(cast, vendor=cast.other_vendor)
    with assert_nothing_changed():
        assert "The amounts have changed: 26.60 EUR are owed now" in told(office, url, shown)[0]
    assert confirm(office, url, account=rows) == ["2 payouts were recorded."]
    assert sorted(Posting.objects.filter(kind="payout").values_list("entries__amount", flat=True)) == [
        *[-2660, -1330],
        *[1330, 2660],
    ]
    with assert_nothing_changed():
        assert not_asked(office, url, account=rows) == ["Burger Bar: Nothing is owed, so there is nothing to pay out."]


def test_a_driver_hands_its_cash_in_and_gets_its_tips(cast: Cast, office: Client) -> None:
    driven(cast, "cash")
    assert "Dora Driver" in office.get(f"{PAYOUTS}?who=drivers").content.decode()
    cash = account("cash", driver=cast.driver_row)
    url = f"/admin/orders/account/{cash.pk}"
    with assert_nothing_changed():
        held_most = "That is more cash than this driver or vendor holds: 15.00 EUR at most."
        assert not_asked(office, f"{url}/hand-in/", amount="15.01") == [held_most]
        assert not_asked(office, f"{url}/pay-out/") == ["Nothing is owed, so there is nothing to pay out."]
        assert "Amount:" in not_asked(office, f"{url}/hand-in/", amount="")[0]
        page, shown = asked(office, f"{url}/hand-in/", amount="15,00")
        assert "Nothing was done" in told(office, f"{url}/hand-in/", {"amount": "15.00"})[0]
    assert "Dora Driver" in page
    assert "15.00\u00a0EUR was handed in" in page
    assert told(office, f"{url}/hand-in/", shown) == ["15.00\u00a0EUR was handed in."]
    assert sums() == held(cast, wallet=6000, vendor=1030, driver=300, platform=170, funding=-7500)
    assert confirm(office, f"{url}/pay-out/", amount="3.00") == ["The payout was recorded."]
    assert sums() == held(cast, wallet=6000, vendor=1030, platform=170, funding=-7200)


@pytest.mark.parametrize(
    ("counted", "word", "amount", "booked"),
    [
        ("14,50", "Missing", "0.50", -50),
        ("15.20", "Too much", "0.20", 20),
        ("15", "", "", 0),
        ("0", "Missing", "15.00", -1500),
    ],
)
def test_what_is_counted_beside_what_is_held_is_booked_as_a_difference(
    cast: Cast, office: Client, counted: str, word: str, amount: str, booked: int
) -> None:
    driven(cast, "cash")
    before, came = sums(), 1500 + booked
    url = f"/admin/orders/account/{account('cash', driver=cast.driver_row).pk}/hand-in/"
    page, shown = asked(office, url, amount=counted, is_all="on")
    assert (word in page, f"{amount}\u00a0EUR" in page) == (True, True)
    assert ("Cash differences" in page) == bool(booked)
    assert told(office, url, shown) == [f"{came / 100:.2f}\u00a0EUR was handed in."]
    booked_too = {"difference": booked} if booked else {}
    assert sums() == held(cast, wallet=6000, vendor=1030, driver=300, platform=170, funding=-6000 - came, **booked_too)
    assert differences() == []
    posting = Posting.objects.get(kind="hand_in")
    assert posting.actor == cast.staff.caller_key
    with transaction.atomic():
        reverse_movement(posting_id=posting.pk, caller=SYSTEM, reason="Counted wrongly")
    assert {name: held for name, held in sums().items() if held} == before
    assert differences() == []


def test_nothing_is_handed_in_by_who_holds_nothing_or_is_not_done(cast: Cast, office: Client) -> None:
    driven(cast, "cash")
    with assert_nothing_changed():
        url = f"/admin/orders/account/{account('cash', driver=cast.driver_row).pk}/hand-in/"
        assert not_asked(office, url, amount="0") == ["Amount: Send more than zero."]
        url = f"/admin/orders/account/{account('vendor', vendor=cast.vendor).pk}/hand-in/"
        for amount in ("0", "5"):
            told_then = not_asked(office, url, amount=amount, is_all="on")
            assert told_then == ["That is more cash than this driver or vendor holds: 0.00 EUR at most."]


def test_cash_that_was_handed_in_meanwhile_is_not_booked_twice(cast: Cast, office: Client) -> None:
    driven(cast, "cash")
    url = f"/admin/orders/account/{account('cash', driver=cast.driver_row).pk}/hand-in/"
    first, second = asked(office, url, amount="5")[1], asked(office, url, amount="5")[1]
    assert told(office, url, first) == ["5.00\u00a0EUR was handed in."]
    with assert_nothing_changed():
        assert "The amounts have changed" in told(office, url, second)[0]


@pytest.mark.parametrize(("kind", "amount"), [("pay-out", "2.00"), ("hand-in", "5.00")])
def test_a_payout_or_cash_handed_in_is_taken_back_once(cast: Cast, office: Client, kind: str, amount: str) -> None:
    driven(cast)
    driven(cast, "cash")
    row = account("driver") if kind == "pay-out" else account("cash", driver=cast.driver_row)
    if kind == "pay-out":
        confirm(office, f"/admin/orders/account/{row.pk}/hand-in/", amount="15.00")
    before = sums()
    confirm(office, f"/admin/orders/account/{row.pk}/{kind}/", amount=amount)
    posting = Posting.objects.latest("pk")
    page = f"/admin/orders/posting/{posting.pk}"
    assert f"{page}/reverse/" in office.get(f"{page}/change/").content.decode()
    text, shown = asked(office, f"{page}/reverse/")
    for fact in ("Dora Driver", f"Reverse {amount}\u00a0EUR", f"-{amount}\u00a0EUR"):
        assert fact in text
    with assert_nothing_changed():
        assert "This field is required." in office.post(f"{page}/reverse/", shown).content.decode()
        assert "Nothing was done" in told(office, f"{page}/reverse/", {"reason": "Wrong account"})[0]
    _, other = asked(office, f"{page}/reverse/")
    given = {**shown, "reason": "Wrong account"}
    assert told(office, f"{page}/reverse/", given) == ["It was reversed, with an entry of its own."]
    assert sums() == before
    # The page of either says what it is in words, and an entry its amount as money.
    taken_back = office.get(f"{page}/change/").content.decode()
    words = {"pay-out": ("paid out", "payout taken back"), "hand-in": ("cash handed in", "cash handed in taken back")}
    for called, one in zip(words[kind], (posting, Posting.objects.latest("pk")), strict=True):
        assert f"{called} {one.pk}" in taken_back
    assert f"{amount} EUR" in taken_back
    reversal = Posting.objects.latest("pk")
    assert (reversal.reverses, reversal.kind, reversal.text, reversal.actor) == (
        posting,
        {"pay-out": "payout_rev", "hand-in": "handin_rev"}[kind],
        "Wrong account",
        cast.staff.caller_key,
    )
    with assert_nothing_changed():
        assert "The form was sent twice" in told(office, f"{page}/reverse/", given)[0]
        assert told(office, f"{page}/reverse/", {**other, "reason": "Again"}) == [
            "It has been reversed already: nothing was changed."
        ]
        assert "cannot be reversed" in not_asked(office, f"{page}/reverse/")[0]
        assert "cannot be reversed" in not_asked(office, f"/admin/orders/posting/{reversal.pk}/reverse/")[0]
    assert f"/admin/orders/posting/{reversal.pk}/change/" in office.get(f"{page}/change/").content.decode()
    assert "/reverse/" not in office.get(f"{page}/change/").content.decode()


def test_other_movements_are_not_taken_back(cast: Cast, office: Client) -> None:
    settled(cast)
    with assert_nothing_changed():
        for posting in Posting.objects.all():
            assert "cannot be reversed" in not_asked(office, f"/admin/orders/posting/{posting.pk}/reverse/")[0]
            assert "/reverse/" not in office.get(f"/admin/orders/posting/{posting.pk}/change/").content.decode()
            with pytest.raises(Conflict) as conflict, transaction.atomic():
                reverse_movement(posting_id=posting.pk, caller=SYSTEM, reason="Why not")
            assert conflict.value.code == "not_reversible"
        with pytest.raises(Invalid), transaction.atomic():
            reverse_movement(posting_id=posting.pk, caller=SYSTEM, reason=" ")
        with pytest.raises(NotFound), transaction.atomic():
            reverse_movement(posting_id=10**9, caller=SYSTEM, reason="Why not")
        assert office.get("/admin/orders/posting/999999/reverse/").status_code == 302


def test_the_statement_of_a_vendor_s_page(cast: Cast, office: Client) -> None:
    settled(cast)
    row = account("vendor")
    page = office.get(f"/admin/orders/account/{row.pk}/change/").content.decode()
    assert f"/admin/orders/account/{row.pk}/statement/" in page
    day = Posting.objects.latest("pk").created_at.astimezone(cast.vendor.zone).date()
    url = f"/admin/orders/account/{row.pk}/statement/"
    answer = office.get(f"{url}?first={day}&last={day}")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.getvalue().decode().startswith("date,order,number,kind")
    shown = office.get(f"{url}?first={day}&last={day}&as=page").content.decode()
    for text in ("Opening balance", "Settlement", "Closing balance", "13.30\xa0EUR", "-1.20\xa0EUR", "as XLSX"):
        assert text in shown, text
    empty = office.get(f"{url}?first=2020-01-01&last=2020-01-02&as=page").content.decode()
    assert "No money has moved in these days." in empty
    for query in (
        "",
        "first=x&last=y",
        f"first={day}&last=2020-01-01",
        "first=2020-01-01&last=2026-01-01",
        "first=0001-01-01&last=0001-01-02",
        "first=9999-12-31&last=9999-12-31",
    ):
        assert office.get(f"{url}?{query}").status_code == 302
    clearing = account("clearing")
    for path in ("statement/?first=2026-01-01&last=2026-01-02",):
        assert office.get(f"/admin/orders/account/{clearing.pk}/{path}").status_code == 302


def test_buttons_are_for_those_who_may(cast: Cast, office: Client) -> None:
    order = settled(cast, "cash")
    give_back(office, order, "amount", amount="1.00")
    refund, row = Refund.objects.get(), account("cash")
    viewer = clerk_with("view_order", "view_refund", "view_account", "change_order")
    base = "/admin/orders"
    with assert_nothing_changed(Order.objects.get()):
        for path in (
            f"order/{order.pk}/refund",
            f"refund/{refund.pk}/done",
            f"refund/{refund.pk}/to-wallet",
        ):
            assert viewer.get(f"{base}/{path}/").status_code == 405
            assert viewer.post(f"{base}/{path}/", {}).status_code == 403
        # Pages that ask are for nobody else either.
        payout = Posting.objects.latest("pk").pk
        for path in (
            f"account/{row.pk}/pay-out",
            f"account/{row.pk}/hand-in",
            "account/pay-out",
            "account/top-up",
            f"posting/{payout}/reverse",
        ):
            assert viewer.get(f"{base}/{path}/").status_code == 403
            assert viewer.post(f"{base}/{path}/", {}).status_code == 403
        assert viewer.post(f"{base}/refund/{refund.pk}/change/", {"state": "done"}).status_code == 403
    for path in (f"order/{order.pk}/change", f"account/{row.pk}/change", "account/payouts"):
        page = viewer.get(f"{base}/{path}/").content.decode()
        assert not re.findall(r'action="[^"]*(?:refund|pay-out|hand-in)', page), path
    assert f"{refund.pk}/done" not in viewer.get(f"{base}/refund/{refund.pk}/change/").content.decode()


def test_pages_cost_the_same_for_one_and_for_many(cast: Cast, office: Client) -> None:
    def cost() -> list[int]:
        counted = []
        for path in ("account/payouts/", "refund/", f"order/{order.pk}/change/"):
            with CaptureQueriesContext(connection) as queries:
                assert office.get(f"/admin/orders/{path}").status_code == 200
            counted.append(len(queries))
        return counted

    order = settled(cast, "cash")
    give_back(office, order, "amount", amount="1.00")
    one = cost()
    settled(cast, "cash", vendor=cast.other_vendor)
    for number in range(3):
        give_back(office, order, "amount", amount=f"1.0{number}")
    assert cost() == one


def test_the_list_of_accounts_tells_what_each_holds(cast: Cast, office: Client) -> None:
    fill_wallet(cast.customer_row, 1234)
    settled(cast, "wallet")
    settled(cast, "cash")
    page = office.get("/admin/orders/account/")
    names = ("Wallet of Clara Customer", "Cash with Burger Bar", "Held until the order succeeds", "Outside the site")
    assert [name for name in names if name not in page.content.decode()] == []
    posting = office.get(f"/admin/orders/posting/{Posting.objects.latest('pk').pk}/change/")
    assert [ACCOUNT_CODE.findall(one.content.decode()) for one in (page, posting)] == [[], []]
    rows = page.context["cl"]
    shown = {row.name: rows.model_admin.held(row).replace("\u00a0", " ") for row in rows.result_list}
    for name, text in shown.items():
        row = Account.objects.get(name=name)
        if row.customer or row.vendor or row.driver:
            assert text == with_currency(sum(row.entries.values_list("amount", flat=True)), "EUR"), name
        else:
            assert text == "see its page", name
    assert shown[f"cash:{cast.vendor.pk}:EUR"].startswith("-")
    by_phone = office.get("/admin/orders/account/", {"q": "02 555 01 00"}).context["cl"].result_list
    assert {row.customer for row in by_phone} == {cast.customer_row}
