"""Sentences for what these refuse: orders.services.capacity."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import Code

SENTENCES: dict[Code, str] = {
    Code.OFFER_IN_USE: _("{name} is on orders, which keep its terms: switch it off, and make another offer."),
    Code.OFFER_IN_USE_DELETING: _("{name} is on orders, which keep it: switch it off instead."),
    Code.BELOW_USES: _("It is used {uses} times already: allow at least so many, or switch it off."),
    Code.TAKEN_OFFER_CODE: _("Another offer has this code: choose another."),
    Code.NOT_FOUND_UPLOAD: _("This file was imported already, or was left too long: upload it again."),
    Code.NOT_DIGITAL: _("This product is not sold as digital codes: choose one that is."),
    Code.TOO_LARGE_FILE: _("The file is larger than {most} MB: divide it into several files."),
    Code.ENCODING: _("Line {line} is not UTF-8: save the file as CSV in UTF-8."),
    Code.EMPTY_FILE: _("There is no code in the file: put one code on each line."),
    Code.TOO_MANY_ROWS: _("The file has more than {most} rows: divide it into several files."),
    Code.ROW_OPEN_QUOTE: _("A quotation mark is not closed."),
    Code.ROW_TOO_MANY_COLUMNS: _("It has {columns} columns, but the first row has {width}."),
    Code.ROW_TOO_FEW_COLUMNS: _("It has no column {column}."),
    Code.ROW_UNPRINTABLE: _("It holds a character that cannot be printed."),
    Code.ROW_LENGTH: _("It has {length} characters, but a code has {shortest} to {longest}."),
    Code.ORDER_CLOSED_CODES: _("The order was cancelled: its codes are no longer shown."),
    Code.NOT_PAID_CODES: _("The order is not paid yet: its codes are shown once it is."),
    Code.FORBIDDEN_REVEAL: _("Only staff can show a code in full."),
    Code.CODE_NOT_ISSUED: _("This code has not been issued to the customer yet: nobody may read it."),
}
