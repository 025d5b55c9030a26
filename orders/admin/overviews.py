"""Pages on the platform's money: open payments, commission by vendor, and the ledger of some days with its sum."""

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from orders.admin import display
from orders.models import Account, Posting
from orders.reading.money_overviews import (
    AGES,
    asked_before,
    booked_entries,
    earned_of_vendors,
    kinds_of_posting,
    newest_booked,
    open_shares,
    sums_of_booked,
    sums_of_open,
    totals_of,
)
from orders.reading.statements import FIRST_DAY, LAST_DAY
from orders.services.money.payouts import Purse
from ordersite.backoffice.lists import CappedPaginator
from ordersite.backoffice.moments import name_zone, write_moment
from ordersite.backoffice.row_choosers import row_id
from ordersite.backoffice.typed_fields import TypedForm
from ordersite.core.money import percent_text
from vendors.models import Vendor
from vendors.payment_methods import METHOD_NAMES

PER_PAGE = 50
# What is summed is read: of a site with 100,000 orders in three months these are 35,000 of them.
MOST_DAYS = 31
WITHIN = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
DAY = {"type": "date"}


class DaysForm(TypedForm, forms.Form):
    """The days that are looked at, by the site's clock."""

    first = forms.DateField(label="From", widget=forms.DateInput(attrs=DAY), validators=WITHIN)
    last = forms.DateField(label="to", widget=forms.DateInput(attrs=DAY), validators=WITHIN)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if "first" in given and "last" in given and not 0 <= (given["last"] - given["first"]).days < MOST_DAYS:
            raise forms.ValidationError(
                f"The last day must not be before the first, and {MOST_DAYS} days are shown at most."
            )
        return given


class OpenForm(TypedForm, forms.Form):
    """Which open payments are listed."""

    age = forms.ChoiceField(required=False, choices=[("", "Any"), *((name, name.capitalize()) for name, _ in AGES)])
    method = forms.ChoiceField(
        required=False, choices=[("", "Any"), *((name, name.capitalize()) for name in METHOD_NAMES)]
    )
    vendor = forms.CharField(required=False, max_length=19, label="Vendor number", widget=forms.NumberInput({"min": 1}))


class BookedForm(DaysForm):
    """Which movements are listed."""

    kind = forms.ChoiceField(required=False, label="Movement", choices=[("", "Any"), *kinds_of_posting()])
    account = forms.CharField(
        required=False, max_length=19, label="Account number", widget=forms.NumberInput({"min": 1})
    )


def days_given(request: HttpRequest, form_class: type[DaysForm], days: int) -> tuple[Any, dict[str, Any]]:
    """The form as it was sent, or of the newest days, and what it says; nothing where it is wrong."""
    today = timezone.localdate()
    newest = {"first": (today - timedelta(days=days - 1)).isoformat(), "last": today.isoformat()}
    form = form_class({**newest, **request.GET.dict()})
    return form, form.cleaned_data if form.is_valid() else {}


def show_overview(request: HttpRequest, base: dict[str, Any], name: str, **context: Any) -> HttpResponse:
    return TemplateResponse(request, f"admin/orders/account/{name}.html", {**base, **context})


def show_open_payments(request: HttpRequest, base: dict[str, Any]) -> HttpResponse:
    """What is asked and has not come in: sums by age and method, and the payments, the oldest first."""
    now, form = timezone.now(), OpenForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    vendor_id = row_id(given.get("vendor", "")) if given.get("vendor") else None
    vendor = Vendor.objects.filter(pk=vendor_id).first() if vendor_id else None
    shares = open_shares(vendor_id, given.get("method", ""))
    if given.get("age"):
        shares = shares.filter(asked_before(given["age"], now))
    rows = shares.select_related("payment", "order__vendor").order_by("payment__created_at", "pk")
    page = CappedPaginator(rows, PER_PAGE).get_page(request.GET.get("p"))
    return show_overview(
        request,
        base,
        "open_payments",
        title="Open payments" + (f" of {vendor}" if vendor else ""),
        form=form,
        sums=sums_of_open(shares, now),
        page=page,
        rows=[
            (share, display.span(now - share.payment.created_at), write_moment(share.payment.created_at))
            for share in page
        ],
        query=urlencode({name: value for name, value in given.items() if value}),
    )


def show_commission(request: HttpRequest, base: dict[str, Any]) -> HttpResponse:
    """What the platform has of each vendor's sales in some days, beside the terms that hold for new orders."""
    form, given = days_given(request, DaysForm, MOST_DAYS)
    zone = timezone.get_default_timezone()
    earned = earned_of_vendors(given["first"], given["last"], zone) if given else []
    return show_overview(
        request,
        base,
        "commission",
        title="Commission by vendor",
        form=form,
        is_given=bool(given),
        zone=name_zone(timezone.now(), zone),
        rows=[
            (
                one,
                "–" if one.rate is None else f"{percent_text(one.rate)} %",
                f"{percent_text(one.vendor.commission_rate)} %, {display.money(one.vendor.service_fee, one.currency)}",
                Purse(currency=one.currency, vendor_id=one.vendor.pk).owed.name,
            )
            for one in earned
        ],
        totals=totals_of(earned),
    )


def show_ledger(request: HttpRequest, base: dict[str, Any]) -> HttpResponse:
    """What was booked in some days: what each kind of account gained, that all of it is zero, and each entry."""
    form, given = days_given(request, BookedForm, 1)
    zone = timezone.get_default_timezone()
    context: dict[str, Any] = {"title": "The ledger", "form": form, "is_given": bool(given)}
    if not given:
        return show_overview(request, base, "ledger", **context)
    account_id = row_id(given["account"]) or 0 if given["account"] else None
    account = Account.objects.select_related("customer__user", "vendor", "driver").filter(pk=account_id or 0).first()
    entries = booked_entries(given["first"], given["last"], zone, account_id=account_id, kind=given["kind"])
    sums = sums_of_booked(entries)
    found = newest_booked(entries, before=place_before(request), most=PER_PAGE + 1)
    asked = {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items() if value}
    wholes: dict[str, int] = {}
    for _, currency, gained in sums:
        wholes[currency] = wholes.get(currency, 0) + gained
    return show_overview(
        request,
        base,
        "ledger",
        **context,
        zone=name_zone(timezone.now(), zone),
        account=account,
        account_in_words=display.account_in_words(account) if account else "",
        sums=[(Account.Kind(kind).label, currency, gained) for kind, currency, gained in sums],
        wholes=sorted(wholes.items()),
        is_whole=account_id is None,
        is_balanced=not any(wholes.values()),
        rows=[
            (
                entry,
                write_moment(entry.posting.created_at, zone),
                display.account_in_words(entry.account),
                Posting.Kind(entry.posting.kind).label,
            )
            for entry in found[:PER_PAGE]
        ],
        older=older_than(found[PER_PAGE - 1], asked) if found[PER_PAGE:] else "",
    )


def place_before(request: HttpRequest) -> tuple[datetime, int] | None:
    """Behind which entry the page goes on; None for the newest, and for what is no such place."""
    at, _, pk = request.GET.get("before", "").partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    number = row_id(pk)
    return (moment, number) if number and timezone.is_aware(moment) else None


def older_than(entry: Any, asked: dict[str, Any]) -> str:
    return "?" + urlencode({**asked, "before": f"{entry.posting.created_at.isoformat()}~{entry.pk}"})
