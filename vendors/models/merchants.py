"""Who sells: merchants, their vendors, the people who work for them."""

import datetime
import uuid
import zoneinfo
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from ordersite.core.amount_columns import AmountColumn, RateColumn
from ordersite.core.audit import Audited
from ordersite.core.money import CURRENCIES, with_currency
from ordersite.core.words import WordsIndex
from vendors.payment_methods import METHOD_NAMES

FULFILMENTS = ("delivery", "pickup", "eat_in", "curbside", "drive_thru")
# In minor units, what a new vendor's guests may owe, where 500.00 of the currency is about as much as of the euro.
# Elsewhere it would be the price of a coffee, or of a car: there it begins without a limit.
GUEST_LIMIT = 50_000
COMPARABLE = frozenset({"AUD", "CAD", "CHF", "EUR", "GBP", "NZD", "SGD", "USD"})


# Metres: nobody is near a place from further off.
MOST_RADIUS = 5000

# What has amounts in a vendor's currency, by its relation; orders and the ledger stand on vendors and are known so too.
WITH_AMOUNTS = {
    "orders": "orders",
    "accounts": "accounts of the ledger",
    "products": "products",
    "option_groups": "option groups",
    "delivery_zones": "delivery zones",
    "offers": "offers",
    "services": "services",
    "package_types": "package types",
}


def validate_currency(value: str) -> None:
    if value not in CURRENCIES:
        raise ValidationError(f"{value} is no ISO 4217 currency.")


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"{value} is no time zone such as Europe/Brussels.")


def validate_fulfilments(value: object) -> None:
    if not isinstance(value, list) or not value or any(name not in FULFILMENTS for name in value):
        raise ValidationError(f"Choose at least one of {', '.join(FULFILMENTS)}.")


def validate_payment_methods(value: object) -> None:
    if not isinstance(value, list) or not value or any(name not in METHOD_NAMES for name in value):
        raise ValidationError(f"Choose at least one of {', '.join(METHOD_NAMES)}.")


