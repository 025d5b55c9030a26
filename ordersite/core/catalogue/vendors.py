"""Sentences for what these refuse: vendors.services."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.NOT_A_MEMBER: _("Only the people who work for this vendor can change it."),
    Code.OUT_OF_STOCK: _("Only {left} × {name} left: lower the quantity."),
    Code.OUT_OF_STOCK_SOLD_OUT: _("{name} is sold out: leave it out."),
}
