"""A past for the demo: orders of the days before, placed, made and handed over by the services of every door."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
from unittest import mock

from django.db import transaction
from django.utils import timezone

from orders.checkout import Cart, Checkout
from orders.lifecycle.table import Fulfilment
from orders.pricing import CartItem
from orders.services.moving.transitions import Wish, transition
from orders.services.placing.parties import Placing
from orders.services.placing.placing import place
from ordersite.accounts.callers import SYSTEM, Caller, caller_of_merchant, caller_of_user
from ordersite.accounts.models import Address, User
from ordersite.demo import sites
from ordersite.demo.past_times import PastTimes, draw_times
from vendors.models import Product, Vendor

QUANTITY = 20  # above every minimum, and within what an order may have
SETTLED = timedelta(minutes=20)  # after an order was handed over


def write_history(count: int, random: Random, step: Callable[[], None]) -> int:
    """Places so many orders of the past at the demo's vendors and plays them to their end; returns how many.

    What happens at the same hour is told in the order of its moments, as it was. Half an order is never seen: a day is
    one transaction.
    """
    players = find_players()
    products = find_products()
    times = draw_times(random, list(products), count, until=timezone.now() - timedelta(hours=1))
    for _, day in itertools.groupby(times, lambda one: one.placed.date()):
        with transaction.atomic(), past_clock() as clock:
            play_day(list(day), products, players, clock, step)
    return count


def find_players() -> dict[str, Caller]:
    """The demo's customer and driver, and timers."""
    users = User.objects.select_related("customer", "driver")
    customer, driver = (caller_of_user(users.get(email=who["email"])) for who in (sites.CUSTOMER, sites.DRIVER))
    return {"customer": customer, "driver": driver, "system": SYSTEM}


def find_products() -> dict[int, Product]:
    """Of each demo vendor that never closes, delivers and sells for euros, a product without options to choose."""
    rows = [one for merchant in sites.MERCHANTS for one in merchant["vendors"]]
    names = [one["name"] for one in rows if one["menu"].get("hours") == sites.ROUND_THE_CLOCK]
    vendors = [
        vendor
        for vendor in Vendor.objects.filter(name__in=names, currency="EUR")
        if {"delivery", "pickup"} <= set(vendor.fulfilments)
    ]
    plain = Product.objects.select_related("vendor").filter(
        vendor__in=vendors, group_links=None, stock=None, is_digital=False, unit="st"
    )
    return {product.vendor_id: product for product in plain.order_by("-price", "pk")}


class PastClock(datetime):
    """What takes the place of `datetime` where django.utils.timezone asks for now."""

    moment: datetime

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.moment.astimezone(tz or UTC)


@contextmanager
def past_clock() -> Iterator[type[PastClock]]:
    """Within it the site's clock stands at `moment`. In this whole process: only a command may use it."""
    with mock.patch("django.utils.timezone.datetime", PastClock):
        yield PastClock


def play_day(
    day: Sequence[PastTimes],
    products: dict[int, Product],
    players: dict[str, Caller],
    clock: type[PastClock],
    step: Callable[[], None],
) -> None:
    """Plays what happened to these orders, in its order."""
    acts = sorted(
        (moment, number, who, name) for number, times in enumerate(day) for moment, who, name in acts_of(times)
    )
    ids: dict[int, int] = {}
    home = Address.objects.get(customer=players["customer"].customer_id, label=sites.HOME["label"])
    for moment, number, who, name in acts:
        clock.moment = moment
        product = products[day[number].vendor]
        caller = players.get(who) or caller_of_merchant(product.vendor.merchant_id)
        if name == "place":
            collects = day[number].picked_up is None
            cart = Cart(
                vendor_id=product.vendor_id,
                items=[CartItem(product=product.pk, quantity=QUANTITY)],
                fulfilment=Fulfilment.PICKUP if collects else Fulfilment.DELIVERY,
                address_id=None if collects else home.pk,
            )
            placing = Placing(checkout=Checkout(carts=[cart], payment_method="cash"))
            ids[number] = place(placing=placing, caller=caller).orders[0].pk
        else:
            transition(order_id=ids[number], caller=caller, wish=Wish(name=name))
        if name == "complete":
            step()


def acts_of(times: PastTimes) -> Iterator[tuple[datetime, str, str]]:
    """What happens to an order: when, by whom, and the change's name."""
    yield times.placed, "customer", "place"
    yield times.accepted, "vendor", "accept"
    yield times.ready, "vendor", "mark_ready"
    if times.picked_up and times.near:
        yield times.accepted + (times.ready - times.accepted) / 4, "vendor", "look_for_driver"
        yield times.accepted + (times.ready - times.accepted) / 3, "driver", "accept_by_driver"
        yield times.picked_up, "driver", "pick_up"
        yield times.near, "driver", "driver_nearing_customer"
        yield times.delivered, "driver", "deliver"
    else:
        yield times.delivered, "vendor", "collect"
    yield times.delivered + SETTLED, "system", "complete"
