"""Numbers by series come into a standing table and go back: standing orders keep theirs, and nothing is given twice."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from orders.models import Counter, Order
from tests.cast import Cast
from tests.migrating import NEWEST_ORDERS, migrate, migrate_to_newest
from tests.orders.money import Api
from tests.orders.shopping import cart, place_order

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BEFORE = ("orders", "0019_rights")


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    """Whatever a test leaves, the next one finds the newest tables."""
    yield
    migrate_to_newest()


def numbers() -> list[tuple[int, str | None, int]]:
    return list(Order.objects.order_by("pk").values_list("fulfilment", "number_series", "number"))


def as_before(cast: Cast, api: Api) -> None:
    """Orders numbered by delivery type, as the version before numbered them: each type from 1."""
    client = api(cast.customer)
    for kind in ("pickup", "pickup", "eat_in", "curbside", "delivery"):
        place_order(client, cart(cast, delivery_type=kind))
    Counter.objects.filter(name__startswith="number:").delete()
    day = timezone.now().astimezone(cast.vendor.zone).date()
    Order.objects.update(number_series=None)
    for fulfilment in (1, 2, 3, 4):
        rows = Order.objects.filter(fulfilment=fulfilment).order_by("pk")
        for number, order in enumerate(rows, 1):
            Order.objects.filter(pk=order.pk).update(number=number)
        Counter.objects.create(name=f"number:{cast.vendor.pk}:{fulfilment}:{day}", value=rows.count())


def test_standing_orders_keep_their_numbers_and_the_counters_go_on(cast: Cast, api: Api) -> None:
    as_before(cast, api)
    standing = [(2, None, 1), (2, None, 2), (3, None, 1), (4, None, 1), (1, None, 1)]
    assert numbers() == standing
    migrate(BEFORE)
    migrate(NEWEST_ORDERS)
    assert numbers() == standing
    client = api(cast.customer)
    for fields in ({}, {"delivery_type": "eat_in"}, {"delivery_type": "delivery"}, {"locker": "B7"}):
        place_order(client, cart(cast, **fields))
    # Above what was given today, by whatever delivery type; nobody has drawn of the day after.
    fresh = [(2, "pick_up", 3), (3, "pick_up", 4), (1, "delivery", 2), (2, "pick_up_coolbox", 3)]
    assert numbers()[5:] == fresh
    at = timezone.now().replace(microsecond=0) + timedelta(days=2)
    assert place_order(client, cart(cast, deliver_at=at.isoformat())).number == 1
    # Once more there and back: what is given is not given again.
    migrate(BEFORE)
    migrate(NEWEST_ORDERS)
    assert [number for _, _, number in numbers()][:5] == [1, 2, 1, 1, 1]
    assert place_order(client, cart(cast)).number == 5


def test_going_back_gives_doubled_numbers_anew(cast: Cast, api: Api) -> None:
    client = api(cast.customer)
    for fields in ({}, {"locker": "B7"}, {"locker": "B8"}, {}, {"delivery_type": "eat_in"}):
        place_order(client, cart(cast, **fields))
    assert [number for _, _, number in numbers()] == [1, 1, 2, 2, 3]
    apps = migrate(BEFORE)
    rows = apps.get_model("orders", "Order").objects.order_by("pk")
    assert sorted(rows.values_list("fulfilment", "number")) == [(2, 1), (2, 2), (2, 3), (2, 4), (3, 3)]
    counters = apps.get_model("orders", "Counter").objects
    day = timezone.now().astimezone(cast.vendor.zone).date()
    names = {fulfilment: f"number:{cast.vendor.pk}:{fulfilment}:{day}" for fulfilment in (2, 3)}
    assert {number: counters.get(name=name).value for number, name in names.items()} == {2: 4, 3: 3}
    # The constraint of before holds again.
    first, second = rows.filter(fulfilment=2)[:2]
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.filter(pk=first.pk).update(number=second.number)


def test_the_new_constraint_holds_and_spares_what_has_no_series(cast: Cast, api: Api) -> None:
    first, second = (place_order(api(cast.customer), cart(cast)) for _ in range(2))
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=second.pk).update(number=first.number)
    Order.objects.filter(pk__in=[first.pk, second.pk]).update(number_series=None, number=7)
