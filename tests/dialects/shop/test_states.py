"""Statuses, tracking numbers, history and the flags of an order's state (rows 56 and 63–69)."""

from typing import Any

import pytest

from orders.lifecycle.table import Fulfilment, Status
from orders.models import Order, OrderEvent, Payment, StatusLabel
from tests.cast import Cast
from tests.dialects.shop.calling import CALLS, FLAGS, Api, at, flags, label_of, refused, set_flag, set_vendor
from tests.orders.rows import make_order
from tests.orders.shopping import assert_nothing_changed

STATUS = "PATCH /System/Orders/{id}/status"
BY_PARCEL: dict[str, Any] = {"tracking_number": "3S1", "carrier": "Post"}


def steps_of(order: Order) -> list[int]:
    events = OrderEvent.objects.filter(order=order, kind="status").order_by("number")
    return [event.to_status for event in events if event.to_status is not None]


def patch_status(client: Any, order: Order, label: StatusLabel) -> Any:
    return client.patch(at(order, "/status"), {"statusId": label.pk})


class TestStatus:
    @pytest.mark.rows(63, call=STATUS)
    def test_what_takes_back_is_meant_by_its_name(self, cast: Cast, api: Api) -> None:
        order, owner = make_order(cast, 0), api(cast.owner)
        for status in (7, 4, 7):
            assert patch_status(owner, order, label_of(status)).status_code == 200
        assert steps_of(order) == [7, 4]
        with assert_nothing_changed(order):
            answer = patch_status(api(cast.staff), order, label_of(7))
            refused(answer, 409, "transition_not_allowed", "statusId")
            assert label_of(7).pk not in answer.json()["error"]["allowedStatuses"]
            named = {"statusId": label_of(5).pk, "transition": "undo_ready"}
            refused(owner.patch(at(order, "/status"), named), 400, "invalid", "statusId")
        named = {"statusId": label_of(7).pk, "transition": "undo_ready"}
        assert owner.patch(at(order, "/status"), named).status_code == 200
        assert steps_of(order)[-1] == 7

    @pytest.mark.rows(63, call=STATUS)
    def test_a_label_of_another_status_is_a_change_of_status(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 0)
        shown = patch_status(api(cast.owner), order, label_of(7)).json()
        assert shown["status"] == {"id": label_of(7).pk, "name": label_of(7).name}
        order.refresh_from_db()
        assert (order.status, order.label, order.version, order.accepted_at is not None) == (7, None, 2, True)

    @pytest.mark.rows(31, 63, call=STATUS)
    def test_one_of_the_same_status_changes_only_the_label(self, cast: Cast, api: Api) -> None:
        baking = StatusLabel.objects.create(name="Baking", core_status=7, position=99)
        order = make_order(cast, 7)
        body = patch_status(api(cast.owner), order, baking).json()
        assert body["status"] == {"id": baking.pk, "name": "Baking"}
        assert (body["history"][-1]["text"], body["history"][-1]["author"]) == ("Baking", "vendor")
        order.refresh_from_db()
        event = OrderEvent.objects.get(order=order, number=2)
        assert (order.status, order.version, event.kind) == (7, 2, "note")
        assert event.data == {"old": {"label": label_of(7).name}, "new": {"label": "Baking"}}
        with assert_nothing_changed(order):
            assert patch_status(api(cast.owner), order, baking).status_code == 200
        back = patch_status(api(cast.staff), order, label_of(7)).json()
        assert back["status"]["name"] == label_of(7).name
        on = patch_status(api(cast.owner), order, label_of(4)).json()
        assert on["status"]["name"] == label_of(4).name

    @pytest.mark.rows(31, 63, call=STATUS)
    def test_one_besides_of_another_status_is_both(self, cast: Cast, api: Api) -> None:
        baking = StatusLabel.objects.create(name="Baking", core_status=7, position=99)
        order = make_order(cast, 0)
        assert patch_status(api(cast.owner), order, baking).json()["status"]["name"] == "Baking"
        assert [event.kind for event in OrderEvent.objects.filter(order=order)] == ["placed", "status", "note"]

    @pytest.mark.rows(63, call=STATUS)
    def test_the_life_cycle_holds_and_tells_what_is_allowed(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 0)
        with assert_nothing_changed(order):
            error = refused(
                patch_status(api(cast.owner), order, label_of(9)), 409, "transition_not_allowed", "statusId"
            )
            rejected, accepted = label_of(5), label_of(7)
            assert error["allowedStatuses"] == [rejected.pk, accepted.pk]
            now, wanted = label_of(0).name, label_of(9).name
            assert error["message"] == (
                f"An order in status “{now}” cannot change to “{wanted}”. "
                f"You may set statusId to {rejected.pk} ({rejected.name}), {accepted.pk} ({accepted.name})."
            )
            refused(patch_status(api(cast.customer), order, label_of(7)), 403, "transition_not_permitted", "statusId")

    @pytest.mark.rows(63, 65, call=STATUS)
    def test_what_a_refusal_names_can_be_set(self, cast: Cast, api: Api) -> None:
        accepted = label_of(7)
        baking = StatusLabel.objects.create(name="Baking", core_status=7, position=1)
        StatusLabel.objects.filter(core_status=5).delete()
        order, owner = make_order(cast, 0), api(cast.owner)
        with assert_nothing_changed(order):
            error = refused(set_flag(owner, order, "done"), 403, "transition_not_permitted")
            assert (error["allowedStatuses"], "complete" in error["message"]) == ([baking.pk, accepted.pk], False)
            assert f"You may set statusId to {baking.pk} (Baking), {accepted.pk} ({accepted.name})." in error["message"]
            error = refused(set_flag(api(cast.driver), order, "done"), 404, "not_found")
        assert patch_status(owner, order, baking).json()["status"]["name"] == "Baking"
        over = refused(set_flag(owner, make_order(cast, 1), "canceled"), 409, "transition_not_allowed")
        assert (over["allowedStatuses"], over["message"].partition("”. ")[2]) == (
            [],
            "You may set no other status now.",
        )

    @pytest.mark.rows(63, call=STATUS)
    def test_staff_force_in_the_shops_name(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 0)
        assert patch_status(api(cast.staff), order, label_of(5)).status_code == 200
        event = OrderEvent.objects.get(order=order, number=2)
        assert (event.forced, event.reason_code, event.reason, event.role) == (True, "other", "Shop", "staff")

    @pytest.mark.rows(63, call=STATUS)
    def test_who_names_a_status(self, cast: Cast, api: Api) -> None:
        baking = StatusLabel.objects.create(name="Baking", core_status=7, position=99)
        order = make_order(cast, 7, driver=cast.driver_row, stood="accepted driver_accepted")
        with assert_nothing_changed(order):
            for user, status in ((cast.customer, 403), (cast.driver, 403), (cast.stranger, 404), (None, 401)):
                assert patch_status(api(user), order, baking).status_code == status
            refused(api(cast.owner).patch(at(order, "/status"), {"statusId": 99_999}), 400, "invalid", "statusId")
            refused(api(cast.owner).patch(at(order, "/status"), {}), 400, "invalid", "statusId")
            refused(api(cast.owner).patch(at(order, "/status"), {"statusId": "x"}), 400, "invalid", "statusId")


