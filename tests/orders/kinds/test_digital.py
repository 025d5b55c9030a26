"""Digital orders over HTTP: from placing to the codes, and what happens where there are too few."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Fulfilment, Status
from orders.models import Code, Kind, Order, Payment
from orders.services.moving import timers
from orders.services.moving.timers import run_due
from orders.services.paying.receiving import mark_paid
from ordersite.accounts.callers import SYSTEM
from ordersite.accounts.models import ApiToken
from ordersite.core.crypto import token_hash
from tests.cast import Cast
from tests.orders.gift_cards import FIRST, SECOND, THIRD, free_codes, gift_cart, issued, make_gift_card, stock
from tests.orders.rows import add_line, make_order
from tests.orders.shopping import ORDERS, assert_nothing_changed, balance_of, fill_wallet, place, place_order, sums
from vendors.models import Product, Vendor
from vendors.services.vendors import bump_menu_version

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
Later = Callable[..., int]


@pytest.fixture
def card(cast: Cast) -> Product:
    fill_wallet(cast.customer_row, 10_000)
    return make_gift_card(cast)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """`later(minutes=5)` runs the timers as of then; how many orders were dealt with. Time only goes on."""
    real, passed = timezone.now, [timedelta()]

    def run(**more: float) -> int:
        passed[0] += timedelta(**more)
        with monkeypatch.context() as patched:
            patched.setattr(timezone, "now", lambda: real() + passed[0])
            return run_due()

    return run


def codes_url(order: Order) -> str:
    return f"{ORDERS}/{order.pk}/codes"


def told(order: Order) -> list[tuple[str, str, str]]:
    """The order's history: kind, transition and role."""
    return list(order.events.values_list("kind", "transition", "role"))


