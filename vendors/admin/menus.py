"""Menus: categories, products with all their parts, option groups with their options."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from ordersite.backoffice.amounts import AmountsInline
from ordersite.backoffice.comparing import ComparingInline
from ordersite.core.money import to_text
from vendors.admin.bases import CLEAN_PICTURES, MenuAdmin, SettledFormSet
from vendors.admin.scoping import ScopedInline
from vendors.models import (
    Category,
    Extra,
    Ingredient,
    Option,
    OptionGroup,
    Product,
    ProductOptionGroup,
    Station,
    Stock,
)


class StationForm(forms.ModelForm):
    """Who makes it: one of the vendor's own stations."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "station" in self.fields:
            choice: Any = self.fields["station"]
            choice.queryset = Station.objects.filter(vendor=self.instance.vendor_id)


@admin.register(Category)
class CategoryAdmin(MenuAdmin):
    form = StationForm
    list_display = ["name", "vendor", "position"]
    list_select_related = ["vendor"]
    list_filter = [("vendor", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "vendor__name"]
    autocomplete_fields = ["vendor"]


class IngredientInline(ComparingInline):
    model = Ingredient
    extra = 0


class ExtraInline(AmountsInline):
    model = Extra
    extra = 0


class StockInline(ComparingInline):
    """Without a row the product is not counted."""

    model = Stock
    extra = 0


class GroupFormSet(SettledFormSet):
    settled = ("group",)

    def clean(self) -> None:
        super().clean()
        for form in self.forms:
            group = getattr(form, "cleaned_data", {}).get("group")
            if group and group.vendor_id != self.instance.vendor_id:
                raise ValidationError(f"The group {group} belongs to another vendor: choose one of this vendor's.")


class GroupInline(ScopedInline, ComparingInline):
    model = ProductOptionGroup
    formset = GroupFormSet
    autocomplete_fields = ["group"]
    extra = 0
    verbose_name = "option group"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProductOptionGroup]:
        return super().get_queryset(request).select_related("group")


class ProductForm(StationForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        category = cleaned.get("category")
        vendor = cleaned.get("vendor")
        vendor_id = vendor.pk if vendor else self.instance.vendor_id
        if category and vendor_id and category.vendor_id != vendor_id:
            self.add_error("category", "This category belongs to another vendor: choose one of this vendor's.")
        return cleaned


@admin.register(Product)
class ProductAdmin(MenuAdmin):
    form = ProductForm
    formfield_overrides = CLEAN_PICTURES
    list_display = ["name", "vendor", "category", "priced", "is_available", "left", "plu_code"]
    list_select_related = ["vendor", "category", "stock"]
    list_filter = ["is_available", ("vendor", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "plu_code", "vendor__name"]
    autocomplete_fields = ["vendor", "category"]
    readonly_fields = ["unavailable_until"]
    inlines = [GroupInline, IngredientInline, ExtraInline, StockInline]
    fieldsets = [
        (None, {"fields": ["vendor", "category", "name", "description", "picture", "position"]}),
        (
            "Selling",
            {"fields": ["price", "price_per", "unit", "tax_rate", "max_per_order", "plu_code", "sku"]},
        ),
        ("On the menu", {"fields": ["is_available", "unavailable_until"]}),
        ("In the kitchen", {"fields": ["station"]}),
        ("Codes", {"fields": ["is_digital", "low_codes"]}),
    ]

    @admin.display(description="price", ordering="price")
    def priced(self, product: Product) -> str:
        per = f" / {product.price_per} {product.unit}" if product.price_per > 1 else ""
        return f"{to_text(product.price, product.currency)} {product.currency}{per}"

    @admin.display(description="stock", ordering="stock__quantity", empty_value="not counted")
    def left(self, product: Product) -> int | None:
        stock: Stock | None = getattr(product, "stock", None)
        return stock.quantity if stock else None


class OptionInline(AmountsInline):
    model = Option
    readonly_fields = ["unavailable_until"]
    extra = 0


class ConditionField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.group.name}: {obj.name}"


class OptionGroupForm(forms.ModelForm):
    """A group comes up where an option of another group of the same vendor is chosen."""

    condition = ConditionField(
        queryset=Option.objects.none(),
        required=False,
        help_text="Shown, and required, only where this option is chosen. Save a new group first.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "condition" in self.fields:
            others = Option.objects.filter(group__vendor=self.instance.vendor_id).exclude(group=self.instance)
            choice: Any = self.fields["condition"]
            choice.queryset = others.select_related("group").order_by("group__name", "position", "id")


@admin.register(OptionGroup)
class OptionGroupAdmin(MenuAdmin):
    form = OptionGroupForm
    list_display = ["name", "vendor", "minimum", "maximum", "allows_quantity", "allows_halves", "condition"]
    list_select_related = ["vendor", "condition"]
    list_filter = [("vendor", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "vendor__name"]
    autocomplete_fields = ["vendor"]
    inlines = [OptionInline]
