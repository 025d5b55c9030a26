"""A picture of the life cycle as SVG: rows of statuses from the first to the last, narrow enough for a phone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from orders.lifecycle.table import CLOSED, SUCCESS, Actor, Fulfilment, Status, changes_from

WIDTH, MARGIN = 390, 12
BOX_HEIGHT, ROW_HEIGHT, GAP = 42, 78, 10
FARTHEST = 2  # an arrow over more rows than this would only cross others
FILLS = {"start": "#fff4d6", "work": "#e3eefc", "success": "#dcf3e2", "failure": "#fbe1df", "exception": "#efe6fa"}
EXCEPTIONS = (Status.CANCELED_BY_DRIVER, Status.PICK_UP_FAILED_BY_DRIVER)


@dataclass(frozen=True, slots=True)
class Panel:
    """One way of handing over, and its statuses from top to bottom."""

    title: str
    fulfilment: Fulfilment
    rows: tuple[str, ...]

    @property
    def statuses(self) -> list[tuple[Status, ...]]:
        """Those of each row, from left to right."""
        return [tuple(Status[name.upper()] for name in row.split()) for row in self.rows]


PANELS = (
    Panel(
        "Delivery",
        Fulfilment.DELIVERY,
        (
            "preorder",
            "pending",
            "accepted_by_business",
            "looking_for_driver preparation_completed",
            "accepted_by_driver_company accepted_by_driver",
            "driver_almost_arrived_to_business canceled_by_driver",
            "driver_in_business pick_up_failed_by_driver",
            "driver_waiting_for_order order_not_ready",
            "pick_up_completed_by_driver",
            "driver_on_way",
            "driver_almost_arrived_to_customer",
            "delivery_completed_by_driver delivery_failed_by_driver",
            "completed",
        ),
    ),
    Panel(
        "Pickup, curbside, drive-thru",
        Fulfilment.PICKUP,
        (
            "preorder",
            "pending",
            "accepted_by_business",
            "preparation_completed customer_almost_arrived_to_business",
            "customer_arrived_to_business",
            "pickup_completed_by_customer not_picked_by_customer",
            "completed",
        ),
    ),
    Panel(
        "Eat in",
        Fulfilment.EAT_IN,
        (
            "preorder",
            "pending",
            "accepted_by_business",
            "preparation_completed",
            "completed not_picked_by_customer",
        ),
    ),
    Panel("Digital", Fulfilment.DIGITAL, ("pending", "accepted_by_business", "completed")),
)


def phase_of(status: Status) -> str:
    """Start, work, exception, success or failure: the colour of its box."""
    if status in (Status.PENDING, Status.PREORDER):
        return "start"
    if status in EXCEPTIONS:
        return "exception"
    if status in SUCCESS:
        return "success"
    return "failure" if status in CLOSED else "work"


def draw_life_cycle() -> str:
    """The whole picture."""
    y, parts = 30, []
    for panel in PANELS:
        parts += draw_panel(panel, y)
        y += 40 + len(panel.rows) * ROW_HEIGHT
    parts.append(text(MARGIN, y, "An open order may also be rejected or cancelled.", size=13))
    parts.append(text(MARGIN, y + 18, "All changes: the tables of lifecycle.md.", size=13))
    description = "; ".join(describe_panel(panel) for panel in PANELS)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 34}" role="img" '
        'aria-labelledby="title desc" font-family="system-ui, sans-serif">'
    )
    marker = (
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#45566b"/></marker></defs>'
    )
    lines = [
        head,
        '<title id="title">The life of an order</title>',
        f'<desc id="desc">{escape(description)}.</desc>',
        marker,
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def describe_panel(panel: Panel) -> str:
    """The panel in words, for those who do not see it."""
    steps = ", then ".join(" or ".join(f"{status} {status.label.lower()}" for status in row) for row in panel.statuses)
    return f"{panel.title}: {steps}"


def draw_panel(panel: Panel, top: int) -> list[str]:
    boxes = {
        status: box
        for number, row in enumerate(panel.statuses)
        for status, box in place_boxes(row, top + 18, number).items()
    }
    parts = [text(MARGIN, top, panel.title, size=17, weight="600")]
    parts += [arrow(boxes[source], boxes[target]) for source, target in forward(panel)]
    for status, (x, y, width) in boxes.items():
        parts += draw_box(status, x, y, width)
    return parts


def place_boxes(row: Sequence[Status], top: int, number: int) -> dict[Status, tuple[float, float, float]]:
    """Where the boxes of one row stand: x, y and width."""
    width = min(210.0, (WIDTH - 2 * MARGIN - GAP * (len(row) - 1)) / len(row))
    left = (WIDTH - width * len(row) - GAP * (len(row) - 1)) / 2
    return {
        status: (left + column * (width + GAP), float(top + number * ROW_HEIGHT), width)
        for column, status in enumerate(row)
    }


def forward(panel: Panel) -> Iterator[tuple[Status, Status]]:
    """The changes that lead down, and that are not staff's alone."""
    row_of = {status: number for number, row in enumerate(panel.statuses) for status in row}
    for source, number in row_of.items():
        for target, change in changes_from(panel.fulfilment, source).items():
            distance = row_of.get(target, number) - number
            if 0 < distance <= FARTHEST and change.actors != {Actor.STAFF}:
                yield source, target


def arrow(source: tuple[float, float, float], target: tuple[float, float, float]) -> str:
    x1, y1 = source[0] + source[2] / 2, source[1] + BOX_HEIGHT
    x2, y2 = target[0] + target[2] / 2, target[1]
    bend = (y2 - y1) / 2
    path = f"M{x1:.0f} {y1:.0f}C{x1:.0f} {y1 + bend:.0f} {x2:.0f} {y2 - bend:.0f} {x2:.0f} {y2:.0f}"
    return f'<path d="{path}" fill="none" stroke="#45566b" stroke-width="1.4" marker-end="url(#arrow)"/>'


def draw_box(status: Status, x: float, y: float, width: float) -> Iterator[str]:
    yield (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{BOX_HEIGHT}" rx="8" '
        f'fill="{FILLS[phase_of(status)]}" stroke="#45566b"/>'
    )
    lines = wrapped(f"{status.value} {status.label}", int(width / 7))
    first = y + BOX_HEIGHT / 2 + (5 if len(lines) == 1 else -3)
    for number, line in enumerate(lines):
        yield text(x + width / 2, first + number * 15, line, size=12.5, anchor="middle")


def wrapped(words: str, longest: int) -> list[str]:
    """One or two lines, broken where the second is the shortest that lets the first fit."""
    if len(words) <= longest:
        return [words]
    cut = words.rfind(" ", 0, longest + 1)
    return [words[:cut], words[cut + 1 :]]


def text(x: float, y: float, words: str, *, size: float, weight: str = "400", anchor: str = "start") -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="#16202c">{escape(words)}</text>'
    )
