"""Promise 20: a tracking code cannot be guessed, is kept as a hash, and tells no more than a first name."""

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order, Purchase
from ordersite.core.crypto import new_token, token_hash
from tests.cast import Cast
from tests.orders.shopping import ORDERS, cart, place

Api = Callable[..., APIClient]
TRACK = "/api/v1/track"

pytestmark = pytest.mark.django_db


def track(client: APIClient, code: Any, **extra: Any) -> Any:
    return client.post(TRACK, {"code": code}, headers={"X-Request-ID": "the-same-for-all"}, **extra)


def placed(cast: Cast, api: Api) -> dict[str, Any]:
    """A delivery to Clara Customer, carried by Dora Driver."""
    answer = place(api(cast.customer), cart(cast, delivery_type="delivery", comment="The key is under the mat"))
    path = f"{ORDERS}/{answer['orders'][0]['id']}/transitions"
    for user, name in ((cast.owner, "accept"), (cast.owner, "look_for_driver"), (cast.driver, "accept_by_driver")):
        assert api(user).post(path, {"transition": name}).status_code == 200
    return answer


def close(order_id: int, *, ago: timedelta) -> None:
    Order.objects.filter(pk=order_id).update(status=1, closed_at=timezone.now() - ago)


def test_a_code_has_192_bits_and_only_its_hash_is_looked_up(
    cast: Cast, api: Api, figure: Callable[[str], None]
) -> None:
    code = placed(cast, api)["purchase"]["tracking_code"]
    bits = 8 * len(base64.urlsafe_b64decode(code))
    assert bits >= 128
    codes = {new_token() for _ in range(2000)}
    assert len(codes) == 2000
    # No place of the code is fixed: each holds nearly every letter of the alphabet.
    assert all(len({one[place] for one in codes}) > 55 for place in range(32))
    with CaptureQueriesContext(connection) as statements:
        assert track(api(), code).status_code == 200
    sent = " ".join(row["sql"] for row in statements.captured_queries)
    assert token_hash(code) in sent
    assert code not in sent
    for model in (Order, Purchase):
        row = model.objects.values().get()
        assert row["tracking_hash"] == token_hash(code)
        assert code not in str(row)
    figure(f"{bits} bits, looked up by SHA-256, never stored in clear")


def test_unknown_lapsed_and_deleted_answer_alike(cast: Cast, api: Api, figure: Callable[[str], None]) -> None:
    lapsed, deleted, fresh = (place(api(cast.customer), cart(cast)) for _ in range(3))
    close(lapsed["orders"][0]["id"], ago=timedelta(days=7, minutes=1))
    close(fresh["orders"][0]["id"], ago=timedelta(days=6, hours=23))
    Order.objects.filter(pk=deleted["orders"][0]["id"]).update(deleted_at=timezone.now())
    answers, statements = [], []
    for code in (new_token(), "short", lapsed["purchase"]["tracking_code"], deleted["purchase"]["tracking_code"]):
        with CaptureQueriesContext(connection) as captured:
            answer = track(api(), code)
        assert answer.status_code == 404
        assert answer.headers.pop("traceresponse")  # each call's own
        answers.append((answer.content, sorted(answer.headers.items())))
        # What stands between quotes differs: hashes, times, the names of savepoints.
        statements.append([re.sub(r"'[^']*'|\"s\d+_x\d+\"", "?", row["sql"]) for row in captured.captured_queries])
    assert all(answer == answers[0] for answer in answers)
    assert all(row == statements[0] for row in statements)
    assert track(api(), fresh["purchase"]["tracking_code"]).status_code == 200
    figure(f"unknown, lapsed and deleted: {len(answers[0][0])} equal bytes after {len(statements[0])} equal statements")


def test_it_tells_no_more_than_a_first_name(cast: Cast, api: Api) -> None:
    code = placed(cast, api)["purchase"]["tracking_code"]
    answer = track(api(), code)
    body = answer.json()
    assert (body["customer"], body["driver"]) == ("Clara", "Dora")
    assert body["items"] == [{"name": "Pizza", "quantity": 1}]
    assert set(body) == {
        "number",
        "called",
        "status",
        "version",
        "delivery_type",
        "placed_at",
        "deliver_at",
        "estimated_at",
        "estimated_for",
        "vendor",
        "customer",
        "driver",
        "tracking_number",
        "carrier",
        "items",
        "orders",
        "kind",
        "milestones",
        "reason_code",
        "estimate",
        "driver_position",
    }
    assert body["orders"] == []
    assert (body["driver_position"], body["reason_code"]) == (None, None)
    secrets = ("Customer", "Driver", "+3225550100", "+3225550101", "@", "Naamsestraat", "the mat", "12.00", "cash")
    assert [secret for secret in secrets if secret in json.dumps(body)] == []


def test_a_code_only_reads(cast: Cast, api: Api) -> None:
    answer = placed(cast, api)
    code, path = answer["purchase"]["tracking_code"], f"{ORDERS}/{answer['orders'][0]['id']}"
    for client in (api(token=code), api(order_token=code)):
        assert client.get(path).status_code in (401, 404)
        assert client.post(f"{path}/transitions", {"transition": "cancel_by_customer"}).status_code in (401, 404)
    assert api().get(f"{TRACK}?code={code}").status_code in (401, 405)
    assert track(api(), token_hash(code)).status_code == 404
    assert track(api(), code.swapcase()).status_code == 404


def test_tries_are_throttled_whether_they_find_something_or_not(
    cast: Cast, api: Api, figure: Callable[[str], None]
) -> None:
    code = placed(cast, api)["purchase"]["tracking_code"]
    statuses = [track(api(), new_token()).status_code for _ in range(59)]
    assert set(statuses) == {404}
    assert track(api(), code).status_code == 200
    refused = [track(api(), code), track(api(), new_token()), track(api(cast.customer), code)]
    assert [answer.status_code for answer in refused] == [429] * 3
    assert all(0 < int(answer["Retry-After"]) <= 60 for answer in refused)
    assert refused[0].json()["code"] == "throttled"
    assert track(api(), code, REMOTE_ADDR="10.9.8.7").status_code == 200
    figure("60 tries a minute and address, right and wrong ones counted")


@pytest.mark.parametrize("code", ["", " ", "x" * 101, None, True, ["x"], {"a": 1}, "\0"])
def test_nonsense_is_refused(cast: Cast, api: Api, code: Any) -> None:
    assert track(api(), code).status_code == 400
