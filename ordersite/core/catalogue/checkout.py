"""Sentences for what these refuse: orders.pricing, orders.destinations, orders.services.placing."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.TOO_LARGE_ORDER: _("The order is too large: divide it into several orders."),
    FaultCode.BELOW_MINIMUM_ZONE: _("The minimum for delivery to {zone} is {minimum}: add items."),
    FaultCode.MAX_PER_ORDER: _("At most {most} × {product} in one order: lower the quantity."),
    FaultCode.UNKNOWN_PRODUCT: _("This vendor has no such product: read its menu."),
    FaultCode.UNAVAILABLE: _("{name} is not available now: leave it out."),
    FaultCode.UNKNOWN_SUBSTITUTE: _('Send another product of this vendor, or "remove".'),
    FaultCode.OTHER_UNIT: _("{name} is sold in another unit: choose a substitute that is sold in the same unit."),
    FaultCode.NEEDS_OPTIONS: _("{name} has options that must be chosen: choose another substitute."),
    FaultCode.UNKNOWN_OPTION: _("{product} has no such option: read the menu again."),
    FaultCode.DUPLICATE_CHOICE: _("{name} comes twice: send it once, with the quantity of both."),
    FaultCode.QUANTITY: _("In {group} each option can be chosen once only: send quantity 1."),
    FaultCode.MAX_QUANTITY: _("At most {most} × {name}: lower the quantity."),
    FaultCode.HALVES: _("{group} cannot be chosen for one half: send position whole."),
    FaultCode.REQUIRED_TEXT: _("{name} needs a text: send it as text."),
    FaultCode.TEXT: _("{name} takes no text: leave it out."),
    FaultCode.CONDITION: _("{group} can only be chosen with an option that is not chosen: leave it out."),
    FaultCode.MINIMUM: _("Choose at least {count} of {group}."),
    FaultCode.MINIMUM_HALVES: _("Choose at least {count} of {group}; a half counts as half."),
    FaultCode.MAXIMUM: _("Choose at most {count} of {group}."),
    FaultCode.MAXIMUM_HALVES: _("Choose at most {count} of {group}; a half counts as half."),
    FaultCode.UNKNOWN_EXTRA: _("{product} has no such extra: read the menu again."),
    FaultCode.UNKNOWN_INGREDIENT: _("{product} has no such ingredient to leave out: read the menu again."),
    FaultCode.REQUIRED_LOCATION: _(
        'A delivery needs a location: send {{"lat": …, "lng": …}}, or an address that can be looked up.'
    ),
    FaultCode.REQUIRED_LOCATION_OF_ADDRESS: _(
        'A delivery needs a location, and this address has none: send {{"lat": …, "lng": …}}.'
    ),
    FaultCode.REQUIRED_ADDRESS: _("A delivery needs an address: send a text, or the id of a saved one."),
    FaultCode.UNKNOWN_ZONE: _("{vendor} has no such delivery zone: leave it out."),
    FaultCode.OUTSIDE_DELIVERY_ZONE: _(
        "{vendor} does not deliver there: choose another address, or another delivery type."
    ),
    FaultCode.UNKNOWN_VENDOR: _("There is no such vendor: read {api}/vendors."),
    FaultCode.CURRENCY_OF_VENDORS: _(
        "{vendor} sells in {currency}, {other} in {other_currency}: place separate orders."
    ),
    FaultCode.CURRENCY_OF_VENDOR: _("{vendor} sells in {currency}: send that currency."),
    FaultCode.CURRENCY_OF_ORDER: _("The order is in {currency}: send that currency."),
    FaultCode.MIXED_CONTENT: _("An order has either items, a package or a service: place a separate order for each."),
    FaultCode.MIXED_DIGITAL: _("Digital codes cannot be ordered with other goods: place a separate order for them."),
    FaultCode.REQUIRED_CONTENT: _("The order is empty: send {wanted}."),
    FaultCode.OTHER_TYPE: _(
        "The content is that of a {kind} order: send {field:type} {kind}, or leave {field:type} out."
    ),
    FaultCode.REQUIRED_DELIVERY_TYPE: _("Send one of {offered}."),
    FaultCode.NOT_OFFERED_DELIVERY_TYPE: _("{vendor} does not offer {wanted}: it offers {offered}."),
    FaultCode.NOT_OFFERED_FOR_PACKAGE: _(
        "A package is always delivered: leave {field:delivery_type} out, or send delivery."
    ),
    FaultCode.NOT_OFFERED_DELIVERY: _("{vendor} does not deliver: choose another delivery type."),
    FaultCode.DIGITAL_DELIVERY: _("Digital codes are issued at once, without a delivery: leave {sent} out."),
    FaultCode.DIGITAL_PAID_BEFORE: _("Digital codes are paid in advance: choose a payment method other than cash."),
    FaultCode.NOT_TAKEN: _("{vendor} takes {taken}."),
    FaultCode.NOT_AVAILABLE_METHOD: _("This payment method is not available here: choose another."),
    FaultCode.CASH: _("Cash is only sent with the payment method cash: leave it out."),
    FaultCode.VENDOR_PAUSED: _("{vendor} takes no orders now: send {field:deliver_at} to order for later."),
    FaultCode.VENDOR_CLOSED: _("{vendor} is closed now: send {field:deliver_at} to order for later."),
    FaultCode.PAUSED: _("{vendor} takes no orders for that time: send a later one."),
    FaultCode.PAST: _("This time has passed: send a later one, or none for as soon as possible."),
    FaultCode.TOO_SOON: _("{vendor} needs until {earliest}: send a later time, or none for as soon as possible."),
    FaultCode.TOO_FAR_AHEAD: _("Orders are possible up to {days} days ahead: send an earlier time."),
    FaultCode.CLOSED: _("{vendor} is closed at that time: choose one from {api}/vendors/{id}/slots."),
    FaultCode.TOTAL_MISMATCH: _("The total is {expected}, not {sent}: ask for a new quote."),
    FaultCode.AMOUNT_MISMATCH: _("The amount is {expected}, not {sent}: ask for a new quote."),
    FaultCode.DECIMALS: _("Send a whole amount of cash, without decimals."),
    FaultCode.TOO_LITTLE: _("Send the cash that the customer pays with, above the total of {least}, or leave it out."),
    FaultCode.FORBIDDEN_CUSTOM: _("Only staff can add products by hand: leave `{field:custom}` out."),
    FaultCode.FORBIDDEN_EMPTY: _("Only staff and the vendor can place an order without items: send some."),
    FaultCode.NO_ITEMS_ONLINE: _(
        "An order without items cannot be paid online: choose another payment method, or send the items."
    ),
    FaultCode.FORBIDDEN_CUSTOMER: _("Only staff can order for a customer: leave `{field:customer}` out."),
    FaultCode.FORBIDDEN_OTHER_CUSTOMER: _(
        "Only staff can order for a customer that is not yours: send `{field:guest}` with a name and a phone."
    ),
    FaultCode.CUSTOMER: _("Send `{field:customer}` or `{field:guest}`, not both."),
    FaultCode.UNKNOWN_CUSTOMER: _("There is no customer with this id."),
    FaultCode.SIGNED_IN: _("You are signed in, so the order is for you: leave `{field:guest}` out."),
    FaultCode.REQUIRED_GUEST: _("Send `{field:guest}` with a name and a phone or an e-mail."),
    FaultCode.REQUIRED_GUEST_OR_SIGN_IN: _("Sign in, or send `{field:guest}` with a name and a phone or an e-mail."),
    FaultCode.UNKNOWN_ADDRESS: _("There is no such saved address: read {api}/me/addresses."),
    FaultCode.SAVED_ADDRESS: _(
        "A saved address has its own location: leave the location out, or send the address as a text."
    ),
    FaultCode.NOT_TRANSFER: _(
        "Photos are the proof of a transfer: send transfer as the payment method, or leave the photos out."
    ),
    FaultCode.REQUIRED_PACKAGE: _(
        "The package is missing: send what is sent, from where and to whom as `{field:package}`."
    ),
    FaultCode.UNKNOWN_PACKAGE_TYPE: _(
        "{vendor} does not carry this type of package: read {api}/vendors/{id}/package-types."
    ),
    FaultCode.TOO_FAR_TO_CARRY: _(
        "{name} is carried {most} m at most, but this is {distance} m: choose closer addresses."
    ),
    FaultCode.TOO_LARGE_PACKAGE: _(
        "The amount is larger than one order can have: choose closer addresses or a lighter package."
    ),
    FaultCode.REQUIRED_STOP_ADDRESS: _("The address is missing: send one."),
    FaultCode.REQUIRED_POINT_FOR_FEE: _(
        'The fee depends on the distance, and this address has no location: send {{"lat": …, "lng": …}}.'
    ),
    FaultCode.REQUIRED_POINT_FOR_DISTANCE: _(
        '{name} is carried {most} m at most, and this address has no location: send {{"lat": …, "lng": …}}.'
    ),
    FaultCode.TOO_HEAVY: _("{name} may weigh {most} at most: choose another type."),
    FaultCode.REQUIRED_SIDE: _("{name} may be {most} long at most: send the {side}."),
    FaultCode.TOO_LARGE_SIDE: _("{name} may be {most} long at most: choose another type."),
    FaultCode.GUEST_LIMIT: _(
        "{vendor} takes orders from guests up to {most} before they are paid: pay online, or sign in."
    ),
    FaultCode.UNKNOWN_CALLER: _("Only a signed-in caller can send an {field:external_code}: sign in, or leave it out."),
    FaultCode.WALLET_GUEST: _("A guest has no wallet: sign in, or choose another payment method."),
    FaultCode.FORBIDDEN_EARLIER_ORDER: _(
        "You used this code for an order that you can no longer see: send another one."
    ),
    FaultCode.REQUIRED_SERVICE: _("A booking needs what is booked, for when and where: send `{field:service}`."),
    FaultCode.NOT_OFFERED_FOR_SERVICE: _(
        "A service at the {place}'s place has the delivery type {wanted}: send that, or leave it out."
    ),
    FaultCode.DELIVER_AT: _("The time of a service is its own `{field:at}`: leave {field:deliver_at} out."),
    FaultCode.BELOW_MINIMUM_SERVICE: _("The minimum in {zone} is {minimum}: choose another service."),
    FaultCode.TOO_LARGE_SERVICE: _("The amount is larger than one order can have: choose another service."),
    FaultCode.REQUIRED_TIME: _("A service needs a time: send another one."),
    FaultCode.UNKNOWN_SERVICE: _("{vendor} offers no such service: read {api}/vendors/{id}/services."),
    FaultCode.CUSTOMER_ERASED: _("This customer was erased: nothing can be ordered for it any more."),
    FaultCode.NOT_OFFERED_THERE: _("{name} is only offered at the {place}'s place: choose that place."),
}