class Merchant(Audited):
    """A business that owns vendors (a tenant of the till's API)."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120)
    # As invoices name the seller; without a name and an address none is issued.
    legal_name = models.CharField(max_length=160, blank=True, default="", db_default="")
    legal_address = models.TextField(
        max_length=400, blank=True, default="", db_default="", help_text="As it stands on invoices, line by line."
    )
    vat_number = models.CharField(
        "VAT number", max_length=20, blank=True, default="", db_default="", help_text="Such as BE0123456789."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class VendorType(Audited):
    """What kind of place a vendor is: restaurant, bakery, florist …"""

    name = models.CharField(max_length=60, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Company(Audited):
    """A driver company that vendors work with."""

    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "companies"

    def __str__(self) -> str:
        return self.name


def radius(what: str) -> "models.PositiveIntegerField[int | None, int | None]":
    """The radius of a geofence; what happens at it begins the sentence that explains it."""
    return models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(MOST_RADIUS)],
        help_text=f"{what}; empty: as on the whole site, 0: never by position.",
    )


class Vendor(Audited):
    """One place that takes orders, with its currency, time zone and automation settings."""

    unrecorded_columns = frozenset({"menu_version", "has_offers"})

    class CancelUntil(models.TextChoices):
        ACCEPTED = "accepted", "until it is accepted"
        PREPARATION_STARTED = "preparation_started", "until preparation starts"
        PREPARED = "prepared", "until it is prepared"
        PICKED_UP = "picked_up", "until it is picked up"

    class Dispatch(models.TextChoices):
        ALL = "all", "to all at once: the first to accept has it"
        NEAREST = "nearest", "to one after the other, the nearest first"
        ROUNDS = "rounds", "to several at a time, the nearest first"

    class TransfersTo(models.TextChoices):
        PLATFORM = "platform", "the platform's: staff approve"
        VENDOR = "vendor", "its own: the vendor approves, and refunds by hand"

    class Proof(models.TextChoices):
        NONE = "", "none"
        CODE = "code", "the collection code"
        SIGNATURE = "signature", "a signature"
        PHOTO = "photo", "a photo"

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="vendors")
    type = models.ForeignKey(VendorType, on_delete=models.PROTECT, related_name="vendors")
    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    picture = models.ImageField(upload_to="vendors", blank=True)
    currency = models.CharField(max_length=3, default="EUR", validators=[validate_currency])
    time_zone = models.CharField(max_length=40, default="Europe/Brussels", validators=[validate_time_zone])
    language = models.CharField(
        max_length=8,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
        db_default=settings.LANGUAGE_CODE,
        help_text="Of its tickets, of mails to it, and of mails to customers who chose none.",
    )
    phone = models.CharField(max_length=20, blank=True)
    email = models.EmailField(blank=True)
    address = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=80, blank=True)
    country = models.CharField(max_length=2, default="BE", help_text="Two letters (ISO 3166), such as BE.")
    lat = models.FloatField(null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)])
    lng = models.FloatField(null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)])
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)

    fulfilments = models.JSONField(default=list, validators=[validate_fulfilments])
    payment_methods = models.JSONField(default=list, validators=[validate_payment_methods])
    transfers_to = models.CharField(
        max_length=8,
        choices=TransfersTo,
        default=TransfersTo.PLATFORM,
        help_text="Whose bank account transfers are paid into; whoever receives them confirms that they arrived.",
    )
    companies = models.ManyToManyField(Company, blank=True, related_name="vendors")

    guest_limit = AmountColumn(
        null=True,
        blank=True,
        help_text="The most that a guest may order without paying first; empty: no limit.",
    )

    day_begins_at = models.PositiveSmallIntegerField(
        default=0,
        db_default=0,
        validators=[MaxValueValidator(12)],
        help_text="The hour at which a business day begins, such as 4 where one closes at 2 in the night.",
    )
    prices_include_tax = models.BooleanField(default=True)
    fee_tax_rate = RateColumn(default=0, help_text="Tax on the fees for delivery and service.")
    service_fee = AmountColumn(default=0, help_text="For each order.")
    service_fee_rate = RateColumn(default=0, help_text="Of the items, added to the service fee of each order.")
    commission_rate = RateColumn(default=0, help_text="The platform's share of the items.")

    preparation_minutes = models.PositiveSmallIntegerField(default=20)
    preorder_minutes = models.PositiveIntegerField(
        default=60, help_text="An order for more than this many minutes ahead is a preorder at first."
    )
    preorder_days = models.PositiveSmallIntegerField(default=7, help_text="How many days ahead orders are taken.")
    slot_minutes = models.PositiveSmallIntegerField(
        default=15, validators=[MinValueValidator(5)], help_text="How long a time slot is."
    )
    slot_orders = models.PositiveIntegerField(
        null=True, blank=True, help_text="The most orders in a time slot, for each delivery type; empty: no limit."
    )
    slot_value = AmountColumn(
        null=True, blank=True, help_text="The most that the orders of a time slot may be worth; empty: no limit."
    )
    paused_until = models.DateTimeField(null=True, blank=True)
    rush_minutes = models.PositiveSmallIntegerField(
        default=0, help_text="Minutes added to the preparation time while the vendor is busy."
    )
    rush_until = models.DateTimeField(
        null=True, blank=True, help_text="When the added minutes end by themselves; empty: never."
    )
    auto_accept = models.BooleanField(default=False, help_text="Orders are accepted by themselves.")
    auto_search = models.BooleanField(
        default=False, help_text="A driver is looked for as soon as an order is accepted."
    )
    confirm_accepts = models.BooleanField(default=False, help_text="An order that the till confirms is accepted too.")
    accept_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="An order that is not accepted in this time is rejected, and the money goes back; empty: never.",
    )
    search_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="If no driver is found in this time, the order is cancelled; empty: never."
    )
    company_minutes = models.PositiveIntegerField(
        default=15,
        db_default=15,
        null=True,
        blank=True,
        help_text="If the company that accepted sends no driver in this time, another is looked for; empty: never.",
    )
    driver_left_minutes = models.PositiveIntegerField(
        default=5,
        db_default=5,
        null=True,
        blank=True,
        help_text="When another driver is looked for once one has quit or could not pick up; 0: at once, empty: never.",
    )
    decide_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="If a driver has quit or could not pick the order up, and nobody decides in this time what happens, "
        "the order is cancelled and the money goes back; empty: never.",
    )
    retry_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="A failed delivery that is not tried again in this time is rejected for good; empty: never.",
    )
    remind_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text="So long before an order is rejected for want of an answer, its boards ring once more; empty: never.",
    )
    waiting_minutes = models.PositiveIntegerField(
        default=5,
        db_default=5,
        null=True,
        blank=True,
        help_text="A driver who has been at the vendor for longer, while the order is not ready, is shown as waiting; "
        "empty: never.",
    )
    driver_answer_seconds = models.PositiveSmallIntegerField(
        default=45,
        db_default=45,
        validators=[MinValueValidator(15), MaxValueValidator(120)],
        help_text="A driver who is offered an order and does not answer in this time is offered it no more.",
    )
    dispatch = models.CharField(
        max_length=7,
        choices=Dispatch,
        default=Dispatch.ALL,
        db_default=Dispatch.ALL.value,
        help_text="To whom an order is offered while a driver is looked for.",
    )
    dispatch_drivers = models.PositiveSmallIntegerField(
        default=3,
        db_default=3,
        validators=[MinValueValidator(2), MaxValueValidator(20)],
        help_text="How many are asked at a time, where several are.",
    )
    skip_minutes = models.PositiveSmallIntegerField(
        default=10,
        db_default=10,
        validators=[MaxValueValidator(1440)],
        help_text="Who has declined an order, or did not answer, is not asked for it again in this time.",
    )
    driver_orders = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="A driver who holds this many orders is not asked for another; empty: no limit.",
    )
    collect_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="An order that is not collected this long after it is ready counts as not collected; empty: never.",
    )
    served_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="An order to eat in counts as completed this long after it is ready, once it is paid; empty: never.",
    )
    unseen_seconds = models.PositiveSmallIntegerField(
        default=70,
        db_default=70,
        null=True,
        blank=True,
        validators=[MinValueValidator(10), MaxValueValidator(3600)],
        help_text="The vendor is mailed when no device has shown a new order for this long; empty: never.",
    )
    pause_after_orders = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="After this many orders in a row that nobody answered in time, the vendor is paused; empty: never.",
    )
    pause_minutes = models.PositiveSmallIntegerField(
        default=30,
        db_default=30,
        validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text="How long it is paused then.",
    )
    pay_minutes = models.PositiveIntegerField(
        default=30,
        help_text="An order that is not paid online in this time is cancelled, and what it held is free again.",
    )
    transfer_minutes = models.PositiveIntegerField(
        default=2880, help_text="An order that is not paid by transfer in this time is cancelled."
    )
    code_minutes = models.PositiveIntegerField(
        default=60, help_text="If codes cannot be issued in this time, the order is cancelled and the money goes back."
    )
    settle_minutes = models.PositiveIntegerField(
        default=1440, help_text="This long after its delivery or collection an order is closed for good."
    )
    settled_completes = models.BooleanField(
        default=False, help_text="A delivered or collected order that is closed for good becomes Completed."
    )
    undo_minutes = models.PositiveSmallIntegerField(default=5)
    cancel_until = models.CharField(
        max_length=20,
        choices=CancelUntil,
        default=CancelUntil.PREPARATION_STARTED,
        help_text="How long the customer may cancel.",
    )
    # What cancelling costs, as a rate of what was paid without the tip, by how far the order has come.
    cancel_fee_accepted = RateColumn(
        default=0, help_text="Of what was paid without the tip, if the customer cancels once the order is accepted."
    )
    cancel_fee_preparing = RateColumn(
        default=0, help_text="Of what was paid without the tip, if the customer cancels once it is being prepared."
    )
    cancel_fee_prepared = RateColumn(
        default=0, help_text="Of what was paid without the tip, if the customer cancels once it is prepared."
    )
    no_show_fee = RateColumn(
        default=0,
        help_text="Of what was paid without the tip, if it is not collected or nobody is there to receive it.",
    )
    prints_tickets = models.BooleanField(
        default=False, db_default=False, help_text="A ticket is printed by itself when an order is accepted."
    )
    ticket_columns = models.PositiveSmallIntegerField(
        default=48,
        db_default=48,
        choices=[(32, "32, on paper of 58 mm"), (48, "48, on paper of 80 mm")],
        help_text="How many characters a printer that asks for its jobs has in a line.",
    )
    proof = models.CharField(
        max_length=10, choices=Proof, blank=True, help_text="What the driver needs to complete a delivery."
    )

    # The radii of geofences (orders.lifecycle.geofences), by their names.
    driver_at_business_metres = radius("The driver has arrived within so many metres of where the order is fetched")
    driver_near_business_metres = radius("The driver has almost arrived within so many metres of it")
    driver_leaves_business_metres = radius("The driver is on the way from a quarter beyond so many metres of it")
    driver_near_customer_metres = radius("The driver has almost arrived within so many metres of the customer")
    customer_at_business_metres = radius("Who collects has arrived within so many metres of the vendor")
    customer_near_business_metres = radius("Who collects has almost arrived within so many metres of the vendor")

    # Bumped by vendors.services on every change of what a cart is checked against; the compiled menu is held by it.
    menu_version = models.PositiveIntegerField(default=1, editable=False)
    # Whether any offer could be given by itself here; kept by vendors.services.offers. True at worst costs a statement.
    has_offers = models.BooleanField(default=True, editable=False)

    class Meta:
        ordering = ["name", "id"]
        indexes = [
            models.Index(fields=["is_active", "name", "id"], name="vendor_active_name"),
            WordsIndex(fields=["name"], name="vendor_name_words"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new vendor begins with the limit for guests of its currency; it may be emptied afterwards."""
        if self._state.adding and self.guest_limit is None and self.currency in COMPARABLE:
            self.guest_limit = GUEST_LIMIT
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """The currency stays while anything has amounts in it: 5.40 EUR would become 540 JPY."""
        standing = Vendor.objects.filter(pk=self.pk).first()
        if standing is None or standing.currency == self.currency:
            return
        if priced := standing.amounts_in_words():
            detail = f"It stays {standing.currency} while there are {priced}: open another vendor for {self.currency}."
            raise ValidationError({"currency": ValidationError(detail, "in_use")})
        if standing.guest_limit is not None and self.guest_limit is not None:
            most = with_currency(standing.guest_limit, standing.currency)
            detail = f"The limit for guests is {most}: empty it together with this change, then set it anew."
            raise ValidationError({"currency": ValidationError(detail, "in_use")})

    def amounts_in_words(self) -> str:
        """What has amounts in this vendor's currency; empty for nothing."""
        found = [words for relation, words in WITH_AMOUNTS.items() if getattr(self, relation).exists()]
        if self.service_fee:
            found.append("a service fee")
        if self.slot_value or self.opening_hours.filter(slot_value__isnull=False).exists():
            found.append("caps on the value of a slot")
        return ", ".join(found)

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)

    def rush_lasts(self, now: datetime.datetime) -> bool:
        """Whether the end of rush mode has not come yet."""
        return self.rush_until is None or self.rush_until > now

    def lead(self, now: datetime.datetime) -> datetime.timedelta:
        """How long preparing takes from now: the usual minutes, and those of rush mode while it lasts."""
        rush = self.rush_minutes if self.rush_lasts(now) else 0
        return datetime.timedelta(minutes=self.preparation_minutes + rush)


