"""PATCH and DELETE /orders/{id}, tracking numbers and notes: each field by each role, allowed and denied."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Fulfilment
from orders.models import FeedEntry, Order, OrderEvent, Payment, Purchase
from orders.services.editing.order_fields import AS_ORDERED
from ordersite.accounts.models import Address
from tests.cast import Cast
from tests.clock import Clock
from tests.orders.rows import make_order
from tests.orders.shopping import (
    FAR,
    NEAR,
    ORDERS,
    assert_nothing_changed,
    balance_of,
    cart,
    eur,
    fill_wallet,
    place,
    place_order,
    refused,
    sums,
)
from vendors.models import DeliveryZone
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]
ROLES = ("customer", "staff", "owner", "driver", "dispatcher", "other_owner", "stranger")


@pytest.fixture
def order(cast: Cast, api: Api) -> Order:
    """A delivery of a pizza, 14.50 in cash."""
    return place_order(api(cast.customer), cart(cast, delivery_type="delivery"))


def path(order: Order, rest: str = "") -> str:
    return f"{ORDERS}/{order.pk}{rest}"


def patch(client: APIClient, order: Order, **fields: Any) -> Any:
    return client.patch(path(order), fields)


def changed(client: APIClient, order: Order, **fields: Any) -> dict[str, Any]:
    response = patch(client, order, **fields)
    assert response.status_code == 200, response.json()
    answer: dict[str, Any] = response.json()
    return answer


def move(client: APIClient, order: Order, name: str, **fields: Any) -> dict[str, Any]:
    response = client.post(path(order, "/transitions"), {"transition": name, **fields})
    assert response.status_code == 200, response.json()
    answer: dict[str, Any] = response.json()
    return answer


def with_driver(cast: Cast, api: Api, order: Order) -> None:
    """The order is accepted, and cast.driver has accepted it too; cast.dispatcher's company holds nothing."""
    move(api(cast.owner), order, "accept")
    move(api(cast.owner), order, "look_for_driver")
    move(api(cast.driver), order, "accept_by_driver")


WHY = {"reason_code": "customer_request"}
CHANGES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "comment": ({"comment": "ring twice", **WHY}, {"customer", "staff", "owner"}),
    "address": ({"address": "Naamsestraat 2", "location": NEAR, **WHY}, {"customer", "staff", "owner"}),
    "address_notes": ({"address_notes": "2nd floor", **WHY}, {"customer", "staff", "owner"}),
    "location": ({"location": {"lat": 50.852, "lng": 4.352}, **WHY}, {"customer", "staff", "owner"}),
    "deliver_at": (
        {"deliver_at": (timezone.now() + timedelta(minutes=55)).isoformat(), **WHY},
        {"customer", "staff", "owner"},
    ),
    "payment_method": ({"payment_method": "wallet"}, {"customer", "staff"}),
    "driver_tip": ({"driver_tip": eur("2.00")}, {"customer", "staff"}),
    "cash": ({"cash": eur("20.00")}, {"customer", "staff"}),
    "self_delivery": ({"self_delivery": True}, {"owner", "staff"}),
    "prepared_in": ({"prepared_in": 30, "reason_code": "too_busy"}, {"owner", "staff"}),
    "delivered_in": ({"delivered_in": 50, "reason_code": "too_busy"}, {"owner", "staff"}),
}


