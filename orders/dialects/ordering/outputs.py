"""An order as Ordering's clients read it: one function an attribute, so that `params` renders what is asked for."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from orders.dialects.ordering.words import DELIVERY_TYPES, GROUP_WORDS, GROUPS, PAYMETHODS, STATUS_NUMBERS
from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import Fulfilment, Status
from orders.reading.item_views import LineView
from orders.reading.order_view import OrderView
from ordersite.core.money import exponent, to_text, unit_text
from ordersite.web.problems import BadRequest

MOST_PARAMS = 2000


def number(minor: int, currency: str) -> float:
    """2430 EUR → 24.3: their amounts are numbers."""
    return float(to_text(minor, currency))


def moment(at: datetime) -> str:
    """ "2026-11-22 18:00:00", in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def amount(name: str) -> Callable[[OrderView], float]:
    return lambda order: number(getattr(order, name), order.currency)


def column(name: str) -> Callable[[OrderView], Any]:
    return lambda order: getattr(order, name)


def point(lat: float | None, lng: float | None) -> dict[str, float] | None:
    return None if lat is None or lng is None else {"lat": lat, "lng": lng}


def show_location(order: OrderView) -> dict[str, Any]:
    return {
        "lat": order.lat,
        "lng": order.lng,
        "address": order.address,
        "address_notes": order.address_notes,
    }


def show_customer(order: OrderView) -> dict[str, Any]:
    contact = order.contact
    return {
        "id": order.customer_id,
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "cellphone": contact.phone,
        "address": order.address,
        "address_notes": order.address_notes,
        "location": point(order.lat, order.lng),
    }


def show_business(order: OrderView) -> dict[str, Any]:
    vendor = order.vendor
    return {
        "id": vendor.id,
        "name": vendor.name,
        "phone": vendor.phone,
        "email": vendor.email,
        "address": vendor.address,
        "location": point(vendor.lat, vendor.lng),
    }


def show_driver(order: OrderView) -> dict[str, Any] | None:
    driver = order.driver
    return {"id": driver.user_id, "name": driver.name, "phone": driver.phone} if driver else None


