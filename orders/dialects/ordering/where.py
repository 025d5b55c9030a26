"""The list's `where`, `params`, `orderBy` and pages (rows 33–35): what a client may ask, as one condition on the rows.

`where` is an object ({"status": 7, "business_id": [1, 2]}: keys joined by and, a list is any of), a list of
{"attribute", "value" | {"condition", "value"}} joined by the parameter `conector`, or {"conditions": [...],
"conector"}, whose rows may be such groups again; a text of JSON, or parameters: where[status][]=7. It becomes one
condition on the order's row: however it is put together, the list stays at a fixed number of statements.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q
from django.db.models.functions import Coalesce
from rest_framework.exceptions import ParseError

from orders.dialects.base import is_blank, number_of, whole_of
from orders.dialects.ordering.words import DELIVERY_TYPES, PAYMETHOD_NAMES
from ordersite.core.money import EXPONENTS, MAX_MINOR
from ordersite.web.parsing import parse_json
from ordersite.web.problems import BadRequest

MOST_TEXT = 4000
MOST_CONDITIONS = 30
MOST_VALUES = 100
MOST_DEPTH = 4
MOST_CHARACTERS = 200
MOST_NUMBER = 10**18
CONECTORS = ("AND", "OR")
EQUAL = ("=", "!=")
ORDERED = (*EQUAL, ">", ">=", "<", "<=")
LIKE = (*EQUAL, "like", "ilike")
LOOKUPS = {"=": "exact", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
# Whose order of sorting stands on an index comes first; a - before it turns it.
ORDERINGS: dict[str, tuple[str, ...]] = {
    "id": ("id",),
    "created_at": ("placed_at", "id"),
    "status": ("status", "-placed_at", "-id"),
    "business_id": ("vendor_id", "-placed_at", "-id"),
    "customer_id": ("customer_id", "-placed_at", "-id"),
    "delivery_datetime": ("asked_for", "id"),
}
ASKED_FOR = Coalesce(F("deliver_at"), F("placed_at"))


def refuse(detail: str) -> BadRequest:
    """A 400 that says what is wrong with `where`."""
    return BadRequest("?where", "invalid", detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """An attribute that may be asked for: which conditions it takes, and how any of several values is asked for.

    Several values come with = only: one term of SQL, however many they are.
    """

    conditions: tuple[str, ...]
    clean: Callable[[str, Any], Any]
    ask: Callable[[str, list[Any]], Q]
    nullable: str = ""  # the column that may be empty


def clean_number(name: str, value: Any) -> int:
    """A whole number, in any spelling."""
    number = whole_of(value)
    if number is None or abs(number) > MOST_NUMBER:
        raise refuse(f"{name} is a whole number: send one.")
    return number


def clean_text(name: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS or "\0" in value:
        raise refuse(f"{name} is a text: send {MOST_CHARACTERS} characters at most.")
    return value


def clean_amount(name: str, value: Any) -> Decimal:
    """An amount, as a number or a text of one."""
    number = number_of(value)
    if number is None or not 0 <= number <= MAX_MINOR:
        raise refuse(f"{name} is an amount: send one such as 2.5.")
    return number


def compare(column: str, condition: str, values: list[Any]) -> Q:
    """Any of the values with =, else the one."""
    return Q(**{f"{column}__in": values}) if condition == "=" else Q(**{f"{column}__{LOOKUPS[condition]}": values[0]})


def ask_number(column: str) -> Callable[[str, list[Any]], Q]:
    return lambda condition, values: compare(column, condition, values)


def ask_word(column: str, words: Mapping[int, Any]) -> Callable[[str, list[Any]], Q]:
    """Their number stands for one or several values of ours; one that stands for none is found nowhere."""
    return lambda condition, values: Q(**{f"{column}__in": [ours for value in values for ours in words.get(value, ())]})


def ask_text(column: str) -> Callable[[str, list[Any]], Q]:
    """`like` knows % at the beginning and the end."""

    def ask(condition: str, values: list[str]) -> Q:
        if condition == "=":
            return compare(column, condition, values)
        value = values[0]
        inner = value.strip("%")
        if "%" in inner:
            raise refuse("A % can only be at the beginning or the end of a text.")
        before, after = value.startswith("%"), value.endswith("%") and len(value) > 1
        lookup = {(True, True): "contains", (False, True): "startswith", (True, False): "endswith"}.get(
            (before, after), "exact"
        )
        return Q(**{f"{column}__{'i' if condition == 'ilike' else ''}{lookup}": inner})

    return ask


def ask_amount(condition: str, values: list[Decimal]) -> Q:
    """Tips are kept in minor units: how many digits these are depends on the order's currency."""
    asked = Q(pk__in=[])
    odd = [currency for currency, digits in EXPONENTS.items() if digits != 2]
    for digits in (0, 2, 3):
        currencies = [currency for currency in odd if EXPONENTS[currency] == digits]
        those = Q(currency__in=currencies) if currencies else ~Q(currency__in=odd)
        # 2.005 lies between two cents: nothing equals it, and the next cents are more, or less, than it.
        to_whole = math.floor if condition in (">", "<=") else math.ceil
        minor = [value.scaleb(digits) for value in values]
        bounds = [to_whole(one) for one in minor if condition != "=" or one == to_whole(one)]
        if bounds:
            asked |= those & compare("driver_tip", condition, bounds)
    return asked


