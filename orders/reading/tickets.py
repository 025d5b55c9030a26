"""What stands on a paper: one list of rows, which the browser's page and the printer's text are both made from.

A row is {"kind", "text", "right"}; the kind says what a row is, not how it looks. Texts hold no control characters:
what a customer writes cannot command a printer. Its words are in its vendor's language.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dateformat import format as format_time
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from orders.lifecycle.table import Fulfilment
from orders.models import LineOption, PrintJob
from orders.reading.item_views import LineView, OptionView
from orders.reading.order_view import OrderView, view_order
from orders.services.record.access import OrderAccess
from ordersite.core.languages import speaking
from ordersite.core.money import with_currency
from ordersite.core.names import first_name
from ordersite.core.unprinted import one_line
from vendors.allergens import allergens_in_words
from vendors.payment_methods import find_method

# What the paper is about; its number, which is called out; what it warns of; a line across; plain and heavy text; a
# product with its quantity; what is added to it, and what is left out; what somebody wrote; an amount.
ROW_KINDS = ("title", "number", "mark", "rule", "text", "strong", "item", "added", "without", "note", "sum")
MOST_ROWS = 2000
PIECE = "st"
WAYS = {
    Fulfilment.DELIVERY: _("Delivery"),
    Fulfilment.PICKUP: _("Pickup"),
    Fulfilment.EAT_IN: _("Eat in"),
    Fulfilment.CURBSIDE: _("Curbside"),
    Fulfilment.DRIVE_THRU: _("Drive-thru"),
    Fulfilment.DIGITAL: _("Digital"),
}
# Where the customer is served, by the order's own field.
SPOTS = {"table": _("Table"), "vehicle": _("Vehicle"), "locker": _("Locker")}
HALVES = {LineOption.Position.LEFT: _("left"), LineOption.Position.RIGHT: _("right")}

Row = dict[str, str]


def row(kind: str, text: str = "", right: str = "") -> Row:
    return {"kind": kind, "text": one_line(text), "right": one_line(right)}


def draw_ticket(access: OrderAccess, job: PrintJob) -> dict[str, Any]:
    """The content of a job's paper, as its reader may see the order now; as JSON."""
    vendor = access.order.vendor
    with speaking(vendor.language):
        rows = list(ticket_rows(view_order(access, "items"), job, access.now))
    return {"columns": vendor.ticket_columns, "language": vendor.language, "rows": rows[:MOST_ROWS]}


def draw_copy(access: OrderAccess) -> dict[str, Any]:
    """The same as somebody who is no device of the vendor's prints it: a copy, whatever was printed before."""
    vendor = access.order.vendor
    with speaking(vendor.language):
        rows = list(ticket_rows(view_order(access, "items"), None, access.now))
    return {"language": vendor.language, "rows": rows[:MOST_ROWS]}


def ticket_rows(view: OrderView, job: PrintJob | None, now: datetime) -> Iterator[Row]:
    """All rows, in the language that is active; of no job it is a copy."""
    yield row("title", view.vendor.name)
    yield from marks_of(job) if job else [row("mark", gettext("COPY"))]
    yield row("number", view.called)
    yield from head_of(view, now)
    yield row("rule")
    yield from ordered_rows(view)
    if job is None or job.kind != PrintJob.Kind.CANCELLATION:
        yield from foot_of(view)
    yield row("rule")
    printed = gettext("Printed %(time)s") % {"time": clock(now, view.vendor.zone, now)}
    yield row("text", printed, gettext("Job %(number)s") % {"number": job.pk} if job else "")


def marks_of(job: PrintJob) -> Iterator[Row]:
    """What tells the paper from the first ticket of its order."""
    if job.kind == PrintJob.Kind.CANCELLATION:
        yield row("mark", gettext("CANCELLED: do not prepare"))
    elif job.number > 1:
        yield row("mark", gettext("COPY %(number)s") % {"number": job.number})
    if job.reason == PrintJob.Reason.REOPENED:
        yield row("mark", gettext("GOES ON: the cancellation was taken back"))
    if job.may_double:
        yield row("mark", gettext("POSSIBLE DOUBLE: another paper may have been printed"))


