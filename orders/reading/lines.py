"""What a line says of itself, at every door (docs/requirements.md, row 108)."""

from collections.abc import Iterable
from typing import Any

from orders.models import LineOption


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