class TestFulfilling:
    def test_enough_codes_complete_it_at_once(self, cast: Cast, api: Api, card: Product) -> None:
        stock(card, FIRST, SECOND, THIRD)
        answer = place(api(cast.customer), gift_cart(card, 2, type="digital"))
        order = Order.objects.get(pk=answer["orders"][0]["id"])
        assert answer["orders"][0]["status"] == answer["purchase"]["status"] == {"code": 1, "name": "completed"}
        assert (order.kind, order.fulfilment, order.codes_missing) == (Kind.DIGITAL, Fulfilment.DIGITAL, 0)
        assert told(order) == [
            ("placed", "", "customer"),
            ("status", "accept", "system"),
            ("status", "complete", "system"),
        ]
        assert (issued(order), free_codes(card)) == ([FIRST, SECOND], 1)
        assert balance_of(cast.customer_row) == 5000
        assert sums() == {
            "funding::EUR": -10_000,
            f"wallet:{cast.customer_row.pk}:EUR": 5000,
            f"vendor:{cast.vendor.pk}:EUR": 5000,
        }
        codes = api(cast.customer).get(codes_url(order))
        line = order.lines.get().pk
        assert codes.json() == {
            "codes": [
                {"item": line, "product": card.pk, "name": "Gift card", "code": text} for text in (FIRST, SECOND)
            ],
            "missing": 0,
        }
        assert codes["Cache-Control"] == "no-store"

    def test_each_line_gets_codes_of_its_product(self, cast: Cast, api: Api, card: Product) -> None:
        other = make_gift_card(cast, name="Film voucher", price=1000)
        stock(card, FIRST, SECOND)
        stock(other, "FILM-77-XXXX")
        items = [{"product": product.pk} for product in (card, other, card)]
        order = place_order(api(cast.customer), gift_cart(card, items=items))
        assert order.status == Status.COMPLETED
        codes = api(cast.customer).get(codes_url(order)).json()["codes"]
        assert [(row["name"], row["code"]) for row in codes] == [
            ("Gift card", FIRST),
            ("Film voucher", "FILM-77-XXXX"),
            ("Gift card", SECOND),
        ]

    def test_it_is_fulfilled_when_its_payment_comes_in(self, cast: Cast, api: Api, card: Product) -> None:
        Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["transfer"])
        bump_menu_version(cast.vendor.pk)
        stock(card, FIRST)
        guest = {"name": "Greta", "email": "greta@example.net"}
        answer = place(api(), gift_cart(card, payment_method="transfer", guest=guest))
        order = Order.objects.get(pk=answer["orders"][0]["id"])
        client = api(order_token=answer["purchase"]["guest_token"])
        assert (order.status, issued(order)) == (Status.PENDING, [])
        with assert_nothing_changed(order):
            response = client.get(codes_url(order))
        assert (response.status_code, response.json()["code"]) == (409, "not_paid")
        with transaction.atomic():
            mark_paid(payment_id=Payment.objects.get(purchase=order.purchase).pk, caller=SYSTEM, now=timezone.now())
        order = Order.objects.get(pk=order.pk)
        assert (order.status, issued(order)) == (Status.COMPLETED, [FIRST])
        assert client.get(codes_url(order)).json()["codes"][0]["code"] == FIRST
        assert api().get(codes_url(order)).status_code == 404

    def test_it_is_fulfilled_when_it_is_paid_in_another_way(
        self, cast: Cast, api: Api, card: Product, later: Later
    ) -> None:
        Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["transfer", "wallet"])
        bump_menu_version(cast.vendor.pk)
        stock(card, FIRST)
        order = place_order(api(cast.customer), gift_cart(card, payment_method="transfer"))
        assert (later(), issued(order)) == (0, [])
        response = api(cast.customer).patch(f"{ORDERS}/{order.pk}", {"payment_method": "wallet"})
        assert response.status_code == 200, response.json()
        assert later() == 1
        assert (Order.objects.get(pk=order.pk).status, issued(order)) == (Status.COMPLETED, [FIRST])
        assert balance_of(cast.customer_row) == 7500

    def test_too_few_wait_with_a_flag_and_are_tried_every_minute(
        self, cast: Cast, api: Api, card: Product, later: Later
    ) -> None:
        stock(card, FIRST)
        order = place_order(api(cast.customer), gift_cart(card, 3))
        assert (order.status, order.codes_missing, issued(order)) == (Status.ACCEPTED_BY_BUSINESS, 2, [FIRST])
        assert order.codes_tried_at is not None
        assert order.due_at == order.codes_tried_at + timedelta(minutes=1)
        event = order.events.latest("number")
        assert (event.kind, event.role, event.data) == ("delay", "system", {"codes_missing": 2})
        assert event.reason == "2 codes are not available yet: the order waits for them."
        assert (event.number, event.visible_to) == (order.version, "everybody")
        # What is set aside is not shown while the order may still be cancelled.
        assert api(cast.customer).get(codes_url(order)).json() == {"codes": [], "missing": 2}
        assert (later(seconds=58), later(seconds=3)) == (0, 1)
        again = Order.objects.get(pk=order.pk)
        assert (again.version, again.status, again.codes_missing) == (order.version, order.status, 2)
        assert again.due_at is not None
        assert again.due_at > order.due_at
        assert issued(order) == [FIRST]

    def test_codes_that_come_in_are_given_at_once(
        self, cast: Cast, api: Api, card: Product, later: Later, django_capture_on_commit_callbacks: Any
    ) -> None:
        order = place_order(api(cast.customer), gift_cart(card, 2))
        unrelated = place_order(api(cast.customer), gift_cart(make_gift_card(cast, name="Other")))
        with django_capture_on_commit_callbacks(execute=True):
            stock(card, FIRST)
        assert later() == 1
        assert (Order.objects.get(pk=order.pk).codes_missing, issued(order)) == (1, [FIRST])
        assert order.events.latest("number").reason == "One code is not available yet: the order waits for it."
        with django_capture_on_commit_callbacks(execute=True):
            stock(card, SECOND, THIRD)
        assert (later(), later()) == (1, 0)
        done = Order.objects.get(pk=order.pk)
        assert (done.status, done.codes_missing, done.due_at) == (Status.COMPLETED, 0, None)
        assert [row["code"] for row in api(cast.customer).get(codes_url(order)).json()["codes"]] == [FIRST, SECOND]
        assert Order.objects.get(pk=unrelated.pk).codes_missing == 1

    def test_at_the_deadline_the_money_goes_back(self, cast: Cast, api: Api, card: Product, later: Later) -> None:
        Vendor.objects.filter(pk=cast.vendor.pk).update(code_minutes=30)
        stock(card, FIRST)
        order = place_order(api(cast.customer), gift_cart(card, 2))
        assert balance_of(cast.customer_row) == 5000
        assert later(minutes=29.5) == 1
        assert Order.objects.get(pk=order.pk).status == Status.ACCEPTED_BY_BUSINESS
        assert (later(minutes=0.6), later(minutes=5)) == (1, 0)
        order = Order.objects.get(pk=order.pk)
        event = order.events.latest("number")
        assert (order.status, event.transition, event.role) == (Status.REJECTED, "cancel_by_staff", "system")
        assert (event.reason_code, order.payment_status, order.refunded) == ("codes_unavailable", "refunded", 5000)
        assert balance_of(cast.customer_row) == 10_000
        assert sums() == {"funding::EUR": -10_000, f"wallet:{cast.customer_row.pk}:EUR": 10_000}
        # The one that was set aside nobody has read: it is free for the next.
        assert (issued(order), free_codes(card)) == ([], 1)
        response = api(cast.customer).get(codes_url(order))
        assert (response.status_code, response.json()["code"]) == (409, "order_closed")

    def test_codes_that_come_in_after_the_deadline_go_before_it(
        self, cast: Cast, api: Api, card: Product, later: Later, django_capture_on_commit_callbacks: Any
    ) -> None:
        """No worker ran meanwhile."""
        order = place_order(api(cast.customer), gift_cart(card))
        with django_capture_on_commit_callbacks(execute=True):
            stock(card, FIRST)
        assert later(minutes=90) == 1
        assert Order.objects.get(pk=order.pk).status == Status.COMPLETED

    def test_a_timer_that_fails_is_tried_again(
        self, cast: Cast, api: Api, card: Product, later: Later, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order = place_order(api(cast.customer), gift_cart(card))

        def break_down(*, order_id: int) -> None:
            raise RuntimeError

        with monkeypatch.context() as patched:
            patched.setattr(timers.digital, "fulfil_order", break_down)  # type: ignore[attr-defined]
            assert later(minutes=2) == 0
        assert later(minutes=6) == 1
        assert Order.objects.get(pk=order.pk).codes_missing == 1

    def test_a_product_that_is_gone_is_never_taken_for_issued(
        self, cast: Cast, api: Api, card: Product, later: Later
    ) -> None:
        order = place_order(api(cast.customer), gift_cart(card))
        card.delete()
        assert later(minutes=2) == 1
        assert Order.objects.get(pk=order.pk).codes_missing == 1
        # Once more, and then its time is over.
        assert (later(minutes=60), later()) == (1, 1)
        assert Order.objects.get(pk=order.pk).status == Status.REJECTED

    def test_what_is_refunded_while_it_waits_gets_no_code(
        self, cast: Cast, api: Api, card: Product, later: Later
    ) -> None:
        order = place_order(api(cast.customer), gift_cart(card))
        Order.objects.filter(pk=order.pk).update(payment_status="refunded")
        stock(card, FIRST)
        assert (later(minutes=2), later(minutes=57)) == (0, 0)
        assert (free_codes(card), Order.objects.get(pk=order.pk).status) == (1, Status.ACCEPTED_BY_BUSINESS)


class TestCancelling:
    def cancel(self, cast: Cast, api: Api, order: Order) -> None:
        body = {"transition": "cancel_by_staff", "reason_code": "fraud"}
        assert api(cast.staff).post(f"{ORDERS}/{order.pk}/transitions", body).status_code == 200

    def test_codes_that_were_handed_out_are_never_sold_again(self, cast: Cast, api: Api, card: Product) -> None:
        stock(card, FIRST)
        order = place_order(api(cast.customer), gift_cart(card))
        self.cancel(cast, api, order)
        code = Code.objects.get()
        assert (code.line, code.spent_at is not None) == (order.lines.get(), True)
        assert balance_of(cast.customer_row) == 10_000
        assert api(cast.customer).get(codes_url(order)).json()["code"] == "order_closed"
        assert api(cast.staff).get(codes_url(order)).json()["codes"][0]["code"] == "…AAAA"
        following = place_order(api(cast.customer), gift_cart(card))
        assert (following.status, following.codes_missing) == (Status.ACCEPTED_BY_BUSINESS, 1)

    def test_a_mistaken_cancelling_gives_the_same_codes(
        self, cast: Cast, api: Api, card: Product, later: Later
    ) -> None:
        stock(card, FIRST, SECOND)
        order = place_order(api(cast.customer), gift_cart(card))
        self.cancel(cast, api, order)
        body = {"transition": "reopen", "reason_code": "mistake"}
        assert api(cast.staff).post(f"{ORDERS}/{order.pk}/transitions", body).status_code == 200
        assert later() == 1
        assert Order.objects.get(pk=order.pk).status == Status.COMPLETED
        assert (issued(order), free_codes(card), balance_of(cast.customer_row)) == ([FIRST], 1, 7500)
        assert api(cast.customer).get(codes_url(order)).json()["codes"][0]["code"] == FIRST
        self.cancel(cast, api, order)
        assert (issued(order), free_codes(card), balance_of(cast.customer_row)) == ([FIRST], 1, 10_000)


class TestReading:
    def test_only_the_customer_reads_them_in_clear(self, cast: Cast, api: Api, card: Product) -> None:
        token = "ost_till-of-merchant-a"
        ApiToken.objects.create(
            name="till", merchant=cast.merchant, token_hash=token_hash(token), hint="ost_", scopes=["read"]
        )
        stock(card, FIRST)
        order = place_order(api(cast.customer), gift_cart(card))
        strangers = [cast.stranger, cast.other_owner, cast.courier, cast.driver, cast.dispatcher]
        with assert_nothing_changed(order):
            for client in (api(cast.owner), api(cast.staff), api(token=token)):
                assert [row["code"] for row in client.get(codes_url(order)).json()["codes"]] == ["…AAAA"]
            for client in (api(), *map(api, strangers), api(order_token="x")):
                assert client.get(codes_url(order)).status_code == 404
        # Nobody who merely carries reads them either.
        Order.objects.filter(pk=order.pk).update(driver=cast.driver_row)
        assert api(cast.driver).get(f"{ORDERS}/{order.pk}").status_code == 200
        assert api(cast.driver).get(codes_url(order)).status_code == 404

    def test_the_first_reading_of_each_code_is_kept(self, cast: Cast, api: Api, card: Product) -> None:
        stock(card, FIRST, SECOND)
        order = place_order(api(cast.customer), gift_cart(card, 2))
        version = order.version
        client = api(cast.customer, x_app_x="phone")
        for _ in range(3):
            assert client.get(codes_url(order)).status_code == 200
        order = Order.objects.get(pk=order.pk)
        event = order.events.latest("number")
        assert (order.version, event.number) == (version + 1, version + 1)
        assert (event.kind, event.role, event.actor) == ("note", "customer", cast.customer.caller_key)
        assert (event.reason, event.visible_to, event.app_id) == ("Codes …AAAA, …BBBB revealed", "staff", "phone")
        assert event.data == {"codes": list(Code.objects.order_by("pk").values_list("pk", flat=True))}
        seen = api(cast.staff).get(f"{ORDERS}/{order.pk}/history").json()["results"]
        assert seen[-1]["reason"] == "Codes …AAAA, …BBBB revealed"
        for user in (cast.customer, cast.owner):
            history = api(user).get(f"{ORDERS}/{order.pk}/history").json()["results"]
            assert [row["kind"] for row in history] == ["placed", "status", "status"]

    def test_a_second_reader_of_the_same_order_is_kept_too(self, cast: Cast, api: Api, card: Product) -> None:
        stock(card, FIRST)
        order = place_order(api(cast.customer), gift_cart(card))
        order.purchase.guest_token_hash = token_hash("handed-on")
        order.purchase.save()
        for client in (api(cast.customer), api(order_token="handed-on"), api(order_token="handed-on")):
            assert client.get(codes_url(order)).json()["codes"][0]["code"] == FIRST
        actors = list(order.events.filter(kind="note").values_list("actor", flat=True))
        assert actors == [cast.customer.caller_key, f"guest:{token_hash('handed-on')[:32]}"]

    def test_reading_again_costs_three_statements_for_any_number(self, cast: Cast, api: Api, card: Product) -> None:
        stock(card, *(f"GIFT-{number:06}" for number in range(60)))
        fill_wallet(cast.customer_row, 200_000)
        client, costs = api(cast.customer), []
        for quantity in (1, 50):
            order = place_order(client, gift_cart(card, quantity))
            first = client.get(codes_url(order)).json()
            with CaptureQueriesContext(connection) as queries:
                assert client.get(codes_url(order)).json() == first
            assert len(first["codes"]) == quantity
            costs.append(len([query for query in queries if "orders_" in query["sql"]]))
        assert costs == [3, 3]
        note = Order.objects.latest("pk").events.latest("number")
        assert note.reason.endswith("and 10 more revealed")
        assert len(note.data["codes"]) == 50

    def test_no_other_answer_holds_a_code(self, cast: Cast, api: Api, card: Product) -> None:
        stock(card, FIRST)
        answer = place(api(cast.customer), gift_cart(card))
        order = Order.objects.get()
        assert FIRST not in str(answer)
        api(cast.customer).get(codes_url(order))
        for user in (cast.customer, cast.owner, cast.staff):
            for path in (f"{ORDERS}/{order.pk}?expand=items,events", f"{ORDERS}?expand=items,events"):
                assert FIRST not in api(user).get(path).content.decode()
        track = api().post("/api/v1/track", {"code": answer["purchase"]["tracking_code"]})
        assert FIRST not in track.content.decode()

    def test_what_is_not_digital_has_none(self, cast: Cast, api: Api) -> None:
        order = make_order(cast)
        add_line(order, cast.products["soda"])
        for user in (cast.customer, cast.owner, cast.staff):
            assert api(user).get(codes_url(order)).json() == {"codes": [], "missing": 0}
        assert api(cast.driver).get(codes_url(order)).status_code == 404

    def test_what_is_not_paid_shows_none(self, cast: Cast, api: Api, card: Product) -> None:
        stock(card, FIRST)
        order = place_order(api(cast.customer), gift_cart(card))
        for state in ("unpaid", "authorised", "failed", "proof_pending", "refunded"):
            Order.objects.filter(pk=order.pk).update(payment_status=state)
            response = api(cast.customer).get(codes_url(order))
            assert (response.status_code, response.json()["code"]) == (409, "not_paid"), state
        assert not order.events.filter(kind="note").exists()
        Order.objects.filter(pk=order.pk).update(payment_status="partly_refunded")
        assert api(cast.customer).get(codes_url(order)).json()["codes"][0]["code"] == FIRST
