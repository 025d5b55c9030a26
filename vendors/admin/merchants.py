"""Merchants with their members, and vendors with their hours and zones."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Model, QuerySet, TextField
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from ordersite.accounts.scoping import EverywhereAdmin, acts_everywhere
from ordersite.backoffice.amounts import AmountsAdmin
from ordersite.backoffice.asking import AskingAdmin
from ordersite.backoffice.comparing import ComparingAdmin, ComparingInline
from vendors.admin.bases import CLEAN_PICTURES, UserFormSet, announce_and_warn, changed_rows, gives
from vendors.admin.drawing import ZoneForm, ZoneFormSet, ZonesInline, overlaps_in_words
from vendors.admin.row_buttons import TODAY, RowButtonsAdmin, pause_buttons, rush_buttons
from vendors.admin.scoping import ScopedAdmin
from vendors.admin.week import OpeningForm, OpeningFormSet, WeekInline
from vendors.models import (
    FULFILMENTS,
    DeliveryZone,
    LateThreshold,
    Member,
    Merchant,
    OpeningHours,
    Station,
    Vendor,
    VendorType,
)
from vendors.payment_methods import METHOD_NAMES
from vendors.permissions import MEMBERS
from vendors.services.announcing import DeliveryBefore
from vendors.services.menus import read_zones
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import FARTHEST_END

# What the platform and a vendor have agreed on: its own people read it.
AGREED = ["merchant", "type", "is_active", "companies", "currency", "time_zone", "payment_methods", "transfers_to"]
AGREED += ["prices_include_tax", "fee_tax_rate", "service_fee", "service_fee_rate", "commission_rate"]
AGREED += ["pay_minutes", "transfer_minutes", "code_minutes", "settle_minutes", "settled_completes", "proof"]


class MemberFormSet(UserFormSet):
    """Some vendors means some of this merchant's, which are read once for all rows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.vendors = list(Vendor.objects.filter(merchant=self.instance)) if self.instance.pk else []

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        field = form.fields["vendors"]
        field.queryset = Vendor.objects.filter(merchant=self.instance) if self.instance.pk else Vendor.objects.none()
        field.choices = [(vendor.pk, vendor.name) for vendor in self.vendors]


