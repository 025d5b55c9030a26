"""Offers, as a vendor has them. They are written in orders.services.capacity.offer_terms, which knows their orders."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Upper
from django.db.models.lookups import In
from django.utils import timezone

from vendors.models import Offer, Vendor


def has_code(codes: Iterable[str]) -> Q:
    """The condition that an offer has one of these codes, which are in capitals; by the index of codes."""
    return ~Q(code="") & Q(In(Upper("code"), list(codes)))


def refresh_offer_flags(vendor_id: int | None = None) -> None:
    """Has Vendor.has_offers say whether an offer could be given by itself: of one vendor, or (None) of all.

    The rows are locked first: of two that change offers at once, the second then sees what the first one wrote.
    """
    vendors = Vendor.objects.all() if vendor_id is None else Vendor.objects.filter(pk=vendor_id)
    list(vendors.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    lasting = Q(ends_at__isnull=True) | Q(ends_at__gt=timezone.now())
    given = Offer.objects.filter(lasting, Q(vendor=OuterRef("pk")) | Q(vendor__isnull=True), code="", is_active=True)
    vendors.filter(Exists(given), has_offers=False).update(has_offers=True)
    vendors.filter(~Exists(given), has_offers=True).update(has_offers=False)
