"""What a whole word names an order by, for the API's `q` and the back-office alike: each meaning by its index.

Conditions joined by OR, PostgreSQL reads by whatever it thinks rare, and where it is wrong the whole table: of an
e-mail it may think that thousands of orders have it. So each meaning is looked up by itself.
"""

import uuid
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import F, Q, QuerySet, Value

from orders.models import NumberSeries, Order
from ordersite.core.numbers import read_whole

# Of each meaning of a word, the newest.
MOST = 500


def as_uuid(term: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(term)
    except ValueError:
        return None


def code_meaning(term: str) -> Q:
    """An external code. Of others' there may be any number: tills count their orders, so that all have a "1001"."""
    return Q(purchase__external_code=term)


def own_meanings(term: str, *, phones: Sequence[str], number: str) -> list[Q]:
    """What a word names by columns of the order itself.

    `phones` is how it may have been written down as a telephone number, `number` the word without what pages write
    before an id or number.
    """
    found = [Q(contact_phone__in=phones)]
    if "@" in term:
        found.append(Q(contact_email__in=[term, term.lower()]))
    if identifier := as_uuid(term):
        found.append(Q(uuid=identifier))
    if (called := NumberSeries.find_called(number)) is not None:
        found.append(called)
    if (whole := read_whole(number)) is not None:
        found.append(Q(pk=whole))
        if whole < 2**31:
            found.append(Q(number=whole))
    return found


def look_up_each(orders: QuerySet[Order], meanings: Sequence[Q]) -> list[dict[int, bool]]:
    """Of each meaning the newest MOST of these orders, in one statement: the ids, and whether each is deleted."""
    parts: list[QuerySet[Order, Any]] = []
    for at, meaning in enumerate(meanings):
        # By an expression: by their key PostgreSQL would go through all orders, in the hope of finding enough soon.
        newest = orders.filter(meaning).order_by((F("pk") + 0).desc()).values("pk")[:MOST]
        named = Order.objects.filter(pk__in=newest).order_by().annotate(meaning=Value(at))
        parts.append(named.values_list("meaning", "pk", "deleted_at"))
    found: list[dict[int, bool]] = [{} for _ in meanings]
    for at, pk, deleted_at in parts[0].union(*parts[1:], all=True):
        found[at][pk] = deleted_at is not None
    return found


def is_full(found: Mapping[int, bool]) -> bool:
    """Whether a meaning may have more orders than were looked up."""
    return len(found) >= MOST


def orders_named(orders: QuerySet[Order], term: str) -> QuerySet[Order]:
    """All of these orders that a word names; of those with an external code the newest MOST."""
    own = own_meanings(term, phones=[term], number=term)
    of_code, *of_own = look_up_each(orders.order_by(), [code_meaning(term), *own])
    # Of more than MOST any way of reading finds a page soon.
    full = [meaning for meaning, found in zip(own, of_own, strict=True) if is_full(found)]
    ids = set(of_code).union(*(found for found in of_own if not is_full(found)))
    return orders.filter(reduce(or_, full, Q(pk__in=ids)))
