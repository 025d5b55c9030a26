"""Finding orders by a whole word, each kind of word by its index: a part of a word would read the whole table."""

import uuid
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from orders.models import Order
from ordersite.backoffice.lists import bare_phone
from ordersite.core.crypto import token_hash
from ordersite.core.numbers import read_whole
from ordersite.web.serializers import e164
from vendors.models import Vendor

HELP = "Whole words: id, today's or yesterday's number, uuid, tracking or external code, e-mail, phone"
MOST = 500


def as_uuid(term: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(term)
    except ValueError:
        return None


def phones(term: str) -> list[str]:
    """How a number may have been written down: as typed, and as E.164, in the countries of vendors if it names none."""
    bare = bare_phone(term)
    if not bare or bare.startswith("+"):
        return [term, bare or term]
    if bare.startswith("00"):
        return [term, f"+{bare[2:]}"]
    countries = Vendor.objects.order_by("country").values_list("country", flat=True).distinct()
    return [term, bare, *(number for country in countries if (number := e164(bare, country)))]


def meanings(term: str) -> list[Q]:
    """What a word may mean; each is one look into one index."""
    found = [
        Q(tracking_hash=token_hash(term)),
        Q(purchase__external_code=term),
        Q(contact_phone__in=phones(term)),
    ]
    if "@" in term:
        found.append(Q(contact_email__in=[term, term.lower()]))
    if identifier := as_uuid(term):
        found += [Q(uuid=identifier), Q(purchase__uuid=identifier)]
    number = read_whole(term.removeprefix("#"))
    if number is not None:
        found.append(Q(pk=number))
        if number < 2**31:
            found.append(Q(number=number, placed_at__gte=timezone.now() - timedelta(days=2)))
    return found


def find_orders(orders: QuerySet[Order], term: str) -> QuerySet[Order]:
    """Those of these that the word names. A statement a meaning: one with all of them in it could use no index."""
    term = term.strip()
    if not term:
        return orders
    ids: set[int] = set()
    for meaning in meanings(term):
        ids.update(orders.filter(meaning).order_by("-pk").values_list("pk", flat=True)[:MOST])
    return orders.filter(pk__in=ids)
