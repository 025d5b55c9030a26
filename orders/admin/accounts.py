"""Wallets and ledger accounts: their entries, and the form that tops a wallet up."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from orders.admin import display
from orders.admin.bases import row_id
from orders.admin.doing import perform
from orders.admin.forms import TopUpForm
from orders.admin.ledgers import LedgerPages
from orders.models import Account, Entry
from orders.services.ledger import wallet_of
from orders.services.wallets import top_up

NEWEST = 50
TOP_UP = "orders.change_account"


@admin.register(Account)
class AccountAdmin(LedgerPages):
    """Where money is. A wallet keeps its balance; the others' are sums, reckoned on their own page."""

    list_display = ["name", "kind", "owner", "currency", "held"]
    list_select_related = ["customer", "vendor", "driver"]
    list_filter = ["kind"]
    ordering = ["-id"]
    search_fields = ["name"]
    search_help_text = "Whole words: an account's name, its customer's e-mail or phone"
    change_list_template = "admin/orders/account/change_list.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Account], search_term: str
    ) -> tuple[QuerySet[Account], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        owner = Q(customer__email__in=[term, term.lower()]) | Q(customer__phone=term)
        return queryset.filter(Q(name=term) | owner), False

    def has_top_up_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(TOP_UP)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.top_up_view)
        return [path("top-up/", view, name="orders_account_top_up"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"may_top_up": self.has_top_up_permission(request)})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The account with its balance and newest entries; `before` pages to the older ones."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        accounts = Account.objects.select_related("customer", "vendor", "driver")
        account = accounts.filter(pk=row_id(object_id) or 0).first()
        if account is None:
            return self.missing(request, object_id)
        entries = Entry.objects.filter(account=account).select_related("posting").order_by("-posting_id")
        balance = account.balance
        if balance is None:
            balance = entries.aggregate(balance=Sum("amount"))["balance"] or 0
        if before := row_id(request.GET.get("before", "")):
            entries = entries.filter(posting_id__lt=before)
        page = list(entries[: NEWEST + 1])
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": f"Account {account}",
            "subtitle": None,
            "account": account,
            "owner": self.owner(account),
            "balance": balance,
            "entries": page[:NEWEST],
            "older": page[NEWEST - 1].posting_id if len(page) > NEWEST else None,
            "may_top_up": account.kind == Account.Kind.WALLET and self.has_top_up_permission(request),
            **self.purse_context(request, account),
        }
        return TemplateResponse(request, "admin/orders/account/page.html", context)

    def top_up_view(self, request: HttpRequest) -> HttpResponse:
        """Puts money into a customer's wallet, which is made where there is none."""
        if not self.has_top_up_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            form = TopUpForm(request.POST)
            if form.is_valid() and self.do_top_up(request, form.cleaned_data):
                key = wallet_of(form.cleaned_data["customer"].pk, form.cleaned_data["currency"])
                wallet = Account.objects.get(name=key.name)
                return HttpResponseRedirect(reverse("admin:orders_account_change", args=[wallet.pk]))
        else:
            given = {"customer": row_id(request.GET.get("customer", "")), "currency": request.GET.get("currency")}
            form = TopUpForm(initial={name: value for name, value in given.items() if value})
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media + form.media,
            "title": "Top up a wallet",
            "subtitle": None,
            "form": form,
        }
        return TemplateResponse(request, "admin/orders/account/top_up.html", context)

    def do_top_up(self, request: HttpRequest, given: dict[str, Any]) -> bool:
        user: Any = request.user
        customer, currency, minor = given["customer"], given["currency"], given["minor"]
        return perform(
            request,
            lambda: top_up(
                customer_id=customer.pk, currency=currency, amount=minor, actor=user.caller_key, text=given["text"]
            ),
            done=f"{display.money(minor, currency)} put into the wallet of {customer}.",
            key=str(given["key"]),
        )

    @admin.display(description="owner", empty_value="–")
    def owner(self, account: Account) -> str | None:
        owner = account.customer or account.vendor or account.driver
        return str(owner) if owner else None

    @admin.display(description="balance", empty_value="–")
    def held(self, account: Account) -> str | None:
        return None if account.balance is None else display.money(account.balance, account.currency)
