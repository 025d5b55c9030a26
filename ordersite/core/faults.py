"""What a service refuses, as data: a code, the field that is wrong, what the sentence needs to say. No text, no HTTP.

The text is made at the door (ordersite.core.wording): its table of names says what each field is called there, the
catalogue (ordersite.core.catalogue) has a sentence for each code. How a service refuses something:

1. A member of `FaultCode` (core/codes.py), in the section of its package: `REQUIRED_LOCATION = "required.location"`.
   What stands before the dot is the code that clients read; what follows tells apart the sentences of one code.
2. Its sentence, in the catalogue's module of that package: `FaultCode.REQUIRED_LOCATION: _("… {field:location}.")`.
   `{field:name}` is the door's name of a Field, `{minimum}` a parameter. Amounts ({"amount", "currency"}), lists,
   statuses and Fields among the parameters are written out by the door.
3. `raise Invalid(FaultCode.REQUIRED_LOCATION, Field.LOCATION, at=cart.at)`; parameters are keywords, `told` are
   members that the client gets beside the sentence (and that the sentence may use too). For several at once:
   `raise InvalidFields([Fault(…), Fault(…)])`.
4. A Field that is new: a line in core/fields.py, and a name, or None, in the table of every dialect.

tests/web/test_faults.py holds the four together.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Self

from django.core.exceptions import ValidationError

from ordersite.core.codes import FaultCode
from ordersite.core.fields import Field


class Step(NamedTuple):
    """A field on the way to another; of a list the place in it, from 0, or a key."""

    field: Field
    key: int | str | None = None


Path = tuple[Step, ...]


class Fault:
    """One thing that is wrong: its code, the field, the way to it, members for the client, parameters."""

    __slots__ = ("at", "code", "field", "params", "told")

    def __init__(
        self,
        code: FaultCode,
        field: Field | None = None,
        *,
        at: Path = (),
        told: Mapping[str, Any] | None = None,
        **params: Any,
    ) -> None:
        self.code, self.field, self.at = code, field, at
        self.told: Mapping[str, Any] = told or {}
        self.params: Mapping[str, Any] = params

    def __repr__(self) -> str:
        return f"Fault({self.code!r}, {self.field!r}, at={self.at!r}, {self.params!r})"

    def moved(self, field: Field | None, at: Path = ()) -> "Fault":
        """The same fault at another field."""
        return Fault(self.code, field, at=at, told=self.told, **self.params)


class Refusal(Exception):
    """A refusal by a rule; the classes below say which HTTP status it is told with.

    `code` is what clients read, `fault` what the sentence is about, `faults` are the rows of fields, `also` are told
    behind the sentence. `extra` are members beside them, such as the order's status. `keeps_writes` commits what the
    call wrote before it was refused (a counted wrong try); any other refusal leaves nothing behind. `retry_after` are
    seconds.
    """

    status = 400
    # Its code as a whole, where that is not the fault's.
    own_code = ""
    # Whether it has a row where no field is named too.
    has_row = False
    # Whether its sentence begins with the field's name.
    leads_with_field = False

    def __init__(
        self,
        code: FaultCode,
        field: Field | None = None,
        *,
        at: Path = (),
        told: Mapping[str, Any] | None = None,
        faults: Sequence[Fault] = (),
        also: Sequence[Fault] = (),
        extra: Mapping[str, Any] | None = None,
        keeps_writes: bool = False,
        retry_after: int | None = None,
        **params: Any,
    ) -> None:
        super().__init__(code)
        assert not (faults and (field or at or told or params)), "of several each says it itself"
        self.fault = faults[0] if faults else Fault(code, field, at=at, told=told, **params)
        self.faults = list(faults) or ([self.fault] if field or self.has_row else [])
        self.code = self.own_code or code.told
        self.also = list(also)
        self.extra: dict[str, Any] = dict(extra or {})
        self.keeps_writes = keeps_writes
        self.retry_after = retry_after

    def blame(self, field: Field, at: Path = ()) -> Self:
        """Has faults that name no field name this one, which led to them."""
        faults = self.faults or [self.fault]
        self.faults = [fault if fault.field or fault.at else fault.moved(field, at) for fault in faults]
        return self


class Invalid(Refusal):
    """400 for one field or rule of the input; its own code is "invalid", the field's is the fault's."""

    own_code = "invalid"
    has_row = True

    def __init__(self, code: FaultCode, field: Field | None = None, **given: Any) -> None:
        super().__init__(code, field, **given)
        self.extra = {**self.fault.told, **self.extra}


class InvalidFields(Invalid):
    """The same for several faults at once, of which the first is told as the sentence."""

    leads_with_field = True

    def __init__(self, faults: Sequence[Fault]) -> None:
        # What is told of a fault stands in its own row alone.
        Refusal.__init__(self, faults[0].code, faults=faults)


class NotSignedIn(Refusal):
    """401: the credentials do not stand for anybody."""

    status = 401


class Forbidden(Refusal):
    """403: the caller sees the thing and may not do this to it."""

    status = 403


class NotFound(Refusal):
    """404: the caller may not see it, or it does not exist; both look the same."""

    status = 404

    def __init__(self, code: FaultCode = FaultCode.NOT_FOUND, field: Field | None = None, **given: Any) -> None:
        super().__init__(code, field, **given)


class Conflict(Refusal):
    """409: the state does not allow it."""

    status = 409


class Stale(Refusal):
    """412: the caller saw another version."""

    status = 412


class Throttled(Refusal):
    """429: too many tries; `retry_after` says for how long."""

    status = 429


class Busy(Refusal):
    """503 for a lock that was not had in time: nothing was written, the client tries again."""

    status = 503

    def __init__(self, code: FaultCode = FaultCode.BUSY, *, retry_after: int = 1, **given: Any) -> None:
        super().__init__(code, retry_after=retry_after, **given)


def faults_of_check(field: Field, error: ValidationError) -> list[Fault]:
    """What Django's own check of one field refuses, in its codes and sentences."""
    return [
        Fault(FaultCode.INVALID_CLEANED, field, told={"code": one.code or "invalid"}, message=" ".join(one.messages))
        for one in error.error_list
    ]


@contextmanager
def blaming_field(field: Field, *codes: str, at: Path = ()) -> Iterator[None]:
    """Has refusals (all, or those with these codes) that name no field name this one, which led to them."""
    try:
        yield
    except Refusal as refusal:
        if not codes or refusal.code in codes:
            refusal.blame(field, at)
        raise
