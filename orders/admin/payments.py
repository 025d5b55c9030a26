"""Photos that show that a transfer was made: looked at by staff, who approve or refuse them."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_GET, require_POST

import ordersite.web.urls  # noqa: F401  registers <id:…>
from orders.admin import display
from orders.admin.confirmation import Deed, ask, confirmed
from orders.admin.forms import PLAIN, VersionForm, first_error
from orders.admin.read_only import ReadOnlyAdmin
from orders.admin.refused_forms import Kept, form_of, keep_refused, take_refused
from orders.admin.service_calls import perform
from orders.models import WAITS_FOR_STAFF, Payment, PaymentProof, PaymentShare, PaymentStatus
from orders.reading.payments import PHOTO_HEADERS
from orders.services.paying.disputes import decide_top_up
from orders.services.paying.payment_checks import approve_payment, refuse_payment, waive_owed
from orders.services.paying.receiving import lock_payment
from orders.services.record.photos import read_file
from ordersite.accounts.rights import Right
from ordersite.accounts.scoping import EverywhereAdmin, acts_everywhere, caller_of_request
from ordersite.backoffice.lists import CappedPaginator
from ordersite.backoffice.row_choosers import row_id
from ordersite.backoffice.typed_fields import TypedForm
from ordersite.web.problems import ConflictProblem

PER_PAGE = 20
DECISIONS: dict[str, Callable[..., Any]] = {"refuse": refuse_payment, "waive": waive_owed}
NO_PAYMENT = "There is no payment {payment_id} of an order."


class PaymentReasonForm(TypedForm, forms.Form):
    reason = forms.CharField(label="Why", max_length=300, widget=forms.TextInput(PLAIN))


class RefuseForm(VersionForm, PaymentReasonForm):
    """Of a payment of orders: whoever changed the order since the page was shown wins."""


@admin.register(PaymentProof)
class ProofAdmin(EverywhereAdmin, ReadOnlyAdmin):
    """The payments that wait for staff, oldest first; with ?payment=… one payment, whatever became of it."""

    def has_check_permission(self, request: HttpRequest) -> bool:
        return acts_everywhere(request) and request.user.has_perm(Right.CHECK_PAYMENTS)

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "photo": ("<id:proof_id>/photo/", require_GET(self.photo_view)),
            "approve": ("<id:payment_id>/approve/", self.approve_view),
            "refuse": ("<id:payment_id>/refuse/", require_POST(self.refuse_view)),
            "waive": ("<id:payment_id>/waive/", require_POST(self.waive_view)),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"orders_paymentproof_{name}")
            for name, (route, view) in pages.items()
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The payments with their photos, customers and orders, in a fixed number of statements."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        one = row_id(request.GET.get("payment", ""))
        page = CappedPaginator(waiting_payments(one), PER_PAGE).get_page(request.GET.get("p"))
        kept = take_refused(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": f"Photos of payment {one}" if one else "Payments to check",
            "subtitle": None,
            "page": page,
            "rows": [(payment, *(why_form(kept, payment, act) for act in ("refuse", "waive"))) for payment in page],
            "waiting": PaymentStatus.PROOF_PENDING,
            "may_check": self.has_check_permission(request),
        }
        return TemplateResponse(request, "admin/orders/paymentproof/page.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """A photo has no page of its own: its payment has."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        proof = PaymentProof.objects.filter(pk=row_id(object_id) or 0).first()
        if proof is None:
            return self.missing(request, object_id)
        return HttpResponseRedirect(f"{reverse('admin:orders_paymentproof_changelist')}?payment={proof.payment_id}")

    def photo_view(self, request: HttpRequest, proof_id: int) -> HttpResponse:
        """The picture itself."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        proof = PaymentProof.objects.filter(pk=proof_id).first()
        if proof is None:
            raise Http404
        return HttpResponse(read_file(proof), content_type="image/jpeg", headers=PHOTO_HEADERS)

    def approve_view(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        """Shows who has paid how much for what, and marks it as received once that is confirmed."""
        self.require_check(request)
        back = reverse("admin:orders_paymentproof_changelist")
        if request.method == "POST":
            self.do_approve(request)
            return HttpResponseRedirect(back)
        payment = waiting_payments(payment_id).first()
        if payment is None:
            messages.warning(request, NO_PAYMENT.format(payment_id=payment_id))
            return HttpResponseRedirect(back)
        orders = [share.order for share in payment.shares.all()]
        amount = display.money(*came_in(payment))
        facts = [("Payer", payer_name(payment)), ("Amount", amount), ("By", payment.provider)]
        facts += [(f"For order #{order.pk}", str(order.vendor)) for order in orders]
        facts += [("What happens", what_approving_does(payment))]
        deed = Deed(
            name="approve",
            title="Take what is reserved" if payment.is_authorised else "Mark as received",
            facts=facts,
            button=f"Take {amount}" if payment.is_authorised else f"{amount} was received",
            back=back,
            given={
                "payment": payment.pk,
                "amount": came_in(payment)[0],
                "order": orders[0].pk if orders else None,
                "version": orders[0].version if orders else None,
            },
        )
        base = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media, "subtitle": None}
        return ask(request, base, deed)

    def do_approve(self, request: HttpRequest) -> None:
        """Marks what was shown as received; refused where it is another amount by now."""
        given = confirmed(request, "approve")
        if given is None:
            return
        caller, done = caller_of_request(request), "The payment was marked as received."
        if Payment.objects.filter(pk=given["payment"], state=PaymentStatus.AUTHORISED).exists():
            done = "The payment provider is told to take it: it comes in within seconds."

        def call() -> None:
            payment, _ = lock_payment(given["payment"])
            if came_in(payment)[0] != given["amount"]:
                now = display.money(*came_in(payment))
                raise ConflictProblem("amount_changed", f"The amount has changed: {now} are due now. Nothing was done.")
            if given["order"] is None:
                decide_top_up(payment_id=payment.pk, caller=caller, counts=True)
                return
            approve_payment(order_id=given["order"], payment_id=payment.pk, caller=caller, version=given["version"])

        perform(request, call, done=done, key=given["key"])

    def require_check(self, request: HttpRequest) -> None:
        if not self.has_check_permission(request):
            raise PermissionDenied

    def refuse_view(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        return self.decide(request, payment_id, "refuse", "The payment was refused. The customer can read the reason.")

    def waive_view(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        return self.decide(request, payment_id, "waive", "The amount was waived: it need not be paid.")

    def decide(self, request: HttpRequest, payment_id: int, act: str, done: str) -> HttpResponse:
        """Calls the service on the first of the payment's orders, whose version the page showed.

        Refused, it leads to the payment by itself: in the list it may stand on another page by now.
        """
        self.require_check(request)
        order_ids = PaymentShare.objects.filter(payment=payment_id).order_by("order").values_list("order", flat=True)
        order_id, caller = order_ids.first(), caller_of_request(request)
        form = RefuseForm(request.POST) if order_id else PaymentReasonForm(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
        elif order_id is None:
            reason = form.cleaned_data["reason"]
            perform(
                request,
                lambda: decide_top_up(payment_id=payment_id, caller=caller, counts=False, reason=reason),
                done="The refund by hand was recorded: the top-up has failed.",
                form=form,
            )
        else:
            given, service = form.cleaned_data, DECISIONS[act]
            perform(
                request,
                lambda: service(order_id=order_id, payment_id=payment_id, caller=caller, **given),
                done=done,
                form=form,
            )
        page = reverse("admin:orders_paymentproof_changelist")
        if form.errors:
            keep_refused(request, page, form, payment=payment_id, act=act)
            page = f"{page}?payment={payment_id}"
        return HttpResponseRedirect(page)


def why_form(kept: Kept | None, payment: Payment, act: str) -> forms.Form:
    """The form that says why a payment is refused, or waived."""
    shares, auto_id = list(payment.shares.all()), f"{act}-{payment.pk}_%s"
    form: forms.Form = PaymentReasonForm(auto_id=auto_id)
    if shares:
        form = RefuseForm(initial={"version": shares[0].order.version}, auto_id=auto_id)
    return form_of(kept, form, payment=payment.pk, act=act)


def came_in(payment: Payment) -> tuple[int, str]:
    """What approving counts as received: minor units, and the currency."""
    if payment.disputed_amount is not None:
        return payment.disputed_amount, payment.disputed_currency
    return payment.amount, payment.currency


def payer_name(payment: Payment) -> str:
    return str(payment.purchase.customer if payment.purchase else payment.customer)


def what_approving_does(payment: Payment) -> str:
    """What is booked where, in a sentence."""
    if payment.is_disputed:
        return "The amount that came in is recorded as received: what is missing is waived, and any excess is refunded."
    if payment.is_authorised:
        return "The payment provider is told to take it. The payment is marked as received once it has come in."
    if payment.to_vendor:
        return "It is recorded as received by the vendor itself, and the order counts as paid."
    return "It is recorded as received by the platform. The orders count as paid; for closed orders it is refunded."


def waiting_payments(one: int | None) -> QuerySet[Payment]:
    """The payments that wait for staff, oldest first, or one payment; with all that the page shows."""
    shares = PaymentShare.objects.select_related("order__vendor").order_by("order")
    payments = Payment.objects.select_related("purchase__customer__user", "customer__user", "checked_by").order_by("pk")
    payments = payments.prefetch_related(Prefetch("shares", shares), "proofs")
    return payments.filter(pk=one) if one else payments.filter(WAITS_FOR_STAFF)
