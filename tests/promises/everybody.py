"""Every role, and a world of two sides: Clara's order at Burger Bar, and Stijn's at the Tea House."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from orders.lifecycle.table import Fulfilment, Status
from orders.models import (
    DeliveryProof,
    IssuedDocument,
    ItemChange,
    Order,
    OrderEvent,
    OutboxMessage,
    Payment,
    PrintJob,
    SavedMethod,
    StatusLabel,
    WebhookDelivery,
    WebhookEndpoint,
)
from orders.services.money.documents import invoice_content
from orders.services.money.taxes import sums_by_rate
from orders.services.money.wallets import top_up
from orders.services.outgoing.endpoints import make_secret
from orders.services.paying.proofs import add_proofs, write_proofs
from orders.services.record.epochs import current_epoch
from ordersite.accounts.models import Address, ApiToken, Customer
from ordersite.core.crypto import decrypt, encrypt, new_token, token_hash
from ordersite.core.images import CleanImage
from tests.cast import PASSWORD, Cast
from tests.orders.rows import add_line, make_order
from vendors.models import Category, Device, Option, OptionGroup, PackageType, Product, Service, Station, Vendor

ROLES = (
    "anonymous",
    "guest",
    "customer",
    "stranger",
    "owner",
    "other_owner",
    "courier",
    "driver",
    "other_driver",
    "dispatcher",
    "merchant",
    "staff",
)
# Large numbers that no other value in an answer equals by chance.
FIRST_ID = 731_000_000
# Where nobody listens.
HOOK = "http://127.0.0.1:9/hook"


@dataclass
class World:
    """The orders by the side that they are on, and what fills the paths for each side."""

    cast: Cast
    orders: dict[str, Order]
    paths: dict[str, dict[str, Any]]
    tokens: dict[str, str]

    def client(self, role: str) -> APIClient:
        """Somebody of this role, with a real credential."""
        if role == "anonymous":
            return APIClient()
        if role == "guest":
            return APIClient(headers={"Order-Token": self.tokens["guest"]})
        if role == "merchant":
            return APIClient(headers={"Authorization": f"Bearer {self.tokens['merchant']}"})
        return APIClient(headers={"Authorization": f"Bearer {AccessToken.for_user(getattr(self.cast, role))}"})

    def marks(self, name: str) -> list[str]:
        """What of an order only those may read who see it."""
        order = self.orders[name]
        shown = [str(order.pk), str(order.uuid), str(order.purchase.uuid), order.purchase.external_code]
        return [*shown, order.comment, order.contact_email, decrypt(order.tracking_sealed), f"photo-of-{name}"]


# Which orders a role sees in one of its parts, and which are its own.
SEES = {
    "anonymous": set(),
    "guest": {"guests"},
    "customer": {"claras", "searching"},
    "stranger": {"stijns"},
    "owner": {"claras", "guests", "searching", "companys"},
    "other_owner": {"stijns"},
    "courier": {"searching"},
    "driver": {"claras", "searching"},
    "other_driver": {"searching"},
    "dispatcher": {"searching", "companys"},
    "merchant": {"claras", "guests", "searching", "companys"},
    "staff": {"claras", "stijns", "guests", "searching", "companys"},
}
OWN = {"guest": {"guests"}, "customer": {"claras", "searching"}, "stranger": {"stijns"}, "driver": {"claras"}}


def make_world(cast: Cast) -> World:
    """Five orders, of different people, places and drivers."""
    guest_token, merchant_token = new_token(), f"ost_{new_token()}"
    guest = Customer.objects.create(name="Greta Guest", email="greta@example.net", phone="+3225550199")
    kurt = Customer.objects.create(name="Kurt", email="kurt@example.net")
    carried = {"driver": cast.driver_row, "stood": "accepted driver_accepted"}
    parts: dict[str, dict[str, Any]] = {
        "claras": {"status": Status(7), "company": None, **carried},
        "stijns": {
            "status": Status(7),
            "vendor": cast.other_vendor,
            "customer": cast.stranger_row,
            "stood": "accepted",
        },
        "guests": {"status": Status(0), "fulfilment": Fulfilment.PICKUP, "customer": guest, "guest_token": guest_token},
        "searching": {"status": Status(22), "stood": "accepted search_started"},
        "companys": {
            "status": Status(25),
            "customer": kurt,
            "company": cast.company,
            "stood": "accepted company_accepted",
        },
    }
    orders = {}
    for number, (name, fields) in enumerate(parts.items()):
        orders[name] = make_order(
            cast,
            id=FIRST_ID + number,
            external_code=f"code-of-{name}",
            comment=f"comment-of-{name}",
            contact_email=f"{name}@example.com",
            **fields,
        )
        add_line(orders[name], cast.tea if name == "stijns" else cast.products["soda"])
    for name, product, without in (("claras", cast.products["pizza"], 250), ("stijns", cast.tea, 399 + 35)):
        add_line(orders[name], product)
        propose_removal(orders[name], without)
        issue_document(orders[name])
    for merchant, token in ((cast.merchant, merchant_token), (cast.other_merchant, f"ost_{new_token()}")):
        ApiToken.objects.create(
            name="till", merchant=merchant, token_hash=token_hash(token), hint=token[:8], scopes=["read", "write"]
        )
    label = StatusLabel.objects.create(name="On its way", core_status=9, position=9)
    for row in (cast.customer_row, cast.stranger_row):
        top_up(customer_id=row.pk, currency="EUR", amount=1000, actor="system")
    own_tokens = {
        user.pk: ApiToken.objects.create(name="own", user=user, token_hash=new_token(), hint="ost_", scopes=["read"])
        for user in (cast.customer, cast.stranger)
    }
    paths = {
        side: {
            "order_id": orders[order].pk,
            "id": orders[order].pk,  # as a dialect calls it
            "purchase_uuid": str(orders[order].purchase.uuid),
            "order_uuid": str(orders[order].uuid),
            "vendor_id": vendor.pk,
            "address_id": Address.objects.create(customer=row, address=f"address-of-{order}").pk,
            "token_id": own_tokens[row.user_id].pk,
            "label_id": label.pk,
            "payment_id": photographed(orders[order], f"photo-of-{order}").pk,
            "number": 1,
            "proof_uuid": str(handed_over(orders[order], f"handover-of-{order}").uuid),
            "item_id": orders[order].lines.get(position=2).pk,
            "method_id": SavedMethod.objects.create(
                customer=row, provider="fake", mandate=f"mdt_{order}", label="x"
            ).pk,
            "provider": "fake",
            "job_id": PrintJob.objects.create(order=orders[order], vendor=vendor, number=1, reason="asked").pk,
            "package_type_id": PackageType.objects.create(vendor=vendor, name="Box", price=500, per_km=50).pk,
            "device_id": Device.objects.create(vendor=vendor, name=f"device-of-{order}").pk,
            "station_id": Station.objects.create(vendor=vendor, name=f"station-of-{order}").pk,
            "product_id": orders[order].lines.get(position=2).product_id,
            "option_id": (oat := sold_out_option(vendor)).pk,
            "group_id": oat.group_id,
            "category_id": Category.objects.create(vendor=vendor, name=f"category-of-{order}").pk,
            "endpoint_id": (hook := told_hook(vendor, orders[order])).endpoint_id,
            "delivery_id": hook.pk,
            "service_id": Service.objects.create(vendor=vendor, name=f"service-of-{order}", price=1000).pk,
        }
        for side, order, vendor, row in (
            ("own", "claras", cast.vendor, cast.customer_row),
            ("other", "stijns", cast.other_vendor, cast.stranger_row),
        )
    }
    return World(cast=cast, orders=orders, paths=paths, tokens={"guest": guest_token, "merchant": merchant_token})


def issue_document(order: Order) -> None:
    """An invoice of the order, as if it were completed."""
    sums = sums_by_rate(order)
    content = invoice_content(order, order.vendor.merchant, sums)
    IssuedDocument.objects.create(
        kind="invoice",
        seller=order.vendor.merchant,
        year=2026,
        number=1,
        order=order,
        currency=order.currency,
        total=order.total,
        content=content,
    )


def told_hook(vendor: Vendor, order: Order) -> WebhookDelivery:
    """A webhook of the vendor's merchant that was told of an order."""
    event, _ = OrderEvent.objects.get_or_create(order=order, number=1, defaults={"kind": "placed"})
    message = OutboxMessage.objects.create(type="order.placed", subject=f"order:{order.pk}", event=event, vendor=vendor)
    secret = encrypt(make_secret())
    endpoint = WebhookEndpoint.objects.create(merchant_id=vendor.merchant_id, url=HOOK, secret_sealed=secret)
    return WebhookDelivery.objects.create(endpoint=endpoint, message=message)


