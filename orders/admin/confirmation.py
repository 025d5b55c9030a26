"""A page between a button and money that moves: it shows what will happen, and only what it showed is done.

What the page shows goes into its form, signed: nobody confirms another amount than the one that stood there.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from orders.admin.display import account_in_words, money
from orders.services.money.ledger import AccountKey

# A page that was left open for longer is shown anew.
SECONDS = 24 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What somebody is asked to confirm. `name` tells its pages from others; `given` is what comes back, signed."""

    name: str
    title: str
    facts: Sequence[tuple[str, str]]
    moves: Sequence[tuple[str, str]] = ()
    button: str
    back: str
    given: Mapping[str, Any]
    form: forms.Form | None = None


def moves_of(*amounts: Mapping[AccountKey, int]) -> list[tuple[str, str]]:
    """What will be posted, in words: each account with what it gains (or loses, below zero)."""
    moves = [(key.as_row(), minor) for one in amounts for key, minor in one.items() if minor]
    prefetch_related_objects([account for account, _ in moves], "customer__user", "vendor", "driver")
    return [(account_in_words(account), money(minor, account.currency)) for account, minor in moves]


def ask(request: HttpRequest, base: Mapping[str, Any], deed: Deed) -> HttpResponse:
    """The page. `base` is what every page of the back-office shows."""
    given = {**deed.given, "key": str(uuid.uuid4())}
    context = {**base, "title": deed.title, "deed": deed, "shown": signing.dumps(given, salt=salt_of(deed.name))}
    return TemplateResponse(request, "admin/orders/confirm.html", context)


def confirmed(request: HttpRequest, name: str) -> dict[str, Any] | None:
    """What was shown and is confirmed now, with a `key` to do it once; None and a message where nothing was shown."""
    try:
        given = signing.loads(request.POST.get("shown", ""), salt=salt_of(name), max_age=SECONDS)
    except signing.BadSignature:
        messages.error(request, "Nothing was done: first check what will happen, then confirm it.")
        return None
    return dict(given)


def salt_of(name: str) -> str:
    return f"orders.admin.confirmation:{name}"
