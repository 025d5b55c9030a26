"""What a line says of itself, at every door (docs/requirements.md, row 108)."""

from collections.abc import Iterable
from typing import Any

from orders.models import Line, LineOption
from vendors.allergens import joined_allergens, joined_notes


def allergens_of(line: Line, options: Iterable[LineOption]) -> list[str] | None:
    """The codes of a line's product and of all that was chosen for it, as the menu said when it was ordered.

    Empty where all of these were told to have none; None where nothing was told of one, and no codes of the others.
    """
    chosen = [option.allergens for option in options if option.kind != LineOption.Kind.WITHOUT]
    return joined_allergens([line.allergens, *chosen])


def allergen_note_of(line: Line, options: Iterable[LineOption]) -> str:
    """What the menu said besides, of the product and of all that was chosen for it."""
    return joined_notes([line.allergen_note, *(option.allergen_note for option in options)])


def ticket_of(options: Iterable[Any]) -> list[str]:
    """What is special about a line with these options: choices, extras, and what is left out, never what stays."""
    lines = []
    for option in options:
        if option.kind == LineOption.Kind.WITHOUT:
            lines.append(f"No {option.name}")
            continue
        times = f"{option.quantity} × " if option.quantity > 1 else ""
        half = f" ({option.get_position_display()})" if option.position != LineOption.Position.WHOLE else ""
        text = f': "{option.text}"' if option.text else ""
        lines.append(f"{times}{option.name}{half}{text}")
    return lines
