"""The page of the fullest order there can be: all of its sections at once, in a fixed number of statements."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.checkout import Place
from orders.lifecycle.table import Fulfilment
from orders.models import (
    DeliveryProof,
    DriverOffer,
    DriverPosition,
    ItemChange,
    Order,
    OrderEvent,
    OutboxMessage,
    ProblemReport,
    Refund,
    ShownOrder,
    WebhookDelivery,
    WebhookEndpoint,
)
from orders.services.paying.refunds import RefundWish, refund_order
from ordersite.accounts.callers import caller_of_user, device_key, merchant_key
from ordersite.accounts.models import Mail
from ordersite.core.crypto import token_hash
from ordersite.core.money import Money
from tests.cast import Cast
from tests.orders.back_office import place_order
from tests.orders.shopping import NEAR
from vendors.models import Company, Device

pytestmark = pytest.mark.django_db
SECTIONS = (
    "The customer is asked",
    "Reported by the customer",
    "Asked to deliver",
    "Pictures of the delivery",
    "Shown to the vendor",
    "Mails",
    "Webhooks",
    "Refunds",
)


def fill(cast: Cast, order: Order, rows: int) -> None:
    """All that an order's page can show of it beside what placing wrote, so many rows of each kind."""
    now, company = timezone.now(), Company.objects.create(name=f"Couriers {order.pk}")
    refund_order(
        order_id=order.pk, caller=caller_of_user(cast.staff), wish=RefundWish(amount=Money(100, "EUR"), reason="Cold")
    )
    payment = Refund.objects.get(order=order).payment
    endpoint = WebhookEndpoint.objects.create(url="https://till.example.org/hook", types=["order.placed"])
    version = Order.objects.get(pk=order.pk).version
    for at in range(rows):
        device = Device.objects.create(
            vendor=cast.vendor, name=f"Kitchen {at}", token_hash=token_hash(f"{order.pk} {at}")
        )
        event = OrderEvent.objects.create(
            order=order,
            number=version + 1 + at,
            kind="items",
            actor=device_key(device.pk),
            role="vendor",
            data={"proof_kind": "photo"},
        )
        OrderEvent.objects.create(
            order=order,
            number=version + 101 + at,
            kind="note",
            actor=merchant_key(cast.vendor.merchant_id),
            role="vendor",
        )
        DriverOffer.objects.create(order=order, driver=cast.driver_row, round=2 * at + 1, offered_at=now, answer_by=now)
        DriverOffer.objects.create(order=order, company=company, round=2 * at + 2, offered_at=now, answer_by=now)
        ProblemReport.objects.create(
            order=order, number=version + at, reason="late", actor="guest:x", settled_by="user:1"
        )
        DeliveryProof.objects.create(order=order, kind="photo", photo=f"{order.pk}-{at}.jpg", digest=str(at))
        ShownOrder.objects.create(order=order, shown_by=device_key(device.pk))
        ItemChange.objects.create(
            order=order,
            number=at + 1,
            action="change",
            state="waiting",
            old_total=1,
            new_total=2,
            actor="user:1",
            role="vendor",
        )
        Refund.objects.create(payment=payment, order=order, amount=1, state="done", actor=cast.owner.caller_key)
        Mail.objects.create(kind="payment_link", recipient="clara@example.org", about=f"order:{order.pk}", state="sent")
        message = OutboxMessage.objects.create(type="order.placed", subject=f"order:{order.pk}", event=event)
        WebhookDelivery.objects.create(endpoint=endpoint, message=message, tries=2, delivered_at=now)
        Order.objects.filter(pk=place_order(cast).pk).update(purchase=order.purchase_id)
    ShownOrder.objects.create(order=order, shown_by=cast.owner.caller_key)
    Order.objects.filter(pk=order.pk).update(
        version=version + 200,
        delivery_zone=cast.zone,
        company=company,
        driver=cast.driver_row,
        driver_accepted_at=now - timedelta(minutes=5),
    )


def test_everything_at_once_costs_a_fixed_number_of_statements(cast: Cast, client: Client) -> None:
    client.force_login(cast.staff)
    DriverPosition.objects.create(
        driver=cast.driver_row, lat=50, lng=4, accuracy=9, at=timezone.now(), received_at=timezone.now()
    )
    where: dict[str, Any] = {"fulfilment": Fulfilment.DELIVERY, "place": Place(address="Rue Neuve 1", **NEAR)}
    costs = []
    for rows in (1, 5):
        order = place_order(cast, lines=rows + 1, payment_method="wallet", **where)
        fill(cast, order, rows)
        path = f"/admin/orders/order/{order.pk}/change/"
        client.get(path)  # what a process reads once
        with CaptureQueriesContext(connection) as queries:
            text = client.get(path).content.decode()
        assert [section for section in SECTIONS if section not in text] == []
        costs.append([query["sql"] for query in queries])
    few, many = map(len, costs)
    assert few == many <= 15, "\n".join(costs[0])
