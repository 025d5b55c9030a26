"""Refunds: the form on an order's page, the list, and the buttons for those that need somebody."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST

import ordersite.web.urls  # noqa: F401  registers <id:…>
from orders.admin import display
from orders.admin.confirmation import Deed, ask, confirmed
from orders.admin.filters import StuckFilter
from orders.admin.forms import VersionForm
from orders.admin.purchases import order_link
from orders.admin.read_only import ReadOnlyAdmin
from orders.admin.refused_forms import keep_refused, tell_refusal
from orders.admin.service_calls import changes_shown, perform, refusal
from orders.admin.who_did import NamedActors
from orders.lifecycle.table import Status
from orders.models import Line, Refund
from orders.services.paying.refund_previews import RefundPreview, preview_refund
from orders.services.paying.refunds import LineWish, RefundWish, finish_by_hand, refund_order, send_to_wallet
from ordersite.accounts.rights import Right
from ordersite.accounts.scoping import acts_everywhere, caller_of_request
from ordersite.backoffice.moments import moment_column
from ordersite.backoffice.row_choosers import row_id
from ordersite.core.amount_columns import AmountField
from ordersite.core.faults import Refusal
from ordersite.core.money import CURRENCIES, Money
from ordersite.web.problems import ConflictProblem
from vendors.admin.scoping import ScopedAdmin

LINE = "line_"
UNANSWERED = "All of it goes back: choose whether the order is cancelled too."


class RefundForm(VersionForm):
    """What of an order goes back: all that is left, an amount, or so many units of its lines (`line_<id>`)."""

    what = forms.ChoiceField(
        label="What",
        choices=[
            ("", "What is filled in below"),
            ("all", "Everything not yet refunded"),
            ("amount", "An amount"),
            ("lines", "Items"),
        ],
        required=False,
    )
    currency = forms.CharField(widget=forms.HiddenInput)
    amount = AmountField(required=False)
    to = forms.ChoiceField(label="Where to", choices=Refund.To.choices)
    # Asked of an order that is open: a closed one's page does not send it.
    cancel = forms.ChoiceField(
        label="Cancel the order too?",
        choices=[
            ("", "Choose …"),
            ("yes", "Yes: everything not yet refunded is refunded"),
            ("no", "No: it stays open"),
        ],
        required=False,
    )
    reason = forms.CharField(
        label="Why", max_length=300, required=False, help_text="Everyone involved in the order can read it."
    )

    def __init__(self, data: Any = None, *, lines: Iterable[Line] = (), **kwargs: Any) -> None:
        """Shown, it has a field for each line of the order; sent, for each that the page had."""
        super().__init__(data, **kwargs)
        shown = {f"{LINE}{line.pk}": line for line in lines}
        labels = {name: f"{line.name}, units" for name, line in shown.items()}
        for name in data or ():
            if row_id(str(name).removeprefix(LINE)) and name.startswith(LINE):
                labels.setdefault(name, "Units")
        self.line_fields = list(labels)
        # As the wish names them: those with units, in this order.
        self.item_fields: list[str] = []
        for name in self.line_fields:
            self.fields[name] = forms.IntegerField(
                label=labels[name],
                min_value=0,
                max_value=shown[name].quantity if name in shown else 2**31 - 1,
                required=False,
                widget=forms.NumberInput({"inputmode": "numeric"}),
            )

    @property
    def is_unanswered(self) -> bool:
        """Whether it was asked if the order is cancelled too, and nothing was chosen."""
        return "cancel" in self.data and not self.data["cancel"]

    def clean_cancel(self) -> bool:
        answer = str(self.cleaned_data["cancel"])
        if self.is_unanswered and self.cleaned_data.get("what") == "all":
            raise forms.ValidationError(UNANSWERED)
        return answer == "yes"

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"])
        if currency not in CURRENCIES:
            raise forms.ValidationError("This is not a currency code.")
        return currency

    def clean(self) -> dict[str, Any]:
        """`wish` is what the service is asked for."""
        given: dict[str, Any] = super().clean() or {}
        if self.errors:
            return given
        lines = self.given_lines()
        what = given["what"] or self.filled_in(given, lines)
        # All that is left must not go back because somebody named an amount and left the choice as it was.
        if (given["amount"] is not None and what != "amount") or (lines and what != "lines"):
            raise forms.ValidationError("Choose “An amount” or “Items” to refund these; otherwise leave them empty.")
        if what == "lines" and not lines:
            raise forms.ValidationError({"what": "Fill in how many of which items are refunded."})
        amount = self.given_amount(given) if what == "amount" else None
        given["wish"] = RefundWish(
            amount=amount,
            items=lines,
            to=given["to"],
            reason=given["reason"],
            cancel=given["cancel"],
            version=given["version"],
        )
        return given

    def filled_in(self, given: dict[str, Any], lines: list[LineWish]) -> str:
        """What is meant where nothing was chosen: the amount, or the items, never both."""
        filled = [name for name, is_given in (("amount", given["amount"] is not None), ("lines", lines)) if is_given]
        if len(filled) != 1:
            raise forms.ValidationError({"what": "Choose what is refunded, or fill in an amount, or items."})
        return filled[0]

    def given_amount(self, given: dict[str, Any]) -> Money:
        minor = given["amount"]
        if minor is None:
            raise forms.ValidationError({"amount": "Fill in the amount to refund."})
        if minor == 0:
            raise forms.ValidationError({"amount": "The amount must be more than zero."})
        return Money(minor, given["currency"])

    def given_lines(self) -> list[LineWish]:
        """The lines with a number of units above zero."""
        self.item_fields = [name for name in self.line_fields if self.cleaned_data.get(name)]
        return [
            LineWish(item=int(name.removeprefix(LINE)), quantity=self.cleaned_data[name]) for name in self.item_fields
        ]


def ask_to_refund(
    request: HttpRequest, base: Mapping[str, Any], order_id: int, form: RefundForm
) -> HttpResponse | None:
    """The page that shows what the refund would do; None where it is refused, which the form and a message tell."""
    try:
        preview = preview_refund(order_id=order_id, caller=caller_of_request(request), wish=form.cleaned_data["wish"])
    except (Refusal, OperationalError) as error:
        text = refusal(error, lambda: changes_shown(request))
        messages.error(request, text)
        tell_refusal(form, error, text)
        return None
    if form.is_unanswered and not preview.left:
        messages.error(request, UNANSWERED)
        form.add_error("cancel", UNANSWERED)
        return None
    amount = display.money(preview.amount, preview.order.currency)
    deed = Deed(
        name="refund",
        title=f"Refund of order {preview.order}",
        facts=list(describe_refund(preview, form)),
        button=f"Refund {amount}",
        back=page_of(order_id),
        given={
            "order": order_id,
            "typed": {name: str(form.data[name]) for name in form.fields if name in form.data},
            "refunds": refunds_as_told(preview.refunds),
        },
    )
    return ask(request, base, deed)


def describe_refund(preview: RefundPreview, form: RefundForm) -> Iterator[tuple[str, str]]:
    """What would happen, in words."""
    order, before, after = preview.order, preview.before, preview.after

    def money(minor: int) -> str:
        return display.money(minor, order.currency)

    yield "Vendor", str(order.vendor)
    yield "Amount", money(preview.amount)
    yield "Tax in it", money(preview.tax)
    for refund in preview.refunds:
        yield f"{money(refund.amount)} to", goes_to(refund)
    yield "Left of what was paid", money(preview.left)
    parts = (("vendor", before.vendor, after.vendor), ("driver", before.driver, after.driver))
    for name, was, becomes in (*parts, ("platform (commission and fees)", before.platform, after.platform)):
        if was or becomes:
            yield f"Part of the {name}", f"{money(was)} → {money(becomes)}"
    status = Status(order.status).label
    yield "The order", f"becomes {status}" if form.cleaned_data["cancel"] else f"stays {status}"
    if reason := form.cleaned_data["reason"]:
        yield "Why", reason


def goes_to(refund: Refund) -> str:
    """Where a refund goes, and by whose hand."""
    provider = refund.payment.provider.capitalize()
    if refund.to == Refund.To.WALLET:
        return "the customer's wallet, at once"
    if refund.state == Refund.State.BY_HAND:
        return f"{provider}, by hand: give the money back, then press “Done” on the refund's page"
    return f"{provider}, which sends it to the customer"


def refunds_as_told(refunds: Iterable[Refund]) -> list[list[Any]]:
    """What makes refunds those that were shown."""
    return [[refund.payment_id, refund.amount, str(refund.to), str(refund.state)] for refund in refunds]


def page_of(order_id: int) -> str:
    return reverse("admin:orders_order_change", args=[order_id])


def do_refund(request: HttpRequest, order_id: int) -> HttpResponse:
    """Gives back what was shown, once; refused, the order's page has the form again as it was typed."""
    given, back = confirmed(request, "refund"), HttpResponseRedirect(page_of(order_id))
    if given is None or given["order"] != order_id:
        return back
    form = RefundForm(given["typed"])
    if not form.is_valid():
        keep_refused(request, page_of(order_id), form)
        return back
    caller = caller_of_request(request)

    def call() -> None:
        _, refunds = refund_order(order_id=order_id, caller=caller, wish=form.cleaned_data["wish"])
        if refunds_as_told(refunds) != given["refunds"]:
            raise ConflictProblem("refund_changed", "It would go back otherwise by now: check it again.")

    if not perform(request, call, done="The refund has been started.", key=given["key"], form=form):
        keep_refused(request, page_of(order_id), form)
    return back


