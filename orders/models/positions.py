"""Where drivers, and customers who come to collect, were last by their devices' reports. No track of them is kept."""

from django.db import models

from orders.models.orders import Order
from vendors.models import Driver


class DriverPosition(models.Model):
    """A driver's last position in degrees (WGS 84); the next one replaces it."""

    driver = models.OneToOneField(Driver, on_delete=models.CASCADE, primary_key=True, related_name="position")
    lat = models.FloatField()
    lng = models.FloatField()
    accuracy = models.FloatField(help_text="Metres around it within which the device is.")
    heading = models.FloatField(null=True, blank=True, help_text="Degrees clockwise from north.")
    speed = models.FloatField(null=True, blank=True, help_text="Metres a second.")
    at = models.DateTimeField(help_text="When the device was there, by its own clock.")
    received_at = models.DateTimeField()
    # What followers of its orders were told last, and when.
    told_lat = models.FloatField(null=True, blank=True)
    told_lng = models.FloatField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    # What the geofences remember of each order that it carries, by the order's id.
    watches = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"driver {self.driver_id} at {self.lat}, {self.lng}"


class CustomerPosition(models.Model):
    """Where the customer of an order was last, and where it waits, as it says itself ("bay 3"); either may be empty."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="customer_position")
    lat = models.FloatField(null=True, blank=True)
    lng = models.FloatField(null=True, blank=True)
    accuracy = models.FloatField(null=True, blank=True, help_text="Metres around it within which the device is.")
    at = models.DateTimeField(null=True, blank=True, help_text="When the device was there, by its own clock.")
    received_at = models.DateTimeField()
    place = models.CharField(max_length=60, blank=True)
    # What the geofences remember of the order.
    watches = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [models.Index(fields=["received_at"], name="customer_position_received")]

    def __str__(self) -> str:
        return f"customer of {self.order_id} at {self.place or f'{self.lat}, {self.lng}'}"
