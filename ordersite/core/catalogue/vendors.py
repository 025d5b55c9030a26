"""Sentences for what these refuse: vendors.services."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.NOT_A_MEMBER: _("Only the people who work for this vendor can change it."),
    Code.FORBIDDEN_DEVICES: _("Only the owner and managers of this vendor can manage its devices: ask one of them."),
    Code.NOT_FOUND_DEVICE: _("This vendor has no such device, or it was revoked: read the list of devices again."),
    Code.TOO_MANY_DEVICES: _("There are {most} devices already: revoke one that is no longer used."),
    Code.INVALID_PAIRING_CODE: _("This code is wrong, was already used or is too old: ask for a new one."),
    Code.OUT_OF_STOCK: _("Only {left} × {name} left: lower the quantity."),
    Code.OUT_OF_STOCK_SOLD_OUT: _("{name} is sold out: leave it out."),
}
