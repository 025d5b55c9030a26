"""Stock: taken and given back under lock. Both must run in a transaction, the order's own."""

from collections.abc import Mapping

from django.db.models import Case, F, Value, When

from ordersite.core.audit import unrecorded
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Conflict, Fault, Path
from ordersite.core.fields import Field
from vendors.models import Stock


def lock_stock(product_ids: Mapping[int, int]) -> dict[int, Stock]:
    """The rows by product, locked in the order that everybody locks them in."""
    rows = (
        Stock.objects.select_for_update(of=("self",))
        .select_related("product")
        .only("quantity", "product__name")
        .filter(pk__in=product_ids)
        .order_by("pk")
    )
    return {row.pk: row for row in rows}


def change_stock(by: Mapping[int, int]) -> None:
    """Adds to each product's locked row, by one statement."""
    cases = [When(pk=product_id, then=Value(change)) for product_id, change in by.items()]
    with unrecorded():  # orders take it and give it back: their history tells
        Stock.objects.filter(pk__in=by).update(quantity=F("quantity") + Case(*cases, default=Value(0)))


def take_stock(wanted: Mapping[int, int], places: Mapping[int, Path] | None = None) -> None:
    """Takes the quantities by product id: two statements however many products; must run in a transaction.

    Send only products whose stock is counted; one that is no longer counted by now is left alone. Raises
    Conflict("out_of_stock") with what is left of each product that is short, and then takes nothing; `places` are
    where the products' items stand in the client's input.
    """
    if not wanted:
        return
    rows = lock_stock(wanted)
    short = [row for product_id, row in rows.items() if row.quantity < wanted[product_id]]
    if short:
        told = {row.pk: {"product": row.pk, "left": row.quantity} for row in short}
        faults = [
            Fault(
                FaultCode.OUT_OF_STOCK if row.quantity else FaultCode.OUT_OF_STOCK_SOLD_OUT,
                Field.QUANTITY if places and row.pk in places else None,
                at=(places or {}).get(row.pk, ()),
                told=told[row.pk],
                name=row.product.name,
            )
            for row in short
        ]
        raise Conflict(FaultCode.OUT_OF_STOCK, faults=faults, also=faults[1:], extra={"products": list(told.values())})
    if rows:
        change_stock({product_id: -wanted[product_id] for product_id in rows})


def give_stock_back(wanted: Mapping[int, int]) -> None:
    """Puts the quantities back by product id: two statements; must run in a transaction.

    A product that is not counted any more is left alone.
    """
    if not wanted:
        return
    rows = lock_stock(wanted)
    if rows:
        change_stock({product_id: wanted[product_id] for product_id in rows})
