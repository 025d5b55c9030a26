"""What Kesk calls the fields that a refusal names, and what it says in its own words."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from ordersite.core.codes import FaultCode
from ordersite.core.fields import Field
from ordersite.core.units import Grams, Millimetres
from ordersite.core.wording import Names, Wording

PLACE, PICKUP, DROPOFF = "delivery_address_id", "pickup_address", "dropoff_address"
# What this API has no field for.
LACKS = frozenset(
    {
        *(Field.CUSTOMER, Field.GUEST, Field.CUSTOM, Field.AMOUNT, Field.NAME, Field.SUBSTITUTE, Field.EXTERNAL_CODE),
        *(Field.CURRENCY, Field.DRIVER_TIP, Field.CASH, Field.SAVE_PAYMENT_METHOD, Field.TABLE, Field.VEHICLE),
        *(Field.LOCKER, Field.SELF_DELIVERY, Field.TRACKING_NUMBER, Field.CARRIER, Field.PREPARED_IN),
        *(Field.DELIVERED_IN, Field.LABEL, Field.VISIBLE_TO, Field.ITEM, Field.LINE),
        *(Field.SEND, Field.FILE, Field.MAX_USES, Field.PASSWORD, Field.TOKEN),
        *(Field.DONE_AT, Field.VERSION, Field.CATEGORIES, Field.PRODUCTS),
        *(Field.ID, Field.CATEGORY, Field.STATION, Field.CONDITION, Field.PRICE, Field.HALF_PRICE, Field.PRICE_PER),
        *(Field.PLU_CODE, Field.UNAVAILABLE_UNTIL, Field.STOCK_CHANGE, Field.OPTION_GROUPS, Field.MAXIMUM),
        *(Field.HOURS, Field.WEEKDAY, Field.CLOSED, Field.OPENS, Field.SLOT_VALUE),
        *(Field.URL, Field.TYPES, Field.MERCHANT, Field.SITE, Field.VAT_NUMBER),
        *(Field.ADDRESS_NOTES, Field.REASON_CODE),
    }
)
NAMES: Names = {
    Field.VENDORS: "data",
    Field.VENDOR: "vendor_id",
    Field.TYPE: "type",
    Field.ITEMS: "items",
    Field.PRODUCT: "product_id",
    Field.QUANTITY: "quantity",
    Field.OPTIONS: "options",
    Field.OPTION: "option_id",
    Field.POSITION: "position",
    Field.TEXT: "text",
    Field.EXTRAS: "extras",
    Field.EXTRA: "extra_id",
    Field.WITHOUT: "without",
    Field.COMMENT: "notes",
    Field.OFFER: "coupon_code",
    # Where and how it is brought is one field: a saved address, or none to collect it.
    **dict.fromkeys((Field.ADDRESS, Field.LOCATION, Field.DELIVERY_TYPE, Field.DELIVERY_ZONE, Field.PLACE), PLACE),
    **dict.fromkeys((Field.DELIVER_AT, Field.AT), "scheduled_at"),
    # What is sent or booked stands beside everything else.
    **dict.fromkeys((Field.PACKAGE, Field.PACKAGE_TYPE, (Field.PACKAGE, Field.PACKAGE_TYPE)), "package_type_id"),
    **{(Field.PACKAGE, side): side.value for side in (Field.WEIGHT, Field.WIDTH, Field.LENGTH, Field.HEIGHT)},
    **{side: side.value for side in (Field.WEIGHT, Field.WIDTH, Field.LENGTH, Field.HEIGHT)},
    **{(Field.PACKAGE, Field.PICKUP, part): PICKUP for part in (Field.ADDRESS, Field.LOCATION)},
    **{(Field.PACKAGE, Field.DROPOFF, part): DROPOFF for part in (Field.ADDRESS, Field.LOCATION)},
    **dict.fromkeys((Field.PICKUP, (Field.PACKAGE, Field.PICKUP)), PICKUP),
    **dict.fromkeys((Field.DROPOFF, (Field.PACKAGE, Field.DROPOFF)), DROPOFF),
    **dict.fromkeys((Field.SERVICE, (Field.SERVICE, Field.SERVICE)), "service_id"),
    (Field.SERVICE, Field.AT): "scheduled_at",
    (Field.SERVICE, Field.PLACE): PLACE,
    Field.SUBTOTAL: "sub_total",
    Field.DISCOUNT: "discount",
    Field.DELIVERY_FEE: "delivery_fee",
    Field.TAX_ADDED: "tax",
    Field.TOTAL: "total",
    Field.PAYMENT_METHOD: "payment_method",
    Field.SAVED_PAYMENT_METHOD: "saved_payment_method_id",
    Field.PHOTO: "photo",
    Field.PAYMENT_STATUS: "payment_status",
    Field.DRIVER: "driver_id",
    **dict.fromkeys((Field.TO, Field.TRANSITION), "status"),
    Field.REASON: "reason",
    # What a status lacks is told at the status.
    **dict.fromkeys((Field.CODE, Field.PROOF)),
    **dict.fromkeys(LACKS),
}
NO_SUCH_WAY = (
    "The vendor does not offer this way: send a delivery_address_id for delivery, or none to collect the order."
)
ONLY_PEOPLE = "Only a person can order here: sign in as one."
NO_POINT = (
    'and this address has no location: send {{"address": "…", "lat": 50.85, "lng": 4.35}}, or a saved address that has '
    "a point."
)


def shown(value: Any) -> str | None:
    """Of a package's measures: kilograms and centimetres."""
    if isinstance(value, Grams):
        return f"{Decimal(value).scaleb(-3).normalize():f} kg"
    if isinstance(value, Millimetres):
        return f"{Decimal(value).scaleb(-1).normalize():f} cm"
    return None


WORDING = Wording(
    names=NAMES,
    sentences={
        **dict.fromkeys((FaultCode.NOT_OFFERED_DELIVERY_TYPE, FaultCode.NOT_OFFERED_FOR_PACKAGE), NO_SUCH_WAY),
        **dict.fromkeys((FaultCode.NOT_OFFERED_FOR_SERVICE, FaultCode.NOT_OFFERED_DELIVERY), NO_SUCH_WAY),
        FaultCode.NOT_OFFERED_THERE: (
            "{name} is only offered at the {place}'s place: with delivery_address_id it is the customer's place, "
            "without one the vendor's."
        ),
        FaultCode.OUTSIDE_DELIVERY_ZONE: (
            "The vendor does not deliver to this address: choose another, or send none to collect the order."
        ),
        **dict.fromkeys((FaultCode.REQUIRED_GUEST, FaultCode.REQUIRED_GUEST_OR_SIGN_IN), ONLY_PEOPLE),
        FaultCode.REQUIRED_POINT_FOR_FEE: f"The fee depends on the distance, {NO_POINT}",
        FaultCode.REQUIRED_POINT_FOR_DISTANCE: f"{{name}} is carried {{most}} m at most, {NO_POINT}",
        FaultCode.GUARD_FAILED_PROOF: "The vendor requires a proof for this: send it as `code`.",
        FaultCode.AMOUNT_MISMATCH: "The amount is {expected}, not {sent}: ask /v1/order/summary again.",
    },
    shown=shown,
)
# Where only the fee is asked for, nothing can be collected instead.
FEE_WORDING = replace(
    WORDING,
    sentences={
        **WORDING.sentences,
        FaultCode.NOT_OFFERED_DELIVERY: "{vendor} does not deliver: choose another vendor.",
        FaultCode.OUTSIDE_DELIVERY_ZONE: "{vendor} does not deliver there: choose another address.",
    },
)
