"""Purchases, payments and events: read-only, each found by its index."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from orders.admin import display
from orders.admin.buttons import label_of
from orders.admin.filters import SelectFilter
from orders.admin.providers import ask_provider, may_check_providers, show_providers
from orders.admin.read_only import ReadOnlyAdmin
from orders.admin.who_did import NamedActors
from orders.lifecycle.table import Actor
from orders.models import ArchivedHistory, Order, OrderEvent, Payment, PaymentShare, Purchase
from orders.reading.search import as_uuid
from orders.visibility import SHOWN_TO_VENDOR
from ordersite.accounts.scoping import EverywhereAdmin, acts_everywhere
from ordersite.backoffice.moments import MISSING_VALUE, moment_column
from ordersite.backoffice.row_choosers import row_id
from ordersite.core.crypto import token_hash
from vendors.admin.scoping import ScopedAdmin
from vendors.payment_methods import METHOD_NAMES, find_method

# How far back a word in the histories is looked for: no index holds words.
RECENT = timedelta(days=30)


def order_link(order_id: int | None) -> str:
    if order_id is None:
        return "–"
    return format_html('<a href="{}">#{}</a>', reverse("admin:orders_order_change", args=[order_id]), order_id)


class RoleFilter(SelectFilter):
    """Django's own filter would read every row to learn the values."""

    title = parameter_name = column = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(actor.value, actor.value.capitalize()) for actor in Actor]


class ProviderFilter(SelectFilter):
    title = parameter_name = column = "provider"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(method, method.capitalize()) for method in METHOD_NAMES]


class ReadOnlyInline(admin.TabularInline):
    """A table of rows that belong to the one shown."""

    extra = 0
    fields: ClassVar[Any] = None
    readonly_fields: ClassVar[Any] = ()
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OrderInline(ReadOnlyInline):
    model = Order
    fields = readonly_fields = ["link", "vendor", "state", "amount"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).select_related("vendor")

    @admin.display(description="order")
    def link(self, order: Order) -> str:
        return order_link(order.pk)

    @admin.display(description="status")
    def state(self, order: Order) -> str:
        return display.status_badge(order.status)

    @admin.display(description="total")
    def amount(self, order: Order) -> str:
        return display.money(order.total, order.currency)


class PaymentInline(ReadOnlyInline):
    model = Payment
    fields = readonly_fields = ["provider", "status", "paid", "given_back", "paid_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        return super().get_queryset(request).select_related("purchase").prefetch_related("shares")

    @admin.display(description="status")
    def status(self, payment: Payment) -> str:
        return display.payment_badge(payment.state)

    @admin.display(description="amount")
    def paid(self, payment: Payment) -> str:
        return display.money(payment.amount, payment.currency)

    @admin.display(description="refunded")
    def given_back(self, payment: Payment) -> str:
        return display.money(payment.refunded, payment.currency)


@admin.register(Purchase)
class PurchaseAdmin(EverywhereAdmin, ReadOnlyAdmin):
    """What was placed and is paid together."""

    list_display = ["uuid", "customer", "amount", "external_code", "placed_at"]
    ordering = ["-id"]
    search_fields = ["uuid"]
    search_help_text = "Whole words: uuid, tracking or external code, the customer's e-mail"
    fields = readonly_fields = ["uuid", "customer", "placed_by", "external_code", "amount", "placed_at"]
    inlines = [OrderInline, PaymentInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Purchase]:
        return super().get_queryset(request).select_related("customer__user", "placed_by")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Purchase], search_term: str
    ) -> tuple[QuerySet[Purchase], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if identifier := as_uuid(term):
            return queryset.filter(uuid=identifier), False
        if "@" in term:
            return queryset.filter(customer__email__in=[term, term.lower()]), False
        return queryset.filter(Q(external_code=term) | Q(tracking_hash=token_hash(term))), False

    @admin.display(description="total")
    def amount(self, purchase: Purchase) -> str:
        return display.money(purchase.total, purchase.currency)


class ShareInline(ReadOnlyInline):
    model = PaymentShare
    fields = readonly_fields = ["link", "part"]
    verbose_name_plural = "pays for"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentShare]:
        return super().get_queryset(request).select_related("order")

    @admin.display(description="order")
    def link(self, share: PaymentShare) -> str:
        return order_link(share.order_id)

    @admin.display(description="amount")
    def part(self, share: PaymentShare) -> str:
        return display.money(share.amount, share.order.currency)


