"""Papers: what stands on each sheet, without saying how it is drawn. `ordersite.web.pdf` makes a file of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumn:
    """Of a table; `part` is its part of the width among its neighbours'. Numbers stand at the right."""

    heading: str
    part: int = 1
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of texts under headings, which stand on every page that it fills."""

    columns: Sequence[TableColumn]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Labels, each with what it says at the right; `last_is_total`: the last one is set in bold."""

    rows: Sequence[tuple[str, str]]
    last_is_total: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Lines under a heading; empty ones are left out."""

    heading: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """Texts beside each other."""

    parts: Sequence[Texts]


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRows:
    """Rows of a ticket: {"kind", "text", "right"}, as `orders.reading.tickets` makes them."""

    rows: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """A line to write on, with what belongs there below it."""

    text: str


Block = Table | Facts | Texts | SideBySide | TicketRows | SignatureLine


class Paper(Enum):
    """What a file is printed on: A4, upright or on its side, or a roll of 80 mm, as long as what stands on it."""

    A4 = "a4"
    WIDE = "wide"
    ROLL = "roll"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One document, which begins on a page of its own; of a ticket the rows say what its title is."""

    title: str
    blocks: Sequence[Block]
    is_headed: bool = True
