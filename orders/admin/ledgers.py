"""What vendors and drivers are owed: paying out, cash handed in, and a vendor's statement."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

import ordersite.web.urls  # noqa: F401  registers <id:…>
from orders.admin import display
from orders.admin.bases import CappedPaginator, ReadOnlyAdmin
from orders.admin.doing import perform
from orders.admin.forms import OnceForm, first_error
from orders.models import Account
from orders.services.payouts import balances_of, hand_in, pay_out, purse_of
from orders.statements import FIRST_DAY, LAST_DAY, LONGEST_DAYS, statement_response
from ordersite.web.money import MoneyError, from_text
from vendors.models import Driver, Vendor

PAY = "orders.change_account"
OWNERS_PER_PAGE = 50


class PayForm(OnceForm):
    """An amount in the account's currency, as minor units; empty: all."""

    amount = forms.CharField(
        max_length=20, required=False, widget=forms.TextInput(attrs={"inputmode": "decimal", "size": 10})
    )
    text = forms.CharField(label="Reference", max_length=200, required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency

    def clean_amount(self) -> int | None:
        text = self.cleaned_data["amount"].strip()
        if not text:
            return None
        try:
            minor = from_text(text, self.currency)
        except MoneyError as error:
            raise forms.ValidationError(str(error)) from error
        if minor <= 0:
            raise forms.ValidationError("Send more than zero.")
        return minor


class HandInForm(PayForm):
    """The same, and an amount must be named: it was counted."""

    amount = forms.CharField(max_length=20, widget=PayForm.base_fields["amount"].widget)


WITHIN = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]


class PeriodForm(forms.Form):
    """The first and the last day of a statement."""

    first = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}), validators=WITHIN)
    last = forms.DateField(label="to", widget=forms.DateInput(attrs={"type": "date"}), validators=WITHIN)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "first" in given and "last" in given and not 0 <= (given["last"] - given["first"]).days < LONGEST_DAYS:
            raise forms.ValidationError(f"A statement goes forward, over at most {LONGEST_DAYS} days.")
        return given


def last_month() -> dict[str, Any]:
    """The days of the month before this one, which statements are mostly asked for."""
    last = timezone.localdate().replace(day=1) - timedelta(days=1)
    return {"first": last.replace(day=1), "last": last}


