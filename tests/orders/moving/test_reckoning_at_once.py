"""An order is placed while its vendor stops offering what it needs: it is refused, or named as not to be served."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Status
from orders.models import Counter, Order, Payment
from orders.services.moving import due_times, transitions
from orders.services.paying.receiving import mark_paid
from orders.services.placing import placing
from orders.services.record import events, order_update
from ordersite.accounts.callers import SYSTEM
from ordersite.core.idempotency import Again
from tests.cast import Cast
from tests.office import form_of, post_and_agree
from tests.orders.kinds import make_package_type, make_service, package_cart, service_cart, tomorrow
from tests.orders.moving.test_reckoning import close_in_office, noon
from tests.orders.online import order_of, place_online, takes_online
from tests.orders.shopping import ORDERS, cart, place_order
from tests.promises.crowd import beside
from vendors.models import Vendor

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
Api = Callable[..., APIClient]
# How long a change that must wait is seen to wait, in seconds.
WATCHED = 0.5


class Race:
    """A change of the vendor's, made by a thread of its own in the midst of a placing."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call
        self.begun: Future[None] | None = None

    def begin(self, seconds: float) -> None:
        """Lets the thread go, once; waits so long for its end."""
        if self.begun is None:
            self.begun = beside(self.call)
            wait([self.begun], seconds)

    def end(self) -> None:
        assert self.begun is not None
        self.begun.result(60)


def save_form(office: Client, path: str, **fields: Any) -> None:
    form = {**form_of(office.get(path)), **fields}
    answer = post_and_agree(office, path, {name: value for name, value in form.items() if value is not None})
    assert answer.status_code == 302, answer.context["errors"]


def withdrawals(cast: Cast, office: Client) -> dict[str, tuple[dict[str, Any], Callable[[], Any], str, str]]:
    """What is ordered, what is done to the vendor meanwhile, with what it is refused then, and why it is named."""
    service, package_type = make_service(cast.vendor), make_package_type(cast.vendor)
    at = noon(cast, 2)

    def save(page: str, **fields: Any) -> Callable[[], None]:
        return lambda: save_form(office, f"/admin/vendors/{page}/change/", **fields)

    vendor = f"vendor/{cast.vendor.pk}"
    preorder = cart(cast, deliver_at=at.isoformat())
    return {
        "day": (preorder, lambda: close_in_office(cast, office, at), "closed", "closed"),
        "vendor": (preorder, save(vendor, is_active=None), "unknown", "switched_off"),
        "delivery type": (preorder, save(vendor, fulfilments=["delivery"]), "not_offered", "not_offered"),
        "service": (
            service_cart(service, tomorrow(cast), "vendor"),
            save(f"service/{service.pk}", is_active=None),
            "not_offered",
            "not_offered",
        ),
        "package": (
            package_cart(package_type),
            save(f"packagetype/{package_type.pk}", is_active=None),
            "unknown",
            "not_offered",
        ),
    }


CASES = ("day", "vendor", "delivery type", "service", "package")


def interrupt(monkeypatch: pytest.MonkeyPatch, step: str, race: Race, seconds: float) -> None:
    """Begins the race just before a step of placing."""
    made = getattr(placing, step)

    def interrupted(*given: Any, **named: Any) -> Any:
        race.begin(seconds)
        return made(*given, **named)

    monkeypatch.setattr(placing, step, interrupted)


