"""Orders as a shop's client reads them: amounts are decimal texts in the order's currency, times RFC 3339 in UTC."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from orders.dialects.shop.words import STATUS_NAMES, flags_of
from orders.lifecycle.table import Fulfilment, Status
from orders.models import ItemChange, LineOption, OrderEvent, StatusLabel
from orders.reading.event_views import EventView
from orders.reading.item_views import LineView
from orders.reading.order_view import OrderView
from orders.services.moving.labels import Labels
from ordersite.core.money import to_text, unit_text
from ordersite.core.times import rfc3339


class StatusRef(serializers.Serializer):
    """What an order reads as here."""

    id = serializers.IntegerField(allow_null=True, help_text="The id of the status in the list of statuses.")
    name = serializers.CharField(help_text="The name of the status.")


class CustomerOutput(serializers.Serializer):
    """Who ordered."""

    id = serializers.IntegerField(help_text="The id of the customer; a guest gets a new one with each order.")
    name = serializers.CharField(help_text="A driver who is only offered the order reads the first name only.")
    email = serializers.CharField(help_text="Empty if it is not known, or not visible to the reader.")
    phone = serializers.CharField(help_text="With the country code; empty in the same cases as the email.")


class RowOutput(serializers.Serializer):
    """An order in the list."""

    id = serializers.IntegerField(help_text="The id of the order, used by the other calls.")
    number = serializers.IntegerField(help_text="Counted for each vendor, day and delivery type.")
    vendorId = serializers.IntegerField(help_text="The vendor whose order it is.")
    status = StatusRef(help_text="The status of the order.")
    value = serializers.CharField(help_text="The total of the items.")
    price = serializers.CharField(
        help_text="The total of the order: items, delivery, service, tip and tax, less the discount."
    )
    currency = serializers.CharField(help_text="ISO 4217; of all amounts.")
    customer = CustomerOutput(help_text="The customer who ordered.")
    paid = serializers.BooleanField(help_text="Whether the money was received or is reserved.")
    done = serializers.BooleanField(help_text="Completed.")
    canceled = serializers.BooleanField(help_text="Whether it was cancelled by the customer, the vendor or staff.")
    sent = serializers.BooleanField(help_text="Whether it is on its way, or ready if the customer collects it.")
    delivered = serializers.BooleanField(help_text="Whether the customer has received it.")
    createdAt = serializers.DateTimeField(help_text="When it was placed, in UTC.")


class OptionOutput(serializers.Serializer):
    """What was chosen for a product, or is left out of it."""

    optionId = serializers.IntegerField(
        allow_null=True, help_text="The id of the option; null for an ingredient that is left out."
    )
    name = serializers.CharField(help_text="What is chosen, or left out.")
    quantity = serializers.IntegerField(help_text="How many for one unit of the product.")


class ItemOutput(serializers.Serializer):
    """A line of an order."""

    itemId = serializers.IntegerField(help_text="The id of the item, for editing and deleting it.")
    productId = serializers.IntegerField(
        allow_null=True, help_text="The id of the product; null for an item that is on no menu."
    )
    name = serializers.CharField(help_text="The product's name when it was ordered.")
    quantity = serializers.IntegerField(help_text="How many units.")
    unitPrice = serializers.CharField(help_text="The price of one unit, without its options.")
    price = serializers.CharField(help_text="The price of the whole item, with its options.")
    options = OptionOutput(many=True, help_text="The chosen options.")


class HistoryOutput(serializers.Serializer):
    """A record of what happened."""

    id = serializers.IntegerField(help_text="The number of the entry within its order.")
    text = serializers.CharField(help_text="What happened, in a sentence.")
    author = serializers.CharField(help_text="customer, vendor, driver, company, staff or system.")
    createdAt = serializers.DateTimeField(help_text="When it happened, in UTC.")


class OrderOutput(RowOutput):
    """An order with all that is known of it."""

    items = ItemOutput(many=True, help_text="The products, one item each.")
    discount = serializers.CharField(help_text="The discount by offers.")
    deliveryPrice = serializers.CharField(help_text="The delivery fee.")
    servicePrice = serializers.CharField(help_text="The platform's fee.")
    tip = serializers.CharField(help_text="The tip for the driver.")
    taxIncluded = serializers.CharField(help_text="The tax included in the prices.")
    taxAdded = serializers.CharField(help_text="The tax added to the prices.")
    deliveryType = serializers.CharField(help_text="delivery, pickup, eat_in, curbside, drive_thru or digital.")
    address = serializers.CharField(help_text="The delivery address; empty if the customer collects the order.")
    paymentMethod = serializers.CharField(help_text="How it is paid.")
    trackingNumber = serializers.CharField(help_text="The parcel carrier's tracking number; empty if there is none.")
    carrier = serializers.CharField(help_text="The parcel carrier.")
    history = HistoryOutput(many=True, help_text="The history, oldest first, as far as the reader may see it.")


class ChangeOutput(serializers.Serializer):
    """What became of a change of items."""

    number = serializers.IntegerField(help_text="The number of the change within the order, from 1.")
    state = serializers.ChoiceField(
        choices=ItemChange.State.values, help_text="waiting: the customer has to accept it first."
    )
    difference = serializers.CharField(help_text="How much more the order costs; negative if it costs less.")


class EditedOutput(OrderOutput):
    """The order after a change of its items; as it stands while the change waits for the customer."""

    change = ChangeOutput(allow_null=True, help_text="The proposed change of the items; null if nothing differs.")


class ListOutput(serializers.Serializer):
    """A page of orders."""

    orders = RowOutput(many=True, help_text="The orders, newest first.")
    page = serializers.IntegerField(help_text="As asked for, from 1.")
    limit = serializers.IntegerField(help_text="Orders a page.")
    total = serializers.IntegerField(
        help_text="The number of orders on all pages; null if there are too many to count."
    )


class StatusOutput(serializers.Serializer):
    """A status of this instance. Several may stand on one of ours, the first is what an order reads as by itself."""

    id = serializers.IntegerField(help_text="The id by which the status is set.")
    name = serializers.CharField(help_text="The name that orders with this status show.")
    status = serializers.IntegerField(
        min_value=0, max_value=25, help_text="The status of the life cycle that it belongs to."
    )
    message = serializers.CharField(help_text="A message that may be sent to the customer.")


AMOUNTS = {
    "discount": "discount",
    "deliveryPrice": "delivery_fee",
    "servicePrice": "service_fee",
    "tip": "driver_tip",
    "taxIncluded": "tax_included",
    "taxAdded": "tax_added",
}


def render_status(label: StatusLabel) -> dict[str, Any]:
    return {"id": label.pk, "name": label.name, "status": label.core_status, "message": label.message}


def render_row(order: OrderView, labels: Labels) -> dict[str, Any]:
    """An order in the list."""
    label, contact = order.label or labels.first(order.status), order.contact
    return {
        "id": order.pk,
        "number": order.number,
        "vendorId": order.vendor_id,
        "status": {
            "id": label.id if label else None,
            "name": label.name if label else STATUS_NAMES[Status(order.status)],
        },
        "value": to_text(order.subtotal, order.currency),
        "price": to_text(order.total, order.currency),
        "currency": order.currency,
        "customer": {
            "id": order.customer_id,
            "name": contact.name,
            "email": contact.email,
            "phone": contact.phone,
        },
        **flags_of(order),
        "createdAt": rfc3339(order.placed_at),
    }


def render_order(order: OrderView, labels: Labels) -> dict[str, Any]:
    """The whole order; its lines and events are at hand."""
    return {
        **render_row(order, labels),
        "items": [render_item(line, order.currency) for line in order.lines],
        **{theirs: to_text(getattr(order, ours), order.currency) for theirs, ours in AMOUNTS.items()},
        "deliveryType": Fulfilment(order.fulfilment).slug,
        "address": order.address,
        "paymentMethod": order.payment_method,
        "trackingNumber": order.tracking_number,
        "carrier": order.carrier,
        "history": [render_event(event) for event in order.events],
    }


def render_edited(order: OrderView, labels: Labels, change: ItemChange | None) -> dict[str, Any]:
    told: Mapping[str, Any] | None = None
    if change is not None:
        difference = to_text(change.difference, order.currency)
        told = {"number": change.number, "state": change.state, "difference": difference}
    return {**render_order(order, labels), "change": told}


def render_item(line: LineView, currency: str) -> dict[str, Any]:
    return {
        "itemId": line.id,
        "productId": line.product_id,
        "name": line.name,
        "quantity": line.quantity,
        "unitPrice": unit_text(line.unit_price, currency, line.price_per),
        "price": to_text(line.total, currency),
        "options": [
            {
                "optionId": option.menu_id if option.kind == LineOption.Kind.OPTION else None,
                "name": option.on_ticket,
                "quantity": option.quantity,
            }
            for option in line.options
        ],
    }


def render_event(event: EventView) -> dict[str, Any]:
    return {
        "id": event.number,
        "text": text_of(event),
        "author": event.role,
        "createdAt": rfc3339(event.created_at),
    }


def items_in_words(data: Mapping[str, Any]) -> str:
    """A change of items: "Items: 2 × Soda → 4 × Soda", and what became of it where it was not made at once."""
    told = "" if data["state"] == ItemChange.State.APPLIED else f" ({ItemChange.State(data['state']).label})"
    if "new" not in data:
        return f"Items{told}"
    old, new = (data[name].get("item") or "nothing" for name in ("old", "new"))
    return f"Items: {old} → {new}{told}"


def text_of(event: EventView) -> str:
    """One entry of the history, in a sentence: a record by hand is its own."""
    if event.kind == OrderEvent.Kind.NOTE and event.reason:
        return event.reason
    label = event.data.get("new", {}).get("label")
    what = label or event.get_kind_display().capitalize()
    if event.kind == OrderEvent.Kind.STATUS:
        what = STATUS_NAMES[Status(event.to_status or 0)]
    elif event.kind == OrderEvent.Kind.ITEMS and "state" in event.data:
        what = items_in_words(event.data)
    elif number := event.data.get("new", {}).get("tracking_number"):
        what = f"Tracking number {number}"
    return f"{what}: {event.reason}" if event.reason else what