def head_of(view: OrderView, now: datetime) -> Iterator[Row]:
    """How, for when and for whom."""
    zone = view.vendor.zone
    yield row("strong", gettext(WAYS[Fulfilment(view.fulfilment)]))
    if view.deliver_at:
        yield row("strong", gettext("For %(time)s") % {"time": clock(view.deliver_at, zone, now)})
    elif view.estimated_at:
        by = clock(view.estimated_at, zone, now)
        yield row("strong", gettext("As soon as possible, by %(time)s") % {"time": by})
    else:
        yield row("strong", gettext("As soon as possible"))
    if name := first_name(view.contact.name or view.customer.name):
        yield row("text", gettext("For %(name)s") % {"name": name})
    for field, word in SPOTS.items():
        if text := getattr(view, field):
            yield row("strong", f"{gettext(word)} {text}")
    yield row("text", gettext("Placed %(time)s") % {"time": clock(view.placed_at, zone, now)})


def clock(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """18:30 by the vendor's clock; with the day where that is not today."""
    local = at.astimezone(zone)
    is_today = local.date() == now.astimezone(zone).date()
    return format_time(local, "H:i" if is_today else "D d/m H:i")


def ordered_rows(view: OrderView) -> Iterator[Row]:
    """What is ordered, and what the customer wrote beside it."""
    for line in view.lines:
        yield from line_rows(line)
    if package := view.package:
        yield row("item", f"1 × {package.type_name}")
        yield row("text", f"{package.weight} g")
    if booking := view.booking:
        zone, now = view.vendor.zone, timezone.now()
        yield row("item", f"1 × {booking.service_name}")
        times = {"start": clock(booking.starts_at, zone, now), "end": clock(booking.ends_at, zone, now)}
        yield row("strong", gettext("%(start)s to %(end)s") % times)
    yield from note_rows(view.comment)


def quantity_words(line: LineView) -> str:
    return f"{line.quantity} ×" if line.unit == PIECE else f"{line.quantity} {line.unit}"


def line_rows(line: LineView) -> Iterator[Row]:
    yield row("item", f"{quantity_words(line)} {line.name}")
    if line.plu_code:
        yield row("text", f"PLU {line.plu_code}")
    for option in line.options:
        if option.kind == LineOption.Kind.WITHOUT:
            yield row("without", gettext("No %(name)s") % {"name": option.name})
        else:
            yield row("added", choice_words(option), plu_of(option))
    if told := allergens_in_words(line.allergens, line.allergen_note):
        yield row("text", gettext("Allergens: %(names)s") % {"names": told})
    yield from note_rows(line.comment)


def choice_words(option: OptionView, *, quotes: bool = True) -> str:
    """left: 2 × Olives: "Happy birthday"; the text only where it `quotes` that."""
    half = f"{gettext(HALVES[option.position])}: " if option.position in HALVES else ""
    times = f"{option.quantity} × " if option.quantity > 1 else ""
    text = f': "{option.text}"' if option.text and quotes else ""
    return f"{half}{times}{option.name}{text}"


def plu_of(option: OptionView) -> str:
    return f"PLU {option.plu_code}" if option.plu_code else ""


def note_rows(text: str) -> Iterator[Row]:
    """What somebody wrote, line by line."""
    return (row("note", line) for line in text.splitlines() if one_line(line))


def price_parts(view: OrderView) -> list[tuple[str, int]]:
    """What the total is the sum of, in cents, in the language that is active; nothing that is zero."""
    parts = (
        (gettext("Subtotal"), view.subtotal),
        (gettext("Discount"), -view.discount),
        (gettext("Delivery"), view.delivery_fee),
        (gettext("Service fee"), view.service_fee),
        (gettext("Tax"), view.tax_added),
        (gettext("Driver's tip"), view.driver_tip),
    )
    return [(label, amount) for label, amount in parts if amount]


def foot_of(view: OrderView) -> Iterator[Row]:
    """What it costs, what is to be collected, and by which code its customer is known."""

    def sum_of(label: str, amount: int) -> Row:
        return row("sum", label, with_currency(amount, view.currency))

    yield row("rule")
    for label, amount in price_parts(view):
        yield sum_of(label, amount)
    yield sum_of(gettext("Total"), view.total)
    owed = view.owed
    if not owed:
        yield row("strong", gettext("Paid"))
    elif find_method(view.payment_method).is_on_handover:
        yield row("strong", gettext("COLLECT IN CASH"), with_currency(owed, view.currency))
        if view.cash and view.cash > owed:
            yield sum_of(gettext("Customer gives"), view.cash)
            yield sum_of(gettext("Change to give"), view.cash - owed)
    else:
        yield row("strong", gettext("NOT PAID YET"), with_currency(owed, view.currency))
    if view.collection_code:
        yield row("strong", gettext("Collection code"), view.collection_code)


# --- as text ----------------------------------------------------------------------------------------------------

# How a row looks where all letters have one size: what stands before it, and whether it stands in the middle.
INDENTS = {"text": "  ", "added": "   + ", "without": "  -- ", "note": "   > "}
CENTRED = frozenset({"title", "number"})
FRAMED = {"mark": "*", "number": "="}


def ticket_as_text(content: Mapping[str, Any]) -> str:
    """The paper as plain text, no line wider than its columns."""
    columns = int(content["columns"])
    lines: list[str] = []
    for one in content["rows"]:
        lines += text_lines(one, columns)
    return "\n".join([*lines, "", ""])


def text_lines(one: Mapping[str, str], columns: int) -> list[str]:
    kind, text, right = one["kind"], one["text"], one["right"]
    if kind == "rule":
        return ["-" * columns]
    if kind in FRAMED:
        frame = FRAMED[kind]
        inner = [f"{frame} {line} {frame}" for line in wrap(text, columns - 4)]
        return [frame * columns, *(centred(line, columns) for line in inner), frame * columns]
    if kind in CENTRED:
        return [centred(line, columns) for line in wrap(text, columns)]
    indent = INDENTS.get(kind, "")
    if kind == "without":
        text = f"{text.upper()} --"
    lines = [indent + line for line in wrap(text, columns - len(indent))]
    if not right:
        return ["", *lines] if kind == "item" else lines
    right = wrap(right, columns)[0]
    room = columns - width_of(lines[-1]) - width_of(right)
    if room >= 1:
        return [*lines[:-1], f"{lines[-1]}{' ' * room}{right}"]
    return [*lines, " " * (columns - width_of(right)) + right]


def centred(line: str, columns: int) -> str:
    return " " * ((columns - width_of(line)) // 2) + line


def width_of(text: str) -> int:
    """How many columns a printer takes for it: two for a wide letter, none for a mark on the letter before."""
    return sum(map(width_of_letter, text))


def width_of_letter(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrap(text: str, columns: int) -> Sequence[str]:
    """The text in lines of at most so many columns, broken between words where that goes; never none."""
    lines, line, used = [], "", 0
    for word in text.split():
        size = width_of(word)
        if line and used + 1 + size <= columns:
            line, used = f"{line} {word}", used + 1 + size
            continue
        if line:
            lines.append(line)
        *full, line = pieces_of(word, columns)
        lines += full
        used = width_of(line)
    return [*lines, line]


def pieces_of(word: str, columns: int) -> list[str]:
    """A word cut where it is wider than a line."""
    pieces, used = [""], 0
    for char in word:
        size = width_of_letter(char)
        if used + size > columns:
            pieces.append("")
            used = 0
        pieces[-1] += char
        used += size
    return pieces
