"""The buttons of an order's page: each reads a form, calls one service, and leads back to the page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from orders.admin.buttons import label_of
from orders.admin.edits import DecisionForm
from orders.admin.forms import (
    DriverForm,
    MoveForm,
    NoteForm,
    SettleForm,
    TrackingNumberForm,
    VersionForm,
    first_error,
)
from orders.admin.refunds import RefundForm, ask_to_refund, do_refund
from orders.admin.refused_forms import keep_refused
from orders.admin.service_calls import perform
from orders.models import Order
from orders.services.editing.item_changes import accept_change, refuse_change
from orders.services.editing.order_fields import add_tracking_number, change_order
from orders.services.moving.notes import add_note, delete_order
from orders.services.moving.problem_reports import settle_problem
from orders.services.moving.transitions import START_PREPARING, Wish, start_preparing, transition
from orders.services.paying.payment_links import payment_link
from ordersite.accounts.rights import Right
from ordersite.accounts.scoping import acts_everywhere, caller_of_request
from ordersite.backoffice.once import OnceForm

Handler = Callable[[Any, HttpRequest, int, Any], object]
MOVE = Right.MOVE_ORDERS


def button(
    form_class: type[forms.Form], permission: str = MOVE, page: str = "change"
) -> Callable[[Handler], Callable[..., HttpResponse]]:
    """A view that reads a form, calls one service and leads to the order's page; refused, back to the form's own.

    Where something is asked first, the handler returns the page that asks.
    """

    def decorate(handle: Handler) -> Callable[..., HttpResponse]:
        @wraps(handle)
        def view(self: Any, request: HttpRequest, order_id: int) -> HttpResponse:
            if not request.user.has_perm(permission):
                raise PermissionDenied
            form = form_class(request.POST)
            page_asked = None
            if form.is_valid():
                page_asked = handle(self, request, order_id, form)
            else:
                messages.error(request, first_error(form))
            if isinstance(page_asked, HttpResponse):
                return page_asked
            leads_to = reverse(f"admin:orders_order_{page if form.errors else 'change'}", args=[order_id])
            if form.errors:
                keep_refused(request, leads_to, form)
            return HttpResponseRedirect(leads_to)

        return view

    return decorate


class OrderButtons:
    """What can be done from an order's page; a part of OrderAdmin."""

    opts: Any
    media: Any
    admin_site: admin.AdminSite

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

    @button(VersionForm, Right.DELETE_ORDERS)
    def take_off(self, request: HttpRequest, order_id: int, form: forms.Form) -> None:
        """Takes a closed order out of every list; its history and its money stay."""
        caller, version = caller_of_request(request), form.cleaned_data["version"]
        done = "The order is out of every list. Its history and its money stay: choose “Only the deleted” to find it."
        perform(request, lambda: delete_order(order_id=order_id, caller=caller, version=version), done=done, form=form)

    def give_back(self, request: HttpRequest, order_id: int) -> HttpResponse:
        """Shows what a refund would do, and makes it once that is confirmed."""
        if not request.user.has_perm(Right.REFUND_ORDERS):
            raise PermissionDenied
        return do_refund(request, order_id) if "shown" in request.POST else self.ask_refund(request, order_id)

    @button(RefundForm, Right.REFUND_ORDERS)
    def ask_refund(self, request: HttpRequest, order_id: int, form: Any) -> HttpResponse | None:
        base = {"opts": self.opts, "subtitle": None, "media": self.media}
        return ask_to_refund(request, {**self.admin_site.each_context(request), **base}, order_id, form)

    @button(OnceForm)
    def send_payment_link(self, request: HttpRequest, order_id: int, form: forms.Form) -> None:
        """E-mails the customer where to pay."""
        caller, key = caller_of_request(request), str(form.cleaned_data["key"])

        def send() -> None:
            payment_link(order_id=order_id, caller=caller, send=True)

        perform(request, send, done="The payment link is being e-mailed to the customer.", key=key)