class TestTrackingAndHistory:
    @pytest.mark.rows(56, call="POST /System/Orders/{id}/tracking")
    def test_a_tracking_number(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 7)
        sent = {"trackingNumber": "3SABC", "carrier": "Post"}
        shown = api(cast.owner).post(at(order, "/tracking"), sent).json()
        assert (shown["trackingNumber"], shown["carrier"]) == ("3SABC", "Post")
        assert shown["history"][-1]["text"] == "Tracking number 3SABC"
        with assert_nothing_changed(order := Order.objects.get()):
            assert api(cast.owner).post(at(order, "/tracking"), sent).status_code == 200
            refused(api(cast.owner).post(at(order, "/tracking"), {}), 400, "invalid", "trackingNumber")
            refused(api(cast.customer).post(at(order, "/tracking"), sent), 403, "forbidden")
            refused(api(cast.stranger).post(at(order, "/tracking"), sent), 404, "not_found")

    @pytest.mark.rows(56, call="POST /System/Orders/{id}/tracking")
    @pytest.mark.parametrize(
        ("status", "fulfilment", "kind", "why"),
        [
            (7, Fulfilment.PICKUP, "regular", "The customer collects this order:"),
            (7, Fulfilment.CURBSIDE, "regular", "The customer collects this order:"),
            (7, Fulfilment.DRIVE_THRU, "regular", "The customer collects this order:"),
            (4, Fulfilment.EAT_IN, "regular", "The customer eats this order at the vendor's:"),
            (7, Fulfilment.EAT_IN, "service", "A booked service is not sent as a parcel:"),
            (7, Fulfilment.DIGITAL, "digital", "The codes of this order are not sent as a parcel:"),
            (16, Fulfilment.DELIVERY, "regular", "The order is cancelled:"),
        ],
    )
    def test_what_is_not_sent_has_none(
        self, cast: Cast, api: Api, status: int, fulfilment: Fulfilment, kind: str, why: str
    ) -> None:
        order = make_order(cast, status, fulfilment, kind=kind)
        with assert_nothing_changed(order):
            error = refused(api(cast.owner).post(at(order, "/tracking"), {"trackingNumber": "3S"}), 409, "not_sent")
        assert error["message"].startswith(why)

    @pytest.mark.rows(69, call="POST /System/Orders/{id}/history")
    def test_a_record_by_hand(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 7)
        record = api(cast.owner).post(at(order, "/history"), {"text": "The customer called"})
        at_ = OrderEvent.objects.get(order=order, number=2).created_at.isoformat().replace("+00:00", "Z")
        told = {"id": 2, "text": "The customer called", "author": "vendor", "createdAt": at_}
        assert (record.status_code, record.json()) == (201, told)
        assert api(cast.customer).get(at(order)).json()["history"][-1] == told
        with assert_nothing_changed(order := Order.objects.get()):
            refused(api(cast.owner).post(at(order, "/history"), {"text": ""}), 400, "invalid", "text")
            refused(api(cast.customer).post(at(order, "/history"), {"text": "x"}), 403, "forbidden")


