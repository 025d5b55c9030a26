"""The mails of an order to its customer: what is known of it, and what each mail says of that."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone
from django.utils.dateformat import format as format_time
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from orders.kinds import rules_of
from orders.lifecycle.promises import promise_of
from orders.lifecycle.table import FAILURE, Actor, Fulfilment, Status
from orders.models import Order, OrderEvent, Refund
from orders.reading.event_views import EventView
from orders.reading.order_view import OrderView, view_order
from orders.reading.reason_words import WHY
from orders.reading.selectors import with_items
from orders.reading.tickets import PIECE, choice_words, price_parts
from orders.services.paying.payment_links import PAYABLE
from orders.services.paying.provider_answers import online_payments, standing_of
from orders.services.record.access import access_as
from ordersite.accounts.callers import Caller
from ordersite.accounts.letters import Letter, LetterLink, LetterTable, make_letter
from ordersite.accounts.models import Mail
from ordersite.core.money import with_currency
from ordersite.core.unprinted import one_line

# Lines of what was ordered that a letter has at most.
MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """What was ordered, what was chosen for it, and what it costs."""

    text: str
    choices: Sequence[str]
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What an order's mails say of it, whatever language they are in."""

    called: str  # its number, as the order's page, the driver and the board call it
    vendor: str
    place: str  # where what is collected waits
    zone: ZoneInfo
    fulfilment: Fulfilment
    status: int | None  # that the event led to
    url: str  # where the order is followed
    # In the language that is active: what was ordered, then what adds up to what is paid.
    lines: Callable[[], Sequence[OrderedLine]] = tuple
    sums: Callable[[], Sequence[tuple[str, str]]] = tuple
    expected_at: datetime | None = None
    is_expected_there: bool = False  # where it goes; else that is when it is ready
    deliver_at: datetime | None = None
    reason_code: str = ""
    reason: str = ""
    refunded: str = ""  # empty: nothing was
    codes_missing: int = 0
    is_issued: bool = False  # codes, which nobody has to accept
    label: str = ""
    message: str = ""
    payment_url: str = ""
    payment_amount: str = ""
    payment_until: datetime | None = None

    @property
    def words(self) -> dict[str, Any]:
        return {"order": self.called, "vendor": self.vendor}

    def time(self, moment: datetime) -> str:
        return time_in_words(moment, self.zone)


def time_in_words(moment: datetime, zone: ZoneInfo) -> str:
    """The date and the time by a vendor's clock, in the language that is active."""
    return f"{format_time(moment.astimezone(zone), 'd F Y, H:i')} ({zone.key})"


# --- what the letters of an order are made of -----------------------------------------------------------------------


def find_order(order_id: int) -> Order | None:
    """The order with its parts; None where it was deleted."""
    orders = with_items(Order.objects.filter(pk=order_id, deleted_at__isnull=True))
    return orders.select_related("vendor", "customer__user").first()


def view_of_customer(order: Order) -> OrderView:
    """The order as its customer sees it."""
    return view_order(access_as(Actor.CUSTOMER, Caller(), order, timezone.now()), "items")


def wishes_of(order: Order) -> tuple[str, str]:
    """The languages of a mail to an order's customer: the one that it chose, else the vendor's."""
    user = order.customer.user
    return (user.language if user else ""), order.vendor.language


def may_quote(order: Order) -> bool:
    """Whether a mail may say what the order's customer wrote: only where its e-mail is known to be its own.

    Else a stranger would have the site send anybody whatever the stranger likes, by ordering in his name.
    """
    user = order.customer.user
    return user is not None and user.is_confirmed


def order_facts(order: Order, view: OrderView, **more: Any) -> OrderFacts:
    code = view.tracking_code
    given: dict[str, Any] = {
        "called": view.called,
        "vendor": view.vendor.name,
        "place": ", ".join(filter(None, (view.vendor.address, view.vendor.city))),
        "zone": view.vendor.zone,
        "fulfilment": Fulfilment(view.fulfilment),
        "status": view.status,
        "url": f"{settings.SITE_URL}/t/{code}" if code else "",
        "lines": lambda: letter_lines(view, quotes=may_quote(order)),
        "sums": lambda: letter_sums(view),
        "deliver_at": view.deliver_at,
    }
    return OrderFacts(**{**given, **more})


