"""What a vendor sells: products, option groups, options, extras, ingredients, stock (docs/requirements.md, row 19)."""

import uuid
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from ordersite.core.amount_columns import AmountColumn, RateColumn
from ordersite.core.audit import Audited
from vendors.allergens import ALLERGEN_NOTE_LENGTH, ALLERGENS_LENGTH, allergens_text
from vendors.models.kitchen import Station
from vendors.models.merchants import Vendor

# What comes back by itself; the worker looks for it.
COMES_BACK = models.Q(unavailable_until__isnull=False)


def station_column(made: str) -> "models.ForeignKey[Station | None, Station | None]":
    return models.ForeignKey(Station, on_delete=models.SET_NULL, null=True, blank=True, related_name=made)


def unavailable_until_column() -> "models.DateTimeField[datetime | None, datetime | None]":
    return models.DateTimeField(
        null=True, blank=True, help_text="When what is not available is available again by itself; empty: never."
    )


def validate_allergens(value: str) -> None:
    try:
        allergens_text(value.split())
    except ValueError as error:
        raise ValidationError(str(error)) from None


def allergens_column() -> "models.CharField[str, str]":
    """Codes of `vendors.allergens.ALLERGENS` with a blank between, or that there are none; empty: nothing is told."""
    return models.CharField(
        max_length=ALLERGENS_LENGTH, blank=True, default="", db_default="", validators=[validate_allergens]
    )


def allergen_note_column() -> "models.CharField[str, str]":
    return models.CharField(
        "allergen note",
        max_length=ALLERGEN_NOTE_LENGTH,
        blank=True,
        default="",
        db_default="",
        help_text="What customers with allergies should know besides, such as which nuts, or traces.",
    )


class Charged(models.TextChoices):
    """How often a choice is charged; what "auto" comes to is told by `vendors.menu.MenuProduct.charged`."""

    AUTO = "auto", "as goods are sold: by the piece for each, else once a line"
    UNIT = "unit", "for each unit"
    LINE = "line", "once a line"


