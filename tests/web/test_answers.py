"""Headers of every answer, and the documents that are made once."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from ordersite.core.crypto import decrypt
from ordersite.web import documents
from tests.cast import Cast
from tests.orders.rows import make_order

PAGES = ("/", "/api/v1/docs", "/admin/login/", "/nowhere", "/pay/not-a-payment")
INLINE = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)


def directives(answer: Any) -> dict[str, str]:
    found = answer.headers["Content-Security-Policy"].split("; ")
    return {name: values for name, _, values in (one.partition(" ") for one in found)}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_has_a_policy_and_nothing_inline(cast: Cast, path: str) -> None:
    answer = Client().get(path)
    policy = directives(answer)
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["form-action"] == "'self'"
    assert not INLINE.search(answer.content.decode())


@pytest.mark.parametrize(
    ("tiles", "host"),
    [
        ("", ""),
        ("/tiles/{z}/{x}/{y}.png", ""),
        ("https://tiles.example.com:8443/{z}/{x}/{y}", "https://tiles.example.com:8443"),
    ],
)
def test_only_pages_with_a_map_load_its_tiles(cast: Cast, settings: Any, tiles: str, host: str) -> None:
    settings.MAP_TILES_URL = tiles
    followed = f"/t/{decrypt(make_order(cast).tracking_sealed)}"
    with_map = (followed, "/admin/login/")
    for path in (*with_map, "/", "/sign-in", "/t/no-code"):
        expected = "'self' data: blob:" + (f" {host}" if path in with_map and host else "")
        answer = Client().get(path)
        assert directives(answer)["img-src"] == expected, path
        # The address holds the code: a tile's server must not learn it.
        assert answer["Referrer-Policy"] == ("no-referrer" if path.startswith("/t/") else "same-origin"), path


def test_answers_that_are_no_pages_load_nothing(cast: Cast) -> None:
    for path in ("/api/v1/vendors", "/api/v1/nowhere", "/healthz", "/dialects/shop/System/Orders"):
        assert directives(Client().get(path))["default-src"] == "'none'", path


def test_no_answer_of_an_api_is_kept(cast: Cast, api: Callable[..., APIClient]) -> None:
    order = make_order(cast, 0)
    client = api(cast.customer)
    for path in (
        "/api/v1/orders",
        f"/api/v1/orders/{order.pk}",
        f"/api/v1/orders/{order.pk}/history",
        "/api/v1/orders/999999999",
        "/api/v1/nowhere",
        "/api/v1/me",
        "/api/v1/api-tokens",
        "/api/v1/wallet",
        f"/api/v1/vendors/{cast.vendor.pk}/menu",
        "/api/v1/docs",
        "/dialects/shop/System/Orders",
        f"/dialects/ordering/orders/{order.pk}",
        "/dialects/kesk/v1/nowhere",
    ):
        assert client.get(path).headers["Cache-Control"] == "no-store", path
    signed_in = client.post("/api/v1/auth/token", {"email": "x@example.org", "password": "x"}, format="json")
    assert signed_in.headers["Cache-Control"] == "no-store"
    for path in ("/api/v1/schema", "/dialects/shop/schema"):
        assert client.get(path).headers["Cache-Control"] == "public, max-age=3600"


@pytest.mark.parametrize("path", [pytest.param("/api/v1/schema", marks=pytest.mark.slow), "/dialects/kaddy/schema"])
def test_a_document_is_made_once_whatever_is_asked(cast: Cast, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    made: list[str] = []
    build = documents.DocumentView.made

    def counted(self: Any, request: Any, renderer: Any) -> bytes:
        made.append(renderer.media_type)
        return build(self, request, renderer)

    monkeypatch.setattr(documents, "held", {})
    monkeypatch.setattr(documents.DocumentView, "made", counted)
    first = Client().get(f"{path}?format=json")
    assert first.json()["openapi"].startswith("3.")
    for number in range(50):
        answer = Client().get(f"{path}?x={number}&version={number}&lang={number}&format=json")
        assert (answer.status_code, answer.content) == (200, first.content)
        assert answer.headers["Content-Disposition"] == first.headers["Content-Disposition"]
    assert len(made) == len(documents.held) == 1
    for accept in ("application/json", "application/yaml", "*/*", "text/nonsense", "application/vnd.oai.openapi+json"):
        for number in range(3):
            assert Client().get(f"{path}?x={number}", headers={"Accept": accept}).status_code == 200
    assert len(documents.held) <= 4
