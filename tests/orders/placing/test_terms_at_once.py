"""First placings on new terms, many at once: one row, which all of them have."""

from functools import partial

import pytest
from django.db import transaction

from orders.models import AgreedTerms, Order
from orders.services.placing import terms
from tests.cast import Cast
from tests.orders.money import Api
from tests.orders.several import cart_for_both, make_bakery
from tests.orders.shopping import ORDERS
from tests.promises.crowd import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CALLS = 20


def test_all_have_the_same_row(cast: Cast, api: Api) -> None:
    """Of two vendors, named in either order: who comes second waits for the first, and nobody for the second."""
    with transaction.atomic():
        bakery = make_bakery(cast)
    there = cart_for_both(cast, bakery, payment_method="cash", guest={"name": "Gina", "phone": "+32470123456"})
    back = {**there, "vendors": there["vendors"][::-1]}

    def call(body: dict[str, object]) -> int:
        # As in a process that knows nothing yet.
        terms.held.clear()
        return int(api().post(ORDERS, body).status_code)

    answers = together([partial(call, (there, back)[number % 2]) for number in range(CALLS)], at_once=CALLS)
    assert answers == [201] * CALLS
    assert AgreedTerms.objects.count() == 2
    assert Order.objects.count() == 2 * CALLS
    assert set(terms.held.values()) == set(AgreedTerms.objects.values_list("pk", flat=True))
