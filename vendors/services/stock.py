"""Stock: taken and given back under lock. Both must run in a transaction, the order's own."""

from collections.abc import Mapping

from django.db.models import Case, F, Value, When

from ordersite.web.problems import Conflict, field_error
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
    Stock.objects.filter(pk__in=by).update(quantity=F("quantity") + Case(*cases, default=Value(0)))


def take_stock(wanted: Mapping[int, int], pointers: Mapping[int, str] | None = None) -> None:
    """Takes the quantities by product id: two statements however many products; must run in a transaction.

    Send only products whose stock is counted; one that is no longer counted by now is left alone. Raises
    Conflict("out_of_stock") with what is left of each product that is short, and then takes nothing; `pointers` are
    where the quantities stand in the client's input.
    """
    if not wanted:
        return
    rows = lock_stock(wanted)
    short = [row for product_id, row in rows.items() if row.quantity < wanted[product_id]]
    if short:
        errors = [
            field_error(
                (pointers or {}).get(row.pk, ""),
                "out_of_stock",
                f"Only {row.quantity} × {row.product.name} left: lower the quantity."
                if row.quantity
                else f"{row.product.name} is sold out: leave it out.",
                product=row.pk,
                left=row.quantity,
            )
            for row in short
        ]
        raise Conflict(
            "out_of_stock",
            " ".join(str(error["detail"]) for error in errors),
            errors=errors,
            extra={"products": [{"product": row.pk, "left": row.quantity} for row in short]},
        )
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
