"""The only writer of offers, but for how often each is used (capacity.offers). All must run in a transaction."""

from django.db import IntegrityError
from django.db.models import Count

from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Invalid, NotFound
from ordersite.core.fields import Field
from vendors.models import Offer
from vendors.services.offers import has_code, refresh_offer_flags

# What an order that has it was promised; it is applied again where the order's items change.
TERMS = ("vendor_id", "kind", "rate", "amount", "currency", "most", "borne_by")


def save_offer(*, offer: Offer) -> Offer:
    """Writes a new offer, or a changed one; its code is kept in capitals.

    Raises Django's ValidationError for wrong fields, Invalid for a code that another offer has and for fewer uses than
    there are, and Conflict offer_in_use for other terms of an offer that an order has.
    """
    check_offer(offer)
    # Held until commit: nobody uses it while it changes.
    standing = find_offer(offer.pk) if offer.pk else Offer(vendor=offer.vendor)
    if any(getattr(standing, name) != getattr(offer, name) for name in TERMS) and is_used(offer):
        raise Conflict(FaultCode.OFFER_IN_USE, name=standing.name)
    begins_to_count = offer.max_uses is not None and standing.max_uses is None
    offer.uses = uses_of(offer) if begins_to_count else standing.uses
    if offer.max_uses is not None and offer.uses > offer.max_uses:
        raise Invalid(FaultCode.BELOW_USES, Field.MAX_USES, uses=offer.uses)
    try:
        offer.save()
    except IntegrityError as error:
        raise Invalid(FaultCode.TAKEN_OFFER_CODE, Field.CODE) from error
    refresh_offer_flags(offer.vendor_id if offer.vendor_id == standing.vendor_id else None)
    return offer


def switch_offer(*, offer_id: int, on: bool) -> Offer:
    """Gives it to orders, or to none any more; those that have it keep it. Raises NotFound."""
    offer = find_offer(offer_id)
    offer.is_active = on
    offer.save(update_fields=["is_active"])
    refresh_offer_flags(offer.vendor_id)
    return offer


def delete_offer(*, offer_id: int) -> None:
    """Takes an offer away that no order ever had; raises NotFound, and Conflict offer_in_use."""
    offer = find_offer(offer_id)
    if is_used(offer):
        raise Conflict(FaultCode.OFFER_IN_USE_DELETING, name=offer.name)
    offer.delete()
    refresh_offer_flags(offer.vendor_id)


def find_offer(offer_id: int) -> Offer:
    """The offer, locked; raises NotFound."""
    offer = Offer.objects.select_for_update().filter(pk=offer_id).first()
    if offer is None:
        raise NotFound()
    return offer


def is_used(offer: Offer) -> bool:
    """Whether any order has it, also one that was cancelled since."""
    return offer.pk is not None and offer.order_uses.exists()


def uses_of(offer: Offer) -> int:
    """By how many purchases it is used now, counted from their orders."""
    if offer.pk is None:
        return 0
    held = offer.order_uses.filter(is_held=True)
    return int(held.aggregate(uses=Count("order__purchase", distinct=True))["uses"])


def check_offer(offer: Offer) -> None:
    """Raises Django's ValidationError for wrong fields, and Invalid for a code that another offer has."""
    offer.full_clean(validate_constraints=False)
    if offer.code and Offer.objects.filter(has_code([offer.code])).exclude(pk=offer.pk).exists():
        raise Invalid(FaultCode.TAKEN_OFFER_CODE, Field.CODE)
