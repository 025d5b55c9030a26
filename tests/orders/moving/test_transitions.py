"""How an order moves on: repetition, the collection code, money and stock, versions, the search, taking back."""

from datetime import timedelta
from typing import Any

import pytest

from orders.lifecycle.table import Fulfilment
from orders.models import Account, DeliveryProof, Entry, Order, OrderEvent
from orders.services.money.wallets import top_up
from ordersite.accounts.models import Customer
from ordersite.accounts.rights import Right
from ordersite.core.models import Attempt
from tests.cast import Cast, make_clerk
from tests.orders.money import keep_waiting
from tests.orders.rows import CODE, add_line, make_order, state_of
from tests.orders.shopping import assert_nothing_changed
from tests.orders.walking import REASON, Api
from vendors.models import Member, Stock


def move(api: Api, user: Any, order: Order, **body: Any) -> Any:
    return api(user).post(f"/api/v1/orders/{order.pk}/transitions", body)


def test_a_replayed_acceptance_of_the_driver_does_not_turn_4_back_into_8(cast: Cast, api: Api) -> None:
    order = make_order(cast, 22, driver=cast.driver_row, stood="accepted search_started")
    assert move(api, cast.driver, order, to=8).data["status"]["code"] == 8
    assert move(api, cast.owner, order, to=4).data["status"]["code"] == 4
    before = state_of(order)
    for body in ({"to": 8}, {"transition": "accept_by_driver"}):
        answer = move(api, cast.driver, order, **body)
        assert (answer.status_code, answer.data["status"]["code"], answer.data["version"]) == (200, 4, 3)
    assert state_of(order) == before
    assert move(api, cast.courier, order, to=8).status_code == 404


def test_twice_writes_nothing_and_is_for_the_same_party(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0)
    assert move(api, cast.owner, order, to="accepted_by_business").status_code == 200
    before = state_of(order)
    assert move(api, cast.owner, order, to=7).data["version"] == 2
    assert move(api, cast.staff, order, transition="accept").data["version"] == 2
    refused = move(api, cast.customer, order, to=7)
    assert (refused.status_code, refused.data["code"]) == (409, "transition_not_allowed")
    assert state_of(order) == before


@pytest.mark.parametrize(
    ("who", "name", "told"),
    [
        ("customer", "accept", "accept is for staff, system, vendor, but your role in this order is customer."),
        ("staff", "reschedule", "reschedule is for system, but your role in this order is staff."),
        ("clerk", "accept", "accept is for staff, system, vendor, but your role in this order is none."),
        (
            "both",
            "cancel_by_driver",
            "cancel_by_driver is for company, driver, but your role in this order is customer, vendor.",
        ),
    ],
)
def test_who_may_not_make_a_change_reads_who_may_and_as_what_it_asks(
    cast: Cast, api: Api, who: str, name: str, told: str
) -> None:
    user = make_clerk(Right.VIEW_ORDERS, Right.ACT_EVERYWHERE) if who == "clerk" else getattr(cast, who, cast.owner)
    order = make_order(cast, 8 if who == "both" else 0)
    if who == "both":
        Order.objects.filter(pk=order.pk).update(customer=Customer.objects.create(user=cast.owner, name="Olga"))
    with assert_nothing_changed(order):
        refused = move(api, user, order, transition=name)
    assert (refused.status_code, refused.data["code"], refused.data["detail"]) == (
        403,
        "transition_not_permitted",
        told,
    )


@pytest.mark.parametrize("body", [{"to": "accepted_by_business"}, {"to": 7}, {"transition": "accept"}])
def test_a_late_retry_of_accepting_does_not_take_ready_back(cast: Cast, api: Api, body: dict[str, Any]) -> None:
    order = make_order(cast, 0)
    assert move(api, cast.owner, order, to=7).status_code == 200
    assert move(api, cast.owner, order, to=4).status_code == 200
    before = state_of(order)
    answer = move(api, cast.owner, order, **body)
    assert (answer.status_code, answer.data["status"]["code"]) == (200, 4)
    # Who has not accepted it itself is told so.
    refused = move(api, cast.staff, order, to=7, **REASON)
    assert (refused.status_code, refused.data["code"]) == (409, "transition_not_allowed")
    assert refused.data["detail"] == "This status is only reached by name: send undo_ready as the `transition`."
    assert state_of(order) == before
    by_name = {row["name"] for row in answer.data["allowed_transitions"] if row["by_name"]}
    assert by_name == {"undo_ready"}
    assert move(api, cast.owner, order, transition="undo_ready").data["status"]["code"] == 7
    assert move(api, cast.owner, order, transition="undo_ready").data["version"] == 4
    # What was done before is not done any more: ready is meant anew.
    assert move(api, cast.owner, order, to=4).data["version"] == 5


