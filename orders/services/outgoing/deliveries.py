"""Deliveries of messages to endpoints: who is told of what, when it is tried again, and what follows from an answer."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from heapq import merge
from itertools import islice
from operator import or_
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import BooleanField, Case, Exists, F, Min, OuterRef, Q, QuerySet, When
from django.utils import timezone

from orders.models import OrderEvent, OutboxMessage, WebhookDelivery, WebhookEndpoint
from orders.models.outgoing import DUE, UNTOLD
from orders.services.outgoing.formats import told_by_name
from orders.services.outgoing.order_mails import write_order_mails
from orders.services.record.outbox import TEST
from ordersite.accounts.mails import queue_mail
from ordersite.core.attempts import HOUR, count_attempt
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, NotFound
from ordersite.core.unflushed import atomic_unflushed
from vendors.models import Member
from vendors.services.contacts import owner_addresses

BATCH = 200
# Seconds before each try, counted from the one before. Each wait is a little longer or shorter, so that what failed
# together is not tried again together.
WAITS: tuple[float, ...] = (0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.1
# The most that a Retry-After is waited for.
LONGEST_WAIT = timedelta(hours=24)
# Renewed before each try, and longer than one takes; a worker that ends during one has another make it after that.
LEASE = timedelta(seconds=60)
# An endpoint that only failed for so long is switched off.
GIVES_UP = timedelta(days=5)
# How exactly `delivered_at` of an endpoint is kept.
NOTED_EVERY = timedelta(minutes=1)
# A message bears the time at which its change began; the worker has it at most so much later, unless it stands still.
UNDER_WAY = timedelta(minutes=1)
# What an owner may ask for in an hour, for all its endpoints together: calls to whatever address it has chosen.
TESTS, REPLAYS, REDELIVERIES = 30, 30, 300
# What one call of a replay has sent at most, while it holds the endpoint; no change tells as much at one instant.
MOST_REPLAYED = 5000
# Endpoints that are told. One of somebody who is deactivated rests, and so does one of a merchant without an owner: the
# merchant's are the merchant's, whoever added them, as long as somebody answers for it.
OWNERS = Member.objects.filter(merchant=OuterRef("merchant"), role=Member.Role.OWNER, user__is_active=True)
ANSWERED_FOR = Q(merchant__isnull=True) | Q(Exists(OWNERS))
LISTENING = Q(disabled_at__isnull=True) & (Q(user__isnull=True) | Q(user__is_active=True)) & ANSWERED_FOR
# Deliveries of what is no order's, or of an order that is there still.
TOLD_STILL = Q(message__event__order__deleted_at__isnull=True)
GONE = 410
# Why a delivery is given up whose order was deleted while it waited.
ORDER_DELETED = "its order was deleted"
# The answers whose Retry-After counts.
BUSY = (429, 503)


@dataclass(frozen=True, slots=True)
class TryOutcome:
    """What came of a try: the status that was answered, or why none was."""

    answered: int | None
    failure: str = ""
    retry_after: float = 0  # seconds
    milliseconds: int = 0

    @property
    def is_delivered(self) -> bool:
        return self.answered is not None and 200 <= self.answered < 300

    @property
    def asks_for_rest(self) -> bool:
        """Whether the endpoint had better not be called again at once: it gave no answer, or said that it is busy."""
        return self.answered is None or self.answered in BUSY


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many messages are sent again, and from when on there are more."""

    count: int
    next_since: datetime | None


# --- who is told --------------------------------------------------------------------------------------------------


