"""What a checkout takes of what is limited: stock, times, slots and offers. It is written down with its orders."""

from collections.abc import Sequence

from orders.checkout import Cart, Checked
from orders.kinds import KINDS
from orders.models import Order
from orders.pricing import item_at
from orders.services.capacity import offers, slots
from orders.services.kinds import HANDLERS, handler_of
from orders.services.record.lines import stock_wanted
from ordersite.accounts.models import Customer
from ordersite.core.faults import Path, blaming_field
from ordersite.core.fields import Field
from vendors.services.stock import take_stock


def hold_what_is_chosen(carts: Sequence[Cart]) -> None:
    """Locks what is chosen by itself when the carts are checked, as the first free time is: nobody else takes it."""
    contents = {content for cart in carts for content in cart.contents}
    for name, handler in HANDLERS.items():
        if KINDS[name].content in contents:
            handler.hold(carts)


def take_what_is_limited(parts: Sequence[Checked], customer: Customer) -> list[int | None]:
    """Stock, times, slots and offers, in the order in which everybody locks them; returns each part's slot."""
    carts = [part.draft.cart for part in parts]
    take_stock(stock_wanted([line for part in parts for line in part.priced.lines]), items_at(carts))
    for name, handler in HANDLERS.items():
        if drafts := [part.draft for part in parts if part.draft.kind == name]:
            handler.take(drafts)
    slot_ids: list[int | None] = [None] * len(parts)
    wanted = [
        (draft.vendor.pk, draft.fulfilment, draft.slot.starts_at, index, draft.slot)
        for index, draft in enumerate(part.draft for part in parts)
        if draft.slot
    ]
    for vendor_id, fulfilment, _, index, slot in sorted(wanted, key=lambda one: one[:4]):
        slot_ids[index] = slots.take_slot(
            vendor_id=vendor_id,
            fulfilment=fulfilment,
            slot=slot,
            value=parts[index].priced.total,
            at=parts[index].draft.cart.at,
        )
    given = [part.given for part in parts]
    if any(given):
        with blaming_field(Field.OFFER, at=next((cart.at for cart in carts if cart.offer), ())):
            offers.take_offers(given=given, customer=customer)
    return slot_ids


def items_at(carts: Sequence[Cart]) -> dict[int, Path]:
    """Where the item of each product stands in the client's input: its last one."""
    return {item.product: item_at(cart.at, index, item) for cart in carts for index, item in enumerate(cart.items)}


def write_what_was_taken(
    orders: Sequence[Order], parts: Sequence[Checked], slot_ids: Sequence[int | None], customer_id: int
) -> None:
    """What orders of some kinds have besides, and what each took of a limited good."""
    for order, part, slot_id in zip(orders, parts, slot_ids, strict=True):
        handler_of(order).write(order, part.draft)
        if slot_id is not None:
            slots.write_hold(order, slot_id, order.total)
    given = [part.given for part in parts]
    if any(given):
        offers.write_uses(orders=orders, given=given, customer_id=customer_id)
