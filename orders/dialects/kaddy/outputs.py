"""Orders as a till of Kaddy's reads them (rows 46–52): amounts as decimal texts, times those of the shop's clock."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rest_framework import serializers

from orders.lifecycle.table import Fulfilment
from orders.models import LineOption, NumberSeries
from orders.reading.item_views import LineView, OptionView
from orders.reading.order_view import OrderView
from ordersite.core.money import to_text
from ordersite.core.unprinted import one_line
from ordersite.places.splitting import split_address
from vendors.menu import PIECE
from vendors.models import Charged
from vendors.payment_methods import find_method

# Theirs are what a till numbers apart; digital orders never show.
ORDER_TYPES = [NumberSeries.PICK_UP.value, NumberSeries.DELIVERY.value, NumberSeries.PICK_UP_COOLBOX.value]


class AddressOutput(serializers.Serializer):
    street = serializers.CharField(help_text="The street; all of the address where it cannot be split.")
    number = serializers.CharField(help_text="The house number, with its letter; empty where there is none.")
    bus = serializers.CharField(help_text="The box, flat or floor; empty where there is none.")
    postal_code = serializers.CharField(help_text="The postal code.")
    city = serializers.CharField(help_text="The town.")
    country = serializers.CharField(help_text="Two letters: the country in the address, otherwise the shop's country.")
    distance = serializers.CharField(help_text="The distance from the shop, in metres; empty if it is not known.")


class ShopOutput(serializers.Serializer):
    id = serializers.CharField(help_text="The shop's id, as the parameter shop takes it.")
    name = serializers.CharField(help_text="The shop's name.")
    address = serializers.CharField(help_text="Its street and house number.")
    postal_code = serializers.CharField(help_text="Its postal code.")
    city = serializers.CharField(help_text="Its town.")
    country = serializers.CharField(help_text="Its country, in two letters.")


class ClientOutput(serializers.Serializer):
    id = serializers.UUIDField(help_text="The customer's id; a guest gets a new one with each order.")
    first_name = serializers.CharField(help_text="The first word of the name.")
    last_name = serializers.CharField(help_text="The rest of the name; may be empty.")
    email = serializers.CharField(allow_null=True, help_text="The e-mail address, null where none was given.")
    mobile_phone = serializers.CharField(allow_null=True, help_text="The telephone, null where none was given.")
    phone = serializers.CharField(allow_null=True, help_text="Always null: customers have one phone number only.")


class OptionOutput(serializers.Serializer):
    """A choice, an ingredient that is left out ("No Onion"), or what the customer wrote about the line."""

    name = serializers.CharField(help_text="What was chosen; for one half, the text says which.")
    plu_code = serializers.CharField(help_text="The option's code at the till; may be empty.")
    qty = serializers.IntegerField(help_text="How many in total, including the line's quantity.")
    total = serializers.CharField(help_text="The price of all of them.")
    type = serializers.CharField(help_text="default, or text.")
    meta = serializers.CharField(allow_null=True, help_text="The text of an option of the type text.")


class ExtraOutput(serializers.Serializer):
    name = serializers.CharField(help_text="The name of the extra.")
    plu_code = serializers.CharField(help_text="The extra's code at the till; may be empty.")
    qty = serializers.IntegerField(help_text="How many in total, including the line's quantity.")
    total = serializers.CharField(help_text="The price of all of them.")
    unit = serializers.CharField(help_text="st, gr, kg or pers.")


class OrderLineOutput(serializers.Serializer):
    product = serializers.CharField(help_text="The product's name.")
    plu_code = serializers.CharField(help_text="The product's code at the till; may be empty.")
    qty = serializers.IntegerField(help_text="How many units.")
    unit = serializers.CharField(help_text="st, gr, kg or pers.")
    total = serializers.CharField(help_text="The line's price without its options and extras.")
    options = OptionOutput(many=True, help_text="The options that were chosen, ingredients left out, and texts.")
    extras = ExtraOutput(many=True, help_text="The extras that were added.")


class OrderOutput(serializers.Serializer):
    """An order as the till reads it; amounts are decimal texts, times those of the shop's clock."""

    id = serializers.UUIDField(help_text="The order's id, as the calls that read and confirm it take it.")
    payment_reference = serializers.CharField(
        allow_null=True, help_text="The id of the payment at its provider; null if there is none."
    )
    payment_method = serializers.CharField(help_text="bancontact, creditcard, cash, …")
    payed_at = serializers.CharField(
        allow_null=True, help_text="When it was paid: 2023-04-20 00:19:51; null before, and for cash."
    )
    total = serializers.CharField(
        help_text="What all of it costs: lines, options, extras, delivery_cost and service_cost, less the discount."
    )
    order_type = serializers.ChoiceField(choices=ORDER_TYPES, help_text="How the customer gets it.")
    order_date = serializers.CharField(help_text="The day for which it was ordered: 2023-04-26.")
    order_time = serializers.CharField(help_text="The time for which it was ordered: 09:00:00.")
    order_number = serializers.CharField(help_text="Counted from 1 for each shop, day and order type.")
    delivery_address = AddressOutput(required=False, help_text="Only for deliveries.")
    delivery_cost = serializers.CharField(help_text="The delivery fee.")
    service_cost = serializers.CharField(
        help_text="The service fee, the driver's tip, and the tax where prices are without it; remarks say how much."
    )
    remarks = serializers.CharField(
        allow_null=True,
        help_text='A line each: "Discount: -5.00", "Tip in service_cost: 2.00", "Tax in service_cost: 1.10"; then what '
        'people wrote: "Comment: …", "Address notes: …", "Table: …", "Vehicle: …", "Locker: …"; null for none.',
    )
    shop = ShopOutput(help_text="The shop that sells it.")
    client = ClientOutput(help_text="The customer who ordered.")
    order_lines = OrderLineOutput(many=True, help_text="The lines of the order.")


