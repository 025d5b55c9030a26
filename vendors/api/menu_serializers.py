"""What the calls read and answer by which a vendor's own software keeps its menu and its hours."""

import re
from typing import Any

from django.core.files.storage import default_storage
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ordersite.core.money import as_json
from ordersite.web.serializers import (
    IdField,
    Input,
    LineField,
    MoneyField,
    Output,
    ParagraphField,
    StrictIntegerField,
)
from ordersite.web.views import render
from vendors.allergens import ALLERGEN_NOTE_LENGTH, ALLERGENS, NONE, allergens_text, read_allergens
from vendors.api.serializers import CHARGED, EndField, HoursOutput, UnservedOrderOutput
from vendors.models import FULFILMENTS, MOST_STOCK, Charged, OpeningHours, Option, OptionGroup, Product
from vendors.services.menu_changes import MOST_ROWS
from vendors.services.opening_hours import MOST_SPANS

MOST_PLACE = 32_767  # what a small column holds
MOST_PER_ORDER = 100_000
MOST_GROUPS = 50  # of a product; so many extras and ingredients too
MOST_NEW_OPTIONS = 100
RATE = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?", re.ASCII)
WHOLE_RATE = 10_000
# Hours are read as they are answered: seconds would be lost, and a span of some within a minute last a day.
WHOLE_MINUTES = ["%H:%M", "%H:%M:00"]

UNTIL = "When it is available again by itself, at most a year ahead; null: when it is said."
PLU = "The till's own code for it."
CHOICES = "How many options in total, counting quantities; a half counts as half."


@extend_schema_field({"type": "string", "pattern": r"^\d{1,3}(\.\d{1,2})?$", "example": "6.00"})
class RateField(serializers.Field):
    """Percent as a decimal string; hundredths of a percent inside."""

    default_error_messages = {"invalid": 'Send a percentage from "0" to "100" as a string, such as "6.00".'}

    def to_internal_value(self, data: Any) -> int:
        found = RATE.fullmatch(data) if isinstance(data, str) else None
        hundredths = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else WHOLE_RATE + 1
        if hundredths > WHOLE_RATE:
            self.fail("invalid")
        return hundredths

    def to_representation(self, value: int) -> str:
        return f"{value // 100}.{value % 100:02}"


@extend_schema_field({"type": "array", "nullable": True, "items": {"type": "string", "enum": list(ALLERGENS)}})
class AllergenCodesField(serializers.Field):
    """Codes as a list, empty: told to have none of them, null: nothing told; a text inside, as columns hold it."""

    default_error_messages = {"invalid": f"Send a list of any of {', '.join(ALLERGENS)}, or null."}

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return "" if data is None else super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, list) or not all(isinstance(code, str) and code in ALLERGENS for code in data):
            self.fail("invalid")
        return allergens_text(data) or NONE

    def to_representation(self, value: str) -> list[str] | None:
        return read_allergens(value)


def position_field() -> StrictIntegerField:
    return StrictIntegerField(
        min_value=0, max_value=MOST_PLACE, required=False, help_text="Its place: lower numbers come first."
    )


def plu_field() -> LineField:
    return LineField(max_length=40, allow_blank=True, required=False, help_text=PLU)


def station_field() -> IdField:
    return IdField(required=False, allow_null=True, help_text="The id of the kitchen's station that makes it.")


class CategoryInput(Input):
    name = LineField(max_length=80)
    position = position_field()
    station = station_field()


class ManagedCategoryOutput(Output):
    id = serializers.IntegerField()
    name = serializers.CharField()
    position = serializers.IntegerField(help_text="Its place: lower numbers come first.")
    station = serializers.IntegerField(
        source="station_id", allow_null=True, help_text="The id of the kitchen's station that makes it."
    )


# --- products -------------------------------------------------------------------------------------------------------


