"""Webhook endpoints by the API: whose they are, where they may lead, their secrets; others cannot touch them."""

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.models import OutboxMessage, WebhookDelivery, WebhookEndpoint
from orders.services.moving.timers import run_due
from orders.services.outgoing import deliveries, endpoints
from ordersite.accounts.rights import Right
from ordersite.core.crypto import decrypt
from tests.cast import Cast, make_clerk
from tests.orders.moving.test_dispatch import accept, decline
from tests.orders.moving.test_transitions import move
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS, cart, place, row_counts
from tests.orders.walking import REASON
from tests.promises.test_p16_nobody_sees_anothers import call
from vendors.models import Vendor

HOOKS = "/api/v1/webhooks"
HERE = "http://127.0.0.1:9/hook"


def added(client: Any, **fields: Any) -> dict[str, Any]:
    answer = client.post(HOOKS, {"url": HERE, "types": ["order.placed"], **fields})
    assert answer.status_code == 201, answer.json()
    told: dict[str, Any] = answer.json()
    return told


def test_endpoints_are_a_merchants_the_sites_or_ones_own(cast: Cast, api: Any) -> None:
    own = added(api(cast.customer), types=["order.status", "order.placed", "order.status"])
    assert own["secret"].startswith("whsec_")
    assert len(own["secret"]) == len("whsec_") + 32
    assert (own["merchant"], own["site"], own["enabled"]) == (None, False, True)
    assert own["types"] == ["order.placed", "order.status"]
    row = WebhookEndpoint.objects.get(pk=own["id"])
    assert (row.user, row.created_by, decrypt(row.secret_sealed)) == (cast.customer, cast.customer, own["secret"])
    merchants = added(api(cast.owner), merchant=cast.merchant.pk)
    sites = added(api(cast.staff), site=True)
    assert (merchants["merchant"], merchants["site"]) == (cast.merchant.pk, False)
    assert (sites["merchant"], sites["site"]) == (None, True)
    listed = {
        name: [row["id"] for row in api(getattr(cast, name)).get(HOOKS).json()["results"]]
        for name in ("customer", "stranger", "owner", "other_owner", "staff")
    }
    everything = [sites["id"], merchants["id"], own["id"]]
    assert listed == {
        "customer": [own["id"]],
        "stranger": [],
        "owner": [merchants["id"]],
        "other_owner": [],
        "staff": everything,
    }
    assert "secret" not in api(cast.owner).get(HOOKS).json()["results"][0]


def test_others_can_make_none_for_a_merchant_or_the_site(cast: Cast, api: Any) -> None:
    clerk = make_clerk(Right.ACT_EVERYWHERE, Right.VIEW_ORDERS)
    before = row_counts()
    body = {"url": HERE, "types": ["order.placed"]}
    for user, more, status, code in (
        (cast.owner, {"merchant": cast.other_merchant.pk}, 403, "not_merchant_admin"),
        (cast.customer, {"merchant": cast.merchant.pk}, 403, "not_merchant_admin"),
        (cast.owner, {"site": True}, 403, "forbidden"),
        (clerk, {"site": True}, 403, "forbidden"),
        (cast.staff, {"site": True, "merchant": cast.merchant.pk}, 400, "invalid"),
        (cast.staff, {"merchant": 10**9}, 400, "invalid"),
    ):
        answer = api(user).post(HOOKS, {**body, **more})
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.json()
    assert answer.json()["errors"][0]["pointer"] == "/merchant"
    assert row_counts() == before