def letter_lines(view: OrderView, *, quotes: bool) -> list[OrderedLine]:
    """The items of an order, in the language that is active; with what was written for them where it `quotes` that."""
    found = [
        OrderedLine(
            f"{line.quantity} × {line.name}" if line.unit == PIECE else f"{line.quantity} {line.unit} {line.name}",
            [
                gettext("No %(name)s") % {"name": option.name}
                if option.kind == "without"
                else choice_words(option, quotes=quotes)
                for option in line.options
            ],
            with_currency(line.total, view.currency),
        )
        for line in view.lines
    ]
    if package := view.package:
        found.append(OrderedLine(f"1 × {package.type_name}", (), ""))
    if booking := view.booking:
        found.append(OrderedLine(f"1 × {booking.service_name}", (), ""))
    return found


def letter_sums(view: OrderView) -> list[tuple[str, str]]:
    """What the total is made of where that is more than the items, the total, and what is still to pay of it."""
    parts = price_parts(view)
    sums = [*(parts if len(parts) > 1 else ()), (gettext("Total"), view.total)]
    if view.owed:
        sums.append((gettext("Still to pay"), view.owed))
    return [(label, with_currency(amount, view.currency)) for label, amount in sums]


def find_event(mail: Mail) -> tuple[Sequence[str], OrderFacts] | None:
    """Of a mail that tells an event: nothing where the order was deleted meanwhile."""
    event = OrderEvent.objects.filter(pk=mail.data["event"]).first()
    order = find_order(event.order_id) if event else None
    if event is None or order is None:
        return None
    view, seen = view_of_customer(order), EventView(event, hides_words=False, hides_drivers=False, tells_actor=False)
    refunded, promise = seen.data.get("refund", {}).get("amount"), promise_of(order, event)
    more = {
        "status": seen.to_status,
        "reason_code": seen.reason_code,
        "reason": seen.reason if seen.role != Actor.CUSTOMER or may_quote(order) else "",
        "expected_at": promise.at,
        "is_expected_there": promise.is_there,
        "codes_missing": seen.data.get("codes_missing", 0),
        "is_issued": rules_of(order).is_issued,
    }
    if refunded:
        more["refunded"] = f"{refunded['amount']} {refunded['currency']}"
    elif seen.to_status in FAILURE and (amount := given_back_at_close(order)):
        more["refunded"] = with_currency(amount, order.currency)
    return wishes_of(order), order_facts(order, view, **more)


def given_back_at_close(order: Order) -> int:
    """What came back because the order failed, minor units; what came back before has mails of its own."""
    rows = order.refunds.filter(closing=True).exclude(state=Refund.State.TAKEN_BACK)
    return rows.aggregate(sum=Sum("amount"))["sum"] or 0


def find_label_told(mail: Mail) -> tuple[Sequence[str], OrderFacts] | None:
    order = find_order(mail.data["order"])
    if order is None:
        return None
    told = {"label": mail.data["label"], "message": mail.data["message"]}
    return wishes_of(order), order_facts(order, view_of_customer(order), **told)


def find_payment(mail: Mail) -> tuple[Sequence[str], OrderFacts] | None:
    """Of a link where an order is paid: nothing once there is nothing left to pay there."""
    order = find_order(mail.data["order"])
    payment = online_payments().filter(pk=mail.data["payment"]).first()
    if order is None or payment is None or order.status in FAILURE:
        return None
    if standing_of(payment, timezone.now()) not in PAYABLE:
        return None
    return wishes_of(order), order_facts(
        order,
        view_of_customer(order),
        payment_url=f"{settings.SITE_URL}/pay/{payment.token}",
        payment_amount=with_currency(payment.amount, payment.currency),
        payment_until=payment.expires_at,
    )


# --- the letters of an order ----------------------------------------------------------------------------------------


