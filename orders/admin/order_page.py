"""What an order's page shows, read in a fixed number of statements."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from orders.admin import display
from orders.admin.buttons import label_of
from orders.kinds import booking_of, package_of, rules_of
from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import Actor, Fulfilment, Status
from orders.lifecycle.timers import find_due
from orders.models import (
    DriverOffer,
    Entry,
    ItemChange,
    LineOption,
    Order,
    OrderEvent,
    Payment,
    Posting,
    ProblemReport,
    Refund,
)
from orders.pricing import Priced
from orders.reading.lines import ticket_of
from orders.reading.order_view import EventView, OrderView
from orders.reading.selectors import EVENTS
from orders.services.record.access import OrderAccess, access_of, with_parties
from ordersite.accounts.callers import Caller, device_key, merchant_key
from ordersite.accounts.models import User
from ordersite.backoffice.row_choosers import row_id
from vendors.models import Device, Merchant

# What an event's data says by a code, in words.
CODED = {
    "action": dict(ItemChange.Action.choices),
    "state": dict(ItemChange.State.choices),
    "problem": dict(ProblemReport.Reason.choices),
    "settled": dict(ProblemReport.Reason.choices),
}
# Beside the parties that every door reads.
ALSO = ("vendor__merchant", "vendor__type", "delivery_zone", "customer__user", "purchase__placed_by")


def read_shown_order(seen: QuerySet[Order], order_id: int) -> Order | None:
    """One of the orders that somebody sees, with all that its page shows."""
    owners = ("account__vendor", "account__driver", "account__customer__user")
    entries = Prefetch("entries", queryset=Entry.objects.select_related(*owners).order_by("id"))
    postings = Prefetch("postings", queryset=Posting.objects.order_by("id").prefetch_related(entries))
    orders = with_parties(seen).select_related(*ALSO)
    refunds = Prefetch("refunds", queryset=Refund.objects.select_related("payment").order_by("id"))
    offers = Prefetch("driver_offers", queryset=DriverOffer.objects.select_related("driver", "company").order_by("-id"))
    siblings = Prefetch("purchase__orders", queryset=Order.objects.select_related("vendor").order_by("pk"))
    orders = orders.prefetch_related("lines__options", EVENTS, "purchase__payments__shares", "shares__payment")
    return orders.prefetch_related(siblings, postings, refunds, offers, "problem_reports").filter(pk=order_id).first()


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """Whom the keys of callers ("user:5", "merchant:2", "device:7") mean; a statement a kind at most."""
    wanted: dict[str, set[int]] = {"user": set(), "merchant": set(), "device": set()}
    for key in keys:
        kind, _, number = key.partition(":")
        found = row_id(number)
        if kind in wanted and found:
            wanted[kind].add(found)
    names = {}
    if wanted["user"]:
        for user in User.objects.filter(pk__in=wanted["user"]):
            names[user.caller_key] = (user.name or user.shown_email) + user.mark
    if wanted["merchant"]:
        for merchant in Merchant.objects.filter(pk__in=wanted["merchant"]):
            names[merchant_key(merchant.pk)] = f"{merchant.name} (API token)"
    if wanted["device"]:
        for device in Device.objects.filter(pk__in=wanted["device"]):
            names[device_key(device.pk)] = f"{device.name} ({device.kind})"
    return names


def who(key: str, names: dict[str, str]) -> str:
    """A caller's name; a guest's key is a hash that tells nobody anything."""
    return "a guest" if key.startswith("guest:") else names.get(key, key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event in words."""

    event: EventView
    title: str
    who: str
    reason: str
    details: list[str]


def happening(event: EventView, names: dict[str, str]) -> Happening:
    label = REASONS[event.reason_code].label if event.reason_code in REASONS else event.reason_code
    title = label_of(event.transition) if event.transition else event.get_kind_display().capitalize()
    return Happening(
        event=event,
        title=title,
        who=who(event.actor, names),
        reason=" – ".join(part for part in (label, event.reason) if part),
        details=list(details_of(event.data)),
    )


def details_of(data: dict[str, Any]) -> Iterable[str]:
    """An event's data in words: fields with their old and new value, minutes told, what was inferred."""
    old, new = data.get("old"), data.get("new")
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in new.items():
            yield f"{name.replace('_', ' ')}: {value_text(old.get(name))} → {value_text(value)}"
    for name, value in data.items():
        if name not in ("old", "new"):
            text = value_text(value)
            yield f"{name.replace('_', ' ')}: {CODED.get(name, {}).get(text, text)}"


