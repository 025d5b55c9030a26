"""Kesk's words for statuses, payments and kinds (rows 1, 28, 58 and 59): how it reads ours, and writes its own."""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from django.db.models import Q

from orders.kinds import KINDS
from orders.lifecycle import table
from orders.lifecycle.decisions import Allowed
from orders.lifecycle.table import Actor, Fulfilment, Status
from orders.models import Kind, Order, PaymentStatus
from orders.reading.event_views import EventView
from orders.reading.order_view import OrderView


class Word(StrEnum):
    """The nine statuses, in the order in which an order usually has them."""

    PENDING = "Pending"
    ACCEPTED = "Accepted"
    PREPARING = "Preparing"
    READY = "Ready"
    ENROUTE = "Enroute"
    DELIVERED = "Delivered"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


# What each status reads as. Where it reads Accepted the milestones tell more: Preparing, or Ready. A rejection by
# staff (2) reads Failed after an exception (6, 10, 12).
READS: dict[Status, Word] = {
    Status.PENDING: Word.PENDING,
    Status.COMPLETED: Word.COMPLETED,
    Status.REJECTED: Word.CANCELLED,
    Status.DRIVER_IN_BUSINESS: Word.ACCEPTED,
    Status.PREPARATION_COMPLETED: Word.ACCEPTED,
    Status.REJECTED_BY_BUSINESS: Word.CANCELLED,
    Status.CANCELED_BY_DRIVER: Word.ACCEPTED,
    Status.ACCEPTED_BY_BUSINESS: Word.ACCEPTED,
    Status.ACCEPTED_BY_DRIVER: Word.ACCEPTED,
    Status.PICK_UP_COMPLETED_BY_DRIVER: Word.ENROUTE,
    Status.PICK_UP_FAILED_BY_DRIVER: Word.ACCEPTED,
    Status.DELIVERY_COMPLETED_BY_DRIVER: Word.DELIVERED,
    Status.DELIVERY_FAILED_BY_DRIVER: Word.FAILED,
    Status.PREORDER: Word.PENDING,
    Status.ORDER_NOT_READY: Word.ACCEPTED,
    Status.PICKUP_COMPLETED_BY_CUSTOMER: Word.DELIVERED,
    Status.CANCELED_BY_CUSTOMER: Word.CANCELLED,
    Status.NOT_PICKED_BY_CUSTOMER: Word.FAILED,
    Status.DRIVER_ALMOST_ARRIVED_TO_BUSINESS: Word.ACCEPTED,
    Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER: Word.ENROUTE,
    Status.CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS: Word.ACCEPTED,
    Status.CUSTOMER_ARRIVED_TO_BUSINESS: Word.ACCEPTED,
    Status.LOOKING_FOR_DRIVER: Word.ACCEPTED,
    Status.DRIVER_ON_WAY: Word.ENROUTE,
    Status.DRIVER_WAITING_FOR_ORDER: Word.ACCEPTED,
    Status.ACCEPTED_BY_DRIVER_COMPANY: Word.ACCEPTED,
}
EXCEPTIONS = (
    Status.CANCELED_BY_DRIVER,
    Status.PICK_UP_FAILED_BY_DRIVER,
    Status.DELIVERY_FAILED_BY_DRIVER,
)
# By which word each status is asked for; None: by none. A refusal tells in these what is allowed.
ASKED: dict[Status, Word | None] = {
    Status.PENDING: Word.PENDING,
    Status.COMPLETED: Word.COMPLETED,
    Status.REJECTED: Word.CANCELLED,
    Status.DRIVER_IN_BUSINESS: None,
    Status.PREPARATION_COMPLETED: Word.READY,
    Status.REJECTED_BY_BUSINESS: Word.CANCELLED,
    Status.CANCELED_BY_DRIVER: Word.CANCELLED,
    Status.ACCEPTED_BY_BUSINESS: Word.ACCEPTED,
    Status.ACCEPTED_BY_DRIVER: None,
    Status.PICK_UP_COMPLETED_BY_DRIVER: Word.ENROUTE,
    Status.PICK_UP_FAILED_BY_DRIVER: Word.FAILED,
    Status.DELIVERY_COMPLETED_BY_DRIVER: Word.DELIVERED,
    Status.DELIVERY_FAILED_BY_DRIVER: Word.FAILED,
    Status.PREORDER: None,
    Status.ORDER_NOT_READY: None,
    Status.PICKUP_COMPLETED_BY_CUSTOMER: Word.DELIVERED,
    Status.CANCELED_BY_CUSTOMER: Word.CANCELLED,
    Status.NOT_PICKED_BY_CUSTOMER: Word.FAILED,
    Status.DRIVER_ALMOST_ARRIVED_TO_BUSINESS: None,
    Status.DRIVER_ALMOST_ARRIVED_TO_CUSTOMER: None,
    Status.CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS: None,
    Status.CUSTOMER_ARRIVED_TO_BUSINESS: None,
    Status.LOOKING_FOR_DRIVER: None,
    Status.DRIVER_ON_WAY: None,
    Status.DRIVER_WAITING_FOR_ORDER: None,
    Status.ACCEPTED_BY_DRIVER_COMPANY: None,
}
# What a written word means where it always means the same; Preparing is no status but a milestone.
WRITES: dict[Word, Status] = {
    Word.PENDING: Status.PENDING,
    Word.ACCEPTED: Status.ACCEPTED_BY_BUSINESS,
    Word.READY: Status.PREPARATION_COMPLETED,
    Word.ENROUTE: Status.PICK_UP_COMPLETED_BY_DRIVER,
    Word.COMPLETED: Status.COMPLETED,
}
DELIVERED: dict[Fulfilment, Status] = {
    Fulfilment.DELIVERY: Status.DELIVERY_COMPLETED_BY_DRIVER,
    Fulfilment.PICKUP: Status.PICKUP_COMPLETED_BY_CUSTOMER,
    Fulfilment.EAT_IN: Status.COMPLETED,
    Fulfilment.CURBSIDE: Status.PICKUP_COMPLETED_BY_CUSTOMER,
    Fulfilment.DRIVE_THRU: Status.PICKUP_COMPLETED_BY_CUSTOMER,
    Fulfilment.DIGITAL: Status.COMPLETED,
}
# Who cancels decides what it is; who is several of these cancels as the first.
CANCELLED: dict[Actor, Status] = {
    Actor.STAFF: Status.REJECTED,
    Actor.VENDOR: Status.REJECTED_BY_BUSINESS,
    Actor.CUSTOMER: Status.CANCELED_BY_CUSTOMER,
    Actor.DRIVER: Status.CANCELED_BY_DRIVER,
    Actor.COMPANY: Status.CANCELED_BY_DRIVER,
}
PAYMENT_WORDS: dict[str, str] = {
    PaymentStatus.UNPAID: "Pending",
    PaymentStatus.AUTHORISED: "Authorized",
    PaymentStatus.PAID: "Paid",
    PaymentStatus.PARTLY_REFUNDED: "PartiallyRefunded",
    PaymentStatus.REFUNDED: "Refunded",
    PaymentStatus.FAILED: "Failed",
    PaymentStatus.PROOF_PENDING: "Review",
}
PAID, FAILED = "Paid", "Failed"
# payment_gateway_method_id → our method.
METHODS: dict[int, str] = {1: "cash", 2: "wallet", 3: "transfer", 4: "mollie", 5: "fake"}
METHOD_IDS = {name: number for number, name in METHODS.items()}
# `type`, in any case → our kind.
TYPES: dict[str, Kind] = {
    "regular": Kind.REGULAR,
    "products": Kind.REGULAR,
    "commerce": Kind.REGULAR,
    "package": Kind.PACKAGE,
    "service": Kind.SERVICE,
    "digital": Kind.DIGITAL,
}
CATEGORIES: dict[str, str] = {
    Kind.REGULAR: "commerce",
    Kind.DIGITAL: "commerce",
    Kind.PACKAGE: "package",
    Kind.SERVICE: "service",
}