class TestWho:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", CHANGES)
    def test_each_field_by_each_role(self, cast: Cast, api: Api, order: Order, name: str) -> None:
        fields, allowed = CHANGES[name]
        fill_wallet(cast.customer_row, 5000)
        sees = {"customer", "staff", "owner"}
        for role in [role for role in ROLES if role not in allowed] + [None]:
            client = api(getattr(cast, role)) if role else api()
            with assert_nothing_changed(order):
                response = patch(client, order, **fields)
            assert response.status_code == (403 if role in sees else 404), role
            if role in sees:
                assert response.json()["field"] == name
        for number, role in enumerate(sorted(allowed), start=2):
            before = OrderEvent.objects.filter(order=order).count()
            answer = changed(api(getattr(cast, role)), order, **fields)
            again = name in ("prepared_in", "delivered_in")
            assert answer["version"] == (number if again else 2)
            assert OrderEvent.objects.filter(order=order).count() == before + (1 if again or number == 2 else 0)

    def test_all_fields_of_a_call_must_be_allowed(self, cast: Cast, api: Api, order: Order) -> None:
        with assert_nothing_changed(order):
            response = patch(api(cast.owner), order, self_delivery=True, driver_tip=eur("1.00"))
        assert (response.status_code, response.json()["field"]) == (403, "driver_tip")
        answer = changed(api(cast.staff), order, self_delivery=True, comment="ring")
        assert (answer["self_delivery"], answer["comment"]) == (True, "ring")

    @pytest.mark.slow
    @pytest.mark.parametrize("name", AS_ORDERED)
    def test_the_vendor_says_why(self, cast: Cast, api: Api, order: Order, name: str) -> None:
        """What the customer said it changes with a reason, also once it has accepted; the customer reads it."""
        move(api(cast.owner), order, "accept")
        order.refresh_from_db(fields=["version"])
        fields = {key: value for key, value in CHANGES[name][0].items() if key != "reason_code"}
        with assert_nothing_changed(order):
            refused(patch(api(cast.owner), order, **fields), 400, "/reason_code", "required")
            refused(patch(api(cast.owner), order, **fields, reason_code="other"), 400, "/reason", "required")
        changed(api(cast.owner), order, **fields, reason_code="other", reason="He called us")
        event = OrderEvent.objects.filter(order=order).latest("number")
        assert (event.role, event.data["new"].keys() & {name}) == ("vendor", {name})
        told = api(cast.customer).get(path(order, "/history")).json()["results"][-1]
        assert (told["reason_code"], told["reason"]) == ("other", "He called us")

    def test_a_vendor_reads_no_saved_address_by_its_id(self, cast: Cast, api: Api, order: Order) -> None:
        saved = Address.objects.create(customer=cast.customer_row, address="Naamsestraat 7", **NEAR)
        with assert_nothing_changed(order):
            refused(patch(api(cast.owner), order, address=saved.pk, **WHY), 400, "/address", "unknown")
        assert changed(api(cast.customer), order, address=saved.pk)["address"] == "Naamsestraat 7"

    @pytest.mark.parametrize("fulfilment", [Fulfilment.PICKUP, Fulfilment.EAT_IN, Fulfilment.CURBSIDE])
    def test_a_vendor_has_nobody_come_earlier(self, cast: Cast, api: Api, fulfilment: Fulfilment) -> None:
        """What is not collected by the agreed time is not given back: only the customer brings that forward."""
        agreed = timezone.now().replace(microsecond=0) + timedelta(hours=3)
        order = make_order(cast, 13, fulfilment, deliver_at=agreed)
        with assert_nothing_changed(order):
            for when in ((agreed - timedelta(hours=1)).isoformat(), None):
                refused(patch(api(cast.owner), order, deliver_at=when, **WHY), 400, "/deliver_at", "too_early")
        later = (agreed + timedelta(minutes=30)).isoformat()
        changed(api(cast.owner), order, deliver_at=later, **WHY)
        changed(api(cast.customer), order, deliver_at=agreed.isoformat())

    def test_a_driver_tells_a_delay(self, cast: Cast, api: Api, order: Order) -> None:
        with_driver(cast, api, order)
        answer = changed(api(cast.driver), order, delivered_in=25, reason_code="vehicle_problem")
        assert answer["delivered_in"] == 25
        event = OrderEvent.objects.filter(order=order).latest("number")
        assert (event.kind, event.role, event.reason_code) == ("delay", "driver", "vehicle_problem")
        with assert_nothing_changed():
            assert patch(api(cast.driver), order, prepared_in=25, reason_code="too_busy").status_code == 403

    def test_a_guest_changes_by_its_token(self, cast: Cast, api: Api) -> None:
        answer = place(api(), cart(cast, guest={"name": "Gina", "phone": "+32470123456"}))
        order = Order.objects.get(pk=answer["orders"][0]["id"])
        guest = api(order_token=answer["purchase"]["guest_token"])
        assert changed(guest, order, comment="red coat")["comment"] == "red coat"
        with assert_nothing_changed(order):
            refused(patch(guest, order, payment_method="wallet"), 400, "/payment_method", "wallet")


