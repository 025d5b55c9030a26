"""The list of orders, an order's page, and its buttons."""

from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST, require_safe

import ordersite.web.urls  # noqa: F401  registers <id:…>
from orders.admin import bulk, bulk_page
from orders.admin.buttons import Button, buttons_of
from orders.admin.columns import COLUMNS, USUAL, ColumnsForm, choose_columns, chosen_columns, displayed
from orders.admin.destination import show_destination
from orders.admin.edits import change_items
from orders.admin.file_pages import ListFiles
from orders.admin.filters import (
    AppFilter,
    CustomerFilter,
    DeletedFilter,
    DriverFilter,
    FulfilmentFilter,
    GroupFilter,
    KindFilter,
    PaymentFilter,
    PlacedFilter,
    StatusFilter,
    StuckFilter,
    TimingFilter,
    VendorChoiceFilter,
    WindowFilter,
    ZoneFilter,
)
from orders.admin.forms import (
    DriverForm,
    MoveForm,
    NoteForm,
    SettleForm,
    TrackingNumberForm,
    VersionForm,
)
from orders.admin.list_columns import OrderColumns
from orders.admin.order_buttons import MOVE, OrderButtons
from orders.admin.order_page import order_context, read_shown_order, read_small_rows
from orders.admin.papers import send_paper, show_paper
from orders.admin.phone import order_by_phone
from orders.admin.phone_repeat import is_repeatable
from orders.admin.print_orders import print_orders, send_orders
from orders.admin.read_only import ReadOnlyAdmin
from orders.admin.refunds import LINE, RefundForm
from orders.admin.refused_forms import Kept, form_of, take_refused
from orders.admin.search import HELP, find_orders
from orders.admin.told_outside import told_outside
from orders.kinds import rules_of
from orders.lifecycle.table import Actor, Fulfilment, Status
from orders.models import Order, ProblemReport
from orders.reading.order_exports import orders_as_table
from orders.reading.told_outside import mails_of_order
from orders.services.bulk.bulk_changes import MOST_SELECTED
from orders.services.record.access import access_of
from orders.visibility import SHOWN_TO_VENDOR, knows_driver
from ordersite.accounts.models import Mail
from ordersite.accounts.rights import Right
from ordersite.accounts.scoping import acts_everywhere, caller_of_request
from ordersite.backoffice.links import may_open
from ordersite.backoffice.once import OnceForm
from ordersite.backoffice.row_choosers import row_id
from ordersite.backoffice.selections import TOO_MANY, chosen_action
from ordersite.core.spreadsheets import Spreadsheet


def move_form(kept: Kept | None, order: Order, one: Button) -> forms.Form:
    """What a change asks for: where its guards do, a reason must be chosen."""
    initial = {"transition": one.name, "version": order.version}
    form = form_of(kept, MoveForm(initial=initial, auto_id=f"%s-{one.name}"), transition=one.name)
    form.fields["reason_code"].required = "reason" in one.needs
    return form


def refund_context(kept: Kept | None, order: Order, request: HttpRequest) -> dict[str, Any]:
    """The form that gives money back, with a field for each line; nothing for who may not."""
    if order.deleted_at is not None or not request.user.has_perm(Right.REFUND_ORDERS):
        return {}
    lines, initial = list(order.lines.all()), {"version": order.version, "currency": order.currency}
    form = form_of(kept, RefundForm(lines=lines, initial=initial, auto_id="refund_%s"))
    return {"refund_form": form, "refund_lines": [(form[f"{LINE}{line.pk}"], line.refunded) for line in lines]}


def settle_form(kept: Kept | None, order: Order, problem: ProblemReport) -> forms.Form:
    """What settles a problem that was reported."""
    initial = {"version": order.version, "number": problem.number}
    form = SettleForm(initial=initial, auto_id=f"settle_{problem.number}_%s")
    return form_of(kept, form, number=problem.number)


def history_query(order: Order) -> str:
    """What the list of orders is asked for all of an order's customer; empty for who left nothing to go by."""
    if order.customer.user_id is not None:
        return urlencode({"customer": order.customer_id})
    known = order.contact_phone or order.contact_email
    return urlencode({"q": known}) if known else ""


