"""The order: one vendor's part of a purchase, with its own life cycle."""

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any, Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django_fsm import FSMIntegerField, transition

from orders.lifecycle.table import (
    CLEARS,
    CLOSED,
    ENDS_LEAVING,
    LEAVES,
    MILESTONES,
    NAMES,
    OPEN,
    SETS,
    SOURCES,
    SUCCESS,
    UNCLAIMED,
    Fulfilment,
    Status,
    find,
)
from orders.models.labels import StatusLabel
from orders.models.purchases import Purchase
from orders.models.terms import AgreedTerms
from ordersite.accounts.models import Customer
from ordersite.core.crypto import decrypt
from ordersite.core.numbers import read_whole
from ordersite.core.words import WordsIndex
from vendors.models import Company, DeliveryZone, Driver, Offer, Vendor
from vendors.payment_methods import find_method


def exists_for(name: str) -> Callable[[Any], bool]:
    """FSM condition: the table has this change for the order's fulfilment too, not only for its status."""

    def allowed(order: "Order") -> bool:
        change = find(Fulfilment(order.fulfilment), Status(order.status), NAMES[name])
        return change is not None and change.name == name

    return allowed


def fsm_method(name: str) -> Callable[..., None]:
    """The django-fsm transition of a name of the table; it writes and takes back the milestones that follow from it."""

    def method(self: "Order", *, now: datetime) -> None:
        self.previous_status = self.status
        self.status_changed_at = now
        self.apply_milestones(name, NAMES[name], now)

    method.__name__ = name
    decorate = transition(field="status", source=SOURCES[name], target=NAMES[name], conditions=[exists_for(name)])
    fsm: Callable[..., None] = decorate(method)
    return fsm


# A base class, since django-fsm collects the methods when the model class is prepared: later ones would raise.
LifeCycle: Any = type("LifeCycle", (), {name: fsm_method(name) for name in NAMES})


class Kind(models.TextChoices):
    """What is ordered; packages, services and digital goods have tables of their own beside the order."""

    REGULAR = "regular", "regular"
    PACKAGE = "package", "package"
    SERVICE = "service", "service"
    DIGITAL = "digital", "digital"


class NumberSeries(models.TextChoices):
    """What a vendor numbers apart, each day from 1: at one counter there is one number 5."""

    DELIVERY = "delivery", "delivery"
    PICK_UP = "pick_up", "pick-up"
    PICK_UP_COOLBOX = "pick_up_coolbox", "pick-up at a locker"
    DIGITAL = "digital", "digital"

    @classmethod
    def of(cls, fulfilment: int, locker: str) -> "NumberSeries":
        """Pickup, eat-in, curbside and drive-thru share one; a pickup from a locker has its own."""
        if fulfilment == Fulfilment.PICKUP and locker:
            return cls.PICK_UP_COOLBOX
        return {Fulfilment.DELIVERY: cls.DELIVERY, Fulfilment.DIGITAL: cls.DIGITAL}.get(
            Fulfilment(fulfilment), cls.PICK_UP
        )

    @property
    def letter(self) -> str:
        """What stands before a number where several series are seen side by side: D5 and P5."""
        return {self.DELIVERY: "D", self.PICK_UP: "P", self.PICK_UP_COOLBOX: "L", self.DIGITAL: "E"}[self]

    @classmethod
    def find_called(cls, text: str) -> models.Q | None:
        """The orders that are called so, "P5" or "p5"; None for what no order is called."""
        series = next((one for one in cls if one.letter == text[:1].upper()), None)
        number = read_whole(text[1:])
        if series is None or number is None or number >= 2**31:
            return None
        # What has no series yet may be of each.
        return models.Q(number=number) & (models.Q(number_series=series) | models.Q(number_series__isnull=True))