class TestWhen:
    @pytest.mark.slow
    @pytest.mark.parametrize("name", ["address", "location", "deliver_at", "payment_method"])
    def test_what_others_rely_on_stands_still_once_accepted(
        self, cast: Cast, api: Api, order: Order, name: str
    ) -> None:
        fill_wallet(cast.customer_row, 5000)
        move(api(cast.owner), order, "accept")
        order.refresh_from_db(fields=["version"])
        with assert_nothing_changed(order):
            response = patch(api(cast.customer), order, **CHANGES[name][0])
        assert (response.status_code, response.json()["code"]) == (409, "order_accepted")
        changed(api(cast.staff), order, **CHANGES[name][0])

    @pytest.mark.parametrize("role", ["customer", "staff"])
    def test_a_closed_order_stands_still(self, cast: Cast, api: Api, order: Order, role: str) -> None:
        move(api(cast.customer), order, "cancel_by_customer")
        with assert_nothing_changed(order):
            response = patch(api(getattr(cast, role)), order, comment="too late")
        body = response.json()
        assert (response.status_code, body["code"], body["order_status"]["code"]) == (409, "order_closed", 16)

    def test_a_stale_version_changes_nothing(self, cast: Cast, api: Api, order: Order) -> None:
        changed(api(cast.customer), order, comment="one")
        with assert_nothing_changed(order):
            response = api(cast.customer).patch(path(order), {"comment": "two"}, headers={"If-Match": '"1"'})
        assert (response.status_code, response.json()["code"]) == (412, "stale")
        assert response.json()["current"]["version"] == 2
        response = api(cast.customer).patch(path(order), {"comment": "two"}, headers={"If-Match": '"2"'})
        assert (response.status_code, response["ETag"]) == (200, '"3"')

    def test_what_changes_nothing_makes_no_version(self, cast: Cast, api: Api, order: Order) -> None:
        with assert_nothing_changed(order):
            changed(api(cast.customer), order)
            changed(api(cast.customer), order, comment="", address="Naamsestraat 1", location=NEAR)