class LedgerPages(ReadOnlyAdmin):
    """The pages of accounts that money leaves and enters by hand."""

    def has_pay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(PAY)

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponseBase]]] = {
            "payouts": ("payouts/", require_GET(self.payouts_view)),
            "pay_out": ("<id:account_id>/pay-out/", require_POST(self.pay_out_view)),
            "hand_in": ("<id:account_id>/hand-in/", require_POST(self.hand_in_view)),
            "statement": ("<id:account_id>/statement/", require_GET(self.statement_view)),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"orders_account_{name}")
            for name, (route, view) in pages.items()
        ]
        return [*own, *super().get_urls()]

    def payouts_view(self, request: HttpRequest) -> HttpResponse:
        """Vendors, or drivers, with what is owed to each: a fixed number of statements a page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        drivers = request.GET.get("who") == "drivers"
        model: type[Vendor] | type[Driver] = Driver if drivers else Vendor
        owner = "driver" if drivers else "vendor"
        theirs = Account.objects.filter(**{owner: OuterRef("pk")})
        owners: Any = model.objects.filter(Exists(theirs)).order_by("name", "pk")
        page = CappedPaginator(owners, OWNERS_PER_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": "What drivers are owed" if drivers else "What vendors are owed",
            "subtitle": None,
            "drivers": drivers,
            "page": page,
            "rows": self.owed_rows(page, owner),
            "may_pay": self.has_pay_permission(request),
        }
        return TemplateResponse(request, "admin/orders/account/payouts.html", context)

    def owed_rows(self, page: "Page[Any]", owner: str) -> list[dict[str, Any]]:
        """Each owner on the page with its balance a currency."""
        owners = {row.pk: row for row in page}
        accounts = Account.objects.filter(**{f"{owner}__in": owners}).order_by("currency", "-kind")
        # Any of an owner's accounts leads to its purse.
        purses = {purse_of(account): account for account in accounts}
        balances = balances_of(purses)
        rows = [
            {
                "owner": owners[getattr(account, f"{owner}_id")],
                "account": account,
                "balance": balances[purse],
                "form": PayForm(currency=account.currency, auto_id=f"pay-{account.pk}_%s"),
            }
            for purse, account in purses.items()
        ]
        order = list(owners.values())
        return sorted(rows, key=lambda row: order.index(row["owner"]))

    def purse_context(self, request: HttpRequest, account: Account) -> dict[str, Any]:
        """What an account's page shows beside its entries where it is a vendor's or a driver's."""
        if account.vendor_id is None and account.driver_id is None:
            return {}
        purse, auto_id = purse_of(account), account.pk
        return {
            "purse": balances_of([purse])[purse],
            "may_pay": self.has_pay_permission(request),
            "pay_form": PayForm(currency=account.currency, auto_id=f"pay-{auto_id}_%s"),
            "hand_in_form": HandInForm(currency=account.currency, auto_id=f"hand-{auto_id}_%s"),
            "period_form": PeriodForm(initial=last_month()) if account.vendor_id else None,
        }

    def account_to_pay(self, request: HttpRequest, account_id: int) -> Account | None:
        """A vendor's or driver's account; raises PermissionDenied."""
        if not self.has_pay_permission(request):
            raise PermissionDenied
        return self.owned(account_id)

    def owned(self, account_id: int) -> Account | None:
        accounts = Account.objects.select_related("vendor", "driver")
        account = accounts.filter(pk=account_id).first()
        return account if account and (account.vendor_id or account.driver_id) else None

    def pay_out_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Pays out what is owed, or a part."""
        account = self.account_to_pay(request, account_id)
        if account is None:
            return self.missing(request, str(account_id))
        form = PayForm(request.POST, currency=account.currency)
        if form.is_valid():
            self.move(request, account, form.cleaned_data, pay_out, "The payout is in the ledger.")
        else:
            messages.error(request, first_error(form))
        return self.back(request, account)

    def hand_in_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Records cash that was handed in."""
        account = self.account_to_pay(request, account_id)
        if account is None:
            return self.missing(request, str(account_id))
        form = HandInForm(request.POST, currency=account.currency)
        if form.is_valid():
            amount = display.money(form.cleaned_data["amount"], account.currency)
            self.move(request, account, form.cleaned_data, hand_in, f"{amount} handed in.")
        else:
            messages.error(request, first_error(form))
        return self.back(request, account)

    def move(
        self, request: HttpRequest, account: Account, given: dict[str, Any], call: Callable[..., Any], done: str
    ) -> None:
        user: Any = request.user
        perform(
            request,
            lambda: call(purse=purse_of(account), amount=given["amount"], actor=user.caller_key, text=given["text"]),
            done=done,
            key=str(given["key"]),
        )

    def back(self, request: HttpRequest, account: Account) -> HttpResponse:
        """To the page where the button was."""
        payouts = reverse("admin:orders_account_payouts")
        if request.POST.get("from") == "payouts":
            return HttpResponseRedirect(f"{payouts}?who=drivers" if account.driver_id else payouts)
        return HttpResponseRedirect(reverse("admin:orders_account_change", args=[account.pk]))

    def statement_view(self, request: HttpRequest, account_id: int) -> HttpResponseBase:
        """A vendor's statement as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        account = self.owned(account_id)
        if account is None or account.vendor is None:
            return self.missing(request, str(account_id))
        form = PeriodForm(request.GET)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return HttpResponseRedirect(reverse("admin:orders_account_change", args=[account.pk]))
        given = form.cleaned_data
        return statement_response(account.vendor, account.currency, given["first"], given["last"])