def numbers(column: str, *, nullable: bool = False) -> Attribute:
    return Attribute(
        conditions=ORDERED, clean=clean_number, ask=ask_number(column), nullable=column if nullable else ""
    )


def words(column: str, table: Mapping[int, Any]) -> Attribute:
    return Attribute(conditions=EQUAL, clean=clean_number, ask=ask_word(column, table))


def texts(column: str) -> Attribute:
    return Attribute(conditions=LIKE, clean=clean_text, ask=ask_text(column))


TYPES: dict[int, list[int]] = {}
for fulfilment, shown in DELIVERY_TYPES.items():
    TYPES.setdefault(shown, []).append(fulfilment.value)

WHEREABLE: dict[str, Attribute] = {
    "paymethod_id": words("payment_method", {number: [name] for number, name in PAYMETHOD_NAMES.items()}),
    "business_id": numbers("vendor_id"),
    "customer_id": numbers("customer_id"),
    "delivery_type": words("fulfilment", TYPES),
    "status": numbers("status"),
    "comment": texts("comment"),
    "driver_id": numbers("driver__user_id", nullable=True),
    "driver_tip": Attribute(conditions=ORDERED, clean=clean_amount, ask=ask_amount),
    "delivery_zone_id": numbers("delivery_zone_id", nullable=True),
    "offer_id": numbers("offer_id", nullable=True),
    "app_id": texts("app_id"),
}


class Budget:
    """How many conditions, and values in their lists, are left of those that one `where` may hold."""

    def __init__(self) -> None:
        self.conditions = MOST_CONDITIONS
        self.values = MOST_VALUES

    def take_condition(self) -> None:
        self.conditions -= 1
        if self.conditions < 0:
            raise refuse(f"Send {MOST_CONDITIONS} conditions at most.")

    def take_values(self, number: int) -> None:
        self.values -= number
        if self.values < 0:
            raise refuse(f"Send {MOST_VALUES} values at most in all lists together.")


def read_where(sent: Any, conector: Any) -> Q:
    """The condition that a `where` means, a text of JSON or what where[status]=7 nests to; raises BadRequest."""
    joined = read_conector(conector)
    given = open_where(sent)
    if isinstance(given, list):
        given = [open_where(one) for one in given if not is_blank_text(one)]
    if is_blank(given):
        return Q()
    if not isinstance(given, dict | list):
        raise refuse('Send an object, such as {"status": [0, 7]}, or a list of conditions.')
    return read_group(given, joined, Budget(), MOST_DEPTH)


def is_blank_text(value: Any) -> bool:
    """What a form says of what is not filled in; null asks for what has none."""
    return isinstance(value, str) and is_blank(value)


def open_where(text: Any) -> Any:
    """What a `where`, or a row of it, holds that is a text of JSON; raises BadRequest for one that is none."""
    if not isinstance(text, str):
        return text
    if len(text) > MOST_TEXT:
        raise refuse(f"At most {MOST_TEXT} characters: ask for less at once.")
    try:
        return parse_json(text.encode(errors="replace"), unique_keys=False)
    except (ParseError, BadRequest) as error:
        raise refuse('This is not valid JSON: send such as {"status": [0, 7]}.') from error


def read_conector(value: Any) -> str:
    if is_blank(value):
        return "AND"
    if not isinstance(value, str) or value.strip().upper() not in CONECTORS:
        raise BadRequest("?conector", "invalid", "Send AND or OR.")
    return value.strip().upper()