class TestWhat:
    def test_the_history_tells_old_and_new(self, cast: Cast, api: Api, order: Order) -> None:
        changed(api(cast.customer), order, comment="ring twice", driver_tip=eur("1.00"))
        event = api(cast.customer).get(path(order, "/history")).json()["results"][-1]
        assert event["data"] == {
            "old": {"comment": "", "driver_tip": eur("0.00")},
            "new": {"comment": "ring twice", "driver_tip": eur("1.00")},
        }
        assert (event["number"], event["kind"], event["actor"]) == (2, "payment", "customer")
        assert list(FeedEntry.objects.values_list("stream", "position")) == [
            (f"vendor:{cast.vendor.pk}", 1),
            (f"vendor:{cast.vendor.pk}", 2),
        ]

    def test_a_new_place_takes_its_distance_along(self, cast: Cast, api: Api, order: Order) -> None:
        assert order.distance == 132
        answer = changed(api(cast.customer), order, location={"lat": 50.86, "lng": 4.35}, address="Laeken 1")
        assert (answer["distance"], answer["address"], answer["delivery_fee"]) == (1112, "Laeken 1", eur("2.50"))

    def test_a_new_place_lies_in_the_same_zone(self, cast: Cast, api: Api, order: Order) -> None:
        DeliveryZone.objects.create(vendor=cast.vendor, name="Far", radius=99_000, fee=990, position=9)
        bump_menu_version(cast.vendor.pk)
        with assert_nothing_changed(order):
            refused(patch(api(cast.customer), order, location=FAR), 400, "/location", "other_zone")

    def test_a_zone_that_was_chosen_among_overlapping_ones_stays(self, cast: Cast, api: Api) -> None:
        express = DeliveryZone.objects.create(vendor=cast.vendor, name="Express", radius=3000, fee=600, position=9)
        bump_menu_version(cast.vendor.pk)
        body = cart(cast, delivery_type="delivery", delivery_zone=express.pk)
        order = place_order(api(cast.customer), body)
        answer = changed(api(cast.customer), order, location={"lat": 50.852, "lng": 4.352})
        assert (answer["delivery_zone"], answer["total"]) == (express.pk, eur("18.00"))

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("fields", "pointer", "code"),
        [
            ({"status": 7}, "/status", "unknown_field"),
            ({"vendor": 1}, "/vendor", "unknown_field"),
            ({"total": eur("1.00")}, "/total", "unknown_field"),
            ({"address": ""}, "/address", "blank"),
            ({"location": None}, "/location", "null"),
            ({"deliver_at": "2020-01-01T00:00:00Z"}, "/deliver_at", "past"),
            ({"payment_method": "card"}, "/payment_method", "invalid_choice"),
            ({"driver_tip": {"amount": "1.00", "currency": "USD"}}, "/driver_tip", "currency"),
            ({"driver_tip": eur("-0.01")}, "/driver_tip", "min_value"),
            ({"cash": eur("14.00")}, "/cash", "too_little"),
            ({"cash": eur("15.50")}, "/cash", "decimals"),
            ({"cash": {"amount": "20", "currency": "USD"}}, "/cash", "currency"),
            ({"prepared_in": 30}, "/reason_code", "required"),
            ({"prepared_in": 30, "reason_code": "nonsense"}, "/reason_code", "required"),
            ({"prepared_in": 30, "reason_code": "other"}, "/reason", "required"),
            ({"comment": "x", "reason_code": "nonsense"}, "/reason_code", "unknown"),
            ({"prepared_in": 0, "reason_code": "too_busy"}, "/prepared_in", "min_value"),
            ({"delivered_in": 10_081, "reason_code": "too_busy"}, "/delivered_in", "max_value"),
            ({"driver": 999_999}, "/driver", "unknown"),
            ({"driver": "Dora"}, "/driver", "invalid"),
            ({"self_delivery": "perhaps"}, "/self_delivery", "invalid"),
        ],
    )
    def test_nonsense(
        self, cast: Cast, api: Api, order: Order, fields: dict[str, Any], pointer: str, code: str
    ) -> None:
        with assert_nothing_changed(order):
            refused(patch(api(cast.staff), order, **fields), 400, pointer, code)

    def test_what_only_a_delivery_has(self, cast: Cast, api: Api) -> None:
        order = place_order(api(cast.customer), cart(cast))
        with assert_nothing_changed(order):
            refused(patch(api(cast.staff), order, driver=cast.driver_row.pk), 400, "/driver", "no_delivery")
            refused(patch(api(cast.staff), order, self_delivery=True), 400, "/self_delivery", "no_delivery")

    def test_a_delay_moves_the_estimate_each_time_it_is_told(self, cast: Cast, api: Api, order: Order) -> None:
        move(api(cast.owner), order, "accept", prepared_in=15)
        promised = []
        for _ in range(2):
            before = timezone.now()
            changed(api(cast.owner), order, prepared_in=15, reason_code="other", reason="The oven is slow")
            order = Order.objects.get(pk=order.pk)
            assert order.estimated_at is not None
            assert order.estimated_at >= before + timedelta(minutes=15)
            promised.append(order.estimated_at)
        assert promised[1] > promised[0]
        events = OrderEvent.objects.filter(order=order, kind="delay")
        assert [(event.number, event.reason) for event in events] == [(3, "The oven is slow"), (4, "The oven is slow")]

    @pytest.mark.parametrize(
        ("told", "later", "changed_to", "about"),
        [
            ({"prepared_in": 15}, {"prepared_in": 30}, (30, None, 30), "ready"),
            ({"prepared_in": 15, "delivered_in": 40}, {"prepared_in": 30}, (30, 55, 55), "delivered"),
            ({"prepared_in": 15, "delivered_in": 40}, {"delivered_in": 60}, (15, 60, 60), "delivered"),
            (
                {"prepared_in": 15, "delivered_in": 40},
                {"prepared_in": 20, "delivered_in": 30},
                (20, 30, 30),
                "delivered",
            ),
            ({"delivered_in": 40}, {"prepared_in": 10}, (10, 35, 35), "delivered"),
            ({"delivered_in": 40}, {"prepared_in": 50}, (50, 50, 50), "delivered"),
            ({}, {"prepared_in": 30}, (30, None, 30), "ready"),
        ],
    )
    def test_what_a_time_is_about_stays_so(
        self, cast: Cast, api: Api, clock: Clock, told: Any, later: Any, changed_to: Any, about: str
    ) -> None:
        """Minutes of preparing that are told anew, five minutes later, move those until delivery along."""
        order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
        accepted = move(api(cast.owner), order, "accept", **told)
        is_there = "delivered_in" in told
        assert accepted["estimated_for"] == ("delivered" if is_there else "ready")
        clock.now += timedelta(minutes=5)
        answer = changed(api(cast.owner), order, **later, reason_code="too_busy")
        at = (clock.now + timedelta(minutes=changed_to[2])).isoformat().replace("+00:00", "Z")
        assert (answer["prepared_in"], answer["delivered_in"], answer["estimated_at"]) == (*changed_to[:2], at)
        assert answer["estimated_for"] == about
        event = OrderEvent.objects.filter(order=order, kind="delay").get()
        stood = dict(zip(("prepared_in", "delivered_in"), changed_to[:2], strict=True))
        assert event.data["new"] == {name: stood[name] for name in event.data["new"]}
        assert event.data["old"] == {name: told.get(name) for name in event.data["new"]}
        assert set(event.data["new"]) >= set(later)