class PaymentStatus(models.TextChoices):
    """The state of what pays for an order; never a status of the order."""

    UNPAID = "unpaid", "unpaid"
    AUTHORISED = "authorised", "authorised"
    PAID = "paid", "paid"
    PARTLY_REFUNDED = "partly_refunded", "partly refunded"
    REFUNDED = "refunded", "refunded"
    FAILED = "failed", "failed"
    PROOF_PENDING = "proof_pending", "proof pending"

    @property
    def is_received(self) -> bool:
        """Whether the money came in, whatever of it was given back since."""
        return self.is_kept or self == PaymentStatus.REFUNDED

    @property
    def is_kept(self) -> bool:
        """Whether some of the money that came in is still here: what can be given back."""
        return self in (PaymentStatus.PAID, PaymentStatus.PARTLY_REFUNDED)

    @property
    def is_secured(self) -> bool:
        """Whether the money is here, or its provider holds it for us: enough for the vendor to begin."""
        return self.is_kept or self == PaymentStatus.AUTHORISED

    @property
    def is_open(self) -> bool:
        """Whether whoever pays may try, or try again."""
        return self in (PaymentStatus.UNPAID, PaymentStatus.FAILED)

    @property
    def is_awaited(self) -> bool:
        """Whether nothing has come in, nor is held for us."""
        return self.is_open or self == PaymentStatus.PROOF_PENDING


# The same asked of the database.
RECEIVED = tuple(state for state in PaymentStatus if state.is_received)
OPEN_PAYMENT = tuple(state for state in PaymentStatus if state.is_open)
AWAITED_PAYMENT = tuple(state for state in PaymentStatus if state.is_awaited)


# Every list leaves deleted orders out: with this in its index a count reads the index alone.
LISTED = models.Q(deleted_at__isnull=True)
# What a till may still have to pull: a few rows of many.
FOR_TILLS = models.Q(deleted_at__isnull=True, pos_confirmed_at__isnull=True, status__in=sorted(OPEN))


# What drivers carry, or are named for: each has a few of these.
CARRIED = models.Q(deleted_at__isnull=True, driver__isnull=False, status__in=sorted(OPEN))


# What was given back in full is a decision for staff, as long as somebody may still make it.
REFUNDED_OPEN = models.Q(payment_status=PaymentStatus.REFUNDED, status__in=sorted(OPEN))


# What is completed, and its money has not come in after all: what a provider held for it has lapsed.
UNPAID_SUCCESS = models.Q(
    payment_status__in=[state.value for state in PaymentStatus if not state.is_received], status__in=sorted(SUCCESS)
)


# What its vendor cannot serve any more: somebody has to call the customer.
UNSERVED = models.Q(unserved__gt="", status__in=sorted(OPEN))


# What the kitchen has not acknowledged, whatever became of the order.
UNACKNOWLEDGED = LISTED & models.Q(unacknowledged_from__isnull=False)
# What the kitchen has nothing more to do with, but may be asked for: its newest stay on the board for a while.
HANDED_OVER = LISTED & models.Q(status__in=sorted({*SUCCESS, *UNCLAIMED}))


# What waits for somebody or something: open, or settled or given up later.
WAITING = LISTED & (models.Q(status__in=sorted(OPEN)) | models.Q(due_at__isnull=False))


# What is offered to some drivers at a time, and waits for one of them.
DISPATCHED = models.Q(offers_at__isnull=False)
# What drivers have accepted, and not yet delivered or given up.
HELD = CARRIED & models.Q(driver_accepted_at__isnull=False)


