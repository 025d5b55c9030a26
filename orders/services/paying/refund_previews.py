"""What a refund would do, before anything moves."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction as database

from orders.lifecycle.table import FAILURE
from orders.models import Line, Order, PaymentShare, Refund
from orders.services.money.ledger import Division
from orders.services.money.shares import division_of, kept_of
from orders.services.paying.refunds import RefundWish, paid_for_line, refund_order
from ordersite.accounts.callers import Caller
from ordersite.core.money import half_up

NOTHING = Division(vendor=0, driver=0, platform=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPreview:
    """What goes back where, and whom what is kept belongs to before and after it; amounts in minor units."""

    # As it would be, and as no database has it.
    order: Order
    refunds: Sequence[Refund]
    amount: int
    tax: int
    left: int
    before: Division
    after: Division


def preview_refund(*, order_id: int, caller: Caller, wish: RefundWish) -> RefundPreview:
    """What `refund_order` would do now: it is made, and taken back. Raises what that raises."""
    with database.atomic():
        was = Order.objects.select_related("vendor").filter(pk=order_id).first()
        before = divide_kept(was, shares_now(order_id)) if was else NOTHING
        given = dict(Line.objects.filter(order=order_id).values_list("pk", "refunded"))
        order, refunds = refund_order(order_id=order_id, caller=caller, wish=wish)
        amount, shares = sum(refund.amount for refund in refunds), shares_now(order_id)
        lines = {line: line.refunded - given[line.pk] for line in Line.objects.filter(order=order_id)}
        preview = RefundPreview(
            order=order,
            refunds=refunds,
            amount=amount,
            tax=tax_given_back(order, amount, lines),
            left=kept_of(shares),
            before=before,
            after=divide_kept(order, shares),
        )
        database.set_rollback(True)
    return preview


def shares_now(order_id: int) -> list[PaymentShare]:
    """What pays for an order, newest first; nothing is locked before its order is."""
    return list(PaymentShare.objects.select_related("payment").filter(order=order_id).order_by("-payment_id"))


def divide_kept(order: Order, shares: Sequence[PaymentShare]) -> Division:
    """Whom what is kept of an order belongs to, as its status is."""
    kept = kept_of(shares)
    return division_of(order, shares, kept=kept, succeeds=order.status not in FAILURE) if kept else NOTHING


def tax_given_back(order: Order, amount: int, lines: dict[Line, int]) -> int:
    """The tax in what goes back: of lines their own, of any other amount its part of the order's; half up."""
    of_lines = sum(lines.values())
    own = sum(half_up(line.tax * part, paid_for_line(order, line)) for line, part in lines.items() if part)
    rest, whole = amount - of_lines, order.tax_included + order.tax_added
    return own + (half_up(whole * rest, order.total) if rest and order.total else 0)
