"""Mails to an order's customer: one row for each event that it is mailed of, made of what is told outside."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from orders.kinds import rules_of
from orders.lifecycle.promises import Promise, promise_of, told_minutes
from orders.lifecycle.table import FAILURE, SUCCESS, Fulfilment, Status
from orders.lifecycle.timers import COLLECTED
from orders.models import Order, OrderEvent, OutboxMessage
from ordersite.accounts.mail_kinds import DECLINABLE, KINDS
from ordersite.accounts.mails import leave_out_declined, queue_mail
from ordersite.accounts.models import UNCONFIRMED, Customer, Mail
from ordersite.core.attempts import HOUR, count_attempt
from ordersite.core.faults import Throttled

# Nobody is mailed of what happened longer ago, such as in orders that were brought from another system.
STALE = timedelta(days=3)
# Placings hold their customer so too: they do not wait for each other.
HOLD = "SELECT id FROM accounts_customer WHERE id = ANY(%s) AND erased_at IS NULL ORDER BY id FOR KEY SHARE"
LABEL, ACCEPTED, DELAYED = "order_label", "order_accepted", "order_delayed"
TOLD_BY_EVENTS = [
    name for name, kind in KINDS.items() if name.startswith("order_") and name != LABEL and not kind.is_for_business
]
# Whose e-mail may be anybody's: guests that nobody of the vendor ordered for, and accounts that are not confirmed.
STRANGERS = (
    Q(customer__user__email__endswith=UNCONFIRMED)
    | Q(purchase__placed_by_key="anonymous")
    | Q(purchase__placed_by_key__startswith="guest:")
)
# Orders of strangers in an hour that are mailed to one address: more than one network can place
# (GUEST_ORDERS_PER_ADDRESS), so that nobody alone keeps from a guest what it is mailed.
RECIPIENT_ORDERS = 30
NOT_SENT = {
    "state": Mail.State.DROPPED,
    "error": "too many orders of an hour name this address: send it again if they are its reader's",
    "due_at": None,
}
# A promise that is broken by less than this, or kept sooner, is not mailed.
LATER = timedelta(minutes=10)
BY_MILESTONE = {"accepted": ACCEPTED, "prepared": "order_ready", "picked_up": "order_on_way"}


def mail_kind(message: OutboxMessage) -> str | None:
    """The kind of mail that the order's customer gets of a message; None for none."""
    event = message.event
    if event is None or event.visible_to != OrderEvent.VisibleTo.EVERYBODY:
        return None
    if message.type == "order.placed":
        # Once its vendor may see it, which is when it is paid where that is done online.
        return "order_placed" if message.vendor_id is not None else None
    if message.type == "order.status":
        return kind_of_status(event)
    if message.type == "order.delay":
        return DELAYED
    return "order_refunded" if message.type == "order.refunded" else None


def kind_of_status(event: OrderEvent) -> str | None:
    order, to = event.order, event.to_status
    if to == Status.REJECTED_BY_BUSINESS:
        return "order_refused"
    if to in FAILURE:
        return "order_cancelled"
    if to in SUCCESS:
        return None if event.from_status in SUCCESS else "order_done"
    kind = BY_MILESTONE.get(event.milestone)
    if kind == "order_ready" and Fulfilment(order.fulfilment) not in COLLECTED:
        return None
    if kind == "order_accepted" and rules_of(order).is_issued:
        return None  # it is done in the same moment
    return kind


def write_order_mails(messages: Iterable[OutboxMessage], now: datetime) -> int:
    """Writes the mails of messages that are passed on, in the same transaction, so each once; how many."""
    told = [
        (message, kind)
        for message in messages
        if (kind := mail_kind(message)) and message.created_at > now - STALE and is_mailed(message)
    ]
    told = still_there(told)
    unsent = orders_unsent({message.subject: message.event.order for message, _ in told if message.event})
    by_label = told_by_labels({message.subject for message, kind in told if kind in DECLINABLE})
    told = [(message, kind) for message, kind in told if not is_told_by(by_label, message, kind)]
    rows = [
        Mail(
            kind=kind,
            recipient=order.contact_email,
            about=message.subject,
            data={"event": event.pk, **promised},
            created_at=now,
            asked_at=now,
            traceparent=message.traceparent,
            **({"due_at": now} if message.subject not in unsent else NOT_SENT),
        )
        for message, kind, promised in with_promises(told)
        if (event := message.event) and (order := event.order)
    ]
    Mail.objects.bulk_create(rows)
    return len(rows)


# --- promised times -------------------------------------------------------------------------------------------------


