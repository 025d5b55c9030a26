"""The end of a vendor's business day, as it was closed."""

from django.db import models
from django.utils import timezone

from orders.models.documents import IssuedRow
from vendors.models import Vendor


class DayReport(IssuedRow):
    """What a vendor took in and gave back until a business day was closed; only services.money.day_reports adds one.

    Numbered without a gap per vendor, once a day, never changed: what is booked afterwards stands in the next one.
    """

    # Without an index of its own: the unique number begins with it.
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="day_reports", db_index=False)
    number = models.PositiveIntegerField(help_text="Of the vendor; the first is 1.")
    day = models.DateField(help_text="The business day, by the vendor's clock.")
    since = models.DateTimeField(help_text="What was booked from here on is in it.")
    until = models.DateTimeField(default=timezone.now, help_text="When it was closed.")
    actor = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    expected = models.BigIntegerField(help_text="Cash that came into the vendor's hands; minor units.")
    counted = models.BigIntegerField(help_text="Cash that was counted, without what lay there before.")
    content = models.JSONField(help_text="Totals by method of payment and rate of tax, as they are printed.")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["vendor", "number"], name="day_report_number_once"),
            models.UniqueConstraint(fields=["vendor", "day"], name="day_closed_once"),
        ]
        indexes = [
            models.Index(fields=["-until", "-id"], name="day_report_newest"),
            models.Index(fields=["vendor", "-until", "-id"], name="day_report_of_vendor"),
        ]

    def __str__(self) -> str:
        return f"{self.day} (no. {self.number})"

    @property
    def difference(self) -> int:
        """What was counted more (less, below zero) than expected, minor units."""
        return self.counted - self.expected