def order_letter(facts: OrderFacts, subject: str, *parts: str | None, lists_items: bool = False) -> Letter:
    """A letter of an order, with what was ordered where it is listed, and where the order is followed.

    Whatever people wrote, such as names and reasons, stays within its paragraph.
    """
    follow = LetterLink(gettext("Follow your order here:"), facts.url) if facts.url else None
    table = items_table(facts) if lists_items else None
    return make_letter(subject, *(part and one_line(part) for part in parts), table, follow)


def items_table(facts: OrderFacts) -> LetterTable:
    rows: list[tuple[str, str]] = []
    for line in facts.lines():
        rows.append((one_line(line.text), line.amount))
        rows += [(f"– {one_line(choice)}", "") for choice in line.choices]
    if len(rows) > MOST_LINES:
        rows = [*rows[:MOST_LINES], ("…", "")]
    return LetterTable([*rows, *facts.sums()])


def compose_placed(facts: OrderFacts) -> Letter:
    wanted = gettext("For %(time)s.") % {"time": facts.time(facts.deliver_at)} if facts.deliver_at else None
    text = gettext("%(vendor)s has your order %(order)s. You are told once it is accepted.") % facts.words
    if facts.is_issued:
        text = gettext("%(vendor)s has your order %(order)s.") % facts.words
    return order_letter(
        facts, gettext("Your order %(order)s at %(vendor)s") % facts.words, text, wanted, lists_items=True
    )


def compose_accepted(facts: OrderFacts) -> Letter:
    text = gettext("%(vendor)s has accepted your order %(order)s.") % facts.words
    subject = gettext("%(vendor)s has accepted your order %(order)s") % facts.words
    return order_letter(facts, subject, text, expected_words(facts), lists_items=True)


def expected_words(facts: OrderFacts) -> str | None:
    if facts.expected_at is None:
        return None
    if facts.fulfilment != Fulfilment.DELIVERY:
        words = gettext("It is expected to be ready at %(time)s.")
    elif facts.is_expected_there:
        words = gettext("It is expected at your door at %(time)s.")
    else:
        words = gettext("It is expected to be ready at %(time)s, and is brought to you after that.")
    return words % {"time": facts.time(facts.expected_at)}


def compose_delayed(facts: OrderFacts) -> Letter:
    if facts.codes_missing:
        text = ngettext(
            "One code of your order %(order)s at %(vendor)s is not available yet: it is sent as soon as it is.",
            "%(count)s codes of your order %(order)s at %(vendor)s are not available yet: they are sent as soon as"
            " they are.",
            facts.codes_missing,
        )
        text %= {**facts.words, "count": facts.codes_missing}
        return order_letter(facts, gettext("Your order %(order)s at %(vendor)s takes longer") % facts.words, text)
    text = gettext("The time of your order %(order)s at %(vendor)s has changed.") % facts.words
    subject = gettext("Another time for your order %(order)s at %(vendor)s") % facts.words
    return order_letter(facts, subject, text, expected_words(facts), reason_words(facts))


def reason_words(facts: OrderFacts) -> str | None:
    """Why, by the reason's name and in the words of who gave it."""
    name = gettext(WHY[facts.reason_code]) if facts.reason_code in WHY and facts.reason_code != "other" else ""
    why = f"{name}: {facts.reason}" if name and facts.reason else name or facts.reason
    return gettext("The reason: %(reason)s") % {"reason": why} if why else None


def refund_words(facts: OrderFacts) -> str | None:
    return gettext("You get %(amount)s back.") % {"amount": facts.refunded} if facts.refunded else None


def compose_refused(facts: OrderFacts) -> Letter:
    text = gettext("%(vendor)s could not take your order %(order)s.") % facts.words
    subject = gettext("%(vendor)s could not take your order %(order)s") % facts.words
    return order_letter(facts, subject, text, reason_words(facts), refund_words(facts))


# What is told of an order that failed in another way than by its vendor's refusal.
FAILED = {
    Status.CANCELED_BY_CUSTOMER: _("You have cancelled your order %(order)s at %(vendor)s."),
    Status.PICK_UP_FAILED_BY_DRIVER: _("The driver could not fetch your order %(order)s at %(vendor)s."),
    Status.DELIVERY_FAILED_BY_DRIVER: _("Your order %(order)s at %(vendor)s could not be delivered."),
    Status.NOT_PICKED_BY_CUSTOMER: _("Your order %(order)s at %(vendor)s was not collected."),
}
CANCELLED = _("Your order %(order)s at %(vendor)s was cancelled.")


