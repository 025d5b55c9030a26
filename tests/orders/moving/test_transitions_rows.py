"""Every row of the life cycle's table through the service, and every name that the table does not have there."""

from typing import Any

import pytest

from orders.lifecycle import table
from orders.lifecycle.guards import IMPLIED
from orders.lifecycle.table import CLEARS, NAMES, SETS, Actor, Change, Fulfilment, Status
from orders.models import Order, OrderEvent
from tests.cast import Cast
from tests.orders.rows import make_order, state_of
from tests.orders.walking import CHANGES, FULL, NEVER, REASON, Answer, Api, ask, prepare, rows, walkers

STATUSES = pytest.mark.parametrize("status", list(Status), ids=lambda status: f"{status.value}-{status.slug}")


def check_change(order: Order, change: Change, actor: Actor, answer: Answer, *, forced: bool) -> None:
    """The row, its milestones and its one event say what the table says."""
    where = f"{change.name} from {change.source} by {actor} ({change.fulfilment.slug}): {answer.body}"
    assert answer.status == 200, where
    now = Order.objects.get(pk=order.pk)
    assert (now.status, now.version, now.previous_status) == (change.target, order.version + 1, change.source), where
    event = OrderEvent.objects.get(order=order, number=now.version)
    told = (event.kind, event.transition, event.from_status, event.to_status, event.role, event.forced)
    assert told == ("status", change.name, change.source, change.target, actor, forced), where
    written = SETS.get(change.name)
    if written:
        assert now.milestones[written] is not None, where
        assert event.milestone == ("" if order.milestones[written] == now.milestones[written] else written), where
    for taken_back in set(CLEARS.get(change.name, ())) - {written}:
        assert now.milestones[taken_back] is None, where
    settled_later = change.target in (Status(11), Status(15))
    assert (now.closed_at is not None) == (change.target in table.CLOSED and not settled_later) or (
        settled_later and order.closed_at is not None
    ), where


@STATUSES
def test_every_row_by_each_of_its_actors(cast: Cast, api: Api, status: Status) -> None:
    for change, actor in walkers():
        if change.source != status:
            continue
        order = prepare(cast, change, actor)
        answer = ask(api, cast, change, actor, order)
        if NEVER in change.guards_for(actor):
            assert (answer.status, answer.body["code"], answer.body["guard"]) == (409, "guard_failed", NEVER)
        else:
            check_change(order, change, actor, answer, forced=actor not in change.actors)


def test_the_walk_leaves_no_row_out() -> None:
    assert len(list(rows())) == 191
    walked = {(change.name, change.source, change.guards) for change, _ in walkers()}
    assert walked == {(change.name, change.source, change.guards) for change in CHANGES}


@STATUSES
def test_every_row_is_forced_by_staff_with_a_reason(cast: Cast, api: Api, status: Status) -> None:
    for number, row in enumerate(rows()):
        change = row[number % len(row)]
        if change.source != status:
            continue
        order = make_order(cast, status, change.fulfilment, driver=cast.driver_row, company=cast.company)
        path = f"/api/v1/orders/{order.pk}/transitions"
        answer = api(cast.staff).post(path, {"transition": change.name, **REASON})
        if change.target == Status.PREORDER:
            assert (answer.status_code, answer.data["code"]) == (403, "transition_not_permitted")
        elif NEVER in change.guards_for(Actor.STAFF):
            assert (answer.status_code, answer.data["guard"]) == (409, NEVER)
        else:
            told = OrderEvent.objects.get(order=order, number=2)
            check_change(order, change, Actor.STAFF, Answer(answer.status_code, answer.data), forced=told.forced)
            assert told.forced or Actor.STAFF in change.actors


@STATUSES
def test_every_guard_fails_and_changes_nothing(cast: Cast, api: Api, status: Status) -> None:
    for change, actor in walkers():
        if change.source != status or actor not in change.actors:
            continue
        implied = [IMPLIED[change.name]] if change.name in IMPLIED and actor != Actor.DRIVER else []
        for guard in [*change.guards_for(actor), *implied]:
            if guard in (NEVER, "proof", "served") or (guard == "named" and actor == Actor.DRIVER):
                continue
            if guard == "items" and change.fulfilment == Fulfilment.DIGITAL:
                continue  # placed for its items' codes alone
            if actor == Actor.STAFF and (guard not in ("reason", "paid", "named") or status == Status(25)):
                continue  # staff force with the reason that they send anyway; and a company's order is not free to all
            order = prepare(cast, change, actor, broken=guard)
            before = state_of(order)
            answer = ask(api, cast, change, actor, order, broken=guard)
            where = f"{change.name} from {change.source} by {actor} without {guard}: {answer.body}"
            assert (answer.status, answer.body.get("code")) == (409, "guard_failed"), where
            assert answer.body["guard"] == guard, where
            assert answer.body["order_status"] == {"code": status.value, "name": status.slug}, where
            assert state_of(order) == before, where