@admin.register(Refund)
class RefundAdmin(NamedActors, ScopedAdmin, ReadOnlyAdmin):
    """Money that goes back; what a provider refused, and what is given by hand, needs somebody."""

    vendor_path = "order__vendor"
    list_display = ["id", "link", "money", "to", "status", "by", "reason", "made", "done"]
    list_select_related = ["payment"]
    list_filter = [StuckFilter, "state"]
    ordering = ["-id"]
    search_fields = ["id"]
    search_help_text = "An order's id"
    fields = readonly_fields = ["link", "payment", "money", "to", "status", "failure", "reason", "closing", "who_did"]
    fields += ["reference", "attempts", "made", "due", "done"]
    made = moment_column("created_at", lambda refund: refund.order.vendor.zone, "created at")
    due = moment_column("due_at", lambda refund: refund.order.vendor.zone, "due at")
    done = moment_column("done_at", lambda refund: refund.order.vendor.zone, "done at")
    change_form_template = "admin/orders/refund/change_form.html"

    def has_see_to_permission(self, request: HttpRequest) -> bool:
        return acts_everywhere(request) and request.user.has_perm(Right.SEE_TO_REFUNDS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refund]:
        return super().get_queryset(request).select_related("payment", "order__vendor")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Refund], search_term: str
    ) -> tuple[QuerySet[Refund], bool]:
        term = search_term.strip()
        return (queryset.filter(order=row_id(term.removeprefix("#")) or 0) if term else queryset), False

    def get_urls(self) -> list[URLPattern]:
        pages = {"done": self.done_view, "to-wallet": self.to_wallet_view}
        buttons = [
            path(
                f"<id:refund_id>/{name}/",
                self.admin_site.admin_view(require_POST(view)),
                name=f"orders_refund_{name.replace('-', '_')}",
            )
            for name, view in pages.items()
        ]
        return [*buttons, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A refund has the buttons that its state allows."""
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        return super().change_view(request, object_id, form_url, {"may_see_to": self.has_see_to_permission(request)})

    def done_view(self, request: HttpRequest, refund_id: int) -> HttpResponse:
        return self.see_to(request, refund_id, finish_by_hand, "The refund was made.")

    def to_wallet_view(self, request: HttpRequest, refund_id: int) -> HttpResponse:
        return self.see_to(request, refund_id, send_to_wallet, "The money was added to the customer's wallet.")

    def see_to(self, request: HttpRequest, refund_id: int, call: Any, done: str) -> HttpResponse:
        if not self.has_see_to_permission(request):
            raise PermissionDenied
        caller = caller_of_request(request)
        perform(request, lambda: call(refund_id=refund_id, caller=caller), done=done)
        return HttpResponseRedirect(reverse("admin:orders_refund_change", args=[refund_id]))

    @admin.display(description="order")
    def link(self, refund: Refund) -> str:
        return order_link(refund.order_id)

    @admin.display(description="amount")
    def money(self, refund: Refund) -> str:
        return display.money(refund.amount, refund.currency)

    @admin.display(description="state")
    def status(self, refund: Refund) -> str:
        return display.refund_badge(refund.state)

    @admin.display(description="by")
    def by(self, refund: Refund) -> str:
        return refund.payment.provider