def changes_since(order_id: int, version: int, caller: Caller) -> list[str]:
    """What has happened to an order after the version that somebody saw, in words, as far as its reader may know."""
    order = with_parties(Order.objects.filter(pk=order_id)).first()
    if order is None:
        return []
    events = [event for event in OrderView(access_of(caller, order)).events if event.number > version]
    changes = [text for event in events if event.to_status is None for text in changes_in_words(event)]
    return [*changes, *[f"now {Status(order.status).label}"] * any(event.to_status is not None for event in events)]


def changes_in_words(event: EventView) -> list[str]:
    """An event that leaves the status in words: what it changed, else what it is."""
    return list(details_of(event.data)) or [happening(event, {}).title]


def value_text(value: Any) -> str:
    if isinstance(value, dict) and {"amount", "currency"} <= value.keys():
        return f"{value['amount']} {value['currency']}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {value_text(part)}" for name, part in value.items())
    if isinstance(value, list):
        return "; ".join(value_text(part) for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value in (None, "") else str(value)


def money_rows(order: Order | Priced) -> list[tuple[str, str, bool]]:
    """The breakdown: label, amount, whether it is a sum."""
    amounts = [
        ("Items", order.subtotal, True),
        ("Discount", -order.discount, False),
        ("Delivery", order.delivery_fee, False),
        ("Service fee", order.service_fee, False),
        ("Tip for the driver", order.driver_tip, False),
        ("Tax added", order.tax_added, False),
        ("Total", order.total, True),
    ]
    return [
        (label, display.money(minor, order.currency), is_sum) for label, minor, is_sum in amounts if minor or is_sum
    ]


def shown_lines(order: Order) -> list[dict[str, Any]]:
    """The lines as ordered, and what the kitchen reads."""
    return [
        {
            "line": line,
            "ticket": ticket_of(line.options.all()),
            "priced": [option for option in line.options.all() if option.kind != LineOption.Kind.WITHOUT],
        }
        for line in order.lines.all()
    ]


def asked_of(order: Order) -> QuerySet[ItemChange]:
    """The changes of its items that wait for the customer's answer."""
    return order.item_changes.filter(state=ItemChange.State.WAITING)


def milestones_of(order: Order) -> list[tuple[str, datetime | None]]:
    """Each with its time; that the customer came is not among those of what is delivered."""
    delivers = order.fulfilment == Fulfilment.DELIVERY
    reached = order.milestones.items()
    return [
        (name.replace("_", " ").capitalize(), at)
        for name, at in reached
        if at or not (delivers and name == "customer_arrived")
    ]


def payments_of(order: Order, readers: Collection[Actor]) -> list[tuple[Payment, int, int]]:
    """The payments of all that was bought together, with what was paid and refunded; to a vendor's people its part."""
    if Actor.STAFF in readers:
        return [(payment, payment.amount, payment.refunded) for payment in order.purchase.payments.all()]
    return [(share.payment, share.amount, share.refunded) for share in order.shares.all()]


def order_context(access: OrderAccess) -> dict[str, Any]:
    """Everything but the buttons and forms, as far as the reader may see it."""
    order, readers = access.order, access.readers
    is_staff, events = Actor.STAFF in readers, OrderView(access).events
    others: list[Posting | Refund] = [*order.postings.all(), *order.refunds.all()]
    problems = list(order.problem_reports.all())
    settlers = {problem.settled_by for problem in problems}
    names = names_of({event.actor for event in events} | {other.actor for other in others} | settlers)
    now = timezone.now()
    return {
        "order": order,
        "package": package_of(order),
        "booking": booking_of(order),
        "is_issued": rules_of(order).is_issued,
        "status": Status(order.status),
        "fulfilment": Fulfilment(order.fulfilment).slug.replace("_", " "),
        "late": display.lateness(order, now),
        "due": display.due_hint(order, now),
        "due_change": label_of(due.timer.change) if (due := find_due(order, now)) else "",
        "money_rows": money_rows(order),
        "lines": shown_lines(order),
        "asked": asked_of(order) if any(event.kind == OrderEvent.Kind.ITEMS for event in events) else [],
        "milestones": milestones_of(order),
        "payments": payments_of(order, readers),
        "for_staff": is_staff,
        "shows_code": is_staff or order.fulfilment != Fulfilment.DELIVERY,
        "refunds": [(refund, who(refund.actor, names)) for refund in order.refunds.all()],
        "may_be_refunded": any(share.kept for share in order.shares.all()),
        "postings": [(posting, who(posting.actor, names)) for posting in order.postings.all() if is_staff],
        "offers": order.driver_offers.all(),
        "problems": [(problem, who(problem.settled_by, names)) for problem in problems],
        "siblings": [other for other in order.purchase.orders.all() if other.pk != order.pk and is_staff],
        "timeline": [happening(event, names) for event in reversed(events)],
        "zone": order.vendor.time_zone,
    }
