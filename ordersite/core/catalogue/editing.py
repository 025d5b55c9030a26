"""Sentences for what these refuse: orders.services.editing and repricing."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.NOT_FOUND_ITEM: _("The order has no such item: read its items again."),
    Code.REQUIRED_QUANTITY: _("{name} is sold in another unit: send a quantity too."),
    Code.REQUIRED_PRODUCT: _("This item is not on the menu: send the product that replaces it."),
    Code.FORBIDDEN_ITEMS: _(
        "Items can be changed by the vendor or staff, and by the customer until the order is accepted."
    ),
    Code.OTHER_KIND: _("The items of a {kind} order cannot be changed: cancel it and place a new one."),
    Code.ORDER_CLOSED_TO_CHANGES: _("The order is closed and can no longer be changed."),
    Code.PICKED_UP: _("The order is picked up, so its items can no longer be changed: refund the difference instead."),
    Code.ORDER_ACCEPTED_ITEMS: _("The order is accepted, so only the vendor can change its items: ask the vendor."),
    Code.PREPARED: _("The order is prepared: undo that first (undo_ready), or ask staff."),
    Code.REQUIRED_REASON_PREPARED: _("The order is prepared, so a reason is needed: say why its items change."),
    Code.CURRENCY_CHANGED: _("The vendor now sells in {currency}: cancel the order and place a new one."),
    Code.ITEM_REFUNDED: _("Money was refunded for this item, so it can no longer be changed."),
    Code.LAST_ITEM: _("An order has at least one item: cancel the order instead."),
    Code.TOO_MANY_ITEMS: _("An order has at most {most} items: place another order."),
    Code.TOO_LARGE_AFTER: _("The order would become too large: order less."),
    Code.REQUIRED_CONSENT: _("Say how the customer agreed to the change."),
    Code.NOT_FOUND_CHANGE: _("The order has no such change: read its changes again."),
    Code.FORBIDDEN_DECIDING: _("Only the customer can accept or refuse a change."),
    Code.CHANGE_DECIDED: _("This change is no longer waiting: it was {state}."),
    Code.OTHER_DIFFERENCE: _("The price difference is no longer the same."),
    Code.CHANGE_LAPSED: _("The change can no longer be made: {why} It must be proposed again."),
    Code.ORDER_ACCEPTED_FIELDS: _("The order is accepted: {names} can no longer be changed. Ask the vendor."),
    Code.REQUIRED_REASON_OF_DELAY: _("A delay needs a reason: send one of {known}."),
    Code.REQUIRED_REASON_OF_VENDOR: _("A change by the vendor needs a reason: send one of {known}."),
    Code.UNKNOWN_REASON: _("Send one of {known}."),
    Code.FORBIDDEN_FIELD: _("This can be changed by {who} only: leave it out."),
    Code.REQUIRED_REASON_TEXT: _("This {field:reason_code} needs a text: send it as {field:reason}."),
    Code.UNKNOWN_ADDRESS_OF_CUSTOMER: _("Only the customer can choose a saved address: send the address as a text."),
    Code.TOO_EARLY: _("The vendor can only move an order to a later time: the customer has to ask for an earlier one."),
    Code.FIXED_TIME: _("Digital codes are issued at once: there is no time to change."),
    Code.NO_ITEMS_YET: _("The order has no items yet: add one before changing the payment method."),
    Code.WALLET_OF_GUEST: _("A guest has no wallet: choose another payment method."),
    Code.TOO_LARGE_TIP: _("The order would become too large: send a smaller tip."),
    Code.NO_DELIVERY_DRIVER: _("Only a delivery has a driver: leave it out."),
    Code.DRIVER_HOLDS: _("A driver has accepted the order: take that driver off it first (look_for_driver)."),
    Code.UNKNOWN_DRIVER: _("There is no such driver, or it is not yours to choose."),
    Code.OFF_DUTY: _("This driver is off duty or deactivated: choose another."),
    Code.NO_DELIVERY: _("Only for a delivery: leave it out."),
    Code.NOT_SENT_CANCELLED: _("The order is cancelled: no parcel of it is sent."),
    Code.NOT_SENT_SERVICE: _(
        "A booked service is not sent as a parcel: only one that is placed as a delivery, with an address, is sent."
    ),
    Code.NOT_SENT_CODES: _("The codes of this order are not sent as a parcel: it takes no tracking number."),
    Code.NOT_SENT_EATEN: _(
        "The customer eats this order at the vendor's: only one that is placed as a delivery, with an address, is sent."
    ),
    Code.NOT_SENT_COLLECTED: _(
        "The customer collects this order: only one that is placed as a delivery, with an address, is sent."
    ),
    Code.REQUIRED_LOCATION_OF_ZONE: _(
        "The delivery fee depends on the zone: send the location of the new address too."
    ),
    Code.OTHER_PLACE_UNKNOWN: _(
        "Address and location change together: send the location of the new address, or ask the vendor."
    ),
    Code.NO_POINT: _(
        "This saved address has no location: add one to it, or send the address as a text with its location."
    ),
    Code.OTHER_ZONE_BY_DISTANCE: _(
        "The delivery fee was calculated by distance, so the address cannot change: cancel the order and place a "
        "new one."
    ),
    Code.OTHER_ZONE: _(
        "The new address is outside the delivery zone that was paid for: cancel the order and place a new one."
    ),
    Code.FORBIDDEN_TRACKING: _("A tracking number can be added by the vendor or staff only."),
}
