"""The first page: what waits for somebody and what has just happened, of the rows that its reader may open.

It is read again by every tab that shows it (`show_live`): readers with the same rights are told the same for some
seconds, so that the number of statements grows neither with what happens nor with the readers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from orders.admin.day_pictures import Today, draw_today
from orders.admin.filters import shared_zone
from orders.admin.trouble_words import TROUBLE_WORDS, TroubleWords
from orders.models import BulkChange, Code, Order, OrderEvent, Payment, PaymentProof, Refund, WebhookEndpoint
from orders.reading.troubles import Tally, low_on_codes, tallies
from ordersite.accounts.models import Mail
from ordersite.accounts.rights import Right
from ordersite.accounts.scoping import acts_everywhere
from ordersite.backoffice.links import may_open
from ordersite.core.kept_answers import KeptAnswers
from ordersite.core.replica import from_replica
from vendors.admin.scoping import own_vendors
from vendors.models import Product

# Seconds for which what was read is told again.
KEPT = 10.0
# By model with troubles: whose page lists its rows.
LISTED_BY: dict[type[Model], type[Model]] = {
    Order: Order,
    Refund: Refund,
    Payment: PaymentProof,
    WebhookEndpoint: WebhookEndpoint,
    Mail: Mail,
}
# Seconds for which today's figures are told again: they add up all orders of the day.
KEPT_FIGURES = 60.0
# Any of them shows what orders are worth.
MONEY = ("orders.view_payment", Right.VIEW_ACCOUNTS)
PAGES: tuple[type[Model], ...] = (*LISTED_BY.values(), OrderEvent, Code)
LATEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One trouble as the first page has it: how many rows, and the list of exactly these."""

    slug: str
    words: TroubleWords
    count: int
    oldest: datetime | None
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPage:
    """What its reader is told; a part is None where it may not open such rows."""

    at: datetime
    rows: list[Row]
    low: list[Product] | None
    events: list[OrderEvent] | None
    today: Today | None

    @property
    def waiting(self) -> list[Row]:
        """What waits for somebody, the severe before the others."""
        return sorted((row for row in self.rows if row.count), key=lambda row: not row.words.severe)

    @property
    def clear(self) -> list[Row]:
        return [row for row in self.rows if not row.count]


@dataclass(frozen=True, slots=True)
class Audience:
    """Whose pages somebody may open, whether money is among it, and for which vendors (None: all).

    Who has the same is told the same.
    """

    pages: frozenset[type[Model]]
    sees_money: bool
    vendors: tuple[int, ...] | None


kept: KeptAnswers[FirstPage] = KeptAnswers(KEPT)
kept_bulk: KeptAnswers[list[Row]] = KeptAnswers(KEPT)
kept_figures: KeptAnswers[Today] = KeptAnswers(KEPT_FIGURES)


def audience_of(request: HttpRequest) -> Audience:
    vendors = (
        None if acts_everywhere(request) else tuple(own_vendors(request).order_by("pk").values_list("pk", flat=True))
    )
    pages = frozenset(page for page in PAGES if may_open(request, page))
    return Audience(pages, any(request.user.has_perm(right) for right in MONEY), vendors)


def rows_shown(request: HttpRequest, model: type[Model]) -> QuerySet[Any]:
    """The rows that their page in the back-office shows to who asks."""
    return site.get_model_admin(model).get_queryset(request)


def row_of(tally: Tally, url: str) -> Row:
    slug = tally.trouble.slug
    words = TROUBLE_WORDS[slug]
    return Row(slug=slug, words=words, count=tally.count, oldest=tally.oldest, url=f"{url}?stuck={slug}")


def list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def read_shared(request: HttpRequest, audience: Audience) -> FirstPage:
    """What everybody with these rights is told."""
    listed = {model: page for model, page in LISTED_BY.items() if page in audience.pages}
    shown = {
        model: rows_shown(request, page) if model is page else model._default_manager.all()
        for model, page in listed.items()
    }
    events = rows_shown(request, OrderEvent).exclude(kind=OrderEvent.Kind.POSITION).select_related("order__vendor")
    now = timezone.now()
    return FirstPage(
        at=now,
        rows=[row_of(tally, list_of(listed[tally.trouble.model])) for tally in tallies(shown, now)],
        low=low_on_codes(rows_shown(request, Product)) if Code in audience.pages else None,
        today=kept_figures.get(audience, lambda: read_figures(request, audience)) if Order in audience.pages else None,
        events=list(events.order_by("-created_at", "-id")[:LATEST]) if OrderEvent in audience.pages else None,
    )


@from_replica
def read_figures(request: HttpRequest, audience: Audience) -> Today:
    return draw_today(rows_shown(request, Order), shared_zone(request), with_money=audience.sees_money)


def read_own(request: HttpRequest) -> list[Row]:
    """What somebody alone is told: its own bulk changes."""
    own = BulkChange.objects.filter(user=request.user.pk)
    return [row_of(tally, reverse("admin:orders_order_bulk_list")) for tally in tallies({BulkChange: own})]


def read_first_page(request: HttpRequest) -> FirstPage:
    """As it stands now, but for the figures; what was read is told to the tabs that show it already."""
    return tell_first_page(request, kept.renew, kept_bulk.renew)


def tell_first_page(
    request: HttpRequest, shared_by: Callable[..., FirstPage], own_by: Callable[..., list[Row]]
) -> FirstPage:
    audience = audience_of(request)
    shared = shared_by(audience, lambda: read_shared(request, audience))
    if not request.user.has_perm(Right.MOVE_ORDERS):
        return shared
    own = own_by(request.user.pk, lambda: read_own(request))
    return replace(shared, rows=[*shared.rows, *own])


@never_cache
@require_safe
def show_live(request: HttpRequest) -> HttpResponse:
    """The parts of the first page that change, for those that show it. Refused to whoever has none of them."""
    page = tell_first_page(request, kept.get, kept_bulk.get)
    if not page.rows and page.low is None and page.events is None:
        raise PermissionDenied
    return render(request, "admin/orders/first_page/live.html", {"page": page})
