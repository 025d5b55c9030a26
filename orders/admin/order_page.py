"""What an order's page shows, read in a fixed number of statements."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from orders.admin import display
from orders.admin.buttons import label_of
from orders.admin.order_map import map_of_order
from orders.admin.who_did import names_of, who
from orders.kinds import booking_of, package_of, rules_of
from orders.lifecycle.table import Actor, Fulfilment, Status
from orders.lifecycle.timers import find_due
from orders.models import (
    DeliveryProof,
    DriverOffer,
    DriverPosition,
    Entry,
    ItemChange,
    LineOption,
    Order,
    Payment,
    Posting,
    ProblemReport,
    Refund,
    ShownOrder,
)
from orders.pricing import Priced
from orders.reading.event_views import EventView
from orders.reading.lines import allergen_note_of, allergens_of, ticket_of
from orders.reading.order_view import OrderView
from orders.reading.rows_together import read_together
from orders.reading.selectors import read_events
from orders.services.record.access import OrderAccess, access_of, with_parties
from orders.services.record.lines import keep_rows
from ordersite.accounts.callers import Caller
from ordersite.backoffice.moments import write_moment
from vendors.allergens import allergens_in_words

# What an event's data says by a code, in words.
CODED = {
    "action": dict(ItemChange.Action.choices),
    "state": dict(ItemChange.State.choices),
    "problem": dict(ProblemReport.Reason.choices),
    "settled": dict(ProblemReport.Reason.choices),
}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$")
# Beside the parties that every door reads.
ALSO = (
    "vendor__merchant",
    "vendor__type",
    "delivery_zone",
    "customer__user",
    "purchase__placed_by",
    "driver__position",
)
# Of each an order has few, and of most none: read by one statement.
SMALL: Mapping[str, QuerySet[Any]] = {
    "refunds": Refund.objects.all(),
    "driver_offers": DriverOffer.objects.all(),
    "problem_reports": ProblemReport.objects.all(),
    "pictures": DeliveryProof.objects.all(),
    "asked": ItemChange.objects.filter(state=ItemChange.State.WAITING),
    "shown_on": ShownOrder.objects.all(),
}


def read_shown_order(seen: QuerySet[Order], order_id: int) -> Order | None:
    """One of the orders that somebody sees, with all that its page shows."""
    together = Order.objects.filter(purchase=OuterRef("purchase")).exclude(pk=OuterRef("pk"))
    orders = with_parties(seen).select_related(*ALSO).annotate(has_siblings=Exists(together))
    orders = orders.prefetch_related("lines__options", "purchase__payments__shares")
    order = orders.filter(pk=order_id).first()
    if order is not None:
        read_events([order])
        keep_own_shares(order)
    return order


def keep_own_shares(order: Order) -> None:
    """Its parts of payments are among those of the purchase, which were read: they are not read again."""
    own = []
    for payment in order.purchase.payments.all():
        for share in payment.shares.all():
            if share.order_id == order.pk:
                share.payment = payment
                own.append(share)
    keep_rows(order, "shares", own)


def read_small_rows(order: Order, also: Mapping[str, QuerySet[Any]]) -> dict[str, list[Any]]:
    """What of SMALL the order has, and what somebody asks for besides."""
    return read_together({**{name: rows.filter(order=order) for name, rows in SMALL.items()}, **also})


def postings_of(order: Order) -> list[tuple[Posting, list[Entry]]]:
    """What moved for the order, oldest first, with what it moved where."""
    owners = ("account__vendor", "account__driver", "account__customer__user")
    entries = Entry.objects.filter(posting__order=order).select_related("posting", *owners).order_by("posting", "pk")
    return [
        (found[0].posting, found) for _, rows in groupby(entries, lambda one: one.posting_id) for found in [list(rows)]
    ]


def siblings_of(order: Any) -> list[Order]:
    """What was bought together with an order that was read to be shown."""
    if not order.has_siblings:
        return []
    return list(
        Order.objects.filter(purchase=order.purchase).exclude(pk=order.pk).select_related("vendor").order_by("pk")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event in words."""

    event: EventView
    title: str
    who: str
    reason: str
    details: list[str]


