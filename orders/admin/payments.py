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
from orders.admin.bases import CappedPaginator, ReadOnlyAdmin, row_id
from orders.admin.confirming import Deed, ask, confirmed
from orders.admin.doing import caller_of_request, perform
from orders.admin.forms import VersionForm, first_error
from orders.api.payments import PHOTO_HEADERS
from orders.models import Payment, PaymentProof, PaymentShare, PaymentStatus
from orders.services.proofs import approve, read_file, refuse
from orders.services.receiving import lock_payment
from ordersite.web.problems import Conflict

CHECK = "orders.change_paymentproof"
PER_PAGE = 20
NO_PAYMENT = "There is no payment {payment_id} of an order."


class RefuseForm(VersionForm):
    reason = forms.CharField(label="Why", max_length=300)


@admin.register(PaymentProof)
class ProofAdmin(ReadOnlyAdmin):
    """The payments whose photos wait, oldest first; with ?payment=… one payment, whatever became of it."""

    def has_check_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(CHECK)

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponse]]] = {
            "photo": ("<id:proof_id>/photo/", require_GET(self.photo_view)),
            "approve": ("<id:payment_id>/approve/", self.approve_view),
            "refuse": ("<id:payment_id>/refuse/", require_POST(self.refuse_view)),
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
        page = CappedPaginator(payments_with_photos(one), PER_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": f"Photos of payment {one}" if one else "Proofs to check",
            "subtitle": None,
            "page": page,
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
        if proof is None or not proof.photo.storage.exists(str(proof.photo.name)):
            raise Http404
        return HttpResponse(read_file(proof), content_type="image/jpeg", headers=PHOTO_HEADERS)

    def approve_view(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        """Shows who has paid how much for what, and marks it as received once that is confirmed."""
        self.require_check(request)
        back = reverse("admin:orders_paymentproof_changelist")
        if request.method == "POST":
            self.do_approve(request)
            return HttpResponseRedirect(back)
        payment = payments_with_photos(payment_id).first()
        orders = [share.order for share in payment.shares.all()] if payment else []
        if payment is None or payment.purchase is None or not orders:
            messages.warning(request, NO_PAYMENT.format(payment_id=payment_id))
            return HttpResponseRedirect(back)
        amount = display.money(payment.amount, payment.currency)
        facts = [("Payer", payment.purchase.customer.name or "a guest"), ("Amount", amount), ("By", payment.provider)]
        facts += [(f"For order #{order.pk}", str(order.vendor)) for order in orders]
        facts += [("What happens", "It is booked as received, and the orders count as paid.")]
        deed = Deed(
            name="approve",
            title="Mark as received",
            facts=facts,
            button=f"{amount} was received",
            back=back,
            given={
                "payment": payment.pk,
                "amount": payment.amount,
                "order": orders[0].pk,
                "version": orders[0].version,
            },
        )
        base = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media, "subtitle": None}
        return ask(request, base, deed)

    def do_approve(self, request: HttpRequest) -> None:
        """Marks what was shown as received; refused where it is another amount by now."""
        given = confirmed(request, "approve")
        if given is None:
            return
        caller = caller_of_request(request)

        def call() -> None:
            payment, _ = lock_payment(given["payment"])
            if payment.amount != given["amount"]:
                now = display.money(payment.amount, payment.currency)
                raise Conflict("amount_changed", f"It has changed meanwhile: {now} are due now. Nothing was done.")
            approve(order_id=given["order"], payment_id=payment.pk, caller=caller, version=given["version"])

        perform(request, call, done="The payment is marked as received.", key=given["key"])

    def require_check(self, request: HttpRequest) -> None:
        if not self.has_check_permission(request):
            raise PermissionDenied

    def refuse_view(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        """Calls the service on the first of the payment's orders, whose version the page showed."""
        self.require_check(request)
        order_ids = PaymentShare.objects.filter(payment=payment_id).order_by("order").values_list("order", flat=True)
        order_id, caller, form = order_ids.first(), caller_of_request(request), RefuseForm(request.POST)
        if order_id is None:
            messages.warning(request, NO_PAYMENT.format(payment_id=payment_id))
        elif not form.is_valid():
            messages.error(request, first_error(form))
        else:
            given = form.cleaned_data
            perform(
                request,
                lambda: refuse(order_id=order_id, payment_id=payment_id, caller=caller, **given),
                done="Refused: the customer reads why.",
            )
        return HttpResponseRedirect(reverse("admin:orders_paymentproof_changelist"))


def payments_with_photos(one: int | None) -> QuerySet[Payment]:
    """The payments whose photos wait to be checked, oldest first, or one payment; with all that the page shows."""
    shares = PaymentShare.objects.select_related("order__vendor").order_by("order")
    payments = Payment.objects.select_related("purchase__customer", "checked_by").order_by("pk")
    payments = payments.prefetch_related(Prefetch("shares", shares), "proofs")
    return payments.filter(pk=one) if one else payments.filter(state=PaymentStatus.PROOF_PENDING)
