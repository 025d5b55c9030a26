"""Customers, with what orders make of them: what is known of one as a file, and erasing it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

import ordersite.web.urls  # noqa: F401  registers <id:…>
from orders.admin.confirmation import Deed, ask, confirmed
from orders.admin.service_calls import perform, refusal
from orders.models import Order
from orders.reading.personal_data import personal_data_file
from orders.services.personal.erasing import check_erasable, erase_customer, forget_saved_methods
from ordersite.accounts.admin import CustomerAdmin
from ordersite.accounts.models import Customer
from ordersite.accounts.rights import Right
from ordersite.backoffice.row_choosers import row_id
from ordersite.core.faults import Refusal

ERASE = Right.ERASE_CUSTOMERS

admin.site.unregister(Customer)


@admin.register(Customer)
class CustomerPages(CustomerAdmin):
    """Customers, guests among them. One that is erased is shown, and changed by nobody."""

    change_form_template = "admin/accounts/customer/change_form.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> list[str]:
        shown = ["erased_at"] if obj is not None and obj.erased_at else []
        return [*super().get_readonly_fields(request, obj), *shown]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_erased = isinstance(obj, Customer) and obj.erased_at is not None
        return not is_erased and super().has_change_permission(request, obj)

    def has_erase_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(ERASE)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        export, erase = wrap(self.export_view), wrap(self.erase_view)
        return [
            path("<id:customer_id>/personal-data/", export, name="accounts_customer_export"),
            path("<id:customer_id>/erase/", erase, name="accounts_customer_erase"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), **self.personal_links(request, row_id(object_id) or 0)}
        return super().change_view(request, object_id, form_url, context)

    def personal_links(self, request: HttpRequest, customer_id: int) -> dict[str, Any]:
        """What leads to the file and to erasing; in the place of the latter why it cannot be done yet."""
        customer = Customer.objects.filter(pk=customer_id).first()
        if customer is None or not self.has_erase_permission(request):
            return {}
        links = {"export_of": customer.pk}
        if customer.erased_at is not None:
            return links
        try:
            check_erasable(customer.pk)
        except Refusal as error:
            return {**links, "not_erased": refusal(error)}
        return {**links, "erase_of": customer.pk}

    def export_view(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        """All that is known of the customer, as a file."""
        self.find(request, customer_id)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return personal_data_file(customer_id, timezone.now())

    def erase_view(self, request: HttpRequest, customer_id: int) -> HttpResponse:
        """Shows what will be erased; confirmed, erases it."""
        customer = self.find(request, customer_id)
        back = reverse("admin:accounts_customer_change", args=[customer_id])
        try:
            check_erasable(customer_id)
        except Refusal as error:
            messages.error(request, refusal(error))
            return HttpResponseRedirect(back)
        if request.method != "POST":
            base = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media, "subtitle": None}
            return ask(request, base, erasing_deed(customer, back))
        given = confirmed(request, "erase")
        if given is not None and given["customer"] == customer_id:
            self.erase(request, customer_id, str(given["key"]))
        return HttpResponseRedirect(back)

    def find(self, request: HttpRequest, customer_id: int) -> Customer:
        """The customer; raises PermissionDenied for who may not erase any, Http404 where there is none."""
        if not self.has_erase_permission(request):
            raise PermissionDenied
        customer = Customer.objects.select_related("user").filter(pk=customer_id).first()
        if customer is None:
            raise Http404
        return customer

    def erase(self, request: HttpRequest, customer_id: int, key: str) -> None:
        try:
            forget_saved_methods(customer_id)
        except Refusal as error:
            messages.error(request, refusal(error))
            return

        def call() -> None:
            customer = erase_customer(customer_id)
            self.log_change(request, customer, "Erased what named the customer.")

        perform(request, call, done="The customer is erased: orders and money stay, without names.", key=key)


def erasing_deed(customer: Customer, back: str) -> Deed:
    """What will be gone, and what stays."""
    orders = Order.objects.filter(customer=customer).count()
    facts = [
        ("Who", str(customer)),
        ("Orders", f"{orders}, which stay with their numbers, items and money"),
        ("Erased", "name, e-mail, phone, addresses, notes, reports, photos, positions, saved cards, tokens"),
        ("Taken back", "never"),
    ]
    if customer.user is not None:
        facts.append(("Account", "closed; nobody signs in with it again"))
    return Deed(
        name="erase", title="Erase a customer", facts=facts, button="Erase", back=back, given={"customer": customer.pk}
    )