class TestFlags:
    @pytest.mark.rows(64, call="PATCH /System/Orders/{id}/paid")
    def test_paid_by_staff_or_in_cash_and_transfers_by_the_vendor(self, cast: Cast, api: Api) -> None:
        for method, who in (("cash", cast.owner), ("transfer", cast.owner), ("transfer", cast.staff)):
            order = make_order(cast, 0, payment_method=method)
            if (method, who) == ("transfer", cast.owner):
                with assert_nothing_changed(order):
                    refused(set_flag(api(who), order, "paid"), 403, "forbidden")
                Payment.objects.filter(shares__order=order).update(to_vendor=True)
            for body in (None, {"value": True}):
                shown = set_flag(api(who), order, "paid", body).json()
                assert shown["paid"] is True
            order.refresh_from_db()
            assert (order.payment_status, order.version) == ("paid", 2)

    @pytest.mark.rows(64, call="PATCH /System/Orders/{id}/paid")
    def test_paid_online_is_told_by_the_provider_alone(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 7, payment_method="fake")
        cash = make_order(cast, 0)
        with assert_nothing_changed(order):
            for who in (cast.owner, cast.staff):
                refused(set_flag(api(who), order, "paid"), 409, "paid_online")
            refused(set_flag(api(cast.customer), cash, "paid"), 403, "forbidden")
            refused(set_flag(api(cast.stranger), cash, "paid"), 404, "not_found")
        refunded = make_order(cast, 16, payment_method="wallet", payment_status="refunded")
        refused(set_flag(api(cast.staff), refunded, "paid"), 409, "nothing_due")

    @pytest.mark.rows(65, call="PATCH /System/Orders/{id}/done")
    def test_done(self, cast: Cast, api: Api) -> None:
        served = make_order(cast, 4, Fulfilment.EAT_IN, stood="accepted prepared")
        assert flags(set_flag(api(cast.owner), served, "done").json()) == {"paid", "done", "sent", "delivered"}
        pending = make_order(cast, 0)
        with assert_nothing_changed(pending):
            refused(set_flag(api(cast.owner), pending, "done"), 403, "transition_not_permitted")
        assert set_flag(api(cast.staff), pending, "done").json()["status"]["id"] == label_of(1).pk
        assert OrderEvent.objects.get(order=pending, number=2).reason == "Shop"

    @pytest.mark.rows(66, call="PATCH /System/Orders/{id}/cancel")
    @pytest.mark.parametrize(("who", "status"), [("customer", 16), ("owner", 5), ("staff", 2)])
    def test_cancelled_by_who_asks(self, cast: Cast, api: Api, who: str, status: int) -> None:
        order = make_order(cast, 0)
        client = api(getattr(cast, who))
        shown = set_flag(client, order, "canceled").json()
        order.refresh_from_db()
        assert (order.status, flags(shown)) == (status, {"canceled"})
        event = OrderEvent.objects.get(order=order, number=2)
        assert (event.reason, event.forced) == ("" if who == "customer" else "Shop", False)
        with assert_nothing_changed(order):
            assert flags(set_flag(client, order, "canceled").json()) == {"canceled"}

    @pytest.mark.rows(66, call="PATCH /System/Orders/{id}/cancel")
    def test_who_may_not_cancel(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 9, driver=cast.driver_row, stood="accepted prepared driver_accepted picked_up")
        with assert_nothing_changed(order):
            refused(set_flag(api(cast.customer), order, "canceled"), 409, "transition_not_allowed")
            refused(set_flag(api(cast.owner), order, "canceled"), 409, "transition_not_allowed")
            refused(set_flag(api(cast.driver), order, "canceled"), 409, "transition_not_allowed")
            refused(set_flag(api(cast.stranger), order, "canceled"), 404, "not_found")
        named = make_order(cast, 7, driver=cast.driver_row, stood="accepted driver_accepted")
        refused(set_flag(api(cast.driver), named, "canceled"), 403, "transition_not_permitted")

    @pytest.mark.rows(67, call="PATCH /System/Orders/{id}/sent")
    def test_sent_by_parcel_step_by_step(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 0, **BY_PARCEL)
        shown = set_flag(api(cast.owner), order, "sent").json()
        assert (steps_of(order), flags(shown), shown["status"]["id"]) == ([7, 4, 9], {"sent"}, label_of(9).pk)
        assert [entry["text"] for entry in shown["history"][1:]] == [Status(status).label for status in (7, 4, 9)]
        with assert_nothing_changed(Order.objects.get()):
            assert set_flag(api(cast.owner), order, "sent", {"value": True}).status_code == 200

    @pytest.mark.rows(68, call="PATCH /System/Orders/{id}/delivered")
    @pytest.mark.parametrize(
        ("fulfilment", "fields", "steps"),
        [
            (Fulfilment.DELIVERY, BY_PARCEL, [7, 4, 9, 11]),
            (Fulfilment.DELIVERY, {**BY_PARCEL, "kind": "package"}, [7, 9, 11]),
            (Fulfilment.PICKUP, {}, [7, 4, 15]),
            (Fulfilment.CURBSIDE, {}, [7, 4, 15]),
            (Fulfilment.DRIVE_THRU, {}, [7, 4, 15]),
            (Fulfilment.EAT_IN, {}, [7, 4, 1]),
        ],
    )
    def test_delivered_step_by_step(
        self, cast: Cast, api: Api, fulfilment: Fulfilment, fields: dict[str, Any], steps: list[int]
    ) -> None:
        order = make_order(cast, 0, fulfilment, **fields)
        shown = set_flag(api(cast.owner), order, "delivered").json()
        assert steps_of(order) == steps
        assert flags(shown) == {"paid", "sent", "delivered"} | ({"done"} if steps[-1] == 1 else set())

    @pytest.mark.rows(67, call="PATCH /System/Orders/{id}/sent")
    def test_sent_is_ready_where_the_customer_comes(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 7, Fulfilment.PICKUP, stood="accepted")
        shown = set_flag(api(cast.owner), order, "sent").json()
        assert (steps_of(order), flags(shown)) == ([4], {"sent"})

    @pytest.mark.rows(67, 68, call="PATCH /System/Orders/{id}/delivered")
    def test_a_step_that_is_refused_undoes_the_whole_call(self, cast: Cast, api: Api) -> None:
        order = make_order(cast, 0)
        with assert_nothing_changed(order):
            error = refused(set_flag(api(cast.owner), order, "sent"), 409, "guard_failed")
            assert error["message"].startswith("Nobody delivers the order yet")
        # A wrong proof is counted by a call of its own: of these steps nothing may stay either.
        set_vendor(cast, proof="code")
        parcel = make_order(cast, 0, **BY_PARCEL)
        with assert_nothing_changed(parcel):
            refused(set_flag(api(cast.owner), parcel, "delivered"), 409, "guard_failed")

    @pytest.mark.rows(67, 68, call="PATCH /System/Orders/{id}/delivered")
    def test_a_driver_and_staff(self, cast: Cast, api: Api) -> None:
        carried = make_order(cast, 8, driver=cast.driver_row, stood="accepted prepared driver_accepted")
        assert flags(set_flag(api(cast.driver), carried, "delivered").json()) == {"paid", "sent", "delivered"}
        assert steps_of(carried) == [9, 11]
        order = make_order(cast, 0)
        set_flag(api(cast.staff), order, "delivered")
        forced = OrderEvent.objects.filter(order=order, forced=True)
        assert (steps_of(order), [(one.to_status, one.reason) for one in forced]) == (
            [7, 4, 9, 11],
            [(9, "Shop"), (11, "Shop")],
        )

    @pytest.mark.rows(64, 65, 66, 67, 68, call="PATCH /System/Orders/{id}/paid")
    @pytest.mark.parametrize("flag", FLAGS)
    def test_no_flag_is_taken_back(self, cast: Cast, api: Api, flag: str) -> None:
        order = make_order(cast, 0)
        with assert_nothing_changed(order):
            error = refused(set_flag(api(cast.staff), order, flag, {"value": False}), 400, "invalid", "value")
            assert "cannot be unset" in error["message"]
            refused(set_flag(api(cast.staff), order, flag, {"value": "maybe"}), 400, "invalid", "value")
            assert set_flag(api(), order, flag).status_code == 401

    @pytest.mark.rows(64, 65, 66, 67, 68, call="PATCH /System/Orders/{id}/paid")
    @pytest.mark.parametrize("flag", FLAGS)
    def test_a_flag_is_set_by_whatever_a_client_sends_for_it(self, cast: Cast, api: Api, flag: str) -> None:
        json, form = "application/json", "application/x-www-form-urlencoded"
        bodies = [(json, body) for body in ("", "{}", "[]", "null", "true", '{"value": 1}', '{"value": "true"}')]
        bodies += [(json, f'{{"{flag}": true}}'), (json, '{"id": 7, "note": "x"}'), ("text/plain", "")]
        bodies += [(form, body) for body in ("", "value=true", "value=1", "value=on", f"{flag}=1", "foo[]=1")]
        staff = api(cast.staff)
        for kind, body in bodies:
            order = make_order(cast, 7, Fulfilment.EAT_IN, stood="accepted")
            answer = staff.generic("PATCH", at(order, f"/{CALLS[flag]}"), body, kind)
            assert (answer.status_code, answer.json().get(flag)) == (200, True), (kind, body)
        order = make_order(cast, 7, Fulfilment.EAT_IN, stood="accepted")
        wrong = [(json, "false"), (json, '{"value": false}'), (json, f'{{"{flag}": false}}')]
        wrong += [(form, "value=0"), (form, "value=false"), (form, f"{flag}=0")]
        with assert_nothing_changed(order):
            for kind, body in wrong:
                refused(staff.generic("PATCH", at(order, f"/{CALLS[flag]}"), body, kind), 400, "invalid", "value")


EXPECTED = {
    "canceled": {2, 5, 16},
    "done": {1},
    "delivered": {1, 11, 15},
    "sent": {1, 11, 15},
}


@pytest.mark.rows(29, 65, 66, 68, call="GET /System/Orders/{id}")
@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_its_flags(cast: Cast, api: Api, status: Status) -> None:
    order = make_order(cast, status, payment_method="wallet", payment_status="paid")
    shown = api(cast.staff).get(at(order)).json()
    assert flags(shown) == {"paid", *(flag for flag, statuses in EXPECTED.items() if status in statuses)}
