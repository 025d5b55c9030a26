"""How a vendor's kitchen is arranged: the stations of its screens, and from when on a ticket is late."""

from django.db import models

from ordersite.core.audit import Audited
from vendors.models.merchants import FULFILMENTS, Vendor


class Station(Audited):
    """A part of a kitchen with a screen of its own; which it makes, products and categories say (`station`)."""

    audit_parent = "vendor"

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="stations", db_index=False)
    name = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["vendor", "name"], name="station_name_once_a_vendor")]

    def __str__(self) -> str:
        return self.name


class LateThreshold(Audited):
    """When a ticket of one delivery type changes its colour on the board, counted from when it is to be ready."""

    audit_parent = "vendor"

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="late_thresholds", db_index=False)
    fulfilment = models.CharField("delivery type", max_length=10, choices=[(name, name) for name in FULFILMENTS])
    soon_minutes = models.PositiveSmallIntegerField(
        default=5, help_text="The first colour comes so many minutes before the order is to be ready."
    )
    late_minutes = models.PositiveSmallIntegerField(
        default=0, help_text="The second colour comes so many minutes after it was to be ready."
    )

    class Meta:
        ordering = ["fulfilment"]
        constraints = [models.UniqueConstraint(fields=["vendor", "fulfilment"], name="thresholds_once_a_delivery_type")]

    def __str__(self) -> str:
        return f"{self.fulfilment}: {self.soon_minutes} min before, {self.late_minutes} min after"
