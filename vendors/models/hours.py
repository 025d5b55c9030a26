"""When and where a vendor serves."""

from django.core.exceptions import ValidationError
from django.db import models

from ordersite.core.amount_columns import AmountColumn
from ordersite.core.audit import Audited
from vendors.models.merchants import FULFILMENTS, Vendor


class OpeningHours(Audited):
    """A span of opening, weekly or on one date, in the vendor's time zone.

    A span that closes at or before it opens ends on the next day. A date's rows replace its weekday's; a date with a
    row that is closed has no opening at all.
    """

    audit_parent = "vendor"

    WEEKDAYS = [
        (index, name) for index, name in enumerate("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
    ]

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS, null=True, blank=True)
    date = models.DateField(null=True, blank=True)
    closed = models.BooleanField(default=False)
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)
    fulfilment = models.CharField(
        max_length=10,
        blank=True,
        choices=[(name, name) for name in FULFILMENTS],
        help_text="Empty: for all delivery types.",
    )
    slot_orders = models.PositiveIntegerField(
        null=True, blank=True, help_text="The most orders in a time slot; empty: the vendor's own limit."
    )
    slot_value = AmountColumn(
        null=True,
        blank=True,
        help_text="The most that the orders of a time slot may be worth; empty: the vendor's own limit.",
    )

    class Meta:
        ordering = ["date", "weekday", "opens"]
        verbose_name_plural = "opening hours"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(weekday__isnull=True) ^ models.Q(date__isnull=True), name="hours_weekday_or_date"
            ),
            models.CheckConstraint(
                condition=models.Q(closed=True, date__isnull=False)
                | models.Q(closed=False, opens__isnull=False, closes__isnull=False),
                name="hours_have_times_or_are_a_closed_date",
            ),
        ]

    def __str__(self) -> str:
        day = self.date.isoformat() if self.date else str(self.get_weekday_display())
        return f"{day} closed" if self.closed else f"{day} {self.opens:%H:%M}–{self.closes:%H:%M}"

    @property
    def currency(self) -> str:
        return self.vendor.currency


MOST_CORNERS = 500


def validate_polygon(value: object) -> None:
    """A list of at least three [lat, lng] pairs, and at most MOST_CORNERS: each quote looks at all of them."""
    message = f"Send at least three [lat, lng] pairs, and at most {MOST_CORNERS}."
    if not isinstance(value, list) or not 3 <= len(value) <= MOST_CORNERS:
        raise ValidationError(message)
    for point in value:
        if not isinstance(point, list | tuple) or len(point) != 2:
            raise ValidationError(message)
        lat, lng = point
        if any(type(part) not in (int, float) for part in point) or not (-90 <= lat <= 90 and -180 <= lng <= 180):
            raise ValidationError(message)


class DeliveryZone(Audited):
    """An area that a vendor delivers to: a radius around it or a polygon, with its fee and minimum."""

    audit_parent = "vendor"

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="delivery_zones")
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Where zones overlap, the one with the lowest position counts."
    )
    radius = models.PositiveIntegerField(null=True, blank=True, help_text="Metres around the vendor.")
    polygon = models.JSONField(
        null=True,
        blank=True,
        validators=[validate_polygon],
        help_text="Instead of a radius: the corners, as [[lat, lng], …].",
    )
    fee = AmountColumn(default=0)
    minimum = AmountColumn(default=0, help_text="The smallest total of the items.")
    free_from = AmountColumn(
        null=True, blank=True, help_text="Delivery is free from this total of the items on; empty: never."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(radius__isnull=True) ^ models.Q(polygon__isnull=True),
                name="zone_radius_or_polygon",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def currency(self) -> str:
        return self.vendor.currency
