"""What Ordering's clients send, and what it means to our services.

Where Ordering's own description of its model stops, this stands: fields that it does not name are left aside (a client
may send back what it read); `products`, `location` and `customer` may come as JSON or as a text of JSON; `extras` of a
product are {"id:N": {selected, quantity}} beside its options, with our ids of extras; of a product by hand (by staff)
`name` and `price` are sent in the place of its id, and with no products at all `total` alone is what it costs.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.checkout import MOST_CHOICES, MOST_ITEMS, MOST_QUANTITY, Cart, Checkout, CustomLine, Place
from orders.dialects.base import (
    AmountField,
    DialectInput,
    IdField,
    LocalPhoneField,
    LocationInput,
    MomentField,
    PageSizeField,
    WholeField,
    WordField,
    is_blank,
    minor_amount,
    whole_of,
    with_country,
)
from orders.dialects.ordering.dialect import DIALECT
from orders.dialects.ordering.words import PAYMETHOD_NAMES
from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import NAMES, Fulfilment
from orders.pricing import CartExtra, CartItem, CartOption
from orders.services.placing.parties import Guest, Placing
from ordersite.accounts.models import Address
from ordersite.core.faults import Fault, Refusal, Step
from ordersite.core.fields import Field
from ordersite.core.money import Money, exponent
from ordersite.places.protocol import Point, write_point
from ordersite.web.problems import BadRequest
from ordersite.web.serializers import (
    MAX_ID,
    DegreesField,
    LineField,
    LowerEmailField,
    ParagraphField,
)
from vendors.payment_methods import find_method

MOST_MINUTES = 10_080
# What is JSON in their model, and may come as a text of it.
AS_TEXT = dict.fromkeys(
    ("products", "customer", "location", "ingredients", "options", "suboptions", "extras"), ("[", "{")
)
KEY = re.compile(r"id:([0-9]{1,18})\Z")
NUMBER = re.compile(r"[0-9]{1,18}\Z")
# Their clients order for now by sending the time that it is; it may be as old as the cart.
NOW_UNTIL = timedelta(hours=1)
# And a clock may be fast.
NOW_FROM = timedelta(minutes=5)


class KeyedField(serializers.DictField):
    """{"id:5": {…}} → {5: {…}}; an entry without a value counts as left out."""

    default_error_messages = {
        # PHP writes [5] for a place in a list as for a key: whether it is an id nobody knows.
        "not_a_dict": 'Send an object whose keys name ids, such as {{"id:5": {{…}}}}; in a form, [id:5] for [5].',
        "key": 'The key "{given}" is not valid: send one such as "id:5".',
        "many": f"At most {MOST_CHOICES} of them.",
    }

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            data = {key: value for key, value in data.items() if not is_blank(value)}
        given: Any = super().to_internal_value(data)
        if len(given) > MOST_CHOICES:
            self.fail("many")
        keyed = {}
        for key, value in given.items():
            found = KEY.match(key)
            if not found or int(found[1]) == 0:
                self.fail("key", given=key[:40])
            keyed[int(found[1])] = value
        return keyed


class IngredientInput(DialectInput):
    """`selected` false leaves it out."""

    selected = serializers.BooleanField()


class SuboptionInput(DialectInput):
    """A choice of a group."""

    selected = serializers.BooleanField(default=True)
    quantity = WholeField(min_value=1, max_value=MOST_QUANTITY, default=1)
    position = WordField(choices=["whole", "left", "right"], default="whole")
    text = ParagraphField(max_length=200, default="", help_text="For an option that asks for a text.")


class OptionInput(DialectInput):
    """What is chosen of a group."""

    suboptions = KeyedField(child=SuboptionInput(), default=dict)


class ExtraInput(DialectInput):
    """Something that is added to a product."""

    selected = serializers.BooleanField(default=True)
    quantity = WholeField(min_value=1, max_value=MOST_QUANTITY, default=1)


class ProductInput(DialectInput):
    """A line: a product of the business by its id; by staff also one by hand, with name and price."""

    id = IdField(required=False)
    name = LineField(max_length=120, required=False)
    price = AmountField(required=False)
    quantity = WholeField(min_value=1, max_value=MOST_QUANTITY, default=1)
    comment = ParagraphField(max_length=300, default="")
    ingredients = KeyedField(child=IngredientInput(), default=dict)
    options = KeyedField(child=OptionInput(), default=dict)
    extras = KeyedField(child=ExtraInput(), default=dict)

    def validate(self, attrs: Any) -> Any:
        if "id" not in attrs and ("name" not in attrs or "price" not in attrs):
            raise serializers.ValidationError({"id": ["Send the product's id."]})
        return attrs


class PointInput(DialectInput):
    """Where it goes: in degrees (WGS 84), in words, or both."""

    may_be_nowhere = False

    lat = DegreesField(min_value=-90, max_value=90, required=False)
    lng = DegreesField(min_value=-180, max_value=180, required=False)
    address = LineField(max_length=300, default="")
    address_notes = ParagraphField(max_length=300, default="")

    def validate(self, attrs: Any) -> Any:
        attrs = {"lat": None, "lng": None, **attrs}
        missing = [name for name in ("lat", "lng") if attrs[name] is None]
        if len(missing) == 1 or (missing and not attrs["address"] and not self.may_be_nowhere):
            raise serializers.ValidationError({name: ["Send a number of degrees, such as 50.85."] for name in missing})
        return attrs


class DestinationInput(PointInput):
    """Where it goes; of what is not delivered, nothing or anything."""

    may_be_nowhere = True


class CustomerInput(DialectInput):
    """A guest; one telephone number or e-mail is needed."""

    name = LineField(max_length=120)
    cellphone = LocalPhoneField(default="")
    phone = LocalPhoneField(default="")
    email = LowerEmailField(default="")
    address = LineField(max_length=300, default="")
    address_notes = ParagraphField(max_length=300, default="")
    location = LocationInput(required=False)

    def validate(self, attrs: Any) -> Any:
        if not (attrs["cellphone"] or attrs["phone"] or attrs["email"]):
            raise serializers.ValidationError({"cellphone": ["Send a cellphone, a phone or an email."]})
        return attrs


@extend_schema_field({"type": "string", "pattern": "^[0-9]{1,12}$"})
class CashField(WholeField):
    """What is handed over, a whole amount; 0 where nothing is said of it."""

    default_error_messages = {"invalid": "Send a whole amount without decimals, such as 50."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=10**12 - 1, **kwargs)


class PlaceInput(DialectInput):
    """An order to be placed."""

    texts = AS_TEXT

    paymethod_id = WordField(choices=sorted(PAYMETHOD_NAMES))
    business_id = IdField()
    customer_id = IdField(required=False, help_text="Only for staff: the customer for whom they order.")
    delivery_type = WholeField(min_value=1, max_value=5)
    delivery_datetime = MomentField(help_text="In UTC. The current time, or one just past, means as soon as possible.")
    comment = ParagraphField(max_length=500, default="")
    driver_tip = AmountField(required=False)
    pay_data = ParagraphField(
        max_length=4000,
        default="",
        help_text="With an online payment method: the number of a saved one. Anything else is not saved.",
    )
    delivery_zone_id = IdField(required=False)
    offer_id = IdField(required=False)
    location = DestinationInput()
    cash = CashField(required=False, help_text="More than the total, without decimals.")
    products = ProductInput(many=True, max_length=MOST_ITEMS)  # type: ignore[call-arg]
    total = AmountField(required=False)
    customer = CustomerInput(required=False)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            for name in ("status", "driver_id"):
                is_none = name == "driver_id" and whole_of(data.get(name)) == 0
                if not is_none and not self.is_nothing(None, data.get(name)):
                    detail = serializers.ErrorDetail(
                        "Can only be sent when an order is updated: leave it out.", "only_to_update"
                    )
                    raise serializers.ValidationError({name: [detail]})
            if "location" in data and self.is_nothing(self.fields["location"], data["location"]):
                data = {**data, "location": {}}
        return super().to_internal_value(data)

    def validate(self, attrs: Any) -> Any:
        place = attrs["location"]
        if attrs["delivery_type"] == Fulfilment.DELIVERY and place["lat"] is None and not place["address"]:
            missing = ["Send a number of degrees, such as 50.85."]
            raise serializers.ValidationError({"location": {"lat": missing, "lng": missing}})
        return attrs


class PageInput(DialectInput):
    """Which page of the list."""

    page = WholeField(min_value=1, max_value=10**9, default=1)
    page_size = PageSizeField()


class UpdateInput(DialectInput):
    """What changes; the rest of the model is refused where it differs, and what is not of it left aside."""

    texts = AS_TEXT

    status = WholeField(min_value=0, max_value=25, required=False)
    transition = WordField(
        choices=sorted(NAMES), required=False, help_text="The name of the change, which is required to undo something."
    )
    paymethod_id = WordField(choices=sorted(PAYMETHOD_NAMES), required=False)
    delivery_datetime = MomentField(required=False)
    comment = ParagraphField(max_length=500, required=False)
    driver_id = WholeField(
        min_value=0, max_value=MAX_ID, required=False, help_text="The id of a driver's user. 0: none."
    )
    driver_tip = AmountField(required=False)
    location = PointInput(required=False)
    cash = CashField(required=False)
    prepared_in = WholeField(min_value=1, max_value=MOST_MINUTES, required=False, help_text="Minutes.")
    delivered_in = WholeField(min_value=1, max_value=MOST_MINUTES, required=False, help_text="Minutes.")
    reason = ParagraphField(max_length=500, required=False, help_text="A reason's code, or a sentence.")
    proof = LineField(
        max_length=200, required=False, help_text="With a status: the proof of delivery that a business may require."
    )


def as_cash(amount: int | None, currency: str) -> Money | None:
    return Money(amount * 10 ** exponent(currency), currency) if amount else None


def asked_for(at: datetime, now: datetime) -> datetime | None:
    """The time asked for; None, as soon as can be, for the time that it is."""
    return None if now - NOW_UNTIL <= at <= now + NOW_FROM else at


def reason_of(text: str | None) -> tuple[str, str]:
    """A reason's code and text, from either; without one it is the dialect's own name."""
    said = (text or "").strip()
    known = REASONS.get(said)
    return (said, "") if known and not known.needs_text else ("other", said or DIALECT.title)


def as_placing(
    given: Mapping[str, Any],
    *,
    currency: str,
    country: str | None,
    digital: bool,
    offer: str,
    address: Address | None,
    customer_id: int | None,
    now: datetime,
) -> Placing:
    """The order as our services know it; what was looked up for it is handed in."""
    method = PAYMETHOD_NAMES[given["paymethod_id"]]
    saved = given["pay_data"] or ""
    fetched = digital and given["delivery_type"] == Fulfilment.PICKUP
    guest, tip = given.get("customer"), given.get("driver_tip")
    items, custom = as_lines(given, currency)
    cart = Cart(
        vendor_id=given["business_id"],
        items=items,
        custom=custom,
        # Codes show as fetched, and come at once and by themselves.
        fulfilment=None if fetched else Fulfilment(given["delivery_type"]),
        deliver_at=None if fetched else asked_for(given["delivery_datetime"], now),
        place=place_of(given, address),
        delivery_zone_id=given.get("delivery_zone_id"),
        offer=offer,
        comment=given["comment"] or "",
    )
    checkout = Checkout(
        carts=[cart],
        payment_method=method,
        saved_method_id=int(saved) if find_method(method).is_online and NUMBER.match(saved) else None,
        driver_tip=minor_amount(tip, currency, "/driver_tip") if tip is not None else None,
        cash=as_cash(given.get("cash"), currency),
        currency=currency,
    )
    return Placing(checkout=checkout, customer_id=customer_id, guest=as_guest(guest, country) if guest else None)


def place_of(given: Mapping[str, Any], saved: Address | None) -> Place:
    """Where it goes; a delivery to a point alone has the text of a saved address near it, else the point as text."""
    place = Place(**given["location"])
    if not lacks_text(given):
        return place
    if saved:
        return replace(place, address=saved.address, address_notes=place.address_notes or saved.address_notes)
    return replace(place, address=write_point(Point(given["location"]["lat"], given["location"]["lng"])))


def lacks_text(given: Mapping[str, Any]) -> bool:
    """Whether it is a delivery to a point of which nobody says the address."""
    guest = given.get("customer") or {}
    return given["delivery_type"] == Fulfilment.DELIVERY and not (given["location"]["address"] or guest.get("address"))


def as_lines(given: Mapping[str, Any], currency: str) -> tuple[list[CartItem], list[CustomLine]]:
    """Products of the menu, and those by hand; `total` where there is nothing else."""
    items = [as_item(line) for line in given["products"] if "id" in line]
    custom = [
        CustomLine(
            name=line["name"], amount=minor_amount(line["price"] * line["quantity"], currency, f"/products/{at}/price")
        )
        for at, line in enumerate(given["products"])
        if "id" not in line
    ]
    if not given["products"] and given.get("total") is not None:
        custom = [CustomLine(name="Total", amount=minor_amount(given["total"], currency, "/total"))]
    return items, custom


def as_item(line: Mapping[str, Any]) -> CartItem:
    """One line: what is not selected is not ordered, an ingredient that is not is left out."""
    chosen = [
        CartOption(option=pk, quantity=one["quantity"], position=one["position"], text=one["text"])
        for _, pk, one in chosen_of(line)
    ]
    return CartItem(
        product=line["id"],
        quantity=line["quantity"],
        comment=line["comment"] or "",
        options=chosen,
        extras=[CartExtra(extra=pk, quantity=line["extras"][pk]["quantity"]) for pk in extras_of(line)],
        without=left_out_of(line),
    )


def chosen_of(line: Mapping[str, Any]) -> list[tuple[int, int, Mapping[str, Any]]]:
    """What is chosen of a product: group, option, and how."""
    return [
        (group, pk, one)
        for group, given in line["options"].items()
        for pk, one in given["suboptions"].items()
        if one["selected"]
    ]


def extras_of(line: Mapping[str, Any]) -> list[int]:
    return [pk for pk, one in line["extras"].items() if one["selected"]]


def left_out_of(line: Mapping[str, Any]) -> list[int]:
    return [pk for pk, one in line["ingredients"].items() if not one["selected"]]


def check_groups(products: Sequence[Mapping[str, Any]], groups: Mapping[int, int]) -> None:
    """Raises BadRequest for a choice under another group than its own, of `groups` by option."""
    for at, line in enumerate(products):
        for group, pk, _ in chosen_of(line):
            own = groups.get(pk, group)
            if own != group:
                pointer = f"/products/{at}/options/id:{group}/suboptions/id:{pk}"
                raise BadRequest(pointer, "unknown", f"It is a choice of id:{own}: send it there.")


@contextmanager
def told_by_ids(products: Sequence[Mapping[str, Any]]) -> Iterator[None]:
    """A refusal of the items points to where the client sent what is wrong: by ids where ours has places in lists."""
    try:
        yield
    except Refusal as refusal:
        refusal.faults = [told_by_id(fault, products) for fault in refusal.faults]
        raise


def told_by_id(fault: Fault, products: Sequence[Mapping[str, Any]]) -> Fault:
    """The fault of an item with the way to it as it was sent; what is entered by hand is no item."""
    if not fault.at or fault.at[0].field != Field.ITEMS:
        return fault
    at = [place for place, line in enumerate(products) if "id" in line][int(fault.at[0].key or 0)]
    line, way = products[at], [Step(Field.ITEMS, at)]
    for step in fault.at[1:]:
        index = int(step.key or 0)
        match step.field:
            case Field.OPTIONS:
                group, pk, _ = chosen_of(line)[index]
                way.append(Step(step.field, f"id:{group}/suboptions/id:{pk}"))
            case Field.EXTRAS:
                way.append(Step(step.field, f"id:{extras_of(line)[index]}"))
            case _:
                way.append(Step(step.field, f"id:{left_out_of(line)[index]}"))
    # The choice itself is named by its id, which ends the way.
    return fault.moved(None if fault.field in (Field.OPTION, Field.EXTRA) else fault.field, tuple(way))


def phone_of(given: Mapping[str, Any], country: str | None) -> str:
    """The guest's number; where it has no country's code it is one of the business's country."""
    name = "cellphone" if given["cellphone"] else "phone"
    return with_country(given[name] or "", country, f"/customer/{name}")


def as_guest(given: Mapping[str, Any], country: str | None) -> Guest:
    location = given.get("location") or {}
    return Guest(
        name=given["name"],
        phone=phone_of(given, country),
        email=given["email"] or "",
        place=Place(
            address=given["address"] or "",
            address_notes=given["address_notes"] or "",
            lat=location.get("lat"),
            lng=location.get("lng"),
        ),
    )