def offered(answer: Any) -> set[str]:
    return {row["name"] for row in answer.data["allowed_transitions"]}


def test_the_driver_goes_on_its_way_after_picking_up(cast: Cast, api: Api) -> None:
    order = make_order(cast, 8, driver=cast.driver_row, stood="accepted prepared driver_accepted")
    assert "depart" in offered(move(api, cast.driver, order, to=9))
    assert move(api, cast.driver, order, to=23).data["status"]["code"] == 23
    assert "pick_up" not in offered(move(api, cast.driver, order, to=9))
    assert Order.objects.get(pk=order.pk).version == 3


def test_staff_correct_what_they_delivered_themselves(cast: Cast, api: Api) -> None:
    order = make_order(cast, 9, driver=cast.driver_row, stood="accepted prepared driver_accepted picked_up")
    for body in ({"to": 11}, {"to": 1}):
        assert move(api, cast.staff, order, **body, **REASON).status_code == 200
    before = state_of(order)
    # By its status it is what they have done already.
    assert move(api, cast.staff, order, to=11, **REASON).data["status"]["code"] == 1
    assert state_of(order) == before
    for version, name in enumerate(("correct_delivery", "complete", "correct_delivery"), start=4):
        moved = move(api, cast.staff, order, transition=name, **REASON)
        assert (moved.status_code, moved.data["version"]) == (200, version)


def test_ready_is_told_again_after_a_search_was_stopped(cast: Cast, api: Api) -> None:
    order = make_order(cast, 7, stood="accepted")
    for body in ({"to": 4}, {"to": 22}):
        assert move(api, cast.owner, order, **body).status_code == 200
    assert move(api, cast.owner, order, to=7).data["code"] == "transition_not_allowed"
    stopped = move(api, cast.owner, order, transition="stop_search")
    assert "mark_ready" in offered(stopped)
    ready = move(api, cast.owner, order, to=4)
    assert (ready.data["status"]["code"], ready.data["version"]) == (4, 5)
    assert "mark_ready" not in offered(ready)


def test_who_has_arrived_does_not_arrive_again(cast: Cast, api: Api) -> None:
    order = make_order(cast, 8, driver=cast.driver_row, stood="accepted driver_accepted")
    for user, body in ((cast.driver, {"to": 3}), (cast.driver, {"to": 14, **REASON}), (cast.owner, {"to": 4})):
        answer = move(api, user, order, **body)
        assert answer.status_code == 200
    assert "driver_arrive" not in offered(api(cast.driver).get(f"/api/v1/orders/{order.pk}/transitions"))
    before = state_of(order)
    assert move(api, cast.driver, order, to=3).data["status"]["code"] == 4
    assert state_of(order) == before


def test_a_name_and_a_target_that_contradict_each_other_are_400(cast: Cast, api: Api) -> None:
    order = make_order(cast, 7, stood="accepted")
    for body in ({"transition": "accept", "to": 5}, {"transition": "start_preparing"}, {"transition": "x"}, {}):
        assert move(api, cast.owner, order, **body).status_code == 400
    assert Order.objects.get(pk=order.pk).version == 1


def test_an_unknown_reason_is_refused_and_a_text_alone_is_another_reason(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0)
    assert move(api, cast.owner, order, to=5, reason_code="because").status_code == 400
    assert move(api, cast.owner, order, to=5, reason_code="other").data["guard"] == "reason"
    assert move(api, cast.owner, order, to=5, reason="No gas today").status_code == 200
    event = OrderEvent.objects.get(order=order, number=2)
    assert (event.reason_code, event.reason) == ("other", "No gas today")


@pytest.mark.parametrize(
    ("who", "body", "pointer"),
    [
        ("owner", {"to": 5}, "/reason_code"),
        ("owner", {"to": 5, "reason_code": "other"}, "/reason"),
        ("driver", {"to": 11}, "/proof"),
    ],
)
def test_what_a_change_lacks_is_named(cast: Cast, api: Api, who: str, body: dict[str, Any], pointer: str) -> None:
    vendor = cast.vendor
    vendor.proof = "photo"
    vendor.save()
    on_way: dict[str, Any] = {"driver": cast.driver_row, "stood": "accepted prepared driver_accepted picked_up"}
    order = make_order(cast, 9, **on_way) if who == "driver" else make_order(cast, 0)
    with assert_nothing_changed(order):
        refused = move(api, getattr(cast, who), order, **body)
    rows = [(row["pointer"], row["code"], row["detail"]) for row in refused.data["errors"]]
    assert (refused.status_code, rows) == (409, [(pointer, "guard_failed", refused.data["detail"])])


