"""People at once add no more webhook endpoints than their owner may have, nor hold up others meanwhile."""

from typing import Any

import pytest
from django.db import connection, transaction

from orders.models import WebhookEndpoint
from orders.services.outgoing import addresses, endpoints
from ordersite.accounts.callers import Caller, caller_of_user
from ordersite.core.faults import Conflict
from tests.cast import Cast
from tests.controls.unlocked_endpoints import lock_nothing, think_of_a_secret
from tests.promises.crowd import or_its_error, together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
HERE = "http://127.0.0.1:9/hook"


def add(caller: Caller, merchant: int | None = None, *, site: bool = False) -> WebhookEndpoint:
    with transaction.atomic():
        return endpoints.add_endpoint(caller, url=HERE, types=["order.placed"], merchant=merchant, site=site)[0]


def add_at_once(caller: Caller, merchant: int | None, many: int, *, site: bool = False) -> list[Exception]:
    """What those who were refused were told."""
    answers = together([or_its_error(lambda: add(caller, merchant, site=site))] * many)
    return [answer for answer in answers if isinstance(answer, Exception)]


def test_no_connection_of_the_database_waits_for_a_name_server(
    cast: Cast, api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twenty of a process's pool would all wait for the name server of one customer."""
    waited: list[bool] = []
    monkeypatch.setattr(
        addresses, "look_up_name", lambda host, port: waited.append(connection.connection is not None) or []
    )
    client, body = api(cast.customer), {"url": "https://slow.example.com/", "types": ["order.placed"]}
    answer = client.post("/api/v1/webhooks", body, headers={"Idempotency-Key": "slow"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "unresolved_host")
    assert waited == [False]


@pytest.mark.parametrize("whose", ["own", "merchant", "site"])
def test_no_more_are_added_than_an_owner_may_have(cast: Cast, monkeypatch: pytest.MonkeyPatch, whose: str) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    caller = caller_of_user(cast.staff if whose == "site" else cast.owner)
    refused = add_at_once(caller, cast.merchant.pk if whose == "merchant" else None, 4, site=whose == "site")
    assert [type(error) for error in refused] == [Conflict] * 3
    assert WebhookEndpoint.objects.count() == 1


def test_control_without_the_lock_there_are_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    monkeypatch.setattr(endpoints, "lock_owner", lock_nothing)
    monkeypatch.setattr(endpoints, "make_secret", think_of_a_secret)
    assert add_at_once(caller_of_user(cast.owner), None, 2) == []
    assert WebhookEndpoint.objects.count() == 2