class TestDriver:
    def test_naming_offers_the_order_and_changes_no_status(self, cast: Cast, api: Api, order: Order) -> None:
        assert api(cast.courier).get(path(order)).status_code == 404
        answer = changed(api(cast.owner), order, driver=cast.courier_row.pk)
        assert (answer["driver"]["id"], answer["status"]["code"]) == (cast.courier_row.pk, 0)
        assert answer["milestones"]["driver_accepted"] is None
        assert api(cast.courier).get(path(order)).status_code == 200
        stream = FeedEntry.objects.filter(stream=f"driver:{cast.courier_row.pk}")
        assert [(entry.position, entry.event.kind) for entry in stream] == [(1, "driver")]

    def test_who_is_taken_off_sees_that_as_the_last(self, cast: Cast, api: Api, order: Order) -> None:
        changed(api(cast.owner), order, driver=cast.courier_row.pk)
        changed(api(cast.owner), order, driver=cast.driver_row.pk)
        changed(api(cast.staff), order, comment="x")
        told = FeedEntry.objects.filter(stream=f"driver:{cast.courier_row.pk}").count()
        assert (told, FeedEntry.objects.filter(stream=f"driver:{cast.driver_row.pk}").count()) == (2, 2)
        assert api(cast.courier).get(path(order)).status_code == 404
        assert changed(api(cast.owner), order, driver=None)["driver"] is None

    def test_whom_each_may_name(self, cast: Cast, api: Api, order: Order) -> None:
        with assert_nothing_changed(order):
            theirs = cast.company_driver_row.pk
            refused(patch(api(cast.owner), order, driver=theirs), 400, "/driver", "unknown")
        for driver in (cast.courier_row, cast.driver_row, cast.other_driver_row):
            changed(api(cast.owner), order, driver=driver.pk)
        changed(api(cast.staff), order, driver=cast.company_driver_row.pk)

    def test_a_company_names_its_own(self, cast: Cast, api: Api, order: Order) -> None:
        move(api(cast.owner), order, "accept")
        move(api(cast.owner), order, "look_for_driver")
        move(api(cast.dispatcher), order, "accept_by_company")
        order = Order.objects.get(pk=order.pk)
        with assert_nothing_changed(order):
            refused(patch(api(cast.dispatcher), order, driver=cast.driver_row.pk), 400, "/driver", "unknown")
        answer = changed(api(cast.dispatcher), order, driver=cast.company_driver_row.pk)
        assert answer["driver"]["id"] == cast.company_driver_row.pk

    def test_a_driver_who_accepted_is_not_replaced(self, cast: Cast, api: Api, order: Order) -> None:
        with_driver(cast, api, order)
        order = Order.objects.get(pk=order.pk)
        with assert_nothing_changed(order):
            for fields in ({"driver": cast.courier_row.pk}, {"driver": None}, {"self_delivery": True}):
                response = patch(api(cast.staff), order, **fields)
                assert (response.status_code, response.json()["code"]) == (409, "driver_holds")


