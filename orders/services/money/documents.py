"""Invoices, and credit notes for what is given back after one: issued once, numbered without a gap, never changed.

A number is drawn in the transaction that adds the document, and held until commit: who rolls back leaves no gap, and
two of one seller wait for each other. What is issued stands in its content; nothing that is changed later changes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from orders.lifecycle.table import Actor, Status
from orders.models import IssuedDocument, LineOption, Order, PaymentStatus, Refund
from orders.services.money.shares import owed_of, shares_of
from orders.services.money.taxes import TaxedSum, split_by_rate, sums_by_rate, taxed_sums
from orders.services.record.access import OrderAccess, access_of, get_order
from orders.services.record.events import draw_numbers
from ordersite.accounts.callers import Caller
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound
from ordersite.core.fields import Field
from ordersite.core.vat_numbers import bare_vat_number
from vendors.models import Merchant

# Whom an order's documents concern, in the order in which a caller acts as one of them.
PARTIES = (Actor.STAFF, Actor.VENDOR, Actor.CUSTOMER)
SUMS = ("subtotal", "discount", "delivery_fee", "service_fee", "tax_added", "driver_tip")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyingCompany:
    """For whom the buyer buys, as an invoice names it; empty for who buys for itself."""

    company: str = ""
    vat_number: str = ""

    def checked(self) -> "BuyingCompany":
        """With the number as it is kept; raises Invalid vat_number for what is none of its country."""
        if not self.vat_number:
            return self
        number = bare_vat_number(self.vat_number)
        if number is None:
            raise Invalid(FaultCode.VAT_NUMBER, Field.VAT_NUMBER)
        return BuyingCompany(company=self.company, vat_number=number)


# Who asks for an invoice without naming a company.
NO_COMPANY = BuyingCompany()


def documents_of(*, order_id: int, caller: Caller) -> list[IssuedDocument]:
    """What was issued for an order, the invoice first, for its customer, vendor and staff; raises NotFound for others.

    Also where nothing was issued yet.
    """
    order = get_order(caller=caller, order_id=order_id)
    refuse_strangers(access_of(caller, order))
    found = list(order.documents.all())
    if not found:
        raise NotFound(FaultCode.NOT_FOUND_INVOICE)
    return found


def issue_invoice(
    *, order_id: int, caller: Caller, company: BuyingCompany = NO_COMPANY
) -> tuple[list[IssuedDocument], bool]:
    """The documents of an order, and whether its invoice was issued now; asked again, the same ones.

    Must run in a transaction. Holds the order's row, as every change of it and of its money does. What was given back
    before is credited at once. Raises NotFound, Forbidden, Invalid for a VAT number that is none, and Conflict for an
    order that is not completed, not paid, whose seller has no name or address yet, or whose invoice was issued to
    another company.
    """
    company = company.checked()
    order = get_order(caller=caller, order_id=order_id, lock=True)
    access = access_of(caller, order)
    refuse_strangers(access)
    if access.role_among(PARTIES) is None:
        raise Forbidden(FaultCode.FORBIDDEN_INVOICE)
    found = list(order.documents.all())
    if found:
        named = {**asdict(NO_COMPANY), **found[0].content["buyer"]}
        if company not in (NO_COMPANY, BuyingCompany(company=named["company"], vat_number=named["vat_number"])):
            raise Conflict(FaultCode.INVOICED_OTHERWISE)
        return found, False
    refuse_uncompleted(order)
    seller = Merchant.objects.get(pk=order.vendor.merchant_id)
    if not seller.legal_name or not seller.legal_address:
        raise Conflict(FaultCode.SELLER_UNNAMED)
    sums = sums_by_rate(order)
    content = invoice_content(order, seller, sums, company)
    invoice = add_document(IssuedDocument.Kind.INVOICE, seller.pk, order, content, access.now)
    issued = [invoice]
    if order.refunded:
        issued.append(add_credit_note(invoice, order, split_by_rate(order.refunded, sums), None, access.now))
    return issued, True


def refuse_strangers(access: OrderAccess) -> None:
    """Raises NotFound for who is neither customer, vendor nor staff: a driver reads no invoice."""
    if not access.readers & set(PARTIES):
        raise NotFound()


def refuse_uncompleted(order: Order) -> None:
    """Raises Conflict for an order that may still be another one tomorrow, or that somebody still owes for.

    Delivered and collected is not enough: until it is completed, who pressed too early takes that back.
    """
    if order.status != Status.COMPLETED:
        raise Conflict(FaultCode.NOT_COMPLETED)
    if not PaymentStatus(order.payment_status).is_received or owed_of(shares_of(order)):
        raise Conflict(FaultCode.NOT_PAID_INVOICE)


def is_invoiced(order: Order) -> bool:
    return order.documents.exists()


def refuse_invoiced(order: Order) -> None:
    """Raises Conflict where an invoice says that the order is done: it can be given back, not be undone."""
    if is_invoiced(order):
        raise Conflict(FaultCode.INVOICED)


def credit_refunds(
    order: Order, refunds: Sequence[Refund], *, rates: Mapping[int, int], now: datetime
) -> list[IssuedDocument]:
    """A credit note for each refund of an order whose invoice was issued; none for another order.

    `rates` is how much of them is given back for what is sold at which rate, as far as it was said; of the rest each
    rate bears its part of what is left of it. Never more is credited than was invoiced.
    """
    documents = list(order.documents.all())
    if not documents:
        return []
    invoice, *earlier = documents
    left = taxed_sums(invoice)
    for note in earlier:
        for rate, one in taxed_sums(note).items():
            left[rate] = TaxedSum(gross=left[rate].gross - one.gross, tax=left[rate].tax - one.tax)
    asked, issued = dict(rates), []
    for refund in refunds:
        amount = min(refund.amount, sum(one.gross for one in left.values()))
        if not amount:
            continue
        credited = split_by_rate(amount, left, asked)
        for rate, one in credited.items():
            left[rate] = TaxedSum(gross=left[rate].gross - one.gross, tax=left[rate].tax - one.tax)
            asked[rate] = max(0, asked.get(rate, 0) - one.gross)
        issued.append(add_credit_note(invoice, order, credited, refund, now))
    return issued


# --- what is written ----------------------------------------------------------------------------------------------


def add_document(
    kind: str, seller_id: int, order: Order, content: dict[str, Any], now: datetime, refund: Refund | None = None
) -> IssuedDocument:
    """The row, with the next number of its seller and year."""
    year = now.astimezone(order.vendor.zone).year
    counter = f"document:{seller_id}:{year}"
    document = IssuedDocument(
        kind=kind,
        seller_id=seller_id,
        year=year,
        number=draw_numbers([counter])[counter][0],
        order=order,
        refund=refund,
        currency=order.currency,
        total=sum(one["gross"] for one in content["taxes"]),
        content=content,
        issued_at=now,
    )
    document.save(force_insert=True)
    return document


def add_credit_note(
    invoice: IssuedDocument, order: Order, credited: Mapping[int, TaxedSum], refund: Refund | None, now: datetime
) -> IssuedDocument:
    """By the same seller to the same buyer, whatever they are called since."""
    content = {**invoice.content, "invoice": invoice.called, "lines": [], "sums": {}, "taxes": tax_rows(credited)}
    return add_document(IssuedDocument.Kind.CREDIT_NOTE, invoice.seller_id, order, content, now, refund)


def invoice_content(
    order: Order, seller: Merchant, sums: Mapping[int, TaxedSum], company: BuyingCompany = NO_COMPANY
) -> dict[str, Any]:
    """What an invoice says; amounts in minor units. What the customer wrote beside the order is not part of it."""
    return {
        "seller": {"name": seller.legal_name, "address": seller.legal_address, "vat_number": seller.vat_number},
        "buyer": {
            "name": order.contact_name or order.customer.name,
            "address": order.address,
            **asdict(company),
        },
        "vendor": order.vendor.name,
        "time_zone": order.vendor.time_zone,
        "order": order.pk,
        "order_number": order.number,
        "placed_at": order.placed_at.isoformat(),
        "completed_at": (order.closed_at or order.status_changed_at).isoformat(),
        "payment_method": order.payment_method,
        "prices_include_tax": order.terms.prices_include_tax,
        "invoice": "",
        "lines": [
            {
                "name": line.name,
                "options": [option.name for option in line.options.all() if option.kind != LineOption.Kind.WITHOUT],
                "quantity": line.quantity,
                "unit": line.unit,
                "tax_rate": line.tax_rate,
                "total": line.total,
            }
            for line in order.lines.prefetch_related("options")
        ],
        "sums": {name: amount for name in SUMS if (amount := getattr(order, name))},
        "taxes": tax_rows(sums),
    }


def tax_rows(sums: Mapping[int, TaxedSum]) -> list[dict[str, int]]:
    return [{"rate": rate, "gross": one.gross, "tax": one.tax} for rate, one in sums.items()]
