"""What orders of some kinds have besides: a package, a booking, codes; and what they take of a limited good."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from orders.models.lines import Line
from orders.models.orders import Order
from ordersite.accounts.models import Customer
from vendors.models import Offer, PackageType, Product, Service, Vendor


class Package(models.Model):
    """What is carried from a pick-up to a drop-off; the order's own address is the drop-off."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="package")
    package_type = models.ForeignKey(PackageType, on_delete=models.SET_NULL, null=True, related_name="+")
    type_name = models.CharField(max_length=80)
    pickup_address = models.CharField(max_length=300)
    pickup_notes = models.CharField(max_length=300, blank=True)
    # Where its price needs no point, it may have none.
    pickup_lat = models.FloatField(null=True, blank=True)
    pickup_lng = models.FloatField(null=True, blank=True)
    recipient_name = models.CharField(max_length=120)
    recipient_phone = models.CharField(max_length=20)
    weight = models.PositiveIntegerField(help_text="Grams.")
    width = models.PositiveIntegerField(null=True, blank=True, help_text="Millimetres.")
    length = models.PositiveIntegerField(null=True, blank=True, help_text="Millimetres.")
    height = models.PositiveIntegerField(null=True, blank=True, help_text="Millimetres.")

    def __str__(self) -> str:
        return f"{self.type_name} for {self.recipient_name}"


class Booking(models.Model):
    """A service booked for a time. Where its order closes without success the time is free again."""

    class Place(models.TextChoices):
        CUSTOMER = "customer", "at the customer's"
        VENDOR = "vendor", "at the vendor's"

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="booking")
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="bookings", db_index=False)
    service_name = models.CharField(max_length=80)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    place = models.CharField(max_length=8, choices=Place)
    is_held = models.BooleanField(default=True, help_text="Whether it takes its place of the service's capacity.")

    class Meta:
        indexes = [
            models.Index(fields=["service", "starts_at"], condition=models.Q(is_held=True), name="booking_of_service")
        ]

    def __str__(self) -> str:
        return f"{self.service_name}, order #{self.order_id}"


class Code(models.Model):
    """One unit of a digital product: imported, issued to a line once it is paid, never issued twice."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="codes", db_index=False)
    sealed = models.TextField(help_text="Encrypted.")
    # A keyed hash, by which the same code is not imported twice.
    fingerprint = models.CharField(max_length=64)
    last4 = models.CharField(max_length=4)
    batch = models.CharField(max_length=80, blank=True)
    imported_at = models.DateTimeField(default=timezone.now)
    line = models.ForeignKey(Line, on_delete=models.PROTECT, null=True, blank=True, related_name="codes")
    issued_at = models.DateTimeField(null=True, blank=True)
    # A code that was handed out is never sold again, also where its money went back.
    spent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "fingerprint"], name="code_once_a_product"),
            models.CheckConstraint(
                condition=models.Q(line__isnull=True, issued_at__isnull=True)
                | models.Q(line__isnull=False, issued_at__isnull=False),
                name="code_issued_to_a_line",
            ),
        ]
        indexes = [
            models.Index(fields=["product", "id"], condition=models.Q(line__isnull=True), name="code_free"),
            models.Index(fields=["fingerprint"], condition=models.Q(line__isnull=False), name="code_issued"),
        ]
        permissions = [("reveal_code", "Can read codes in clear")]

    def __str__(self) -> str:
        return f"…{self.last4}"


class CodeUpload(models.Model):
    """A file of codes between its upload and its import; gone once it is imported, or an hour old."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    batch = models.CharField(max_length=80)
    sealed = models.TextField(help_text="The file, encrypted.")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.batch} of {self.created_at:%Y-%m-%d %H:%M}"


class SlotUse(models.Model):
    """How many orders, worth how much, a vendor has for one time slot; only where it has a cap."""

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="slot_uses", db_index=False)
    fulfilment = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    orders = models.IntegerField(default=0)
    value = models.BigIntegerField(default=0, help_text="Minor units.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vendor", "fulfilment", "starts_at"], name="slot_use_once"),
            models.CheckConstraint(condition=models.Q(orders__gte=0, value__gte=0), name="slot_use_not_below_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.orders} orders at {self.starts_at:%Y-%m-%d %H:%M}"


class SlotHold(models.Model):
    """What one order takes of a slot, so that exactly that is given back."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="slot_hold")
    slot = models.ForeignKey(SlotUse, on_delete=models.CASCADE, related_name="holds")
    value = models.BigIntegerField()
    is_held = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.value} of {self.slot_id}"


class OfferUse(models.Model):
    """One order's use of an offer; given back where the order closes without success."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="offer_use")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="order_uses", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    amount = models.BigIntegerField(help_text="What it took off, in minor units.")
    is_held = models.BooleanField(default=True)
    has_left = models.BooleanField(
        default=False, help_text="Its customer cancelled the order: the others share the offer without it."
    )

    class Meta:
        indexes = [models.Index(fields=["offer", "customer", "is_held"], name="offer_use_of_customer")]

    def __str__(self) -> str:
        return f"{self.amount} off"