def show_cash(order: OrderView) -> str | None:
    return None if order.cash is None else str(order.cash // 10 ** exponent(order.currency))


def show_reason(order: OrderView) -> dict[str, str] | None:
    """Why the order has the status that it has; None where no reason was needed."""
    if order.status_reason is None:
        return None
    code, text = order.status_reason
    return {"code": code, "text": text or (REASONS[code].label if code in REASONS else "")}


def show_products(order: OrderView) -> list[dict[str, Any]]:
    return [show_line(line, order.currency) for line in order.lines]


def show_line(line: LineView, currency: str) -> dict[str, Any]:
    """A line; of its ingredients those that are left out, named as the ticket says it (row 108)."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for option in line.of_kind("option"):
        groups.setdefault(option.group, []).append(
            {
                "id": option.menu_id,
                "name": option.name,
                "price": number(option.price, currency),
                "quantity": option.quantity,
                "position": option.position,
                "text": option.text,
            }
        )
    return {
        "id": line.product_id,
        "name": line.name,
        # Of one unit: a price for 1000 of them has more digits than the currency.
        "price": float(unit_text(line.unit_price, currency, line.price_per)),
        "quantity": line.quantity,
        "total": number(line.total, currency),
        "comment": line.comment,
        "ingredients": [
            {"id": one.menu_id, "name": one.on_ticket, "selected": False} for one in line.of_kind("without")
        ],
        "options": [{"name": name, "suboptions": suboptions} for name, suboptions in groups.items()],
        "extras": [
            {"id": one.menu_id, "name": one.name, "price": number(one.price, currency), "quantity": one.quantity}
            for one in line.of_kind("extra")
        ],
        "ticket": line.ticket,
    }


ATTRIBUTES: dict[str, Callable[[OrderView], Any]] = {
    "id": column("pk"),
    "uuid": lambda order: str(order.uuid),
    "paymethod_id": lambda order: PAYMETHODS[order.payment_method],
    "business_id": column("vendor_id"),
    "customer_id": column("customer_id"),
    "delivery_type": lambda order: DELIVERY_TYPES[Fulfilment(order.fulfilment)],
    "delivery_datetime": lambda order: moment(order.deliver_at or order.placed_at),
    "status": lambda order: STATUS_NUMBERS[Status(order.status)],
    "status_group": lambda order: GROUP_WORDS[Status(order.status)],
    "reason": show_reason,
    "comment": column("comment"),
    "driver_id": lambda order: order.driver.user_id if order.driver else None,
    "driver_tip": amount("driver_tip"),
    "pay_data": column("payment_url"),
    "payment_status": column("payment_status"),
    "delivery_zone_id": column("delivery_zone_id"),
    "offer_id": column("offer_id"),
    "location": show_location,
    "cash": show_cash,
    "products": show_products,
    "customer": show_customer,
    "business": show_business,
    "driver": show_driver,
    "app_id": column("app_id"),
    "prepared_in": column("prepared_in"),
    "delivered_in": column("delivered_in"),
    "currency": column("currency"),
    "subtotal": amount("subtotal"),
    "discount": amount("discount"),
    "delivery_price": amount("delivery_fee"),
    "service_fee": amount("service_fee"),
    "tax": lambda order: number(order.tax_included + order.tax_added, order.currency),
    "total": amount("total"),
    "created_at": lambda order: moment(order.placed_at),
}


def read_params(sent: Any) -> tuple[str, ...]:
    """The attributes that `params` names, with commas between or as a list (JSON's, or params[]), all without it.

    Raises BadRequest for one that an order has not.
    """
    texts = sent if isinstance(sent, list) else [sent or ""]
    text = ",".join(one for one in texts if isinstance(one, str))[:MOST_PARAMS]
    names = tuple(name for name in dict.fromkeys(one.strip(' "[]') for one in text.split(",")) if name)
    unknown = next((name for name in names if name not in ATTRIBUTES), None)
    if unknown is not None:
        raise BadRequest(
            "?params", "unknown", f"There is no attribute {unknown[:60]}: send any of {', '.join(ATTRIBUTES)}."
        )
    return names or tuple(ATTRIBUTES)


def show(order: OrderView, names: Iterable[str] = tuple(ATTRIBUTES)) -> dict[str, Any]:
    """The attributes of an order, by name."""
    return {name: ATTRIBUTES[name](order) for name in names}


# --- the document --------------------------------------------------------------------------------------------------


class PointOutput(serializers.Serializer):
    lat = serializers.FloatField()
    lng = serializers.FloatField()


class LocationOutput(serializers.Serializer):
    lat = serializers.FloatField(allow_null=True)
    lng = serializers.FloatField(allow_null=True)
    address = serializers.CharField()
    address_notes = serializers.CharField()


class PersonOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    phone = serializers.CharField()


class OrderCustomerOutput(PersonOutput):
    email = serializers.CharField()
    cellphone = serializers.CharField()
    address = serializers.CharField()
    address_notes = serializers.CharField()
    location = PointOutput(allow_null=True)


class BusinessOutput(PersonOutput):
    email = serializers.CharField()
    address = serializers.CharField()
    location = PointOutput(allow_null=True)


class ReasonOutput(serializers.Serializer):
    code = serializers.CharField()
    text = serializers.CharField()


class LeftOutOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(help_text='What the ticket says: "No onion".')
    selected = serializers.BooleanField()


class OptionChoiceOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    price = serializers.FloatField()
    quantity = serializers.IntegerField()
    position = serializers.CharField()
    text = serializers.CharField()


class OptionGroupOutput(serializers.Serializer):
    name = serializers.CharField()
    suboptions = OptionChoiceOutput(many=True)


class ExtraChoiceOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    price = serializers.FloatField()
    quantity = serializers.IntegerField()


class OrderedProductOutput(serializers.Serializer):
    id = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    price = serializers.FloatField(help_text="The price of one, without options and extras.")
    quantity = serializers.IntegerField()
    total = serializers.FloatField()
    comment = serializers.CharField()
    ingredients = LeftOutOutput(many=True, help_text="The ingredients that are left out, never those that stay in.")
    options = OptionGroupOutput(many=True)
    extras = ExtraChoiceOutput(many=True)
    ticket = serializers.ListField(child=serializers.CharField())


class OrderOutput(serializers.Serializer):
    """An order; with `params` those attributes alone. Amounts are numbers, times in UTC."""

    id = serializers.IntegerField(required=False)
    uuid = serializers.UUIDField(required=False, help_text="A guest sends it as X-uuid-access-X to read its order.")
    paymethod_id = serializers.ChoiceField(required=False, choices=sorted(PAYMETHODS.values()))
    business_id = serializers.IntegerField(required=False)
    customer_id = serializers.IntegerField(required=False)
    delivery_type = serializers.IntegerField(required=False, min_value=1, max_value=5)
    delivery_datetime = serializers.CharField(required=False, help_text="YYYY-MM-DD HH:MM:SS")
    status = serializers.IntegerField(required=False, min_value=0, max_value=25)
    status_group = serializers.ChoiceField(required=False, choices=GROUPS)
    reason = ReasonOutput(required=False, allow_null=True)
    comment = serializers.CharField(required=False)
    driver_id = serializers.IntegerField(required=False, allow_null=True, help_text="The id of the driver's user.")
    driver_tip = serializers.FloatField(required=False)
    pay_data = serializers.CharField(
        required=False, allow_null=True, help_text="Where it is paid online, as long as it is not paid."
    )
    payment_status = serializers.CharField(required=False)
    delivery_zone_id = serializers.IntegerField(required=False, allow_null=True)
    offer_id = serializers.IntegerField(required=False, allow_null=True)
    location = LocationOutput(required=False)
    cash = serializers.CharField(required=False, allow_null=True)
    products = OrderedProductOutput(required=False, many=True)
    customer = OrderCustomerOutput(required=False)
    business = BusinessOutput(required=False)
    driver = PersonOutput(required=False, allow_null=True)
    app_id = serializers.CharField(required=False)
    prepared_in = serializers.IntegerField(required=False, allow_null=True)
    delivered_in = serializers.IntegerField(required=False, allow_null=True)
    currency = serializers.CharField(required=False)
    subtotal = serializers.FloatField(required=False)
    discount = serializers.FloatField(required=False)
    delivery_price = serializers.FloatField(required=False)
    service_fee = serializers.FloatField(required=False)
    tax = serializers.FloatField(required=False)
    total = serializers.FloatField(required=False)
    created_at = serializers.CharField(required=False)


class PaginationOutput(serializers.Serializer):
    current_page = serializers.IntegerField()
    page_size = serializers.IntegerField()
    total_pages = serializers.IntegerField()
    total = serializers.IntegerField()
    # "from" is a word of Python's: renamed below.
    from_ = serializers.IntegerField(allow_null=True)
    to = serializers.IntegerField(allow_null=True)

    def get_fields(self) -> Any:
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class Answered(serializers.Serializer):
    error = serializers.BooleanField()


class OrderAnswer(Answered):
    result = OrderOutput()


class OrdersAnswer(Answered):
    result = OrderOutput(many=True)
    pagination = PaginationOutput()


class DeletedAnswer(Answered):
    result = serializers.CharField()
