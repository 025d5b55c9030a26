"""What of an order is kept from a reader: who could merely take it, or was asked to; who was asked; photos."""

from collections.abc import Iterable
from copy import copy

from orders.lifecycle import Actor
from orders.models import OrderEvent, PaymentShare
from orders.services.standing import Standing

CARRIERS = frozenset({Actor.DRIVER, Actor.COMPANY})


def is_only_a_candidate(standing: Standing) -> bool:
    """Whether the order is merely on offer to the reader, who has neither accepted it nor was named for it."""
    order = standing.order
    if not standing.readers or standing.readers - CARRIERS:
        return False
    held_by_company = Actor.COMPANY in standing.readers and order.company_id is not None
    return order.driver_id is None and not held_by_company


def holds(standing: Standing) -> bool:
    """Whether the reader works on the order: the vendor, staff, and of those who carry whoever has accepted."""
    order, readers = standing.order, standing.readers
    if readers & {Actor.VENDOR, Actor.STAFF}:
        return True
    if Actor.DRIVER in readers and order.driver_accepted_at and order.driver_id == standing.caller.driver_id:
        return True
    return Actor.COMPANY in readers and order.company_id in standing.company_ids and order.company_id is not None


def told_events(standing: Standing, events: Iterable[OrderEvent]) -> list[OrderEvent]:
    """The entries of a history that the reader may see, as it may see them.

    Notes of the business are for who holds the order. A candidate reads what happened and when: no note, no words, and
    nothing of what was changed, which may tell the contact. Who else was asked is for none of those who are.
    """
    seen = {OrderEvent.VisibleTo.EVERYBODY}
    if holds(standing):
        seen.add(OrderEvent.VisibleTo.BUSINESS)
    if Actor.STAFF in standing.readers:
        seen.add(OrderEvent.VisibleTo.STAFF)
    told = [event for event in events if event.visible_to in seen]
    if is_only_a_candidate(standing):
        return [without_words(event) for event in told if event.kind != OrderEvent.Kind.NOTE]
    carries_only = bool(standing.readers) and not standing.readers - CARRIERS
    return [without_drivers(event) for event in told] if carries_only else told


def without_words(event: OrderEvent) -> OrderEvent:
    told = copy(event)
    told.reason, told.data = "", {}
    return told


def without_drivers(event: OrderEvent) -> OrderEvent:
    if event.kind != OrderEvent.Kind.DRIVER:
        return event
    told = copy(event)
    told.data = {
        side: {name: value for name, value in changed.items() if name != "driver"}
        for side, changed in event.data.items()
    }
    return told


def shows_photos(share: PaymentShare, actors: Iterable[Actor]) -> bool:
    """Whether the reader may see the payment's photos: a vendor where it pays for nothing but this order."""
    allowed = {Actor.CUSTOMER, Actor.STAFF, *([Actor.VENDOR] if share.amount == share.payment.amount else ())}
    return bool(allowed & set(actors))