def read_group(given: Any, conector: str, budget: Budget, depth: int) -> Q:
    """An object of attributes, a list of conditions, or {conditions, conector}."""
    if isinstance(given, dict) and "conditions" in given:
        if depth == 0:
            raise refuse(f"Send groups of conditions nested {MOST_DEPTH} deep at most.")
        unknown = next((name for name in given if name not in ("conditions", "conector")), None)
        if unknown is not None:
            raise refuse(f"A group has only conditions and conector: leave {unknown[:60]} out.")
        if not isinstance(given["conditions"], list):
            raise refuse("Send conditions as a list.")
        return read_group(given["conditions"], read_conector(given.get("conector")), budget, depth - 1)
    if isinstance(given, dict):
        return join([read_condition(name, value, budget) for name, value in given.items()], "AND")
    return join([read_row(row, budget, depth) for row in given], conector)


def join(conditions: list[Q], conector: str) -> Q:
    """All of them, or any; none at all asks for nothing."""
    joined = Q()
    for one in conditions:
        joined = joined | one if conector == "OR" else joined & one
    return joined


def read_row(row: Any, budget: Budget, depth: int) -> Q:
    """One condition of a list, or a group in it."""
    if isinstance(row, dict) and "conditions" in row:
        return read_group(row, "AND", budget, depth)
    if not isinstance(row, dict) or not isinstance(row.get("attribute"), str) or "value" not in row:
        raise refuse('Send each condition as {"attribute": "status", "value": 7}, or as a group of these.')
    name, value, rest = row["attribute"], row["value"], row.keys() - {"attribute", "value"}
    if rest == {"condition"}:
        value = {"condition": row["condition"], "value": value}
    elif rest:
        raise refuse('Send each condition as {"attribute": "status", "value": 7}, or as a group of these.')
    return read_condition(name, value, budget)


def read_condition(name: str, value: Any, budget: Budget) -> Q:
    """One attribute with a value, any of several, or {condition, value}; raises BadRequest for one not whereable."""
    budget.take_condition()
    attribute = WHEREABLE.get(name)
    if attribute is None:
        raise refuse(f"{name[:60]} cannot be searched by: send any of {', '.join(WHEREABLE)}.")
    condition: Any = "="
    if isinstance(value, dict):
        if set(value) != {"condition", "value"}:
            raise refuse(f'Send {name} as a value, or as {{"condition": "=", "value": …}}.')
        condition, value = value["condition"], value["value"]
    if not isinstance(condition, str) or condition.lower() not in attribute.conditions:
        raise refuse(f"Send {name} with one of the conditions {', '.join(attribute.conditions)}.")
    condition = condition.lower()
    if is_blank_text(value) and attribute.clean is not clean_text and not attribute.nullable:
        return Q()
    if isinstance(value, list):
        if condition not in EQUAL:
            raise refuse(f"Send {name} as a list with = or != only.")
        budget.take_values(len(value))
    positive = "=" if condition == "!=" else condition
    values = value if isinstance(value, list) else [value]
    asked = ask(attribute, name, positive, values)
    return ~asked if condition == "!=" else asked


def ask(attribute: Attribute, name: str, condition: str, values: list[Any]) -> Q:
    """Any of the values; none is found nowhere."""
    takes_none = attribute.nullable and condition == "="
    cleaned = [attribute.clean(name, one) for one in values if not (takes_none and is_blank(one))]
    asked = attribute.ask(condition, cleaned) if cleaned else Q(pk__in=[])
    return asked | Q(**{f"{attribute.nullable}__isnull": True}) if len(cleaned) < len(values) else asked


def read_ordering(sent: Any) -> tuple[str, ...]:
    """The columns that `orderBy` means; newest first without it."""
    if is_blank(sent):
        return "-placed_at", "-id"
    text = sent.strip().lower() if isinstance(sent, str) else ""
    columns = ORDERINGS.get(text.removeprefix("-"))
    if columns is None:
        detail = f"Send one of {', '.join(ORDERINGS)}, with a - in front for descending order."
        raise BadRequest("?orderBy", "invalid", detail)
    if not text.startswith("-"):
        return columns
    return tuple(column.removeprefix("-") if column.startswith("-") else f"-{column}" for column in columns)
