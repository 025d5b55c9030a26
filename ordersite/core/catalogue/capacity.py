"""Sentences for what these refuse: orders.services.capacity."""

from django.utils.translation import gettext_noop as _

from ordersite.core.codes import FaultCode

SENTENCES: dict[FaultCode, str] = {
    FaultCode.OFFER_IN_USE: _("{name} is on orders, which keep its terms: switch it off, and make another offer."),
    FaultCode.OFFER_IN_USE_DELETING: _("{name} is on orders, which keep it: switch it off instead."),
    FaultCode.BELOW_USES: _("It is used {uses} times already: allow at least so many, or switch it off."),
    FaultCode.TAKEN_OFFER_CODE: _("Another offer has this code: choose another."),
    FaultCode.NOT_FOUND_UPLOAD: _("This file was imported already, or was left too long: upload it again."),
    FaultCode.NOT_DIGITAL: _("This product is not sold as digital codes: choose one that is."),
    FaultCode.TOO_LARGE_FILE: _("The file is larger than {most} MB: divide it into several files."),
    FaultCode.ENCODING: _("Line {line} is not UTF-8: save the file as CSV in UTF-8."),
    FaultCode.EMPTY_FILE: _("There is no code in the file: put one code on each line."),
    FaultCode.TOO_MANY_ROWS: _("The file has more than {most} rows: divide it into several files."),
    FaultCode.ROW_OPEN_QUOTE: _("A quotation mark is not closed."),
    FaultCode.ROW_TOO_MANY_COLUMNS: _("It has {columns} columns, but the first row has {width}."),
    FaultCode.ROW_TOO_FEW_COLUMNS: _("It has no column {column}."),
    FaultCode.ROW_UNPRINTABLE: _("It holds a character that cannot be printed."),
    FaultCode.ROW_LENGTH: _("It has {length} characters, but a code has {shortest} to {longest}."),
    FaultCode.ORDER_CLOSED_CODES: _("The order was cancelled: its codes are no longer shown."),
    FaultCode.NOT_PAID_CODES: _("The order is not paid yet: its codes are shown once it is."),
    FaultCode.FORBIDDEN_REVEAL: _("Only staff can show a code in full."),
    FaultCode.CODE_NOT_ISSUED: _("This code has not been issued to the customer yet: nobody may read it."),
    FaultCode.SLOT_FULL: _(
        "{vendor} can take no more orders for that time: send {field:deliver_at}, such as {soonest}."
    ),
    FaultCode.SLOT_FULL_FOR_DAYS: _(
        "{vendor} can take no more orders for that time: order less, or choose another day."
    ),
    FaultCode.SLOT_FULL_SERVICE: _("{name} is fully booked at that time. {free}"),
    FaultCode.SLOT_FULL_AHEAD: _(
        "{name} is fully booked, or not offered, in the {days} days ahead for which orders are taken: choose "
        "another service."
    ),
    FaultCode.SLOT_FULL_TODAY: _(
        "{name} is fully booked, or not offered, today, and cannot be booked ahead: choose another service."
    ),
    FaultCode.PAST_BOOKING: _("This time has passed. {free}"),
    FaultCode.TOO_FAR_BOOKING: _("Bookings are possible up to {days} days ahead. {free}"),
    FaultCode.PAUSED_BOOKING: _("{vendor} takes no bookings for that time. {free}"),
    FaultCode.NO_SUCH_TIME: _("{name} does not start at that time. {free}"),
    FaultCode.FREE_NEXT: _("Free next: {times}."),
    FaultCode.FREE_NONE: _("Nothing is free in the days after that: choose another time."),
    FaultCode.NOT_OFFERED_ANY_MORE: _("{name} is not offered any more: choose another service."),
    FaultCode.UNKNOWN_OFFER: _("There is no offer with this code: check how it is written, or leave it out."),
    FaultCode.NOT_ASKED_FOR: _("Each vendor's part has its own offer code: leave this one out."),
    FaultCode.OTHER_VENDOR: _("{name} is not an offer of {vendor}: leave its code out."),
    FaultCode.CURRENCY_OF_OFFER: _("{name} is in {currency}, but the order is in {wanted}: leave the code out."),
    FaultCode.EXPIRED: _("{name} has ended: leave the code out."),
    FaultCode.NOT_STARTED: _("{name} starts at {starts_at} UTC: leave the code out until then."),
    FaultCode.USED_UP: _("{name} has been used up: leave the code out."),
    FaultCode.GUEST_ACCOUNT: _("{name} is only for customers with an account: sign in, or leave the code out."),
    FaultCode.GUEST_CONFIRMED: _(
        "{name} is only for customers with a confirmed account: confirm yours, or leave the code out."
    ),
    FaultCode.USED_UP_BY_YOU: _("{name} can be used {times} × by each customer: leave the code out."),
    FaultCode.BELOW_MINIMUM_OFFER: _("{name} needs items for at least {minimum}: add items, or leave the code out."),
    FaultCode.NOTHING_OFF: _("{name} would not make this order cheaper: keep the code for another one."),
    FaultCode.OFFER_USED_UP: _("{name} has just been used up: leave the code out."),
    FaultCode.OFFER_USED_UP_PRICE: _(
        "{name} has been used up in the meantime, and the price of this order depends on it: place a new order."
    ),
}
