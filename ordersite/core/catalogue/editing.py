"""Sentences for what these refuse: orders.services.editing and repricing."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.NOT_FOUND_ITEM: _("The order has no such item: read its items again."),
    FaultCode.REQUIRED_QUANTITY: _("{name} is sold in another unit: send a quantity too."),
    FaultCode.REQUIRED_PRODUCT: _("This item is not on the menu: send the product that replaces it."),
    FaultCode.FORBIDDEN_ITEMS: _(
        "Items can be changed by the vendor or staff, and by the customer until the order is accepted."
    ),
    FaultCode.OTHER_KIND: _("The items of a {kind} order cannot be changed: cancel it and place a new one."),
    FaultCode.ORDER_CLOSED_TO_CHANGES: _("The order is closed and can no longer be changed."),
    FaultCode.PICKED_UP: _(
        "The order is picked up, so its items can no longer be changed: refund the difference instead."
    ),
    FaultCode.ORDER_ACCEPTED_ITEMS: _(
        "The order is accepted, so only the vendor can change its items: ask the vendor."
    ),
    FaultCode.PREPARED: _("The order is prepared: undo that first (undo_ready), or ask staff."),
    FaultCode.REQUIRED_REASON_PREPARED: _("The order is prepared, so a reason is needed: say why its items change."),
    FaultCode.CURRENCY_CHANGED: _("The vendor now sells in {currency}: cancel the order and place a new one."),
    FaultCode.ITEM_REFUNDED: _("Money was refunded for this item, so it can no longer be changed."),
    FaultCode.LAST_ITEM: _("An order has at least one item: cancel the order instead."),
    FaultCode.TOO_MANY_ITEMS: _("An order has at most {most} items: place another order."),
    FaultCode.TOO_LARGE_AFTER: _("The order would become too large: order less."),
    FaultCode.REQUIRED_CONSENT: _("Say how the customer agreed to the change."),
    FaultCode.NOT_FOUND_CHANGE: _("The order has no such change: read its changes again."),
    FaultCode.FORBIDDEN_DECIDING: _("Only the customer can accept or refuse a change."),
    FaultCode.CHANGE_DECIDED: _("This change is no longer waiting: it was {state}."),
    FaultCode.OTHER_DIFFERENCE: _("The price difference is no longer the same."),
    FaultCode.CHANGE_LAPSED: _("The change can no longer be made: {why} It must be proposed again."),
    FaultCode.ORDER_ACCEPTED_FIELDS: _("The order is accepted: {names} can no longer be changed. Ask the vendor."),
    FaultCode.REQUIRED_REASON_OF_DELAY: _("A delay needs a reason: send one of {known}."),
    FaultCode.REQUIRED_REASON_OF_VENDOR: _("A change by the vendor needs a reason: send one of {known}."),
    FaultCode.UNKNOWN_REASON: _("Send one of {known}."),
    FaultCode.FORBIDDEN_FIELD: _("This can be changed by {who} only: leave it out."),
    FaultCode.REQUIRED_REASON_TEXT: _("This {field:reason_code} needs a text: send it as {field:reason}."),
    FaultCode.UNKNOWN_ADDRESS_OF_CUSTOMER: _(
        "Only the customer can choose a saved address: send the address as a text."
    ),
    FaultCode.TOO_EARLY: _(
        "The vendor can only move an order to a later time: the customer has to ask for an earlier one."
    ),
    FaultCode.FIXED_TIME: _("Digital codes are issued at once: there is no time to change."),
    FaultCode.NO_ITEMS_YET: _("The order has no items yet: add one before changing the payment method."),
    FaultCode.WALLET_OF_GUEST: _("A guest has no wallet: choose another payment method."),
    FaultCode.TOO_LARGE_TIP: _("The order would become too large: send a smaller tip."),
    FaultCode.NO_DELIVERY_DRIVER: _("Only a delivery has a driver: leave it out."),
    FaultCode.DRIVER_HOLDS: _("A driver has accepted the order: take that driver off it first (look_for_driver)."),
    FaultCode.UNKNOWN_DRIVER: _("There is no such driver, or it is not yours to choose."),
    FaultCode.OFF_DUTY: _("This driver is off duty or deactivated: choose another."),
    FaultCode.NO_DELIVERY: _("Only for a delivery: leave it out."),
    FaultCode.NOT_SENT_CANCELLED: _("The order is cancelled: no parcel of it is sent."),
    FaultCode.NOT_SENT_SERVICE: _(
        "A booked service is not sent as a parcel: only one that is placed as a delivery, with an address, is sent."
    ),
    FaultCode.NOT_SENT_CODES: _("The codes of this order are not sent as a parcel: it takes no tracking number."),
    FaultCode.NOT_SENT_EATEN: _(
        "The customer eats this order at the vendor's: only one that is placed as a delivery, with an address, is sent."
    ),
    FaultCode.NOT_SENT_COLLECTED: _(
        "The customer collects this order: only one that is placed as a delivery, with an address, is sent."
    ),
    FaultCode.REQUIRED_LOCATION_OF_ZONE: _(
        "The delivery fee depends on the zone: send the location of the new address too."
    ),
    FaultCode.OTHER_PLACE_UNKNOWN: _(
        "Address and location change together: send the location of the new address, or ask the vendor."
    ),
    FaultCode.NO_POINT: _(
        "This saved address has no location: add one to it, or send the address as a text with its location."
    ),
    FaultCode.OTHER_ZONE_BY_DISTANCE: _(
        "The delivery fee was calculated by distance, so the address cannot change: cancel the order and place a "
        "new one."
    ),
    FaultCode.OTHER_ZONE: _(
        "The new address is outside the delivery zone that was paid for: cancel the order and place a new one."
    ),
    FaultCode.FORBIDDEN_TRACKING: _("A tracking number can be added by the vendor or staff only."),
}
