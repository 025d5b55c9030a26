"""Offers: what makes an order cheaper, and who bears it."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Upper

from ordersite.core.amount_columns import AmountColumn, RateColumn
from ordersite.core.audit import Audited
from ordersite.core.money import WHOLE
from vendors.models.merchants import Vendor, validate_currency

# What anybody can type; letters beyond would have no capitals that all databases agree on.
CODE = re.compile(r"[A-Z0-9_-]+\Z")
# Of what is stored: nobody types hundredths of anything.
ABOVE_ZERO = MinValueValidator(1, "Send more than zero.")


class Offer(Audited):
    """A discount with a code, or one that is given by itself; of one vendor, or of the whole site."""

    unrecorded_columns = frozenset({"uses"})

    class Kind(models.TextChoices):
        PERCENTAGE = "percentage", "a percentage of the items"
        AMOUNT = "amount", "an amount off the items"
        FREE_DELIVERY = "free_delivery", "free delivery"

    class BorneBy(models.TextChoices):
        VENDOR = "vendor", "the vendor"
        PLATFORM = "platform", "the platform"

    vendor = models.ForeignKey(
        Vendor,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="offers",
        help_text="Empty: at every vendor.",
    )
    name = models.CharField(max_length=80)
    code = models.CharField(
        max_length=40,
        blank=True,
        help_text="What the customer types, in upper or lower case. Empty: the offer is given by itself.",
    )
    kind = models.CharField(max_length=13, choices=Kind)
    rate = RateColumn(
        null=True,
        blank=True,
        validators=[ABOVE_ZERO, MaxValueValidator(WHOLE, "A percentage is at most 100.")],
        help_text="For a percentage only.",
    )
    amount = AmountColumn(
        null=True,
        blank=True,
        validators=[ABOVE_ZERO],
        help_text="For an amount only; it is for all vendors of a purchase together.",
    )
    currency = models.CharField(max_length=3, default="EUR", validators=[validate_currency])
    minimum = AmountColumn(default=0, help_text="The smallest total of the items.")
    most = AmountColumn(null=True, blank=True, help_text="The most that it takes off; empty: no limit.")
    starts_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)
    max_uses = models.PositiveIntegerField(
        null=True, blank=True, help_text="How often it can be used in all; empty: no limit."
    )
    max_uses_per_customer = models.PositiveIntegerField(
        null=True, blank=True, help_text="How often each customer can use it; empty: no limit."
    )
    # By how many purchases it is used now, counted where max_uses is set: an unlimited offer's row is nobody's
    # bottleneck. Changed only by orders.services.capacity.offers, and begun by vendors.services.offers.
    uses = models.PositiveIntegerField(default=0, editable=False)
    borne_by = models.CharField(max_length=8, choices=BorneBy, default=BorneBy.VENDOR)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                Upper("code"),
                condition=~models.Q(code=""),
                name="offer_code_once",
                violation_error_message="Another offer has this code: choose another.",
            ),
            models.CheckConstraint(
                condition=models.Q(max_uses__isnull=True) | models.Q(uses__lte=models.F("max_uses")),
                name="offer_not_used_too_often",
                violation_error_message="It is used more often already: allow more uses, or switch it off.",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="percentage", rate__isnull=False, amount__isnull=True)
                | models.Q(kind="amount", amount__isnull=False, rate__isnull=True)
                | models.Q(kind="free_delivery", rate__isnull=True, amount__isnull=True),
                name="offer_has_what_its_kind_needs",
            ),
        ]
        indexes = [
            # Asked for at every placing; codes there may be a hundred thousand of.
            models.Index(fields=["vendor"], condition=models.Q(code="", is_active=True), name="offer_given_by_itself")
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Says in plain words what is wrong; writes the code in capitals."""
        self.code = self.code.strip().upper()
        if self.code and not CODE.match(self.code):
            raise ValidationError({"code": "A code is of letters from A to Z, digits, - and _, without spaces."})
        standing = Offer.objects.exclude(currency=self.currency).filter(pk=self.pk).first()
        if standing and (standing.amount or standing.minimum or standing.most):
            detail = f"Its amounts are in {standing.currency}: make another offer in {self.currency}."
            raise ValidationError({"currency": ValidationError(detail, "in_use")})
        if self.vendor and self.vendor.currency != self.currency:
            raise ValidationError({"currency": f"{self.vendor} sells in {self.vendor.currency}: choose that."})
        for field in ("most", "max_uses", "max_uses_per_customer"):
            if getattr(self, field) == 0:
                raise ValidationError({field: "Nobody would get it: leave it empty for no limit, or switch it off."})
        needs = {"percentage": "rate", "amount": "amount"}.get(self.kind, "")
        for field in ("rate", "amount"):
            value = getattr(self, field)
            if field == needs and value is None:
                raise ValidationError({field: f"An offer of this kind needs its {field}."})
            if field != needs and value is not None:
                raise ValidationError({field: f"An offer of this kind has no {field}: leave it empty."})
        if self.starts_at and self.ends_at and self.starts_at >= self.ends_at:
            raise ValidationError({"ends_at": "It ends before it starts."})
