"""How a door tells a refusal of the services: its names of fields, and the catalogue's sentences in these names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext

from ordersite.core.catalogue import SENTENCES
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Fault, Refusal
from ordersite.core.fields import Field
from ordersite.core.units import Grams, Millimetres

# What a door calls a field, alone or at the end of a way to it; None: it has no such input. A name may be a path
# ("location/address"), a parameter ("?reason"), or "" for what has no name of its own there.
Names = Mapping[Field | tuple[Field, ...], str | None]


@dataclass(frozen=True, slots=True)
class Namer:
    """What `{field:deliver_at}` in a sentence stands for."""

    wording: "Wording"

    def __format__(self, name: str) -> str:
        return self.wording.word(Field(name))


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One door's words: names of fields, and sentences of its own for codes whose usual remedy it does not have.

    `shown` writes out parameters that this door tells in its own way; None for all others. `api` is what our own paths
    begin with, seen from there.
    """

    names: Names
    api: str = "/api/v1"
    sentences: Mapping[FaultCode, str] = field(default_factory=dict)
    shown: Callable[[Any], str | None] = lambda value: None

    def word(self, field: Field) -> str:
        """What a sentence calls the field; by our own name where the door has none for it."""
        name = self.names.get(field)
        return (name or field.value).lstrip("?").removeprefix("header:").replace("/", ".")

    def pointer(self, fault: Fault) -> str:
        """Where the fault is in what the client sent, as "/items/0/product", "?page" or "header:If-Match"."""
        steps = [*fault.at, *([(fault.field, None)] if fault.field else [])]
        parts: list[str] = []
        start = 0
        while start < len(steps):
            name, count = self.longest([one for one, _ in steps[start:]])
            if name is None or name.startswith(("?", "header:")):
                return name or ""
            key = steps[start + count - 1][1]
            parts += [part for part in (name, "" if key is None else str(key)) if part]
            start += count
        return "".join(f"/{part}" for part in parts)

    def longest(self, fields: Sequence[Field]) -> tuple[str | None, int]:
        """The name of the longest run of these fields, from the first on, that has one, and how long that is."""
        for count in range(len(fields), 1, -1):
            if tuple(fields[:count]) in self.names:
                return self.names[tuple(fields[:count])], count
        return self.names.get(fields[0]), 1

    def sentence(self, fault: Fault) -> str:
        """What is wrong, and what to do."""
        text = self.sentences.get(fault.code) or SENTENCES[fault.code]
        params = {name: self.value(one) for name, one in {**fault.told, **fault.params}.items()}
        return gettext(text).format(field=Namer(self), api=self.api, **params)

    def value(self, value: Any) -> Any:
        """A parameter as it stands in a sentence."""
        if (own := self.shown(value)) is not None:
            return own
        if isinstance(value, Field):
            return self.word(value)
        if isinstance(value, Fault):
            return self.sentence(value)
        if isinstance(value, Mapping) and value.keys() == {"amount", "currency"}:
            return f"{value['amount']} {value['currency']}"
        if type(value) in (list, tuple, set, frozenset):
            return ", ".join(str(self.value(one)) for one in value)
        if isinstance(value, Grams | Millimetres):
            return f"{value:d} {value.unit}"
        slug = getattr(value, "slug", None)  # a status is told by number and name
        return f"{value.value} ({slug})" if slug else value

    def row(self, fault: Fault) -> dict[str, Any]:
        """The fault as one of a problem's errors."""
        return {
            "pointer": self.pointer(fault),
            "code": fault.code.told,
            "detail": self.sentence(fault),
            **self.members(fault.told),
        }

    def rows(self, refusal: Refusal) -> list[dict[str, Any]]:
        """A problem's errors: of a refusal that is not about fields only those that this door has a field for."""
        told = [(self.row(fault), fault) for fault in refusal.faults]
        return [row for row, fault in told if refusal.has_row or row["pointer"] or fault.field is None]

    def members(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """What is told beside a sentence, as JSON has it."""
        return {name: self.member(value) for name, value in told.items()}

    def member(self, value: Any) -> Any:
        """One of these: a status is an object of its number and name."""
        if isinstance(value, Mapping):
            return self.members(value)
        if isinstance(value, list | tuple):
            return [self.member(one) for one in value]
        slug = getattr(value, "slug", None)
        return {"code": value.value, "name": slug} if slug else value

    def detail(self, refusal: Refusal) -> str:
        """The sentence of the whole."""
        sentence = self.sentence(refusal.fault)
        pointer = self.pointer(refusal.fault) if refusal.leads_with_field else ""
        whole = " ".join([sentence, *map(self.sentence, refusal.also)])
        return f"{pointer}: {whole}" if pointer else whole


# Our own API: a field is called as Field calls it; an item of an order stands in the address of the call.
NATIVE = Wording(names={**{one: one.value for one in Field}, Field.LINE: None}, api="")
