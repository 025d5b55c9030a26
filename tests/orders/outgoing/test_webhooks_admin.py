"""Webhooks in the back-office: what is shown, a test, switching off and on, and that it asks for its right."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from orders.models import WebhookDelivery, WebhookEndpoint
from orders.services.outgoing.deliveries import (
    TryOutcome,
    begin_try,
    lease_deliveries,
    note_outcome,
    pass_on,
    send_test,
)
from orders.services.outgoing.endpoints import secrets_of
from ordersite.accounts.rights import Right
from ordersite.core.crypto import encrypt
from ordersite.core.models import AuditRow
from tests.cast import Cast, make_clerk
from tests.office import choose, form_of, posted_forms
from tests.orders.back_office import place_order
from tests.orders.shopping import assert_nothing_changed, row_counts

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


# --- pages of its own ---------------------------------------------------------------------------------------------

NEW = f"{LIST}new/"
HOOK = {"url": "http://127.0.0.1:9/hook", "types": ["order.placed"], "format": "standard"}


def page_of(row: WebhookEndpoint) -> str:
    return f"{LIST}{row.pk}/change/"


def press(client: Client, row: WebhookEndpoint, act: str, **asked: Any) -> Any:
    """Presses a button of the page as it is now; the page that follows, with its messages."""
    sent = next(sent for _, sent, _ in posted_forms(client.get(page_of(row))) if "key" in sent)
    return client.post(f"{LIST}{row.pk}/do/{act}/", sent, query_params=asked, follow=True)


def test_one_is_added_and_its_secret_shown_once(cast: Cast, client: Client) -> None:
    client.force_login(cast.staff)
    sent = {**form_of(client.get(NEW)), **HOOK, "merchant": cast.merchant.pk}
    first, again = client.post(NEW, sent), client.post(NEW, sent)
    row = WebhookEndpoint.objects.get()
    assert (row.merchant, row.url, row.types, row.created_by) == (cast.merchant, HOOK["url"], HOOK["types"], cast.staff)
    assert first["Location"] == again["Location"] == page_of(row)
    secret = secrets_of(row)[0]
    page = client.get(page_of(row))
    assert page.content.decode().count(secret) == 1
    assert "no-store" in page["Cache-Control"]
    assert secret not in client.get(page_of(row)).content.decode()
    kept = [*AuditRow.objects.values_list("new", flat=True), *LogEntry.objects.values_list("change_message", flat=True)]
    assert not [text for text in kept if secret in text]
    # Nor does it lie open where a session is kept.
    assert secret not in str(dict(client.session))


def test_of_the_sites_and_in_anothers_shape(cast: Cast, client: Client) -> None:
    client.force_login(cast.staff)
    client.post(NEW, {**form_of(client.get(NEW)), **HOOK, "format": "kesk", "types": ["order.created"]})
    row = WebhookEndpoint.objects.get()
    assert (row.merchant, row.user, row.format, row.types) == (None, None, "kesk", ["order.created"])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "http://10.0.0.1/hook"}, "url"),
        ({"url": "http://127.0.0.1:9/\0"}, "url"),
        ({"types": []}, "types"),
        ({"types": ["order.created"]}, "types"),
        ({"merchant": "9" * 30}, "merchant"),
        ({"key": "x"}, "key"),
    ],
)
def test_what_cannot_be_added_says_why_at_its_field(
    cast: Cast, client: Client, changes: dict[str, Any], field: str
) -> None:
    client.force_login(cast.staff)
    sent = {**form_of(client.get(NEW)), **HOOK, **changes}
    with assert_nothing_changed():
        answer = client.post(NEW, sent)
    assert list(answer.context["form"].errors) == [field]


def test_a_test_tells_its_answer_in_one_sentence(cast: Cast, row: WebhookEndpoint, client: Client) -> None:
    client.force_login(cast.staff)
    assert "The test is on its way" in press(client, row, "test").content.decode()
    sent = WebhookDelivery.objects.get()
    page = client.get(page_of(row)).content.decode()
    assert "data-running" in page
    assert begin_try(lease_deliveries(row.pk, 1)[0])
    leased = WebhookDelivery.objects.select_related("endpoint", "message").get(pk=sent.pk)
    note_outcome(leased, TryOutcome(None, "timeout", milliseconds=15_000))
    page = client.get(page_of(row)).content.decode()
    assert "The test was not taken: no answer within 15 seconds. It is tried again at" in page
    assert "data-running" not in page
    WebhookDelivery.objects.update(delivered_at=sent.created_at, answered=204, milliseconds=34, due_at=None)
    assert "The test was taken: it answered 204 in 34 ms." in client.get(page_of(row)).content.decode()


def test_a_button_that_is_pressed_twice_acts_once(cast: Cast, row: WebhookEndpoint, client: Client) -> None:
    client.force_login(cast.staff)
    sent = posted_forms(client.get(page_of(row)))[0][1]
    for _ in range(2):
        client.post(f"{LIST}{row.pk}/do/test/", sent)
    assert WebhookDelivery.objects.count() == 1
    # Another button of the same page is another act.
    client.post(f"{LIST}{row.pk}/do/pause/", sent)
    row.refresh_from_db()
    assert row.disabled_why == "asked"


def test_paused_it_says_so_and_what_it_missed_is_sent(cast: Cast, row: WebhookEndpoint, client: Client) -> None:
    client.force_login(cast.staff)
    assert "Paused" in press(client, row, "pause").content.decode()
    assert "switched off" in press(client, row, "test").content.decode()
    place_order(cast)
    pass_on()
    assert "“Send what it missed”" in press(client, row, "resume").content.decode()
    assert "1 are sent." in press(client, row, "replay").content.decode()
    delivery = WebhookDelivery.objects.get()
    WebhookDelivery.objects.update(due_at=None, delivered_at=delivery.created_at)
    press(client, row, "redeliver", delivery=delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    assert "no such" in press(client, row, "redeliver", delivery=10**6).content.decode().lower()


def test_another_address_another_secret_and_its_end(cast: Cast, row: WebhookEndpoint, client: Client) -> None:
    client.force_login(cast.staff)
    edit = f"{LIST}{row.pk}/edit/"
    sent = form_of(client.get(edit))
    assert (sent["url"], sent["types"]) == (row.url, "order.placed")
    client.post(edit, {**sent, "url": HOOK["url"], "types": ["order.placed", "order.delay"]})
    row.refresh_from_db()
    assert (row.url, row.types) == (HOOK["url"], ["order.delay", "order.placed"])
    page = press(client, row, "secret").content.decode()
    row.refresh_from_db()
    new, before = secrets_of(row)
    assert (page.count(new), before) == (1, "whsec_x")
    assert new not in client.get(page_of(row)).content.decode()
    press(client, row, "delete")
    assert not WebhookEndpoint.objects.exists()
    assert "There is no" in client.post(f"{LIST}{row.pk}/do/test/", sent, follow=True).content.decode()


def test_a_page_asks_a_fixed_number_of_statements(
    cast: Cast, row: WebhookEndpoint, client: Client, django_assert_max_num_queries: Any
) -> None:
    client.force_login(cast.staff)
    for _ in range(30):
        send_test(row)
    for path in (LIST, page_of(row), NEW, f"{LIST}{row.pk}/edit/"):
        with django_assert_max_num_queries(15):
            assert client.get(path).status_code == 200
