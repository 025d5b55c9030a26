"""No page of the demo's back-office is empty: for a superuser, and for the demo's staff with each of the roles."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from orders.models import BulkChange, WebhookDelivery
from ordersite.accounts.models import Mail, User
from ordersite.accounts.roles import ROLES
from ordersite.demo import sites
from tests.web.test_links import crawl
from vendors.models import Invitation, Member, Merchant

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty")]
MOST = 15  # statements of a page


@pytest.fixture
def demo() -> None:
    call_command("load_demo", stderr=io.StringIO())


def lists(client: Client) -> Iterator[tuple[str, Any]]:
    """Each list that the signed-in person may open, with its answer."""
    for model in admin.site._registry:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        answer = client.get(url)
        if answer.status_code != 403:
            yield model._meta.label, answer


def people() -> Iterator[tuple[str, User]]:
    """The superuser, the demo's staff as it is, and with one of its roles after the other."""
    yield "superuser", User.objects.get(email=sites.ROOT["email"])
    staff = User.objects.get(email=sites.STAFF["email"])
    yield "staff", staff
    for role in ROLES:
        staff.groups.set([Group.objects.get(name=role)])
        if role == "vendor manager":
            # Of all: who sells no services has none in the list.
            for merchant in Merchant.objects.all():
                Member.objects.create(user=staff, merchant=merchant, role=Member.Role.MANAGER)
        yield role, User.objects.get(pk=staff.pk)


def test_no_list_is_empty(demo: None) -> None:
    client, empty, seen = Client(), [], {}
    for who, person in people():
        client.force_login(person)
        found = dict(lists(client))
        empty += [(who, label) for label, answer in found.items() if not rows_of(answer)]
        seen[who] = found.keys()
    assert empty == []
    assert seen["superuser"] == {model._meta.label for model in admin.site._registry}
    assert "web.AuditRow" in seen["staff"]


def rows_of(answer: Any) -> int:
    assert answer.status_code == 200
    changelist = answer.context.get("cl")
    # The payments to check have a list of their own.
    return int(changelist.result_count if changelist is not None else answer.context["page"].paginator.count)


def test_no_page_says_that_there_is_nothing(demo: None) -> None:
    """Beside the lists: what stands on pages of their own, and what waits for somebody on the first page."""
    client = Client()
    client.force_login(User.objects.get(email=sites.STAFF["email"]))
    bulk = BulkChange.objects.get()
    pages = {
        "orders_order_bulk_list": (),
        "orders_order_bulk": (bulk.pk,),
        "orders_account_payouts": (),
        "orders_payment_providers": (),
        "orders_webhookendpoint_change": (WebhookDelivery.objects.get().endpoint_id,),
    }
    for name, args in pages.items():
        page = client.get(reverse(f"admin:{name}", args=args)).content.decode()
        for nothing in ("Nothing yet", "No money has moved yet", "None yet", "Nothing to show"):
            assert nothing not in page, name
    assert "The test was taken: it answered 204 in 38 ms." in page
    assert [item.outcome for item in bulk.items.all()] == ["refused", "refused"]
    assert Mail.objects.filter(kind="invitation").count() == 1
    # The board's pages of devices and people.
    client.force_login(User.objects.get(email=sites.VENDOR["email"]))
    vendor = Invitation.objects.get().merchant.vendors.order_by("pk").first()
    assert Invitation.objects.get().email in client.get(f"/board/{vendor.pk}/people").content.decode()
    devices = client.get(f"/api/v1/vendors/{vendor.pk}/devices").json()["results"]
    assert [(one["name"], one["paired_at"] is None) for one in devices] == [
        ("Kitchen", False),
        ("Ticket printer", False),
    ]


def test_no_page_of_the_demo_asks_more_than_it_should(demo: None) -> None:
    """Each page that is reached from the first one."""
    client, over = Client(), {}
    client.force_login(User.objects.get(email=sites.ROOT["email"]))
    reached, _ = crawl(client)
    for path in sorted(path for path in reached if "/autocomplete/" not in path):
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        if len(queries) > MOST:
            over[path] = len(queries)
    assert over == {}
