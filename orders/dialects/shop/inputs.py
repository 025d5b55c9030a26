"""What a shop's client sends. The shop's documents show no body: fields that are not known here are passed over."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from orders.checkout import MOST_CHOICES, MOST_ITEMS, MOST_QUANTITY, Cart, Checkout, Place
from orders.dialects.base import (
    CurrencyField,
    DialectInput,
    IdField,
    LocalPhoneField,
    LocationInput,
    PageSizeField,
    WholeField,
    WordField,
    is_blank,
    whole_of,
    with_country,
)
from orders.fields import FulfilmentInputField
from orders.lifecycle.table import NAMES, Fulfilment
from orders.pricing import CartItem, CartOption
from orders.reading.selectors import active_vendor, products_on_sale, vendors_served
from orders.services.paying.providers import available_methods
from orders.services.placing.parties import Guest, Placing
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import InvalidFields
from ordersite.web.problems import BadRequest
from ordersite.web.serializers import (
    LineField,
    LowerEmailField,
    ParagraphField,
)
from vendors.models import Product, Vendor
from vendors.payment_methods import METHOD_NAMES, find_method
from vendors.permissions import serves

# How an order is paid where its client does not say.
USUAL_METHODS = ("transfer", "cash")


def fault(message: str, code: str = "required") -> list[serializers.ErrorDetail]:
    return [serializers.ErrorDetail(message, code)]


class DeliveryTypeField(FulfilmentInputField):
    """A delivery type by name, in any case, or number."""

    def to_internal_value(self, data: Any) -> Fulfilment:
        number = whole_of(data)
        if number is None and isinstance(data, str):
            data = data.strip().lower()
        return super().to_internal_value(data if number is None else number)


class CustomerInput(DialectInput):
    """Who orders: one who is known by its id, whatever else is sent, or anybody by name and how to be reached."""

    id = IdField(required=False, help_text="The id of a known customer; name, email and phone are then ignored.")
    name = LineField(max_length=120, required=False, help_text="First and last name.")
    email = LowerEmailField(required=False, help_text="With a name, an email or a phone is required.")
    phone = LocalPhoneField(required=False, help_text="Without a country code it is a number of the vendor's country.")

    def run_validation(self, data: Any = empty) -> Any:
        # The id alone stands for a customer too; a client that has read one sends all of it.
        if whole_of(data) is not None:
            data = {"id": data}
        if isinstance(data, Mapping) and not self.is_nothing(self.fields["id"], data.get("id")):
            data = {"id": data["id"]}
        return super().run_validation(data)

    def validate(self, attrs: Any) -> Any:
        if "id" in attrs:
            return attrs
        if "name" not in attrs:
            raise serializers.ValidationError({"name": fault("Send the customer's id, or a name.")})
        if not attrs.get("email") and not attrs.get("phone"):
            raise serializers.ValidationError(
                {"email": fault("Send an email or a phone, so that the customer can be reached.")}
            )
        return attrs


class OptionInput(DialectInput):
    """A choice for a product."""

    optionId = IdField(help_text="The id of an option on the vendor's menu.")
    quantity = WholeField(
        min_value=1, max_value=MOST_QUANTITY, default=1, help_text="How many for one unit of the product."
    )


class OptionsField(serializers.ListField):
    """Choices; what is left out of a product is read among them without an id, and is none."""

    child = OptionInput()

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=MOST_CHOICES, required=False, help_text="The chosen options.", **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, list):
            data = [one for one in data if not (isinstance(one, Mapping) and is_left_out(one))]
        return super().to_internal_value(data)


def is_left_out(option: Mapping[str, Any]) -> bool:
    """As a line shows what has no id among its options (OptionOutput); its id in a form is empty, or not there."""
    return bool(option.get("name")) and is_blank(option.get("optionId"))


class ItemInput(DialectInput):
    """A product, and what is chosen where it asks for choices."""

    productId = IdField(help_text="The id of a product on the vendor's menu.")
    quantity = WholeField(min_value=1, max_value=MOST_QUANTITY, help_text="How many.")
    options = OptionsField()


class CreateInput(DialectInput):
    """A new order. Staff and the vendor's people may leave the items out and add them later."""

    customer = CustomerInput(required=False, help_text="By default the caller.")
    currency = CurrencyField(help_text="ISO 4217; the vendor's currency.")
    items = ItemInput(  # type: ignore[call-arg]
        many=True, max_length=MOST_ITEMS, required=False, help_text="The products, all of the same vendor."
    )
    vendorId = IdField(
        required=False, help_text="By default the vendor of the items, otherwise your first vendor with this currency."
    )
    deliveryType = DeliveryTypeField(
        required=False, help_text="By default delivery if there is an address, otherwise pickup."
    )
    address = LineField(max_length=300, required=False, help_text="The address for a delivery.")
    location = LocationInput(required=False, help_text="The location of the address.")
    paymentMethod = WordField(
        choices=METHOD_NAMES,
        required=False,
        help_text="By default transfer, or cash if the vendor takes no transfers.",
    )

    def is_nothing(self, field: Any, value: Any) -> bool:
        """A customer may be its id alone, and that 0."""
        return super().is_nothing(field, value) or (isinstance(field, CustomerInput) and whole_of(value) == 0)