@STATUSES
def test_what_the_table_lacks_is_refused_to_everybody(cast: Cast, api: Api, status: Status) -> None:
    orders = {fulfilment: make_order(cast, status, fulfilment) for fulfilment in Fulfilment}
    before = {fulfilment: state_of(order) for fulfilment, order in orders.items()}
    staff = api(cast.staff)
    asked = 0
    for number, (name, target) in enumerate(NAMES.items()):
        lacking = [f for f in Fulfilment if not has_row(f, status, name)]
        if target == status or not lacking:
            continue
        fulfilment = lacking[number % len(lacking)]
        path = f"/api/v1/orders/{orders[fulfilment].pk}/transitions"
        answer = staff.post(path, {"transition": name, **REASON})
        assert (answer.status_code, answer.data["code"]) == (409, "transition_not_allowed"), (name, answer.data)
        assert answer.data["order_status"] == {"code": status.value, "name": status.slug}
        listed = {(row["name"], row["to"]["code"]) for row in answer.data["allowed_transitions"]}
        may = table.changes_from(fulfilment, status).values()
        assert listed <= {(change.name, change.target.value) for change in may}
        asked += 1
    assert asked >= 20
    assert {fulfilment: state_of(order) for fulfilment, order in orders.items()} == before


def has_row(fulfilment: Fulfilment, status: Status, name: str) -> bool:
    change = table.find(fulfilment, status, NAMES[name])
    return change is not None and change.name == name


def numbers_of(answer: Any) -> dict[str, tuple[str, ...]]:
    return {row["name"]: tuple(row["requires"]) for row in answer.data["allowed_transitions"]}


ACTORS = (Actor.CUSTOMER, Actor.VENDOR, Actor.DRIVER, Actor.COMPANY, Actor.STAFF)
MILESTONES = ("", "accepted prepared", "accepted driver_accepted", "accepted prepared driver_accepted")


@STATUSES
def test_what_is_listed_is_what_is_accepted(cast: Cast, api: Api, status: Status) -> None:
    """Each listed change, sent with what it requires, is made; each other row of the status is refused."""
    clients = {
        Actor.CUSTOMER: api(cast.customer),
        Actor.VENDOR: api(cast.owner),
        Actor.DRIVER: api(cast.driver),
        Actor.COMPANY: api(cast.dispatcher),
        Actor.STAFF: api(cast.staff),
    }
    turn = status.value
    for fulfilment in Fulfilment:
        rows = table.changes_from(fulfilment, status).values()
        for actor in ACTORS:
            if not rows or (actor in (Actor.DRIVER, Actor.COMPANY) and fulfilment != Fulfilment.DELIVERY):
                continue
            turn += 1
            if turn % 3 and not FULL:
                continue
            carriers = {"driver": cast.driver_row, "company": cast.company}
            fields = carriers if fulfilment == Fulfilment.DELIVERY and turn % 3 else {}
            if actor == Actor.DRIVER:
                fields = {"driver": cast.driver_row}
            if actor == Actor.COMPANY:
                fields = {"company": cast.company}
            stood = MILESTONES[turn % len(MILESTONES)]
            order = make_order(cast, status, fulfilment, stood=stood, **fields)
            told = clients[actor].get(f"/api/v1/orders/{order.pk}/transitions")
            listed = numbers_of(told)
            by_name = {row["name"] for row in told.data["allowed_transitions"] if row["by_name"]}
            for change in rows:
                order = make_order(cast, status, fulfilment, stood=stood, **fields)
                sent = {"reason": REASON, "code": {"code": order.collection_code}, "proof": {"proof": "seen"}}
                wanted = listed.get(change.name, ("reason", "code", "proof"))
                body: dict[str, Any] = {"to": change.target.value}
                for name in wanted:
                    body |= sent[name]
                if change.name in by_name:
                    before = state_of(order)
                    answer = clients[actor].post(f"/api/v1/orders/{order.pk}/transitions", body)
                    assert (answer.status_code, answer.data["code"]) == (409, "transition_not_allowed")
                    assert state_of(order) == before
                    body["transition"] = change.name
                answer = clients[actor].post(f"/api/v1/orders/{order.pk}/transitions", body)
                where = (change.name, fulfilment.slug, actor, stood, sorted(fields), answer.data)
                assert (answer.status_code == 200) == (change.name in listed), where
                assert answer.status_code in (200, 403, 409), where
