"""Following an order by its tracking code, without an account: which orders it still shows, how often one may try."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet

from orders.models import Order
from ordersite.core.attempts import count_attempt
from ordersite.core.crypto import token_hash

TRIES = 60
WINDOW = timedelta(minutes=1)


def followable(now: datetime) -> QuerySet[Order]:
    """The orders that a tracking code shows: those not deleted, and not closed for longer than TRACKING_LAPSES."""
    lapsed = Q(closed_at__lt=now - settings.TRACKING_LAPSES)
    return Order.objects.filter(~lapsed | Q(closed_at=None), deleted_at=None)


def followed(code: str, now: datetime) -> QuerySet[Order]:
    """The order of a code, or none: for unknown and lapsed codes by the same one statement."""
    return followable(now).filter(tracking_hash=token_hash(code))


def followed_together(code: str, now: datetime) -> list[Order]:
    """The orders that a code shows: one by its own, all that are followable by their purchase's. One statement."""
    hashed = token_hash(code)
    own = Order.objects.filter(tracking_hash=hashed).values("pk")
    together = Order.objects.filter(purchase__tracking_hash=hashed).values("pk")
    # A union, since neither index serves an OR over both tables.
    orders = followable(now).filter(pk__in=own.union(together))
    return list(orders.select_related("vendor", "driver", "purchase").order_by("pk"))


def count_try(address: str) -> None:
    """Counts one look-up by an address, found or not, over HTTP and sockets together; raises a 429 Problem beyond."""
    count_attempt("track", address, limit=TRIES, window=WINDOW)