class ProductFieldsInput(Input):
    """What a product's own row holds, and its stock."""

    category = IdField(required=False, help_text="The id of the category that it stands in.")
    name = LineField(max_length=120, required=False)
    description = ParagraphField(max_length=500, allow_blank=True, required=False)
    plu_code = plu_field()
    sku = LineField(max_length=40, allow_blank=True, required=False, help_text="The warehouse's code for it.")
    unit = serializers.ChoiceField(choices=Product.Unit.choices, required=False)
    is_digital = serializers.BooleanField(
        required=False, help_text="Sold as codes, which are imported in the back-office."
    )
    price = MoneyField(required=False, help_text="The price for `price_per` units, in the vendor's currency.")
    price_per = serializers.ChoiceField(choices=Product.PricePer.choices, required=False)
    tax_rate = RateField(required=False, help_text="Percent, such as 6.00.")
    max_per_order = StrictIntegerField(
        min_value=1, max_value=MOST_PER_ORDER, allow_null=True, required=False, help_text="null: no limit."
    )
    is_available = serializers.BooleanField(required=False)
    unavailable_until = EndField(allow_null=True, required=False, help_text=UNTIL)
    position = position_field()
    station = station_field()
    allergens = AllergenCodesField(required=False)
    allergen_note = LineField(max_length=ALLERGEN_NOTE_LENGTH, allow_blank=True, required=False)
    stock = StrictIntegerField(
        min_value=0,
        max_value=MOST_STOCK,
        allow_null=True,
        required=False,
        help_text="How many there are, as they were counted; null: they are not counted any more.",
    )
    stock_change = StrictIntegerField(
        min_value=-MOST_STOCK,
        max_value=MOST_STOCK,
        required=False,
        help_text="What came in, or below zero went out, since: added to what is left, whatever orders take meanwhile. "
        "Send an Idempotency-Key with it, so that a repeated call counts once.",
    )


class ExtraFieldsInput(Input):
    name = LineField(max_length=80)
    plu_code = LineField(max_length=40, allow_blank=True, default="", help_text=PLU)
    unit = serializers.ChoiceField(choices=Product.Unit.choices, default=Product.Unit.PIECE)
    price = MoneyField()
    charged = serializers.ChoiceField(choices=Charged.choices, default=Charged.AUTO, help_text=CHARGED)
    max_quantity = StrictIntegerField(min_value=1, max_value=MOST_PLACE, default=1)
    allergens = AllergenCodesField(default="")
    allergen_note = LineField(max_length=ALLERGEN_NOTE_LENGTH, allow_blank=True, default="")