class Category(Audited):
    """A part of the menu."""

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="categories")
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)
    station = station_column("categories")

    class Meta:
        ordering = ["position", "id"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class Product(Audited):
    """Something to order, with its price in minor units of the vendor's currency."""

    class Unit(models.TextChoices):
        PIECE = "st", "piece"
        GRAM = "gr", "gram"
        KILOGRAM = "kg", "kilogram"
        PERSON = "pers", "person"

    class PricePer(models.IntegerChoices):
        ONE = 1, "1 unit"
        THOUSAND = 1000, "1000 units"

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="products")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True)
    picture = models.ImageField(upload_to="products", blank=True)
    plu_code = models.CharField("PLU code", max_length=40, blank=True, help_text="The till's number for it.")
    sku = models.CharField("SKU", max_length=40, blank=True, help_text="The warehouse's number for it.")
    unit = models.CharField(max_length=4, choices=Unit, default=Unit.PIECE)
    is_digital = models.BooleanField(
        default=False, help_text="Sold as codes, one for each unit, which are issued when it is paid."
    )
    low_codes = models.PositiveIntegerField(
        default=0, help_text="The back-office warns when fewer codes than this are left; 0: never."
    )
    price = AmountColumn()
    price_per = models.PositiveSmallIntegerField(
        choices=PricePer,
        default=PricePer.ONE,
        help_text="How many units the price is for: 1000 for what is sold in grams and priced by the kilogram.",
    )
    tax_rate = RateColumn(default=0)
    max_per_order = models.PositiveIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)], help_text="The most in one order; empty: no limit."
    )
    is_available = models.BooleanField(default=True)
    unavailable_until = unavailable_until_column()
    position = models.PositiveSmallIntegerField(default=0)
    allergens = allergens_column()
    allergen_note = allergen_note_column()
    # Who makes it; empty: the station of its category.
    station = station_column("products")

    class Meta:
        ordering = ["position", "id"]
        indexes = [
            models.Index(fields=["vendor", "position", "id"], name="product_of_vendor"),
            models.Index(fields=["unavailable_until"], condition=COMES_BACK, name="product_comes_back"),
            models.Index(fields=["id"], condition=models.Q(low_codes__gt=0), name="product_watches_codes"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(price_per__in=[1, 1000]), name="product_price_per_1_or_1000")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def currency(self) -> str:
        return self.vendor.currency

    def clean(self) -> None:
        if self.is_available:
            self.unavailable_until = None
        if self.is_digital and self.price_per != self.PricePer.ONE:
            raise ValidationError({"price_per": "Codes are sold one by one: choose a price for 1 unit."})


class MenuUpload(models.Model):
    """A file of a menu between its upload and its import; gone once it is imported, or an hour old."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="+")
    content = models.BinaryField()
    takes_off = models.BooleanField(default=False)
    sets_stock = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"Menu of {self.vendor_id}, {self.created_at:%Y-%m-%d %H:%M}"


# What a column holds is more: an order that was placed before may still give back what it took.
MOST_STOCK = 1_000_000_000


class Stock(Audited):
    """How many of a product are left. A product without a row is not counted. Selling changes this row, no menu."""

    audit_parent = "product"

    product = models.OneToOneField(Product, on_delete=models.CASCADE, primary_key=True, related_name="stock")
    quantity = models.IntegerField()

    class Meta:
        verbose_name_plural = "stock"
        constraints = [models.CheckConstraint(condition=models.Q(quantity__gte=0), name="stock_never_below_zero")]

    def __str__(self) -> str:
        return str(self.quantity)

    def clean(self) -> None:
        if self.quantity is not None and self.quantity > MOST_STOCK:
            raise ValidationError({"quantity": f"It must be {MOST_STOCK} at most."})


class OptionGroup(Audited):
    """A choice to make for a product, of `minimum` to `maximum` options."""

    vendor = models.ForeignKey(Vendor, on_delete=models.CASCADE, related_name="option_groups")
    name = models.CharField(max_length=80)
    minimum = models.PositiveSmallIntegerField(default=0)
    maximum = models.PositiveSmallIntegerField(
        default=1, help_text="The most choices, their quantities added up; a half counts as half."
    )
    allows_quantity = models.BooleanField(default=False, help_text="One option may be taken more than once.")
    allows_halves = models.BooleanField(default=False, help_text="An option may cover the left or right half only.")
    # Shown, and required, only where this option of another group is chosen, which is not deleted while it is.
    condition = models.ForeignKey("Option", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=models.Q(maximum__gte=models.F("minimum")), name="group_max_from_min")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def currency(self) -> str:
        return self.vendor.currency


class ProductOptionGroup(Audited):
    """A group that a product has, and its place among them."""

    audit_parent = "product"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="group_links")
    group = models.ForeignKey(OptionGroup, on_delete=models.CASCADE, related_name="product_links")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["product", "group"], name="group_once_a_product")]

    def __str__(self) -> str:
        return str(self.group)


class Option(Audited):
    """One choice of a group, with its price in minor units."""

    audit_parent = "group"

    class Kind(models.TextChoices):
        DEFAULT = "default", "default"
        TEXT = "text", "takes a text"

    group = models.ForeignKey(OptionGroup, on_delete=models.CASCADE, related_name="options")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.DEFAULT)
    plu_code = models.CharField("PLU code", max_length=40, blank=True)
    price = AmountColumn(default=0)
    half_price = AmountColumn(null=True, blank=True, help_text="The price of one half; empty: half of the price.")
    charged = models.CharField(max_length=4, choices=Charged, default=Charged.AUTO)
    max_quantity = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    preselected = models.BooleanField(default=False)
    is_available = models.BooleanField(default=True)
    unavailable_until = unavailable_until_column()
    allergens = allergens_column()
    allergen_note = allergen_note_column()
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["unavailable_until"], condition=COMES_BACK, name="option_comes_back")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.is_available:
            self.unavailable_until = None

    @property
    def vendor(self) -> Vendor:
        return self.group.vendor

    @property
    def vendor_id(self) -> int:
        return self.group.vendor_id

    @property
    def currency(self) -> str:
        return self.group.currency


class Ingredient(Audited):
    """What is in a product and may be left out."""

    audit_parent = "product"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="ingredients")
    name = models.CharField(max_length=80)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name


class Extra(Audited):
    """Something to add to a product, priced in minor units."""

    audit_parent = "product"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="extras")
    name = models.CharField(max_length=80)
    plu_code = models.CharField("PLU code", max_length=40, blank=True)
    unit = models.CharField(max_length=4, choices=Product.Unit, default=Product.Unit.PIECE)
    price = AmountColumn(default=0)
    charged = models.CharField(max_length=4, choices=Charged, default=Charged.AUTO)
    max_quantity = models.PositiveSmallIntegerField(default=1, validators=[MinValueValidator(1)])
    allergens = allergens_column()
    allergen_note = allergen_note_column()
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def currency(self) -> str:
        return self.product.currency
