"""What anybody may call takes no harm from a bearer that has run out, which apps send on; all else refuses it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from ordersite.accounts.models import ApiToken, Customer
from ordersite.core.crypto import decrypt, token_hash
from tests.cast import Cast
from tests.clock import Clock
from tests.dialects.ordering import asking
from tests.orders.kinds import make_service
from tests.orders.rows import make_order
from tests.orders.shopping import assert_nothing_changed

Api = Callable[..., APIClient]


def expired(cast: Cast) -> str:
    token = AccessToken.for_user(cast.customer)
    token.set_exp(lifetime=-timedelta(seconds=1))
    return str(token)


def revoked(cast: Cast) -> str:
    ApiToken.objects.create(
        name="old", user=cast.customer, token_hash=token_hash("ost_old"), hint="ost", scopes=[], expires_at=None
    )
    return "ost_old"


STALE: dict[str, Callable[[Cast], str]] = {
    "none": lambda cast: "",
    "the word alone": lambda cast: "Bearer",
    "empty": lambda cast: "Bearer ",
    "null": lambda cast: "Bearer null",
    "two": lambda cast: "Bearer a b",
    "expired": lambda cast: f"Bearer {expired(cast)}",
    "forged": lambda cast: f"Bearer {expired(cast)[:-3]}abc",
    "unknown": lambda cast: "Bearer ost_unknown",
    "without the scope": lambda cast: f"Bearer {revoked(cast)}",
}
# Method, path and body of what anybody may call; {vendor} and {service} are the cast's.
PUBLIC = [
    ("POST", "/api/v1/track", "code"),
    ("POST", "/dialects/kesk/v1/track-order", "code"),
    ("POST", "/api/v1/auth/token", {}),
    ("POST", "/api/v1/auth/password-reset", {"email": "nobody@example.com"}),
    ("POST", "/api/v1/auth/register", {}),
    ("GET", "/api/v1/vendors", None),
    ("GET", "/api/v1/vendor-types", None),
    ("GET", "/api/v1/vendors/{vendor}", None),
    ("GET", "/api/v1/vendors/{vendor}/menu", None),
    ("GET", "/api/v1/vendors/{vendor}/slots?delivery_type=pickup", None),
    ("GET", "/api/v1/vendors/{vendor}/services", None),
    ("GET", "/api/v1/vendors/{vendor}/services/{service}/times?from=2020-01-01", None),
    ("GET", "/api/v1/vendors/{vendor}/package-types", None),
    ("GET", "/api/v1/orders/statuses", None),
    ("GET", "/dialects/kesk/schema", None),
]
QUICK = {"/api/v1/track", "/api/v1/auth/token", "/api/v1/vendors", "/dialects/kesk/schema"}
# What reads a credential, though guests may call it too.
PRIVATE = [
    ("GET", "/api/v1/me", None),
    ("GET", "/api/v1/orders/{order}", None),
    ("POST", "/api/v1/orders/quote", {}),
    ("PATCH", "/api/v1/vendors/{vendor}", {"rush_minutes": 5}),
    ("POST", "/api/v1/orders/statuses", {}),
    ("GET", "/dialects/kesk/v1/orders", None),
    ("PUT", "/dialects/kesk/v1/orders/{order}", {"status": "Cancelled"}),
]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [pytest.param(*call, marks=() if call[1] in QUICK else pytest.mark.slow) for call in PUBLIC],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_public_call_answers_as_without(
    cast: Cast, api: Api, clock: Clock, method: str, path: str, body: Any
) -> None:
    order, service = make_order(cast), make_service(cast.vendor)
    url = path.format(vendor=cast.vendor.pk, service=service.pk)
    sent = {"code": decrypt(order.tracking_sealed)} if body == "code" else body

    def answer(**headers: str) -> Any:
        response = getattr(APIClient(headers=headers), method.lower())(url, sent)
        return response.status_code, [line for line in response.content.split(b",") if b"request_id" not in line]

    right = answer()
    assert right[0] == (400 if body == {} else 204 if "auth" in path else 200)
    for name, bearer in STALE.items():
        assert answer(Authorization=bearer(cast)) == right, name
    assert getattr(api(cast.customer), method.lower())(url, sent).status_code == right[0]


@pytest.mark.parametrize("name", STALE)
def test_a_guests_uuid_opens_its_order_to_read_alone(cast: Cast, name: str) -> None:
    order = make_order(cast, customer=Customer.objects.create(name="Greta Guest"), guest_token="t")
    client = APIClient(headers={"Authorization": STALE[name](cast), "X-uuid-access-X": str(order.uuid)})
    path = f"{asking.ORDERS}/{order.pk}"
    assert asking.result_of(client.get(path))["id"] == order.pk
    with assert_nothing_changed(order):
        for own in (client.put(path, {"status": 16}), client.delete(path), client.get(asking.ORDERS)):
            assert own.status_code in (401, 403)


@pytest.mark.parametrize("name", STALE)
def test_a_guest_places_with_an_empty_bearer_and_nobody_with_a_stale_one(cast: Cast, name: str) -> None:
    """What is not taken may be a customer's whose history would lack the order: the app has to sign in again."""
    body = asking.order_of(cast, customer={"name": "Greta Guest", "cellphone": "+32470123456"})
    client = APIClient(headers={"Authorization": STALE[name](cast)})
    if name in ("none", "the word alone", "empty", "null"):
        assert asking.result_of(client.post(asking.ORDERS, body))["customer"]["name"] == "Greta Guest"
        return
    with assert_nothing_changed():
        response = client.post(asking.ORDERS, body)
    assert (response.status_code, response.json()["error"]) == (403 if name == "without the scope" else 401, True)


@pytest.mark.parametrize(("method", "path", "body"), PRIVATE)
def test_all_else_refuses_it(cast: Cast, api: Api, method: str, path: str, body: Any) -> None:
    order = make_order(cast)
    url = path.format(vendor=cast.vendor.pk, order=order.pk)
    bearers = [STALE[name](cast) for name in ("empty", "null", "expired", "forged", "unknown")]
    with assert_nothing_changed(order):
        for bearer in bearers:
            client = APIClient(headers={"Authorization": bearer, "Order-Token": "x" * 43})
            assert getattr(client, method.lower())(url, body).status_code == 401, bearer


@pytest.mark.slow
def test_tries_are_counted_by_address_whatever_bearer_comes_along(cast: Cast) -> None:
    client = APIClient(headers={"Authorization": f"Bearer {expired(cast)}"})
    for number in range(60):
        path = "/api/v1/track" if number % 2 else "/dialects/kesk/v1/track-order"
        assert client.post(path, {"code": f"guess-{number}"}).status_code == 404
    assert APIClient().post("/api/v1/track", {"code": "guess"}).status_code == 429
