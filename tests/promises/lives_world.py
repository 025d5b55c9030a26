"""What all random lives share: three vendors of two merchants, what they sell, a clock, pictures of payments."""

import io
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from tests.cast import Cast
from tests.orders.gift_cards import make_gift_card
from tests.orders.kinds import make_package_type, make_service
from tests.orders.online import Provider
from tests.orders.several import make_bakery
from vendors.models import Extra, PackageType, Product, Service, Stock, Vendor

ORDERS, EUR = "/api/v1/orders", "EUR"
METHODS = ("cash", "wallet", "transfer", "fake")


def eur(amount: int) -> dict[str, str]:
    return {"amount": f"{amount // 100}.{amount % 100:02d}", "currency": EUR}


@cache
def picture() -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(raw, "PNG")
    return raw.getvalue()


def photo() -> SimpleUploadedFile:
    return SimpleUploadedFile("slip.png", picture(), "image/png")


class Clock:
    """In the place of django.utils.timezone.now."""

    def __init__(self) -> None:
        self.real, self.ahead = timezone.now, timedelta()

    def __call__(self) -> datetime:
        return self.real() + self.ahead


class World:
    """Three vendors of two merchants, what they sell, and a signed-in client for everybody; made once for all lives."""

    def __init__(self, cast: Cast, provider: Provider, clock: Clock) -> None:
        self.cast, self.provider, self.clock = cast, provider, clock
        self.vendors = [
            cast.vendor,
            make_bakery(cast),
            make_bakery(cast, name="Kiosk", merchant=cast.merchant, lat=50.849, lng=4.349),
        ]
        Vendor.objects.update(payment_methods=list(METHODS), slot_orders=None)
        self.service: Service = make_service(cast.vendor, capacity=50)
        self.package_type: PackageType = make_package_type(cast.vendor)
        self.card = make_gift_card(cast)
        self.cheese = Product.objects.create(
            vendor=cast.vendor,
            category=cast.products["soda"].category,
            name="Cheese",
            unit="gr",
            price=1890,
            price_per=1000,
            tax_rate=600,
        )
        Extra.objects.create(product=self.cheese, name="Slicing", price=20, max_quantity=2)
        Stock.objects.update(quantity=1_000_000)
        Product.objects.filter(vendor__in=self.vendors).update(max_per_order=None)
        self.users = {
            "customer": cast.customer,
            "owner": cast.owner,
            "baker": cast.other_owner,
            "driver": cast.driver,
            "courier": cast.courier,
            "company driver": cast.company_driver,
            "company": cast.dispatcher,
            "staff": cast.staff,
        }
        self.clients = {name: APIClient() for name in (*self.users, "guest")}
        self.wallet = f"wallet:{cast.customer_row.pk}"
        self.has_transfers_to = any(one.name == "transfers_to" for one in Vendor._meta.get_fields())

    def sign_in(self) -> None:
        """Tokens that last for all the leaps of a life's clock."""
        for name, user in self.users.items():
            token = AccessToken.for_user(user)
            token.set_exp(lifetime=timedelta(days=3650))
            self.clients[name].credentials(HTTP_AUTHORIZATION=f"Bearer {token}")

    def member_of(self, vendor: int) -> str:
        return "baker" if vendor == self.vendors[1].pk else "owner"


def amount_of(row: dict[str, Any]) -> dict[str, str]:
    return {"amount": row["amount"]["value"], "currency": row["amount"]["currency"]}