class Member(Audited):
    """A user who works for a merchant, at all of its vendors or at some."""

    audit_parent = "merchant"
    audit_person = "user"

    class Role(models.TextChoices):
        OWNER = "owner", "owner"
        MANAGER = "manager", "manager"
        STAFF = "staff", "staff"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    merchant = models.ForeignKey(Merchant, on_delete=models.CASCADE, related_name="members")
    role = models.CharField(max_length=10, choices=Role, default=Role.STAFF)
    all_vendors = models.BooleanField(default=True)
    vendors = models.ManyToManyField(Vendor, blank=True, related_name="members")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "merchant"], name="member_once_a_merchant")]

    def __str__(self) -> str:
        return f"{self.user} at {self.merchant}"


class Dispatcher(Audited):
    """A user who accepts and assigns orders for a driver company."""

    audit_parent = "company"
    audit_person = "user"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dispatching")
    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="dispatchers")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "company"], name="dispatcher_once_a_company")]

    def __str__(self) -> str:
        return f"{self.user} at {self.company}"


class Driver(Audited):
    """A user who drives: for a company, as one vendor's own courier, or for the site."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="driver")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="drivers")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, null=True, blank=True, related_name="drivers")
    name = models.CharField(max_length=120)
    phone = models.CharField(max_length=20, blank=True)
    on_duty = models.BooleanField(default=True)
    # Since when it drives no more. Its row stays, for what it has delivered.
    left_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(company__isnull=True) | models.Q(vendor__isnull=True), name="driver_has_one_employer"
            )
        ]
        # By which the back-office searches.
        indexes = [
            models.Index(fields=["phone"], condition=models.Q(phone__gt=""), name="driver_phone"),
            WordsIndex(fields=["name"], name="driver_name_words"),
        ]

    def __str__(self) -> str:
        return self.name or f"driver {self.pk} (erased)"

    @property
    def can_be_named(self) -> bool:
        """Whether an order may be offered to it: on duty, and not switched off."""
        return self.on_duty and self.left_at is None and self.user.is_active