def messages_for(endpoint: WebhookEndpoint) -> QuerySet[OutboxMessage]:
    """What an endpoint is told of, by whatever name: what its owner may see of the types that it chose.

    Of an order that was deleted nobody is told, as nobody sees it (visibility.orders_by).
    """
    chosen = reduce(or_, (choice for _, choice in told_by_name(endpoint)), Q(pk__in=[]))
    rows = OutboxMessage.objects.filter(chosen, event__order__deleted_at__isnull=True)
    if endpoint.merchant_id is not None:
        return rows.filter(vendor__merchant=endpoint.merchant_id)
    rows = rows.filter(for_vendor_only=False)
    if endpoint.user_id is not None:
        everybody = OrderEvent.VisibleTo.EVERYBODY
        return rows.filter(event__visible_to=everybody, event__order__customer__user=endpoint.user_id)
    return rows


def pass_on(limit: int = BATCH) -> int:
    """Writes deliveries and mails of the oldest messages that were not passed on yet; of how many. By the worker."""
    now = timezone.now()
    with transaction.atomic():
        rows = OutboxMessage.objects.filter(UNTOLD).select_related("vendor", "event__order__customer").order_by("pk")
        messages = list(rows.select_for_update(skip_locked=True, of=("self",))[:limit])
        ids = [message.pk for message in messages]
        for endpoint in endpoints_near(messages):
            write_deliveries(endpoint, messages_for(endpoint).filter(pk__in=ids), now)
        write_order_mails(messages, now)
        OutboxMessage.objects.filter(pk__in=ids).update(told_at=now)
    return len(messages)


def endpoints_near(messages: Iterable[OutboxMessage]) -> list[WebhookEndpoint]:
    """The endpoints that are switched on and whose owners these messages may concern."""
    messages = list(messages)
    if not messages:
        return []
    merchants = {message.vendor.merchant_id for message in messages if message.vendor}
    users = {message.event.order.customer.user_id for message in messages if message.event}
    sites = Q(merchant__isnull=True, user__isnull=True)
    near = sites | Q(merchant__in=merchants) | Q(user__in=users - {None})
    return list(WebhookEndpoint.objects.filter(near, LISTENING).order_by("pk"))


def write_deliveries(endpoint: WebhookEndpoint, messages: QuerySet[OutboxMessage], now: datetime) -> int:
    """Has each of the messages sent once by each name that the endpoint has for it, the oldest first; how many."""
    return write_chosen(endpoint, messages, told_by_name(endpoint), now)


def write_chosen(
    endpoint: WebhookEndpoint, messages: QuerySet[OutboxMessage], choices: Sequence[tuple[str, Q]], now: datetime
) -> int:
    """The same by these names, and of each name those of the messages that its condition is true of."""
    told = {
        f"told_{number}": Case(When(choice, then=True), default=False, output_field=BooleanField())
        for number, (_, choice) in enumerate(choices)
    }
    pairs = [
        (pk, name)
        for pk, *are_told in messages.annotate(**told).values_list("pk", *told)
        for is_told, (name, _) in zip(are_told, choices, strict=True)
        if is_told
    ]
    rows = [
        WebhookDelivery(endpoint=endpoint, message_id=pk, foreign_type=name, created_at=now, due_at=now)
        for pk, name in sorted(pairs)
    ]
    WebhookDelivery.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    return len(rows)


def forget_messages(before: datetime, limit: int) -> int:
    """Deletes messages that were told before a moment, with what came of them, so many at most; how many.

    Whoever writes endpoints and deliveries holds the endpoint first: so do we, all that were sent any of these, in the
    order of their ids. Nobody writes further deliveries of them: they were told, and a replay takes none so old. One
    that somebody had sent again shortly before stays until that has arrived or was given up.
    """
    with atomic_unflushed():
        sent = Exists(WebhookDelivery.objects.filter(DUE, message=OuterRef("pk")))
        old = OutboxMessage.objects.filter(~sent, created_at__lt=before, told_at__isnull=False)
        ids = list(old.order_by("created_at").values_list("pk", flat=True)[:limit])
        lock_endpoints(WebhookDelivery.objects.filter(message__in=ids).values_list("endpoint", flat=True))
        old.filter(pk__in=ids).delete()
    return len(ids)


# --- sending again --------------------------------------------------------------------------------------------------


