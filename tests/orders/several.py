"""What tests of several vendors share: a second vendor in euro, of another merchant, and a cart for both."""

from typing import Any

from ordersite.accounts.models import User
from tests.cast import Cast
from tests.orders.shopping import NEAR
from vendors.models import Product, Vendor
from vendors.services.offers import refresh_offer_flags
from vendors.services.vendors import import_menu

BREAD = {
    "categories": [{"name": "Bread", "products": [{"name": "Loaf", "price": 333, "tax_rate": 600, "stock": 100}]}],
    "zones": [{"name": "Around", "radius": 5000, "fee": 199}],
}


def make_bakery(cast: Cast, **fields: Any) -> Vendor:
    """Bakery, of the other merchant, next door to Burger Bar; it sells a loaf for 3.33 and delivers for 1.99."""
    bakery = Vendor.objects.create(
        **{
            "merchant": cast.other_merchant,
            "type": cast.other_vendor.type,
            "name": "Bakery",
            "currency": "EUR",
            "time_zone": "Europe/Brussels",
            "lat": 50.851,
            "lng": 4.351,
            "fulfilments": ["delivery", "pickup"],
            "payment_methods": ["cash", "wallet", "transfer", "fake"],
            "prices_include_tax": True,
            **fields,
        }
    )
    import_menu(vendor=bakery, menu=BREAD)
    refresh_offer_flags()
    return Vendor.objects.get(pk=bakery.pk)


def loaf_of(bakery: Vendor) -> Product:
    return bakery.products.get(name="Loaf")


def cart_for_both(cast: Cast, bakery: Vendor, **fields: Any) -> dict[str, Any]:
    """A pizza (12.00 + 2.50) and a loaf (3.33 + 1.99), delivered to one address, paid from the wallet: 19.82."""
    body = {
        "vendors": [
            {"vendor": cast.vendor.pk, "items": [{"product": cast.products["pizza"].pk}]},
            {"vendor": bakery.pk, "items": [{"product": loaf_of(bakery).pk}]},
        ],
        "delivery_type": "delivery",
        "address": "Naamsestraat 1",
        "location": NEAR,
        "payment_method": "wallet",
        **fields,
    }
    return {name: value for name, value in body.items() if value is not None}


def baker(cast: Cast) -> User:
    """Who works at the bakery."""
    return cast.other_owner
