"""What of an order is kept from a reader: who could merely take it, or was asked to; who was asked; photos."""

from collections.abc import Iterable
from copy import copy
from dataclasses import replace
from typing import TypeVar

from django.db.models import Model, prefetch_related_objects

from orders.kinds import package_of
from orders.lifecycle.table import Actor
from orders.models import ItemChange, Line, Order, OrderEvent, PaymentShare
from orders.reading.selectors import ITEMS, SHARES
from orders.services.record.access import OrderAccess
from orders.services.record.lines import keep_rows
from ordersite.core.names import first_name

# What people write about an order, in its columns and in those of its package; a door code may stand in any.
WRITTEN = ("contact_phone", "contact_email", "address_notes", "comment", "table", "vehicle", "locker")
WRITTEN_OF_PACKAGE = ("pickup_notes", "recipient_phone")
Row = TypeVar("Row", bound=Model)


def conceal_row(access: OrderAccess) -> OrderAccess:
    """For a list: the order as the reader may see its own columns and its customer's."""
    return replace(access, order=without_contact(access.order)) if access.is_only_a_candidate else access


def conceal(access: OrderAccess) -> OrderAccess:
    """The order as the reader may see it: whom it is merely on offer to reads where it goes, and a first name.

    No more of the contact, and nothing that people wrote: notes, comments, texts of options, why a payment failed.
    """
    return replace(access, order=without_words(access.order)) if access.is_only_a_candidate else access


def without_contact(order: Order) -> Order:
    """A copy, not to be saved, that tells of its contact a first name."""
    told = copy_row(order)
    told.customer = copy(order.customer)
    told.customer.name = first_name(order.customer.name)
    told.contact_name = first_name(order.contact_name)
    for name in WRITTEN:
        setattr(told, name, "")
    return told


def without_words(order: Order) -> Order:
    """The same with all that is shown beside the order: items, payments, the package."""
    prefetch_related_objects([order], *ITEMS, SHARES)
    told = without_contact(order)
    keep_rows(told, "lines", [line_without_words(line) for line in order.lines.all()])
    keep_rows(told, "shares", [share_without_words(share) for share in order.shares.all()])
    if carried := package_of(order):
        package = copy(carried)
        package.recipient_name = first_name(package.recipient_name)
        for name in WRITTEN_OF_PACKAGE:
            setattr(package, name, "")
        package.order = told
    return told


def copy_row(row: Row) -> Row:
    """A copy whose relations may be kept anew: keep_rows() on it leaves the row's own as they were read."""
    told = copy(row)
    told.__dict__["_prefetched_objects_cache"] = dict(getattr(row, "_prefetched_objects_cache", {}))
    return told


def line_without_words(line: Line) -> Line:
    told, options = copy_row(line), [copy(option) for option in line.options.all()]
    told.comment = ""
    for option in options:
        option.text = ""
    keep_rows(told, "options", options)
    return told


def share_without_words(share: PaymentShare) -> PaymentShare:
    told = copy(share)
    told.payment = copy(share.payment)
    told.payment.failure = ""
    return told


def told_changes(access: OrderAccess, changes: Iterable[ItemChange]) -> list[ItemChange]:
    """The changes of items that the reader may see: what is proposed is between the customer and the business."""
    return [] if access.is_only_a_candidate else list(changes)


def holds(access: OrderAccess) -> bool:
    """Whether the reader works on the order: the vendor, staff, and of those who carry whoever has accepted."""
    order, readers = access.order, access.readers
    if readers & {Actor.VENDOR, Actor.STAFF}:
        return True
    if Actor.DRIVER in readers and order.driver_accepted_at and order.driver_id == access.caller.driver_id:
        return True
    return Actor.COMPANY in readers and order.company_id in access.company_ids and order.company_id is not None


def told_events(access: OrderAccess, events: Iterable[OrderEvent]) -> list[OrderEvent]:
    """The entries of a history that the reader may see, as it may see them.

    Notes of the business are for who holds the order. A candidate reads what happened and when: no note, no words, and
    nothing of what was changed, which may tell the contact. Who else was asked is for none of those who are.
    """
    seen = {OrderEvent.VisibleTo.EVERYBODY}
    if holds(access):
        seen.add(OrderEvent.VisibleTo.BUSINESS)
    if Actor.STAFF in access.readers:
        seen.add(OrderEvent.VisibleTo.STAFF)
    told = [event for event in events if event.visible_to in seen]
    if access.is_only_a_candidate:
        return [event_without_words(event) for event in told if event.kind != OrderEvent.Kind.NOTE]
    return [without_drivers(event) for event in told] if access.carries_only else told


def event_without_words(event: OrderEvent) -> OrderEvent:
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
