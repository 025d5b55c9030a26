"""The list of orders, an order's page, and its buttons."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

import ordersite.web.urls  # noqa: F401  registers <id:…>
from orders.admin import bulk, display
from orders.admin.buttons import Button, buttons_of, label_of
from orders.admin.destination import show_destination
from orders.admin.edits import DecisionForm, change_items
from orders.admin.filters import (
    DeletedFilter,
    FulfilmentFilter,
    GroupFilter,
    PaymentFilter,
    PlacedFilter,
    StatusFilter,
    StuckFilter,
    VendorChoiceFilter,
)
from orders.admin.forms import (
    DriverForm,
    MoveForm,
    NoteForm,
    OnceForm,
    SettleForm,
    TrackingNumberForm,
    first_error,
)
from orders.admin.order_page import order_context, read_shown_order
from orders.admin.phone import order_by_phone
from orders.admin.read_only import ReadOnlyAdmin
from orders.admin.refunds import LINE, RefundForm
from orders.admin.refused_forms import Kept, form_of, keep_refused, take_refused
from orders.admin.search import HELP, find_orders
from orders.admin.service_calls import caller_of_request, perform
from orders.kinds import rules_of
from orders.lifecycle.table import Actor, Fulfilment, Status
from orders.models import Order, ProblemReport
from orders.services.editing.item_changes import accept_change, refuse_change
from orders.services.editing.order_fields import add_tracking_number, change_order
from orders.services.moving.notes import add_note
from orders.services.moving.problem_reports import settle_problem
from orders.services.moving.transitions import START_PREPARING, Wish, start_preparing, transition
from orders.services.paying.payment_links import payment_link
from orders.services.paying.refunds import refund_order
from orders.services.record.access import access_of
from orders.visibility import SHOWN_TO_VENDOR, knows_driver
from ordersite.accounts.rights import Right
from ordersite.accounts.scoping import acts_everywhere
from ordersite.backoffice.moments import write_moment
from ordersite.backoffice.row_choosers import row_id
from vendors.admin.scoping import ScopedAdmin

Handler = Callable[["OrderAdmin", HttpRequest, int, Any], object]
MOVE = Right.MOVE_ORDERS


def button(
    form_class: type[forms.Form], permission: str = MOVE, page: str = "change"
) -> Callable[[Handler], Callable[..., HttpResponse]]:
    """A view that reads a form, calls one service and leads to the order's page; refused, back to the form's own."""

    def decorate(handle: Handler) -> Callable[..., HttpResponse]:
        @wraps(handle)
        def view(self: "OrderAdmin", request: HttpRequest, order_id: int) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            form = form_class(request.POST)
            if form.is_valid():
                handle(self, request, order_id, form)
            else:
                messages.error(request, first_error(form))
            leads_to = reverse(f"admin:orders_order_{page if form.errors else 'change'}", args=[order_id])
            if form.errors:
                keep_refused(request, leads_to, form)
            return HttpResponseRedirect(leads_to)

        return view

    return decorate


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


@admin.register(Order)
class OrderAdmin(ScopedAdmin, ReadOnlyAdmin):
    """Orders are seen and moved on; each button is a call of the service that the API calls too."""

    list_display = ["name", "vendor", "contact", "state", "type", "amount", "payment", "placed", "age", "due"]
    list_display_links = ["name"]
    list_select_related = ["vendor", "customer__user"]
    list_filter = [
        StuckFilter,
        GroupFilter,
        StatusFilter,
        VendorChoiceFilter,
        PlacedFilter,
        FulfilmentFilter,
        PaymentFilter,
        DeletedFilter,
    ]
    ordering = ["-placed_at", "-id"]
    sortable_by = ["placed"]
    search_fields = ["id"]
    search_help_text = HELP
    change_list_template = "admin/orders/order/change_list.html"
    actions = [bulk.accept, bulk.mark_ready, bulk.look_for_driver, bulk.cancel_by_staff]
    holds_rows = False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request, {"title": "Orders", "may_place": request.user.has_perm(Right.PLACE_ORDERS)}
        )

    def version_of(self, row: Order) -> str:
        return str(row.version)

    def row_in_words(self, row: Order) -> str:
        return f"Order #{row.pk} ({row.vendor}), now {Status(row.status).label}"

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
        return find_orders(queryset, search_term), False

    def get_urls(self) -> list[URLPattern]:
        pages = {
            "move": self.move,
            "driver": self.name_driver,
            "tracking-number": self.add_number,
            "note": self.write_note,
            "settle": self.settle,
            "payment-link": self.send_payment_link,
            "refund": self.give_back,
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
        return [phone, items, address, *buttons, *super().get_urls()]

    def by_phone(self, request: HttpRequest) -> HttpResponse:
        """A new order for somebody who calls."""
        if not request.user.has_perm(Right.PLACE_ORDERS):
            raise PermissionDenied
        base = {"opts": self.opts, "subtitle": None, "media": self.media}
        return order_by_phone(request, {**self.admin_site.each_context(request), **base})

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
        shown, settles = order_context(access), may_move and acts_everywhere(request)
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
            **refund_context(kept, order, request),
        }
        return TemplateResponse(request, "admin/orders/order/page.html", context)

    @button(MoveForm)
    def move(self, request: HttpRequest, order_id: int, form: forms.Form) -> None:
        """A change of status, or the milestone of preparing."""
        caller, given = caller_of_request(request), form.cleaned_data
        name, version = given["transition"], given["version"]
        done = f"{label_of(name)}: done."
        if name == START_PREPARING:
            perform(
                request,
                lambda: start_preparing(order_id=order_id, caller=caller, version=version),
                done=done,
                form=form,
            )
            return
        wish = Wish(
            name=name,
            reason_code=given["reason_code"],
            reason=given["reason"],
            prepared_in=given["prepared_in"],
            code=given["code"],
            proof=given["proof"],
            version=version,
        )
        perform(request, lambda: transition(order_id=order_id, caller=caller, wish=wish), done=done, form=form)

    @button(DriverForm)
    def name_driver(self, request: HttpRequest, order_id: int, form: forms.Form) -> None:
        """Offers the order to a driver; nobody takes the offer back."""
        caller, given = caller_of_request(request), form.cleaned_data
        driver = given["driver"]
        told = driver if acts_everywhere(request) else "the driver"
        perform(
            request,
            lambda: change_order(
                order_id=order_id,
                caller=caller,
                fields={"driver": driver.pk if driver else None},
                version=given["version"],
            ),
            done=f"The order is offered to {told}." if driver else "No driver is assigned any more.",
            form=form,
        )

    @button(TrackingNumberForm)
    def add_number(self, request: HttpRequest, order_id: int, form: forms.Form) -> None:
        caller, given = caller_of_request(request), form.cleaned_data

        def add() -> Order:
            return add_tracking_number(order_id=order_id, caller=caller, **given)

        perform(request, add, done="The tracking number was saved.", form=form)

    @button(DecisionForm, page="items")
    def decide_change(self, request: HttpRequest, order_id: int, form: forms.Form) -> None:
        """What the customer says of a change of items, by telephone say."""
        caller, given = caller_of_request(request), dict(form.cleaned_data)
        decide = accept_change if given.pop("decision") == "accept" else refuse_change
        perform(
            request,
            lambda: decide(order_id=order_id, caller=caller, **given),
            done="The customer's answer was saved.",
            form=form,
        )

    @button(NoteForm)
    def write_note(self, request: HttpRequest, order_id: int, form: forms.Form) -> None:
        caller, given = caller_of_request(request), dict(form.cleaned_data)
        key = str(given.pop("key"))
        perform(
            request,
            lambda: add_note(order_id=order_id, caller=caller, **given),
            done="The note was added to the history.",
            key=key,
            form=form,
        )

    @button(SettleForm)
    def settle(self, request: HttpRequest, order_id: int, form: forms.Form) -> None:
        """Says that a problem that the customer reported is seen to."""
        caller, given = caller_of_request(request), dict(form.cleaned_data)
        perform(
            request,
            lambda: settle_problem(order_id=order_id, caller=caller, **given),
            done="The report is settled.",
            form=form,
        )

    @button(RefundForm, Right.REFUND_ORDERS)
    def give_back(self, request: HttpRequest, order_id: int, form: forms.Form) -> None:
        caller, given = caller_of_request(request), form.cleaned_data
        perform(
            request,
            lambda: refund_order(order_id=order_id, caller=caller, wish=given["wish"]),
            done="The refund has been started.",
            key=str(given["key"]),
            form=form,
        )

    @button(OnceForm)
    def send_payment_link(self, request: HttpRequest, order_id: int, form: forms.Form) -> None:
        """E-mails the customer where to pay."""
        caller, key = caller_of_request(request), str(form.cleaned_data["key"])

        def send() -> None:
            payment_link(order_id=order_id, caller=caller, send=True)

        perform(request, send, done="The payment link is being e-mailed to the customer.", key=key)

    @admin.display(description="order")
    def name(self, order: Order) -> str:
        return format_html('#{} <small class="quiet">no.\u00a0{}</small>', order.pk, order.number)

    @admin.display(description="customer")
    def contact(self, order: Order) -> str:
        return format_html(
            '{}{} <small class="quiet">{}</small>',
            order.contact_name or "–",
            order.customer.mark,
            order.contact_phone or order.contact_email,
        )

    @admin.display(description="status")
    def state(self, order: Order) -> str:
        return display.status_badge(order.status)

    @admin.display(description="type")
    def type(self, order: Order) -> str:
        return Fulfilment(order.fulfilment).slug.replace("_", " ")

    @admin.display(description="total")
    def amount(self, order: Order) -> str:
        return display.money(order.total, order.currency)

    @admin.display(description="payment")
    def payment(self, order: Order) -> str:
        return format_html(
            '{} <small class="quiet">{}</small>', display.payment_badge(order.payment_status), order.payment_method
        )

    @admin.display(description="placed", ordering="placed_at")
    def placed(self, order: Order) -> str:
        return write_moment(order.placed_at, order.vendor.zone, "j M H:i")

    @admin.display(description="age", empty_value="")
    def age(self, order: Order) -> str:
        """How long it has been under way; empty for what is closed."""
        if order.is_closed:
            return ""
        now = timezone.now()
        late, age = display.lateness(order, now), display.span(now - order.placed_at)
        return format_html('{} <strong class="late">{}</strong>', age, late) if late else age

    @admin.display(description="timer", empty_value="")
    def due(self, order: Order) -> str:
        return display.due_hint(order, timezone.now())