class TestMoney:
    def test_from_cash_to_wallet_and_back(self, cast: Cast, api: Api, order: Order) -> None:
        fill_wallet(cast.customer_row, 2000)
        changed(api(cast.customer), order, cash=eur("20.00"))
        answer = changed(api(cast.customer), order, payment_method="wallet")
        assert (answer["payment_method"], answer["payment_status"], answer["cash"]) == ("wallet", "paid", None)
        payment = Payment.objects.get()
        assert (payment.provider, payment.state, payment.amount, payment.paid_at is None) == (
            "wallet",
            "paid",
            1450,
            False,
        )
        wallet = f"wallet:{cast.customer_row.pk}:EUR"
        assert sums() == {wallet: 550, "clearing::EUR": 1450, "funding::EUR": -2000}
        assert balance_of(cast.customer_row) == 550
        answer = changed(api(cast.customer), order, payment_method="cash", cash=eur("15.00"))
        assert (answer["payment_status"], answer["cash"]) == ("unpaid", eur("15.00"))
        assert sums() == {wallet: 2000, "funding::EUR": -2000}
        payment.refresh_from_db()
        assert (payment.provider, payment.state, payment.refunded, payment.paid_at) == ("cash", "unpaid", 0, None)

    def test_an_empty_wallet_takes_nothing_over(self, cast: Cast, api: Api, order: Order) -> None:
        fill_wallet(cast.customer_row, 1449)
        with assert_nothing_changed(order):
            response = patch(api(cast.customer), order, payment_method="wallet")
        assert (response.status_code, response.json()["code"]) == (409, "insufficient_funds")

    def test_cash_goes_with_cash(self, cast: Cast, api: Api, order: Order) -> None:
        fill_wallet(cast.customer_row, 2000)
        with assert_nothing_changed(order):
            response = patch(api(cast.customer), order, payment_method="wallet", cash=eur("20.00"))
            refused(response, 400, "/cash", "cash")
        changed(api(cast.customer), order, cash=eur("20.00"))
        assert changed(api(cast.customer), order, cash=None)["cash"] is None

    def test_a_tip_rises_and_falls_with_the_wallet(self, cast: Cast, api: Api) -> None:
        fill_wallet(cast.customer_row, 2000)
        client = api(cast.customer)
        order = place_order(
            client, cart(cast, delivery_type="delivery", payment_method="wallet", driver_tip=eur("1.00"))
        )
        wallet = f"wallet:{cast.customer_row.pk}:EUR"
        for tip, total in (("4.00", 1850), ("0.00", 1450), ("5.50", 2000)):
            answer = changed(client, order, driver_tip=eur(tip))
            assert (answer["driver_tip"], answer["payments"][0]["amount"]) == (eur(tip), answer["total"])
            held = sums()
            assert (held.get(wallet, 0), held["clearing::EUR"]) == (2000 - total, total)
            assert balance_of(cast.customer_row) == 2000 - total
            assert Purchase.objects.get().total == Order.objects.get().total == total
        with assert_nothing_changed(order):
            response = patch(client, order, driver_tip=eur("5.51"))
        assert response.json()["needed"] == eur("0.01")
        move(client, order, "cancel_by_customer")
        assert sums() == {wallet: 2000, "funding::EUR": -2000}
        assert Payment.objects.get().refunded == 2000

    def test_a_tip_on_cash_stays_below_what_is_handed_over(self, cast: Cast, api: Api, order: Order) -> None:
        client = api(cast.customer)
        changed(client, order, cash=eur("16.00"))
        order = Order.objects.get()
        with assert_nothing_changed(order):
            refused(patch(client, order, driver_tip=eur("1.50")), 400, "/cash", "too_little")
        assert changed(client, order, driver_tip=eur("1.49"))["total"] == eur("15.99")
        assert changed(client, order, driver_tip=eur("9.00"), cash=eur("30.00"))["total"] == eur("23.50")
        assert changed(client, order, driver_tip=eur("20.00"), cash=None)["total"] == eur("34.50")


