"""What a line says of itself, at every door (docs/requirements.md, row 108)."""

from orders.models import Line, LineOption


def of_kind(line: Line, kind: str) -> list[LineOption]:
    return [option for option in line.options.all() if option.kind == kind]


def ticket_of(line: Line) -> list[str]:
    """What is special about a line: choices, extras, and what is left out, never the list of what stays."""
    lines = []
    for option in line.options.all():
        if option.kind == LineOption.Kind.WITHOUT:
            lines.append(f"No {option.name}")
            continue
        times = f"{option.quantity} × " if option.quantity > 1 else ""
        half = f" ({option.get_position_display()})" if option.position != LineOption.Position.WHOLE else ""
        text = f': "{option.text}"' if option.text else ""
        lines.append(f"{times}{option.name}{half}{text}")
    return lines