class ProductChangeInput(ProductFieldsInput):
    """With its option groups, extras and ingredients, each as a whole."""

    option_groups = serializers.ListField(
        child=IdField(), max_length=MOST_GROUPS, required=False, help_text="The ids of its option groups, in order."
    )
    extras = serializers.ListField(
        child=ExtraFieldsInput(),
        max_length=MOST_GROUPS,
        required=False,
        help_text="In order; one that has the name of one that stands keeps its id.",
    )
    ingredients = serializers.ListField(
        child=LineField(max_length=80),
        max_length=MOST_GROUPS,
        required=False,
        help_text="The names of what can be left out, in order.",
    )

    def validate_extras(self, extras: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if len({extra["name"] for extra in extras}) < len(extras):
            raise serializers.ValidationError("Two extras have the same name: send each once.", "duplicate")
        return extras


class NewProductInput(ProductChangeInput):
    category = IdField(help_text="The id of the category that it stands in.")
    name = LineField(max_length=120)
    price = MoneyField(help_text="The price for `price_per` units, in the vendor's currency.")


class ProductRowInput(ProductFieldsInput):
    """One of many: named by its `id` or else by its `plu_code`, with what is to change."""

    id = IdField(required=False)


class ProductRowsInput(Input):
    products = serializers.ListField(
        child=ProductRowInput(), min_length=1, max_length=MOST_ROWS, help_text=f"At most {MOST_ROWS}."
    )


class ManagedExtraOutput(Output):
    id = serializers.IntegerField()
    name = serializers.CharField()
    plu_code = serializers.CharField(help_text=PLU)
    unit = serializers.ChoiceField(choices=Product.Unit.choices)
    price = MoneyField()
    charged = serializers.ChoiceField(choices=Charged.choices, help_text=CHARGED)
    max_quantity = serializers.IntegerField()
    allergens = AllergenCodesField()
    allergen_note = serializers.CharField()


class ManagedProductOutput(Output):
    """A product as its managers see it."""

    id = serializers.IntegerField()
    category = serializers.IntegerField(source="category_id", help_text="The id of the category that it stands in.")
    name = serializers.CharField()
    description = serializers.CharField()
    picture = serializers.SerializerMethodField(help_text="Its address on this site, or null.")
    plu_code = serializers.CharField(help_text=PLU)
    sku = serializers.CharField(help_text="The warehouse's code for it.")
    unit = serializers.ChoiceField(choices=Product.Unit.choices)
    is_digital = serializers.BooleanField(help_text="Sold as codes, which are imported in the back-office.")
    price = MoneyField(help_text="The price for `price_per` units.")
    price_per = serializers.ChoiceField(choices=Product.PricePer.choices)
    tax_rate = RateField(help_text="Percent, such as 6.00.")
    max_per_order = serializers.IntegerField(allow_null=True)
    is_available = serializers.BooleanField()
    unavailable_until = serializers.DateTimeField(allow_null=True, help_text=UNTIL)
    position = serializers.IntegerField(help_text="Its place: lower numbers come first.")
    station = serializers.IntegerField(
        source="station_id", allow_null=True, help_text="The id of the kitchen's station that makes it."
    )
    allergens = AllergenCodesField()
    allergen_note = serializers.CharField()
    stock = serializers.SerializerMethodField(help_text="How many are left; null if they are not counted.")
    option_groups = serializers.SerializerMethodField(help_text="The ids of its option groups, in order.")
    extras = serializers.SerializerMethodField()
    ingredients = serializers.SerializerMethodField(help_text="The names of what can be left out, in order.")

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_picture(self, product: Product) -> str | None:
        return default_storage.url(product.picture.name) if product.picture else None

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_stock(self, product: Product) -> int | None:
        return stock_left(product)

    @extend_schema_field(serializers.ListField(child=serializers.IntegerField()))
    def get_option_groups(self, product: Product) -> list[int]:
        return [link.group_id for link in product.group_links.all()]

    @extend_schema_field(ManagedExtraOutput(many=True))
    def get_extras(self, product: Product) -> list[Any]:
        return [render(ManagedExtraOutput, extra) for extra in product.extras.all()]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_ingredients(self, product: Product) -> list[str]:
        return [row.name for row in product.ingredients.all()]


def stock_left(product: Product) -> int | None:
    stock = getattr(product, "stock", None)
    return stock.quantity if stock else None


class ProductOutcomeOutput(serializers.Serializer):
    """What a row came to."""

    id = serializers.IntegerField()
    plu_code = serializers.CharField(help_text=PLU)
    outcome = serializers.ChoiceField(
        choices=["added", "changed", "unchanged"], help_text="Whether the row made a product, changed one, or neither."
    )
    stock = serializers.IntegerField(
        allow_null=True, help_text="How many are left, where the row gave its stock or its change; else null."
    )


class ProductOutcomesOutput(serializers.Serializer):
    version = serializers.IntegerField(help_text="The menu's version, which is its ETag.")
    results = ProductOutcomeOutput(many=True)


# --- option groups --------------------------------------------------------------------------------------------------


class MenuOptionInput(Input):
    name = LineField(max_length=80)
    kind = serializers.ChoiceField(choices=Option.Kind.choices, required=False)
    plu_code = plu_field()
    price = MoneyField(required=False)
    half_price = MoneyField(required=False, allow_null=True, help_text="The price for one half; null: half the price.")
    charged = serializers.ChoiceField(choices=Charged.choices, required=False, help_text=CHARGED)
    max_quantity = StrictIntegerField(min_value=1, max_value=MOST_PLACE, required=False)
    preselected = serializers.BooleanField(required=False)
    is_available = serializers.BooleanField(required=False)
    unavailable_until = EndField(allow_null=True, required=False, help_text=UNTIL)
    position = position_field()
    allergens = AllergenCodesField(required=False)
    allergen_note = LineField(max_length=ALLERGEN_NOTE_LENGTH, allow_blank=True, required=False)


class OptionGroupChangeInput(Input):
    name = LineField(max_length=80)
    minimum = StrictIntegerField(
        min_value=0, max_value=MOST_PLACE, required=False, help_text="How many options in all."
    )
    maximum = StrictIntegerField(
        min_value=0, max_value=MOST_PLACE, required=False, help_text="How many options in all."
    )
    allows_quantity = serializers.BooleanField(required=False)
    allows_halves = serializers.BooleanField(required=False)
    condition = IdField(
        required=False, allow_null=True, help_text="The option of another group that brings this one up."
    )


class OptionGroupInput(OptionGroupChangeInput):
    """A group with its options."""

    options = serializers.ListField(child=MenuOptionInput(), max_length=MOST_NEW_OPTIONS, required=False)


class ManagedOptionOutput(Output):
    id = serializers.IntegerField()
    group = serializers.IntegerField(source="group_id", help_text="The id of its option group.")
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Option.Kind.choices)
    plu_code = serializers.CharField(help_text=PLU)
    price = MoneyField()
    half_price = MoneyField(allow_null=True, help_text="The price for one half; null: half the price.")
    charged = serializers.ChoiceField(choices=Charged.choices, help_text=CHARGED)
    max_quantity = serializers.IntegerField()
    preselected = serializers.BooleanField()
    is_available = serializers.BooleanField()
    unavailable_until = serializers.DateTimeField(allow_null=True, help_text=UNTIL)
    position = serializers.IntegerField(help_text="Its place: lower numbers come first.")
    allergens = AllergenCodesField()
    allergen_note = serializers.CharField()


