"""Sentences for what these refuse: vendors.services."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.NOT_A_MEMBER: _("Only the people who work for this vendor can change it."),
    FaultCode.FORBIDDEN_DEVICES: _(
        "Only the owner and managers of this vendor can manage its devices: ask one of them."
    ),
    FaultCode.NOT_FOUND_DEVICE: _("This vendor has no such device, or it was revoked: read the list of devices again."),
    FaultCode.TOO_MANY_DEVICES: _("There are {most} devices already: revoke one that is no longer used."),
    FaultCode.INVALID_PAIRING_CODE: _("This code is wrong, was already used or is too old: ask for a new one."),
    FaultCode.FORBIDDEN_PEOPLE: _("Only an owner of this vendor, and staff, can say who works here."),
    FaultCode.UNKNOWN_PEOPLE: _("Nobody can be invited as that here: choose another role."),
    FaultCode.ALREADY_THERE: _("Somebody with this e-mail address works here already."),
    FaultCode.TOO_MANY_INVITATIONS: _("{most} invitations are waiting already: withdraw one first."),
    FaultCode.NOT_FOUND_INVITATION: _("This invitation was accepted or withdrawn meanwhile."),
    FaultCode.OTHER_INVITED: _("This invitation is for another e-mail address: sign out, and open the link again."),
    FaultCode.HAS_ACCOUNT: _("This e-mail address has an account: sign in, and open the link again."),
    FaultCode.DRIVES_ALREADY: _("You drive for somebody else already: have them take you off first."),
    FaultCode.LAST_OWNER: _("This is the last owner: invite another one first."),
    FaultCode.DRIVER_CARRIES: _("This driver carries orders ({orders}): give them to another driver first."),
    FaultCode.NOT_A_MANAGER: _("Only the owner and the managers of this vendor, and staff, can change this."),
    FaultCode.TAKEN_STATION: _("The vendor has a station of this name: choose another name."),
    FaultCode.TOO_MANY_STATIONS: _("A vendor has {most} stations at most: delete one first."),
    FaultCode.UNKNOWN_CATEGORY: _("The vendor has no categories with these ids: {ids}. Read its menu."),
    FaultCode.UNKNOWN_PRODUCTS: _("The vendor has no products with these ids: {ids}. Read its menu."),
    FaultCode.STALE_MENU: _("The menu has changed: its version is {version}. Read it again."),
    FaultCode.UNKNOWN_GROUPS: _("The vendor has no option groups with these ids: {ids}. Read its list of them."),
    FaultCode.UNKNOWN_REFERENCE: _("The vendor has no such row for this: read the list, and send an id of it."),
    FaultCode.REQUIRED_PRODUCT_KEY: _("Say which product it is: send {field:id} or {field:plu_code}."),
    FaultCode.REQUIRED_NEW_PRODUCT: _("No product has this code yet: send this field too, and it is added."),
    FaultCode.AMBIGUOUS_PLU_CODE: _("Several products have this code: send the {field:id} of one."),
    FaultCode.DUPLICATE_PRODUCT: _("This product stands in an earlier row: send each once."),
    FaultCode.DUPLICATE_STOCK: _("Send either the stock or its change."),
    FaultCode.TAKEN_PLU_CODE: _("Another product of this vendor has this code: choose another code."),
    FaultCode.UNTIL_OF_AVAILABLE: _("It is available: only what is not comes back at a time."),
    FaultCode.NOT_COUNTED: _("The stock of this product is not counted: send how many there are first."),
    FaultCode.TOO_LARGE_STOCK: _("There would be more than {most} of it: count what is there, and send that."),
    FaultCode.OUT_OF_STOCK_BELOW_ZERO: _("Only {left} are left: no more than these can go."),
    FaultCode.BELOW_MINIMUM_OF_GROUP: _("The maximum is below the minimum: raise the one or lower the other."),
    FaultCode.NEEDED_BY_MENU: _("It is still needed by {users}: change these first."),
    FaultCode.TOO_MANY_MENU_PARTS: _("There can be {most} of these at most: delete some that are no longer needed."),
    FaultCode.HOURS_DAY: _("Send either a weekday or a date."),
    FaultCode.HOURS_CLOSED_WEEKDAY: _("A weekday is closed that has no hours: leave this row out."),
    FaultCode.HOURS_TIMES: _("Send when it opens and when it closes."),
    FaultCode.HOURS_OVERLAP: _("Another row is open at this time, or closes this date: leave one of the two out."),
    FaultCode.HARMS_ORDERS: _(
        "Nothing is changed yet: orders would suffer. Read harm, and send agree to change it all the same."
    ),
    FaultCode.OUT_OF_STOCK: _("Only {left} × {name} left: lower the quantity."),
    FaultCode.OUT_OF_STOCK_SOLD_OUT: _("{name} is sold out: leave it out."),
}