def test_five_wrong_codes_lock_the_right_one_too(cast: Cast, api: Api) -> None:
    order = make_order(cast, 4, Fulfilment.PICKUP, stood="accepted prepared")
    for _ in range(5):
        answer = move(api, cast.customer, order, to=15, code="000000")
        assert (answer.status_code, answer.data["guard"]) == (409, "code")
        assert [row["pointer"] for row in answer.data["errors"]] == ["/code"]
    locked = move(api, cast.customer, order, to=15, code=CODE)
    assert (locked.status_code, locked.data["code"]) == (429, "throttled")
    assert 890 <= int(locked["Retry-After"]) <= 900
    assert Order.objects.get(pk=order.pk).status == 4
    Attempt.objects.update(expires_at="2020-01-01T00:00:00Z")
    assert move(api, cast.customer, order, to=15, code=CODE).data["status"]["code"] == 15


def test_the_code_is_not_guessed_as_a_proof_either(cast: Cast, api: Api) -> None:
    cast.vendor.proof = "code"
    cast.vendor.save()
    order = make_order(cast, 9, driver=cast.driver_row, stood="accepted prepared driver_accepted picked_up")
    for _ in range(5):
        assert move(api, cast.driver, order, to=11, proof="000000").data["guard"] == "proof"
    assert move(api, cast.driver, order, to=11, proof=CODE).status_code == 429
    Attempt.objects.all().delete()
    assert move(api, cast.driver, order, to=11, proof=CODE).status_code == 200


@pytest.mark.parametrize("wrong", [4, 5])
def test_staff_who_force_a_delivery_guess_no_code(cast: Cast, api: Api, wrong: int) -> None:
    cast.vendor.proof = "code"
    cast.vendor.save()
    order = make_order(cast, 9, driver=cast.driver_row, stood="accepted prepared driver_accepted picked_up")
    for _ in range(wrong):
        assert move(api, cast.driver, order, to=11, proof="000000").data["guard"] == "proof"
    assert "deliver" in offered(api(cast.staff).get(f"/api/v1/orders/{order.pk}/transitions"))
    forced = move(api, cast.staff, order, to=11, **REASON)
    assert (forced.status_code, forced.data["status"]["code"]) == (200, 11)
    assert OrderEvent.objects.get(order=order, number=2).forced
    # What the driver has tried stays counted.
    assert move(api, cast.staff, order, transition="undo_delivery", **REASON).status_code == 200
    last = move(api, cast.driver, order, to=11, proof="000000")
    assert last.status_code == (429 if wrong == 5 else 409)
    assert move(api, cast.driver, order, to=11, proof=CODE).status_code == 429


def test_a_proof_is_asked_for_as_the_vendor_wants(cast: Cast, api: Api) -> None:
    cast.vendor.proof = "photo"
    cast.vendor.save()
    order = make_order(cast, 9, driver=cast.driver_row, stood="accepted prepared driver_accepted picked_up")
    listed = api(cast.driver).get(f"/api/v1/orders/{order.pk}/transitions").data["allowed_transitions"]
    assert {row["name"]: row["requires"] for row in listed}["deliver"] == ["proof"]
    assert move(api, cast.driver, order, to=11).data["guard"] == "proof"
    photo = DeliveryProof.objects.create(order=order, kind="photo", photo="photo.jpg")
    assert move(api, cast.driver, order, to=11, proof=str(photo.uuid)).status_code == 200


def wallet(cast: Cast) -> int:
    return int(Account.objects.get(kind="wallet", customer=cast.customer_row).balance or 0)


def paid_order(cast: Cast, api: Api) -> Order:
    """Two sodas for 5.00 out of a wallet of 20.00, placed."""
    top_up(customer_id=cast.customer_row.pk, currency="EUR", amount=2000, actor="system")
    cart = {
        "vendor": cast.vendor.pk,
        "items": [{"product": cast.products["soda"].pk, "quantity": 2}],
        "delivery_type": "pickup",
        "payment_method": "wallet",
    }
    placed = api(cast.customer).post("/api/v1/orders", cart)
    assert placed.status_code == 201, placed.data
    return Order.objects.get(pk=placed.data["orders"][0]["id"])