class ManagedGroupOutput(Output):
    id = serializers.IntegerField()
    name = serializers.CharField()
    minimum = serializers.IntegerField(help_text=CHOICES)
    maximum = serializers.IntegerField(help_text=CHOICES)
    allows_quantity = serializers.BooleanField()
    allows_halves = serializers.BooleanField()
    condition = serializers.IntegerField(
        source="condition_id", allow_null=True, help_text="The option of another group that brings this one up."
    )
    options = serializers.SerializerMethodField()

    @extend_schema_field(ManagedOptionOutput(many=True))
    def get_options(self, group: OptionGroup) -> list[Any]:
        return [render(ManagedOptionOutput, option) for option in group.options.all()]


# --- hours ----------------------------------------------------------------------------------------------------------


class HoursRowInput(Input):
    """A span of a weekday, or of one date; or that a date is closed."""

    weekday = StrictIntegerField(min_value=0, max_value=6, allow_null=True, default=None, help_text="0 is Monday.")
    date = serializers.DateField(
        allow_null=True, default=None, help_text="On this date these hours replace those of the weekday."
    )
    closed = serializers.BooleanField(default=False, help_text="The whole date is closed.")
    opens = serializers.TimeField(allow_null=True, default=None, input_formats=WHOLE_MINUTES)
    closes = serializers.TimeField(allow_null=True, default=None, input_formats=WHOLE_MINUTES)
    delivery_type = serializers.ChoiceField(
        choices=FULFILMENTS,
        allow_blank=True,
        default="",
        source="fulfilment",
        help_text="The delivery type for which these hours hold; empty for all.",
    )
    slot_orders = StrictIntegerField(
        min_value=0,
        max_value=MOST_STOCK,
        allow_null=True,
        default=None,
        help_text="The most orders in a time slot; null: the vendor's own limit.",
    )
    slot_value = MoneyField(
        allow_null=True,
        default=None,
        help_text="The most that the orders of a time slot may be worth; null: the vendor's own limit.",
    )


class HoursInput(Input):
    hours = serializers.ListField(child=HoursRowInput(), max_length=MOST_SPANS)
    agree = LineField(
        max_length=40,
        required=False,
        help_text="What the refusal `harms_orders` told: the change is made though these orders suffer.",
    )


class ManagedHoursRowOutput(HoursOutput):
    slot_orders = serializers.IntegerField(
        allow_null=True, help_text="The most orders in a time slot; null: the vendor's own limit."
    )
    slot_value = serializers.SerializerMethodField(
        help_text="The most that the orders of a time slot may be worth; null: the vendor's own limit."
    )

    @extend_schema_field(MoneyField(allow_null=True))
    def get_slot_value(self, row: OpeningHours) -> dict[str, str] | None:
        return None if row.slot_value is None else as_json(row.slot_value, row.vendor.currency)


class ManagedHoursOutput(serializers.Serializer):
    version = serializers.IntegerField(help_text="The menu's version, which is its ETag.")
    hours = ManagedHoursRowOutput(many=True)


class HoursReplacedOutput(ManagedHoursOutput):
    cannot_serve = UnservedOrderOutput(
        many=True, help_text="Open orders that cannot be served with the vendor's present settings; 100 at most."
    )
