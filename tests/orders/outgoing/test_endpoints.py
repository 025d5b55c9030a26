"""Webhook endpoints by the API: whose they are, where they may lead, their secrets; others cannot touch them."""

import socket
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.models import Order, OutboxMessage, WebhookDelivery, WebhookEndpoint
from orders.services.moving.timers import run_due
from orders.services.outgoing import addresses, deliveries, endpoints
from ordersite.accounts.callers import Caller, device_key
from ordersite.accounts.models import User
from ordersite.accounts.rights import Right
from ordersite.core.crypto import decrypt
from ordersite.core.faults import Forbidden
from tests.cast import Cast, make_clerk
from tests.orders.moving.test_dispatch import accept, decline
from tests.orders.moving.test_transitions import move
from tests.orders.online import notice, place_online, running_provider, takes_online
from tests.orders.rows import make_order
from tests.orders.several import baker, cart_for_both, make_bakery
from tests.orders.shopping import ORDERS, cart, fill_wallet, place, place_order, row_counts
from tests.orders.walking import REASON
from tests.promises.test_p16_nobody_sees_anothers import call
from tracking.webhooks.sending import send_webhook
from vendors.models import Member, Vendor

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
    shown = api(cast.owner).get(HOOKS).json()["results"][0]
    assert shown == {name: value for name, value in merchants.items() if name != "secret"}
    assert api(cast.owner).get(f"{HOOKS}/{merchants['id']}").json() == shown


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
            ("GET", "", None),
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


def test_who_is_neither_a_person_nor_a_merchant_has_none(cast: Cast) -> None:
    """Were it let in, its endpoint would have no owner, which is the site's."""
    for caller in (Caller(), Caller(key=device_key(3), device_id=3, vendor_ids=frozenset({cast.vendor.pk}))):
        for site, code in ((False, "not_merchant_admin"), (True, "forbidden")):
            with pytest.raises(Forbidden) as refused:
                endpoints.add_endpoint(caller, url=HERE, types=["order.placed"], merchant=None, site=site)
            assert refused.value.fault.code.told == code
        assert not endpoints.managed_endpoints(caller).exists()
    assert not WebhookEndpoint.objects.exists()


def test_a_merchants_endpoint_says_who_added_it_and_whether_that_left(cast: Cast, api: Any) -> None:
    """It goes on, as long as the merchant has an owner who answers for it."""
    manager = User.objects.create_user("maker@example.org", "x", name="Max Maker")
    row = Member.objects.create(user=manager, merchant=cast.merchant, role=Member.Role.MANAGER)
    hook, owner = added(api(manager), merchant=cast.merchant.pk), api(cast.owner)
    own = added(api(cast.customer))

    def shown() -> tuple[str, bool]:
        told = owner.get(f"{HOOKS}/{hook['id']}").json()
        assert owner.get(HOOKS).json()["results"] == [told]
        return told["created_by"], told["creator_left"]

    def told() -> list[int]:
        place(api(cast.customer), cart(cast))
        deliveries.pass_on()
        rows = WebhookDelivery.objects.filter(message=OutboxMessage.objects.filter(type="order.placed").latest("pk"))
        return list(rows.order_by("endpoint").values_list("endpoint", flat=True))

    assert (shown(), told()) == (("Max Maker", False), [hook["id"], own["id"]])
    row.delete()
    assert (shown(), told()) == (("Max Maker", True), [hook["id"], own["id"]])
    User.objects.filter(pk=manager.pk).update(is_active=False)
    assert (shown(), told()) == (("Max Maker", True), [hook["id"], own["id"]])
    User.objects.filter(pk__in=cast.merchant.members.filter(role=Member.Role.OWNER).values("user")).update(
        is_active=False
    )
    assert told() == [own["id"]]