def send_test(endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Sends a message that tells nothing, to this endpoint alone.

    Raises Conflict while it is switched off, and Throttled after too many.
    """
    refuse_disabled(endpoint)
    count_asked("test", endpoint, TESTS)
    now = timezone.now()
    message = OutboxMessage.objects.create(type=TEST, subject=f"webhook:{endpoint.pk}", created_at=now, told_at=now)
    return WebhookDelivery.objects.create(endpoint=endpoint, message=message, created_at=now, due_at=now)


def redeliver(endpoint: WebhookEndpoint, delivery_id: int) -> WebhookDelivery:
    """Sends one again, by the same id, also what was delivered.

    Raises NotFound, Conflict while it is switched off, and Throttled after too many.
    """
    refuse_disabled(endpoint)
    count_asked("redelivery", endpoint, REDELIVERIES)
    rows = endpoint.deliveries.filter(TOLD_STILL).select_for_update(of=("self",)).select_related("message")
    delivery = rows.filter(pk=delivery_id).first()
    if delivery is None:
        raise NotFound(FaultCode.NOT_FOUND_DELIVERY)
    delivery.due_at, delivery.tries, delivery.delivered_at = timezone.now(), 0, None
    delivery.save(update_fields=["due_at", "tries", "delivered_at"])
    return delivery


def replay_missed(endpoint: WebhookEndpoint, since: datetime) -> Replayed:
    """Sends what was not delivered since a moment: what was given up, and what came while it was switched off.

    The oldest MOST_REPLAYED, of what is not about to be deleted (forget_messages). Raises Conflict while it is switched
    off, and Throttled after too many.
    """
    refuse_disabled(endpoint)
    count_asked("replay", endpoint, REPLAYS)
    now = timezone.now()
    covered = WebhookEndpoint.objects.filter(pk=endpoint.pk, missed_since__gte=since)
    since = max(since, now - settings.KEEP_OUTBOX + UNDER_WAY)
    missed = endpoint.deliveries.filter(TOLD_STILL, delivered_at__isnull=True, message__created_at__gte=since)
    choices = [(name, choice & ~is_told(endpoint, name)) for name, choice in told_by_name(endpoint)]
    untold = reduce(or_, (choice for _, choice in choices), Q(pk__in=[]))
    told = messages_for(endpoint).filter(untold, created_at__gte=since, told_at__isnull=False)
    next_since = moment_after(MOST_REPLAYED, (missed, "message__created_at"), (told, "created_at"))
    if next_since is not None:
        missed = missed.filter(message__created_at__lt=next_since)
        told = told.filter(created_at__lt=next_since)
        covered = covered.filter(missed_since__lt=next_since)
    count = missed.update(due_at=now, tries=0) + write_chosen(endpoint, told, choices, now)
    covered.update(missed_since=next_since)
    return Replayed(count, next_since)


def is_told(endpoint: WebhookEndpoint, name: str) -> Q:
    """Whether the endpoint has a delivery of the message by this name: one that was chosen since has none."""
    return Q(Exists(endpoint.deliveries.filter(message=OuterRef("pk"), foreign_type=name)))


def moment_after(count: int, *kinds: tuple[QuerySet[Any], str]) -> datetime | None:
    """The moment of the row that comes after so many, of rows of several kinds by this column; None without one."""
    moments = [rows.order_by(column).values_list(column, flat=True)[: count + 1] for rows, column in kinds]
    return next(islice(merge(*moments), count, None), None)


def refuse_disabled(endpoint: WebhookEndpoint) -> None:
    if endpoint.disabled_at is not None:
        raise Conflict(FaultCode.WEBHOOK_DISABLED)


def count_asked(what: str, endpoint: WebhookEndpoint, limit: int) -> None:
    """Counts what is asked for by its owner, whom deleting and adding endpoints forgives nothing; raises Throttled."""
    owner = f"{endpoint.merchant_id}/{endpoint.user_id}"
    count_attempt(f"webhook-{what}", owner, limit=limit, window=HOUR)


# --- tries ----------------------------------------------------------------------------------------------------------


def due_endpoints() -> dict[int, bool]:
    """The endpoints to which something is due, and whether each has yet to show that it takes what is sent.

    That is one that has taken nothing so far, or nothing since it began to fail.
    """
    due = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), due_at__lte=timezone.now())
    rows = WebhookEndpoint.objects.filter(Exists(due), LISTENING).order_by("pk")
    columns = rows.values_list("pk", "failing_since", "delivered_at")
    return {pk: failing_since is not None or taken_at is None for pk, failing_since, taken_at in columns}


def lease_deliveries(endpoint_id: int, limit: int) -> list[WebhookDelivery]:
    """What is due to an endpoint, for this worker alone until the lease ends."""
    now = timezone.now()
    with transaction.atomic():
        due = WebhookDelivery.objects.filter(endpoint=endpoint_id, due_at__lte=now).order_by("due_at", "pk")
        related = due.select_related("endpoint", "message__event__order__purchase")
        rows = list(related.select_for_update(skip_locked=True, of=("self",))[:limit])
        WebhookDelivery.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=now + LEASE)
    for row in rows:
        # One object of the endpoint for all of them: what becomes of one try the next knows (is_note_due).
        row.due_before, row.due_at, row.endpoint = row.due_at, now + LEASE, rows[0].endpoint
    return rows


def leased_delivery(row: WebhookDelivery) -> QuerySet[WebhookDelivery]:
    """Its row as long as the lease is this worker's; nobody's where its endpoint was switched off meanwhile."""
    return WebhookDelivery.objects.filter(pk=row.pk, due_at=row.due_at, delivered_at__isnull=True)


def begin_try(row: WebhookDelivery) -> bool:
    """Renews the lease for a try and counts it; False where another has the delivery, or nobody shall."""
    now, event = timezone.now(), row.message.event
    if event is not None and event.order.deleted_at is not None:
        leased_delivery(row).update(due_at=None, failure=ORDER_DELETED)
        return False
    if not leased_delivery(row).update(due_at=now + LEASE, tries=F("tries") + 1, tried_at=now):
        return False
    row.due_at, row.tried_at, row.tries = now + LEASE, now, row.tries + 1
    return True


def return_leases(rows: Iterable[WebhookDelivery]) -> None:
    """Gives back what was leased and not tried: it stays before what became due after it."""
    for row in rows:
        leased_delivery(row).update(due_at=row.due_before)


def lock_endpoints(ids: Iterable[int]) -> None:
    """Whoever writes an endpoint and its deliveries holds the endpoint first; of several in the order of their ids."""
    list(WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").only("pk"))


def note_outcome(row: WebhookDelivery, outcome: TryOutcome) -> None:
    """Keeps what came of a try, and does what follows: tries again later, gives up, or switches the endpoint off."""
    now = timezone.now()
    told = {"answered": outcome.answered, "failure": outcome.failure[:200], "milliseconds": outcome.milliseconds}
    if outcome.is_delivered and not is_note_due(row.endpoint, now):
        # Nothing is written of the endpoint: one statement in the place of five.
        leased_delivery(row).update(due_at=None, delivered_at=now, **told)
        return
    with transaction.atomic():
        lock_endpoints([row.endpoint_id])
        if outcome.is_delivered:
            if leased_delivery(row).update(due_at=None, delivered_at=now, **told):
                note_success(row.endpoint, now)
            return
        again = next_try(row.tries, outcome.retry_after, now)
        if not leased_delivery(row).update(due_at=again, **told):
            return
        since = note_failure(row.endpoint, now)
        if again is None:
            note_missed(row)
        if outcome.answered == GONE:
            disable_endpoint(row.endpoint_id, WebhookEndpoint.Why.GONE)
        elif since <= now - GIVES_UP:
            disable_endpoint(row.endpoint_id, WebhookEndpoint.Why.FAILING)


def next_try(tries: int, retry_after: float, now: datetime) -> datetime | None:
    """When to try again after so many tries; None where none is left."""
    if tries >= len(WAITS):
        return None
    wait = timedelta(seconds=WAITS[tries] * random.uniform(1 - JITTER, 1 + JITTER))
    return now + max(wait, min(timedelta(seconds=retry_after), LONGEST_WAIT))


def note_missed(row: WebhookDelivery) -> None:
    """A delivery was given up while its endpoint stays switched on: a replay from then on sends it."""
    since = row.message.created_at
    later = Q(missed_since__isnull=True) | Q(missed_since__gt=since)
    WebhookEndpoint.objects.filter(later, pk=row.endpoint_id).update(missed_since=since)


def is_note_due(endpoint: WebhookEndpoint, now: datetime) -> bool:
    """Whether an endpoint, as this turn knows it, does not say yet that it takes what is sent now.

    What another worker has noted meanwhile it does not know; the next turn does, and so does note_failure.
    """
    noted = endpoint.delivered_at
    return endpoint.failing_since is not None or noted is None or noted < now - NOTED_EVERY


def note_success(endpoint: WebhookEndpoint, now: datetime) -> None:
    stale = Q(failing_since__isnull=False) | Q(delivered_at__isnull=True) | Q(delivered_at__lt=now - NOTED_EVERY)
    WebhookEndpoint.objects.filter(stale, pk=endpoint.pk).update(failing_since=None, delivered_at=now)
    endpoint.failing_since, endpoint.delivered_at = None, now


def note_failure(endpoint: WebhookEndpoint, now: datetime) -> datetime:
    """Notes a try that failed; since when nothing but failures came. The endpoint is held."""
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    noted = row.values_list("failing_since", flat=True).get()
    since = noted or now
    if since <= now - GIVES_UP and endpoint.deliveries.filter(delivered_at__gt=since).exists():
        # Another worker has delivered something meanwhile, and did not know of the failure (is_note_due).
        since = now
    if since != noted:
        row.update(failing_since=since)
    endpoint.failing_since = since
    return since


# --- switched off ---------------------------------------------------------------------------------------------------


def disable_endpoint(endpoint_id: int, why: WebhookEndpoint.Why) -> bool:
    """Switches an endpoint off, and tells its owner once where nobody asked for it; False where it was off already.

    What waits to be sent to it is given up, to be sent by `replay_missed`. Must run in a transaction.
    """
    now = timezone.now()
    row = (
        WebhookEndpoint.objects.select_for_update(no_key=True).filter(pk=endpoint_id, disabled_at__isnull=True).first()
    )
    if row is None:
        return False
    row.disabled_at, row.disabled_why = now, why
    waiting = row.deliveries.filter(delivered_at__isnull=True).aggregate(since=Min("message__created_at"))["since"]
    untold = OutboxMessage.objects.filter(UNTOLD).aggregate(since=Min("created_at"))["since"]
    row.missed_since = min(filter(None, (row.missed_since, waiting, untold, now - UNDER_WAY)))
    row.save(update_fields=["disabled_at", "disabled_why", "missed_since"])
    row.deliveries.filter(due_at__isnull=False).update(due_at=None)
    if why != WebhookEndpoint.Why.ASKED:
        mail_disabled(row)
    return True


def mail_disabled(row: WebhookEndpoint) -> None:
    for address in addresses_of_owner(row):
        about = f"webhook:{row.pk}"
        queue_mail("webhook_disabled", address, about=about, endpoint=row.pk, url=row.url, why=row.disabled_why)


def addresses_of_owner(row: WebhookEndpoint) -> list[str]:
    """Whom a mail about an endpoint goes to; the site's are told to who made them."""
    if row.merchant_id is not None:
        return owner_addresses(row.merchant_id)
    user = row.user or row.created_by
    return [user.email] if user is not None and user.is_active and user.is_confirmed else []
