"""The buttons of an order's page: each calls the service that the API calls, and a refusal changes nothing."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.contrib.messages import get_messages
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from orders.admin import bulk
from orders.checkout import Place
from orders.lifecycle.table import Fulfilment
from orders.models import Entry, FeedEntry, Order, OrderEvent, Posting
from orders.services.moving import transitions
from ordersite.accounts.models import User
from ordersite.backoffice import selections
from tests.cast import Cast
from tests.office import choose, confirm, rows_of
from tests.orders.back_office import place_order

pytestmark = pytest.mark.django_db
HOME = Place(address="Rue Neuve 1", lat=50.851, lng=4.351)
LIST = "/admin/orders/order/"
DELIVERY: dict[str, Any] = {"fulfilment": Fulfilment.DELIVERY, "place": HOME, "lines": 2}
MISTAKE = {"reason_code": "mistake"}


def clerk_with(*codenames: str) -> Client:
    clerk = User.objects.create_user("clerk@example.org", None, name="Karl Clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["act_everywhere", *codenames]))
    client = Client()
    client.force_login(clerk)
    return client


def press(client: Client, order: Order, transition: str, **fields: Any) -> list[str]:
    """Presses a button as the page has it now; returns the messages that the page then shows."""
    version = fields.pop("version", None) or Order.objects.get(pk=order.pk).version
    form = {"transition": transition, "version": version, **fields}
    return sent(client, order, "move", form)


def sent(client: Client, order: Order, where: str, form: dict[str, Any]) -> list[str]:
    response = client.post(f"/admin/orders/order/{order.pk}/{where}/", form)
    assert (response.status_code, response["Location"]) == (302, f"/admin/orders/order/{order.pk}/change/")
    return [str(message) for message in get_messages(client.get(response["Location"]).wsgi_request)]


def history(order: Order) -> list[dict[str, Any]]:
    """An order's events without what differs between any two orders."""
    return [
        {field.name: getattr(event, field.name) for field in OrderEvent._meta.concrete_fields} | SAME
        for event in OrderEvent.objects.filter(order=order)
    ]


SAME = {"id": None, "order": None, "created_at": None}


def ledger(order: Order) -> list[tuple[Any, ...]]:
    """An order's entries, each with what it belongs to."""
    entries = Entry.objects.filter(posting__order=order).order_by("pk")
    return list(entries.values_list("posting__kind", "posting__actor", "posting__text", "account__name", "amount"))


def state(order: Order) -> dict[str, Any]:
    """An order's columns; moments only as whether they stand."""
    differs = ("id", "uuid", "purchase", "number", "tracking_hash", "tracking_sealed", "collection_code")
    found = {}
    for field in Order._meta.concrete_fields:
        value = getattr(Order.objects.get(pk=order.pk), field.attname)
        if field.name not in differs:
            found[field.name] = value is not None if field.get_internal_type() == "DateTimeField" else value
    return found


