"""The search for somebody who delivers: which orders are in it, and to whom each is on offer. No database here.

A vendor has one of three ways (Vendor.Dispatch). In one of them an order in search is on offer to everybody who could
take it; in the others to those whom it was offered to (models.DriverOffer). What counts of the offers stands on the
order besides, so that its lock guards it: `Order.asked` is an `Offering`, written as JSON.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from orders.lifecycle.table import Status
from orders.models import Order
from ordersite.core.rules import IsNull, NotNull, OneOf
from vendors.models import Vendor

# In the search for a driver an order is on offer to those who could take it. The search and its deadline go on by their
# milestone when the kitchen moves the status on to ready, or back.
ALSO_SEARCHING = (Status.PREPARATION_COMPLETED, Status.ACCEPTED_BY_BUSINESS)
SEARCHING = (
    IsNull("driver_id")
    & IsNull("company_accepted_at")
    & (OneOf("status", (Status.LOOKING_FOR_DRIVER,)) | (OneOf("status", ALSO_SEARCHING) & NotNull("search_started_at")))
)
# How long nobody is asked after all were, before the next round begins; whoever comes on duty meanwhile is asked.
REST = timedelta(seconds=30)


def parse_times(told: Mapping[str, str]) -> dict[str, datetime]:
    return {party: datetime.fromisoformat(at) for party, at in told.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """Until when the order is on offer to whom, and until when to whom not any more; in which round of asking.

    `ended` is when the last offer of the round ended, None while none has.
    """

    round: int = 1
    open: Mapping[str, datetime] = field(default_factory=dict)
    skipped: Mapping[str, datetime] = field(default_factory=dict)
    ended: datetime | None = None

    @classmethod
    def of(cls, order: Order) -> Self:
        told: dict[str, Any] | None = order.asked
        if not told:
            return cls()
        ended = told.get("ended")
        return cls(
            round=told["round"],
            open=parse_times(told["open"]),
            skipped=parse_times(told["skipped"]),
            ended=datetime.fromisoformat(ended) if ended else None,
        )

    def as_json(self, now: datetime) -> dict[str, Any] | None:
        """The same as it stands on the order, without what is over; None where nothing of it is left to know."""
        skipped = {party: at.isoformat() for party, at in self.skipped.items() if at > now}
        if self == Offering(skipped=self.skipped) and not skipped:
            return None
        return {
            "round": self.round,
            "open": {party: at.isoformat() for party, at in self.open.items()},
            "skipped": skipped,
            "ended": self.ended.isoformat() if self.ended else None,
        }

    def skip(self, parties: Sequence[str], until: datetime, now: datetime) -> Self:
        """After these have declined, or not answered: they may be asked again from `until` on."""
        if not parties:
            return self
        left = {party: at for party, at in self.open.items() if party not in parties}
        ended = now if left != self.open else self.ended
        return replace(self, open=left, skipped={**self.skipped, **dict.fromkeys(parties, until)}, ended=ended)

    def ask(self, parties: Iterable[str], until: datetime) -> Self:
        """After these were asked in the round."""
        return replace(self, open={**self.open, **dict.fromkeys(parties, until)})


def open_parties(asked: Mapping[str, Any] | None) -> list[str]:
    """Those whom an order is on offer to, by what stands in `Order.asked`."""
    return sorted(asked["open"]) if asked else []


def offered_until(order: Order, party: str) -> datetime | None:
    """Until when the order is on offer to a driver or company that was asked; None where it is not."""
    return parse_times(order.asked["open"]).get(party) if order.asked else None


def skipped_until(order: Order, party: str) -> datetime | None:
    """Until when who has declined, or did not answer, is not asked again."""
    return parse_times(order.asked["skipped"]).get(party) if order.asked else None


def is_searching(order: Order) -> bool:
    return SEARCHING.holds(None, order)


def is_dispatched(order: Order) -> bool:
    """Whether the order is in search, and offered to some at a time."""
    return order.vendor.dispatch != Vendor.Dispatch.ALL and is_searching(order)


def set_offers_due(order: Order, now: datetime) -> None:
    """Sets when the next offers are due: at once where the search begins; where it ends every open offer does."""
    if is_dispatched(order):
        order.offers_at = order.offers_at or now
    elif order.offers_at is not None:
        asked, order.offers_at = Offering.of(order), None
        order.asked = Offering(round=asked.round + 1, skipped=asked.skipped).as_json(now)
