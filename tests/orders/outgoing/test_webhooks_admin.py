"""Webhooks in the back-office: what is shown, a test, switching off and on, and that it asks for its right."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from orders.models import WebhookDelivery, WebhookEndpoint
from ordersite.accounts.rights import Right
from ordersite.core.crypto import encrypt
from tests.cast import Cast, make_clerk
from tests.office import choose
from tests.orders.shopping import row_counts

LIST, LOG = "/admin/orders/webhookendpoint/", "/admin/orders/webhookdelivery/"


@pytest.fixture
def row(cast: Cast) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        merchant=cast.merchant,
        url="https://hooks.example.com/in",
        types=["order.placed"],
        secret_sealed=encrypt("whsec_x"),
    )


def act(client: Client, row: WebhookEndpoint, name: str) -> Any:
    """Presses an action's button; the list as it is shown then, with its messages."""
    choose(client, LIST, name, [row])
    return client.get(LIST)


def test_a_test_and_switching_off_and_on(cast: Cast, row: WebhookEndpoint, client: Client) -> None:
    client.force_login(cast.staff)
    assert "done." in act(client, row, "test").content.decode()
    sent = WebhookDelivery.objects.get()
    assert (sent.endpoint, sent.message.type, sent.state) == (row, "webhook.test", "waiting")
    act(client, row, "switch_off")
    row.refresh_from_db()
    assert row.disabled_why == "asked"
    assert "switched off" in act(client, row, "test").content.decode()
    assert WebhookDelivery.objects.count() == 1
    act(client, row, "switch_on")
    row.refresh_from_db()
    assert row.disabled_at is None
    for path in (LIST, f"{LIST}{row.pk}/change/", LOG, f"{LOG}{sent.pk}/change/"):
        page = client.get(path)
        assert page.status_code == 200
        assert row.url in page.content.decode()
        assert "whsec" not in page.content.decode()


def test_who_may_only_look_changes_nothing(row: WebhookEndpoint, client: Client) -> None:
    clerk = make_clerk(Right.ACT_EVERYWHERE)
    clerk.user_permissions.add(Permission.objects.get(codename="view_webhookendpoint"))
    client.force_login(clerk)
    before = (row_counts(), WebhookEndpoint.objects.values().get())
    for name in ("test", "switch_off", "switch_on"):
        act(client, row, name)
    assert (row_counts(), WebhookEndpoint.objects.values().get()) == before
