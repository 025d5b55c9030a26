"""Who changes the items of which orders, and how the call behaves: quotes, repetitions, stale versions."""

from typing import Any

import pytest

from orders.models import ItemChange, OrderEvent
from tests.cast import Cast
from tests.orders.editing import add, change, edit, line_of, ordered, remove
from tests.orders.money import Api, set_terms, walk
from tests.orders.rows import add_line, make_order
from tests.orders.shopping import ORDERS, assert_nothing_changed, eur, fill_wallet, refused
from vendors.services.offers import refresh_offer_flags


@pytest.fixture(autouse=True)
def terms(cast: Cast) -> None:
    """A tenth is the platform's, and 0.50 with one percent for the service; the wallet holds 100.00."""
    set_terms(cast, service_fee_rate=100)
    refresh_offer_flags()
    fill_wallet(cast.customer_row, 10_000)


# --- by whom, and when --------------------------------------------------------------------------------------------

# Status, milestones, and what owner, staff (with a reason, where it is prepared) and customer are answered.
STATUSES: list[tuple[int, str, dict[str, Any]]] = [
    (0, "", {"owner": 200, "staff": 200, "customer": 200}),
    (13, "", {"owner": 200, "customer": 200}),
    (7, "accepted", {"owner": 200, "staff": 200, "customer": "order_accepted"}),
    *((status, "accepted", {"owner": 200}) for status in (3, 6, 8, 14, 18, 20, 21, 22, 24, 25)),
    (4, "accepted prepared", {"owner": "prepared", "staff": 200, "customer": "order_accepted"}),
    *((status, "accepted prepared", {"owner": "prepared"}) for status in (10, 21, 22)),
    (9, "accepted prepared picked_up", dict.fromkeys(("owner", "staff", "customer"), "picked_up")),
    *((status, "accepted prepared picked_up", {"staff": "picked_up"}) for status in (19, 23)),
    (16, "", dict.fromkeys(("owner", "staff", "customer"), "order_closed")),
    *((status, "accepted", {"staff": "order_closed"}) for status in (1, 2, 5, 11, 12, 15, 17)),
]


@pytest.mark.parametrize(("status", "stood", "answers"), STATUSES)
def test_statuses(cast: Cast, api: Api, status: int, stood: str, answers: dict[str, Any]) -> None:
    for user, wanted in answers.items():
        order = make_order(cast, status, stood=stood, service_fee=67)
        soda = add_line(order, cast.products["soda"], 2)
        add_line(order, cast.products["pizza"])
        reason = "?reason=Fell" if user == "staff" else ""
        if wanted == 200:
            assert remove(api(getattr(cast, user)), order, soda, reason).status_code == 200
            continue
        with assert_nothing_changed(order):
            answer = remove(api(getattr(cast, user)), order, soda, reason)
        assert (answer.status_code, answer.json()["code"]) == (409, wanted)
        assert "allowed_transitions" in answer.json()


def test_staff_say_why_a_prepared_order_changes(cast: Cast, api: Api) -> None:
    order = ordered(cast, api)
    walk(cast, api, order, "owner accept", "owner mark_ready")
    order.refresh_from_db()
    soda, staff = line_of(order, "Soda"), api(cast.staff)
    with assert_nothing_changed(order):
        refused(remove(staff, order, soda), 400, "?reason", "required")
        refused(change(staff, order, soda), 400, "/reason", "required")
    assert remove(staff, order, soda, "?reason=Fell").json()["change"]["reason"] == "Fell"
    event = OrderEvent.objects.filter(order=order).latest("number")
    assert (event.kind, event.role, event.reason, event.visible_to) == ("items", "staff", "Fell", "everybody")


@pytest.mark.parametrize("kind", ["package", "service", "digital"])
def test_other_kinds_stand_as_ordered(cast: Cast, api: Api, kind: str) -> None:
    order = make_order(cast, 0, kind=kind)
    with assert_nothing_changed(order):
        for user in (cast.owner, cast.staff, cast.customer):
            answer = add(api(user), order, product=cast.products["pizza"].pk)
            assert (answer.status_code, answer.json()["code"]) == (409, "other_kind")


def test_nobody_else_changes_items(cast: Cast, api: Api) -> None:
    order = ordered(cast, api, delivery_type="delivery")
    walk(cast, api, order, "owner accept", "owner look_for_driver", "driver accept_by_driver")
    order.refresh_from_db()
    soda = line_of(order, "Soda")
    url = f"{ORDERS}/{order.pk}/items/{soda.pk}/missing"
    others = {cast.driver: 403, cast.stranger: 404, cast.other_owner: 404, cast.other_driver: 404, None: 404}
    with assert_nothing_changed(order):
        for user, status in others.items():
            for answer in (remove(api(user), order, soda), edit(cast, api(user), order, "add"), api(user).post(url)):
                assert answer.status_code == status
        assert api(cast.customer).post(url).status_code == 403
    other = ordered(cast, api)
    for answer in (remove(api(cast.owner), order, line_of(other, "Soda")), api(cast.owner).delete(f"{url[:-8]}9")):
        assert answer.status_code == 404


# --- the call -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["customer", "owner"])
def test_a_quote_shows_and_writes_nothing(cast: Cast, api: Api, who: str) -> None:
    order = ordered(cast, api, payment_method="wallet")
    client = api(getattr(cast, who))
    rises = "applied" if who == "customer" else "waiting"
    with assert_nothing_changed(order):
        quotes = (("add", rises, "42.92"), ("change", rises, "22.72"), ("remove", "applied", "12.62"))
        for action, state, total in quotes:
            answer = (
                remove(client, order, line_of(order, "Soda"), "?quote=true")
                if action == "remove"
                else edit(cast, client, order, action, quote=True)
            )
            assert answer.status_code == 200
            body = answer.json()
            assert (body["change"]["number"], body["change"]["state"]) == (None, state)
            assert body["change"]["new_total"] == body["amounts"]["total"] == eur(total)
            assert (body["order"]["total"], body["order"]["version"]) == (eur("17.67"), 1)
        refused(remove(client, order, line_of(order, "Soda"), "?quote=yes"), 400, "?quote", "invalid")
        body = client.delete(f"{ORDERS}/{order.pk}/items/{line_of(order, 'Soda').pk}", {"quote": True})
        refused(body, 400, "", "no_body")


def test_it_is_repeated_without_harm_and_a_stale_one_is_refused(cast: Cast, api: Api) -> None:
    order, client = ordered(cast, api), api(cast.customer)
    body, url = {"product": cast.products["cake"].pk}, f"{ORDERS}/{order.pk}/items"
    headers = {"Idempotency-Key": "e-1", "If-Match": '"1"'}
    answers = [client.post(url, body, headers=headers) for _ in "123"]
    assert {answer.status_code for answer in answers} == {201}
    assert answers[0].json() == answers[2].json()
    assert client.post(url, {**body, "quote": True}, headers=headers).status_code == 422
    order.refresh_from_db()
    with assert_nothing_changed(order):
        answer = client.post(url, body, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["current"]["version"]) == (412, 2)
    assert (ItemChange.objects.count(), order.lines.count()) == (1, 3)


def test_a_place_in_the_order_is_not_used_twice(cast: Cast, api: Api) -> None:
    order, client = ordered(cast, api), api(cast.customer)
    remove(client, order, line_of(order, "Soda"))
    add(client, order, product=cast.products["soda"].pk)
    assert list(order.lines.values_list("name", "position")) == [("Pizza", 1), ("Soda", 3)]
