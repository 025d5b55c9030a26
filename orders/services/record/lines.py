"""The lines of orders as rows, from what pricing made of them."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from orders.models import Line, LineOption, Order
from orders.pricing import PricedLine


def keep_rows(instance: Any, name: str, rows: Sequence[Any]) -> None:
    """Fills a reverse relation as prefetch_related would; what was read of it before stays as it is for its holder.

    The relation's condition waits until somebody filters further, as in Django's own managers. A placing keeps seven:
    through their managers, which copy the query three times, that took 3 % of its CPU.
    """
    relation = instance._meta.get_field(name)
    queryset: QuerySet[Any] = QuerySet(relation.related_model)
    queryset._deferred_filter = False, (), {relation.field.name: instance}  # type: ignore[attr-defined]
    queryset._result_cache = list(rows)
    instance.__dict__.setdefault("_prefetched_objects_cache", {})[name] = queryset


def stock_wanted(lines: Sequence[PricedLine]) -> dict[int, int]:
    """How many units of which counted products the lines take."""
    wanted: dict[int, int] = {}
    for line in lines:
        if line.tracks_stock and line.product_id:
            wanted[line.product_id] = wanted.get(line.product_id, 0) + line.quantity
    return wanted


def make_lines(order: Order, lines: Sequence[PricedLine]) -> list[Line]:
    """An order's lines, not saved yet."""
    return [make_line(order, line, position) for position, line in enumerate(lines, start=1)]


def keep_options(lines: Sequence[tuple[Line, PricedLine]]) -> list[LineOption]:
    """What was chosen for lines that are saved already, which each keeps; not saved yet."""
    made: list[LineOption] = []
    for line, priced in lines:
        options = make_options(line, priced)
        keep_rows(line, "options", options)
        made += options
    return made


def make_line(order: Order, line: PricedLine, position: int) -> Line:
    """A priced line as a row of an order, not saved yet."""
    return Line(
        order=order,
        position=position,
        product_id=line.product_id,
        name=line.name,
        plu_code=line.plu_code,
        sku=line.sku,
        unit=line.unit,
        quantity=line.quantity,
        unit_price=line.unit_price,
        price_per=line.price_per,
        total=line.total,
        discount=line.discount,
        tax_rate=line.tax_rate,
        tax=line.tax,
        comment=line.comment,
        substitute_id=line.substitute if isinstance(line.substitute, int) else None,
        substitute_price=line.substitute_price,
        remove_if_missing=line.substitute == "remove",
        stock_taken=line.quantity if line.tracks_stock else 0,
        allergens=line.allergens,
        allergen_note=line.allergen_note,
    )


def make_options(line: Line, priced: PricedLine) -> list[LineOption]:
    """What was chosen for a line that is saved already, not saved yet."""
    return [
        LineOption(
            line=line,
            kind=option.kind,
            menu_id=option.menu_id,
            group=option.group,
            name=option.name,
            plu_code=option.plu_code,
            unit=option.unit,
            position=option.position,
            quantity=option.quantity,
            price=option.price,
            is_halved=option.is_halved,
            charged=option.charged,
            total=option.total,
            text=option.text,
            allergens=option.allergens,
            allergen_note=option.allergen_note,
        )
        for option in priced.options
    ]
