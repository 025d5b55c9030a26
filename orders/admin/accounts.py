"""Wallets and ledger accounts: their entries, and the form that tops a wallet up."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from orders.admin import display
from orders.admin.confirmation import Deed, ask, confirmed, moves_of
from orders.admin.forms import TopUpForm
from orders.admin.ledgers import LedgerPages
from orders.admin.search import phones
from orders.admin.service_calls import perform
from orders.models import Account, Entry
from orders.reading.search import MOST
from orders.services.money.ledger import wallet_of
from orders.services.money.wallets import top_up_amounts, top_up_by_hand
from ordersite.accounts.models import Customer
from ordersite.accounts.rights import Right
from ordersite.accounts.scoping import acts_everywhere, caller_of_request
from ordersite.backoffice.row_choosers import row_id
from ordersite.core.money import to_text

NEWEST = 50
TOP_UP = Right.TOP_UP_WALLETS


class AccountList(ChangeList):
    """With the balances of the page's accounts; those without an owner, in which all orders meet, sum too much."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: Any = self.result_list
        summed = [row.pk for row in rows if row.vendor_id or row.driver_id]
        entries = Entry.objects.filter(account__in=summed).order_by().values("account").annotate(held=Sum("amount"))
        sums = {**dict.fromkeys(summed, 0), **dict(entries.values_list("account", "held"))}
        for row in rows:
            row.sum = sums.get(row.pk, row.balance)


@admin.register(Account)
class AccountAdmin(LedgerPages):
    """Where money is. A wallet keeps its balance; the others' are sums, computed on their own page."""

    list_display = ["in_words", "held", "currency", "kind"]
    list_select_related = ["customer__user", "vendor", "driver"]
    list_filter = ["kind"]
    ordering = ["-id"]
    search_fields = ["name"]
    search_help_text = "Whole words: a customer's e-mail or phone, or the code on an account's page"
    change_list_template = "admin/orders/account/change_list.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Account], search_term: str
    ) -> tuple[QuerySet[Account], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        # Looked up first: an OR of two tables' columns reads both tables whole.
        owners = Customer.objects.filter(Q(email__in=[term, term.lower()]) | Q(phone__in=phones(term), phone__gt=""))
        found = list(owners.order_by("-pk").values_list("pk", flat=True)[:MOST])
        return queryset.filter(Q(name=term) | Q(customer__in=found)), False

    def has_top_up_permission(self, request: HttpRequest) -> bool:
        return acts_everywhere(request) and request.user.has_perm(TOP_UP)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.top_up_view)
        return [path("top-up/", view, name="orders_account_top_up"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(
            request, {"may_top_up": self.has_top_up_permission(request), "sees_all": acts_everywhere(request)}
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The account with its balance and newest entries; `before` pages to the older ones."""
        if request.method not in ("GET", "HEAD") or not self.has_view_permission(request):
            raise PermissionDenied
        accounts = self.get_queryset(request).select_related("customer__user", "vendor", "driver")
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
            "title": self.in_words(account),
            "subtitle": None,
            "account": account,
            "balance": balance,
            "entries": page[:NEWEST],
            "older": page[NEWEST - 1].posting_id if len(page) > NEWEST else None,
            "sees_all": acts_everywhere(request),
            "may_top_up": account.kind == Account.Kind.WALLET and self.has_top_up_permission(request),
            **self.purse_context(request, account),
        }
        return TemplateResponse(request, "admin/orders/account/page.html", context)

    def top_up_view(self, request: HttpRequest) -> HttpResponse:
        """Puts money into a customer's wallet, which is made where there is none."""
        if not self.has_top_up_permission(request):
            raise PermissionDenied
        if "shown" in request.POST:
            return self.do_top_up(request)
        if request.method == "POST":
            form = TopUpForm(request.POST)
            if form.is_valid():
                return self.ask_to_top_up(request, form.cleaned_data)
        else:
            given = {"customer": row_id(request.GET.get("customer", "")), "currency": request.GET.get("currency")}
            form = TopUpForm(initial={name: value for name, value in given.items() if value})
        return self.show_top_up(request, form)

    def show_top_up(self, request: HttpRequest, form: TopUpForm) -> HttpResponse:
        """The page with the form."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media + form.media,
            "title": "Top up a wallet",
            "subtitle": None,
            "form": form,
            "button": "Top up",
        }
        return TemplateResponse(request, "admin/compared/once.html", context)

    def ask_to_top_up(self, request: HttpRequest, given: dict[str, Any]) -> HttpResponse:
        """The page that shows whose wallet gets how much."""
        customer, currency, minor, text = (given[name] for name in ("customer", "currency", "amount", "text"))
        key, amount = wallet_of(customer.pk, currency), display.money(minor, currency)
        held = Account.objects.filter(name=key.name).values_list("balance", flat=True).first() or 0
        facts = [("Customer", str(customer)), ("Amount", amount), ("Current balance", display.money(held, currency))]
        facts += [("Reason", text)] if text else []
        deed = Deed(
            name="top_up",
            title="Top up a wallet",
            facts=facts,
            moves=moves_of(top_up_amounts(key, minor)),
            button=f"Put {amount} into the wallet",
            back=reverse("admin:orders_account_changelist"),
            given={"customer": customer.pk, "currency": currency, "amount": minor, "text": text},
        )
        return ask(request, self.base(request), deed)

    def do_top_up(self, request: HttpRequest) -> HttpResponse:
        """Puts in what was shown; where that is refused, the form stands there again as it was typed."""
        given = confirmed(request, "top_up")
        if given is None:
            return HttpResponseRedirect(request.path)
        currency, minor, caller = given["currency"], given["amount"], caller_of_request(request)
        form = TopUpForm({**given, "amount": to_text(minor, currency)})
        if not form.is_valid():
            return self.show_top_up(request, form)
        customer = form.cleaned_data["customer"]
        done = perform(
            request,
            lambda: top_up_by_hand(
                caller=caller, customer_id=given["customer"], currency=currency, amount=minor, text=given["text"]
            ),
            done=f"{display.money(minor, currency)} put into the wallet of {customer}.",
            key=given["key"],
            form=form,
        )
        if not done:
            return self.show_top_up(request, form)
        wallet = Account.objects.get(name=wallet_of(given["customer"], currency).name)
        return HttpResponseRedirect(reverse("admin:orders_account_change", args=[wallet.pk]))

    @admin.display(description="account", ordering="name")
    def in_words(self, account: Account) -> str:
        return display.account_in_words(account)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AccountList

    @admin.display(description="balance")
    def held(self, account: Any) -> str:
        return "see its page" if account.sum is None else display.money(account.sum, account.currency)