def happening(event: EventView, names: dict[str, str], zone: tzinfo) -> Happening:
    title = label_of(event.transition) if event.transition else event.get_kind_display().capitalize()
    return Happening(
        event=event,
        title=title,
        who=who(event.actor, names),
        reason=display.why(event.reason_code, event.reason),
        details=list(details_of(event.data, zone)),
    )


def details_of(data: dict[str, Any], zone: tzinfo) -> Iterable[str]:
    """An event's data in words: fields with their old and new value, and what SAYS tells; by the zone's clock."""
    old, new = data.get("old"), data.get("new")
    if isinstance(old, dict) and isinstance(new, dict):
        for name, value in new.items():
            yield f"{spaced(name)}: {value_text(old.get(name), zone)} → {value_text(value, zone)}"
    for name, value in data.items():
        if name in ("old", "new"):
            continue
        text = value_text(value, zone)
        told = SAYS[name](value, text) if name in SAYS else f"{spaced(name)}: {CODED.get(name, {}).get(text, text)}"
        if told:
            yield told


def kitchen_says(act: dict[str, Any]) -> str:
    """What the kitchen did with a ticket."""
    if "acknowledged" in act:
        return f"The kitchen has seen the changes up to version {act['acknowledged']}"
    if "ticked" in act:
        return f"{act['name']}: {'ticked off' if act['ticked'] else 'not ticked off any more'} in the kitchen"
    return "The ticket is shown again" if act.get("recalled") else "The ticket is put away again"


def count_of(things: str) -> Callable[[Any, str], str]:
    return lambda value, text: f"{len(value) if isinstance(value, list) else value} {things}"


# What an event's data says, by name, of the value and its text; "" for what is said elsewhere on the page.
SAYS: dict[str, Callable[[Any, str], str]] = {
    "kitchen": lambda value, text: kitchen_says(value),
    "seconds": lambda value, text: f"For {text} s no device had shown it",
    "done_at": lambda value, text: f"By the device's clock at {text}",
    "inferred": lambda value, text: f"{spaced(text).capitalize()} was not told: the driver had left",
    "prepared_in": lambda value, text: f"To be ready in {text} min",
    "delivered_in": lambda value, text: f"To be delivered in {text} min",
    "proof_kind": lambda value, text: f"A {text} of the delivery came in",
    "proof": lambda value, text: "",
    "photos": count_of("photos of the payment"),
    "codes": count_of("codes issued"),
    "codes_missing": count_of("codes missing"),
    "zone_by_hand": lambda value, text: f"Delivery zone chosen by hand: {text}",
    "print_job": lambda value, text: "",
    "copy": lambda value, text: f"Copy {text}" if value and value > 1 else "",
    "of_version": lambda value, text: f"Reported at version {text}",
    "refund": lambda value, text: f"Refund: {text}",
    "refund_done": lambda value, text: f"{text} has gone back",
}


def spaced(name: str) -> str:
    return name.replace("_", " ")


def changes_since(order_id: int, version: int, caller: Caller) -> list[str]:
    """What has happened to an order after the version that somebody saw, in words, as far as its reader may know."""
    order = with_parties(Order.objects.filter(pk=order_id)).first()
    if order is None:
        return []
    events = [event for event in OrderView(access_of(caller, order)).events if event.number > version]
    zone = order.vendor.zone
    changes = [text for event in events if event.to_status is None for text in changes_in_words(event, zone)]
    return [*changes, *[f"now {Status(order.status).label}"] * any(event.to_status is not None for event in events)]


def changes_in_words(event: EventView, zone: tzinfo) -> list[str]:
    """An event that leaves the status in words: what it changed, else what it is."""
    return list(details_of(event.data, zone)) or [happening(event, {}, zone).title]


