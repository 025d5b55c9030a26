"""What happened to an order, and who is told: one log behind history, live feed and webhooks."""

from django.db import models
from django.utils import timezone

from orders.models.orders import Order
from vendors.models import Vendor


class OrderEvent(models.Model):
    """One change of an order, which is never changed. Its number is the version that it made.

    Of orders that were closed long ago they may be packed (services.record.archive).
    """

    class Kind(models.TextChoices):
        PLACED = "placed", "placed"
        STATUS = "status", "status"
        MILESTONE = "milestone", "milestone"
        ITEMS = "items", "items"
        PAYMENT = "payment", "payment"
        DRIVER = "driver", "driver"
        POSITION = "position", "position"
        DELAY = "delay", "delay"
        NOTE = "note", "note"

    class VisibleTo(models.TextChoices):
        EVERYBODY = "everybody", "everybody"
        BUSINESS = "business", "vendor, driver, company and staff"
        STAFF = "staff", "staff"

    # Without an index of its own: the unique number begins with it.
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events", db_index=False)
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    transition = models.CharField(max_length=30, blank=True)
    from_status = models.PositiveSmallIntegerField(null=True, blank=True)
    to_status = models.PositiveSmallIntegerField(null=True, blank=True)
    # The milestone that this change wrote, if any.
    milestone = models.CharField(max_length=20, blank=True)
    # Who ("user:5", "merchant:2", "device:7", "guest:…", "system") and as whom it did so.
    actor = models.CharField(max_length=60)
    # Of a device what it was called then.
    actor_name = models.CharField(max_length=60, blank=True, default="", db_default="")
    role = models.CharField(max_length=10)
    reason_code = models.CharField(max_length=30, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    forced = models.BooleanField(default=False)
    data = models.JSONField(default=dict, blank=True)
    visible_to = models.CharField(max_length=10, choices=VisibleTo, default=VisibleTo.EVERYBODY)
    app_id = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["order", "number"], name="event_number_once")]
        indexes = [models.Index(fields=["-created_at", "-id"], name="event_newest")]

    def __str__(self) -> str:
        return f"#{self.order_id}, {self.number}: {self.get_kind_display()}"


class Counter(models.Model):
    """A number that is drawn one by one inside the transaction that uses it, so that no gap and no overtaking is seen.

    Names: "stream:vendor:5" (positions of a feed), "number:5:delivery:2026-11-21" (order numbers of the day).
    """

    name = models.CharField(max_length=80, primary_key=True)
    value = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"


# Entries with which an order began to wait for its vendor, and that no device has shown: a handful at a time. And those
# of them of which somebody was told (services.moving.sightings).
UNSEEN = models.Q(unseen_since__isnull=False)
TOLD_UNSEEN = UNSEEN & models.Q(told_at__isnull=False)


class FeedEntry(models.Model):
    """One event in one party's stream ("vendor:5", "driver:2", "company:1"), kept for seven days."""

    stream = models.CharField(max_length=40)
    position = models.BigIntegerField()
    # Never looked up by event or order: entries are read by stream, and pruned by age. For a constraint the database
    # would read all of them for each event that is packed (services.record.archive: none that one names).
    event = models.ForeignKey(
        OrderEvent, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(default=timezone.now)
    # From when on a device of the vendor should have shown it; empty once one has, and for all that waits for nobody.
    unseen_since = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "feed entries"
        constraints = [models.UniqueConstraint(fields=["stream", "position"], name="position_once_a_stream")]
        indexes = [
            models.Index(fields=["created_at"], name="feed_entry_age"),
            models.Index(fields=["stream", "position"], condition=UNSEEN, name="feed_entry_unseen"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.position}"


class ShownOrder(models.Model):
    """That a board of the vendor has shown an order while it was open, and when it said so for the first time."""

    # Without a constraint: a board that says what it shows waits for no change of an order. Orders are not deleted.
    order = models.ForeignKey(
        Order, on_delete=models.CASCADE, related_name="shown_on", db_index=False, db_constraint=False
    )
    # Who showed it ("device:7", "user:5").
    shown_by = models.CharField(max_length=60)
    shown_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "shown_by"], name="order_shown_once")]

    def __str__(self) -> str:
        return f"{self.order_id} by {self.shown_by}"


class FeedEpoch(models.Model):
    """A time in which a position of a feed stands for the same event; the one with the highest number holds."""

    number = models.PositiveIntegerField(primary_key=True)
    epoch = models.CharField(max_length=32, unique=True)
    begun_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.number} {self.epoch}"


class UnansweredOrder(models.Model):
    """An order that was refused because nobody answered it in time, until the vendor is paused or has answered one."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="+")
    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.order_id}"