def sold_out_option(vendor: Vendor) -> Option:
    """An option that the vendor has taken off its menu."""
    group = OptionGroup.objects.create(vendor=vendor, name="Milk")
    return Option.objects.create(group=group, name="Oat", is_available=False)


def new_product(beside: Product) -> dict[str, Any]:
    """What a product is added with, in the same category as this one."""
    price = {"amount": "2.00", "currency": beside.vendor.currency}
    return {"category": beside.category_id, "name": "Water", "price": price}


def propose_removal(order: Order, new_total: int) -> None:
    """A change that waits for the customer: the second item is to be left out."""
    ItemChange.objects.create(
        order=order,
        number=1,
        action=ItemChange.Action.REMOVE,
        state=ItemChange.State.WAITING,
        line_position=2,
        old_total=order.total,
        new_total=new_total,
        actor="test",
        role="vendor",
    )


def handed_over(order: Order, photo: str) -> DeliveryProof:
    """A picture of the order's delivery."""
    proof = DeliveryProof(order=order, kind="photo", digest="0" * 64)
    proof.photo.save("photo.jpg", ContentFile(photo.encode()), save=False)
    proof.save()
    return proof


def photographed(order: Order, photo: str) -> Payment:
    """The order's payment, to which a photo was sent."""
    payment = Payment.objects.get(shares__order=order)
    add_proofs(payment, write_proofs([CleanImage(photo.encode())], timezone.now()))
    return payment