def with_promises(told: Iterable[tuple[OutboxMessage, str]]) -> list[tuple[OutboxMessage, str, dict[str, Any]]]:
    """With each the time that its mail tells; without delays that are no news. A statement where there is any delay."""
    rows, told = [], list(told)
    last = last_promises({message.subject for message, kind in told if kind == DELAYED})
    for message, kind in told:
        event, promised = message.event, dict[str, Any]()
        if event is not None and (kind == ACCEPTED or (kind == DELAYED and told_minutes(event))):
            promise = promise_of(event.order, event)
            if kind == DELAYED and not is_news(promise, last.get(message.subject)):
                continue
            if promise.at is not None:
                promised = {"expected_at": promise.at.isoformat(), "is_expected_there": promise.is_there}
            last[message.subject] = promise
        rows.append((message, kind, promised))
    return rows


def last_promises(subjects: Iterable[str]) -> dict[str, Promise]:
    """By order what its customer was mailed last of when it comes."""
    mails = Mail.objects.filter(about__in=sorted(subjects), kind__in=(ACCEPTED, DELAYED)).order_by("pk")
    found: dict[str, Promise] = {}
    for about, data in mails.values_list("about", "data") if subjects else ():
        if "expected_at" in data:
            found[about] = Promise(datetime.fromisoformat(data["expected_at"]), data["is_expected_there"])
    return found


def is_news(promise: Promise, last: Promise | None) -> bool:
    """Whether it is later than what was told last by LATER, or of something else."""
    if last is None or last.at is None or promise.at is None or promise.is_there != last.is_there:
        return True
    return promise.at >= last.at + LATER


# --- addresses that somebody else may have named ----------------------------------------------------------------------


def orders_unsent(orders: Mapping[str, Order]) -> set[str]:
    """Those of the orders, by `about`, of which nothing is sent: too many in an hour name an address.

    Of STRANGERS alone: the others have shown that the address is their own, or are known. The first mail of an order
    decides for all of them; once staff have sent it again, what follows is sent too.
    """
    begun, unsent = set[str](), set[str]()
    before = Mail.objects.filter(about__in=sorted(orders), kind__in=TOLD_BY_EVENTS)
    for about, state, error in before.values_list("about", "state", "error"):
        begun.add(about)
        if (state, error) == (NOT_SENT["state"], NOT_SENT["error"]):
            unsent.add(about)
    new = {order.pk: about for about, order in orders.items() if about not in begun}
    named = Order.objects.filter(STRANGERS, pk__in=new).values_list("contact_email", "pk") if new else ()
    # In one order, so that no two workers wait for each other's counts.
    for email, pk in sorted((email.lower(), pk) for email, pk in named):
        try:
            count_attempt("mail-orders", email, limit=RECIPIENT_ORDERS, window=HOUR)
        except Throttled:
            unsent.add(new[pk])
    return unsent


def still_there(told: list[tuple[OutboxMessage, str]]) -> list[tuple[OutboxMessage, str]]:
    """Those whose customer is not erased; until the end of the transaction nobody erases the others."""
    buyers = {message.event.order.customer_id for message, _ in told if message.event}
    found = hold_customers(buyers) if buyers else set()
    return [(message, kind) for message, kind in told if message.event and message.event.order.customer_id in found]


def hold_customers(ids: Iterable[int]) -> set[int]:
    """Those of the customers that are not erased, held against that by the lock that a reference takes."""
    if connection.vendor != "postgresql":
        return set(Customer.objects.filter(pk__in=ids, erased_at=None).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(HOLD, [sorted(ids)])
        return {pk for (pk,) in cursor.fetchall()}


def is_mailed(message: OutboxMessage) -> bool:
    order = message.event.order if message.event else None
    return order is not None and order.deleted_at is None and bool(order.contact_email)


def told_by_labels(subjects: Iterable[str]) -> dict[str, list[tuple[int, int]]]:
    """By order the versions, from and to, that a label's own message tells of to who wants such; one statement."""
    found: dict[str, list[tuple[int, int]]] = {}
    told = leave_out_declined(Mail.objects.filter(kind=LABEL, about__in=sorted(subjects)))
    for about, data in told.values_list("about", "data"):
        found.setdefault(about, []).append((data["after"], data["until"]))
    return found


def is_told_by(by_label: dict[str, list[tuple[int, int]]], message: OutboxMessage, kind: str) -> bool:
    """Whether a label's own message stands for the mail: in its place where nobody needs more."""
    event = message.event
    if event is None or kind not in DECLINABLE:
        return False
    return any(after < event.number <= until for after, until in by_label.get(message.subject, ()))


def queue_label_mail(order: Order, *, after: int, label: str, message: str) -> None:
    """Has a label's own message sent to the customer; the versions since `after` were made by setting it.

    Once: who sets it anew, back and forth, does not have the same sent time and again.
    """
    if message and order.contact_email and not is_label_told(order, label, message):
        queue_mail(
            LABEL,
            order.contact_email,
            about=f"order:{order.pk}",
            order=order.pk,
            after=after,
            until=order.version,
            label=label,
            message=message,
        )


def is_label_told(order: Order, label: str, message: str) -> bool:
    told = Mail.objects.filter(kind=LABEL, about=f"order:{order.pk}").values_list("data", flat=True)
    return any((data["label"], data["message"]) == (label, message) for data in told)
