"""Makes any change of the life cycle's table: an order on which its guards hold (or one does not), and who asks."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.guards import IMPLIED, KEPT_BY_HAND
from orders.lifecycle.table import FAILURE, RULES, Actor, Change, Fulfilment, Status, expand
from orders.models import Order, PaymentStatus
from orders.services.moving.transitions import Wish, transition
from ordersite.accounts.callers import SYSTEM
from ordersite.core.faults import Refusal
from ordersite.web.problems import as_problem
from tests.cast import Cast
from tests.orders.rows import CODE, make_order
from vendors.models import Vendor

Api = Callable[..., APIClient]
FULL = os.environ.get("PROMISES_FULL") == "1"
CHANGES = list(expand(RULES))
# A guard that nothing can fulfil: no vendor stocks codes yet.
NEVER = "codes"
# Only a position report is this actor, and the tests of positions play it.
WITHOUT_A_DOOR = Actor.GEOFENCE
REASON = {"reason_code": "mistake"}


class Answer(NamedTuple):
    """A status and its body, whichever door was used."""

    status: int
    body: dict[str, Any]


def rows() -> Iterator[list[Change]]:
    """The rows of the table: the changes that differ in their fulfilment only."""
    for rule in RULES:
        for source in rule.sources:
            yield [change for change in expand((rule,)) if change.source == source]


def walkers() -> Iterator[tuple[Change, Actor]]:
    """Every row with each actor that has a door of its own; one that has none is staff's to force.

    A row's actors take its fulfilments in turn; at full size each takes all.
    """
    for number, row in enumerate(rows()):
        doors = [actor for actor in Actor if actor in row[0].actors and actor != WITHOUT_A_DOOR]
        for turn, actor in enumerate(doors or [Actor.STAFF], start=number):
            for change in row if FULL else [row[turn % len(row)]]:
                yield change, actor


def prepare(cast: Cast, change: Change, actor: Actor, broken: str = "") -> Order:
    """An order in the change's status; every guard that binds the actor holds, but for the broken one."""
    guards = set(change.guards_for(actor)) | {IMPLIED.get(change.name, "")}
    source = change.source
    stood = set() if source in FAILURE | {Status.PENDING, Status.PREORDER} else {"accepted"}
    fields: dict[str, Any] = {}
    stood |= {milestone for guard, milestone in MILESTONES.items() if guard in guards}
    if "carrier" in guards and "own" not in guards:
        stood.add("driver_accepted")
    if "own" in guards:
        fields["self_delivery"] = True
    if actor in (Actor.DRIVER, Actor.COMPANY, Actor.VENDOR) and change.fulfilment == Fulfilment.DELIVERY:
        fields["driver"] = named_driver(cast, change, actor)
    if actor == Actor.STAFF and change.name == "accept_by_driver":
        fields["driver"] = cast.company_driver_row
    if actor == Actor.COMPANY or source == Status.ACCEPTED_BY_DRIVER_COMPANY:
        fields["company"] = cast.company
        if source == Status.ACCEPTED_BY_DRIVER_COMPANY:
            stood.add("company_accepted")
    if source in FAILURE and fields.get("payment_method") == "wallet":
        fields["payment_status"] = PaymentStatus.REFUNDED
    if actor == Actor.SYSTEM and "agreed" in guards:
        Vendor.objects.filter(pk=cast.vendor.pk).update(collect_minutes=0)
    if "agreed" in guards and "prepared" in stood:
        fields["prepared_at"] = timezone.now() - KEPT_BY_HAND
    break_guard(broken, stood, fields)
    return make_order(cast, source, change.fulfilment, stood=" ".join(stood), **fields)


MILESTONES = {"prepared": "prepared", "driver": "driver_accepted", "present": "driver_at_business"}


def named_driver(cast: Cast, change: Change, actor: Actor) -> Any:
    """Who stands on the order: the driver that asks, or the one for whom a vendor or a company accepts."""
    if actor == Actor.DRIVER:
        return None if change.source == Status.ACCEPTED_BY_DRIVER_COMPANY else cast.driver_row
    if change.name != "accept_by_driver":
        return None
    return cast.courier_row if actor == Actor.VENDOR else cast.company_driver_row


def break_guard(guard: str, stood: set[str], fields: dict[str, Any]) -> None:
    if guard in MILESTONES:
        stood.discard(MILESTONES[guard])
        fields.pop(f"{MILESTONES[guard]}_at", None)
    elif guard == "carrier":
        stood.discard("driver_accepted")
        fields["self_delivery"] = False
    elif guard in ("own", "free"):
        stood.add("driver_accepted")
    elif guard == "window":
        stood.add("preparation_started")
    elif guard == "agreed":
        fields["deliver_at"] = timezone.now() + timedelta(hours=1)
    elif guard == "money":
        fields["money_leaves_at"] = timezone.now() - timedelta(minutes=1)
    elif guard == "undo":
        fields["status_changed_at"] = timezone.now() - timedelta(hours=1)
    elif guard == "paid":
        fields |= {"payment_method": "wallet", "payment_status": PaymentStatus.UNPAID}
    elif guard == "named":
        fields["driver"] = None
    elif guard == "items":
        fields["visible_at"] = None


def ask(api: Api, cast: Cast, change: Change, actor: Actor, order: Order, broken: str = "") -> Answer:
    """Asks for the change by its name with all that its guards want, but for the broken one."""
    body: dict[str, Any] = {"transition": change.name}
    guards = change.guards_for(actor) if actor in change.actors else ("reason",)
    if "reason" in guards and broken != "reason":
        body |= REASON
    if "code" in guards:
        body["code"] = "999999" if broken == "code" else CODE
    if actor == Actor.SYSTEM:
        return ask_by_itself(order, body)
    answer = client(api, cast, actor, order).post(f"/api/v1/orders/{order.pk}/transitions", body)
    return Answer(answer.status_code, answer.data)


def ask_by_itself(order: Order, body: dict[str, Any]) -> Answer:
    """A timer's way."""
    wish = Wish(name=body["transition"], reason_code=body.get("reason_code", ""))
    try:
        with transaction.atomic():
            transition(order_id=order.pk, caller=SYSTEM, wish=wish)
    except Refusal as refusal:
        return Answer(refusal.status, as_problem(refusal).as_json())
    return Answer(200, {})


def client(api: Api, cast: Cast, actor: Actor, order: Order) -> APIClient:
    """Who stands to the order as this actor."""
    if actor == Actor.DRIVER:
        return api(cast.driver if order.driver_id == cast.driver_row.pk else cast.company_driver)
    users = {
        Actor.CUSTOMER: cast.customer,
        Actor.VENDOR: cast.owner,
        Actor.COMPANY: cast.dispatcher,
        Actor.STAFF: cast.staff,
    }
    return api(users[actor])
