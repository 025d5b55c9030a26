"""The terms that an order was placed on. What a vendor changes later changes no order that stands."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.db import models

from orders.pricing import OfferTerms, Terms, ZoneTerms
from vendors.models import Offer, Vendor


def digest_terms(values: Mapping[str, Any]) -> str:
    """What tells a vendor's terms apart: SHA-256 of their columns."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


class AgreedTerms(models.Model):
    """A vendor's terms as orders were placed on them: taxes, fees, zone, offer, what cancelling costs.

    Rows are never changed, and orders on the same terms share one (services.placing.terms). Amounts are minor units,
    rates hundredths of a percent; without a zone or an offer their columns are empty.
    """

    # Without an index of its own: the unique digest begins with it.
    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="agreed_terms", db_index=False)
    digest = models.CharField(max_length=64)

    prices_include_tax = models.BooleanField()
    fee_tax_rate = models.PositiveIntegerField()
    service_fee = models.PositiveBigIntegerField()
    service_fee_rate = models.PositiveIntegerField()
    commission_rate = models.PositiveIntegerField()

    zone_name = models.CharField(max_length=80, blank=True)
    zone_fee = models.PositiveBigIntegerField(null=True)
    zone_minimum = models.PositiveBigIntegerField(null=True)
    zone_free_from = models.PositiveBigIntegerField(null=True)

    offer_kind = models.CharField(max_length=13, choices=Offer.Kind, blank=True)
    offer_rate = models.PositiveIntegerField(null=True)
    offer_amount = models.PositiveBigIntegerField(null=True)
    offer_most = models.PositiveBigIntegerField(null=True)
    offer_minimum = models.PositiveBigIntegerField(null=True)
    offer_borne_by = models.CharField(max_length=8, choices=Offer.BorneBy, blank=True)

    cancel_until = models.CharField(max_length=20, choices=Vendor.CancelUntil)
    cancel_fee_accepted = models.PositiveIntegerField()
    cancel_fee_preparing = models.PositiveIntegerField()
    cancel_fee_prepared = models.PositiveIntegerField()
    no_show_fee = models.PositiveIntegerField()
    collect_minutes = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name_plural = "agreed terms"
        constraints = [models.UniqueConstraint(fields=["vendor", "digest"], name="terms_once_a_vendor")]

    def __str__(self) -> str:
        return f"{self.vendor_id}/{self.digest[:8]}"

    @property
    def sale(self) -> Terms:
        """The part that pricing needs."""
        return Terms(
            prices_include_tax=self.prices_include_tax,
            fee_tax_rate=self.fee_tax_rate,
            service_fee=self.service_fee,
            service_fee_rate=self.service_fee_rate,
            commission_rate=self.commission_rate,
        )

    @property
    def zone(self) -> ZoneTerms | None:
        """What delivering costs, and from which sum on; None for an order without a zone."""
        if self.zone_fee is None:
            return None
        return ZoneTerms(
            name=self.zone_name,
            fee=self.zone_fee,
            minimum=self.zone_minimum or 0,
            free_from=self.zone_free_from,
        )

    @property
    def offer(self) -> OfferTerms | None:
        """What the order's offer takes off, and from which sum on; None for an order without one."""
        if not self.offer_kind:
            return None
        return OfferTerms(
            kind=self.offer_kind,
            rate=self.offer_rate,
            amount=self.offer_amount,
            most=self.offer_most,
            minimum=self.offer_minimum or 0,
            borne_by=self.offer_borne_by,
        )
