"""Reading the file: tab separated, a line for each item of an order, choices as a bracketed list that may nest."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orders.checkout import MOST_CHOICES, MOST_ITEMS
from ordersite.core.unprinted import has_unprinted

COLUMNS = ["order_id", "quantity", "item_name", "choice_description", "item_price"]
PRICE = re.compile(r"\$(\d{1,3}(?:,\d{3})+|\d{1,9})\.(\d\d)")
WHOLE = re.compile(r"[0-9]{1,6}")
NOTHING = "NULL"
LONGEST_CODE, LONGEST_ITEM, LONGEST_CHOICE = 100, 100, 80
DEEPEST = 20

Nested = list["str | Nested"]


class UnreadableFile(Exception):
    """A line that cannot be read: its number in the file, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"Line {line}: {why}")


@dataclass(frozen=True, slots=True)
class ReplayItem:
    """One line of an order; `choices` counts (position in the nesting, name), the price is in cents for one."""

    name: str
    quantity: int
    unit_price: int
    choices: tuple[tuple[tuple[str, str], int], ...]


@dataclass(slots=True)
class FileOrder:
    """An order of the file, under its number there."""

    code: str
    items: list[ReplayItem] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(item.quantity * item.unit_price for item in self.items)


def read_orders(path: Path) -> list[FileOrder]:
    """Every order of the file in its order of appearance; raises Unreadable for the first line that is not understood.

    Raises OSError where the file itself cannot be opened.
    """
    orders: dict[str, FileOrder] = {}
    header_seen = False
    for number, raw in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            text = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r")
        except UnicodeDecodeError as error:
            raise UnreadableFile(number, "it is not UTF-8 text.") from error
        if not text.strip():
            continue
        cells = text.split("\t")
        if not header_seen:
            if [cell.strip() for cell in cells] != COLUMNS:
                raise UnreadableFile(
                    number, f"the first line must name the columns {', '.join(COLUMNS)}, with tabs between."
                )
            header_seen = True
            continue
        code, item = read_line(number, cells)
        order = orders.setdefault(code, FileOrder(code))
        order.items.append(item)
        if len(order.items) > MOST_ITEMS:
            raise UnreadableFile(number, f"order {code} has more than {MOST_ITEMS} lines.")
    if not orders:
        raise UnreadableFile(1, "the file has no orders.")
    return list(orders.values())


def read_line(number: int, cells: list[str]) -> tuple[str, ReplayItem]:
    """The order's number and the item of one line."""
    if len(cells) != len(COLUMNS):
        raise UnreadableFile(number, f"it has {len(cells)} columns, not {len(COLUMNS)} with tabs between.")
    code, quantity, name, choices, price = (cell.strip() for cell in cells)
    check_cell(number, "order_id", code, LONGEST_CODE)
    check_cell(number, "item_name", name, LONGEST_ITEM)
    if not WHOLE.fullmatch(quantity) or not 1 <= int(quantity) <= 10_000:
        raise UnreadableFile(number, f'quantity is "{quantity}": it must be a whole number from 1 to 10000.')
    found = PRICE.fullmatch(price)
    if found is None:
        raise UnreadableFile(number, f'item_price is "{price}": it must look like $16.98.')
    cents = int(found[1].replace(",", "")) * 100 + int(found[2])
    unit_price, rest = divmod(cents, int(quantity))
    if rest:
        raise UnreadableFile(number, f"item_price {price} is not {quantity} times a whole number of cents.")
    return code, ReplayItem(name, int(quantity), unit_price, read_choices(number, choices))


def check_cell(number: int, column: str, text: str, longest: int) -> None:
    if not text:
        raise UnreadableFile(number, f"{column} is empty.")
    if len(text) > longest:
        raise UnreadableFile(number, f"{column} is longer than {longest} characters.")
    if has_unprinted(text):
        raise UnreadableFile(number, f"{column} holds a control character.")


def read_choices(number: int, text: str) -> tuple[tuple[tuple[str, str], int], ...]:
    """`[Salsa, [Rice, Beans]]` → Salsa at "1", Rice and Beans at "2", each with how often it stands there."""
    if text == NOTHING:
        return ()
    counted = Counter(placed(parse_list(number, text)))
    for _, name in counted:
        check_cell(number, "a choice", name, LONGEST_CHOICE)
    if len(counted) > MOST_CHOICES:
        raise UnreadableFile(number, f"it has more than {MOST_CHOICES} choices.")
    return tuple(counted.items())


def parse_list(number: int, text: str) -> Nested:
    """The bracketed list as nested lists of names."""
    if not text.startswith("["):
        raise UnreadableFile(number, f"choice_description must be {NOTHING} or a list in square brackets.")
    outer: Nested = []
    stack: list[Nested] = [outer]
    name = ""
    after_list = False
    for sign in text:
        if not stack[-1:] or (after_list and sign not in ",] "):
            raise UnreadableFile(number, "choice_description goes on after a closing bracket.")
        if sign == "[":
            if name.strip() or len(stack) > DEEPEST:
                raise UnreadableFile(number, "choice_description has a bracket in the wrong place.")
            inner: Nested = []
            stack[-1].append(inner)
            stack.append(inner)
            name = ""
        elif sign in ",]":
            if not after_list:
                if not name.strip():
                    raise UnreadableFile(number, "choice_description has an empty choice.")
                stack[-1].append(name.strip())
            name, after_list = "", sign == "]"
            if after_list:
                stack.pop()
                if len(stack) == 1:
                    stack.clear()
        elif not after_list:
            name += sign
    if stack:
        raise UnreadableFile(number, "choice_description has a bracket that is not closed.")
    first = outer[0]
    return first if isinstance(first, list) else []


def placed(choices: Nested, path: str = "") -> Iterator[tuple[str, str]]:
    """(position, name) of every choice. A list of names alone is one position; beside a list each has its own."""
    nests = any(isinstance(choice, list) for choice in choices)
    for index, choice in enumerate(choices, start=1):
        inside = f"{path}.{index}" if path else str(index)
        if isinstance(choice, list):
            yield from placed(choice, inside)
        else:
            yield (inside if nests else path or "1"), choice
