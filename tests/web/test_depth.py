"""No list at any door reads what it skips: past the end is known from the count, and depth is bounded."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from orders.models import Order
from ordersite.web import pagination
from tests.cast import Cast
from tests.orders.rows import make_order

Api = Callable[..., APIClient]
NATIVE = "/api/v1/orders?page={page}&per_page=2"
DIALECTS = {
    "/dialects/shop/System/Orders?page={page}&limit=2": lambda body: body["orders"],
    "/dialects/ordering/orders?page={page}&page_size=2": lambda body: body["result"],
    "/dialects/kesk/v1/orders?page={page}&per_page=2": lambda body: body["data"],
}


@pytest.fixture
def seven(cast: Cast) -> list[Order]:
    return [make_order(cast, 0) for _ in range(7)]


def asked(client: APIClient, path: str) -> tuple[Any, list[str]]:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    return answer, [query["sql"] for query in queries]


def reads_far(statements: list[str]) -> bool:
    return any("OFFSET" in sql for sql in statements)


@pytest.mark.parametrize("path", DIALECTS)
@pytest.mark.parametrize("page", [5, 1_000_000_000])
def test_a_page_past_the_end_reads_no_rows(cast: Cast, api: Api, seven: list[Order], path: str, page: int) -> None:
    answer, statements = asked(api(cast.customer), path.format(page=page))
    assert answer.status_code == 200
    assert DIALECTS[path](answer.json()) == []
    assert not reads_far(statements)


def test_natively_it_is_404(cast: Cast, api: Api, seven: list[Order]) -> None:
    answer, statements = asked(api(cast.customer), NATIVE.format(page=1_000_000_000))
    assert answer.status_code == 404
    assert answer.json()["detail"] == "There is no page 1000000000: the last one is 4."
    assert not reads_far(statements)


@pytest.mark.parametrize("path", [NATIVE, *DIALECTS])
def test_pages_end_where_counting_ends(cast: Cast, api: Api, seven: list[Order], settings: Any, path: str) -> None:
    settings.MAX_LIST_DEPTH = 4
    client = api(cast.customer)
    assert client.get(path.format(page=2)).status_code == 200
    answer, statements = asked(client, path.format(page=3))
    assert answer.status_code == 400
    assert "Pages end after 4 results:" in answer.content.decode()
    assert not reads_far(statements)


def test_a_count_that_is_not_exact_says_so(cast: Cast, api: Api, seven: list[Order], settings: Any) -> None:
    answer = api(cast.customer).get(NATIVE.format(page=1))
    assert (answer.json()["count"], answer.headers.get("Count-Exact")) == (7, None)
    settings.MAX_LIST_DEPTH = 7
    answer = api(cast.customer).get(NATIVE.format(page=1))
    assert (answer.json()["count"], answer.headers.get("Count-Exact")) == (7, None)
    settings.MAX_LIST_DEPTH = 6
    answer = api(cast.customer).get(NATIVE.format(page=1))
    assert (answer.json()["count"], answer.headers["Count-Exact"]) == (6, "false")
    told = api(cast.customer).get(NATIVE.format(page=4)).json()["errors"]
    assert told == [
        {
            "pointer": "?page",
            "code": "too_deep",
            "detail": "Pages end after 6 results: read on with cursor, or narrow the list by its filters.",
        }
    ]


@pytest.mark.parametrize("path", [NATIVE, *DIALECTS])
def test_far_down_ids_are_read_first(
    cast: Cast, api: Api, seven: list[Order], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    client = api(cast.customer)
    near = [client.get(path.format(page=page)).json() for page in (1, 2, 3, 4)]
    monkeypatch.setattr(pagination, "FAR", 1)
    shown = [asked(client, path.format(page=page)) for page in (1, 2, 3, 4)]
    assert [answer.json() for answer, _ in shown] == near
    for _, statements in shown[1:]:
        far = [sql for sql in statements if "OFFSET" in sql]
        assert len(far) == 1
        assert "vendors_vendor" not in far[0].split(" FROM ", 1)[0]
