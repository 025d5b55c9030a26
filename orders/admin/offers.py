"""Offers: discounts with a code, or given by themselves."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from orders.services.capacity.offer_terms import delete_offer, is_used, save_offer, switch_offer, uses_of
from ordersite.accounts.scoping import acts_everywhere
from ordersite.backoffice.amounts import AmountsAdmin
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Fault, Refusal
from ordersite.core.money import with_currency, with_percent
from ordersite.core.wording import NATIVE
from ordersite.web.problems import Problem, problem_of
from vendors.admin.scoping import ScopedAdmin
from vendors.models import Offer

# What an order was promised: as it is from the first order on.
TERMS = ["vendor", "kind", "rate", "amount", "most", "currency", "borne_by"]


class OfferForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        most = given.get("max_uses")
        if most and "max_uses" in self.changed_data and (uses := uses_of(self.instance)) > most:
            self.add_error("max_uses", NATIVE.sentence(Fault(FaultCode.BELOW_USES, uses=uses)))
        return given

    def add_error(self, field: str | None, error: Any) -> None:
        """What was typed and could not be read is not called missing besides."""
        if hasattr(error, "error_dict"):
            error = ValidationError({name: one for name, one in error.error_dict.items() if name not in self.errors})
        super().add_error(field, error)


@admin.register(Offer)
class OfferAdmin(ScopedAdmin, AmountsAdmin):
    """Written by the service; one that orders have is switched off, never deleted, and keeps its terms."""

    form = OfferForm
    list_display = [
        "name",
        "for_code",
        "where",
        "what",
        "starts_at",
        "ends_at",
        "used",
        "on_orders",
        "borne_by",
        "state",
    ]
    list_select_related = ["vendor"]
    list_filter = ["is_active", "kind", "borne_by", ("vendor", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name", "code", "vendor__name"]
    autocomplete_fields = ["vendor"]
    actions = ["switch_on", "switch_off"]
    readonly_fields = ["figures"]
    volatile = ["uses"]
    kept_instead = "Untick “Is active” on its page instead."
    fieldsets = [
        (None, {"fields": ["name", "code", "vendor", "is_active", "figures"]}),
        ("What it takes off", {"fields": ["kind", "rate", "currency", "amount", "most", "borne_by"]}),
        ("When it holds", {"fields": ["minimum", "starts_at", "ends_at", "max_uses", "max_uses_per_customer"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offer]:
        """With how many orders have each now, and whether any ever had; counted for the rows of the page alone."""
        same = Offer.objects.filter(pk=OuterRef("pk"), order_uses__isnull=False).order_by()
        held = same.filter(order_uses__is_held=True).values("pk").annotate(held=Count("order_uses")).values("held")
        return super().get_queryset(request).annotate(held=Coalesce(Subquery(held), 0), was_used=Exists(same))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), *(self.worded(TERMS) if obj and obj.was_used else [])]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and self.may_grant(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Asked for an offer of these pages, and for those that would go with a vendor."""
        if not (super().has_delete_permission(request, obj) and self.may_grant(request, obj)):
            return False
        return obj is None or not (obj.was_used if hasattr(obj, "was_used") else is_used(obj))

    def may_grant(self, request: HttpRequest, obj: Offer | None) -> bool:
        """Only who acts everywhere gives what the platform bears."""
        return obj is None or obj.borne_by != Offer.BorneBy.PLATFORM or acts_everywhere(request)

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field: Any = super().formfield_for_choice_field(db_field, request, **kwargs)
        if db_field.name == "borne_by" and not acts_everywhere(request):
            field.choices = [one for one in field.choices if one[0] != Offer.BorneBy.PLATFORM]
        return field

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Not Django's own deleting: its page would read every order that has one of the offers."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A refusal of the service (the first order had it in the same moment) is a message."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Refusal, ValidationError) as refused:
            return self.refused(request, problem_of(refused))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except (Refusal, ValidationError) as refused:
            return self.refused(request, problem_of(refused))

    def refused(self, request: HttpRequest, problem: Problem) -> HttpResponse:
        messages.error(request, problem.errors[0]["detail"] if problem.errors else problem.detail)
        return HttpResponseRedirect(request.path)

    def save_model(self, request: HttpRequest, obj: Offer, form: Any, change: bool) -> None:
        save_offer(offer=obj)

    def delete_model(self, request: HttpRequest, obj: Offer) -> None:
        delete_offer(offer_id=obj.pk)

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Offer]) -> None:
        self.switch(request, queryset, on=True)

    @admin.action(description="Switch off", permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Offer]) -> None:
        self.switch(request, queryset, on=False)

    def switch(self, request: HttpRequest, queryset: QuerySet[Offer], *, on: bool) -> None:
        with transaction.atomic():
            if not acts_everywhere(request):
                queryset = queryset.exclude(borne_by=Offer.BorneBy.PLATFORM)
            offer_ids = list(queryset.order_by("pk").values_list("pk", flat=True))
            for offer_id in offer_ids:
                switch_offer(offer_id=offer_id, on=on)
        self.message_user(request, f"{len(offer_ids)} switched {'on' if on else 'off'}.")

    @admin.display(description="code", ordering="code")
    def for_code(self, offer: Offer) -> str:
        return offer.code or "given by itself"

    @admin.display(description="vendor", ordering="vendor__name")
    def where(self, offer: Offer) -> str:
        return str(offer.vendor) if offer.vendor else "all"

    @admin.display(description="takes off")
    def what(self, offer: Offer) -> str:
        if offer.kind == Offer.Kind.FREE_DELIVERY:
            off = "the delivery fee"
        elif offer.kind == Offer.Kind.AMOUNT:
            off = with_currency(offer.amount or 0, offer.currency)
        else:
            off = with_percent(offer.rate)
        return off if offer.most is None else f"{off}, at most {with_currency(offer.most, offer.currency)}"

    @admin.display(description="used")
    def used(self, offer: Offer) -> str:
        return "unlimited" if offer.max_uses is None else f"{offer.uses} of {offer.max_uses}"

    @admin.display(description="orders", ordering="held")
    def on_orders(self, offer: Any) -> int:
        return int(offer.held)

    @admin.display(description="state")
    def state(self, offer: Offer) -> str:
        now = timezone.now()
        if not offer.is_active:
            return "switched off"
        if offer.ends_at and offer.ends_at <= now:
            return "ended"
        if offer.starts_at and offer.starts_at > now:
            return "not begun"
        return "used up" if offer.max_uses is not None and offer.uses >= offer.max_uses else "runs"

    @admin.display(description="used so far")
    def figures(self, offer: Offer) -> str:
        """One statement; on a page that adds an offer there is nothing to count."""
        if offer.pk is None:
            return "–"
        held = offer.order_uses.filter(is_held=True)
        found = held.aggregate(
            purchases=Count("order__purchase", distinct=True), orders=Count("pk"), off=Coalesce(Sum("amount"), 0)
        )
        allowed = "" if offer.max_uses is None else f" of {offer.max_uses}"
        return (
            f"By {found['purchases']}{allowed} purchases, on {found['orders']} orders: "
            f"{with_currency(found['off'], offer.currency)} taken off."
        )
