"""What waits for the worker, and since when the oldest of it does: by kind, a bounded statement on an index each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery

from orders.models import (
    RUNNING,
    UNMADE,
    BulkChange,
    FileExport,
    Order,
    OutboxMessage,
    WebhookDelivery,
    WebhookEndpoint,
)
from orders.models.outgoing import UNTOLD
from orders.services.outgoing.deliveries import LISTENING
from orders.services.paying.due_payments import due_payments
from orders.services.paying.provider_refunds import due_refunds
from orders.services.paying.providers import askable_methods
from ordersite.accounts.models import Mail
from ordersite.core.models import FileToDelete

MOST = 10_000  # rows of a kind that are counted


@dataclass(frozen=True, slots=True)
class Waiting:
    """Rows of a kind that wait: `rows` gives those that are due at a moment, the oldest by the column `since` first."""

    name: str
    rows: Callable[[datetime], "QuerySet[Any, Any]"]
    since: str = "due_at"

    def tally(self, now: datetime) -> tuple[int, datetime | None]:
        """How many wait, up to MOST, and since when the oldest does."""
        found = self.rows(now)[:MOST].aggregate(count=Count("pk"), oldest=Min(self.since))
        return found["count"], found["oldest"]


def overdue_orders(now: datetime) -> QuerySet[Order]:
    return Order.objects.filter(due_at__lte=now, deleted_at__isnull=True).order_by("due_at")


def untold_messages(now: datetime) -> QuerySet[OutboxMessage]:
    return OutboxMessage.objects.filter(UNTOLD).order_by("pk")


def running_bulk_changes(now: datetime) -> QuerySet[BulkChange]:
    """Those that have work left; one of thousands of orders has for minutes."""
    return BulkChange.objects.filter(RUNNING).order_by("started_at")


def unmade_files(now: datetime) -> QuerySet[FileExport]:
    return FileExport.objects.filter(UNMADE).order_by("created_at")


def unsent_mails(now: datetime) -> QuerySet[Mail]:
    """Without those that the mail server has put off: they wait for it, not for the worker."""
    return Mail.objects.filter(Q(due_at__lte=now) | Q(tries=0), due_at__isnull=False).order_by("due_at")


def mails_put_off(now: datetime) -> QuerySet[Mail]:
    """Mails that the mail server has put off, one of each recipient: one full mailbox is no fault of the server's."""
    put_off = Mail.objects.filter(due_at__gt=now, tries__gt=0)
    earlier = put_off.filter(recipient=OuterRef("recipient"), pk__lt=OuterRef("pk"))
    return put_off.filter(~Exists(earlier)).order_by("due_at")


def endpoints_waiting(now: datetime) -> QuerySet[WebhookEndpoint]:
    """The endpoints to which something is due; deliveries have their index by endpoint.

    Without those that fail at present, which are told by themselves (tracking.metrics.readings): what is due to one
    that hangs waits for its server, not for the worker.
    """
    due = WebhookDelivery.objects.filter(endpoint=OuterRef("pk"), due_at__lte=now).order_by("due_at")
    rows = WebhookEndpoint.objects.filter(LISTENING, failing_since__isnull=True).annotate(
        due_at=Subquery(due.values("due_at")[:1])
    )
    return rows.filter(due_at__isnull=False).order_by()


ORDER_TIMERS = Waiting("order_timers", overdue_orders)
PAYMENTS = Waiting("payments", lambda now: due_payments(askable_methods()))
REFUNDS = Waiting("refunds", lambda now: due_refunds(askable_methods()))
BULK_CHANGES = Waiting("bulk_changes", running_bulk_changes, since="started_at")
FILES = Waiting("files", unmade_files, since="created_at")
GONE_FILES = Waiting("files_to_delete", lambda now: FileToDelete.objects.all(), since="since")
MAILS = Waiting("mails", unsent_mails, since="asked_at")
MAILS_PUT_OFF = Waiting("mails_put_off", mails_put_off, since="asked_at")
OUTBOX = Waiting("outbox", untold_messages, since="created_at")
WEBHOOKS = Waiting("webhook_endpoints", endpoints_waiting)