NEWEST = ("-placed_at", "-id")
# By what most orders have not, and none has when it is placed: one without it stands in none of them. Without that
# condition each order stood in all five from its INSERT on: 13 of its 123 µs of CPU, 7 of each change of a status.
PARTY_INDEXES = (
    models.Index(fields=["driver", *NEWEST], condition=LISTED & models.Q(driver__isnull=False), name="order_by_driver"),
    models.Index(
        fields=["company", *NEWEST], condition=LISTED & models.Q(company__isnull=False), name="order_by_company"
    ),
    models.Index(fields=["driver"], condition=models.Q(driver__isnull=False), name="order_driver"),
    models.Index(fields=["company"], condition=models.Q(company__isnull=False), name="order_company"),
    models.Index(fields=["label"], condition=models.Q(label__isnull=False), name="order_label"),
)
# By what the back-office's list of orders is narrowed and searched; most orders are of the regular kind.
DESK_INDEXES = (
    models.Index(
        fields=["kind", *NEWEST],
        condition=LISTED & models.Q(kind__in=["package", "service", "digital"]),
        name="order_of_kind",
    ),
    models.Index(fields=["fulfilment", *NEWEST], condition=LISTED, name="order_of_fulfilment"),
    models.Index(fields=["payment_status", *NEWEST], condition=LISTED, name="order_in_payment"),
    models.Index(fields=["app_id", *NEWEST], condition=LISTED & models.Q(app_id__gt=""), name="order_of_app"),
    models.Index(
        fields=["delivery_zone", *NEWEST], condition=models.Q(delivery_zone__isnull=False), name="order_of_zone"
    ),
    models.Index(fields=[*NEWEST], condition=models.Q(deleted_at__isnull=False), name="order_deleted"),
    models.Index(fields=["deliver_at"], condition=LISTED & models.Q(deliver_at__isnull=False), name="order_deliver_at"),
    models.Index(fields=["number", "-id"], name="order_of_number"),
    models.Index(fields=["tracking_number"], condition=models.Q(tracking_number__gt=""), name="order_of_parcel"),
    models.Index(
        fields=["collection_code"],
        condition=LISTED & models.Q(status__in=sorted(OPEN)),
        name="order_of_collection_code",
    ),
    WordsIndex(fields=["contact_name"], name="order_contact_words"),
)


class Unserved(models.TextChoices):
    """Why a vendor cannot serve an order that waits, by what was changed since."""

    SWITCHED_OFF = "switched_off", "the vendor is switched off"
    NOT_OFFERED = "not_offered", "what it needs is not offered any more"
    CLOSED = "closed", "closed at the agreed time"
    PAUSED = "paused", "paused at the agreed time"


def milestone() -> "models.DateTimeField[Any, Any]":
    return models.DateTimeField(null=True, blank=True)


@cache
def column_names() -> Sequence[str]:
    """The columns of an order, as its attributes are named."""
    return [field.attname for field in Order._meta.concrete_fields]


