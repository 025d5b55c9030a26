"""Epochs of the feeds: while one lasts, a position stands for the same event. Bringing back a backup ends it."""

import secrets
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max, Sum

from orders.models import Counter, FeedEpoch, OrderEvent


class FeedStanding(NamedTuple):
    """How far the feeds have come: every epoch so far, the sum of all positions, and the newest event."""

    epochs: list[str]
    positions: int
    event: int

    @property
    def epoch(self) -> str:
        return self.epochs[-1]


def current_epoch() -> str:
    """The epoch that holds; the first one begins with the first question. One statement."""
    newest = FeedEpoch.objects.order_by("-number").values_list("epoch", flat=True).first()
    return newest or epochs_so_far()[-1]


def epochs_so_far() -> list[str]:
    """In the order in which they began; never none."""
    found = list(FeedEpoch.objects.order_by("number").values_list("epoch", flat=True))
    if not found:
        # Two who ask at once write the same number, so one of them.
        FeedEpoch.objects.bulk_create([FeedEpoch(number=1, epoch=new_name())], ignore_conflicts=True)
        found = list(FeedEpoch.objects.order_by("number").values_list("epoch", flat=True))
    return found


def new_name() -> str:
    return secrets.token_hex(8)


def feed_standing() -> FeedStanding:
    """Positions and events are read last: they are never behind what the epochs were then."""
    epochs = epochs_so_far()
    positions = Counter.objects.filter(name__startswith="stream:").aggregate(all=Sum("value"))["all"]
    return FeedStanding(epochs, positions or 0, OrderEvent.objects.aggregate(last=Max("pk"))["last"] or 0)


def begin_epoch(after: str | None = None) -> str:
    """Begins a new epoch, and answers it; with `after` only where that one holds still, else answers what holds."""
    with transaction.atomic():
        epochs_so_far()
        last = FeedEpoch.objects.select_for_update().order_by("-number")[0]
        if after not in (None, last.epoch):
            return last.epoch
        # Two who begin at once: the second one's number is taken, and the first one's epoch is as new.
        FeedEpoch.objects.bulk_create([FeedEpoch(number=last.number + 1, epoch=new_name())], ignore_conflicts=True)
    return current_epoch()
