"""Postings with their entries, read-only; and the button that takes back a payout, or cash handed in."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

import ordersite.web.urls  # noqa: F401  registers <id:…>
from orders.admin import display
from orders.admin.confirmation import Deed, ask, confirmed
from orders.admin.ledgers import PAY
from orders.admin.purchases import ReadOnlyInline, order_link
from orders.admin.read_only import ReadOnlyAdmin
from orders.admin.service_calls import perform
from orders.admin.who_did import NamedActors
from orders.models import Account, Entry, Posting
from orders.reading.statements import posting_currency, with_entries
from orders.services.money.payouts import REVERSALS, reverse_movement
from ordersite.accounts.scoping import EverywhereAdmin, caller_of_request
from ordersite.backoffice.moments import MISSING_VALUE, write_moment
from ordersite.backoffice.row_choosers import row_id
from ordersite.backoffice.typed_fields import TypedForm


class EntryInline(ReadOnlyInline):
    model = Entry
    fields = readonly_fields = ["where", "moved", "balance"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        owners = ("account__customer__user", "account__vendor", "account__driver")
        return super().get_queryset(request).select_related(*owners)

    @admin.display(description="account")
    def where(self, entry: Entry) -> str:
        return display.account_in_words(entry.account)

    @admin.display(description="amount")
    def moved(self, entry: Entry) -> str:
        return display.money(entry.amount, entry.currency)

    @admin.display(description="balance after")
    def balance(self, entry: Entry) -> str:
        return display.money(entry.balance_after, entry.currency)


class PostingReasonForm(TypedForm, forms.Form):
    reason = forms.CharField(label="Why", max_length=200, help_text="It is part of the statement.")


def posting_link(posting: Posting | None) -> str:
    if posting is None:
        return MISSING_VALUE
    return format_html('<a href="{}">{}</a>', reverse("admin:orders_posting_change", args=[posting.pk]), posting)


def is_reversible(posting: Posting) -> bool:
    """Whether it is a payout, or cash handed in, that nobody has taken back yet."""
    return posting.kind in REVERSALS and not hasattr(posting, "reversed_by")


def reversal_deed(posting: Posting, form: forms.Form, back: str) -> Deed:
    """What taking it back does: every entry the other way."""
    entries = list(posting.entries.all())
    funded = sum(entry.amount for entry in entries if entry.account.kind == Account.Kind.FUNDING)
    amount = display.money(abs(funded), posting_currency(posting))
    payee = next((str(owner) for entry in entries if (owner := entry.account.vendor or entry.account.driver)), "–")
    return Deed(
        name="reverse",
        title=f"Reverse: {posting.get_kind_display()}",
        facts=[("Who", payee), ("Amount", amount), ("Booked", write_moment(posting.created_at))],
        moves=[
            (display.account_in_words(entry.account), display.money(-entry.amount, entry.currency)) for entry in entries
        ],
        button=f"Reverse {amount}",
        back=back,
        given={"posting": posting.pk},
        form=form,
    )


@admin.register(Posting)
class PostingAdmin(NamedActors, EverywhereAdmin, ReadOnlyAdmin):
    """Movements of money; the entries of each sum to zero. A payout, or cash handed in, is taken back here."""

    list_display = ["id", "kind", "link", "volume", "who_did", "text", "created_at"]
    list_filter = ["kind"]
    ordering = ["-created_at", "-id"]
    search_fields = ["id"]
    search_help_text = "An order's id"
    fields = readonly_fields = ["kind", "link", "who_did", "text", "takes_back", "taken_back_by", "created_at"]
    inlines = [EntryInline]
    change_form_template = "admin/orders/posting/change_form.html"

    def has_reverse_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm(PAY)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reverse_view)
        return [path("<id:posting_id>/reverse/", view, name="orders_posting_reverse"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the button that takes it back, where that can be done."""
        posting = Posting.objects.filter(pk=row_id(object_id) or 0).select_related("reversed_by").first()
        may_reverse = posting is not None and is_reversible(posting) and self.has_reverse_permission(request)
        return super().change_view(request, object_id, form_url, {"may_reverse": may_reverse})

    def reverse_view(self, request: HttpRequest, posting_id: int) -> HttpResponse:
        """Shows what was paid to whom, asks why it is taken back, and takes it back once."""
        if not self.has_reverse_permission(request):
            raise PermissionDenied
        page = reverse("admin:orders_posting_change", args=[posting_id])
        posting = with_entries(Posting.objects.filter(pk=posting_id)).select_related("reversed_by").first()
        if posting is None:
            return self.missing(request, str(posting_id))
        if not is_reversible(posting) and request.method != "POST":
            messages.error(
                request,
                "This cannot be reversed: it is not a payout or cash handed in, or it has been reversed already.",
            )
            return HttpResponseRedirect(page)
        form = PostingReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            self.do_reverse(request, posting_id, form.cleaned_data["reason"])
            return HttpResponseRedirect(page)
        return ask(
            request,
            {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media, "subtitle": None},
            reversal_deed(posting, form, page),
        )

    def do_reverse(self, request: HttpRequest, posting_id: int, reason: str) -> None:
        given, caller = confirmed(request, "reverse"), caller_of_request(request)
        if given is None or given["posting"] != posting_id:
            return

        def call() -> None:
            reverse_movement(posting_id=posting_id, caller=caller, reason=reason)

        perform(request, call, done="It was reversed, with an entry of its own.", key=given["key"])

    @admin.display(description="reverses")
    def takes_back(self, posting: Posting) -> str:
        return posting_link(posting.reverses)

    @admin.display(description="reversed by")
    def taken_back_by(self, posting: Posting) -> str:
        return posting_link(getattr(posting, "reversed_by", None))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Posting]:
        return super().get_queryset(request).prefetch_related("entries__account")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Posting], search_term: str
    ) -> tuple[QuerySet[Posting], bool]:
        term = search_term.strip()
        return (queryset.filter(order=row_id(term.removeprefix("#")) or 0) if term else queryset), False

    @admin.display(description="order")
    def link(self, posting: Posting) -> str:
        return order_link(posting.order_id)

    @admin.display(description="amount")
    def volume(self, posting: Posting) -> str:
        """What changed hands: one side of the posting."""
        entries = [entry for entry in posting.entries.all() if entry.amount > 0]
        return display.money(sum(entry.amount for entry in entries), entries[0].currency) if entries else "–"
