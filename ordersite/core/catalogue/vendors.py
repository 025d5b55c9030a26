"""Sentences for what these refuse: vendors.services."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.NOT_A_MEMBER: _("Only the people who work for this vendor can change it."),
    Code.FORBIDDEN_DEVICES: _("Only the owner and managers of this vendor can manage its devices: ask one of them."),
    Code.NOT_FOUND_DEVICE: _("This vendor has no such device, or it was revoked: read the list of devices again."),
    Code.TOO_MANY_DEVICES: _("There are {most} devices already: revoke one that is no longer used."),
    Code.INVALID_PAIRING_CODE: _("This code is wrong, was already used or is too old: ask for a new one."),
    Code.NOT_A_MANAGER: _("Only the owner and the managers of this vendor, and staff, can change this."),
    Code.TAKEN_STATION: _("The vendor has a station of this name: choose another name."),
    Code.TOO_MANY_STATIONS: _("A vendor has {most} stations at most: delete one first."),
    Code.UNKNOWN_CATEGORY: _("The vendor has no categories with these ids: {ids}. Read its menu."),
    Code.UNKNOWN_PRODUCTS: _("The vendor has no products with these ids: {ids}. Read its menu."),
    Code.OUT_OF_STOCK: _("Only {left} × {name} left: lower the quantity."),
    Code.OUT_OF_STOCK_SOLD_OUT: _("{name} is sold out: leave it out."),
}