class MemberInline(ComparingInline):
    model = Member
    formset = MemberFormSet
    fields = ["user", "role", "all_vendors", "vendors"]
    autocomplete_fields = ["user"]
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A membership gives rights: to somebody from now on, or by its role and vendors."""
        return gives(request, MEMBERS) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return gives(request, MEMBERS) and super().has_change_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        return super().get_queryset(request).select_related("user", "merchant").prefetch_related("vendors")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(db_field, request, widget=forms.CheckboxSelectMultiple, **kwargs)


@admin.register(Merchant)
class MerchantAdmin(EverywhereAdmin, ComparingAdmin):
    """A business, and who works for it."""

    list_display = ["name", "vendor_count", "created_at"]
    search_fields = ["name"]
    fields = ["name", "legal_name", "legal_address", "vat_number", "uuid", "created_at"]
    readonly_fields = ["uuid", "created_at"]
    formfield_overrides = {TextField: {"widget": forms.Textarea(attrs={"rows": 4, "cols": 40})}}
    inlines = [MemberInline]
    kept_instead = "Untick “Is active” on the pages of its vendors instead."

    def get_queryset(self, request: HttpRequest) -> QuerySet[Merchant]:
        return super().get_queryset(request).annotate(vendor_count=Count("vendors"))

    @admin.display(description="vendors", ordering="vendor_count")
    def vendor_count(self, merchant: Any) -> int:
        return int(merchant.vendor_count)


@admin.register(VendorType)
class VendorTypeAdmin(EverywhereAdmin, ComparingAdmin):
    kept_instead = "Choose another type for them first."
    list_display = ["name"]
    search_fields = ["name"]


class OpeningHoursInline(WeekInline):
    model = OpeningHours
    form = OpeningForm
    formset = OpeningFormSet


class DeliveryZoneInline(ZonesInline):
    model = DeliveryZone
    form = ZoneForm
    formset = ZoneFormSet


class StationInline(ComparingInline):
    """What a station makes, its categories and products say."""

    model = Station
    extra = 0


class LateThresholdInline(ComparingInline):
    """For a delivery type without a row the usual minutes count."""

    model = LateThreshold
    extra = 0
    verbose_name = "late colour"


class VendorForm(forms.ModelForm):
    """Lists as checkboxes, not as JSON."""

    fulfilments = forms.MultipleChoiceField(
        choices=[(name, name.replace("_", " ")) for name in FULFILMENTS], widget=forms.CheckboxSelectMultiple
    )
    payment_methods = forms.MultipleChoiceField(
        choices=[(name, name) for name in METHOD_NAMES], widget=forms.CheckboxSelectMultiple
    )

    def clean_rush_until(self) -> datetime | None:
        """As by the API, where it is changed: to come, and at most a year ahead."""
        at: datetime | None = self.cleaned_data["rush_until"]
        stands = self.instance.rush_until
        if at is None or (stands is not None and at == stands.replace(microsecond=0)):  # as the page shows it
            return at
        now = timezone.now()
        if at <= now:
            raise forms.ValidationError("This time has passed: choose a later one, or set the rush minutes to 0.")
        if at > now + FARTHEST_END:
            raise forms.ValidationError("This is more than a year ahead: choose an earlier time, or none.")
        return at


# The rows of a vendor's page on which orders depend, as a change of them is announced.
ROWS = {OpeningHours: "opening_hours", DeliveryZone: "delivery_zones"}
GUESTS: Any = ("Guests", {"fields": ["guest_limit"]})


def what_they_make(formset: Any) -> list[str]:
    """A sentence for each station that is to be deleted and makes something."""
    lines = []
    for form in formset.deleted_forms:
        station: Station = form.instance
        made = [words for words in ("categories", "products") if getattr(station, words).exists()]
        if made:
            lines.append(f"The station {station} makes {' and '.join(made)}: every station would show them.")
    return lines


@admin.register(Vendor)
class VendorAdmin(RowButtonsAdmin, ScopedAdmin, AskingAdmin, AmountsAdmin):
    """One place: what it offers, what it charges, and what it does by itself."""

    vendor_path = "pk"
    form = VendorForm
    formfield_overrides = CLEAN_PICTURES
    list_display = ["name", "pause", "rush", "menu", "is_active", "merchant", "type", "city", "currency"]
    row_acts = TODAY
    button_columns = ("pause", "rush", "menu")
    list_select_related = ["merchant", "type"]
    list_filter = ["is_active", ("type", admin.RelatedOnlyFieldListFilter), "currency"]
    search_fields = ["name", "city", "merchant__name"]
    autocomplete_fields = ["merchant", "type", "companies"]
    readonly_fields = ["uuid", "created_at_in_words", "menu_version"]
    volatile = ["menu_version"]
    kept_instead = "Untick “Is active” on its page instead."
    inlines = [OpeningHoursInline, DeliveryZoneInline, LateThresholdInline, StationInline]
    fieldsets = [
        (None, {"fields": ["merchant", "type", "name", "description", "picture", "is_active"]}),
        (
            "Where",
            {
                "fields": [
                    "address",
                    "postal_code",
                    "city",
                    "country",
                    "lat",
                    "lng",
                    "time_zone",
                    "day_begins_at",
                    "phone",
                    "email",
                ]
            },
        ),
        ("What it offers", {"fields": ["fulfilments", "payment_methods", "transfers_to", "companies", "proof"]}),
        (
            "Money",
            {
                "fields": [
                    "currency",
                    "prices_include_tax",
                    "fee_tax_rate",
                    "service_fee",
                    "service_fee_rate",
                    "commission_rate",
                ]
            },
        ),
        GUESTS,
        ("Today", {"fields": ["paused_until", "rush_minutes", "rush_until"]}),
        ("Times", {"fields": ["preparation_minutes", "preorder_minutes", "preorder_days"]}),
        ("Time slots", {"fields": ["slot_minutes", "slot_orders", "slot_value"]}),
        (
            "By itself",
            {
                "fields": [
                    "auto_accept",
                    "auto_search",
                    "confirm_accepts",
                    "accept_minutes",
                    "remind_minutes",
                    "search_minutes",
                    "company_minutes",
                    "driver_left_minutes",
                    "decide_minutes",
                    "retry_minutes",
                    "waiting_minutes",
                    "collect_minutes",
                    "served_minutes",
                    "pay_minutes",
                    "transfer_minutes",
                    "code_minutes",
                    "settle_minutes",
                    "settled_completes",
                ]
            },
        ),
        ("Printing and mails", {"fields": ["language", "prints_tickets", "ticket_columns"]}),
        (
            "When nobody looks",
            {"fields": ["unseen_seconds", "pause_after_orders", "pause_minutes"]},
        ),
        (
            "Looking for a driver",
            {"fields": ["dispatch", "dispatch_drivers", "driver_answer_seconds", "skip_minutes", "driver_orders"]},
        ),
        (
            "By position",
            {
                "description": "What follows from where drivers, and customers who collect, report to be.",
                "fields": [
                    "driver_near_business_metres",
                    "driver_at_business_metres",
                    "driver_leaves_business_metres",
                    "driver_near_customer_metres",
                    "customer_near_business_metres",
                    "customer_at_business_metres",
                ],
            },
        ),
        ("Taking back", {"fields": ["undo_minutes", "cancel_until"]}),
        (
            "What it costs",
            {
                "description": "Of what was paid without the tip: 100 % is all of it.",
                "fields": ["cancel_fee_accepted", "cancel_fee_preparing", "cancel_fee_prepared", "no_show_fee"],
            },
        ),
        ("Kept by the system", {"classes": ["collapse"], "fields": ["uuid", "created_at", "menu_version"]}),
    ]

    @admin.display(description="menu")
    def menu(self, vendor: Vendor) -> str:
        return format_html(
            '<a href="{}">Menu<span class="visually-hidden"> of {}</span></a>',
            reverse("admin:vendors_menu_sort", args=[vendor.pk]),
            vendor,
        )

    @admin.display(description="pause", ordering="paused_until")
    def pause(self, vendor: Vendor) -> str:
        return pause_buttons(vendor)

    @admin.display(description="rush, for 1 h", ordering="rush_minutes")
    def rush(self, vendor: Vendor) -> str:
        return rush_buttons(vendor)

    def get_readonly_fields(self, request: HttpRequest, obj: Vendor | None = None) -> list[str]:
        agreed = [] if acts_everywhere(request) else self.worded(AGREED)
        return [*super().get_readonly_fields(request, obj), *agreed]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return acts_everywhere(request) and super().has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Vendor | None = None) -> bool:
        return acts_everywhere(request) and super().has_delete_permission(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Of a new vendor no limit for guests is asked: it begins with that of its currency, if any (Vendor.save)."""
        return [part for part in super().get_fieldsets(request, obj) if obj is not None or part != GUESTS]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        lat, lng = (form.initial.get(name) for name in ("lat", "lng"))
        before = DeliveryBefore(read_zones(form.instance.pk), lat, lng) if change else None
        made = [line for formset in formsets if formset.model is Station for line in what_they_make(formset)]
        super().save_related(request, form, formsets, change)
        if not change:
            refresh_offer_flags(form.instance.pk)
        rows = {ROWS[formset.model] for formset in formsets if formset.model in ROWS and changed_rows(formset)}
        announce_and_warn(request, form.instance.pk, {*form.changed_data, *rows}, made, before)
        if "delivery_zones" in rows:
            for words in overlaps_in_words(form.instance):
                messages.info(request, words)
