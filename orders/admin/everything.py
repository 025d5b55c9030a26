"""One search over all that the back-office has: whole words and how names begin, by the rights of who searches.

Every meaning of what is typed looks into one index, and all of them are one statement; each kind that has something is
read by one more.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db.models import F, Model, Q, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from orders.admin.search import meanings, phones
from orders.models import Code, IssuedDocument, Order, Payment, Purchase
from orders.reading.search import as_uuid
from orders.services.capacity.code_imports import fingerprints
from ordersite.accounts.models import Customer, User
from ordersite.backoffice.links import may_open
from ordersite.backoffice.lists import MOST_TERM
from ordersite.backoffice.typed_fields import TypedForm
from ordersite.core.crypto import token_hash
from ordersite.core.words import has_words
from vendors.models import Driver, Vendor
from vendors.payment_methods import METHOD_NAMES

# Shown of each kind.
MOST_SHOWN = 8
DOCUMENT = re.compile(r"(\d{4})-(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Term:
    """What is looked for, and how it may have been written down as a telephone number."""

    text: str
    numbers: Sequence[str]


def orders_meant(term: Term) -> Iterator[Q]:
    yield from meanings(term.text, term.numbers)


def people_meant(term: Term) -> Iterator[Q]:
    """Customers and drivers, which have a name, a phone, and an account."""
    yield Q(phone__in=term.numbers, phone__gt="")
    if "@" in term.text:
        yield Q(user__in=User.objects.filter(email=term.text.lower()).values("pk"))
    elif (named := has_words("name", term.text)) is not None:
        yield named


def customers_meant(term: Term) -> Iterator[Q]:
    yield from people_meant(term)
    if "@" in term.text:
        yield Q(email__in=[term.text, term.text.lower()])
    if identifier := as_uuid(term.text):
        yield Q(uuid=identifier)


def vendors_meant(term: Term) -> Iterator[Q]:
    if (named := has_words("name", term.text)) is not None:
        yield named
    if identifier := as_uuid(term.text):
        yield Q(uuid=identifier)


def purchases_meant(term: Term) -> Iterator[Q]:
    yield Q(external_code=term.text)
    yield Q(tracking_hash=token_hash(term.text))
    if identifier := as_uuid(term.text):
        yield Q(uuid=identifier)


def payments_meant(term: Term) -> Iterator[Q]:
    yield Q(provider__in=METHOD_NAMES, reference=term.text)
    yield Q(purchase__in=Purchase.objects.filter(external_code=term.text).values("pk"))
    if identifier := as_uuid(term.text):
        yield Q(purchase__in=Purchase.objects.filter(uuid=identifier).values("pk"))


def documents_meant(term: Term) -> Iterator[Q]:
    if called := DOCUMENT.fullmatch(term.text):
        yield Q(year=int(called[1]), number=int(called[2]))


def codes_meant(term: Term) -> Iterator[Q]:
    """Those that were issued: what is still for sale nobody asks about."""
    yield Q(fingerprint__in=fingerprints(term.text), line__isnull=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What can be found: its model, whose page shows the rows, what a term may mean, and what its rows need beside.

    `lists_it` says whether the list's own search finds the same, so that it can show the rest.
    """

    title: str
    model: type[Model]
    means: Callable[[Term], Iterator[Q]]
    beside: tuple[str, ...] = ()
    lists_it: bool = False


KINDS = (
    Searched(title="Orders", model=Order, means=orders_meant, beside=("vendor",), lists_it=True),
    Searched(title="Customers", model=Customer, means=customers_meant, beside=("user",), lists_it=True),
    Searched(title="Vendors", model=Vendor, means=vendors_meant, beside=("merchant",), lists_it=True),
    Searched(title="Drivers", model=Driver, means=people_meant, beside=("company", "vendor"), lists_it=True),
    Searched(title="Purchases", model=Purchase, means=purchases_meant, beside=("customer__user",)),
    Searched(title="Payments", model=Payment, means=payments_meant, beside=("purchase",)),
    Searched(
        title="Invoices and credit notes", model=IssuedDocument, means=documents_meant, beside=("seller", "order")
    ),
    Searched(title="Codes", model=Code, means=codes_meant, beside=("product__vendor", "line")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRows:
    """What was found of a kind, the newest first; `more` is the list that shows the rest, where there is one."""

    title: str
    rows: list[Any]
    has_more: bool
    more: str


class SearchForm(TypedForm, forms.Form):
    q = forms.CharField(required=False, max_length=MOST_TERM)


def offers_search(request: HttpRequest) -> bool:
    return any(may_open(request, kind.model) for kind in KINDS)


def rows_for(request: HttpRequest, kind: Searched) -> QuerySet[Any]:
    return site.get_model_admin(kind.model).get_queryset(request)


def found_ids(request: HttpRequest, kinds: Sequence[Searched], text: str) -> dict[str, set[int]]:
    """The ids of each kind that the text may mean, MOST_SHOWN + 1 of each meaning, in one statement."""
    term = Term(text, [number for number in phones(text) if number])
    parts: list[QuerySet[Any, Any]] = []
    for kind in kinds:
        rows = rows_for(request, kind)
        for meaning in kind.means(term):
            # By an expression: by the key PostgreSQL would go through all rows, in the hope of finding enough soon.
            newest = rows.filter(meaning).order_by((F("pk") + 0).desc()).values("pk")[: MOST_SHOWN + 1]
            named = kind.model._default_manager.filter(pk__in=newest).order_by()
            parts.append(named.annotate(found_as=Value(kind.title)).values_list("found_as", "pk"))
    found: dict[str, set[int]] = {}
    for title, pk in parts[0].union(*parts[1:], all=True) if parts else ():
        found.setdefault(title, set()).add(pk)
    return found


def find_everything(request: HttpRequest, text: str) -> list[FoundRows]:
    """What somebody may open of all that the text may mean."""
    kinds = [kind for kind in KINDS if may_open(request, kind.model)]
    found = found_ids(request, kinds, text)
    groups = []
    for kind in kinds:
        ids = sorted(found.get(kind.title, ()), reverse=True)
        if not ids:
            continue
        shown = kind.model._default_manager.filter(pk__in=ids[:MOST_SHOWN]).select_related(*kind.beside)
        meta = kind.model._meta
        query = f"{reverse(f'admin:{meta.app_label}_{meta.model_name}_changelist')}?{urlencode({'q': text})}"
        groups.append(
            FoundRows(
                title=kind.title,
                rows=list(shown.order_by("-pk")),
                has_more=len(ids) > MOST_SHOWN,
                more=query if kind.lists_it else "",
            )
        )
    return groups


@require_safe
def show_search(request: HttpRequest) -> HttpResponse:
    """What was found. Refused to whoever may open nothing of it."""
    if not offers_search(request):
        raise PermissionDenied
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    context = {
        **site.each_context(request),
        "title": "Search",
        "searched": text,
        "errors": form.errors.get("q", []),
        "groups": find_everything(request, text) if text else [],
        "most": MOST_SHOWN,
    }
    return TemplateResponse(request, "admin/orders/search.html", context)
