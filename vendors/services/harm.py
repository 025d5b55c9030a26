"""What a change of a vendor's settings leads to for orders that stand: told by each door before it is agreed to."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from vendors.models import Vendor
from vendors.services.announcing import DeliveryBefore, UnservedOrder, harm_asked
from vendors.services.vendors import announce_change

# So many orders a sentence names.
MOST_NAMED = 20
# Why they could not be served any more. A pause is not asked about: it is short, and taken back by a click.
WHY = {
    "switched_off": "the vendor is switched off",
    "not_offered": "what they need is not offered",
    "closed": "it is closed at the agreed time",
}


class Consequences(NamedTuple):
    """The orders that cannot be served as the settings now stand, and a sentence for each kind of harm that is new."""

    unserved: list[UnservedOrder]
    lines: list[str]


def announce_and_look(
    vendor_id: int, changed: Collection[str], *, sees_orders: bool, before: DeliveryBefore | None = None
) -> Consequences:
    """Has reckoned anew what was changed, and tells what follows; after all writes of a change, in its transaction.

    `before` says where it delivered, `sees_orders` whether who asks may read of customers. Whoever calls this takes
    the change back unless the lines were agreed to.
    """
    standing = announce_change(vendor_id, ())
    if not changed:
        return Consequences(standing, [])
    stood = {order.id for order in standing}
    unserved = announce_change(vendor_id, changed)
    fresh = [order for order in unserved if order.id not in stood]
    answers: list[tuple[Any, Any]] = harm_asked.send(
        sender=Vendor,
        vendor_id=vendor_id,
        changed=frozenset(changed),
        before=before or DeliveryBefore(),
        sees_orders=sees_orders,
    )
    return Consequences(unserved, [*sentences_of(fresh), *(line for _, lines in answers for line in lines)])


def sentences_of(unserved: Iterable[UnservedOrder]) -> list[str]:
    """A sentence for each reason for which orders could not be served any more."""
    reasons: dict[str, list[str]] = {}
    for order in unserved:
        if order.reason not in WHY:
            continue
        reasons.setdefault(WHY[order.reason], []).append(f"#{order.id}")
    return [f"Orders that could not be served any more, as {why}: {named(ids)}." for why, ids in reasons.items()]


def named(ids: Iterable[str]) -> str:
    """The first of them, and how many more there are."""
    found = list(ids)
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return ", ".join(found[:MOST_NAMED]) + more
