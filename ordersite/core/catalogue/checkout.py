"""Sentences for what these refuse: orders.pricing, orders.destinations, orders.services.placing."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.TOO_LARGE_ORDER: _("The order is too large: divide it into several orders."),
    Code.BELOW_MINIMUM_ZONE: _("The minimum for delivery to {zone} is {minimum}: add items."),
    Code.MAX_PER_ORDER: _("At most {most} × {product} in one order: lower the quantity."),
    Code.UNKNOWN_PRODUCT: _("This vendor has no such product: read its menu."),
    Code.UNAVAILABLE: _("{name} is not available now: leave it out."),
    Code.UNKNOWN_SUBSTITUTE: _('Send another product of this vendor, or "remove".'),
    Code.OTHER_UNIT: _("{name} is sold in another unit: choose a substitute that is sold in the same unit."),
    Code.NEEDS_OPTIONS: _("{name} has options that must be chosen: choose another substitute."),
    Code.UNKNOWN_OPTION: _("{product} has no such option: read the menu again."),
    Code.DUPLICATE_CHOICE: _("{name} comes twice: send it once, with the quantity of both."),
    Code.QUANTITY: _("In {group} each option can be chosen once only: send quantity 1."),
    Code.MAX_QUANTITY: _("At most {most} × {name}: lower the quantity."),
    Code.HALVES: _("{group} cannot be chosen for one half: send position whole."),
    Code.REQUIRED_TEXT: _("{name} needs a text: send it as text."),
    Code.TEXT: _("{name} takes no text: leave it out."),
    Code.CONDITION: _("{group} can only be chosen with an option that is not chosen: leave it out."),
    Code.MINIMUM: _("Choose at least {count} of {group}."),
    Code.MINIMUM_HALVES: _("Choose at least {count} of {group}; a half counts as half."),
    Code.MAXIMUM: _("Choose at most {count} of {group}."),
    Code.MAXIMUM_HALVES: _("Choose at most {count} of {group}; a half counts as half."),
    Code.UNKNOWN_EXTRA: _("{product} has no such extra: read the menu again."),
    Code.UNKNOWN_INGREDIENT: _("{product} has no such ingredient to leave out: read the menu again."),
    Code.REQUIRED_LOCATION: _(
        'A delivery needs a location: send {{"lat": …, "lng": …}}, or an address that can be looked up.'
    ),
    Code.REQUIRED_LOCATION_OF_ADDRESS: _(
        'A delivery needs a location, and this address has none: send {{"lat": …, "lng": …}}.'
    ),
    Code.REQUIRED_ADDRESS: _("A delivery needs an address: send a text, or the id of a saved one."),
    Code.UNKNOWN_ZONE: _("{vendor} has no such delivery zone: leave it out."),
    Code.OUTSIDE_DELIVERY_ZONE: _("{vendor} does not deliver there: choose another address, or another delivery type."),
    Code.UNKNOWN_VENDOR: _("There is no such vendor: read {api}/vendors."),
    Code.CURRENCY_OF_VENDORS: _("{vendor} sells in {currency}, {other} in {other_currency}: place separate orders."),
    Code.CURRENCY_OF_VENDOR: _("{vendor} sells in {currency}: send that currency."),
    Code.CURRENCY_OF_ORDER: _("The order is in {currency}: send that currency."),
    Code.MIXED_CONTENT: _("An order has either items, a package or a service: place a separate order for each."),
    Code.MIXED_DIGITAL: _("Digital codes cannot be ordered with other goods: place a separate order for them."),
    Code.REQUIRED_CONTENT: _("The order is empty: send {wanted}."),
    Code.OTHER_TYPE: _("The content is that of a {kind} order: send {field:type} {kind}, or leave {field:type} out."),
    Code.REQUIRED_DELIVERY_TYPE: _("Send one of {offered}."),
    Code.NOT_OFFERED_DELIVERY_TYPE: _("{vendor} does not offer {wanted}: it offers {offered}."),
    Code.NOT_OFFERED_FOR_PACKAGE: _(
        "A package is always delivered: leave {field:delivery_type} out, or send delivery."
    ),
    Code.NOT_OFFERED_DELIVERY: _("{vendor} does not deliver: choose another delivery type."),
    Code.DIGITAL_DELIVERY: _("Digital codes are issued at once, without a delivery: leave {sent} out."),
    Code.DIGITAL_PAID_BEFORE: _("Digital codes are paid in advance: choose a payment method other than cash."),
    Code.NOT_TAKEN: _("{vendor} takes {taken}."),
    Code.NOT_AVAILABLE_METHOD: _("This payment method is not available here: choose another."),
    Code.CASH: _("Cash is only sent with the payment method cash: leave it out."),
    Code.VENDOR_PAUSED: _("{vendor} takes no orders now: send {field:deliver_at} to order for later."),
    Code.VENDOR_CLOSED: _("{vendor} is closed now: send {field:deliver_at} to order for later."),
    Code.PAUSED: _("{vendor} takes no orders for that time: send a later one."),
    Code.PAST: _("This time has passed: send a later one, or none for as soon as possible."),
    Code.TOO_SOON: _("{vendor} needs until {earliest}: send a later time, or none for as soon as possible."),
    Code.TOO_FAR_AHEAD: _("Orders are possible up to {days} days ahead: send an earlier time."),
    Code.CLOSED: _("{vendor} is closed at that time: choose one from {api}/vendors/{id}/slots."),
    Code.TOTAL_MISMATCH: _("The total is {expected}, not {sent}: ask for a new quote."),
    Code.AMOUNT_MISMATCH: _("The amount is {expected}, not {sent}: ask for a new quote."),
    Code.DECIMALS: _("Send a whole amount of cash, without decimals."),
    Code.TOO_LITTLE: _("Send the cash that the customer pays with, above the total of {least}, or leave it out."),
    Code.FORBIDDEN_CUSTOM: _("Only staff can add products by hand: leave `{field:custom}` out."),
    Code.FORBIDDEN_EMPTY: _("Only staff and the vendor can place an order without items: send some."),
    Code.NO_ITEMS_ONLINE: _(
        "An order without items cannot be paid online: choose another payment method, or send the items."
    ),
    Code.FORBIDDEN_CUSTOMER: _("Only staff can order for a customer: leave `{field:customer}` out."),
    Code.FORBIDDEN_OTHER_CUSTOMER: _(
        "Only staff can order for a customer that is not yours: send `{field:guest}` with a name and a phone."
    ),
    Code.CUSTOMER: _("Send `{field:customer}` or `{field:guest}`, not both."),
    Code.UNKNOWN_CUSTOMER: _("There is no customer with this id."),
    Code.SIGNED_IN: _("You are signed in, so the order is for you: leave `{field:guest}` out."),
    Code.REQUIRED_GUEST: _("Send `{field:guest}` with a name and a phone or an e-mail."),
    Code.REQUIRED_GUEST_OR_SIGN_IN: _("Sign in, or send `{field:guest}` with a name and a phone or an e-mail."),
    Code.UNKNOWN_ADDRESS: _("There is no such saved address: read {api}/me/addresses."),
    Code.SAVED_ADDRESS: _(
        "A saved address has its own location: leave the location out, or send the address as a text."
    ),
    Code.NOT_TRANSFER: _(
        "Photos are the proof of a transfer: send transfer as the payment method, or leave the photos out."
    ),
    Code.REQUIRED_PACKAGE: _("The package is missing: send what is sent, from where and to whom as `{field:package}`."),
    Code.UNKNOWN_PACKAGE_TYPE: _(
        "{vendor} does not carry this type of package: read {api}/vendors/{id}/package-types."
    ),
    Code.TOO_FAR_TO_CARRY: _("{name} is carried {most} m at most, but this is {distance} m: choose closer addresses."),
    Code.TOO_LARGE_PACKAGE: _(
        "The amount is larger than one order can have: choose closer addresses or a lighter package."
    ),
    Code.REQUIRED_STOP_ADDRESS: _("The address is missing: send one."),
    Code.REQUIRED_POINT_FOR_FEE: _(
        'The fee depends on the distance, and this address has no location: send {{"lat": …, "lng": …}}.'
    ),
    Code.REQUIRED_POINT_FOR_DISTANCE: _(
        '{name} is carried {most} m at most, and this address has no location: send {{"lat": …, "lng": …}}.'
    ),
    Code.TOO_HEAVY: _("{name} may weigh {most} at most: choose another type."),
    Code.REQUIRED_SIDE: _("{name} may be {most} long at most: send the {side}."),
    Code.TOO_LARGE_SIDE: _("{name} may be {most} long at most: choose another type."),
    Code.GUEST_LIMIT: _("{vendor} takes orders from guests up to {most} before they are paid: pay online, or sign in."),
    Code.UNKNOWN_CALLER: _("Only a signed-in caller can send an {field:external_code}: sign in, or leave it out."),
    Code.WALLET_GUEST: _("A guest has no wallet: sign in, or choose another payment method."),
    Code.FORBIDDEN_EARLIER_ORDER: _("You used this code for an order that you can no longer see: send another one."),
    Code.REQUIRED_SERVICE: _("A booking needs what is booked, for when and where: send `{field:service}`."),
    Code.NOT_OFFERED_FOR_SERVICE: _(
        "A service at the {place}'s place has the delivery type {wanted}: send that, or leave it out."
    ),
    Code.DELIVER_AT: _("The time of a service is its own `{field:at}`: leave {field:deliver_at} out."),
    Code.BELOW_MINIMUM_SERVICE: _("The minimum in {zone} is {minimum}: choose another service."),
    Code.TOO_LARGE_SERVICE: _("The amount is larger than one order can have: choose another service."),
    Code.REQUIRED_TIME: _("A service needs a time: send another one."),
    Code.UNKNOWN_SERVICE: _("{vendor} offers no such service: read {api}/vendors/{id}/services."),
    Code.NOT_OFFERED_THERE: _("{name} is only offered at the {place}'s place: choose that place."),
}
