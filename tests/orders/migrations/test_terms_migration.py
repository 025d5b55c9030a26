"""Standing orders get terms of their own, back and forth."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from orders.models import AgreedTerms, Order
from orders.services.capacity.offer_terms import save_offer
from tests.cast import Cast
from tests.dialects.shop.calling import empty_order
from tests.migrating import NEWEST_ORDERS, migrate, migrate_to_newest
from tests.orders.money import Api, set_terms
from tests.orders.shopping import NEAR, cart, eur, place_order
from vendors.models import DeliveryZone, Offer, Vendor

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
BEFORE = ("orders", "0007_reversals_and_uploads")


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    """Whatever a test leaves, the next one finds the newest tables."""
    yield
    migrate_to_newest()


def test_terms_are_found_again(cast: Cast, api: Api) -> None:
    """What placing agreed on is what the migration makes of the same order."""
    set_terms(cast, fee_tax_rate=2100, no_show_fee=8000, collect_minutes=60)
    with transaction.atomic():
        save_offer(offer=Offer(name="Tenth", kind="percentage", rate=1000, most=500, minimum=1000))
    client = api(cast.customer)
    custom = [{"name": "Party", "amount": eur("100.00")}]
    orders = [
        place_order(client, cart(cast, delivery_type="delivery")),
        place_order(client, cart(cast, "cake", delivery_type="delivery")),
        place_order(client, cart(cast, "soda")),
        place_order(api(cast.staff), cart(cast, items=None, custom=custom, customer=cast.customer_row.pk)),
        empty_order(cast, api, address="Naamsestraat 1", location=NEAR),
    ]
    agreed = {order.pk: order.terms.digest for order in orders}
    assert len(set(agreed.values())) == 4
    migrate(BEFORE)
    migrate(NEWEST_ORDERS)
    found = Order.objects.values_list("pk", "terms__digest")
    assert dict(found) == agreed
    assert AgreedTerms.objects.count() == 4


def test_what_the_order_tells_goes_before_the_present(cast: Cast, api: Api) -> None:
    """Charged no service fee, and 2.50 for the delivery, with tax included: that it was is known."""
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    migrate(BEFORE)
    Vendor.objects.update(service_fee=300, service_fee_rate=2000, prices_include_tax=False, no_show_fee=8000)
    DeliveryZone.objects.update(fee=900)
    migrate(NEWEST_ORDERS)
    terms = Order.objects.get(pk=order.pk).terms
    assert (terms.service_fee, terms.service_fee_rate, terms.prices_include_tax) == (0, 0, True)
    assert (terms.zone_fee, terms.zone_minimum, terms.no_show_fee) == (250, 1000, 8000)
