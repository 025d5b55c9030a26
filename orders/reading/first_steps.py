"""The five steps of a new site to its first order, each checked by what is there."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from orders.lifecycle.table import SUCCESS
from orders.models import Order
from vendors.models import Category, DeliveryZone, Merchant, OpeningHours, Product, Vendor

# Of so many vendors the one that is furthest is gone on with.
MOST_VENDORS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSteps:
    """What is done, and the rows that are gone on with, where there are some."""

    merchant: Merchant | None
    vendor: Vendor | None
    category_id: int | None
    is_named: bool
    has_hours: bool
    has_menu: bool
    has_way: bool
    has_order: bool


def has_succeeded() -> bool:
    """Whether an order was ever delivered or collected; one look into the index by status."""
    return Order.objects.filter(status__in=sorted(SUCCESS), deleted_at__isnull=True).exists()


def read_first_steps() -> FirstSteps:
    """How far the site is, in three statements. A merchant is named where invoices could name it."""
    merchants = list(Merchant.objects.order_by("pk")[:MOST_VENDORS])
    named = [one for one in merchants if one.legal_name and one.legal_address]
    rows: dict[str, QuerySet[Any]] = {
        "hours": OpeningHours.objects.filter(closed=False),
        "menu": Product.objects.filter(is_available=True),
        "zones": DeliveryZone.objects.filter(is_active=True),
    }
    there = {name: Exists(found.filter(vendor=OuterRef("pk"))) for name, found in rows.items()}
    first = Category.objects.filter(vendor=OuterRef("pk")).order_by("position", "pk").values("pk")[:1]
    active = Vendor.objects.filter(is_active=True).annotate(**there, first_category=Subquery(first))
    vendors = list(active.order_by("pk")[:MOST_VENDORS])
    found = max(((done_by_vendor(vendor), vendor) for vendor in vendors), key=lambda pair: sum(pair[0]), default=None)
    hours, menu, way = found[0] if found else (False, False, False)
    return FirstSteps(
        merchant=next(iter(named or merchants), None),
        vendor=found[1] if found else None,
        category_id=found[1].first_category if found else None,
        is_named=bool(named),
        has_hours=hours,
        has_menu=menu,
        has_way=way,
        has_order=Order.objects.filter(deleted_at__isnull=True).exists(),
    )


def done_by_vendor(vendor: Vendor) -> tuple[bool, bool, bool]:
    """Whether it has hours, a menu, and a way on which its orders reach their customers."""
    fetched = any(way != "delivery" for way in vendor.fulfilments)
    delivered = "delivery" in vendor.fulfilments and vendor.zones  # type: ignore[attr-defined]
    return vendor.hours, vendor.menu, fetched or delivered  # type: ignore[attr-defined]
