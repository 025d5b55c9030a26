"""Passing messages on costs the same in every format of webhooks, whatever number of names it has for them."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.dialects.registry import webhook_formats
from orders.models import WebhookEndpoint
from orders.services.outgoing import deliveries
from tests.cast import Cast
from tests.orders.shopping import cart, place_order

FORMATS = {row.name: row for row in webhook_formats()}
# The messages and the endpoints; what the endpoint is told, and its deliveries; four of mails; that it was passed on;
# the transaction's two.
STATEMENTS = 11


@pytest.mark.django_db
@pytest.mark.parametrize("placed", [1, 4])
@pytest.mark.parametrize("name", FORMATS)
def test_passing_on_takes_a_fixed_number_of_statements(cast: Cast, api: Any, name: str, placed: int) -> None:
    endpoint = WebhookEndpoint.objects.create(
        merchant=cast.merchant,
        url="http://127.0.0.1:9/",
        types=list(FORMATS[name].names),
        format=name,
        secret_sealed="",
    )
    for _ in range(placed):
        place_order(api(cast.customer), cart(cast))
    with CaptureQueriesContext(connection) as asked:
        deliveries.pass_on()
    assert endpoint.deliveries.count() == placed
    assert len(asked) == STATEMENTS, [query["sql"] for query in asked]