class TestTime:
    def test_much_later_makes_it_a_preorder(self, cast: Cast, api: Api, order: Order) -> None:
        deliver_at = timezone.now() + timedelta(hours=5)
        answer = changed(api(cast.customer), order, deliver_at=deliver_at.isoformat())
        assert (answer["status"]["code"], answer["version"]) == (13, 3)
        order = Order.objects.get()
        assert order.due_at == deliver_at - timedelta(minutes=20)
        events = [(event.number, event.kind, event.transition, event.role) for event in order.events.all()]
        assert events[1:] == [(2, "note", "", "customer"), (3, "status", "reschedule", "system")]

    def test_a_little_later_does_not(self, cast: Cast, api: Api, order: Order) -> None:
        deliver_at = timezone.now() + timedelta(minutes=59)
        assert changed(api(cast.customer), order, deliver_at=deliver_at.isoformat())["status"]["code"] == 0

    def test_a_preorder_moved_to_now_is_released_at_once(self, cast: Cast, api: Api) -> None:
        later = (timezone.now() + timedelta(hours=5)).isoformat()
        order = place_order(api(cast.customer), cart(cast, deliver_at=later))
        assert changed(api(cast.customer), order, deliver_at=None)["deliver_at"] is None
        order = Order.objects.get()
        assert order.status == 13
        assert order.due_at is not None
        assert order.due_at <= timezone.now()


