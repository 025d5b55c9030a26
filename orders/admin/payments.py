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
from orders.admin.bases import CappedPaginator, ReadOnlyAdmin, row_id
from orders.admin.doing import caller_of_request, perform
from orders.admin.forms import VersionForm, first_error
from orders.api.payments import PHOTO_HEADERS
from orders.models import Order, Payment, PaymentProof, PaymentShare, PaymentStatus
from orders.services.proofs import approve, read_file, refuse

CHECK = "orders.change_paymentproof"
PER_PAGE = 20


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
            "approve": ("<id:payment_id>/approve/", require_POST(self.approve_view)),
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
        return self.decide(
            request, payment_id, VersionForm(request.POST), approve, "The payment is marked as received."
        )

    def refuse_view(self, request: HttpRequest, payment_id: int) -> HttpResponse:
        return self.decide(request, payment_id, RefuseForm(request.POST), refuse, "Refused: the customer reads why.")

    def decide(
        self, request: HttpRequest, payment_id: int, form: forms.Form, call: Callable[..., Order], done: str
    ) -> HttpResponse:
        """Calls the service on the first of the payment's orders, whose version the page showed."""
        if not self.has_check_permission(request):
            raise PermissionDenied
        order_ids = PaymentShare.objects.filter(payment=payment_id).order_by("order").values_list("order", flat=True)
        order_id, caller = order_ids.first(), caller_of_request(request)
        if order_id is None:
            messages.warning(request, f"There is no payment {payment_id} of an order.")
        elif not form.is_valid():
            messages.error(request, first_error(form))
        else:
            given = form.cleaned_data
            perform(request, lambda: call(order_id=order_id, payment_id=payment_id, caller=caller, **given), done=done)
        return HttpResponseRedirect(reverse("admin:orders_paymentproof_changelist"))


def payments_with_photos(one: int | None) -> QuerySet[Payment]:
    """The payments whose photos wait to be checked, oldest first, or one payment; with all that the page shows."""
    shares = PaymentShare.objects.select_related("order__vendor").order_by("order")
    payments = Payment.objects.select_related("purchase__customer", "checked_by").order_by("pk")
    payments = payments.prefetch_related(Prefetch("shares", shares), "proofs")
    return payments.filter(pk=one) if one else payments.filter(state=PaymentStatus.PROOF_PENDING)
