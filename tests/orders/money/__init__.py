"""What the tests of ledgers and refunds share: terms, walks through an order's life, and where its money is."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.guards import KEPT_BY_HAND
from orders.lifecycle.table import Fulfilment, Status
from orders.models import Order
from orders.services.money import ledger
from tests.cast import Cast
from tests.orders.rows import TOTAL, make_order
from tests.orders.shopping import ORDERS, cart, eur, place_order
from vendors.models import Vendor
from vendors.services.vendors import bump_menu_version

Api = Callable[..., APIClient]
DELIVERED = (
    "owner accept",
    "owner look_for_driver",
    "driver accept_by_driver",
    "owner mark_ready",
    "driver pick_up",
    "driver deliver",
)
COLLECTED = ("owner accept", "owner mark_ready", "owner collect")


def keep_waiting(order: Order) -> None:
    """It has been ready for so long, and past what was told, that it may be closed by hand as not collected."""
    ready = timezone.now() - KEPT_BY_HAND
    Order.objects.filter(pk=order.pk).update(prepared_at=ready, estimated_at=ready)


def set_terms(cast: Cast, **terms: Any) -> None:
    """Ten percent commission and a service fee of 0.50, unless changed."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(**{"commission_rate": 1000, "service_fee": 50, **terms})
    bump_menu_version(cast.vendor.pk)


def delivery(cast: Cast, api: Api, **fields: Any) -> Order:
    """A pizza of 12.00, delivered for 2.50, with a service fee of 0.50 and 3.00 for the driver: 18.00."""
    body = cart(cast, delivery_type="delivery", **{"payment_method": "wallet", "driver_tip": eur("3.00"), **fields})
    return place_order(api(cast.customer), body)


def pickup(cast: Cast, api: Api, **fields: Any) -> Order:
    """A pizza of 12.00 with a service fee of 0.50, collected: 12.50."""
    return place_order(api(cast.customer), cart(cast, **fields))


def settled(cast: Cast, method: str = "wallet", **fields: Any) -> Order:
    """An order of 15.00 that was collected, written as rows: 1.20 is commission, 0.50 a fee, 13.30 the vendor's."""
    shares = {"commission": 120, "platform_share": 170, "payment_method": method}
    order = make_order(cast, Status(15), Fulfilment.PICKUP, **{**shares, **fields})
    if method == "wallet":
        left = ledger.draw_from_wallet(ledger.wallet_of(order.customer_id, "EUR"), TOTAL)
        ledger.hold_drawn(order, order.shares.get(), left, "test")
    return order


def driven(cast: Cast, method: str = "wallet") -> Order:
    """The same, delivered by Dora, of which 3.00 are her tip: 10.30 are the vendor's."""
    return settled(cast, method, driver=cast.driver_row, driver_accepted_at=timezone.now(), driver_tip=300)


def step(cast: Cast, api: Api, order: Order, words: str, **fields: Any) -> Any:
    """One change of status, such as "owner accept"; the response."""
    who, name = words.split(" ")
    body = {"transition": name, "reason_code": "mistake", **fields}
    return api(getattr(cast, who)).post(f"{ORDERS}/{order.pk}/transitions", body)


def walk(cast: Cast, api: Api, order: Order, *steps: str) -> None:
    for words in steps:
        response = step(cast, api, order, words)
        assert response.status_code == 200, (words, response.json())


def held(cast: Cast, **amounts: int) -> dict[str, int]:
    """The names of the accounts by short ones: wallet, vendor, cash (the vendor's), driver, driver_cash, …"""
    names = {
        "wallet": f"wallet:{cast.customer_row.pk}:EUR",
        "vendor": f"vendor:{cast.vendor.pk}:EUR",
        "cash": f"cash:{cast.vendor.pk}:EUR",
        "driver": f"driver:driver-{cast.driver_row.pk}:EUR",
        "driver_cash": f"cash:driver-{cast.driver_row.pk}:EUR",
    }
    return {names.get(name, f"{name}::EUR"): amount for name, amount in amounts.items()}
