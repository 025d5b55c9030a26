"""What was ordered. Names and prices are copied: a menu that changes later changes no order."""

from django.db import models

from orders.models.orders import Order
from vendors.allergens import ALLERGEN_NOTE_LENGTH, ALLERGENS_LENGTH
from vendors.models import Charged, Product


class Line(models.Model):
    """One product of an order; amounts in minor units of the order's currency."""

    # Without an index of its own: the unique position begins with it.
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    product = models.ForeignKey(Product, on_delete=models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=120)
    plu_code = models.CharField(max_length=40, blank=True)
    unit = models.CharField(max_length=4)
    quantity = models.PositiveIntegerField()
    unit_price = models.BigIntegerField(help_text="Of the product alone, without options and extras.")
    price_per = models.PositiveSmallIntegerField(default=1, help_text="How many units the price is for.")
    total = models.BigIntegerField(help_text="Of the whole line, with options and extras, before any discount.")
    discount = models.BigIntegerField(default=0)
    tax_rate = models.PositiveIntegerField(help_text="Hundredths of a percent.")
    tax = models.BigIntegerField(help_text="Included or added, as the vendor's prices are.")
    comment = models.CharField(max_length=300, blank=True)
    sku = models.CharField(max_length=40, blank=True)
    # What the customer wants where it cannot be had: another product, or that it is left out; neither: to be asked.
    substitute = models.ForeignKey(Product, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # A consent to a substitute holds for the price that was shown; empty: none was.
    substitute_price = models.BigIntegerField(null=True, blank=True, help_text="Of 1000 units, when it was chosen.")
    remove_if_missing = models.BooleanField(default=False)
    refunded = models.BigIntegerField(default=0, help_text="Of this line, given back by name.")
    # How many units were taken from the stock: they go back when the order closes without success.
    stock_taken = models.PositiveIntegerField(default=0)
    # As the menu said when it was ordered (of the product alone): codes with a blank between, and a note.
    allergens = models.CharField(max_length=ALLERGENS_LENGTH, blank=True, default="", db_default="")
    allergen_note = models.CharField(max_length=ALLERGEN_NOTE_LENGTH, blank=True, default="", db_default="")
    # When the kitchen ticked it off, and who did (Caller.key). A line that is changed is written anew, without a tick.
    ticked_at = models.DateTimeField(null=True, blank=True)
    ticked_by = models.CharField(max_length=60, blank=True, default="", db_default="")

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["order", "position"], name="line_position_once")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def currency(self) -> str:
        return self.order.currency


class LineOption(models.Model):
    """What was chosen for a line: an option, an extra, or an ingredient left out."""

    class Kind(models.TextChoices):
        OPTION = "option", "option"
        EXTRA = "extra", "extra"
        WITHOUT = "without", "without"

    class Position(models.TextChoices):
        WHOLE = "whole", "whole"
        LEFT = "left", "left half"
        RIGHT = "right", "right half"

    line = models.ForeignKey(Line, on_delete=models.CASCADE, related_name="options")
    kind = models.CharField(max_length=7, choices=Kind)
    # The row of the menu that it was copied from, for those who read the menu beside the order.
    menu_id = models.BigIntegerField()
    group = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=80)
    plu_code = models.CharField(max_length=40, blank=True)
    unit = models.CharField(max_length=4, blank=True)
    position = models.CharField(max_length=5, choices=Position, default=Position.WHOLE)
    quantity = models.PositiveIntegerField(default=1, help_text="Each time that it is charged.")
    price = models.BigIntegerField(default=0, help_text="Of one, minor units.")
    is_halved = models.BooleanField(default=False, help_text="Half of an odd price: half a minor unit less.")
    charged = models.CharField(max_length=4, choices=Charged.choices[1:], default=Charged.UNIT)
    total = models.BigIntegerField(default=0, help_text="Its part of the line's total.")
    text = models.CharField(max_length=200, blank=True)
    # As the menu said when it was ordered (of the choice): codes with a blank between, and a note.
    allergens = models.CharField(max_length=ALLERGENS_LENGTH, blank=True, default="", db_default="")
    allergen_note = models.CharField(max_length=ALLERGEN_NOTE_LENGTH, blank=True, default="", db_default="")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"No {self.name}" if self.kind == self.Kind.WITHOUT else self.name

    @property
    def currency(self) -> str:
        return self.line.currency