@admin.register(Payment)
class PaymentAdmin(EverywhereAdmin, ReadOnlyAdmin):
    """How purchases are paid."""

    list_display = ["id", "bought", "provider", "status", "paid", "given_back", "paid_at"]
    list_select_related = ["purchase"]
    list_filter = ["state", ProviderFilter]
    ordering = ["-id"]
    search_fields = ["id"]
    search_help_text = "Whole words: the purchase's uuid or external code, an order's id"
    fields = readonly_fields = ["bought", "provider", "status", "paid", "given_back", "reference"]
    fields += ["photos", "held", "failure", "checked_by", "created_at", "paid_at"]
    inlines = [ShareInline]

    change_list_template = "admin/orders/payment/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("providers/", wrap(never_cache(self.providers_view)), name="orders_payment_providers"),
            path("providers/<slug:name>/test/", wrap(require_POST(ask_provider)), name="orders_payment_provider_test"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"may_check_providers": may_check_providers(request)})

    def providers_view(self, request: HttpRequest) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        return show_providers(request, context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Payment]:
        return super().get_queryset(request).select_related("purchase").prefetch_related("shares")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Payment], search_term: str
    ) -> tuple[QuerySet[Payment], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if identifier := as_uuid(term):
            return queryset.filter(purchase__uuid=identifier), False
        if order_id := row_id(term.removeprefix("#")):
            shares = PaymentShare.objects.filter(order=order_id)
            return queryset.filter(pk__in=shares.values("payment")), False
        return queryset.filter(purchase__external_code=term), False

    @admin.display(description="photos")
    def photos(self, payment: Payment) -> str:
        if not find_method(payment.provider).needs_proof:
            return MISSING_VALUE
        url = f"{reverse('admin:orders_paymentproof_changelist')}?payment={payment.pk}"
        return format_html('<a href="{}">Look at them</a>', url)

    @admin.display(description="reserved")
    def held(self, payment: Payment) -> str:
        if not payment.is_authorised:
            return MISSING_VALUE
        url = f"{reverse('admin:orders_paymentproof_changelist')}?payment={payment.pk}"
        return format_html('<a href="{}">Take the money</a>', url)

    @admin.display(description="purchase")
    def bought(self, payment: Payment) -> str:
        if payment.purchase_id is None:
            return "–"
        url = reverse("admin:orders_purchase_change", args=[payment.purchase_id])
        return format_html('<a href="{}">{}</a>', url, payment.purchase)

    status = PaymentInline.status
    paid = PaymentInline.paid
    given_back = PaymentInline.given_back


@admin.register(OrderEvent)
class OrderEventAdmin(NamedActors, ScopedAdmin, ReadOnlyAdmin):
    """All histories, the newest first. Who did what, as what, and why."""

    vendor_path = "order__vendor"
    list_display = ["at", "link", "number", "what", "change", "who_did", "role", "why", "forced"]
    list_display_links = ["at"]
    list_select_related = ["order__vendor"]
    list_filter = ["kind", RoleFilter, "forced"]
    ordering = ["-created_at", "-id"]
    search_fields = ["id"]
    search_help_text = "An order's id, or a word in the reason, transition or actor of the last 30 days"
    fields = readonly_fields = [
        *["link", "number", "kind", "what", "change", "reached", "who_did", "role", "why"],
        *["forced", "data", "visible_to", "app_id", "at"],
    ]
    at = moment_column("created_at", lambda event: event.order.vendor.zone, "created at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OrderEvent], search_term: str
    ) -> tuple[QuerySet[OrderEvent], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if order_id := row_id(term.removeprefix("#")):
            if ArchivedHistory.objects.filter(order=order_id).exists():
                messages.info(request, f"The history of order #{order_id} is archived: the order's page shows it.")
            return queryset.filter(order=order_id), False
        word = Q(reason__icontains=term) | Q(reason_code=term) | Q(transition=term) | Q(actor=term)
        return queryset.filter(word, created_at__gte=timezone.now() - RECENT), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderEvent]:
        """A vendor's people read what is told to them, of orders that they see."""
        events = super().get_queryset(request)
        if acts_everywhere(request):
            return events
        seen = Order.objects.filter(SHOWN_TO_VENDOR.query(), deleted_at__isnull=True)
        return events.filter(order__in=seen.values("pk")).exclude(visible_to=OrderEvent.VisibleTo.STAFF)

    @admin.display(description="order")
    def link(self, event: OrderEvent) -> str:
        return order_link(event.order_id)

    @admin.display(description="what")
    def what(self, event: OrderEvent) -> str:
        return label_of(event.transition) if event.transition else event.get_kind_display()

    @admin.display(description="change")
    def change(self, event: OrderEvent) -> str:
        if event.to_status is None:
            return "–"
        return display.status_badge(event.to_status)

    @admin.display(description="milestone")
    def reached(self, event: OrderEvent) -> str:
        return event.milestone.replace("_", " ") or "–"

    @admin.display(description="reason")
    def why(self, event: OrderEvent) -> str:
        return display.why(event.reason_code, event.reason) or "–"