@admin.register(Order)
class OrderAdmin(OrderColumns, OrderButtons, ListFiles, ReadOnlyAdmin):
    """Orders are seen and moved on; each button is a call of the service that the API calls too."""

    export_kind = "orders"
    list_display = ["name", *USUAL]
    list_display_links = ["name"]
    list_select_related = ["vendor", "customer__user", "driver", "delivery_zone", "purchase"]
    list_filter = [
        GroupFilter,
        TimingFilter,
        StuckFilter,
        StatusFilter,
        VendorChoiceFilter,
        DriverFilter,
        ZoneFilter,
        PlacedFilter,
        WindowFilter,
        FulfilmentFilter,
        KindFilter,
        PaymentFilter,
        AppFilter,
        CustomerFilter,
        DeletedFilter,
    ]
    ordering = ["-placed_at", "-id"]
    sortable_by = ["placed"]
    search_fields = ["id"]
    search_help_text = HELP
    change_list_template = "admin/orders/order/change_list.html"
    actions = [
        bulk.change_many,
        bulk.accept,
        bulk.mark_ready,
        bulk.look_for_driver,
        bulk.cancel_by_staff,
        print_orders,
        send_orders,
        bulk.export_csv,
        bulk.export_xlsx,
    ]
    holds_rows = False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request, {"title": "Orders", "may_place": request.user.has_perm(Right.PLACE_ORDERS)}
        )

    def version_of(self, row: Order) -> str:
        return str(row.version)

    def row_in_words(self, row: Order) -> str:
        return f"Order #{row.pk} ({row.vendor}), now {Status(row.status).label}"

    def may_take_off(self, request: HttpRequest, order: Order) -> bool:
        """Whether the order can be taken out of the lists by who asks."""
        may = acts_everywhere(request) and request.user.has_perm(Right.DELETE_ORDERS)
        return may and order.is_closed and order.deleted_at is None

    def has_move_permission(self, request: HttpRequest) -> bool:
        """Who may press buttons; to see an order is another permission."""
        return request.user.has_perm(MOVE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        """A vendor's people see its orders as everywhere else: those placed, and not deleted."""
        orders = super().get_queryset(request)
        return orders if acts_everywhere(request) else orders.filter(SHOWN_TO_VENDOR.query(), deleted_at__isnull=True)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        return find_orders(request, self.get_queryset(request), queryset, search_term), False

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return displayed(request)

    def keep_columns(self, request: HttpRequest) -> HttpResponse:
        """Asks which columns who asks wants to see, keeps them, and leads back to the list as it was."""
        if not request.user.has_perm(Right.VIEW_ORDERS):
            raise PermissionDenied
        query = urlencode([pair for pair in parse_qsl(request.META["QUERY_STRING"]) if pair[0] != "o"])
        back = f"{reverse('admin:orders_order_changelist')}?{query}".rstrip("?")
        form = ColumnsForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            choose_columns(request.user.pk or 0, form.cleaned_data["names"])
            return HttpResponseRedirect(back)
        names = form["names"].value() if form.is_bound else chosen_columns(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "subtitle": None,
            "media": self.media,
            "title": "Columns of the list",
            "form": form,
            "columns": [(name, label, name in names) for name, label in COLUMNS.items()],
            "back": back,
        }
        return TemplateResponse(request, "admin/orders/order/columns.html", context)

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "move": self.move,
            "driver": self.name_driver,
            "tracking-number": self.add_number,
            "note": self.write_note,
            "settle": self.settle,
            "payment-link": self.send_payment_link,
            "refund": self.give_back,
            "take-off": self.take_off,
            "decide-change": self.decide_change,
        }
        buttons = [
            path(
                f"<id:order_id>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"orders_order_{name.replace('-', '_')}",
            )
            for name, view in pages.items()
        ]
        phone = path("phone/", self.admin_site.admin_view(self.by_phone), name="orders_order_phone")
        items = path("<id:order_id>/items/", self.admin_site.admin_view(self.edit_items), name="orders_order_items")
        address = path(
            "<id:order_id>/address/", self.admin_site.admin_view(self.edit_address), name="orders_order_address"
        )
        columns = path("columns/", self.admin_site.admin_view(self.keep_columns), name="orders_order_columns")
        papers = [
            path(f"<id:order_id>/papers/<slug:paper>{end}", self.admin_site.admin_view(require_GET(view)), name=name)
            for end, view, name in (
                ("/", self.print_paper, "orders_order_paper"),
                (".pdf", self.send_paper, "orders_order_paper_pdf"),
            )
        ]
        bulk_pages = [
            path("bulk/", self.admin_site.admin_view(require_safe(self.list_bulk)), name="orders_order_bulk_list"),
            path("bulk/<uuid:bulk_id>/", self.admin_site.admin_view(self.show_bulk), name="orders_order_bulk"),
            path(
                "bulk/<uuid:bulk_id>/stop/",
                self.admin_site.admin_view(require_POST(self.stop_bulk)),
                name="orders_order_bulk_stop",
            ),
        ]
        return [phone, columns, *self.list_urls(), *bulk_pages, *papers, items, address, *buttons, *super().get_urls()]

    def list_bulk(self, request: HttpRequest) -> HttpResponse:
        """One's own selections, and what became of them."""
        if not self.has_move_permission(request):
            raise PermissionDenied
        base = {**self.admin_site.each_context(request), "opts": self.opts, "subtitle": None, "media": self.media}
        return bulk_page.list_bulk(request, base)

    def show_bulk(self, request: HttpRequest, bulk_id: UUID) -> HttpResponse:
        """A selection of many orders, and what becomes of it."""
        if not self.has_move_permission(request):
            raise PermissionDenied
        base = {**self.admin_site.each_context(request), "opts": self.opts, "subtitle": None, "media": self.media}
        return bulk_page.show_bulk(request, bulk_id, base)

    def stop_bulk(self, request: HttpRequest, bulk_id: UUID) -> HttpResponse:
        if not self.has_move_permission(request):
            raise PermissionDenied
        return bulk_page.stop_bulk(request, bulk_id)

    def response_action(self, request: HttpRequest, queryset: QuerySet[Order], *args: Any) -> HttpResponse | None:
        """What only reads does not ask whether an order has changed since."""
        if chosen_action(request) in bulk.READING:
            return admin.ModelAdmin.response_action(self, request, queryset)
        return super().response_action(request, queryset, *args)

    def show_chosen(self, request: HttpRequest, queryset: QuerySet[Order], name: str) -> HttpResponse | None:
        """All of a list, however many, are one selection; the other actions name every row before they begin."""
        if name != bulk.change_many.__name__:
            return super().show_chosen(request, queryset, name)
        shown = list(queryset.order_by("-pk").values_list("pk", "version")[: MOST_SELECTED + 1])
        if len(shown) > MOST_SELECTED:
            messages.error(request, TOO_MANY.format(most=MOST_SELECTED, rows="orders"))
            return None
        return bulk_page.lead_to_selection(request, shown)

    def may_export(self, request: HttpRequest) -> bool:
        """Not those who may only change orders."""
        return request.user.has_perm(Right.VIEW_ORDERS)

    @staticmethod
    def table_of(rows: QuerySet[Order]) -> Spreadsheet:
        return orders_as_table(rows)

    def by_phone(self, request: HttpRequest) -> HttpResponse:
        """A new order for somebody who calls."""
        if not request.user.has_perm(Right.PLACE_ORDERS):
            raise PermissionDenied
        base = {"opts": self.opts, "subtitle": None, "media": self.media}
        return order_by_phone(request, {**self.admin_site.each_context(request), **base}, self.get_queryset(request))

    def print_paper(self, request: HttpRequest, order_id: int, paper: str) -> HttpResponse:
        """A ticket or a delivery note of one order, to be printed by the browser."""
        if not request.user.has_perm(Right.VIEW_ORDERS):
            raise PermissionDenied
        return show_paper(request, caller_of_request(request), order_id, paper)

    def send_paper(self, request: HttpRequest, order_id: int, paper: str) -> HttpResponse:
        """A ticket, a delivery note or a receipt of one order as PDF."""
        if not request.user.has_perm(Right.VIEW_ORDERS):
            raise PermissionDenied
        return send_paper(caller_of_request(request), order_id, paper)

    def edit_items(self, request: HttpRequest, order_id: int) -> HttpResponse:
        """What was ordered, to be changed."""
        if not self.has_move_permission(request):
            raise PermissionDenied
        orders = self.get_queryset(request).select_related("vendor")
        order = orders.filter(pk=order_id).first()
        if order is None:
            return self.missing(request, str(order_id))
        base = {"opts": self.opts, "subtitle": None, "media": self.media}
        return change_items(request, order, take_refused(request), {**self.admin_site.each_context(request), **base})

    def edit_address(self, request: HttpRequest, order_id: int) -> HttpResponse:
        """Where it goes, to be changed for its customer."""
        if not (self.has_move_permission(request) and acts_everywhere(request)):
            raise PermissionDenied
        orders = self.get_queryset(request).select_related("vendor", "delivery_zone")
        order = orders.filter(pk=order_id).first()
        if order is None:
            return self.missing(request, str(order_id))
        base = {"opts": self.opts, "subtitle": None, "media": self.media}
        return show_destination(request, order, {**self.admin_site.each_context(request), **base})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The order's page. It has no form of its own, so that nothing can be saved past the services."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        caller, order_id = caller_of_request(request), row_id(object_id)
        seen = self.get_queryset(request)
        order = read_shown_order(seen, order_id) if order_id else None
        if order is None:
            return self.missing(request, object_id)
        may_move = self.has_move_permission(request) and order.deleted_at is None
        access = access_of(caller, order)
        kept = take_refused(request)
        buttons = [(one, move_form(kept, order, one)) for one in (buttons_of(access) if may_move else ())]
        delivers = order.fulfilment == Fulfilment.DELIVERY
        may_edit = rules_of(order).has_changeable_items and not (order.is_closed or order.picked_up_at)
        version = {"version": order.version}
        note_reader = "staff" if Actor.STAFF in access.readers else "business"
        named = order.driver_id if acts_everywhere(request) else None
        driver_form = form_of(kept, DriverForm(initial={**version, "driver": named}, auto_id="driver_%s"))
        number = {"tracking_number": order.tracking_number, "carrier": order.carrier}
        small = read_small_rows(order, {"mails": mails_of_order(order)} if may_open(request, Mail) else {})
        shown, settles = order_context(access, small), may_move and acts_everywhere(request)
        context = {
            **self.admin_site.each_context(request),
            **shown,
            "problems": [
                (problem, by, settle_form(kept, order, problem) if settles and not problem.settled_at else None)
                for problem, by in shown["problems"]
            ],
            "knows_driver": knows_driver(caller, order),
            "opts": self.opts,
            "title": f"Order {order}",
            "subtitle": None,
            "media": self.media + driver_form.media,
            "may_move": may_move,
            "may_edit": may_move and may_edit,
            "history_query": history_query(order) if acts_everywhere(request) else "",
            "may_repeat": request.user.has_perm(Right.PLACE_ORDERS) and is_repeatable(order),
            "buttons": [pair for pair in buttons if not pair[0].forced],
            "may_readdress": may_move and acts_everywhere(request) and delivers and not order.is_closed,
            "forced": [pair for pair in buttons if pair[0].forced],
            "shows_forced": any(one.forced and form.is_bound for one, form in buttons),
            "driver_form": driver_form if delivers and not order.is_closed else None,
            "number_form": form_of(kept, TrackingNumberForm(initial={**version, **number}, auto_id="number_%s"))
            if delivers and not order.is_closed
            else None,
            "note_form": form_of(kept, NoteForm(auto_id="note_%s", initial={"visible_to": note_reader})),
            "link_form": OnceForm(auto_id="link_%s"),
            "delete_form": form_of(kept, VersionForm(initial=version, auto_id="delete_%s"))
            if self.may_take_off(request, order)
            else None,
            **told_outside(request, order, small.get("mails", [])),
            **refund_context(kept, order, request),
        }
        return TemplateResponse(request, "admin/orders/order/page.html", context)
