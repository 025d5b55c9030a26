"""What a page of the back-office shows a role it may use: no link or chooser of it leads to a refusal."""

import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import pytest
from django.contrib.messages import get_messages
from django.db import models, transaction
from django.test import Client

from orders.services.money.wallets import top_up
from orders.services.paying.refunds import RefundWish, refund_order
from ordersite.accounts.callers import caller_of_user
from ordersite.accounts.models import User
from ordersite.accounts.roles import ROLES
from ordersite.core.money import Money
from tests.cast import Cast, in_roles, make_clerk, make_manager
from tests.orders.money import Api, driven
from tests.promises.everybody import make_world
from tests.promises.test_p31_back_office import furnish
from tests.web.test_shown import rows

__all__ = ["rows"]
pytestmark = pytest.mark.django_db

TAG = re.compile(r"<(?:a|img|script|iframe|select)\b[^>]*>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
# Served by the web server; or of the public pages, which ask for no right.
PUBLIC = ("/static/", "/media/")


def links_of(page: str, path: str) -> Iterator[str]:
    """Where a page leads, or what it loads by itself: also what its choosers ask, and the rows chosen in them."""
    for tag in TAG.findall(page):
        attributes = {name: unescape(value) for name, value in ATTRIBUTE.findall(tag)}
        if "data-ajax--url" in attributes:
            names = ("app_label", "model_name", "field_name")
            asked = {name: attributes[f"data-{name.replace('_', '-')}"] for name in names}
            yield f"{attributes['data-ajax--url']}?{urlencode({**asked, 'term': ''})}"
        elif "data-href-template" in attributes:
            field = re.sub("^(change|view|delete)_", "", attributes["id"])
            for chosen in chosen_in(page, field):
                yield attributes["data-href-template"].replace("__fk__", chosen)
        else:
            yield urljoin(path, attributes.get("href") or attributes.get("src") or "")


def chosen_in(page: str, field: str) -> list[str]:
    select = re.search(rf'<select[^>]*id="{re.escape(field)}"[^>]*>(.*?)</select>', page, re.S)
    return re.findall(r'<option value="(\d+)" selected', select[1]) if select else []


def kind_of(url: str) -> tuple[str, ...]:
    """Of one kind are the pages of a model's rows, what one chooser asks, and a list with any of its filters."""
    parts = urlsplit(url)
    asked = parts.query if "field_name=" in parts.query else "filtered" if parts.query else ""
    return re.sub(r"[0-9a-f-]{36}|\d+", "#", parts.path), asked


def crawl(client: Client) -> tuple[set[str], list[tuple[str, str, Any]]]:
    """What is reached from the first page, one of each kind; and what was refused on the way: page, link, why."""
    seen, waiting, refused = set[str](), deque([("", "/admin/")]), []
    known = {kind_of("/admin/logout/")}
    while waiting:
        of, url = waiting.popleft()
        kind = kind_of(url)
        if kind in known:
            continue
        known.add(kind)
        answer = client.get(url, follow=True)
        told = [str(one) for one in get_messages(answer.wsgi_request)] if answer.redirect_chain else []
        if answer.status_code != 200 or told:
            refused.append((of, url, told or answer.status_code))
            continue
        if url.startswith("/admin/") and answer["Content-Type"].startswith("text/html"):
            seen.add(url)
            links = (link.partition("#")[0] for link in links_of(answer.content.decode(), url))
            # One filter at a time: a filtered list leads to the same with each of the others.
            further = "?" not in url
            waiting += [
                (url, link)
                for link in links
                if link.startswith("/") and not link.startswith(PUBLIC) and (further or "?" not in link)
            ]
    return seen, refused


@pytest.fixture
def full(rows: dict[type[models.Model], models.Model], cast: Cast, api: Api) -> Cast:
    """Rows on every page, and orders in many states, one of them delivered and partly refunded."""
    world = make_world(cast)
    for name in ("claras", "stijns"):
        furnish(world.orders[name].vendor, world.orders[name])
    top_up(customer_id=cast.customer_row.pk, currency="EUR", amount=5000, actor="system")
    closed = driven(cast)
    with transaction.atomic():
        wish = RefundWish(amount=Money(100, "EUR"))
        refund_order(order_id=closed.pk, caller=caller_of_user(cast.staff), wish=wish)
    return cast


@pytest.mark.parametrize("role", [*ROLES, "superuser"])
def test_what_a_role_is_shown_it_may_use(full: Cast, role: str) -> None:
    if role == "superuser":
        person = User.objects.create_superuser("root@example.org", name="Root")
    elif role == "vendor manager":
        person = make_manager(full.vendor)
    else:
        person = in_roles(make_clerk(), role)
    client = Client()
    client.force_login(person)
    seen, refused = crawl(client)
    assert refused == [], refused
    assert len(seen) > 30
