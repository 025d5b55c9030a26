"""What vendors and drivers are owed: paying out, cash handed in, and a vendor's statement."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

import ordersite.web.urls  # noqa: F401  registers <id:…>
from orders.admin import display
from orders.admin.confirmation import Deed, ask, confirmed, moves_of
from orders.admin.file_pages import MOST_COUNTED, FilePages
from orders.admin.forms import above_zero, first_error
from orders.admin.overviews import show_commission, show_ledger, show_open_payments
from orders.admin.read_only import ReadOnlyAdmin
from orders.admin.refused_forms import Kept, form_of, keep_refused, take_refused
from orders.admin.service_calls import perform
from orders.admin.statement_page import statement_context
from orders.models import Account, FileExport, Posting
from orders.reading.file_exports import STATEMENT
from orders.reading.statements import (
    FIRST_DAY,
    LAST_DAY,
    LONGEST_DAYS,
    MOST_DRAWN,
    count_lines,
    moved_in,
    payouts_since,
    posting_currency,
    statement_name,
    statement_response,
    statement_sheet,
)
from orders.services.money.ledger import differences
from orders.services.money.payouts import (
    Balance,
    Purse,
    balances_of,
    hand_in,
    hand_in_amounts,
    pay_out,
    payout_amounts,
    purse_of,
)
from ordersite.accounts.rights import Right
from ordersite.accounts.scoping import acts_everywhere, caller_of_request
from ordersite.backoffice.lists import CappedPaginator
from ordersite.backoffice.moments import write_moment
from ordersite.backoffice.row_choosers import row_id
from ordersite.backoffice.typed_fields import TypedForm
from ordersite.core.amount_columns import AmountField
from ordersite.core.faults import Conflict
from ordersite.core.replica import from_replica
from ordersite.core.sheets import Paper
from ordersite.web.pdf import pdf_response
from ordersite.web.problems import as_problem
from vendors.admin.scoping import own_vendors
from vendors.models import Driver, Vendor

PAY = Right.PAY_OUT
OWNERS_PER_PAGE = 50
# So that what was paid a moment ago, here or by somebody else, is not paid again unseen.
LATELY = "Paid out in the last 24 hours"
# How many may be selected to be paid out at once: a page of owners, each in some currencies.
MOST_SELECTED = 200


class PayForm(TypedForm, forms.Form):
    """An amount in the account's currency, as minor units; empty: all."""

    amount = AmountField(required=False)
    text = forms.CharField(label="Reference", max_length=200, required=False)

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["amount"]
        field.currency = currency

    def clean_amount(self) -> int | None:
        minor: int | None = self.cleaned_data["amount"]
        return None if minor is None else above_zero(minor, "Send more than zero.")


class HandInForm(PayForm):
    """The same, and an amount must be named: it was counted. Nothing may be all of it."""

    amount = AmountField()
    is_all = forms.BooleanField(label="That is all: what it differs from the cash held is booked", required=False)
    field_order = ["is_all", "amount", "text"]

    def clean_amount(self) -> int | None:
        return self.cleaned_data["amount"] if self.cleaned_data.get("is_all") else super().clean_amount()


TOO_LONG = f"A PDF has at most {MOST_DRAWN:,} lines: take CSV or XLSX, or fewer days."
WITHIN = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]


class PeriodForm(TypedForm, forms.Form):
    """The first and the last day of a statement."""

    first = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}), validators=WITHIN)
    last = forms.DateField(label="to", widget=forms.DateInput(attrs={"type": "date"}), validators=WITHIN)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "first" in given and "last" in given and not 0 <= (given["last"] - given["first"]).days < LONGEST_DAYS:
            raise forms.ValidationError(
                f"The last day must not be before the first, and a statement has {LONGEST_DAYS} days at most."
            )
        return given


def last_month() -> dict[str, Any]:
    """The days of the month before this one, which statements are mostly asked for."""
    last = timezone.localdate().replace(day=1) - timedelta(days=1)
    return {"first": last.replace(day=1), "last": last}


def moves_money_of(posting: Posting, purse: Purse) -> bool:
    return any(moved_in(posting, purse))


