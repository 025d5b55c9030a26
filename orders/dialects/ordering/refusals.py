"""What Ordering calls the fields that a refusal names, and what it says in its own words."""

from ordersite.core.codes import FaultCode
from ordersite.core.fields import Field
from ordersite.core.wording import Names, Wording

# What this API has no field for.
LACKS = frozenset(
    {
        *(Field.VENDORS, Field.TYPE, Field.SUBSTITUTE, Field.EXTERNAL_CODE, Field.PACKAGE, Field.PACKAGE_TYPE),
        *(Field.PICKUP, Field.DROPOFF, Field.WEIGHT, Field.WIDTH),
        *(Field.LENGTH, Field.HEIGHT, Field.SERVICE, Field.AT, Field.PLACE, Field.TABLE, Field.VEHICLE, Field.LOCKER),
        *(Field.CURRENCY, Field.SUBTOTAL, Field.DISCOUNT, Field.DELIVERY_FEE, Field.TAX_ADDED, Field.PHOTO),
        *(Field.SAVE_PAYMENT_METHOD, Field.PAYMENT_STATUS, Field.SELF_DELIVERY, Field.TRACKING_NUMBER, Field.CARRIER),
        *(Field.LABEL, Field.VISIBLE_TO, Field.ITEM, Field.LINE, Field.SEND, Field.FILE),
        *(Field.MAX_USES, Field.PASSWORD, Field.TOKEN),
        *(Field.DONE_AT, Field.VERSION, Field.CATEGORIES, Field.PRODUCTS),
        *(Field.ID, Field.CATEGORY, Field.STATION, Field.CONDITION, Field.PRICE, Field.HALF_PRICE, Field.PRICE_PER),
        *(Field.PLU_CODE, Field.UNAVAILABLE_UNTIL, Field.STOCK_CHANGE, Field.OPTION_GROUPS, Field.MAXIMUM),
        *(Field.HOURS, Field.WEEKDAY, Field.CLOSED, Field.OPENS, Field.SLOT_VALUE),
        *(Field.URL, Field.TYPES, Field.MERCHANT, Field.SITE, Field.VAT_NUMBER),
    }
)
NAMES: Names = {
    Field.VENDOR: "business_id",
    **dict.fromkeys((Field.ITEMS, Field.CUSTOM), "products"),
    Field.PRODUCT: "id",
    Field.NAME: "name",
    Field.AMOUNT: "price",
    Field.QUANTITY: "quantity",
    Field.OPTIONS: "options",
    Field.OPTION: "suboptions",
    Field.POSITION: "position",
    Field.TEXT: "text",
    **dict.fromkeys((Field.EXTRAS, Field.EXTRA), "extras"),
    Field.WITHOUT: "ingredients",
    Field.COMMENT: "comment",
    Field.OFFER: "offer_id",
    Field.DELIVERY_TYPE: "delivery_type",
    Field.DELIVERY_ZONE: "delivery_zone_id",
    Field.DELIVER_AT: "delivery_datetime",
    Field.ADDRESS: "location/address",
    Field.ADDRESS_NOTES: "location/address_notes",
    Field.LOCATION: "location",
    Field.CUSTOMER: "customer_id",
    Field.GUEST: "customer",
    Field.TOTAL: "total",
    Field.DRIVER_TIP: "driver_tip",
    Field.CASH: "cash",
    Field.PAYMENT_METHOD: "paymethod_id",
    Field.SAVED_PAYMENT_METHOD: "pay_data",
    Field.DRIVER: "driver_id",
    Field.PREPARED_IN: "prepared_in",
    Field.DELIVERED_IN: "delivered_in",
    Field.TO: "status",
    Field.TRANSITION: "transition",
    **dict.fromkeys((Field.REASON, Field.REASON_CODE), "reason"),
    **dict.fromkeys((Field.CODE, Field.PROOF), "proof"),
    **dict.fromkeys(LACKS),
}
WORDING = Wording(
    names=NAMES,
    sentences={
        FaultCode.REQUIRED_ADDRESS: "A delivery needs an address: send it with the location.",
        FaultCode.PAST: "This time has passed: send a later one, or the time that it is for as soon as possible.",
        FaultCode.TOO_SOON: (
            "{vendor} needs until {earliest}: send a later time, or the time that it is for as soon as possible."
        ),
        FaultCode.FORBIDDEN_CUSTOM: "Only staff can add products by hand: leave products without an id out.",
    },
)
