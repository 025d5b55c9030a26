"""Query parameters that a call does not know, or gets twice: refused by name at every native call, not elsewhere."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from ordersite.web.views import ApiView
from tests.cast import Cast

CONVERTED = re.compile(r"<(\w+):\w+>")
FILLED = {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000", "id": "1", "str": "x", "path": "x"}


def routes(patterns: Any, prefix: str = "") -> Iterator[tuple[str, type[ApiView]]]:
    """Every address with its view, ids filled in."""
    for one in patterns:
        path = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, path)
        elif isinstance(one, URLPattern) and issubclass(getattr(one.callback, "view_class", object), ApiView):
            yield "/" + CONVERTED.sub(lambda found: FILLED[found[1]], path), one.callback.view_class  # type: ignore[attr-defined]


def calls(base: str) -> list[tuple[str, str]]:
    """(method, address) of every call below a base."""
    return [
        (method, path)
        for path, view in routes(get_resolver().url_patterns)
        if path.startswith(base)
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(view, method)
    ]


def test_every_native_call_refuses_what_it_does_not_know(cast: Cast, api: Callable[..., APIClient]) -> None:
    client = api(cast.staff)
    found = calls("/api/v1/")
    assert len(found) > 60
    for method, path in found:
        answer = getattr(client, method)(f"{path}?xyzzy=1")
        assert answer.status_code == 400, (method, path, answer.content)
        assert answer.json()["errors"] == [
            {
                "pointer": "?xyzzy",
                "code": "unknown_parameter",
                "detail": "There is no parameter xyzzy: leave it out.",
            }
        ], (method, path)


def test_no_call_reads_more_than_it_declares(cast: Cast, api: Callable[..., APIClient]) -> None:
    """What the document tells a client to send is known: each parameter, at each operation."""
    client = api(cast.staff)
    document = APIClient().get("/api/v1/schema?format=json").json()
    sent = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]
            if names:
                address = path.replace("{purchase_uuid}", FILLED["uuid"])
                answer = getattr(client, method)(re.sub(r"{\w+}", "1", address), QUERY_STRING="&".join(names))
                codes = {row["code"] for row in answer.json().get("errors", [])} if answer.status_code == 400 else set()
                assert "unknown_parameter" not in codes, (method, path, answer.json())
                sent += len(names)
    assert sent > 50


@pytest.mark.slow
def test_every_native_call_refuses_a_parameter_that_comes_twice(cast: Cast, api: Callable[..., APIClient]) -> None:
    """Each parameter of each operation that the document declares; nothing is read for it, and nothing written."""
    client = api(cast.staff)
    document = APIClient().get("/api/v1/schema?format=json").json()
    sent = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for name in [one["name"] for one in operation.get("parameters", []) if one["in"] == "query"]:
                address = re.sub(r"{\w+}", "1", path.replace("{purchase_uuid}", FILLED["uuid"]))
                answer = getattr(client, method)(address, QUERY_STRING=f"{name}=0&{name}=7")
                assert answer.status_code == 400, (method, path, name, answer.content)
                assert answer.json()["errors"] == [
                    {
                        "pointer": f"?{name}",
                        "code": "repeated_parameter",
                        "detail": f"The parameter {name} comes more than once: send it once.",
                    }
                ], (method, path)
                sent += 1
    assert sent > 50


def test_a_filter_that_comes_twice_shows_nothing(cast: Cast, api: Callable[..., APIClient]) -> None:
    client = api(cast.customer)
    for query in ("status=0&status=7", "status=7&status=7", "page=1&page=1&xyzzy=1", "cursor=&cursor="):
        answer = client.get(f"/api/v1/orders?{query}")
        assert answer.status_code == 400
        assert [row["code"] for row in answer.json()["errors"]][-1] == "repeated_parameter"
    assert client.get("/api/v1/orders?status=0,7").status_code == 200


@pytest.mark.parametrize(
    ("path", "pointer", "near"),
    [
        ("/api/v1/orders?stauts=open", "?stauts", "status"),
        ("/api/v1/orders?expnad=items", "?expnad", "expand"),
        ("/api/v1/orders?Status=0", "?Status", "status"),
        ("/api/v1/orders?pre_page=5", "?pre_page", "per_page"),
        ("/api/v1/vendors?opennow=true", "?opennow", "open_now"),
        ("/api/v1/wallet/entries?pag=2", "?pag", "page"),
    ],
)
def test_the_nearest_one_is_named(
    cast: Cast, api: Callable[..., APIClient], path: str, pointer: str, near: str
) -> None:
    answer = api(cast.customer).get(path)
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    assert (error["pointer"], error["code"]) == (pointer, "unknown_parameter")
    assert error["detail"] == f"There is no parameter {pointer[1:]}: did you mean {near}?"
    assert answer.json()["detail"] == error["detail"]


def test_each_is_named_and_none_told_whole(cast: Cast) -> None:
    answer = APIClient().get(f"/api/v1/vendors?a=1&b=2&q=x&{'c' * 5_000}=3")
    assert [row["pointer"] for row in answer.json()["errors"]] == ["?a", "?b", f"?{'c' * 60}"]


@pytest.mark.parametrize(
    "path",
    [
        "/?utm_source=x",
        "/healthz?x=1",
        "/readyz?x=1",
        "/admin/login/?x=1",
        "/api/v1/schema?x=1",
        "/api/v1/docs?x=1",
        "/dialects/shop/schema?x=1",
        "/dialects/shop/System/Orders?x=1&format=nonsense",
        "/dialects/ordering/orders?x=1",
        "/dialects/kesk/v1/orders?x=1",
        "/healthz?x=1&x=2",
        "/api/v1/schema?format=json&format=json",
        "/dialects/shop/System/Orders?page=1&page=1",
        "/dialects/ordering/orders?page=1&page=1",
    ],
)
def test_pages_documents_and_dialects_ignore_it(cast: Cast, api: Callable[..., APIClient], path: str) -> None:
    assert api(cast.customer).get(path).status_code == 200


def test_a_refused_call_changes_nothing(cast: Cast, api: Callable[..., APIClient]) -> None:
    answer = api(cast.customer).patch("/api/v1/me?x=1", {"name": "Other"}, format="json")
    assert answer.status_code == 400
    assert api(cast.customer).get("/api/v1/me").json()["name"] != "Other"
