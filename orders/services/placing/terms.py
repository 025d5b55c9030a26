"""The terms of orders as rows: made on placing, one row for all orders on the same terms, its id held per process."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q

from orders.checkout import Checked
from orders.models import AgreedTerms
from orders.models.terms import digest_terms
from orders.pricing import Terms
from vendors.menu import Zone
from vendors.models import Offer, Vendor

POLICY = (
    "cancel_until",
    "cancel_fee_accepted",
    "cancel_fee_preparing",
    "cancel_fee_prepared",
    "no_show_fee",
    "collect_minutes",
)
# How many ids a process holds; the one learnt longest ago goes first.
MOST_HELD = 10_000
# Ids of rows that are committed, by vendor and digest.
held: dict[tuple[int, str], int] = {}


def terms_of_part(part: Checked) -> AgreedTerms:
    """The terms that a part of a checkout is placed on, without an id yet."""
    draft = part.draft
    return agree_terms(draft.vendor, terms=draft.terms, zone=draft.zone, offer=part.given.offer if part.given else None)


def agree_terms(vendor: Vendor, *, terms: Terms, zone: Zone | None = None, offer: Offer | None = None) -> AgreedTerms:
    """A vendor's terms of today as a row, without an id yet."""
    values = {
        "prices_include_tax": terms.prices_include_tax,
        "fee_tax_rate": terms.fee_tax_rate,
        "service_fee": terms.service_fee,
        "service_fee_rate": terms.service_fee_rate,
        "commission_rate": terms.commission_rate,
        "zone_name": zone.name if zone else "",
        "zone_fee": zone.fee if zone else None,
        "zone_minimum": zone.minimum if zone else None,
        "zone_free_from": zone.free_from if zone else None,
        "offer_kind": offer.kind if offer else "",
        "offer_rate": offer.rate if offer else None,
        "offer_amount": offer.amount if offer else None,
        "offer_most": offer.most if offer else None,
        "offer_minimum": offer.minimum if offer else None,
        "offer_borne_by": offer.borne_by if offer else "",
        **{name: getattr(vendor, name) for name in POLICY},
    }
    return AgreedTerms(vendor=vendor, digest=digest_terms(values), **values)


def save_terms(rows: Sequence[AgreedTerms]) -> None:
    """Gives each row its id: no statement where this process knows it, else two for all of them.

    Of two that come first at once one inserts and the other, which waits for it, finds that row. An id is held from the
    commit on: one that was rolled back must not be given to later orders.
    """
    ids = {terms_key(row): held.get(terms_key(row)) for row in rows}
    unknown = {terms_key(row): row for row in rows if ids[terms_key(row)] is None}
    if unknown:
        # In one order, so that two who insert the same rows do not wait for each other.
        AgreedTerms.objects.bulk_create([unknown[key] for key in sorted(unknown)], ignore_conflicts=True)
        wanted = Q(*(Q(vendor=vendor_id, digest=digest) for vendor_id, digest in unknown), _connector=Q.OR)
        found = {terms_key(row): row.pk for row in AgreedTerms.objects.filter(wanted).only("vendor_id", "digest")}
        ids.update(found)
        transaction.on_commit(lambda: hold_ids(found))
    for row in rows:
        row.pk = ids[terms_key(row)]


def hold_ids(found: dict[tuple[int, str], int]) -> None:
    """Keeps ids of rows that are committed."""
    held.update(found)
    # Other threads write the same dict: each step is one operation that cannot fail for what another has removed.
    for key in list(held)[: max(0, len(held) - MOST_HELD)]:
        held.pop(key, None)


def terms_key(row: AgreedTerms) -> tuple[int, str]:
    return row.vendor_id, row.digest
