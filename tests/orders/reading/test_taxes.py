"""The tax of an order by rate, as its receipt shows it."""

from typing import Any

import pytest

from tests.cast import Cast
from tests.orders.kinds import make_package_type, package_cart
from tests.orders.printing import Api
from tests.orders.shopping import ORDERS, cart, eur, place_order
from vendors.models import Product, Vendor


def taxes(cast: Cast, api: Api, body: dict[str, Any]) -> Any:
    """What the order says of its tax: included, added, and by rate."""
    order = place_order(api(cast.customer), body)
    told = api(cast.customer).get(f"{ORDERS}/{order.pk}").json()
    return told["tax_included"], told["tax_added"], [(row["rate"], row["amount"]) for row in told["taxes"]]


@pytest.mark.parametrize("included", [True, False])
def test_each_rate_once_with_the_fees_at_theirs(cast: Cast, api: Api, included: bool) -> None:
    vendor = Vendor.objects.filter(pk=cast.vendor.pk)
    vendor.update(service_fee=100, fee_tax_rate=2100, prices_include_tax=included)
    Product.objects.filter(pk=cast.products["cake"].pk).update(tax_rate=2100)
    wanted = [(cast.products[name].pk, count) for name, count in (("cake", 1), ("soda", 2), ("pizza", 1))]
    items = [{"product": product, "quantity": count} for product, count in wanted]
    found = taxes(cast, api, cart(cast, items=items))
    # 25.00 and the fee of 1.00 at 21 %, twice 2.50 and 12.00 at 6 %, each rounded by itself.
    if included:
        assert found == (eur("5.47"), eur("0.00"), [(600, eur("0.96")), (2100, eur("4.51"))])
    else:
        assert found == (eur("0.00"), eur("6.48"), [(600, eur("1.02")), (2100, eur("5.46"))])


def test_without_tax_there_is_none(cast: Cast, api: Api) -> None:
    Product.objects.filter(vendor=cast.vendor).update(tax_rate=0)
    assert taxes(cast, api, cart(cast)) == (eur("0.00"), eur("0.00"), [])


def test_a_package_has_that_of_its_type(cast: Cast, api: Api) -> None:
    assert taxes(cast, api, package_cart(make_package_type(cast.vendor)))[2] == [(2100, eur("0.52"))]
