"""Pages of other origins call the API and the dialects from a browser, where CORS_ALLOWED_ORIGINS names them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.cast import Cast
from tests.orders.rows import make_order

pytestmark = pytest.mark.django_db
PAGE = "https://app.example.com"
# One call of each door, and a method that it has.
DOORS = [
    ("/api/v1/orders", "POST"),
    ("/api/v1/orders/1", "PATCH"),
    ("/api/v1/auth/token", "POST"),
    ("/api/v1/me/addresses/1", "DELETE"),
    ("/dialects/kesk/v1/orders", "POST"),
    ("/dialects/ordering/orders/1", "PUT"),
    ("/dialects/shop/System/Orders/1/status", "PATCH"),
    ("/dialects/kaddy/v1/orders", "GET"),
    ("/dialects/kalixo/v1/orders/place-order/", "POST"),
]
SENT = "Authorization Content-Type If-Match Idempotency-Key Order-Token X-APP-X X-uuid-access-X X-Tenant".split()
READ = "ETag Feed-Position Feed-Epoch Idempotency-Replayed Count-Exact Retry-After X-Request-ID X-RateLimit-Limit"
NOT_SERVED = ["/", "/admin/login/", "/healthz", "/pay/nothing", "/api/v1/payments/notices/fake", "/media/x", "/apis/v1"]


@pytest.fixture
def served(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [PAGE, "capacitor://localhost"]
    settings.CORS_URLS_REGEX = settings.CORS_URLS


def words(text: str) -> set[str]:
    return {word.strip().lower() for word in text.split(",")}


def preflight(path: str, method: str, origin: str = PAGE, headers: str = "authorization") -> Any:
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
    return Client().options(path, headers=asked)


@pytest.mark.parametrize(("path", "method"), DOORS)
def test_a_browser_may_send_what_clients_send(served: None, path: str, method: str) -> None:
    for origin in (PAGE, "capacitor://localhost"):
        answer = preflight(path, method, origin)
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, origin)
        assert method.lower() in words(answer["Access-Control-Allow-Methods"])
        assert {name.lower() for name in SENT} <= words(answer["Access-Control-Allow-Headers"])
        assert "Access-Control-Allow-Credentials" not in answer
        assert answer["X-Request-ID"]


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example.com", "http://app.example.com", f"{PAGE}:8443", "null", "https://app.example.com.x"],
)
def test_other_origins_are_shown_nothing(served: None, origin: str) -> None:
    for answer in (
        preflight("/api/v1/orders", "POST", origin),
        Client().get("/api/v1/vendors", headers={"Origin": origin}),
    ):
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
        assert "origin" in words(answer["Vary"])


def test_answers_and_refusals_can_be_read(
    served: None, cast: Cast, api: Callable[..., Any], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever refuses: a view, a throttle, or what stands before all views."""
    order = make_order(cast, 7)
    owner, nobody = api(cast.owner, Origin=PAGE), api(Origin=PAGE)
    ordering = "/dialects/ordering/orders"
    answers = {
        200: [owner.get(f"/api/v1/orders/{order.pk}"), owner.get(f"{ordering}/{order.pk}?mode=dashboard")],
        400: [owner.get(f"{ordering}?where=x"), nobody.get("/api/v1/vendors?x=" + "y" * settings.MAX_QUERY_BYTES)],
        401: [nobody.get("/api/v1/me"), nobody.get(ordering), nobody.get("/dialects/kesk/v1/orders")],
        403: [owner.delete(f"/api/v1/orders/{order.pk}")],
        404: [owner.get("/api/v1/orders/999999"), owner.get("/api/v1/nowhere"), owner.get("/dialects/kesk/nowhere")],
        405: [owner.patch(ordering, {})],
        409: [owner.put(f"{ordering}/{order.pk}", {"status": 13})],
        413: [nobody.generic("POST", "/api/v1/orders", "x" * (settings.MAX_BODY_BYTES + 1), "application/json")],
    }
    settings.THROTTLE_ANONYMOUS = 1
    monkeypatch.setattr("ordersite.web.throttling.count_call", lambda who: 2)
    answers[429] = [nobody.post("/api/v1/orders/quote", {}), nobody.post(ordering, {})]
    for status, rows in answers.items():
        for answer in rows:
            assert (answer.status_code, answer.headers.get("Access-Control-Allow-Origin")) == (status, PAGE)
            assert {name.lower() for name in READ.split()} <= words(answer["Access-Control-Expose-Headers"])
            assert "Access-Control-Allow-Credentials" not in answer


@pytest.mark.parametrize("path", NOT_SERVED)
def test_pages_and_notices_are_not_for_other_origins(served: None, path: str) -> None:
    for answer in (preflight(path, "POST"), Client().get(path, headers={"Origin": PAGE})):
        assert not [name for name in answer.headers if name.startswith("Access-Control")]


def test_without_origins_it_is_off(cast: Cast) -> None:
    for answer in (preflight("/api/v1/vendors", "GET"), Client().get("/api/v1/vendors", headers={"Origin": PAGE})):
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
        assert "origin" not in words(answer.get("Vary", ""))


def test_a_login_in_a_cookie_is_nobody_for_a_page(served: None, cast: Cast) -> None:
    """Without leave to send cookies a browser sends none; a page that could would still fail the CSRF check."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.staff)
    answer = client.post("/api/v1/orders/quote", {}, content_type="application/json", headers={"Origin": PAGE})
    assert (answer.status_code, "Access-Control-Allow-Credentials" in answer) == (403, False)


@pytest.mark.parametrize(("path", "method"), DOORS)
def test_which_methods_there_are(cast: Cast, path: str, method: str) -> None:
    """OPTIONS tells it, whoever asks, and changes nothing; any other method that there is not is 405 with the same."""
    answer = Client().options(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert {method.lower(), "options"} <= words(answer["Allow"])
    refused = Client().generic("LINK", path)
    assert (refused.status_code, refused["Allow"]) in ((405, answer["Allow"]), (401, answer["Allow"]))


def test_the_page_for_operators_names_the_headers(settings: Any) -> None:
    """docs/running.md lists what pages may send and read; "accept" goes without saying."""
    page = (settings.BASE_DIR / "docs" / "running.md").read_text()
    sent, read = (re.findall(rf"^\| {word} \| (.*)", page, re.M)[0].lower() for word in ("sent", "read"))
    read_ones = {re.sub("x-ratelimit-.*", "x-ratelimit-*", name.lower()) for name in settings.CORS_EXPOSE_HEADERS}
    assert {*settings.CORS_ALLOW_HEADERS} - {*re.findall("`(.*?)`", sent)} == {"accept"}
    assert read_ones - {*re.findall("`(.*?)`", read)} == set()
