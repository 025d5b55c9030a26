"""What vendors offer besides products: services to book, and packages to carry."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from ordersite.core.amount_columns import AmountColumn, RateColumn
from ordersite.core.audit import Audited
from vendors.models.hours import OpeningHours
from vendors.models.merchants import Vendor


class PackageType(Audited):
    """A size of parcel that a vendor carries, and what carrying it costs (docs/requirements.md, rows 1 and 8)."""

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="package_types")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=300, blank=True)
    price = AmountColumn(help_text="The base price of a package.")
    per_km = AmountColumn(default=0, help_text="Added for each kilometre, a part of one counts in full.")
    per_kg = AmountColumn(default=0, help_text="Added for each kilogram, a part of one counts in full.")
    tax_rate = RateColumn(default=0)
    max_weight = models.PositiveIntegerField(null=True, blank=True, help_text="In grams; empty: no limit.")
    max_side = models.PositiveIntegerField(
        null=True, blank=True, help_text="The longest side, in millimetres; empty: no limit."
    )
    max_distance = models.PositiveIntegerField(
        null=True, blank=True, help_text="From pick-up to drop-off, in metres; empty: no limit."
    )
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def currency(self) -> str:
        return self.vendor.currency

    @property
    def goes_by_distance(self) -> bool:
        """Whether what it costs, or how far it is carried, needs the points of both addresses."""
        return self.per_km > 0 or self.max_distance is not None


class Service(Audited):
    """Something to book for a time (docs/requirements.md, row 9): cleaning, a repair, a hair cut."""

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="services")
    name = models.CharField(max_length=80)
    description = models.CharField(max_length=500, blank=True)
    price = AmountColumn()
    tax_rate = RateColumn(default=0)
    duration_minutes = models.PositiveIntegerField(
        default=60, validators=[MinValueValidator(5), MaxValueValidator(1440)]
    )
    capacity = models.PositiveSmallIntegerField(
        default=1, validators=[MinValueValidator(1)], help_text="How many customers can book the same time."
    )
    at_customer = models.BooleanField(default=False, help_text="It can take place at the customer's address.")
    at_vendor = models.BooleanField(default=True, help_text="It can take place at the vendor's.")
    is_active = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def currency(self) -> str:
        return self.vendor.currency

    def clean(self) -> None:
        if not (self.at_customer or self.at_vendor):
            raise ValidationError("Choose where it takes place: at the customer's, at the vendor's, or both.")


class ServiceHours(Audited):
    """When a service can be booked, in the vendor's time zone; a service without any: whenever the vendor is open."""

    audit_parent = "service"

    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField(choices=OpeningHours.WEEKDAYS)
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ["weekday", "opens"]
        verbose_name_plural = "service hours"

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"