def word(status: int, *, previous: int | None, prepared: bool, preparing: bool) -> Word:
    """What an order reads as whose status, and the status before it, are these, and whose milestones stand."""
    found = READS[Status(status)]
    if status == Status.REJECTED and previous in EXCEPTIONS:
        return Word.FAILED
    if found != Word.ACCEPTED:
        return found
    return Word.READY if prepared else Word.PREPARING if preparing else found


def word_of(order: Order | OrderView) -> Word:
    """What the order reads as now."""
    return word(
        order.status,
        previous=order.previous_status,
        prepared=order.prepared_at is not None,
        preparing=order.preparation_started_at is not None,
    )


def reads_as(wanted: Word) -> Q:
    """The orders that read so: the same as `word_of`, for a list."""
    moving = (Word.ACCEPTED, Word.PREPARING, Word.READY)
    base = Word.ACCEPTED if wanted in moving else wanted
    same = Q(status__in=[status for status, word in READS.items() if word == base])
    excepted = Q(status=Status.REJECTED, previous_status__in=EXCEPTIONS)
    match wanted:
        case Word.READY:
            return same & Q(prepared_at__isnull=False)
        case Word.PREPARING:
            return same & Q(prepared_at__isnull=True, preparation_started_at__isnull=False)
        case Word.ACCEPTED:
            return same & Q(prepared_at__isnull=True, preparation_started_at__isnull=True)
        case Word.FAILED:
            return same | excepted
        case Word.CANCELLED:
            return same & ~excepted
    return same


