"""What the shop calls the fields that a refusal names, and what it says in its own words."""

from typing import Any

from orders.lifecycle.table import Status
from orders.services.moving.labels import read_labels
from ordersite.core.codes import FaultCode
from ordersite.core.fields import Field
from ordersite.core.wording import Names, Wording

# What this API has no field for; an order has no time of its own here.
LACKS = frozenset(
    {
        *(Field.DELIVER_AT, Field.VENDORS, Field.TYPE, Field.EXTRAS, Field.EXTRA, Field.WITHOUT, Field.SUBSTITUTE),
        *(Field.CUSTOM, Field.AMOUNT, Field.COMMENT, Field.OFFER, Field.DELIVERY_ZONE, Field.ADDRESS_NOTES),
        *(Field.PACKAGE, Field.PACKAGE_TYPE, Field.PICKUP, Field.DROPOFF),
        *(Field.WEIGHT, Field.WIDTH, Field.LENGTH, Field.HEIGHT, Field.SERVICE, Field.AT, Field.PLACE, Field.TABLE),
        *(Field.VEHICLE, Field.LOCKER, Field.SUBTOTAL, Field.DISCOUNT, Field.DELIVERY_FEE, Field.TAX_ADDED),
        *(Field.TOTAL, Field.DRIVER_TIP, Field.CASH, Field.SAVED_PAYMENT_METHOD, Field.SAVE_PAYMENT_METHOD),
        *(Field.EXTERNAL_CODE, Field.PHOTO, Field.PAYMENT_STATUS, Field.DRIVER, Field.SELF_DELIVERY),
        *(Field.PREPARED_IN, Field.DELIVERED_IN, Field.REASON, Field.REASON_CODE, Field.VISIBLE_TO),
        *(Field.SEND, Field.POSITION, Field.FILE, Field.MAX_USES, Field.PASSWORD, Field.TOKEN),
        *(Field.DONE_AT, Field.VERSION, Field.CATEGORIES, Field.PRODUCTS),
        *(Field.ID, Field.CATEGORY, Field.STATION, Field.CONDITION, Field.PRICE, Field.HALF_PRICE, Field.PRICE_PER),
        *(Field.PLU_CODE, Field.UNAVAILABLE_UNTIL, Field.STOCK_CHANGE, Field.OPTION_GROUPS, Field.MAXIMUM),
        *(Field.HOURS, Field.WEEKDAY, Field.CLOSED, Field.OPENS, Field.SLOT_VALUE),
        *(Field.URL, Field.TYPES, Field.MERCHANT, Field.SITE, Field.VAT_NUMBER),
    }
)
NAMES: Names = {
    Field.VENDOR: "vendorId",
    Field.ITEMS: "items",
    Field.PRODUCT: "productId",
    Field.QUANTITY: "quantity",
    Field.OPTIONS: "options",
    Field.OPTION: "optionId",
    Field.TEXT: "text",
    Field.DELIVERY_TYPE: "deliveryType",
    Field.ADDRESS: "address",
    Field.LOCATION: "location",
    **dict.fromkeys((Field.CUSTOMER, Field.GUEST), "customer"),
    Field.NAME: "name",
    Field.CURRENCY: "currency",
    Field.PAYMENT_METHOD: "paymentMethod",
    **dict.fromkeys((Field.ITEM, Field.LINE), "itemId"),
    **dict.fromkeys((Field.LABEL, Field.TO), "statusId"),
    Field.TRANSITION: "transition",
    Field.TRACKING_NUMBER: "trackingNumber",
    Field.CARRIER: "carrier",
    # What a status lacks is told of the whole call.
    **dict.fromkeys((Field.CODE, Field.PROOF)),
    **dict.fromkeys(LACKS),
}


def shown(value: Any) -> str | None:
    """A status as this instance names it."""
    if not isinstance(value, Status):
        return None
    label = read_labels().first(value)
    return f"“{label.name if label else value.label}”"


WORDING = Wording(
    shown=shown,
    names=NAMES,
    sentences={
        FaultCode.VENDOR_PAUSED: "{vendor} takes no orders now: try again later.",
        FaultCode.VENDOR_CLOSED: "{vendor} is closed now: try again later.",
        FaultCode.SLOT_FULL: "{vendor} can take no more orders for that time: try again later.",
    },
)