def test_a_name_server_that_hangs_has_its_time(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for it goes on, and the look-up gives its place back when it ends.

    The name server answers only when the calls have come back: who waited for it would be told an address.
    """
    released, asked = threading.Event(), []
    monkeypatch.setattr(addresses, "LONGEST_LOOK_UP", 0.05)
    monkeypatch.setattr(addresses, "LOOK_UPS", threading.BoundedSemaphore(1))

    def hang(host: str, *args: Any, **named: Any) -> list[Any]:
        asked.append(host)
        released.wait(30)
        return [(2, 1, 6, "", ("93.184.215.14", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    for _ in range(2):  # the second finds no place for its look-up
        outcome = send_webhook("https://slow.example.com/", "{}", {})
        assert (outcome.answered, outcome.failure) == (None, "unresolved_host")
    assert asked == ["slow.example.com"]
    released.set()
    assert addresses.LOOK_UPS.acquire(timeout=5)
    addresses.LOOK_UPS.release()
    monkeypatch.setattr(addresses, "LONGEST_LOOK_UP", 5)
    assert addresses.find_target("https://slow.example.com/").ip == "93.184.215.14"


def test_the_outbox_has_a_row_for_each_thing(cast: Cast, api: Any) -> None:
    placed = place(api(cast.customer), cart(cast))
    order, purchase = placed["orders"][0], placed["purchase"]["uuid"]
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
        ("purchase.placed", f"purchase:{purchase}", 1, {"purchase": purchase, "orders": [order["id"]]}),
        ("order.status", f"order:{order['id']}", 2, {}),
        (
            "vendor.paused",
            f"vendor:{cast.vendor.pk}",
            None,
            {"vendor": cast.vendor.pk, "paused_until": "2099-01-01T00:00:00Z"},
        ),
    ]
    assert set(OutboxMessage.objects.values_list("vendor", "for_vendor_only", "told_at")) == {
        (cast.vendor.pk, False, None),
        (None, False, None),  # the purchase
    }


def paid_told() -> list[tuple[int, int, list[int]]]:
    """The purchases told to be paid since the last call: the event's order and version, and their orders."""
    rows = OutboxMessage.objects.filter(type="purchase.paid").order_by("pk")
    found = [(row.event.order_id, row.event.number, row.data["orders"]) for row in rows.select_related("event")]
    OutboxMessage.objects.all().delete()
    return found


def test_a_purchase_that_is_paid_from_the_wallet_is_told_so_with_its_placing(cast: Cast, api: Any) -> None:
    fill_wallet(cast.customer_row, 10_000)
    order = place_order(api(cast.customer), cart(cast, payment_method="wallet"))
    assert paid_told() == [(order.pk, 1, [order.pk])]
    # It costs more, and that is paid at once too.
    soda = {"product": cast.products["soda"].pk, "quantity": 1}
    assert api(cast.customer).post(f"{ORDERS}/{order.pk}/items", soda).status_code == 201
    assert OutboxMessage.objects.filter(type="order.items").exists()


@pytest.mark.parametrize("is_cancelled", [False, True], ids=["all are collected", "one is cancelled"])
def test_a_purchase_of_several_is_paid_once_nothing_of_it_is_owed(cast: Cast, api: Any, is_cancelled: bool) -> None:
    """Cash comes in order by order; one that was cancelled owes nothing."""
    bakery = make_bakery(cast)
    asked = {"payment_method": "cash", "delivery_type": "pickup", "address": None, "location": None}
    placed = place(api(cast.customer), cart_for_both(cast, bakery, **asked))
    first, second = (order["id"] for order in placed["orders"])
    assert paid_told() == []
    paths = {pk: f"{ORDERS}/{pk}/transitions" for pk in (first, second)}
    if is_cancelled:
        assert api(cast.customer).post(paths[second], {"transition": "cancel_by_customer"}).status_code == 200
    else:
        Order.objects.filter(pk=second).update(status=4, accepted_at=timezone.now(), prepared_at=timezone.now())
        assert api(baker(cast)).post(paths[second], {"to": 15}).status_code == 200
    assert paid_told() == []
    Order.objects.filter(pk=first).update(status=4, accepted_at=timezone.now(), prepared_at=timezone.now())
    assert api(cast.owner).post(paths[first], {"to": 15}).status_code == 200
    assert paid_told() == [(first, 2, [first, second])]


def test_a_payment_that_came_in_online_tells_that_its_purchase_is_paid(cast: Cast, api: Any, settings: Any) -> None:
    takes_online(cast.vendor)
    with running_provider(settings) as provider:
        payment = place_online(api(cast.customer), cast)
        assert paid_told() == []
        assert api().get(f"/pay/{payment.token}").status_code == 303
        payment.refresh_from_db()
        provider.pay(payment.reference)
        for _ in range(2):  # the provider says it twice
            assert notice(payment.reference).status_code == 200
    order = Order.objects.get(purchase=payment.purchase_id)
    assert paid_told() == [(order.pk, 2, [order.pk])]


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
    assert OutboxMessage.objects.count() == 2