def sent_in_words(posting: Posting) -> str:
    """What left the site by a payout, when, and its reference."""
    sent = sum(entry.amount for entry in posting.entries.all() if entry.account.kind == Account.Kind.FUNDING)
    told = [display.money(sent, posting_currency(posting)), write_moment(posting.created_at), posting.text]
    return ", ".join(word for word in told if word)


def pay_form(kept: Kept | None, account: Account) -> forms.Form:
    """The form that pays an account's owner."""
    form = PayForm(currency=account.currency, auto_id=f"pay-{account.pk}_%s")
    return form_of(kept, form, account=account.pk)


class LedgerPages(FilePages, ReadOnlyAdmin):
    """The pages of accounts that money leaves and enters by hand."""

    export_kind = STATEMENT

    def has_pay_permission(self, request: HttpRequest) -> bool:
        return acts_everywhere(request) and request.user.has_perm(PAY)

    def get_urls(self) -> list[URLPattern]:
        pages: dict[str, tuple[str, Callable[..., HttpResponseBase]]] = {
            "payouts": ("payouts/", require_GET(self.payouts_view)),
            "open_payments": ("open-payments/", self.overview(show_open_payments)),
            "commission": ("commission/", self.overview(show_commission)),
            "ledger": ("ledger/", self.overview(show_ledger)),
            "pay_out_selected": ("pay-out/", self.pay_out_selected_view),
            "pay_out": ("<id:account_id>/pay-out/", self.pay_out_view),
            "hand_in": ("<id:account_id>/hand-in/", self.hand_in_view),
            "statement": ("<id:account_id>/statement/", require_GET(self.statement_view)),
            "statement_file": ("<id:account_id>/statement/file/", require_POST(self.statement_file_view)),
        }
        own = [
            path(route, self.admin_site.admin_view(view), name=f"orders_account_{name}")
            for name, (route, view) in pages.items()
        ]
        return [*own, *self.file_urls(), *super().get_urls()]

    def overview(self, page: Callable[[HttpRequest, dict[str, Any]], HttpResponse]) -> Callable[..., HttpResponse]:
        """A page on all of the platform's money, for who sees all of it."""

        def view(request: HttpRequest) -> HttpResponse:
            if not self.has_view_permission(request) or not acts_everywhere(request):
                raise PermissionDenied
            return page(request, self.base(request))

        return require_GET(view)

    def payouts_view(self, request: HttpRequest) -> HttpResponse:
        """Vendors, or drivers, with what is owed to each: a fixed number of statements a page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        drivers = request.GET.get("who") == "drivers" and acts_everywhere(request)
        owner = "driver" if drivers else "vendor"
        theirs = Account.objects.filter(**{owner: OuterRef("pk")})
        rows: Any = Driver.objects.all() if drivers else own_vendors(request)
        owners = rows.filter(Exists(theirs)).order_by("name", "pk")
        page = CappedPaginator(owners, OWNERS_PER_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": "What drivers are owed" if drivers else "What vendors are owed",
            "subtitle": None,
            "drivers": drivers,
            "page": page,
            "rows": self.owed_rows(request, page, owner),
            "may_pay": self.has_pay_permission(request),
        }
        return TemplateResponse(request, "admin/orders/account/payouts.html", context)

    def owed_rows(self, request: HttpRequest, page: "Page[Any]", owner: str) -> list[dict[str, Any]]:
        """Each owner on the page with its balance a currency."""
        owners = {row.pk: row for row in page}
        accounts = Account.objects.filter(**{f"{owner}__in": owners}).order_by("currency", "-kind")
        # Any of an owner's accounts leads to its purse.
        purses = {purse_of(account): account for account in accounts}
        balances, kept = balances_of(purses), take_refused(request)
        rows = [
            {
                "owner": owners[getattr(account, f"{owner}_id")],
                "account": account,
                "balance": balances[purse],
                "form": pay_form(kept, account),
            }
            for purse, account in purses.items()
        ]
        order = list(owners.values())
        return sorted(rows, key=lambda row: order.index(row["owner"]))

    def purse_context(self, request: HttpRequest, account: Account) -> dict[str, Any]:
        """What an account's page shows beside its entries where it is a vendor's or a driver's."""
        if account.vendor_id is None and account.driver_id is None:
            return {}
        purse, kept = purse_of(account), take_refused(request)
        hand_in_form = HandInForm(currency=account.currency, auto_id=f"hand-{account.pk}_%s")
        return {
            "owner": account.vendor or account.driver,
            "purse": balances_of([purse])[purse],
            "may_pay": self.has_pay_permission(request),
            "pay_form": pay_form(kept, account),
            "hand_in_form": form_of(kept, hand_in_form, account=account.pk),
            "period_form": form_of(kept, PeriodForm(initial=last_month())) if account.vendor_id else None,
        }

    def base(self, request: HttpRequest) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media, "subtitle": None}

    def owned(self, account_id: int) -> Account | None:
        """A vendor's or driver's account."""
        return self.owned_among([account_id]).get(account_id)

    def owned_among(self, account_ids: Iterable[int]) -> dict[int, Account]:
        accounts = Account.objects.select_related("vendor", "driver").order_by("name")
        theirs = accounts.filter(Q(vendor__isnull=False) | Q(driver__isnull=False))
        return {account.pk: account for account in theirs.filter(pk__in=list(account_ids))}

    def pay_out_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Shows what is paid out to whom, all that is owed or a part, and pays it once that is confirmed."""
        self.require_pay(request)
        account = self.owned(account_id)
        if account is None:
            return self.missing(request, str(account_id))
        if request.method == "POST":
            return self.do_pay_out(request, self.page_of(request, account), account)
        form, back = PayForm(request.GET, currency=account.currency), self.page_of(request, account)
        if not form.is_valid():
            return self.refused(request, back, form, account)
        return self.ask_to_pay(request, [account], back, form)

    def refused(
        self, request: HttpRequest, back: str, form: forms.Form, account: Account, of_amount: str = ""
    ) -> HttpResponse:
        """Leads back to where it was typed, which stands there again; `of_amount` says why the amount is refused."""
        messages.error(request, of_amount or first_error(form))
        if of_amount:
            form.add_error("amount", of_amount)
        keep_refused(request, back, form, account=account.pk)
        return HttpResponseRedirect(back)

    def pay_out_selected_view(self, request: HttpRequest) -> HttpResponse:
        """The same for those that were selected: each all that it is owed, and all of them or none."""
        self.require_pay(request)
        payouts = reverse("admin:orders_account_payouts")
        if request.method == "POST":
            return self.do_pay_out(request, payouts)
        ids = {row_id(text) or 0 for text in request.GET.getlist("account")[:MOST_SELECTED]}
        accounts = list({purse_of(one): one for one in self.owned_among(ids).values()}.values())
        if not accounts:
            messages.error(request, "First tick who is to be paid.")
            return HttpResponseRedirect(payouts)
        back = f"{payouts}?who=drivers" if accounts[0].driver_id else payouts
        return self.ask_to_pay(request, accounts, back)

    def require_pay(self, request: HttpRequest) -> None:
        if not self.has_pay_permission(request):
            raise PermissionDenied

    def ask_to_pay(
        self, request: HttpRequest, accounts: list[Account], back: str, form: PayForm | None = None
    ) -> HttpResponse:
        """The page that shows each payee, its amount, and what will be posted; with a form there is one payee."""
        amount, text = (form.cleaned_data["amount"], form.cleaned_data["text"]) if form else (None, "")
        balances = balances_of(purse_of(account) for account in accounts)
        lately = payouts_since(timezone.now() - timedelta(days=1), balances)
        facts, moves, pay = [], [], []
        for account in accounts:
            purse, payee = purse_of(account), str(account.vendor or account.driver)
            balance = balances[purse]
            try:
                amounts = payout_amounts(purse, balance, amount)
            except Conflict as conflict:
                why = as_problem(conflict).detail
                if form:
                    return self.refused(request, back, form, account, why)
                messages.error(request, why if len(accounts) == 1 else f"{payee}: {why}")
                return HttpResponseRedirect(back)
            paid = balance.net if amount is None else amount
            owed, cash = (display.money(minor, purse.currency) for minor in (balance.owed, balance.cash))
            facts += [("Payee", payee), ("Amount", display.money(paid, purse.currency)), ("Owed", owed)]
            facts += [("Cash that they hold, deducted", cash)] if balance.cash else []
            facts += [(LATELY, sent_in_words(one)) for one in lately if moves_money_of(one, purse)]
            moves.append(amounts)
            pay.append([account.pk, paid, balance.owed, balance.cash])
        if text:
            facts.append(("Reference", text))
        count = len(accounts)
        deed = Deed(
            name="pay_out",
            title="Pay out",
            facts=facts,
            moves=moves_of(*moves),
            button=f"Pay out {facts[1][1]}" if count == 1 else f"Pay out to {count}",
            back=back,
            given={"pay": pay, "text": text, "back": back},
        )
        return ask(request, self.base(request), deed)

    def do_pay_out(self, request: HttpRequest, back: str, account: Account | None = None) -> HttpResponse:
        """Pays what was shown: to all of them, or to none where anything has changed.

        The address of one account's page has what was typed.
        """
        given = confirmed(request, "pay_out")
        if given is None:
            return HttpResponseRedirect(back)
        accounts = self.owned_among(row[0] for row in given["pay"])
        shown = {row[0]: row[1:] for row in given["pay"]}
        purses = [(purse_of(account), pk) for pk, account in accounts.items()]
        caller = caller_of_request(request)

        def pay() -> None:
            # By name: of two who pay the same ones out, one waits for the other.
            for purse, pk in sorted(purses, key=lambda one: one[0].owed.name):
                amount, owed, cash = shown[pk]
                balance = Balance(currency=purse.currency, owed=owed, cash=cash)
                wanted = None if amount == balance.net else amount
                pay_out(purse=purse, amount=wanted, caller=caller, text=given["text"], shown=balance)

        done = "The payout was recorded." if len(accounts) == 1 else f"{len(accounts)} payouts were recorded."
        form = PayForm(request.GET, currency=account.currency) if account else None
        if not perform(request, pay, done=done, key=given["key"], form=form) and form and account:
            keep_refused(request, given["back"], form, account=account.pk)
        return HttpResponseRedirect(given["back"])

    def hand_in_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Shows what cash is booked as handed in, and books it once that is confirmed."""
        self.require_pay(request)
        account = self.owned(account_id)
        if account is None:
            return self.missing(request, str(account_id))
        back = self.page_of(request, account)
        form = HandInForm(request.GET, currency=account.currency)
        if request.method == "POST":
            if not self.do_hand_in(request, form):
                keep_refused(request, back, form, account=account.pk)
            return HttpResponseRedirect(back)
        if not form.is_valid():
            return self.refused(request, back, form, account)
        amount, text, purse = form.cleaned_data["amount"], form.cleaned_data["text"], purse_of(account)
        balance, is_all = balances_of([purse])[purse], form.cleaned_data["is_all"]
        try:
            amounts = hand_in_amounts(purse, balance, amount, is_all=is_all)
        except Conflict as conflict:
            return self.refused(request, back, form, account, as_problem(conflict).detail)
        told = display.money(amount, account.currency)
        facts = [("Who", str(account.vendor or account.driver)), ("Amount", told)]
        facts += [("Cash held", display.money(balance.cash, account.currency))]
        if missing := amounts.get(differences(account.currency), 0):
            facts += [("Too much" if missing > 0 else "Missing", display.money(abs(missing), account.currency))]
        facts += [("Reference", text)] if text else []
        deed = Deed(
            name="hand_in",
            title="Cash handed in",
            facts=facts,
            moves=moves_of(amounts),
            button=f"{told} was handed in",
            back=back,
            given={
                "account": account.pk,
                "amount": amount,
                "shown": [balance.owed, balance.cash],
                "text": text,
                "is_all": is_all,
            },
        )
        return ask(request, self.base(request), deed)

    def do_hand_in(self, request: HttpRequest, form: HandInForm) -> bool:
        """Whether what was shown is booked."""
        given = confirmed(request, "hand_in")
        account = self.owned(given["account"]) if given else None
        if given is None or account is None:
            return False
        amount, (owed, cash), caller = given["amount"], given["shown"], caller_of_request(request)
        balance = Balance(currency=account.currency, owed=owed, cash=cash)
        # A page that was shown before there was a choice has none.
        purse, is_all = purse_of(account), given.get("is_all", False)
        return perform(
            request,
            lambda: hand_in(
                purse=purse, amount=amount, caller=caller, text=given["text"], shown=balance, is_all=is_all
            ),
            done=f"{display.money(amount, account.currency)} was handed in.",
            key=given["key"],
            form=form,
        )

    def page_of(self, request: HttpRequest, account: Account) -> str:
        """Where the button was."""
        if request.GET.get("from") == "payouts":
            who, number = {"who": "drivers"} if account.driver_id else {}, row_id(request.GET.get("p", ""))
            query = urlencode({**who, **({"p": number} if number else {})})
            return f"{reverse('admin:orders_account_payouts')}{'?' if query else ''}{query}"
        return reverse("admin:orders_account_change", args=[account.pk])

    @from_replica
    def statement_view(self, request: HttpRequest, account_id: int) -> HttpResponseBase:
        """A vendor's statement of some days, as a page or as a file."""
        account = self.vendors_account(request, account_id)
        if account is None:
            return self.missing(request, str(account_id))
        form = PeriodForm(request.GET)
        if not form.is_valid():
            return self.refused(request, reverse("admin:orders_account_change", args=[account.pk]), form, account)
        first, last, shape = form.cleaned_data["first"], form.cleaned_data["last"], request.GET.get("as", "csv")
        vendor: Any = account.vendor
        if shape == "page":
            context = statement_context(request, account, first, last)
            return TemplateResponse(request, "admin/orders/account/statement.html", {**self.base(request), **context})
        if shape == "pdf":
            return self.send_statement(request, account, vendor, first, last)
        return statement_response(vendor, account.currency, first, last)

    def send_statement(
        self, request: HttpRequest, account: Account, vendor: Vendor, first: date, last: date
    ) -> HttpResponse:
        """The statement as PDF; one that is too long leads back to its page, which has the other files."""
        sheet = statement_sheet(vendor=vendor, purse=purse_of(account), first=first, last=last)
        if sheet is None:
            messages.error(request, TOO_LONG)
            asked = urlencode({"first": first.isoformat(), "last": last.isoformat(), "as": "page"})
            return HttpResponseRedirect(f"{request.path}?{asked}")
        return pdf_response([sheet], f"statement-{vendor.pk}-{first}-{last}-{account.currency}", Paper.WIDE)

    def vendors_account(self, request: HttpRequest, account_id: int) -> Account | None:
        """A vendor's account that the person may see; raises PermissionDenied for who sees none."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        account = self.owned(account_id)
        is_seen = account is not None and self.get_queryset(request).filter(pk=account_id).exists()
        return account if is_seen and account is not None and account.vendor_id is not None else None

    def statement_file_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Has a statement made as XLSX, and leads to the page that tells how far it is."""
        account = self.vendors_account(request, account_id)
        if account is None:
            return self.missing(request, str(account_id))
        form = PeriodForm(request.POST)
        if not form.is_valid():
            return self.refused(request, reverse("admin:orders_account_change", args=[account.pk]), form, account)
        first, last = form.cleaned_data["first"], form.cleaned_data["last"]
        vendor: Any = account.vendor
        return self.lead_to_file(
            request,
            given={"account": account.pk, "first": first.isoformat(), "last": last.isoformat()},
            name=statement_name(vendor, account.currency, first, last),
            total=count_lines(account, first, last, MOST_COUNTED),
        )

    def may_fetch(self, request: HttpRequest, export: FileExport) -> bool:
        return self.vendors_account(request, export.given["account"]) is not None

    def told_of_file(self, export: FileExport) -> dict[str, str]:
        account: Any = self.owned(export.given["account"])
        back = reverse("admin:orders_account_change", args=[account.pk])
        return {"title": f"Statement of {account.vendor}", "back": back, "back_words": "Back to the account"}