class EditItemInput(DialectInput):
    """Another product, another quantity, other choices, or all of them; what is left out stays."""

    itemId = IdField(help_text="The id of an item of the order.")
    productId = IdField(required=False, help_text="The product that replaces it.")
    quantity = WholeField(min_value=1, max_value=MOST_QUANTITY, required=False, help_text="The new quantity.")
    options = OptionsField()

    def validate(self, attrs: Any) -> Any:
        if attrs.keys() == {"itemId"}:
            raise serializers.ValidationError({"quantity": fault("Send productId, quantity or options.")})
        return attrs


def proof_field() -> LineField:
    return LineField(max_length=200, default="", help_text="The proof of delivery that a vendor may require.")


class StatusInput(DialectInput):
    """A status of the list of statuses."""

    statusId = IdField(help_text="The id of a status in the list of statuses.")
    transition = WordField(
        choices=sorted(NAMES), required=False, help_text="The name of the change, which is required to undo something."
    )
    proof = proof_field()


class TrackingInput(DialectInput):
    """A parcel that is on its way, or will be: of an order that is delivered, to its address."""

    trackingNumber = LineField(max_length=80, help_text="The number given by the carrier.")
    carrier = LineField(max_length=60, default="", help_text="The name of the carrier.")


class HistoryInput(DialectInput):
    """A record by hand."""

    text = ParagraphField(max_length=500, help_text="What happened; visible to everyone involved in the order.")


class FlagInput(DialectInput):
    """Nothing, or that the flag is set."""

    value = serializers.BooleanField(default=True, help_text="Always true: a flag cannot be unset.")
    proof = proof_field()

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation({"value": data} if isinstance(data, bool) else data)

    def validate_value(self, value: bool) -> bool:
        if not value:
            raise serializers.ValidationError(
                "A flag cannot be unset: set the order's status to an earlier one instead.", "not_taken_back"
            )
        return value


class ListInput(DialectInput):
    """Which orders, and which page of them."""

    zero_is_no_id = False

    customerId = IdField(required=False, help_text="The orders of this customer.")
    statusId = IdField(required=False, help_text="The orders with this status, by its id in the list of statuses.")
    email = LineField(max_length=254, required=False, help_text="The orders with this email, in upper or lower case.")
    page = WholeField(min_value=1, max_value=10**9, default=1, help_text="From 1.")
    limit = PageSizeField(help_text="Orders a page.")


def as_item(given: Mapping[str, Any]) -> CartItem:
    return CartItem(product=given["productId"], quantity=given["quantity"], options=as_options(given) or [])


def as_options(given: Mapping[str, Any]) -> list[CartOption] | None:
    """What is chosen; None where nothing is said of it."""
    if "options" not in given:
        return None
    return [CartOption(option=one["optionId"], quantity=one["quantity"]) for one in given["options"]]


def as_placing(given: Mapping[str, Any], caller: Caller) -> Placing:
    """One vendor's cart, with what the client leaves open filled in as the vendor offers it."""
    items = [as_item(item) for item in given.get("items", ())]
    products = [item.product for item in items]
    found = products_on_sale(products) if products else {}
    vendor = find_vendor(given, products, found, caller)
    is_digital = any(found[pk].is_digital for pk in products if pk in found)
    customer = given.get("customer")
    is_own = customer is None or ("id" in customer and customer["id"] == caller.customer_id)
    if not is_own and products:
        check_own(vendor, given, caller)
    location = given.get("location") or {}
    cart = Cart(
        vendor_id=vendor.pk,
        items=items,
        is_empty=not items,
        fulfilment=given.get("deliveryType") or (None if is_digital else usual_way(vendor, given)),
        place=Place(address=given.get("address", ""), lat=location.get("lat"), lng=location.get("lng")),
    )
    return Placing(
        checkout=Checkout(
            carts=[cart],
            currency=given["currency"],
            payment_method=given.get("paymentMethod") or usual_method(vendor, is_digital=is_digital),
        ),
        customer_id=customer.get("id") if customer and not is_own else None,
        guest=as_guest(customer, vendor) if customer and "name" in customer else None,
    )


