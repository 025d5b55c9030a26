"""Menus: categories, products with all their parts, option groups with their options."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from ordersite.backoffice.amounts import AmountsInline
from ordersite.backoffice.comparing import ComparingInline
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Fault
from ordersite.core.fields import Field
from ordersite.core.money import to_text
from ordersite.core.wording import NATIVE
from vendors.admin.bases import CLEAN_PICTURES, MenuAdmin, SettledFormSet
from vendors.admin.menu_pages import MenuPages
from vendors.admin.row_buttons import SOLD_OUT, RowButtonsAdmin, group_sale_buttons, sale_buttons
from vendors.admin.scoping import ScopedInline
from vendors.allergens import ALLERGENS, NONE, allergens_text
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
from vendors.services.till_codes import standing_codes, taken_codes
from vendors.services.vendors import hold_vendor


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
    kept_instead = "Choose another category for them first."
    list_select_related = ["vendor"]
    list_filter = [("vendor", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "vendor__name"]
    autocomplete_fields = ["vendor"]


class AllergensFormField(forms.MultipleChoiceField):
    """Codes as a column holds them, or that there are none, chosen by checkboxes; nothing chosen is nothing told."""

    widget = forms.CheckboxSelectMultiple(attrs={"class": "allergens"})

    def __init__(self, **kwargs: Any) -> None:
        choices = [*ALLERGENS.items(), (NONE, "None of these")]
        super().__init__(choices=choices, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value.split() if isinstance(value, str) else value

    def clean(self, value: Any) -> str:
        try:
            return allergens_text(super().clean(value))
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class AllergensForm(forms.ModelForm):
    allergens = AllergensFormField()


class IngredientInline(ComparingInline):
    model = Ingredient
    extra = 0


class ExtraInline(AmountsInline):
    model = Extra
    form = AllergensForm
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


class ProductForm(StationForm, AllergensForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        category = cleaned.get("category")
        vendor = cleaned.get("vendor")
        vendor_id = vendor.pk if vendor else self.instance.vendor_id
        if category and vendor_id and category.vendor_id != vendor_id:
            self.add_error("category", "This category belongs to another vendor: choose one of this vendor's.")
        code = cleaned.get("plu_code")
        if code and vendor_id and "plu_code" in self.changed_data:
            # Of two who add it at once the second sees the first one's.
            hold_vendor(vendor_id)
            if taken_codes([(self.instance.pk, code)], standing_codes(vendor_id, [code])):
                self.add_error("plu_code", NATIVE.sentence(Fault(FaultCode.TAKEN_PLU_CODE, Field.PLU_CODE)))
        return cleaned


@admin.register(Product)
class ProductAdmin(MenuPages, RowButtonsAdmin, MenuAdmin):
    form = ProductForm
    row_acts = SOLD_OUT
    button_columns = ("sold_out",)
    kept_instead = "Untick “Is available” on its page instead."
    formfield_overrides = CLEAN_PICTURES
    list_display = ["name", "sold_out", "vendor", "category", "priced", "left", "is_available", "plu_code"]
    list_select_related = ["vendor", "category", "stock"]
    list_filter = ["is_available", ("vendor", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "plu_code", "vendor__name"]
    autocomplete_fields = ["vendor", "category"]
    readonly_fields = ["unavailable_until_in_words"]
    inlines = [GroupInline, IngredientInline, ExtraInline, StockInline]
    fieldsets = [
        (None, {"fields": ["vendor", "category", "name", "description", "picture", "position"]}),
        (
            "Selling",
            {"fields": ["price", "price_per", "unit", "tax_rate", "max_per_order", "plu_code", "sku"]},
        ),
        ("On the menu", {"fields": ["is_available", "unavailable_until"]}),
        ("For people with allergies", {"fields": ["allergens", "allergen_note"]}),
        ("In the kitchen", {"fields": ["station"]}),
        ("Codes", {"fields": ["is_digital", "low_codes"]}),
    ]

    @admin.display(description="price", ordering="price")
    def priced(self, product: Product) -> str:
        per = f" / {product.price_per} {product.unit}" if product.price_per > 1 else ""
        return f"{to_text(product.price, product.currency)} {product.currency}{per}"

    @admin.display(description="sold out")
    def sold_out(self, product: Product) -> str:
        return sale_buttons(product)

    @admin.display(description="stock", ordering="stock__quantity", empty_value="not counted")
    def left(self, product: Product) -> int | None:
        stock: Stock | None = getattr(product, "stock", None)
        return stock.quantity if stock else None


class OptionInline(AmountsInline):
    model = Option
    form = AllergensForm
    exclude = ["unavailable_until"]
    readonly_fields = ["unavailable_until_in_words"]
    extra = 0


@admin.register(Option)
class OptionAdmin(RowButtonsAdmin, MenuAdmin):
    """All options in one list, to take them off and put them back; they are added on the page of their group."""

    vendor_path = "group__vendor"
    belongs_to = "group"
    kept_instead = "Take it out of the conditions of these groups first."
    form = AllergensForm
    row_acts = SOLD_OUT
    button_columns = ("sold_out",)
    list_display = ["name", "sold_out", "group", "of_vendor", "price", "is_available"]
    list_select_related = ["group__vendor"]
    list_filter = ["is_available", ("group__vendor", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "group__name", "group__vendor__name"]
    exclude = ["unavailable_until"]
    readonly_fields = ["unavailable_until_in_words"]

    @admin.display(description="sold out")
    def sold_out(self, option: Option) -> str:
        return sale_buttons(option)

    @admin.display(description="vendor", ordering="group__vendor")
    def of_vendor(self, option: Option) -> str:
        return str(option.vendor)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Option]:
        return super().get_queryset(request).select_related("group__vendor")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


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
class OptionGroupAdmin(RowButtonsAdmin, MenuAdmin):
    form = OptionGroupForm
    row_acts = SOLD_OUT
    button_columns = ("sold_out",)
    list_display = ["name", "sold_out", "vendor", "minimum", "maximum", "allows_quantity", "allows_halves", "condition"]
    list_select_related = ["vendor", "condition"]
    list_filter = [("vendor", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "vendor__name"]
    autocomplete_fields = ["vendor"]
    inlines = [OptionInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OptionGroup]:
        return super().get_queryset(request).prefetch_related("options")

    @admin.display(description="sold out")
    def sold_out(self, group: OptionGroup) -> str:
        return group_sale_buttons(group)
