"""Finding orders by whole words, and names by how they begin: each kind of word by its index, over all orders.

A part of any word would read the whole table.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from orders.lifecycle.table import OPEN
from orders.models import Order
from orders.reading.search import as_uuid, code_meaning, is_full, look_up_each, own_meanings
from orders.services.capacity.code_imports import fingerprints
from ordersite.backoffice.lists import MOST_TERM, bare_phone
from ordersite.core.crypto import token_hash
from ordersite.core.words import has_words
from ordersite.web.serializers import e164
from vendors.models import Vendor

HELP = "A name; or a whole id, number, uuid, e-mail, phone, or code: external, tracking, parcel, collection, issued"
# Pages write an order "#12", and its number "no. P5".
AS_PAGES_TELL = re.compile(r"^(?:#|no\.\s*)", re.IGNORECASE)
LISTING = ("q", "p", "o", "e")


def phones(term: str) -> list[str]:
    """How a number may have been written down: as typed, and as E.164, in the countries of vendors if it names none."""
    bare = bare_phone(term)
    if not bare or bare.startswith("+"):
        return [term, bare or term]
    if bare.startswith("00"):
        return [term, f"+{bare[2:]}"]
    countries = Vendor.objects.order_by("country").values_list("country", flat=True).distinct()
    return [term, bare, *(number for country in countries if (number := e164(bare, country)))]


def meanings(term: str, numbers: Sequence[str]) -> Iterator[Q]:
    """What a word, which written as a telephone number may be one of these, means; each is one look into one index."""
    yield code_meaning(term)
    yield from own_meanings(term, phones=numbers, number=AS_PAGES_TELL.sub("", term))
    yield Q(tracking_hash=token_hash(term))
    yield Q(tracking_number=term, tracking_number__gt="")
    yield Q(lines__codes__fingerprint__in=fingerprints(term))
    if "@" not in term and (named := has_words("contact_name", term)) is not None:
        yield named
    if identifier := as_uuid(term):
        yield Q(purchase__uuid=identifier)
    if term.isascii() and term.isdecimal() and len(term) == 6:
        yield Q(collection_code=term, status__in=sorted(OPEN), deleted_at__isnull=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """The ids that a word names, which of them are deleted, and whether none of its meanings has more than MOST."""

    ids: frozenset[int]
    deleted: frozenset[int]
    are_all: bool


def find_ids(orders: QuerySet[Order], term: str) -> Hits:
    """Those of these orders that the word names."""
    found = look_up_each(orders, list(meanings(term, phones(term))))
    deleted = frozenset(pk for one in found for pk, is_deleted in one.items() if is_deleted)
    return Hits(ids=frozenset().union(*found), deleted=deleted, are_all=not any(map(is_full, found)))


def find_orders(request: Any, everywhere: QuerySet[Order], narrowed: QuerySet[Order], term: str) -> QuerySet[Order]:
    """Those of the narrowed orders that the word names; the request keeps what it names of all (`hits_of`)."""
    term = term[:MOST_TERM].strip()
    if not term:
        return narrowed
    hits = hits_of(request)
    if hits is None:
        hits = request.order_hits = find_ids(everywhere, term)
    # More than MOST are named: the newest of all are the newest of the list too, unless something narrows it.
    if not hits.are_all and (hits.deleted or is_narrowed(request)):
        hits = find_ids(narrowed.order_by(), term)
    return narrowed.filter(pk__in=hits.ids)


def is_narrowed(request: Any) -> bool:
    """Whether the list's address asks for more than a search, a page and an order of rows."""
    return any(value for name, value in request.GET.items() if name not in LISTING)


def hits_of(request: Any) -> Hits | None:
    """What the search of this request has found among all orders that its caller may see; None without a search."""
    found: Hits | None = getattr(request, "order_hits", None)
    return found
