"""The menu that a file of orders lets one guess, and the rows that a replay needs around it."""

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from ordersite.accounts.models import ApiToken, Customer, User
from ordersite.accounts.services import make_api_token
from ordersite.core.money import to_text
from ordersite.demo.replay.reading import FileOrder
from ordersite.demo.sites import ROUND_THE_CLOCK
from vendors.models import Member, Merchant, Vendor, VendorType
from vendors.services.vendors import import_menu

CURRENCY = "USD"
MOST = 999  # of one choice, and of a group's choices: the file knows no rules
TOKEN_LIVES = timedelta(days=1)


def product_name(item: str, unit_price: int) -> str:
    """One item stands at several prices, each a product of its own."""
    return f"{item} ({to_text(unit_price, CURRENCY)})"


def group_name(item: str, position: str) -> str:
    """An item's choices at one position of the nesting; an item's prices share them."""
    return f"{item[:60]}: choice {position}"


def menu_from(orders: Iterable[FileOrder]) -> dict[str, Any]:
    """The menu of all that was ordered, as vendors.services.vendors.import_menu takes it."""
    products: dict[str, dict[str, Any]] = {}
    options: dict[str, dict[str, None]] = {}
    groups_of: dict[str, dict[str, None]] = {}
    for order in orders:
        for item in order.items:
            groups = groups_of.setdefault(item.name, {})
            products.setdefault(product_name(item.name, item.unit_price), {"price": item.unit_price, "item": item.name})
            for (position, name), _ in item.choices:
                group = group_name(item.name, position)
                groups[group] = None
                options.setdefault(group, {})[name] = None
    return {
        "categories": [
            {
                "name": "Everything",
                "products": [
                    {"name": name, "price": product["price"], "groups": sorted(groups_of[product["item"]])}
                    for name, product in products.items()
                ],
            }
        ],
        "groups": [
            {
                "name": group,
                "maximum": MOST,
                "allows_quantity": True,
                "options": [{"name": name, "max_quantity": MOST} for name in names],
            }
            for group, names in options.items()
        ],
        "hours": ROUND_THE_CLOCK,
    }


@transaction.atomic
def make_vendor(name: str, orders: list[FileOrder]) -> tuple[Vendor, User, User]:
    """The vendor with its menu, its owner, and the customer who orders; what is there already is used again."""
    slug = hashlib.sha256(name.encode()).hexdigest()[:12]
    owner = make_user(f"replay-owner-{slug}@example.com", f"{name} (owner)")
    buyer = make_user(f"replay-customer-{slug}@example.com", f"{name} (customer)")
    Customer.objects.get_or_create(user=buyer, defaults={"name": buyer.name, "email": buyer.email})
    merchant, _ = Merchant.objects.get_or_create(name=name)
    Member.objects.get_or_create(user=owner, merchant=merchant, defaults={"role": Member.Role.OWNER})
    kind, _ = VendorType.objects.get_or_create(name="Restaurant")
    vendor, _ = Vendor.objects.get_or_create(
        merchant=merchant,
        name=name,
        defaults={
            "type": kind,
            "description": "Made from a file of orders.",
            "currency": CURRENCY,
            "time_zone": "America/New_York",
            "country": "US",
            "fulfilments": ["pickup"],
            "payment_methods": ["cash"],
        },
    )
    import_menu(vendor=vendor, menu=menu_from(orders))
    return vendor, owner, buyer


def make_user(email: str, name: str) -> User:
    """A user that nobody can sign in as: the replay has tokens."""
    user = User.objects.filter(email=email).first()
    return user or User.objects.create_user(email, name=name)


@transaction.atomic
def make_token(user: User) -> tuple[ApiToken, str]:
    return make_api_token(
        user,
        name="replay_orders",
        scopes=[ApiToken.Scope.READ, ApiToken.Scope.WRITE],
        merchant=None,
        expires_at=timezone.now() + TOKEN_LIVES,
    )