@pytest.fixture
def unheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: placing goes by what it has read."""
    monkeypatch.setattr(placing, "draw_numbers", lambda names, **read: events.draw_numbers(names))


def reasons() -> list[str]:
    return list(Order.objects.values_list("unserved", flat=True))


@pytest.mark.parametrize("case", CASES)
def test_a_change_that_was_first_has_it_placed_anew(
    cast: Cast, api: Api, office: Client, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    body, withdraw, code, _ = withdrawals(cast, office)[case]
    # A service is asked once more where its time is taken.
    status = 409 if case == "service" else 400
    race = Race(withdraw)
    interrupt(monkeypatch, "take_what_is_limited", race, 60)
    answer = api(cast.customer).post(ORDERS, body)
    race.end()
    assert (answer.status_code, code in answer.content.decode(), Order.objects.count()) == (status, True, 0)


@pytest.mark.parametrize("accepts", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_a_change_that_comes_later_waits_for_it_and_names_it(
    cast: Cast, api: Api, office: Client, monkeypatch: pytest.MonkeyPatch, case: str, accepts: bool
) -> None:
    body, withdraw, _, reason = withdrawals(cast, office)[case]
    race = Race(withdraw)
    interrupt(monkeypatch, "write_events", race, WATCHED)
    order = place_order(api(cast.customer), body)
    if accepts:
        # At the same moment as the change goes on.
        answer = api(cast.owner).post(f"{ORDERS}/{order.pk}/transitions", {"transition": "accept"})
        assert answer.status_code == 200, answer.json()
    race.end()
    assert reasons() == [reason]


@pytest.mark.usefixtures("unheld")
@pytest.mark.parametrize("step", ["take_what_is_limited", "write_events"])
def test_control_placing_goes_by_what_it_has_read(
    cast: Cast, api: Api, office: Client, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    body, withdraw, _, _ = withdrawals(cast, office)["day"]
    race = Race(withdraw)
    interrupt(monkeypatch, step, race, 60)
    place_order(api(cast.customer), body)
    race.end()
    assert reasons() == [""]


# --- an order moves on while a setting changes ---

MINUTE = timedelta(minutes=1)
# How an order stands, who moves it on by what, what is typed into the vendor's form meanwhile (None: its day is
# closed), and so many minutes after which moment of the order it is due ("closed": what it cannot be served for).
MOVES: dict[str, tuple[str, str, dict[str, Any] | None, Any]] = {
    "release": ("delivery later", "staff release_preorder", {"accept_minutes": "10"}, ("status_changed_at", 10)),
    "accept": ("delivery", "owner accept", {"auto_search": "on"}, ("status_changed_at", 0)),
    "collect": ("pickup accept", "owner mark_ready", {"collect_minutes": "90"}, ("estimated_at", 90)),
    "serve": ("eat_in accept", "owner mark_ready", {"served_minutes": "50"}, ("prepared_at", 50)),
    "undo": ("pickup later accept mark_ready", "owner undo_ready", None, "closed"),
    "reopen": ("pickup later reject", "staff reopen", None, "closed"),
}


def act(client: APIClient, order: Order, name: str) -> None:
    answer = client.post(f"{ORDERS}/{order.pk}/transitions", {"transition": name, "reason_code": "mistake"})
    assert answer.status_code == 200, answer.json()


def standing_at(cast: Cast, api: Api, steps: str) -> Order:
    delivery_type, *names = steps.split()
    fields = {"deliver_at": noon(cast, 2).isoformat()} if "later" in names else {}
    Vendor.objects.filter(pk=cast.vendor.pk).update(collect_minutes=60)
    order = place_order(api(cast.customer), cart(cast, delivery_type=delivery_type, **fields))
    for name in names:
        if name != "later":
            act(api(cast.owner), order, name)
    return order


class Meeting:
    """A case of MOVES: the order, its move and the change of the vendor's."""

    def __init__(self, cast: Cast, api: Api, office: Client, case: str) -> None:
        steps, move, typed, self.expected = MOVES[case]
        self.order = standing_at(cast, api, steps)
        who, name = move.split()
        client = api(getattr(cast, who))
        self.move = lambda: act(client, self.order, name)
        page = f"/admin/vendors/vendor/{cast.vendor.pk}/change/"
        at = noon(cast, 2)
        self.change = lambda: save_form(office, page, **typed) if typed else close_in_office(cast, office, at)

    def is_reckoned(self) -> bool:
        order = Order.objects.get(pk=self.order.pk)
        if self.expected == "closed":
            return order.unserved == "closed"
        moment, minutes = self.expected
        return order.due_at == getattr(order, moment) + minutes * MINUTE


def begin_after(monkeypatch: pytest.MonkeyPatch, module: Any, step: str, race: Race, seconds: float = 1) -> None:
    """Begins the race just after a step."""
    made = getattr(module, step)

    def interrupted(*given: Any, **named: Any) -> Any:
        result = made(*given, **named)
        race.begin(seconds)
        return result

    monkeypatch.setattr(module, step, interrupted)


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: a change of the vendor's goes by the orders that it sees, an order by the vendor that it has read."""
    monkeypatch.setattr(due_times, "lock_waiting", lambda vendor: None)
    drawn = events.draw_beside
    monkeypatch.setattr(events, "draw_beside", lambda names, read, **named: drawn(names, {}, **named))


@pytest.mark.parametrize("case", MOVES)
@pytest.mark.parametrize(("module", "step"), [(transitions, "remember"), (order_update, "write_event")])
def test_a_setting_that_changes_while_an_order_moves_on_is_gone_by(
    cast: Cast, api: Api, office: Client, monkeypatch: pytest.MonkeyPatch, case: str, module: Any, step: str
) -> None:
    meeting = Meeting(cast, api, office, case)
    race = Race(meeting.change)
    begin_after(monkeypatch, module, step, race)
    meeting.move()
    race.end()
    assert meeting.is_reckoned()


