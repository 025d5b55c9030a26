"""What the catalogue's calls read and answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ordersite.core.money import as_json
from ordersite.web.serializers import Input, LocationField, MoneyField, StrictIntegerField
from vendors.allergens import ALLERGENS
from vendors.models import FULFILMENTS, Charged, DeliveryZone, Option, Product, Vendor
from vendors.payment_methods import METHOD_NAMES
from vendors.services.openings import next_takes_orders, takes_orders
from vendors.services.vendors import FARTHEST_END

MOST_RUSH_MINUTES = 600


class EndField(serializers.DateTimeField):
    """When something ends by itself that may also last until it is changed: to come, and at most a year ahead."""

    default_error_messages = {
        "past": "This time has passed: send a later one, or null.",
        "too_far": "This is more than a year ahead: send an earlier time, or null.",
    }

    def to_internal_value(self, value: Any) -> Any:
        at: datetime = super().to_internal_value(value)
        now = timezone.now()
        if at <= now:
            self.fail("past")
        if at > now + FARTHEST_END:
            self.fail("too_far")
        return at


class VendorInput(Input):
    paused_until = serializers.DateTimeField(
        allow_null=True, help_text="The vendor takes no orders until then; null if it does."
    )
    rush_minutes = StrictIntegerField(
        min_value=0, max_value=MOST_RUSH_MINUTES, help_text="Extra preparation minutes while the vendor is busy."
    )
    rush_until = EndField(
        allow_null=True,
        help_text="When the extra minutes end, at most a year ahead; null if they last until they are changed.",
        error_messages={"past": "This time has passed: send a later one, or rush_minutes 0 to end rush mode."},
    )

    def validate_paused_until(self, paused_until: datetime | None) -> datetime | None:
        """Without a bound: a pause has no other way to last."""
        if paused_until is not None and paused_until <= timezone.now():
            raise serializers.ValidationError("This time has passed: send a later one, or null to go on.", "past")
        return paused_until


class VendorTypeOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class HoursOutput(serializers.Serializer):
    """A span of opening; one that closes at or before it opens ends on the next day."""

    weekday = serializers.IntegerField(allow_null=True, min_value=0, max_value=6, help_text="0 is Monday.")
    date = serializers.DateField(allow_null=True, help_text="On this date these hours replace those of the weekday.")
    closed = serializers.BooleanField()
    opens = serializers.TimeField(allow_null=True, format="%H:%M")
    closes = serializers.TimeField(allow_null=True, format="%H:%M")
    delivery_type = serializers.CharField(
        source="fulfilment", help_text="The delivery types for which these hours hold; empty for all."
    )


@extend_schema_field(
    {
        "type": "array",
        "nullable": True,
        "items": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    }
)
class PolygonField(serializers.ReadOnlyField):
    """[[lat, lng], …]."""


class ZoneOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    radius = serializers.IntegerField(allow_null=True, help_text="Metres around the vendor.")
    polygon = PolygonField()
    fee = serializers.SerializerMethodField()
    minimum = serializers.SerializerMethodField(help_text="The minimum for the items together.")
    free_from = serializers.SerializerMethodField(help_text="Delivery is free from this total of the items on.")

    @extend_schema_field(MoneyField())
    def get_fee(self, zone: DeliveryZone) -> dict[str, str]:
        return as_json(zone.fee, zone.vendor.currency)

    @extend_schema_field(MoneyField())
    def get_minimum(self, zone: DeliveryZone) -> dict[str, str]:
        return as_json(zone.minimum, zone.vendor.currency)

    @extend_schema_field(MoneyField(allow_null=True))
    def get_free_from(self, zone: DeliveryZone) -> dict[str, str] | None:
        return None if zone.free_from is None else as_json(zone.free_from, zone.vendor.currency)


class VendorSummaryOutput(serializers.Serializer):
    """A vendor as the list shows it."""

    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    picture = serializers.SerializerMethodField(help_text="Its address on this site, or null.")
    type = VendorTypeOutput()
    currency = serializers.CharField()
    time_zone = serializers.CharField()
    phone = serializers.CharField()
    address = serializers.CharField()
    postal_code = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField()
    location = LocationField()
    delivery_types = serializers.ListField(child=serializers.ChoiceField(choices=FULFILMENTS), source="fulfilments")
    payment_methods = serializers.ListField(child=serializers.ChoiceField(choices=METHOD_NAMES))
    prices_include_tax = serializers.BooleanField()
    preparation_minutes = serializers.IntegerField(help_text="The usual preparation time.")
    rush_minutes = serializers.SerializerMethodField(help_text="Extra minutes in rush mode; 0 outside it.")
    rush_until = serializers.SerializerMethodField(help_text="When rush mode ends.")
    current_preparation_minutes = serializers.SerializerMethodField(
        help_text="The preparation time now: both together."
    )
    paused_until = serializers.DateTimeField(allow_null=True)
    is_open = serializers.SerializerMethodField(help_text="By delivery type: open now, and not paused.")

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_picture(self, vendor: Vendor) -> str | None:
        return vendor.picture.url if vendor.picture else None

    def get_rush_minutes(self, vendor: Vendor) -> int:
        return vendor.rush_minutes if vendor.rush_lasts(timezone.now()) else 0

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_rush_until(self, vendor: Vendor) -> str | None:
        if vendor.rush_until is None or not vendor.rush_lasts(timezone.now()):
            return None
        return str(serializers.DateTimeField().to_representation(vendor.rush_until))

    def get_current_preparation_minutes(self, vendor: Vendor) -> int:
        return int(vendor.lead(timezone.now()).total_seconds()) // 60

    @extend_schema_field(serializers.DictField(child=serializers.BooleanField()))
    def get_is_open(self, vendor: Vendor) -> Mapping[str, bool]:
        return takes_orders(vendor, timezone.now())


class VendorOutput(VendorSummaryOutput):
    """All that is public of a vendor."""

    next_opening = serializers.SerializerMethodField(
        help_text="By delivery type: the next opening; null if there is none within eight days."
    )
    preorder_days = serializers.IntegerField(
        help_text="How many days ahead orders are taken, in the vendor's time zone: 0 is today only."
    )
    slot_minutes = serializers.IntegerField()
    hours = HoursOutput(many=True, source="opening_hours.all")
    zones = ZoneOutput(many=True, source="active_zones")

    @extend_schema_field(serializers.DictField(child=serializers.DateTimeField(allow_null=True)))
    def get_next_opening(self, vendor: Vendor) -> Mapping[str, Any]:
        field = serializers.DateTimeField()
        found = next_takes_orders(vendor, timezone.now().replace(microsecond=0))
        return {name: field.to_representation(at) if at else None for name, at in found.items()}


class UnservedOrderOutput(serializers.Serializer):
    id = serializers.IntegerField()
    number = serializers.IntegerField()
    delivery_type = serializers.ChoiceField(choices=[*FULFILMENTS, "digital"])
    deliver_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(help_text="switched_off, not_offered, closed or paused.")


class VendorChangedOutput(VendorOutput):
    """The vendor after a change."""

    cannot_serve = UnservedOrderOutput(
        many=True, help_text="Open orders that cannot be served with the vendor's present settings; 100 at most."
    )


class WithAllergens(serializers.Serializer):
    """What customers with allergies are told of a part of a menu."""

    allergens = serializers.ListField(
        child=serializers.ChoiceField(choices=list(ALLERGENS)),
        allow_null=True,
        help_text="Those of the fourteen that EU law names; empty: told to have none of them; null: nothing was told.",
    )
    allergen_note = serializers.CharField(help_text="What else matters to who has an allergy, such as traces.")


CHARGED = "For each unit, once a line, or auto: once a line where the product is sold in gr, kg or pers, else for each."


class MenuIngredientOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class MenuExtraOutput(WithAllergens):
    id = serializers.IntegerField()
    name = serializers.CharField()
    unit = serializers.ChoiceField(choices=Product.Unit.choices)
    price = MoneyField()
    charged = serializers.ChoiceField(choices=Charged.choices, help_text=CHARGED)
    max_quantity = serializers.IntegerField()


class MenuOptionOutput(WithAllergens):
    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(
        choices=Option.Kind.choices, help_text="text: the customer types a text for this option."
    )
    price = MoneyField()
    half_price = MoneyField(allow_null=True, help_text="The price for one half; null for half of the price.")
    charged = serializers.ChoiceField(choices=Charged.choices, help_text=CHARGED)
    max_quantity = serializers.IntegerField()
    preselected = serializers.BooleanField()
    is_available = serializers.BooleanField()


class MenuGroupOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    minimum = serializers.IntegerField(
        help_text="How many options in total, counting quantities; a half counts as half."
    )
    maximum = serializers.IntegerField(
        help_text="How many options in total, counting quantities; a half counts as half."
    )
    allows_quantity = serializers.BooleanField()
    allows_halves = serializers.BooleanField()
    condition = serializers.IntegerField(
        allow_null=True, help_text="The option that must be chosen for this group to be shown."
    )
    options = MenuOptionOutput(many=True)


class MenuProductOutput(WithAllergens):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    picture = serializers.CharField(allow_null=True)
    plu_code = serializers.CharField(help_text="The product's code at the till.")
    unit = serializers.ChoiceField(choices=Product.Unit.choices)
    price = MoneyField(help_text="The price for `price_per` units.")
    price_per = serializers.ChoiceField(choices=Product.PricePer.choices)
    tax_rate = serializers.CharField(help_text="Percent, such as 6.00.")
    max_per_order = serializers.IntegerField(allow_null=True)
    is_available = serializers.BooleanField()
    stock = serializers.IntegerField(allow_null=True, help_text="How many are left; null if stock is not counted.")
    option_groups = MenuGroupOutput(many=True)
    extras = MenuExtraOutput(many=True)
    ingredients = MenuIngredientOutput(many=True)


class MenuCategoryOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    products = MenuProductOutput(many=True)


class MenuOutput(serializers.Serializer):
    """A whole menu; rendered by `vendors.api.menus`, which is quicker than serializers nested five deep."""

    vendor = serializers.IntegerField()
    version = serializers.IntegerField(help_text="Increases with every change of the menu.")
    currency = serializers.CharField()
    prices_include_tax = serializers.BooleanField()
    categories = MenuCategoryOutput(many=True)
