"""What an order costs by rate of tax: one rule for everybody who tells it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orders.models import IssuedDocument, Order
from ordersite.core.money import divide, half_up

# The rate of what bears no tax.
NOT_TAXED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxedSum:
    """What is sold at one rate, in minor units: `gross` with its tax."""

    gross: int = 0
    tax: int = 0

    @property
    def net(self) -> int:
        return self.gross - self.tax

    def __add__(self, other: "TaxedSum") -> "TaxedSum":
        return TaxedSum(gross=self.gross + other.gross, tax=self.tax + other.tax)

    def __sub__(self, other: "TaxedSum") -> "TaxedSum":
        return TaxedSum(gross=self.gross - other.gross, tax=self.tax - other.tax)


NOTHING = TaxedSum()


def sums_by_rate(order: Order) -> dict[int, TaxedSum]:
    """By rate (hundredths of a percent), the lowest first: they sum to the order's total and tax.

    What its lines leave of both is the fees' (less what the offer takes off them); a driver's tip is not taxed. Reads
    its lines and terms unless they are at hand.
    """
    sums: dict[int, TaxedSum] = {}

    def add(rate: int, gross: int, tax: int) -> None:
        sums[rate] = sums.get(rate, TaxedSum()) + TaxedSum(gross=gross, tax=tax)

    gross, tax = order.total - order.driver_tip, order.tax_included + order.tax_added
    for line in order.lines.all():
        of_line = line.total - line.discount + (0 if order.terms.prices_include_tax else line.tax)
        add(line.tax_rate, of_line, line.tax)
        gross, tax = gross - of_line, tax - line.tax
    add(order.terms.fee_tax_rate, gross, tax)
    add(NOT_TAXED, order.driver_tip, 0)
    return {rate: one for rate, one in sorted(sums.items()) if one.gross or one.tax}


def split_by_rate(
    amount: int, left: Mapping[int, TaxedSum], asked: Mapping[int, int] | None = None
) -> dict[int, TaxedSum]:
    """So much of what is left by rate, with its tax: first what is asked for, of the rest each rate its part.

    `amount` must not be more than is left in all. The tax is half up, and of the last of a rate what is left of it.
    """
    parts, rest = dict.fromkeys(left, 0), amount
    for rate, wanted in (asked or {}).items():
        if rate in left:
            parts[rate] = min(wanted, left[rate].gross, rest)
            rest -= parts[rate]
    rates = list(left)
    for rate, more in zip(rates, divide(rest, [left[rate].gross - parts[rate] for rate in rates]), strict=True):
        parts[rate] += more
    return {
        rate: TaxedSum(gross=part, tax=half_up(left[rate].tax * part, left[rate].gross))
        for rate, part in parts.items()
        if part
    }


def refund_by_rate(
    sums: Mapping[int, TaxedSum], credited: Sequence[Mapping[int, TaxedSum]], *, before: int, amount: int
) -> dict[int, TaxedSum]:
    """What a refund is by rate: so much of an order of these sums, of which `before` was given back already.

    What credit notes have `credited`, in their order, it is as they say; of what none says each rate bears its part.
    Refunds one after the other, and what a credit note says of all of them, thus sum to the same.
    """
    earlier, whole = (first_refunded(sums, credited, given) for given in (before, before + amount))
    parts = {rate: one - earlier.get(rate, NOTHING) for rate, one in whole.items()}
    return {rate: one for rate, one in parts.items() if one.gross or one.tax}


def first_refunded(
    sums: Mapping[int, TaxedSum], credited: Sequence[Mapping[int, TaxedSum]], amount: int
) -> dict[int, TaxedSum]:
    """The first so much of what is given back, by rate."""
    parts: dict[int, TaxedSum] = {}
    left = dict(sums)
    for told in (*credited, None):
        source = left if told is None else told
        part = min(amount, sum(one.gross for one in source.values()))
        for rate, one in split_by_rate(part, source).items():
            parts[rate], left[rate] = parts.get(rate, NOTHING) + one, left.get(rate, NOTHING) - one
        amount -= part
    return parts


def taxed_sums(document: IssuedDocument) -> dict[int, TaxedSum]:
    """What a document says by rate."""
    return {row["rate"]: TaxedSum(gross=row["gross"], tax=row["tax"]) for row in document.content["taxes"]}