STORIES: dict[str, tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]] = {
    "delivery by wallet, completed by force, taken back": (
        {**DELIVERY, "payment_method": "wallet"},
        [
            ("accept", {"prepared_in": 25}),
            ("start_preparing", {}),
            ("mark_ready", {}),
            ("complete", {"reason_code": "other", "reason": "The courier's phone died"}),
            ("correct_delivery", MISTAKE),
            ("fail_delivery", {"reason_code": "customer_absent"}),
            ("cancel_by_staff", {"reason_code": "customer_absent"}),
        ],
    ),
    "pickup in cash": (
        {},
        [("accept", {}), ("mark_ready", {}), ("collect", MISTAKE), ("undo_collect", MISTAKE), ("undo_ready", {})],
    ),
    "cancelled by wallet and reopened": (
        {"payment_method": "wallet"},
        [("cancel_by_staff", {"reason_code": "fraud"}), ("reopen", MISTAKE), ("reject", {"reason_code": "too_busy"})],
    ),
    "driven": (
        DELIVERY,
        [
            ("accept", {}),
            ("look_for_driver", {}),
            ("accept_by_company", {}),
            ("look_for_driver", {}),
            ("mark_ready", {}),
        ],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_admin_and_api_do_the_same(cast: Cast, office: Client, api: Callable[..., APIClient], name: str) -> None:
    placing, steps = STORIES[name]
    by_button, by_call = place_order(cast, **placing), place_order(cast, **placing)
    client = api(cast.staff)
    for transition, fields in steps:
        press(office, by_button, transition, **fields)
        if transition == "start_preparing":
            response = client.post(f"/api/v1/orders/{by_call.pk}/start-preparing")
        else:
            response = client.post(f"/api/v1/orders/{by_call.pk}/transitions", {"transition": transition, **fields})
        assert response.status_code == 200, (transition, response.data)
        assert state(by_button) == state(by_call), transition
    assert history(by_button) == history(by_call)
    assert len(history(by_button)) == len(steps) + 1
    assert ledger(by_button) == ledger(by_call)
    streams = FeedEntry.objects.order_by("pk").values_list("stream", "event__number")
    assert list(streams.filter(order=by_button)) == list(streams.filter(order=by_call))


def test_every_allowed_change_has_its_button(cast: Cast, office: Client, api: Callable[..., APIClient]) -> None:
    order = place_order(cast, **DELIVERY)
    for transition in ("accept", "mark_ready", "look_for_driver"):
        detail = api(cast.staff).get(f"/api/v1/orders/{order.pk}").data
        page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
        allowed = {one["name"] for one in detail["allowed_transitions"]}
        shown = set(re.findall(r'name="transition" value="(\w+)"', page))
        # Without a driver named, that one is shown but cannot be pressed.
        assert shown - {"start_preparing"} == allowed - {"accept_by_driver"}
        assert f'name="version" value="{order.version}"' in page
        press(office, order, transition)
        order.refresh_from_db()


def test_marks_what_staff_force(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    own, forced = page.split('<details class="overrides">')
    assert 'value="accept"' in own
    assert 'value="reject"' not in own
    assert "Forced: this is for system, vendor." in forced
    press(office, order, "reject", reason_code="closed")
    event = OrderEvent.objects.latest("number")
    assert (event.transition, event.forced, event.role, event.reason_code) == ("reject", True, "staff", "closed")
    page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert "! forced" in page
    assert "The vendor is closed" in page


def test_two_at_once_get_a_clear_message(cast: Cast, office: Client) -> None:
    order = place_order(cast, payment_method="wallet")
    assert press(office, order, "accept", version=1) == ["Accept: done."]
    told = press(office, order, "cancel_by_staff", version=1, reason_code="fraud")
    assert told == [
        "Changed meanwhile: now Accepted by business. Nothing was done; this page shows the order as it is.",
    ]
    order.refresh_from_db()
    assert (order.status, order.version, OrderEvent.objects.count()) == (7, 2, 2)
    assert not Posting.objects.filter(kind="refund").exists()


def test_what_is_refused_changes_nothing(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    refusals: list[tuple[str, dict[str, Any], str]] = [
        ("deliver", {}, "cannot become “Delivery completed by driver”"),
        ("nonsense", {}, "no transition with this name"),
        ("cancel_by_staff", {}, "A reason is needed"),
        ("cancel_by_staff", {"reason_code": "other"}, "Explanation: This reason needs an explanation: type one."),
        ("cancel_by_staff", {"reason_code": "made_up"}, "Reason:"),
        ("accept", {"prepared_in": "-1"}, "Ready in:"),
        ("accept", {"version": "x"}, "Version:"),
        ("accept", {"version": 2**40}, "Version:"),
        ("accept", {"reason": "\x00"}, "Explanation:"),
        ("start_preparing", {}, "Preparation can start once"),
    ]
    before = state(order)
    for transition, fields, sentence in refusals:
        told = press(office, order, transition, **fields)
        assert len(told) == 1, (transition, told)
        assert sentence in told[0], (transition, told)
    assert state(order) == before
    assert (OrderEvent.objects.count(), Posting.objects.count()) == (1, 0)


def test_only_who_may_change_orders_presses_buttons(cast: Cast) -> None:
    order = place_order(cast, **DELIVERY)
    viewer = clerk_with("view_order", "view_driver")
    page = viewer.get(f"/admin/orders/order/{order.pk}/change/")
    assert page.status_code == 200
    assert b"<form" not in page.content.split(b'<div class="order-page">')[1]
    base = f"/admin/orders/order/{order.pk}"
    key = str(uuid.uuid4())
    forms: dict[str, dict[str, Any]] = {
        "move": {"transition": "accept", "version": 1},
        "driver": {"driver": cast.driver_row.pk, "version": 1},
        "tracking-number": {"tracking_number": "T1", "version": 1},
        "note": {"text": "x", "visible_to": "staff", "key": key},
    }
    stranger = Client()
    stranger.force_login(cast.owner)
    for name, form in forms.items():
        assert viewer.post(f"{base}/{name}/", form).status_code == 403
        assert stranger.post(f"{base}/{name}/", form).status_code == 302
    assert viewer.post("/admin/orders/order/", {"action": "accept", "_selected_action": order.pk}).status_code in (
        200,
        302,
    )
    order.refresh_from_db()
    assert (order.status, order.version, order.driver_id, order.tracking_number) == (0, 1, None, "")
    assert OrderEvent.objects.count() == 1


def test_buttons_are_posts_with_a_token(cast: Cast) -> None:
    order = place_order(cast)
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.staff)
    url = f"/admin/orders/order/{order.pk}/move/"
    assert client.get(url).status_code == 405
    assert client.post(url, {"transition": "accept", "version": 1}).status_code == 403
    assert client.post("/admin/orders/order/999999/move/", {"transition": "accept", "version": 1}).status_code == 403
    assert Order.objects.get().version == 1


def test_an_order_that_is_gone_is_told(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    Order.objects.update(deleted_at=order.placed_at)
    page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert "deleted" in page
    assert 'name="transition"' not in page
    assert press(office, order, "accept") == ["This does not exist, or you may not see it."]
    assert Order.objects.get().version == 1


def test_names_a_driver_adds_a_number_and_a_note(cast: Cast, office: Client) -> None:
    order = place_order(cast, **DELIVERY)
    press(office, order, "accept")
    assert sent(office, order, "driver", {"version": 2, "driver": cast.driver_row.pk}) == [
        "The order is offered to Dora Driver."
    ]
    assert sent(office, order, "driver", {"version": 2, "driver": ""}) == [
        f"Changed meanwhile: driver: – → {cast.driver_row.pk}. Nothing was done; this page shows the order as it is."
    ]
    assert sent(office, order, "driver", {"version": 3, "driver": cast.driver_row.pk}) == [
        "Nothing was changed: the order already has these values."
    ]
    assert len(sent(office, order, "driver", {"version": 3, "driver": "9" * 30})) == 1
    number = {"version": 3, "tracking_number": "BE-1", "carrier": "bpost"}
    assert sent(office, order, "tracking-number", number) == ["The tracking number was saved."]
    again = {**number, "version": 4}
    assert sent(office, order, "tracking-number", again) == ["Nothing was changed: the order already has these values."]
    note = {"key": str(uuid.uuid4()), "text": "Called twice", "visible_to": "staff"}
    assert sent(office, order, "note", note) == ["The note was added to the history."]
    assert sent(office, order, "note", note) == ["The form was sent twice, but the change was made only once."]
    order.refresh_from_db()
    assert (order.driver_id, order.tracking_number, order.carrier) == (cast.driver_row.pk, "BE-1", "bpost")
    assert list(OrderEvent.objects.values_list("kind", "reason", "visible_to"))[2:] == [
        ("driver", "", "everybody"),
        ("note", "", "everybody"),
        ("note", "Called twice", "staff"),
    ]
    press(office, order, "accept_by_driver")
    order.refresh_from_db()
    assert order.status == 8


def test_the_page_shows_the_whole_order(cast: Cast, office: Client) -> None:
    order = place_order(cast, **DELIVERY, payment_method="wallet", comment="Ring <twice>")
    page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    for text in (
        "No Onion",
        "Ring &lt;twice&gt;",
        "Rue Neuve 1",
        "Clara Customer as customer",
        "19.50\u00a0EUR",
        "-19.50\u00a0EUR",
        "Held until the order succeeds",
        order.collection_code,
        str(order.uuid),
        "times in Europe/Brussels",
    ):
        assert text in page, text


def said_by(response: Any) -> list[str]:
    """The messages of a page, or of an answer that leads on."""
    return [str(message) for message in get_messages(response.wsgi_request)]


def test_bulk_skips_what_is_not_allowed_and_says_so(cast: Cast, office: Client) -> None:
    waiting, accepted, cancelled = (place_order(cast) for _ in range(3))
    press(office, accepted, "accept")
    press(office, cancelled, "cancel_by_staff", reason_code="fraud")
    said = said_by(choose(office, LIST, "accept", [waiting, accepted, cancelled]))
    (summary,) = said
    assert summary.startswith(
        f"Accept: 1 of 3 changed. Needed no change: #{accepted.pk}."
        f"<ul><li>#{cancelled.pk} (Burger Bar): It is “Rejected” now, and cannot become “Accepted by business”"
    )
    assert list(Order.objects.order_by("pk").values_list("status", "version")) == [(7, 2), (7, 2), (2, 2)]


def test_bulk_cancelling_asks_once_for_the_reason(cast: Cast, office: Client) -> None:
    orders = [place_order(cast, payment_method="wallet") for _ in range(2)]
    page = choose(office, LIST, "cancel_by_staff", orders)
    assert "2 orders will be cancelled" in page.content.decode()
    for wrong in ({}, {"reason_code": "other"}, {"reason_code": "made_up"}):
        assert "2 orders will be cancelled" in confirm(office, LIST, page, **wrong).content.decode()
    assert set(Order.objects.values_list("status", "version")) == {(0, 1)}
    response = confirm(office, LIST, page, reason_code="other", reason="The oven broke")
    assert said_by(response) == ["Cancel the order: 2 of 2 changed."]
    assert set(Order.objects.values_list("status", "payment_status")) == {(2, "refunded")}
    assert set(OrderEvent.objects.filter(number=2).values_list("reason_code", "reason", "forced")) == {
        ("other", "The oven broke", False)
    }


def test_what_changed_since_the_list_was_shown_is_left_out(cast: Cast, office: Client) -> None:
    """At each step: before the action is chosen, while the reason is thought about, and in the very last moment."""
    early, thinking, late, same = (place_order(cast) for _ in range(4))
    shown = office.get(LIST)
    press(office, early, "accept")
    page = choose(office, LIST, "cancel_by_staff", [early, thinking, late, same], page=shown)
    left_out = (
        "Order #{} (Burger Bar), now Accepted by business has changed since the list was shown, "
        "so it was left out. Check it, then choose it again."
    )
    assert "3 orders will be cancelled" in page.content.decode()
    assert left_out.format(early.pk) in page.content.decode()
    press(office, thinking, "accept")

    def transition_late(**fields: Any) -> Any:
        if fields["order_id"] == late.pk:
            with transaction.atomic():
                wish = transitions.Wish(name="accept")
                transitions.transition(order_id=late.pk, caller=fields["caller"], wish=wish)
        return transitions.transition(**fields)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "transition", transition_late)
        said = said_by(confirm(office, LIST, page, reason_code="fraud"))
    assert said == [
        left_out.format(thinking.pk),
        f"Cancel the order: 1 of 2 changed.<ul><li>#{late.pk} (Burger Bar): Changed meanwhile:"
        " now Accepted by business. Nothing was done; this page shows the order as it is.</li></ul>",
    ]
    statuses = dict(Order.objects.values_list("pk", "status"))
    # The late acceptance was made in the transaction that was refused.
    assert statuses == {early.pk: 7, thinking.pk: 7, late.pk: 0, same.pk: 2}


def test_without_the_versions_of_what_was_shown_nothing_is_done(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    for rows in ([], ["x"], [f"{order.pk}:2"], [f"{order.pk}:"], [f"{order.pk}:1:1"], ["\0", "9" * 99]):
        for action, fields in (("accept", {}), ("cancel_by_staff", {"confirmed": "yes", "reason_code": "fraud"})):
            form = {"action": action, "_selected_action": [order.pk], "_rows": rows, **fields}
            assert office.post(LIST, form).status_code == 302
    order.refresh_from_db()
    assert (order.status, order.version) == (0, 1)


def test_all_of_a_list_is_shown_before_it_is_done(cast: Cast, office: Client) -> None:
    orders = [place_order(cast) for _ in range(3)]
    sent = {**rows_of(office.get(LIST)), "action": "accept", "_selected_action": [orders[0].pk], "index": "0"}
    page = office.post(LIST, {**sent, "select_across": "1"})
    assert "All rows of the list, 3 in number." in page.content.decode()
    assert set(Order.objects.values_list("status", flat=True)) == {0}
    press(office, orders[1], "cancel_by_staff", reason_code="fraud")
    assert said_by(confirm(office, LIST, page))[-1] == "Accept: 2 of 2 changed."
    assert list(Order.objects.order_by("pk").values_list("status", flat=True)) == [7, 2, 7]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selections, "MOST", 2)
        answers = [office.post(LIST, {**sent, "select_across": "1"})]
        answers.append(choose(office, LIST, "cancel_by_staff", orders))
    for answer in answers:
        assert said_by(answer)[-1] == "At most 2 orders at a time: narrow the list first. Nothing was done."