def books(cast: Cast) -> tuple[int, int]:
    assert sum(Entry.objects.values_list("amount", flat=True)) == 0
    return wallet(cast), Stock.objects.get(product=cast.products["soda"]).quantity


@pytest.mark.parametrize(("user", "target"), [("staff", 2), ("owner", 5), ("customer", 16)])
def test_a_close_without_success_gives_money_and_stock_back_and_reopening_takes_them(
    cast: Cast, api: Api, user: str, target: int
) -> None:
    order = paid_order(cast, api)
    assert books(cast) == (1500, 8)
    assert move(api, getattr(cast, user), order, to=target, **REASON).data["payment_status"] == "refunded"
    assert books(cast) == (2000, 10)
    assert move(api, cast.staff, order, to=0, **REASON).data["payment_status"] == "paid"
    assert books(cast) == (1500, 8)


def test_reopening_is_refused_where_money_or_stock_are_gone(cast: Cast, api: Api) -> None:
    order = paid_order(cast, api)
    move(api, cast.staff, order, to=2, **REASON)
    Stock.objects.filter(product=cast.products["soda"]).update(quantity=1)
    before = state_of(order)
    assert move(api, cast.staff, order, to=0, **REASON).data["code"] == "out_of_stock"
    Stock.objects.filter(product=cast.products["soda"]).update(quantity=9)
    Account.objects.filter(kind="wallet").update(balance=499)
    assert move(api, cast.staff, order, to=0, **REASON).data["code"] == "insufficient_funds"
    assert state_of(order) == before
    assert Stock.objects.get(product=cast.products["soda"]).quantity == 9