def test_an_owner_has_twenty_at_most(cast: Cast, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 2)
    for _ in range(2):
        added(api(cast.customer))
    answer = api(cast.customer).post(HOOKS, {"url": HERE, "types": ["order.placed"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_webhooks")
    assert WebhookEndpoint.objects.count() == 2
    added(api(cast.stranger))


def test_what_one_may_ask_for_is_counted_for_all_endpoints_of_an_owner(
    cast: Cast, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sending again makes as many calls as a log has rows: none of it comes by for free, nor anew by another one."""
    for name in ("TESTS", "REPLAYS", "REDELIVERIES"):
        monkeypatch.setattr(deliveries, name, 1)
    customer = api(cast.customer)
    first, second = (f"{HOOKS}/{added(customer)['id']}" for _ in range(2))
    told = customer.post(f"{first}/test").json()
    asked = [
        ("test", None),
        ("replay", {"since": "2026-01-01T00:00:00Z"}),
        (f"deliveries/{told['id']}/redeliver", None),
    ]
    assert [customer.post(f"{first}/{what}", body).status_code for what, body in asked] == [429, 200, 200]
    before = list(WebhookDelivery.objects.values())
    for what, body in asked:
        answers = [customer.post(f"{path}/{what}", body) for path in (first, second)[: 1 if "/" in what else 2]]
        assert {answer.status_code for answer in answers} == {429}, what
        assert all(int(answer["Retry-After"]) > 3500 for answer in answers)
    assert list(WebhookDelivery.objects.values()) == before
    added(api(cast.stranger))
    assert api(cast.stranger).post(f"{HOOKS}/{WebhookEndpoint.objects.latest('pk').pk}/test").status_code == 201


BAD = [
    ("ftp://example.com/hook", "invalid"),
    ("https://", "invalid"),
    ("https://example.com:99999/", "invalid"),
    ("https://example.com:0/", "invalid"),
    ("https://user:secret@example.com/", "invalid"),
    ("https://example.com/#part", "invalid"),
    ("https://exam ple.com/", "invalid"),
    ("https://exämple.com/", "invalid"),
    ("https://example.com\\@127.0.0.1/", "invalid"),
    ("https://[::1/", "invalid"),
    ("https://nowhere.invalid/hook", "unresolved_host"),
    (f"https://{'a' * 64}.example.com/", "unresolved_host"),
    ("https://10.0.0.1/hook", "private_address"),
]


@pytest.mark.parametrize(("url", "code"), BAD)
def test_a_url_that_cannot_be_called_is_refused(cast: Cast, api: Any, url: str, code: str) -> None:
    hook = added(api(cast.customer))
    for send, path in ((api(cast.customer).post, HOOKS), (api(cast.customer).patch, f"{HOOKS}/{hook['id']}")):
        answer = send(path, {"url": url, "types": ["order.placed"]})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/url"), answer.json()
        assert answer.json()["errors"][0]["code"] == code
    assert list(WebhookEndpoint.objects.values_list("url", flat=True)) == [HERE]


def test_types_are_those_that_there_are(cast: Cast, api: Any) -> None:
    for types in ([], ["order.eaten"], "order.placed", None):
        answer = api(cast.customer).post(HOOKS, {"url": HERE, "types": types})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"].startswith("/types")
    assert not WebhookEndpoint.objects.exists()


def test_names_are_resolved_before_the_transaction(cast: Cast, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name may lead to several addresses: one that is not public refuses all."""
    found = [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", ("10.1.2.3", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **named: found)
    body = {"url": "https://hooks.example.com/in", "types": ["order.placed"]}
    answer = api(cast.customer).post(HOOKS, body)
    assert answer.json()["errors"][0]["code"] == "private_address"
    assert "10.1.2.3" not in answer.content.decode()
    del found[1]
    assert added(api(cast.customer), **body)["url"] == "https://hooks.example.com/in"


def test_look_ups_of_names_are_counted(cast: Cast, api: Any, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = added(api(cast.customer))
    asked: list[str] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *args, **named: asked.append(host) or [])
    settings.THROTTLE_PLACES = 1
    body = {"url": "https://slow.example.com/", "types": ["order.placed"]}
    answers = [
        send(path, body)
        for send, path in (
            (api(cast.customer).post, HOOKS),
            (api(cast.customer).post, HOOKS),
            (api(cast.customer).patch, f"{HOOKS}/{hook['id']}"),
        )
    ]
    assert [answer.status_code for answer in answers] == [400, 429, 429]
    assert asked == ["slow.example.com"]
    assert list(WebhookEndpoint.objects.values_list("url", flat=True)) == [HERE]


def test_a_change_a_rotation_and_deleting(cast: Cast, api: Any) -> None:
    owner = api(cast.owner)
    hook = added(owner, merchant=cast.merchant.pk)
    path = f"{HOOKS}/{hook['id']}"
    changed = owner.patch(path, {"types": ["order.items"], "url": HERE + "/2"}).json()
    assert (changed["types"], changed["url"]) == (["order.items"], HERE + "/2")
    off = owner.patch(path, {"enabled": False}).json()
    assert (off["enabled"], off["disabled_why"]) == (False, "asked")
    row = WebhookEndpoint.objects.get()
    assert row.disabled_at - row.missed_since == timedelta(minutes=1)
    again = owner.patch(path, {"enabled": False}).json()
    assert again == off
    on = owner.patch(path, {"enabled": True}).json()
    assert (on["enabled"], on["disabled_at"], on["disabled_why"]) == (True, None, "")
    assert on["missed_since"] == off["missed_since"]
    rotated = owner.post(f"{path}/secret")
    assert rotated.status_code == 201
    row.refresh_from_db()
    assert endpoints.secrets_of(row) == [rotated.json()["secret"], hook["secret"]]
    assert abs(row.previous_until - timezone.now() - timedelta(hours=24)) < timedelta(minutes=1)
    WebhookEndpoint.objects.update(previous_until=timezone.now())
    row.refresh_from_db()
    assert endpoints.secrets_of(row) == [rotated.json()["secret"]]
    assert owner.delete(path).status_code == 204
    assert not WebhookEndpoint.objects.exists()


def test_nobody_touches_anothers(cast: Cast, api: Any) -> None:
    hook = added(api(cast.owner), merchant=cast.merchant.pk)
    delivery = api(cast.owner).post(f"{HOOKS}/{hook['id']}/test").json()
    clerk = make_clerk(Right.ACT_EVERYWHERE, Right.VIEW_ORDERS)
    before = (row_counts(), WebhookEndpoint.objects.values().get(), WebhookDelivery.objects.values().get())
    for user in (cast.other_owner, cast.customer, cast.courier, clerk):
        for method, path, body in (
            ("PATCH", "", {"enabled": False}),
            ("DELETE", "", None),
            ("POST", "/secret", None),
            ("POST", "/test", None),
            ("POST", "/replay", {"since": "2026-01-01T00:00:00Z"}),
            ("GET", "/deliveries", None),
            ("POST", f"/deliveries/{delivery['id']}/redeliver", None),
        ):
            answer = call(api(user), method, f"{HOOKS}/{hook['id']}{path}", body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (user, method, path)
    assert (row_counts(), WebhookEndpoint.objects.values().get(), WebhookDelivery.objects.values().get()) == before


def test_the_outbox_has_a_row_for_each_thing(cast: Cast, api: Any) -> None:
    order = place(api(cast.customer), cart(cast))["orders"][0]
    api(cast.owner).post(f"/api/v1/orders/{order['id']}/transitions", {"to": 7, "prepared_in": 10})
    api(cast.owner).post(f"/api/v1/orders/{order['id']}/history", {"text": "Ring twice"})
    api(cast.owner).patch(f"/api/v1/vendors/{cast.vendor.pk}", {"paused_until": "2099-01-01T00:00:00Z"})
    api(cast.owner).patch(f"/api/v1/vendors/{cast.vendor.pk}", {"rush_minutes": 5})
    told = [
        (row.type, row.subject, row.event and row.event.number, row.data)
        for row in OutboxMessage.objects.order_by("pk")
    ]
    assert told == [
        ("order.placed", f"order:{order['id']}", 1, {}),
        ("order.status", f"order:{order['id']}", 2, {}),
        (
            "vendor.paused",
            f"vendor:{cast.vendor.pk}",
            None,
            {"vendor": cast.vendor.pk, "paused_until": "2099-01-01T00:00:00Z"},
        ),
    ]
    assert set(OutboxMessage.objects.values_list("vendor", "for_vendor_only", "told_at")) == {
        (cast.vendor.pk, False, None)
    }


def test_a_driver_is_told_of_when_another_is_named(cast: Cast, api: Any) -> None:
    """Not when an order is merely offered, declined or delivered by its vendor itself."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(dispatch="rounds", dispatch_drivers=9)
    order = make_order(cast, 7, stood="accepted")

    def told(answer: Any, status: int = 200) -> list[str]:
        assert answer.status_code == status, answer.data
        rows = list(OutboxMessage.objects.order_by("pk").values_list("type", flat=True))
        OutboxMessage.objects.all().delete()
        return rows

    path = f"{ORDERS}/{order.pk}"
    assert told(api(cast.owner).patch(path, {"self_delivery": True})) == []
    assert told(move(api, cast.owner, order, to=22)) == ["order.status"]
    assert run_due() == 1
    assert order.events.latest("number").data == {"old": {}, "new": {"round": 1, "asked": 4}}
    assert told(decline(api, cast.courier, order), 204) == []
    taken = ["order.status", "driver.assigned"]
    assert told(accept(api, cast.driver, order)) == taken
    assert told(move(api, cast.driver, order, transition="cancel_by_driver", **REASON)) == taken
    assert told(move(api, cast.owner, order, to=22)) == ["order.status"]
    named = {"driver": cast.other_driver_row.pk}
    assert told(api(cast.owner).patch(path, named)) == ["driver.assigned"]
    assert told(api(cast.owner).patch(path, named)) == []
    assert told(accept(api, cast.other_driver, order)) == ["order.status"]


def test_what_is_refused_tells_nothing(cast: Cast, api: Any) -> None:
    order = place(api(cast.customer), cart(cast))["orders"][0]
    answer = api(cast.owner).post(f"/api/v1/orders/{order['id']}/transitions", {"to": 1})
    assert answer.status_code == 403
    assert OutboxMessage.objects.count() == 1
