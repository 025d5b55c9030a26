"""What is done with the demo's orders besides moving them on: each by the service that a door would call."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from orders.models import ItemChange, Line, Order, Payment
from orders.pricing import CartItem
from orders.services.editing.item_changes import EditWish, edit_items
from orders.services.money.day_reports import close_day, read_open_day
from orders.services.money.documents import issue_invoice
from orders.services.paying.payment_page import open_payment
from orders.services.paying.provider_answers import check_payment
from orders.services.paying.refunds import RefundWish, refund_order
from ordersite.accounts.callers import Caller
from ordersite.core.context import absolute
from ordersite.core.money import Money
from ordersite.demo.fake_provider import FakeProvider
from vendors.models import Product
from vendors.services.vendors import update_vendor

Act = Callable[[int, Caller], object]


def refunds(amount: int, reason: str) -> Act:
    """Gives so much back, minor units of the euro."""

    def act(order_id: int, caller: Caller) -> object:
        return refund_order(
            order_id=order_id, caller=caller, wish=RefundWish(amount=Money(amount, "EUR"), reason=reason)
        )

    return act


def adds(product: str, quantity: int, reason: str) -> Act:
    """Adds a product of the order's vendor; to a customer's order that waits for its consent."""

    def act(order_id: int, caller: Caller) -> object:
        found = Product.objects.get(vendor__orders=order_id, name=product)
        item = CartItem(product=found.pk, quantity=quantity)
        wish = EditWish(action=ItemChange.Action.ADD, item=item, reason=reason)
        return edit_items(order_id=order_id, caller=caller, wish=wish)

    return act


def misses(product: str) -> Act:
    """The product cannot be had: what its customer chose for this is done."""

    def act(order_id: int, caller: Caller) -> object:
        line = Line.objects.get(order=order_id, name=product)
        wish = EditWish(action=ItemChange.Action.REMOVE, line=line.pk, is_missing=True, reason="Sold out")
        return edit_items(order_id=order_id, caller=caller, wish=wish)

    return act


def pauses(days: int) -> Act:
    """The order's vendor takes no orders for so many days."""

    def act(order_id: int, caller: Caller) -> object:
        vendor = Order.objects.select_related("vendor").get(pk=order_id).vendor
        return update_vendor(vendor=vendor, caller=caller, paused_until=timezone.now() + timedelta(days=days))

    return act


@transaction.atomic
def bills(order_id: int, caller: Caller) -> object:
    """Has the order's invoice issued."""
    return issue_invoice(order_id=order_id, caller=caller)


@transaction.atomic
def ends_day(order_id: int, caller: Caller) -> object:
    """Closes the day of the order's vendor, into whose hands no cash came."""
    vendor = Order.objects.select_related("vendor").get(pk=order_id).vendor
    day = read_open_day(vendor, timezone.now())
    assert day is not None, "nobody else closes a day of the demo"
    return close_day(vendor_id=vendor.pk, caller=caller, counted=0, shown=day.shown)


@contextmanager
def online() -> Iterator[FakeProvider]:
    """The fake provider, as long as the block runs."""
    provider, standing = FakeProvider(deliver=lambda url, reference: None), settings.FAKE_PAYMENTS_URL
    provider.start()
    settings.FAKE_PAYMENTS_URL = provider.url
    # The payer is sent back to nowhere: it is asked what has become of the payment instead.
    path = absolute.set(lambda path: provider.url + path)
    try:
        yield provider
    finally:
        absolute.reset(path)
        settings.FAKE_PAYMENTS_URL = standing
        provider.stop()


def pay_online(order_id: int, provider: FakeProvider, *, status: str, value: str) -> None:
    """The payer comes to the provider's page, where its payment ends so; perhaps with another amount."""
    payment = Payment.objects.get(shares__order=order_id)
    reference = open_payment(token=payment.token).payment.reference
    if value:
        provider.ledger.payments[reference]["amount"]["value"] = value
    provider.pay(reference, status)
    # What is shown on purpose is no error to tell whoever loads the demo.
    logging.disable(logging.ERROR)
    try:
        check_payment(payment.pk)
    finally:
        logging.disable(logging.NOTSET)
