"""Control of promise 2 for offers: what people write first, which reads how often it was used, and then writes."""

from collections.abc import Sequence

from orders.models import OfferUse
from tests.controls.meeting import meet
from vendors.models import Offer


def take_uses_without_a_lock(offers: Sequence[Offer], customer_id: int) -> list[Offer]:
    """In the place of orders.services.capacity.offers.take_uses."""
    over = []
    for offer in offers:
        uses = Offer.objects.values_list("uses", flat=True).get(pk=offer.pk)
        mine = OfferUse.objects.filter(offer=offer, customer=customer_id, is_held=True).count()
        meet()
        used_up = offer.max_uses is not None and uses >= offer.max_uses
        if used_up or (offer.max_uses_per_customer is not None and mine >= offer.max_uses_per_customer):
            over.append(offer)
        elif offer.max_uses is not None:
            Offer.objects.filter(pk=offer.pk).update(uses=uses + 1)
    return over
