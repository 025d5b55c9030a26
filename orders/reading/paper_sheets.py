"""What stands on the papers of one order as PDF: ticket, delivery note and receipt, in the language that is active."""

from collections.abc import Callable, Mapping

from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from orders.models import PaymentStatus
from orders.reading.order_view import OrderView, view_order
from orders.reading.party_views import VendorSummary
from orders.reading.tickets import choice_words, draw_copy, ordered_rows, price_parts, quantity_words
from orders.services.record.access import OrderAccess
from ordersite.core.money import with_currency, with_percent
from ordersite.core.sheets import (
    Block,
    Facts,
    Paper,
    Sheet,
    SideBySide,
    SignatureLine,
    Table,
    TableColumn,
    Texts,
    TicketRows,
)
from vendors.payment_methods import find_method

METHOD_WORDS = {
    "cash": _("cash"),
    "wallet": _("wallet"),
    "transfer": _("bank transfer"),
    "mollie": _("online"),
    "fake": _("online, for trial"),
}


def ticket_sheet(access: OrderAccess) -> Sheet:
    """The kitchen's ticket, as a copy."""
    rows = draw_copy(access)["rows"]
    return Sheet(title=titled(gettext("Ticket"), access.order.called), blocks=[TicketRows(rows=rows)], is_headed=False)


def delivery_note_sheet(access: OrderAccess) -> Sheet:
    """What goes to whom, without prices but for what is to be collected; to be signed for."""
    view = view_order(access, "items")
    vendor = view.vendor
    package, contact = view.package, view.contact
    sender = [package.pickup.address, package.pickup.address_notes] if package else vendor_lines(view.vendor)
    name, phone = (package.recipient_name, package.recipient_phone) if package else (contact.name, contact.phone)
    parties = [
        Texts(heading=gettext("From"), lines=[vendor.name, *sender, vendor.phone]),
        Texts(heading=gettext("To"), lines=[name, view.place.address, view.place.address_notes, phone]),
    ]
    blocks: list[Block] = [
        Facts(rows=moments_of(view)),
        SideBySide(parts=parties),
        TicketRows(rows=list(ordered_rows(view))),
    ]
    if view.owed and find_method(view.payment_method).is_on_handover:
        owed = titled(gettext("COLLECT IN CASH"), with_currency(view.owed, view.currency))
        blocks.append(TicketRows(rows=[{"kind": "mark", "text": owed, "right": ""}]))
    blocks.append(SignatureLine(text=gettext("Received by, date and signature")))
    return Sheet(title=titled(gettext("Delivery note"), view.called), blocks=blocks)


def receipt_sheet(access: OrderAccess) -> Sheet:
    """What was bought, what it cost and how it was paid; an invoice is another paper, with a number of its own."""
    view = view_order(access, "items")

    def amount(minor: int) -> str:
        return with_currency(minor, view.currency)

    columns = [
        TableColumn(heading=gettext("What"), part=4),
        TableColumn(heading=gettext("Amount"), is_number=True),
    ]
    lines = [
        (
            f"{quantity_words(line)} {line.name}\n{', '.join(choice_words(option) for option in line.options)}".strip(),
            amount(line.total),
        )
        for line in view.lines
    ]
    blocks: list[Block] = [
        Facts(rows=[(gettext("Order"), f"#{view.pk}"), *moments_of(view)]),
        Texts(heading=gettext("Vendor"), lines=[view.vendor.name, *vendor_lines(view.vendor)]),
    ]
    if lines:
        blocks.append(Table(columns=columns, rows=lines))
    sums = [(label, amount(minor)) for label, minor in price_parts(view)]
    blocks.append(Facts(rows=[*sums, (gettext("Total"), amount(view.total))], last_is_total=True))
    if taxes := [(with_percent(tax.rate), amount(tax.amount)) for tax in view.taxes if tax.amount]:
        blocks.append(Facts(rows=[(titled(gettext("Tax"), rate), tax) for rate, tax in taxes]))
    paid = [
        (titled(gettext("Paid:"), gettext(METHOD_WORDS.get(payment.method, payment.method))), amount(payment.amount))
        for payment in view.payments
        if PaymentStatus(payment.status).is_received
    ]
    if view.refunded:
        paid.append((gettext("Given back"), amount(-view.refunded)))
    if view.owed:
        paid.append((gettext("NOT PAID YET"), amount(view.owed)))
    if paid:
        blocks.append(Facts(rows=paid))
    return Sheet(title=titled(gettext("Receipt"), view.called), blocks=blocks)


def titled(word: str, of: str) -> str:
    return f"{word} {of}"


def vendor_lines(vendor: VendorSummary) -> list[str]:
    return [vendor.address, f"{vendor.postal_code} {vendor.city}".strip()]


def moments_of(view: OrderView) -> list[tuple[str, str]]:
    """When it was placed, and what it was asked for, by the vendor's clock."""
    moments = [(gettext("Placed"), view.placed_at), (gettext("Asked for"), view.deliver_at)]
    return [(label, date_format(at.astimezone(view.vendor.zone), "DATETIME_FORMAT")) for label, at in moments if at]


# By the last part of their address.
SHEETS: Mapping[str, tuple[Callable[[OrderAccess], Sheet], Paper]] = {
    "ticket": (ticket_sheet, Paper.ROLL),
    "delivery-note": (delivery_note_sheet, Paper.A4),
    "receipt": (receipt_sheet, Paper.A4),
}