def value_text(value: Any, zone: tzinfo) -> str:
    """A value in words; a moment by the zone's clock."""
    if isinstance(value, str) and (at := moment_in_text(value)):
        return write_moment(at, zone)
    if isinstance(value, dict) and {"amount", "currency"} <= value.keys():
        return f"{value['amount']} {value['currency']}"
    if isinstance(value, dict):
        return ", ".join(f"{spaced(name)} {value_text(part, zone)}" for name, part in value.items())
    if isinstance(value, list):
        return "; ".join(value_text(part, zone) for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value in (None, "") else str(value)


def moment_in_text(text: str) -> datetime | None:
    """The moment that a text in JSON is, None for any other text."""
    if not MOMENT.match(text):
        return None
    try:
        return parse_datetime(text)
    except ValueError:
        return None


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
            "ticket": ticket_of(options),
            "allergens": allergens_in_words(allergens_of(line, options), allergen_note_of(line, options)),
            "priced": [option for option in options if option.kind != LineOption.Kind.WITHOUT],
        }
        for line in order.lines.all()
        for options in [line.options.all()]
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


def asked_party(offer: DriverOffer) -> str:
    """The key of who was asked to drive."""
    return f"company:{offer.company_id}" if offer.company_id else f"driver:{offer.driver_id}"


def order_context(access: OrderAccess, small: Mapping[str, list[Any]]) -> dict[str, Any]:
    """Everything but the buttons and forms, as far as the reader may see it; `small` is of `read_small_rows`."""
    order, readers = access.order, access.readers
    is_staff, events = Actor.STAFF in readers, OrderView(access).events
    refunds, problems, offers = small["refunds"], small["problem_reports"], small["driver_offers"]
    shown_on = sorted(small["shown_on"], key=lambda shown: (shown.shown_at, shown.pk))
    postings = postings_of(order) if is_staff else []
    callers = {row.actor for row in (*events, *refunds, *(posting for posting, _ in postings))}
    callers |= {problem.settled_by for problem in problems} | {shown.shown_by for shown in shown_on}
    names = names_of(callers | {asked_party(offer) for offer in offers if is_staff or offer.company_id})
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
        "asked": sorted(small["asked"], key=lambda change: change.number),
        "milestones": milestones_of(order),
        "payments": payments_of(order, readers),
        "for_staff": is_staff,
        "shows_code": is_staff or order.fulfilment != Fulfilment.DELIVERY,
        "refunds": [(refund, who(refund.actor, names)) for refund in refunds],
        "has_invoice_page": order.status == Status.COMPLETED and (is_staff or Actor.VENDOR in readers),
        "may_be_refunded": any(share.kept for share in order.shares.all()),
        "postings": [(posting, who(posting.actor, names), entries) for posting, entries in postings],
        "offers": [(offer, names.get(asked_party(offer), f"Driver {offer.driver_id}")) for offer in reversed(offers)],
        "pictures": small["pictures"],
        "problems": [
            (problem, who(problem.settled_by, names)) for problem in sorted(problems, key=lambda one: one.number)
        ],
        "siblings": siblings_of(order) if is_staff else [],
        "timeline": [happening(event, names, order.vendor.zone) for event in reversed(events)],
        "zone": order.vendor.time_zone,
        "map": map_of_order(order, driver_position(access), now),
        "shown_on": [(shown, who(shown.shown_by, names)) for shown in shown_on],
    }


def driver_position(access: OrderAccess) -> DriverPosition | None:
    """Where the driver who holds the order was last; others than staff are told once it has left for its customer."""
    order = access.order
    if Actor.STAFF not in access.readers:
        told = OrderView(access).driver_position
        return order.driver.position if told and order.driver else None
    is_held = order.driver is not None and order.driver_accepted_at is not None and not order.is_closed
    return getattr(order.driver, "position", None) if is_held else None