def render_order(order: OrderView) -> dict[str, Any]:
    """An order in Kaddy's words (rows 46–52)."""
    zone, currency = order.vendor.zone, order.currency
    payment = next(iter(order.payments), None)
    due = (order.deliver_at or order.estimated_at or order.placed_at).astimezone(zone)
    # Cash is paid on handing over: there is no moment of an own.
    paid_at = payment.paid_at if payment and not find_method(order.payment_method).is_on_handover else None
    body: dict[str, Any] = {
        "id": str(order.uuid),
        "payment_reference": (payment.reference if payment else "") or None,
        "payment_method": (payment.paid_by if payment else "") or order.payment_method,
        "payed_at": on_the_clock(paid_at.astimezone(zone)) if paid_at else None,
        "total": to_text(order.total, currency),
        "order_type": NumberSeries.of(order.fulfilment, order.locker).value,
        "order_date": f"{due:%Y-%m-%d}",
        "order_time": f"{due:%H:%M:%S}",
        "order_number": str(order.number),
        "delivery_cost": to_text(order.delivery_fee, currency),
        "service_cost": to_text(order.service_fee + order.driver_tip + order.tax_added, currency),
        "remarks": "\n".join(remarks_of(order)) or None,
        "shop": render_shop(order),
        "client": render_client(order),
        "order_lines": [render_line(line, currency) for line in order.lines],
    }
    if order.fulfilment == Fulfilment.DELIVERY:
        body["delivery_address"] = render_address(order)
    return body


def on_the_clock(moment: datetime) -> str:
    """A time as the shop's clock shows it."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def remarks_of(order: OrderView) -> Iterator[str]:
    """The amounts and texts that have no field of their own there; a line each.

    Every text is on one line, behind its label: what somebody wrote is never read as an amount.
    """
    amounts = {
        "Discount: ": -order.discount,
        "Tip in service_cost: ": order.driver_tip,
        "Tax in service_cost: ": order.tax_added,
    }
    texts = {
        "Comment: ": order.comment,
        "Address notes: ": order.address_notes,
        "Table: ": order.table,
        "Vehicle: ": order.vehicle,
        "Locker: ": order.locker,
    }
    yield from (f"{label}{to_text(amount, order.currency)}" for label, amount in amounts.items() if amount)
    yield from (f"{label}{one_line(text)}" for label, text in texts.items() if text)


def render_shop(order: OrderView) -> dict[str, str]:
    vendor = order.vendor
    return {
        "id": str(vendor.id),
        "name": vendor.name,
        "address": vendor.address,
        "postal_code": vendor.postal_code,
        "city": vendor.city,
        "country": vendor.country,
    }


def render_client(order: OrderView) -> dict[str, Any]:
    contact = order.contact
    first, _, last = contact.name.strip().partition(" ")
    return {
        "id": str(order.customer.uuid),
        "first_name": first,
        "last_name": last.strip(),
        "email": contact.email or None,
        "mobile_phone": contact.phone or None,
        "phone": None,
    }


def render_address(order: OrderView) -> dict[str, str]:
    """Our address is one text, which is split (row 47)."""
    parts = split_address(order.address, order.vendor.country)
    return {
        "street": parts.street,
        "number": parts.number,
        "bus": parts.box,
        "postal_code": parts.postal_code,
        "city": parts.city,
        "country": parts.country,
        "distance": str(order.distance) if order.distance is not None else "",
    }


def render_line(line: LineView, currency: str) -> dict[str, Any]:
    """A line whose total is the product's alone: options and extras have theirs beside it."""
    chosen = line.options
    apart = sum(option.total for option in chosen)
    options = [render_option(option, line, currency) for option in chosen if option.kind != LineOption.Kind.EXTRA]
    return {
        "product": line.name,
        "plu_code": line.plu_code,
        "qty": line.quantity,
        "unit": line.unit,
        "total": to_text(line.total - apart, currency),
        "options": [*options, *([render_comment(line, currency)] if line.comment else [])],
        "extras": [render_extra(option, line, currency) for option in chosen if option.kind == LineOption.Kind.EXTRA],
    }


def qty_of(option: OptionView, line: LineView) -> int:
    """How many of a choice there are in all: of each unit, or once a line where it is charged so."""
    return option.quantity * (line.quantity if option.charged == Charged.UNIT else 1)


def render_option(option: OptionView, line: LineView, currency: str) -> dict[str, Any]:
    """A choice, or an ingredient left out, which the till prints as one that costs nothing: "No Onion" (row 108)."""
    half = "" if option.position == LineOption.Position.WHOLE else f" ({option.get_position_display()})"
    return {
        "name": option.on_ticket if option.kind == LineOption.Kind.WITHOUT else f"{option.name}{half}",
        "plu_code": option.plu_code,
        "qty": qty_of(option, line),
        "total": to_text(option.total, currency),
        "type": "text" if option.text else "default",
        "meta": option.text or None,
    }


def render_comment(line: LineView, currency: str) -> dict[str, Any]:
    """What the customer wrote about a line: a text that costs nothing, of each piece."""
    return {
        "name": "Comment",
        "plu_code": "",
        "qty": line.quantity if line.unit == PIECE else 1,
        "total": to_text(0, currency),
        "type": "text",
        "meta": line.comment,
    }


def render_extra(option: OptionView, line: LineView, currency: str) -> dict[str, Any]:
    return {
        "name": option.name,
        "plu_code": option.plu_code,
        "qty": qty_of(option, line),
        "total": to_text(option.total, currency),
        "unit": option.unit,
    }