@pytest.mark.parametrize("case", MOVES)
def test_an_order_that_moves_on_while_a_setting_changes_goes_by_it(
    cast: Cast, api: Api, office: Client, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    meeting = Meeting(cast, api, office, case)
    race = Race(meeting.move)
    begin_after(monkeypatch, due_times, "update_waiting_orders", race)
    meeting.change()
    race.end()
    assert meeting.is_reckoned()


@pytest.mark.usefixtures("unlocked")
@pytest.mark.parametrize("case", ["accept", "reopen"])
@pytest.mark.parametrize("first", ["order", "vendor"])
def test_control_each_goes_by_what_it_has_read(
    cast: Cast, api: Api, office: Client, monkeypatch: pytest.MonkeyPatch, case: str, first: str
) -> None:
    meeting = Meeting(cast, api, office, case)
    race = Race(meeting.change if first == "order" else meeting.move)
    module, step, acts = (
        (order_update, "write_event", meeting.move)
        if first == "order"
        else (due_times, "update_waiting_orders", meeting.change)
    )
    begin_after(monkeypatch, module, step, race, 60)
    acts()
    race.end()
    assert not meeting.is_reckoned()


def move_unpaid(cast: Cast, api: Api, days: int) -> tuple[Order, Callable[[], None]]:
    """An order that is not paid online yet, so that nobody but its customer sees it; and its move to another day."""
    takes_online(cast.vendor)
    order = order_of(place_online(api(cast.customer), cast, deliver_at=noon(cast, 1).isoformat()))

    def move() -> None:
        answer = api(cast.customer).patch(f"{ORDERS}/{order.pk}", {"deliver_at": noon(cast, days).isoformat()})
        assert answer.status_code == 200, answer.json()

    return order, move


@pytest.mark.parametrize("first", ["order", "vendor"])
@pytest.mark.parametrize("closes", [True, False])
def test_an_unpaid_order_that_is_moved_while_its_vendor_changes_goes_by_it(
    cast: Cast, api: Api, office: Client, monkeypatch: pytest.MonkeyPatch, first: str, closes: bool
) -> None:
    """To a day that is closed meanwhile: it is named. Longer preparing leaves its time and begins earlier."""
    order, move = move_unpaid(cast, api, 2)
    due = order.due_at

    def change() -> None:
        if closes:
            close_in_office(cast, office, noon(cast, 2))
        else:
            save_form(office, f"/admin/vendors/vendor/{cast.vendor.pk}/change/", preparation_minutes="90")

    race = Race(change if first == "order" else move)
    module, step = (order_update, "write_event") if first == "order" else (due_times, "update_waiting_orders")
    begin_after(monkeypatch, module, step, race)
    (move if first == "order" else change)()
    race.end()
    order.refresh_from_db()
    assert (order.deliver_at, order.visible_at, order.due_at) == (noon(cast, 2), None, due)
    assert order.unserved == ("closed" if closes else "")
    payment = Payment.objects.get(purchase=order.purchase_id)
    with transaction.atomic():
        mark_paid(payment_id=payment.pk, caller=SYSTEM, now=timezone.now())
    order.refresh_from_db()
    assert (order.status, order.unserved) == (Status.PREORDER, "closed" if closes else "")
    assert order.due_at == noon(cast, 2) - (20 if closes else 90) * MINUTE


def test_a_vendor_that_was_deleted_meanwhile_counts_as_changed(cast: Cast) -> None:
    """Of a vendor that is gone no version is read: the drawing begins anew, and draws nothing."""
    gone = Vendor.objects.latest("pk").pk + 1
    read = {cast.vendor.pk: Vendor.objects.get(pk=cast.vendor.pk).menu_version}
    for holds in (True, False):
        for vendors in ({gone: 1}, {**read, gone: 1}):
            with transaction.atomic():
                assert events.draw_beside(["stream:gone"], vendors, holds=holds)[1] is True
                assert events.draw_beside([], vendors, holds=holds) == ({}, True)
        with transaction.atomic():
            assert events.draw_beside(["stream:kept"], read, holds=holds)[1] is False
            assert events.draw_beside([], read, holds=holds) == ({}, False)
    with pytest.raises(Again), transaction.atomic():
        events.draw_numbers(["stream:again"], read={gone: 1})
    assert not Counter.objects.filter(name="stream:again").exists()