class TestRest:
    def test_staff_delete_closed_orders_and_keep_their_history(self, cast: Cast, api: Api, order: Order) -> None:
        with assert_nothing_changed(order):
            response = api(cast.staff).delete(path(order))
            assert (response.status_code, response.json()["code"]) == (409, "order_open")
        move(api(cast.customer), order, "cancel_by_customer")
        order = Order.objects.get()
        with assert_nothing_changed(order):
            for role in ("customer", "owner"):
                assert api(getattr(cast, role)).delete(path(order)).status_code == 403
            for role in ("stranger", "other_owner", "driver"):
                assert api(getattr(cast, role)).delete(path(order)).status_code == 404
            assert api(cast.staff).delete(path(order), headers={"If-Match": '"1"'}).status_code == 412
        assert api(cast.staff).delete(path(order), headers={"If-Match": '"2"'}).status_code == 204
        for role in ("staff", "customer", "owner"):
            assert api(getattr(cast, role)).get(path(order)).status_code == 404
        assert api(cast.staff).get(ORDERS, {"mode": "dashboard"}).json()["count"] == 0
        assert (order.events.count(), order.lines.count(), Payment.objects.count()) == (3, 1, 1)

    def test_a_tracking_number(self, cast: Cast, api: Api, order: Order) -> None:
        sent = {"tracking_number": "3SABC123", "carrier": "bpost"}
        for role, status in (("customer", 403), ("stranger", 404), ("other_owner", 404)):
            with assert_nothing_changed(order):
                assert api(getattr(cast, role)).post(path(order, "/tracking-number"), sent).status_code == status
        answer = api(cast.owner).post(path(order, "/tracking-number"), sent)
        assert (answer.status_code, answer.json()["tracking_number"], answer["ETag"]) == (200, "3SABC123", '"2"')
        order = Order.objects.get()
        with assert_nothing_changed(order):
            assert api(cast.staff).post(path(order, "/tracking-number"), sent).status_code == 200
        move(api(cast.customer), order, "cancel_by_customer")
        response = api(cast.owner).post(path(order, "/tracking-number"), sent | {"carrier": "DHL"})
        assert (response.status_code, response.json()["code"]) == (409, "not_sent")

    def test_what_is_collected_has_no_tracking_number(self, cast: Cast, api: Api) -> None:
        order = place_order(api(cast.customer), cart(cast))
        with assert_nothing_changed(order):
            response = api(cast.owner).post(path(order, "/tracking-number"), {"tracking_number": "3S"})
        assert response.json()["code"] == "not_sent"

    def test_notes_are_read_by_whom_they_are_for(self, cast: Cast, api: Api, order: Order) -> None:
        for number, (role, visible_to) in enumerate(
            [("owner", "everybody"), ("owner", "business"), ("staff", "staff")], start=2
        ):
            response = api(getattr(cast, role)).post(
                path(order, "/history"), {"text": f"for {visible_to}", "visible_to": visible_to}
            )
            assert (response.status_code, response.json()["number"]) == (201, number)
        notes = {
            role: [row["reason"] for row in api(getattr(cast, role)).get(path(order, "/history")).json()["results"]][1:]
            for role in ("customer", "owner", "staff")
        }
        assert notes == {
            "customer": ["for everybody"],
            "owner": ["for everybody", "for business"],
            "staff": ["for everybody", "for business", "for staff"],
        }
        detail = api(cast.customer).get(path(order), {"expand": "events"}).json()
        assert [row["number"] for row in detail["events"]] == [1, 2]

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("role", "body", "status", "named"),
        [
            ("customer", {"text": "hello"}, 403, []),
            ("stranger", {"text": "hello"}, 404, []),
            ("owner", {"text": "hello", "visible_to": "staff"}, 403, ["/visible_to"]),
            ("owner", {"text": ""}, 400, ["/text"]),
            ("owner", {"text": "x" * 501}, 400, ["/text"]),
            ("owner", {"text": "hello", "visible_to": "nobody"}, 400, ["/visible_to"]),
        ],
    )
    def test_notes_that_are_refused(
        self, cast: Cast, api: Api, order: Order, role: str, body: dict[str, Any], status: int, named: list[str]
    ) -> None:
        with assert_nothing_changed(order):
            answer = api(getattr(cast, role)).post(path(order, "/history"), body)
        assert answer.status_code == status
        assert [row["pointer"] for row in answer.json()["errors"]] == named


@pytest.mark.parametrize("turned", [False, True])
def test_the_order_of_the_fields_changes_nothing(cast: Cast, api: Api, turned: bool) -> None:
    client, staff = api(cast.customer), api(cast.staff)
    fill_wallet(cast.customer_row, 10_000)
    at = timezone.now().replace(microsecond=0) + timedelta(hours=7)

    def ordered(**fields: Any) -> dict[str, Any]:
        return dict(reversed(fields.items())) if turned else fields

    paid = place_order(client, cart(cast, payment_method="wallet"))
    answer = changed(client, paid, **ordered(payment_method="cash", cash=eur("50.00")))
    assert (answer["payment_method"], answer["cash"]) == ("cash", eur("50.00"))
    order = place_order(client, cart(cast, deliver_at=at.isoformat()))
    move(staff, order, "accept", reason_code="mistake")
    sooner = at - timedelta(hours=5)
    changed(
        staff, order, **ordered(deliver_at=sooner.isoformat(), prepared_in=60, delivered_in=180, reason_code="too_busy")
    )
    told = Order.objects.get(pk=order.pk).estimated_at
    assert told is not None
    assert abs(told - (timezone.now() + timedelta(hours=3))) < timedelta(minutes=1)
