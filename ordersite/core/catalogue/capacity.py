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
    Code.SLOT_FULL: _("{vendor} can take no more orders for that time: send {field:deliver_at}, such as {soonest}."),
    Code.SLOT_FULL_FOR_DAYS: _("{vendor} can take no more orders for that time: order less, or choose another day."),
    Code.SLOT_FULL_SERVICE: _("{name} is fully booked at that time. {free}"),
    Code.SLOT_FULL_AHEAD: _(
        "{name} is fully booked, or not offered, in the {days} days ahead for which orders are taken: choose "
        "another service."
    ),
    Code.SLOT_FULL_TODAY: _(
        "{name} is fully booked, or not offered, today, and cannot be booked ahead: choose another service."
    ),
    Code.PAST_BOOKING: _("This time has passed. {free}"),
    Code.TOO_FAR_BOOKING: _("Bookings are possible up to {days} days ahead. {free}"),
    Code.PAUSED_BOOKING: _("{vendor} takes no bookings for that time. {free}"),
    Code.NO_SUCH_TIME: _("{name} does not start at that time. {free}"),
    Code.FREE_NEXT: _("Free next: {times}."),
    Code.FREE_NONE: _("Nothing is free in the days after that: choose another time."),
    Code.NOT_OFFERED_ANY_MORE: _("{name} is not offered any more: choose another service."),
    Code.UNKNOWN_OFFER: _("There is no offer with this code: check how it is written, or leave it out."),
    Code.NOT_ASKED_FOR: _("Each vendor's part has its own offer code: leave this one out."),
    Code.OTHER_VENDOR: _("{name} is not an offer of {vendor}: leave its code out."),
    Code.CURRENCY_OF_OFFER: _("{name} is in {currency}, but the order is in {wanted}: leave the code out."),
    Code.EXPIRED: _("{name} has ended: leave the code out."),
    Code.NOT_STARTED: _("{name} starts at {starts_at} UTC: leave the code out until then."),
    Code.USED_UP: _("{name} has been used up: leave the code out."),
    Code.GUEST_ACCOUNT: _("{name} is only for customers with an account: sign in, or leave the code out."),
    Code.GUEST_CONFIRMED: _(
        "{name} is only for customers with a confirmed account: confirm yours, or leave the code out."
    ),
    Code.USED_UP_BY_YOU: _("{name} can be used {times} × by each customer: leave the code out."),
    Code.BELOW_MINIMUM_OFFER: _("{name} needs items for at least {minimum}: add items, or leave the code out."),
    Code.NOTHING_OFF: _("{name} would not make this order cheaper: keep the code for another one."),
    Code.OFFER_USED_UP: _("{name} has just been used up: leave the code out."),
    Code.OFFER_USED_UP_PRICE: _(
        "{name} has been used up in the meantime, and the price of this order depends on it: place a new order."
    ),
}
