"""How an order's values look in the back-office."""

from datetime import datetime, timedelta

from django.utils.html import format_html
from django.utils.safestring import SafeString

from orders.lifecycle.due_moments import answerable_since, awaits_payment
from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import FAILURE, SUCCESS, Status
from orders.models import Account, Order, PaymentStatus, Refund
from orders.reading.troubles import UNANSWERED
from ordersite.core.money import with_currency

EXCEPTIONS = frozenset({Status.CANCELED_BY_DRIVER, Status.PICK_UP_FAILED_BY_DRIVER})
# A colour alone tells nothing to many: each tone has a mark of its own.
MARKS = {"start": "●", "later": "◷", "work": "▶", "pause": "❚❚", "trouble": "!", "success": "✓", "failure": "✕"}
PAYMENT_TONES = {
    PaymentStatus.UNPAID: "start",
    PaymentStatus.AUTHORISED: "work",
    PaymentStatus.PAID: "success",
    PaymentStatus.PARTLY_REFUNDED: "pause",
    PaymentStatus.REFUNDED: "pause",
    PaymentStatus.FAILED: "failure",
    PaymentStatus.PROOF_PENDING: "start",
}
REFUND_TONES = {
    Refund.State.PENDING: "start",
    Refund.State.SENT: "work",
    Refund.State.DONE: "success",
    Refund.State.FAILED: "trouble",
    Refund.State.BY_HAND: "later",
    Refund.State.TAKEN_BACK: "pause",
}


def why(code: str, text: str) -> str:
    """A reason in words: what its code says, and what was typed besides; either may be empty."""
    label = REASONS[code].label if code in REASONS else code
    return " – ".join(part for part in (label, text) if part)


def money(minor: int | None, currency: str) -> str:
    """2430 EUR → "24.30 EUR", kept on one line; nothing for None."""
    return with_currency(minor, currency).replace(" ", "\u00a0")


def account_in_words(account: Account) -> str:
    """Whose money an account is, for people: "Cash with Dries Driver"; reads its owner."""
    owner = account.customer or account.vendor or account.driver
    plain = {
        "clearing": "Held until the order succeeds",
        "platform": "The platform",
        "funding": "Outside the site",
        "difference": "Cash differences",
    }
    named = {"wallet": "Wallet of {}", "cash": "Cash with {}"}
    return named.get(account.kind, "{}").format(owner) if owner else plain.get(account.kind, account.name)


def tone_of(status: int) -> str:
    """Which of MARKS a status has."""
    if status in EXCEPTIONS:
        return "trouble"
    if status in SUCCESS:
        return "success"
    if status in FAILURE:
        return "failure"
    special = {Status.PENDING: "start", Status.PREORDER: "later", Status.ORDER_NOT_READY: "pause"}
    return special.get(Status(status), "work")


def badge(tone: str, text: str) -> SafeString:
    """A coloured badge that reads without its colour."""
    return format_html(
        '<span class="badge badge-{}"><span class="badge-mark" aria-hidden="true">{}</span>{}</span>',
        tone,
        MARKS[tone],
        text,
    )


def status_badge(status: int) -> SafeString:
    return badge(tone_of(status), Status(status).label)


def payment_badge(state: str) -> SafeString:
    return badge(PAYMENT_TONES[PaymentStatus(state)], PaymentStatus(state).label.capitalize())


def refund_badge(state: str) -> SafeString:
    return badge(REFUND_TONES[Refund.State(state)], Refund.State(state).label.capitalize())


def span(length: timedelta) -> str:
    """A length of time in at most two units: "4 min", "3 h 05", "2 d 4 h"; no line ends before a unit."""
    minutes = int(abs(length).total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}\u00a0d {hours}\u00a0h"
    return f"{hours}\u00a0h\u00a0{minutes:02}" if hours else f"{minutes}\u00a0min"


def lateness(order: Order, now: datetime) -> str:
    """Why an open order needs somebody's eye, or nothing; one that is to be paid first waits for its customer."""
    if order.is_closed or awaits_payment(order):
        return ""
    since = answerable_since(order)
    if order.status == Status.PENDING and since and now - since >= UNANSWERED:
        return f"not accepted for {span(now - since)}"
    promised = promised_time(order)
    return f"late by {span(now - promised)}" if promised and promised < now else ""


def promised_time(order: Order) -> datetime | None:
    """When the customer was told that it comes: as estimated, or as asked for."""
    return order.estimated_at or order.deliver_at


def due_hint(order: Order, now: datetime) -> str:
    """When it changes by itself."""
    if order.due_at is None:
        return ""
    if abs(order.due_at - now) < timedelta(minutes=1):
        return "now"
    distance = span(order.due_at - now)
    return f"in {distance}" if order.due_at > now else f"overdue {distance}"
