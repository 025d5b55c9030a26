"""Rules on rows that are written once and answer twice: as a query, and for one row at hand.

A rule compares columns of a row with constants and with facts, which are attributes of whoever asks. The parts are
made when a module is loaded; to ask one builds nothing but the query.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import and_, attrgetter, or_
from typing import Any

from django.db.models import Q

NO_ROW = Q(pk__in=())


class RowRule:
    """One question. `condition` gives None where no row can satisfy it, and an empty Q where every row does."""

    def condition(self, asker: Any) -> Q | None:
        raise NotImplementedError

    def holds(self, asker: Any, row: Any) -> bool:
        raise NotImplementedError

    def query(self, asker: Any = None) -> Q:
        """The condition, for filter()."""
        condition = self.condition(asker)
        return NO_ROW if condition is None else condition

    def __and__(self, other: "RowRule") -> "RowRule":
        return Both((self, other))

    def __or__(self, other: "RowRule") -> "RowRule":
        return Either((self, other))


@dataclass(frozen=True)
class OfRow(RowRule):
    """Asks for one column, or by `__` for that of a row it refers to; subclasses say what for."""

    column: str

    @cached_property
    def value(self) -> Callable[[Any], Any]:
        return attrgetter(self.column.replace("__", "."))


@dataclass(frozen=True)
class OneOf(OfRow):
    """The column has one of these values."""

    values: Collection[Any]

    def condition(self, asker: Any) -> Q:
        return Q((f"{self.column}__in", self.values))

    def holds(self, asker: Any, row: Any) -> bool:
        return self.value(row) in self.values


@dataclass(frozen=True)
class NoneOf(OneOf):
    """The column has none of these values."""

    def condition(self, asker: Any) -> Q:
        return ~super().condition(asker)

    def holds(self, asker: Any, row: Any) -> bool:
        return not super().holds(asker, row)


@dataclass(frozen=True)
class IsNull(OfRow):
    """The column is null."""

    def condition(self, asker: Any) -> Q:
        return Q((f"{self.column}__isnull", True))

    def holds(self, asker: Any, row: Any) -> bool:
        return self.value(row) is None


@dataclass(frozen=True)
class NotNull(OfRow):
    """The column is not null."""

    def condition(self, asker: Any) -> Q:
        return Q((f"{self.column}__isnull", False))

    def holds(self, asker: Any, row: Any) -> bool:
        return self.value(row) is not None


@dataclass(frozen=True)
class IsFact(OfRow):
    """The column is what the asker's attribute says; never where that is empty."""

    fact: str

    def condition(self, asker: Any) -> Q | None:
        value = getattr(asker, self.fact)
        return Q((self.column, value)) if value else None

    def holds(self, asker: Any, row: Any) -> bool:
        value = getattr(asker, self.fact)
        return bool(value) and self.value(row) == value


@dataclass(frozen=True)
class InFact(OfRow):
    """The column is among what the asker's attribute holds."""

    fact: str

    def condition(self, asker: Any) -> Q | None:
        values = getattr(asker, self.fact)
        return Q((f"{self.column}__in", values)) if values else None

    def holds(self, asker: Any, row: Any) -> bool:
        values = getattr(asker, self.fact)
        return bool(values) and self.value(row) in values


@dataclass(frozen=True)
class OfAsker(RowRule):
    """Asks for the asker alone, whatever the row."""

    test: Callable[[Any], bool]

    def condition(self, asker: Any) -> Q | None:
        return Q() if self.test(asker) else None

    def holds(self, asker: Any, row: Any) -> bool:
        return self.test(asker)


@dataclass(frozen=True)
class Both(RowRule):
    """All of these."""

    parts: tuple[RowRule, ...]

    def condition(self, asker: Any) -> Q | None:
        found: list[Q] = []
        for part in self.parts:
            condition = part.condition(asker)
            if condition is None:
                return None
            found.append(condition)
        return reduce(and_, found)

    def holds(self, asker: Any, row: Any) -> bool:
        for part in self.parts:  # noqa: SIM110  asked for each row of a list: 0.4 µs, by a generator 0.9 µs
            if not part.holds(asker, row):
                return False
        return True


@dataclass(frozen=True)
class Either(RowRule):
    """Any of these."""

    parts: tuple[RowRule, ...]

    def condition(self, asker: Any) -> Q | None:
        found = [condition for part in self.parts if (condition := part.condition(asker)) is not None]
        if not all(found):  # an empty condition is satisfied by every row
            return Q()
        return reduce(or_, found) if found else None

    def holds(self, asker: Any, row: Any) -> bool:
        for part in self.parts:  # noqa: SIM110  as in Both
            if part.holds(asker, row):
                return True
        return False