def as_guest(customer: Mapping[str, Any], vendor: Vendor) -> Guest:
    phone = with_country(customer.get("phone", ""), vendor.country or None, "/customer/phone")
    return Guest(name=customer["name"], email=customer.get("email", ""), phone=phone)


def find_vendor(
    given: Mapping[str, Any], products: Sequence[int], found: Mapping[int, Product], caller: Caller
) -> Vendor:
    """Of whom it is ordered: as sent, whose products they are, or the first whom the caller serves in this currency."""
    vendor_id = given.get("vendorId")
    if vendor_id is None:
        return vendor_of(products, found) if products else usual_vendor(given["currency"], caller)
    vendor = active_vendor(vendor_id)
    if vendor is None:
        raise BadRequest("/vendorId", "unknown", "There is no vendor with this id.")
    return vendor


def check_own(vendor: Vendor, given: Mapping[str, Any], caller: Caller) -> None:
    """Raises BadRequest where a vendor's people order for somebody from a vendor that is not theirs."""
    if serves(caller, Right.PLACE_ORDERS, vendor.pk) or not vendors_served(caller, Right.PLACE_ORDERS).exists():
        return
    if "vendorId" in given:
        raise BadRequest("/vendorId", "other_vendor", "This is no vendor of yours: for a customer, send one that is.")
    detail = "No vendor of yours sells this product: for a customer, send products of yours."
    raise BadRequest("/items/0/productId", "other_vendor", detail)


@contextmanager
def told_its_vendor(product_id: int | None) -> Iterator[None]:
    """Where the order's vendor has no such product, and another one has, tells by which vendor it can be ordered."""
    try:
        yield
    except InvalidFields as refused:
        is_unknown = any(fault.code == FaultCode.UNKNOWN_PRODUCT and not fault.at for fault in refused.faults)
        product = products_on_sale([product_id]).get(product_id) if product_id and is_unknown else None
        if product is None:
            raise
        detail = f"Another vendor sells this product: create an order for it with `vendorId` {product.vendor_id}."
        raise BadRequest("/productId", "other_vendor", detail) from refused


def usual_vendor(currency: str, caller: Caller) -> Vendor:
    """The first vendor, by id, of this currency; raises BadRequest for who serves several merchants, or none."""
    served = vendors_served(caller, Right.PLACE_ORDERS)
    merchants = served.order_by().values_list("merchant", flat=True).distinct()[:2]
    if len(merchants) != 1:
        why = "You work for several merchants" if merchants else "You work for no vendor"
        raise BadRequest("/vendorId", "required", f"{why}: send `vendorId`, or `items` with products of one vendor.")
    vendor = served.filter(currency=currency).order_by("pk").first()
    if vendor is None:
        raise BadRequest(
            "/currency", "no_vendor", f"None of your vendors sells in {currency}: send a currency of one of them."
        )
    return vendor


def vendor_of(products: Sequence[int], found: Mapping[int, Product]) -> Vendor:
    """The one vendor of all these products; raises BadRequest for one that is unknown or another vendor's."""
    for index, product in enumerate(products):
        if product not in found:
            raise BadRequest(f"/items/{index}/productId", "unknown", "There is no product with this id.")
        if found[product].vendor_id != found[products[0]].vendor_id:
            detail = "This product is sold by another vendor: create a separate order for each vendor."
            raise BadRequest(f"/items/{index}/productId", "other_vendor", detail)
    return found[products[0]].vendor


def usual_way(vendor: Vendor, given: Mapping[str, Any]) -> Fulfilment:
    """Delivered where an address says where to, else collected, else as the vendor names first."""
    ways = vendor.fulfilments
    if given.get("address") and Fulfilment.DELIVERY.slug in ways:
        return Fulfilment.DELIVERY
    return Fulfilment.PICKUP if Fulfilment.PICKUP.slug in ways or not ways else Fulfilment[ways[0].upper()]


def usual_method(vendor: Vendor, *, is_digital: bool) -> str:
    """By transfer, else in cash (codes never), else as the vendor names first."""
    methods = [name for name in vendor.payment_methods if name in available_methods()]
    if is_digital:
        methods = [name for name in methods if not find_method(name).is_on_handover]
    usual = [name for name in USUAL_METHODS if name in methods]
    # Where there is none placing refuses, and says what the vendor takes.
    return str([*usual, *methods, *vendor.payment_methods, "cash"][0])
