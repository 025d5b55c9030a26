"""What the carts of a checkout cost, and whether the client expects the same (docs/requirements.md, rows 8 and 15)."""

from collections.abc import Sequence

from orders.checkout import AppliedOffer, Checked, CheckedOut, Checkout, Draft, Figure, without_fees
from orders.lifecycle.table import Fulfilment
from orders.pricing import NO_DISCOUNT, total_up
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Fault, Invalid, Path, Refusal
from ordersite.core.fields import Field
from ordersite.core.money import Money, as_json, divide, exponent, rounded_minor


def add_up(draft: Draft, given: AppliedOffer | None, tip: int) -> Checked:
    """A draft's amounts, with its offer and its part of the tip; what has no items yet costs nothing."""
    priced = total_up(
        draft.lines,
        currency=draft.menu.currency,
        terms=draft.terms if draft.lines else without_fees(draft.terms),
        delivery_fee=draft.delivery_fee,
        discount=given.discount if given else NO_DISCOUNT,
        driver_tip=tip,
        tip_to_driver=draft.fulfilment == Fulfilment.DELIVERY,
    )
    return Checked(draft=draft, priced=priced, given=given)


def divide_tip(tip: int, drafts: Sequence[Draft]) -> list[int]:
    """The drivers' tip by what each delivery is worth; where nothing is delivered, by what each order is."""
    delivered = [draft.subtotal if draft.fulfilment == Fulfilment.DELIVERY else 0 for draft in drafts]
    return divide(tip, delivered if any(delivered) else [draft.subtotal for draft in drafts])


def check_total(checkout: Checkout, checked: CheckedOut) -> None:
    """An amount that a client sends and that differs is refused with both figures (row 8)."""
    if checkout.total is None or checkout.total.minor == checked.total:
        return
    given, expected = as_json(checkout.total.minor, checked.currency), as_json(checked.total, checked.currency)
    figures = {"given": given, "expected": expected}
    raise Refusal(FaultCode.TOTAL_MISMATCH, Field.TOTAL, told=figures, extra=figures, sent=given["amount"])


def check_figures(checked: CheckedOut) -> None:
    """The other amounts that a client sends: every one that differs is named, with both figures (row 8)."""
    said: list[tuple[Path, Sequence[Figure], Sequence[Checked]]] = [((), checked.checkout.figures, checked.parts)]
    said += [(part.draft.cart.at, part.draft.cart.figures, [part]) for part in checked.parts]
    faults = []
    for at, figures, parts in said:
        for figure in figures:
            minor = sum(getattr(part.priced, figure.name) for part in parts)
            said_minor = rounded_minor(figure.amount, checked.currency)
            if said_minor == minor:
                continue
            expected, given = as_json(minor, checked.currency), as_json(said_minor, checked.currency)
            both = {"given": given, "expected": expected}
            faults.append(Fault(FaultCode.AMOUNT_MISMATCH, Field(figure.name), at=at, told=both, sent=given["amount"]))
    if faults:
        raise Refusal(FaultCode.AMOUNT_MISMATCH, faults=faults)


def check_cash_amount(cash: Money, total: int, currency: str) -> None:
    """What the customer will hand over: above the total, without decimals (row 15)."""
    if cash.currency != currency:
        raise Invalid(FaultCode.CURRENCY_OF_ORDER, Field.CASH, currency=currency)
    if cash.minor % 10 ** exponent(currency):
        raise Invalid(FaultCode.DECIMALS, Field.CASH)
    if cash.minor <= total:
        least = as_json(total, currency)["amount"]
        raise Invalid(FaultCode.TOO_LITTLE, Field.CASH, least=least)
