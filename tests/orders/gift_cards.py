"""What tests of digital orders share: products sold as codes, their stock, and the carts that buy them."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from orders.models import Code, Order
from orders.services.capacity.code_imports import Imported, import_codes
from ordersite.core.crypto import decrypt
from tests.cast import Cast
from vendors.models import Product
from vendors.services.vendors import bump_menu_version

FIRST, SECOND, THIRD = "GIFT-0001-AAAA", "GIFT-0002-BBBB", "GIFT-0003-CCCC"


def make_gift_card(cast: Cast, **fields: Any) -> Product:
    """A gift card of 25.00 at Burger Bar."""
    category = cast.products["soda"].category
    given = {"name": "Gift card", "price": 2500, "is_digital": True, "vendor": cast.vendor, "category": category}
    card = Product.objects.create(**{**given, **fields})
    bump_menu_version(card.vendor_id)
    return card


@transaction.atomic
def stock(product: Product, *texts: str) -> Imported:
    """Imports these codes by the service."""
    content = "\n".join(texts).encode()
    return import_codes(product_id=product.pk, content=content, batch="first", now=timezone.now())


def gift_cart(card: Product, quantity: int = 1, **fields: Any) -> dict[str, Any]:
    """So many gift cards, paid from the wallet unless changed."""
    items = [{"product": card.pk, "quantity": quantity}]
    return {"vendor": card.vendor_id, "items": items, "payment_method": "wallet", **fields}


def issued(order: Order) -> list[str]:
    """The codes at the order's lines, in clear."""
    return [decrypt(code.sealed) for code in Code.objects.filter(line__order=order).order_by("pk")]


def free_codes(product: Product) -> int:
    return Code.objects.filter(product=product, line__isnull=True).count()