class Order(LifeCycle, models.Model):
    """What one vendor makes and hands over. Only services.record writes it."""

    Kind = Kind
    PaymentStatus = PaymentStatus
    Unserved = Unserved

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    purchase = models.ForeignKey(Purchase, on_delete=models.PROTECT, related_name="orders")
    # Without an index of its own: the unique number begins with it.
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="orders", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.REGULAR)
    fulfilment = models.PositiveSmallIntegerField(choices=[(f.value, f.slug) for f in Fulfilment])
    status = FSMIntegerField(default=Status.PENDING, choices=[(s.value, s.label) for s in Status])
    previous_status = models.IntegerField(null=True, blank=True)
    status_changed_at = models.DateTimeField(default=timezone.now)
    # Raised by one with every change of the order: its ETag, and the number of the event that tells it.
    version = models.PositiveIntegerField(default=1)
    label = models.ForeignKey(
        StatusLabel, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders", db_index=False
    )

    accepted_at = milestone()
    preparation_started_at = milestone()
    prepared_at = milestone()
    search_started_at = milestone()
    company_accepted_at = milestone()
    driver_accepted_at = milestone()
    driver_at_business_at = milestone()
    picked_up_at = milestone()
    customer_arrived_at = milestone()
    delivered_at = milestone()
    closed_at = milestone()
    # Which changes stand, and whose they are (orders.lifecycle.decisions): asked for again by the same party, each is a
    # repeat.
    standing_changes = models.TextField(blank=True, default="", db_default="")

    number = models.PositiveIntegerField(help_text="Of the vendor, its day and series; the first is 1.")
    number_day = models.DateField(help_text="The day that it is for, by the vendor's clock.")
    # Empty for orders from before there were series: they keep what they were given.
    number_series = models.CharField(max_length=15, choices=NumberSeries, null=True, blank=True)
    tracking_hash = models.CharField(max_length=64, unique=True)
    tracking_sealed = models.TextField()
    # Stands on the vendor's ticket: the customer proves with it that it stands at the counter.
    collection_code = models.CharField(max_length=6)

    currency = models.CharField(max_length=3)
    subtotal = models.BigIntegerField(help_text="The lines, minor units as all amounts.")
    discount = models.BigIntegerField(default=0)
    delivery_fee = models.BigIntegerField(default=0)
    service_fee = models.BigIntegerField(default=0)
    driver_tip = models.BigIntegerField(default=0)
    tax_included = models.BigIntegerField(default=0, help_text="Shown, not added.")
    tax_added = models.BigIntegerField(default=0)
    total = models.BigIntegerField()
    commission = models.BigIntegerField(default=0, help_text="The platform's, of the items.")
    platform_discount = models.BigIntegerField(default=0, help_text="The part of the discount that the platform bears.")
    platform_share = models.BigIntegerField(
        default=0, help_text="Commission, service fee and the tax added on it, less the discount that it bears."
    )
    refunded = models.BigIntegerField(default=0, help_text="Given back so far, while the total stayed.")
    waived = models.BigIntegerField(default=0, help_text="What of the total staff have said need not be paid.")
    # Without an index of its own: one of the rows that have an offer is enough.
    offer = models.ForeignKey(
        Offer, on_delete=models.PROTECT, null=True, blank=True, related_name="orders", db_index=False
    )
    # Without an index: nobody asks which orders were placed on a row of terms.
    terms = models.ForeignKey(AgreedTerms, on_delete=models.PROTECT, related_name="orders", db_index=False)
    payment_method = models.CharField(max_length=20)
    payment_status = models.CharField(max_length=16, choices=PaymentStatus, default=PaymentStatus.UNPAID)
    cash = models.BigIntegerField(null=True, blank=True, help_text="What the customer will hand over.")
    # When what a close without success gave back leaves the house: until then the close can be taken back with it.
    money_leaves_at = models.DateTimeField(null=True, blank=True)

    contact_name = models.CharField(max_length=120, blank=True)
    contact_phone = models.CharField(max_length=20, blank=True)
    contact_email = models.EmailField(blank=True)
    address = models.CharField(max_length=300, blank=True)
    address_notes = models.CharField(max_length=300, blank=True)
    lat = models.FloatField(null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)])
    lng = models.FloatField(null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)])
    # The point that came with the address, where it has been set right since.
    anchor_lat = models.FloatField(null=True, editable=False)
    anchor_lng = models.FloatField(null=True, editable=False)
    # Without an index of its own: order_of_zone begins with it.
    delivery_zone = models.ForeignKey(
        DeliveryZone, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders", db_index=False
    )
    distance = models.PositiveIntegerField(null=True, blank=True, help_text="From the vendor, in metres.")
    table = models.CharField(max_length=20, blank=True)
    vehicle = models.CharField(max_length=80, blank=True)
    locker = models.CharField(max_length=20, blank=True)
    comment = models.CharField(max_length=500, blank=True)
    app_id = models.CharField(max_length=60, blank=True, help_text="The header X-APP-X of its placing.")

    # When its driver left; empty once somebody else is found or looked for.
    driver_left_at = models.DateTimeField(null=True, blank=True)
    # Since when a driver is named who has not answered.
    named_at = models.DateTimeField(null=True, blank=True)
    # Named, or accepted: the milestones tell which.
    driver = models.ForeignKey(
        Driver, on_delete=models.PROTECT, null=True, blank=True, related_name="orders", db_index=False
    )
    company = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, blank=True, related_name="orders", db_index=False
    )
    self_delivery = models.BooleanField(default=False, help_text="The vendor delivers by its own hands.")
    tracking_number = models.CharField(max_length=80, blank=True, help_text="A parcel carrier's.")
    carrier = models.CharField(max_length=60, blank=True)

    placed_at = models.DateTimeField(default=timezone.now)
    # How many units of a digital order have no code yet; above zero is its error flag.
    codes_missing = models.PositiveIntegerField(default=0)
    # When codes were last looked for.
    codes_tried_at = models.DateTimeField(null=True, blank=True)
    # When the vendor may first see it: at once, or when an online payment has come in.
    visible_at = models.DateTimeField(null=True, blank=True)
    deliver_at = models.DateTimeField(null=True, blank=True, help_text="The time asked for; empty: as soon as can be.")
    prepared_in = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Minutes, told on accepting.")
    delivered_in = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Minutes, told on accepting.")
    estimated_at = models.DateTimeField(null=True, blank=True)
    # From when on the vendor can answer it (orders.lifecycle.due_moments); empty: since it could first see it.
    answer_from = models.DateTimeField(null=True, blank=True)
    # When its vendor was last reminded that it waits for an answer.
    reminded_at = models.DateTimeField(null=True, blank=True)
    # Set where the vendor's settings change (services.moving.due_times); empty: it can be served.
    unserved = models.CharField(max_length=12, choices=Unserved, blank=True, default="", db_default="")
    # When a timer is due (orders.lifecycle.timers); the worker looks for the earliest.
    due_at = models.DateTimeField(null=True, blank=True)
    # While it is offered to some at a time: when the next are asked (orders.lifecycle.searching); else empty.
    offers_at = models.DateTimeField(null=True, blank=True)
    # Whom it is offered to, and who is skipped: lifecycle.searching.Offering.
    asked = models.JSONField(null=True, blank=True, editable=False)
    pos_confirmed_at = models.DateTimeField(null=True, blank=True)
    # The version of the first change that the kitchen has not acknowledged yet (services.record.acknowledgements).
    unacknowledged_from = models.PositiveIntegerField(null=True, blank=True)
    # Since when its ticket is back on the board, although the order was moved on; any later status puts it away.
    recalled_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        permissions = [("force_order", "Can force an order past its life cycle")]
        constraints = [
            models.CheckConstraint(condition=models.Q(status__gte=0, status__lte=25), name="status_exists"),
            models.UniqueConstraint(
                fields=["vendor", "number_series", "number_day", "number"], name="number_once_a_vendor_series_and_day"
            ),
        ]
        indexes = [
            models.Index(fields=["-placed_at", "-id"], condition=LISTED, name="order_newest"),
            models.Index(fields=["vendor", "-placed_at", "-id"], condition=LISTED, name="order_of_vendor"),
            models.Index(fields=["customer", "-placed_at", "-id"], condition=LISTED, name="order_of_customer"),
            *PARTY_INDEXES,
            models.Index(fields=["status", "-placed_at", "-id"], condition=LISTED, name="order_in_status"),
            models.Index(fields=["vendor", "status", "-placed_at"], condition=LISTED, name="order_of_vendor_in_status"),
            models.Index(fields=["vendor", "placed_at", "id"], condition=FOR_TILLS, name="order_of_till"),
            models.Index(fields=["driver", "id"], condition=CARRIED, name="order_carried"),
            models.Index(fields=["offer"], condition=models.Q(offer__isnull=False), name="order_of_offer"),
            models.Index(fields=["contact_email"], name="order_contact_email"),
            models.Index(fields=["contact_phone"], name="order_contact_phone"),
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="order_due"),
            models.Index(fields=["id"], condition=REFUNDED_OPEN, name="order_refunded_and_open"),
            models.Index(fields=["id"], condition=UNPAID_SUCCESS, name="order_completed_unpaid"),
            models.Index(fields=["id"], condition=UNSERVED, name="order_unserved"),
            models.Index(fields=["vendor", "id"], condition=WAITING, name="order_of_vendor_waiting"),
            models.Index(fields=["vendor"], condition=UNACKNOWLEDGED, name="order_unacknowledged"),
            models.Index(fields=["vendor", "status_changed_at"], condition=HANDED_OVER, name="order_handed_over"),
            models.Index(
                fields=["status", "id"], condition=models.Q(codes_missing__gt=0), name="order_waits_for_codes"
            ),
            *DESK_INDEXES,
            models.Index(fields=["vendor", "id"], condition=DISPATCHED, name="order_of_vendor_dispatched"),
        ]

    # The row as it was read or last saved, by column; empty for one that was made here.
    stored: Mapping[str, Any] = MappingProxyType({})

    def __str__(self) -> str:
        return f"#{self.pk}"

    @classmethod
    def from_db(cls, db: str | None, field_names: Collection[str], values: Collection[Any], **more: Any) -> Self:
        order = super().from_db(db, field_names, values, **more)
        order.stored = dict(zip(field_names, values, strict=True))
        return order

    def mark_stored(self) -> None:
        """Its row was written as it is."""
        here = self.__dict__
        self.stored = {name: here[name] for name in column_names() if name in here}

    def columns_set(self) -> list[str]:
        """The columns that are others than in its row."""
        here, stored = self.__dict__, self.stored
        names = (name for name in column_names() if name in here)
        return [name for name in names if name not in stored or stored[name] != here[name]]

    def apply_milestones(self, name: str, target: Status | None, now: datetime) -> None:
        """Writes and takes back the milestones that a change of this name means (lifecycle.table.SETS, CLEARS)."""
        for taken_back in CLEARS.get(name, ()):
            setattr(self, f"{taken_back}_at", None)
        written = SETS.get(name)
        if written and getattr(self, f"{written}_at") is None:
            setattr(self, f"{written}_at", now)
        if name in LEAVES:
            self.driver_left_at = now
        elif name in ENDS_LEAVING:
            self.driver_left_at = None
        if target is None:
            return
        if target not in CLOSED:
            self.closed_at = None
        elif target not in (Status.DELIVERY_COMPLETED_BY_DRIVER, Status.PICKUP_COMPLETED_BY_CUSTOMER):
            # What was delivered or collected is final too; settling writes `closed` (docs/lifecycle.md, Milestones).
            self.closed_at = self.closed_at or now

    @property
    def milestones(self) -> dict[str, datetime | None]:
        """The times beside the status, by name."""
        return {name: getattr(self, f"{name}_at") for name in MILESTONES}

    @property
    def called(self) -> str:
        """Its number with the letter of its series: a board shows several, each of which begins with 1."""
        return (
            f"{NumberSeries(self.number_series or NumberSeries.of(self.fulfilment, self.locker)).letter}{self.number}"
        )

    @property
    def carried_by(self) -> int | None:
        """The id of the driver who carries the order: one who accepted it, unless the vendor delivers itself."""
        return self.driver_id if self.driver_accepted_at is not None and not self.self_delivery else None

    @cached_property
    def tracking_code(self) -> str:
        """In clear; who has just made it sets it."""
        return decrypt(self.tracking_sealed)

    @cached_property
    def serving_company_ids(self) -> frozenset[int]:
        """The companies that its vendor works with; read with the order (with_parties) or when asked."""
        return frozenset(self.vendor.companies.values_list("pk", flat=True))

    @property
    def awaits_items(self) -> bool:
        """Whether it was placed without items and has none yet: only what is paid online is hidden for another reason.

        The same as visibility.SHOWN_TO_VENDOR.
        """
        return self.visible_at is None and not find_method(self.payment_method).is_online

    @property
    def waits(self) -> bool:
        """WAITING, for one order at hand."""
        return self.deleted_at is None and (self.status in OPEN or self.due_at is not None)

    @property
    def is_closed(self) -> bool:
        return self.status in CLOSED