def test_what_nobody_collected_goes_back_and_is_paid_again_when_it_is(cast: Cast, api: Api) -> None:
    order = paid_order(cast, api)
    for status in (7, 4):
        assert move(api, cast.owner, order, to=status).status_code == 200
    keep_waiting(order)
    assert move(api, cast.owner, order, to=17, **REASON).status_code == 200
    assert books(cast) == (2000, 10)
    assert move(api, cast.owner, order, to=15).data["payment_status"] == "paid"
    assert books(cast) == (1500, 8)
    assert move(api, cast.owner, order, transition="undo_collect", **REASON).status_code == 200
    kinds = list(order.postings.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["payment", "refund", "retake", "settlement", "reversal"]
    assert Order.objects.get(pk=order.pk).delivered_at is None


def test_a_mistaken_delivery_becomes_a_failure_and_back(cast: Cast, api: Api) -> None:
    order = make_order(cast, 11, driver=cast.driver_row, stood="accepted prepared driver_accepted picked_up delivered")
    add_line(order, cast.products["soda"], stock_taken=1)
    assert move(api, cast.staff, order, to=12, **REASON).data["payment_status"] == "unpaid"
    assert Stock.objects.get(product=cast.products["soda"]).quantity == 11
    assert move(api, cast.staff, order, to=11, **REASON).data["payment_status"] == "paid"
    assert Stock.objects.get(product=cast.products["soda"]).quantity == 10


def test_an_unpaid_order_does_not_count_as_paid_after_a_rejection(cast: Cast, api: Api) -> None:
    order = make_order(cast, 5, payment_method="wallet", payment_status="unpaid")
    assert move(api, cast.owner, order, transition="undo_reject").data["guard"] == "paid"
    assert move(api, cast.staff, order, transition="undo_reject", **REASON).data["guard"] == "paid"


def test_a_stale_version_is_412_with_the_state(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0)
    read = api(cast.owner).get(f"/api/v1/orders/{order.pk}")
    client = api(cast.owner, if_match=read["ETag"])
    path = f"/api/v1/orders/{order.pk}/transitions"
    moved = client.post(path, {"to": 7})
    assert (moved.status_code, moved["ETag"]) == (200, '"2"')
    stale = client.post(path, {"to": 4})
    assert (stale.status_code, stale.data["code"]) == (412, "stale")
    assert stale.data["current"]["order_status"] == {"code": 7, "name": "accepted_by_business"}
    assert "mark_ready" in [row["name"] for row in stale.data["current"]["allowed_transitions"]]
    assert api(cast.owner, if_match="nonsense").post(path, {"to": 4}).status_code == 400
    assert Order.objects.get(pk=order.pk).version == 2


def test_start_preparing_writes_its_milestone_and_ends_cancelling(cast: Cast, api: Api) -> None:
    order = make_order(cast, 0)
    path = f"/api/v1/orders/{order.pk}/start-preparing"
    assert api(cast.owner).post(path).data["code"] == "transition_not_allowed"
    move(api, cast.owner, order, to=7)
    assert api(cast.customer).post(path).status_code == 403
    started = api(cast.owner).post(path)
    assert (started.data["status"]["code"], started.data["version"]) == (7, 3)
    assert started.data["milestones"]["preparation_started"] is not None
    assert api(cast.owner).post(path).data["version"] == 3
    event = OrderEvent.objects.get(order=order, number=3)
    assert (event.kind, event.milestone) == ("milestone", "preparation_started")
    assert move(api, cast.customer, order, to=16).data["guard"] == "window"


def test_a_search_goes_on_when_the_order_is_ready(cast: Cast, api: Api) -> None:
    order = make_order(cast, 7, stood="accepted")
    assert move(api, cast.owner, order, to=22).status_code == 200
    assert move(api, cast.owner, order, to=4).status_code == 200
    for user in (cast.courier, cast.driver, cast.other_driver, cast.dispatcher):
        assert api(user).get(f"/api/v1/orders/{order.pk}").status_code == 200
    before = state_of(order)
    assert move(api, cast.owner, order, to=22).data["status"]["code"] == 4
    assert state_of(order) == before
    assert move(api, cast.other_driver, order, to=8).data["driver"]["name"] == "Otto Driver"
    for user in (cast.courier, cast.driver, cast.dispatcher):
        assert api(user).get(f"/api/v1/orders/{order.pk}").status_code == 404


def test_a_second_search_has_a_beginning_of_its_own(cast: Cast, api: Api) -> None:
    cast.vendor.search_minutes = 10
    cast.vendor.save()
    order = make_order(cast, 8, driver=cast.driver_row, stood="accepted search_started driver_accepted")
    early = order.placed_at - timedelta(hours=1)
    Order.objects.filter(pk=order.pk).update(search_started_at=early)
    assert move(api, cast.owner, order, transition="look_for_driver").status_code == 200
    now = Order.objects.get(pk=order.pk)
    assert now.search_started_at is not None
    assert now.due_at == now.search_started_at + timedelta(minutes=10)
    assert now.search_started_at > early
    assert OrderEvent.objects.get(order=order, number=2).milestone == "search_started"


def test_a_vendor_accepts_for_its_courier_only_when_one_is_named(cast: Cast, api: Api) -> None:
    order = make_order(cast, 7, stood="accepted")
    path = f"/api/v1/orders/{order.pk}"
    listed = [row["name"] for row in api(cast.owner).get(f"{path}/transitions").data["allowed_transitions"]]
    assert "accept_by_driver" not in listed
    assert move(api, cast.owner, order, to=8).data["guard"] == "named"
    assert api(cast.owner).patch(path, {"driver": cast.courier_row.pk}).status_code == 200
    assert move(api, cast.owner, order, to=8).data["driver"]["name"] == "Carl Courier"


def test_a_courier_who_also_works_for_the_vendor_accepts_for_itself(cast: Cast, api: Api) -> None:
    Member.objects.create(user=cast.courier, merchant=cast.merchant)
    order = make_order(cast, 22, stood="accepted search_started")
    assert move(api, cast.courier, order, to=8).data["driver"]["name"] == "Carl Courier"


def test_a_vendor_of_another_merchant_named_by_mistake_counts_for_nothing(cast: Cast, api: Api) -> None:
    member = Member.objects.create(user=cast.stranger, merchant=cast.merchant, all_vendors=False)
    member.vendors.add(cast.other_vendor)
    order = make_order(cast, 0, vendor=cast.other_vendor)
    assert api(cast.stranger).get(f"/api/v1/orders/{order.pk}").status_code == 404
    assert api(cast.stranger).get("/api/v1/orders?mode=dashboard").status_code == 403


@pytest.mark.parametrize(
    ("until", "stood", "status"),
    [
        ("accepted", "", 200),
        ("accepted", "accepted", 409),
        ("preparation_started", "accepted", 200),
        ("preparation_started", "accepted prepared", 409),
        ("prepared", "accepted preparation_started", 200),
        ("prepared", "accepted prepared", 409),
        ("picked_up", "accepted prepared", 200),
    ],
)
def test_until_when_the_customer_may_cancel(cast: Cast, api: Api, until: str, stood: str, status: int) -> None:
    cast.vendor.cancel_until = until
    cast.vendor.save()
    order = make_order(cast, 7, stood=stood)
    assert move(api, cast.customer, order, to=16).status_code == status