def compose_cancelled(facts: OrderFacts) -> Letter:
    status = Status(facts.status) if facts.status is not None else None
    text = gettext(FAILED.get(status, CANCELLED) if status is not None else CANCELLED) % facts.words
    return order_letter(facts, text.rstrip("."), text, reason_words(facts), refund_words(facts))


def compose_ready(facts: OrderFacts) -> Letter:
    text = gettext("Your order %(order)s at %(vendor)s is ready: you can collect it.") % facts.words
    where = gettext("It is here: %(place)s") % {"place": facts.place} if facts.place else None
    return order_letter(facts, gettext("Your order %(order)s at %(vendor)s is ready") % facts.words, text, where)


def compose_on_way(facts: OrderFacts) -> Letter:
    text = gettext("Your order %(order)s at %(vendor)s is on its way to you.") % facts.words
    return order_letter(facts, gettext("Your order %(order)s at %(vendor)s is on its way") % facts.words, text)


def compose_done(facts: OrderFacts) -> Letter:
    text = gettext("Your order %(order)s at %(vendor)s is done. Thank you!") % facts.words
    return order_letter(
        facts, gettext("Your order %(order)s at %(vendor)s is done") % facts.words, text, lists_items=True
    )


def compose_refunded(facts: OrderFacts) -> Letter:
    told = {**facts.words, "amount": facts.refunded}
    text = gettext("Of what you paid for your order %(order)s at %(vendor)s you get %(amount)s back.") % told
    subject = gettext("You get money back for your order %(order)s at %(vendor)s") % facts.words
    return order_letter(facts, subject, text, reason_words(facts))


def compose_label(facts: OrderFacts) -> Letter:
    told = {**facts.words, "label": facts.label}
    subject = gettext("%(label)s: your order %(order)s at %(vendor)s") % told
    return order_letter(facts, subject, facts.message)


def compose_payment_link(facts: OrderFacts) -> Letter:
    told = {**facts.words, "amount": facts.payment_amount}
    here = gettext("Pay it here:")
    if facts.payment_until:
        here = gettext("Pay it here until %(time)s:") % {"time": facts.time(facts.payment_until)}
    return make_letter(
        gettext("Your order at %(vendor)s: pay %(amount)s") % told,
        one_line(gettext("Your order %(order)s at %(vendor)s costs %(amount)s.") % told),
        LetterLink(here, facts.payment_url),
    )


def sample_of_order(**more: Any) -> OrderFacts:
    moment = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
    sample: dict[str, Any] = {
        "called": "D12",
        "vendor": "Burger Bar",
        "place": "Rue Haute 1, Brussels",
        "zone": ZoneInfo("Europe/Brussels"),
        "fulfilment": Fulfilment.DELIVERY,
        "status": int(Status.REJECTED),
        "url": f"{settings.SITE_URL}/t/…",
        "lines": lambda: [
            OrderedLine("2 × Burger", [gettext("No %(name)s") % {"name": "Ketchup"}], "20.30 EUR"),
            OrderedLine("1 × Fries", (), "4.00 EUR"),
        ],
        "sums": lambda: [
            (gettext("Subtotal"), "24.30 EUR"),
            (gettext("Delivery"), "3.50 EUR"),
            (gettext("Total"), "27.80 EUR"),
            (gettext("Still to pay"), "27.80 EUR"),
        ],
        "expected_at": moment + timedelta(minutes=45),
        "is_expected_there": True,
        "reason_code": "out_of_stock",
        "refunded": "27.80 EUR",
        "label": "In the oven",
        "message": "Your bread is in the oven.",
        "payment_url": f"{settings.SITE_URL}/pay/…",
        "payment_amount": "27.80 EUR",
        "payment_until": moment + timedelta(hours=1),
    }
    return OrderFacts(**{**sample, **more})