def words_then(order: OrderView) -> Iterator[tuple[EventView, Word]]:
    """Each entry of the history with what the order read as after it."""
    status, previous, stands = int(Status.PENDING), None, {"prepared": False, "preparation_started": False}
    for event in order.events:
        if event.to_status is not None:
            status, previous = event.to_status, event.from_status
        for taken_back in table.CLEARS.get(event.transition, ()):
            stands[taken_back] = False
        if event.milestone:
            stands[event.milestone] = True
        if event.transition == "accept" and KINDS[order.kind].skips_preparing:
            stands["prepared"] = True
        prepared, preparing = stands["prepared"], stands["preparation_started"]
        yield event, word(status, previous=previous, prepared=prepared, preparing=preparing)


def target_of(wanted: Word, order: Order, actors: frozenset[Actor]) -> Status | None:
    """Where writing the word leads, for this order and who asks; None for Preparing, which is a milestone."""
    fulfilment = Fulfilment(order.fulfilment)
    match wanted:
        case Word.PREPARING:
            return None
        case Word.DELIVERED:
            return DELIVERED[fulfilment]
        case Word.FAILED if fulfilment != Fulfilment.DELIVERY:
            return Status.NOT_PICKED_BY_CUSTOMER
        case Word.FAILED:
            return Status.PICK_UP_FAILED_BY_DRIVER if order.picked_up_at is None else Status.DELIVERY_FAILED_BY_DRIVER
        case Word.CANCELLED:
            return next((status for actor, status in CANCELLED.items() if actor in actors), Status.CANCELED_BY_CUSTOMER)
    return WRITES[wanted]


def is_mere_driver(actors: frozenset[Actor]) -> bool:
    """Whether who acts is the order's driver, or could be, and is not who hands it over."""
    return Actor.DRIVER in actors and not actors & {Actor.STAFF, Actor.VENDOR}


def may_take(allowed: Iterable[Allowed]) -> bool:
    return any(one.name == "accept_by_driver" for one in allowed)


def may_set_off(order: OrderView) -> bool:
    """Whether a driver may write Enroute though it has not taken the order yet: that takes it."""
    return order.prepared_at is not None and is_mere_driver(order.actors) and may_take(order.allowed)


def words_allowed(order: OrderView) -> list[str]:
    """What the reader may write now."""
    targets = (one.to for one in order.allowed if not one.by_name)
    return words_for(targets, starts_preparing=order.may_start_preparing, sets_off=may_set_off(order))


def allowed_words(extra: Mapping[str, object]) -> list[str]:
    """What may be written now, of what a refusal of the core tells."""
    allowed = extra.get("allowed_transitions")
    rows = allowed if isinstance(allowed, list) else []
    targets = (Status(one["to"]["code"]) for one in rows if not one["by_name"])
    return words_for(
        targets,
        starts_preparing=bool(extra.get("may_start_preparing")),
        sets_off=bool(extra.get("may_set_off")),
    )


def words_for(targets: Iterable[Status], *, starts_preparing: bool, sets_off: bool) -> list[str]:
    """The words that lead to these statuses, in the order in which an order usually has them."""
    found = {ASKED[target] for target in targets}
    if starts_preparing:
        found.add(Word.PREPARING)
    if sets_off:
        found.add(Word.ENROUTE)
    return [wanted.value for wanted in Word if wanted in found]