def bodies(world: World) -> dict[str, Any]:
    """What each unsafe call sends (where the sides differ, "… of other"): valid, so that only the caller decides."""
    cast = world.cast
    cart = {"vendor": cast.vendor.pk, "items": [{"product": cast.products["soda"].pk}], "delivery_type": "pickup"}
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    return {
        "POST /orders": {**cart, "payment_method": "cash"},
        "POST /orders/quote": cart,
        "PATCH /orders/{order_id}": {"comment": "changed", "reason_code": "customer_request"},
        "POST /orders/{order_id}/history": {"text": "noted"},
        "POST /orders/{order_id}/items": {"product": cast.products["soda"].pk},
        "POST /orders/{order_id}/items of other": {"product": cast.tea.pk},
        "PUT /orders/{order_id}/items/{item_id}": {"product": cast.products["pizza"].pk},
        "PUT /orders/{order_id}/items/{item_id} of other": {"product": cast.tea.pk},
        "POST /orders/{order_id}/changes/{number}/accept": {"reason": "Said so by telephone"},
        "POST /orders/{order_id}/payments": {"payment_method": "cash"},
        "POST /orders/{order_id}/payments/{payment_id}/refuse": {"reason": "Another amount"},
        "POST /orders/{order_id}/payments/{payment_id}/waive": {"reason": "Not worth it"},
        "POST /orders/{order_id}/tracking-number": {"tracking_number": "P1"},
        "POST /orders/{order_id}/transitions": {"to": 4},
        "POST /orders/{order_id}/problems": {"reason": "late"},
        "POST /orders/{order_id}/position": {"place": "bay 3"},
        "PATCH /drivers/me": {"on_duty": False},
        "POST /drivers/me/position": {"lat": 50.85, "lng": 4.35, "accuracy": 5, "at": "2026-01-14T11:00:00Z"},
        "POST /orders/statuses": {"name": "Baking", "core_status": 7},
        "PATCH /orders/statuses/{label_id}": {"name": "Baking"},
        "POST /track": {"code": decrypt(world.orders["claras"].tracking_sealed)},
        "POST /wallet/top-ups": {"customer": cast.customer_row.pk, "amount": {"amount": "5.00", "currency": "EUR"}},
        "PATCH /vendors/{vendor_id}": {"paused_until": tomorrow},
        "POST /vendors/{vendor_id}/devices": {"name": "Kitchen"},
        "PATCH /vendors/{vendor_id}/devices/{device_id}": {"name": "Counter"},
        "POST /vendors/{vendor_id}/seen": {"epoch": current_epoch(), "position": 0},
        "POST /devices/pair": {"code": "23456789"},
        "POST /orders/{order_id}/acknowledge": {"version": 1},
        "POST /vendors/{vendor_id}/stations": {"name": "Grill"},
        "PATCH /vendors/{vendor_id}/stations/{station_id}": {"name": "Oven"},
        "POST /vendors/{vendor_id}/products/{product_id}/out-of-stock": {"until": "today"},
        "POST /vendors/{vendor_id}/options/{option_id}/out-of-stock": {"until": None},
        "POST /vendors/{vendor_id}/products": new_product(cast.products["soda"]),
        "POST /vendors/{vendor_id}/products of other": new_product(cast.tea),
        "PATCH /vendors/{vendor_id}/products": {"products": [{"id": cast.products["soda"].pk, "stock": 3}]},
        "PATCH /vendors/{vendor_id}/products of other": {"products": [{"id": cast.tea.pk, "stock": 3}]},
        "PATCH /vendors/{vendor_id}/products/{product_id}": {"name": "Another name"},
        "POST /vendors/{vendor_id}/categories": {"name": "Sweets"},
        "PATCH /vendors/{vendor_id}/categories/{category_id}": {"name": "Desserts"},
        "POST /vendors/{vendor_id}/option-groups": {"name": "Sugar"},
        "PATCH /vendors/{vendor_id}/option-groups/{group_id}": {"maximum": 2},
        "POST /vendors/{vendor_id}/option-groups/{group_id}/options": {"name": "Soy"},
        "PATCH /vendors/{vendor_id}/options/{option_id}": {"is_available": True},
        "PUT /vendors/{vendor_id}/hours": {"hours": []},
        "POST /webhooks": {"url": HOOK, "types": ["order.placed"]},
        "PATCH /webhooks/{endpoint_id}": {"types": ["order.status"]},
        "POST /webhooks/{endpoint_id}/replay": {"since": "2026-01-01T00:00:00Z"},
        "POST /me/addresses": {"address": "Markt 1"},
        "PATCH /me/addresses/{address_id}": {"address": "Markt 2"},
        "POST /me/erasure": {"password": PASSWORD},
        "PATCH /me": {"name": "Somebody"},
        "POST /api-tokens": {"name": "till", "scopes": ["read"]},
        "POST /auth/token": {"email": "nobody@example.org", "password": "not-a-password"},
        "POST /auth/register": {"email": "new@example.org", "password": "a-long-enough-passphrase", "name": "New"},
        "POST /auth/register/confirm": {"uid": "x", "token": "y", "password": "a-long-enough-passphrase"},
        "POST /auth/password-reset": {"email": "nobody@example.org"},
        "POST /auth/password-reset/confirm": {"uid": "x", "token": "y", "password": "a-long-enough-passphrase"},
        "POST /auth/token/refresh": {"refresh": "x"},
        "POST /auth/logout": {"refresh": "x"},
    }
