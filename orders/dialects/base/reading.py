"""How every dialect reads what is sent: as leniently as the systems whose clients these are.

An optional field without a value (null, an empty text, list or object, 0 for an id) counts as left out, a field that is
not known as not sent. Numbers come as numbers or texts, words in any case, amounts with the noise of doubles. A wrong
value is an error.
"""

import math
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.http import QueryDict
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.fields import empty

from orders.dialects.base.forms import read_query
from ordersite.core.money import CURRENCIES, MAX_MINOR, Money, rounded_minor, to_text
from ordersite.web.pagination import MOST, PER_PAGE
from ordersite.web.parsing import parse_json, refuse_too_many, too_many
from ordersite.web.problems import BadRequest
from ordersite.web.serializers import MAX_ID, DegreesField, PhoneField, e164

# A plain decimal: no exponent, no thousands, ASCII digits. A double's own text has 17 significant digits.
NUMBER = re.compile(r"[+-]?(?:[0-9]{1,19}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})")
# Digits after the point that are no noise of reckoning with doubles.
DIGITS = 6
LARGEST = Decimal(10) ** 19
# A telephone number without its country's code.
LOCAL_PHONE = re.compile(r"\(?[0-9][0-9 ()./-]{4,30}")


def is_blank(value: Any) -> bool:
    """null, a text of nothing but white space, or an empty list: how clients write that they have no value."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def number_of(value: Any) -> Decimal | None:
    """The number that a JSON number or a text of one is; None for true, NaN, 1e400 and whatever else is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        value = repr(value) if math.isfinite(value) else ""
        return Decimal(value) if value else None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip())
    return None


def whole_of(value: Any) -> int | None:
    """The whole number that 4, 4.0, "4" or "4.0" is; None for 4.5, and for what is no number."""
    number = number_of(value)
    if number is None or abs(number) > LARGEST or number != number.to_integral_value():
        return None
    return int(number)


def reads_same(sent: Any, shown: Any) -> bool:
    """Whether what a client puts back is what it was shown, though a form or its own types spell it otherwise.

    What it leaves out or blank says nothing, nor does what is not known.
    """
    if is_blank(sent) or sent == {}:
        return True
    if isinstance(shown, Mapping):
        known = sent.keys() & shown.keys() if isinstance(sent, Mapping) else ()
        return bool(known) and all(reads_same(sent[name], shown[name]) for name in known)
    if isinstance(shown, list):
        if not isinstance(sent, list) or len(sent) != len(shown):
            return False
        return all(reads_same(one, other) for one, other in zip(sent, shown, strict=True))
    if isinstance(shown, bool):
        return str(sent).lower() in (("true", "1") if shown else ("false", "0"))
    if isinstance(shown, int | float):
        return number_of(sent) == number_of(shown)
    return bool(sent == shown) or (not isinstance(sent, bool) and isinstance(sent, int | float) and str(sent) == shown)


class TextOpener:
    """Opens the texts of JSON of one request, also those within others: all its values are counted together.

    `begins` has the fields that may be such texts, by how these begin.
    """

    def __init__(self, begins: Mapping[str, tuple[str, ...]]) -> None:
        self.begins = begins
        self.left = settings.MAX_JSON_VALUES

    def open(self, value: Any, name: str = "", pointer: str = "", depth: int | None = None) -> Any:
        """A value with its texts opened; raises ParseError for too many values, BadRequest for text that is no JSON."""
        depth = settings.MAX_JSON_DEPTH if depth is None else depth
        if isinstance(value, str) and value.lstrip().startswith(self.begins.get(name, ())):
            value = self.parse(value, pointer)
        self.left -= 1
        if self.left < 0 or depth < 0:
            raise too_many()
        if isinstance(value, Mapping):
            return {key: self.open(one, key, f"{pointer}/{key}", depth - 1) for key, one in value.items()}
        if isinstance(value, list):
            return [self.open(one, "", f"{pointer}/{at}", depth - 1) for at, one in enumerate(value)]
        return value

    def parse(self, text: str, pointer: str) -> Any:
        raw = text.encode(errors="replace")
        refuse_too_many(raw, self.left)
        try:
            return parse_json(raw, unique_keys=False, pointer=pointer)
        except ParseError as error:
            raise BadRequest(pointer, "invalid", "This is not valid JSON: correct it.") from error


class DialectInput(serializers.Serializer):
    # Passes over what it does not know, and over optional fields without a value. No docstring: those that have none of
    # their own would show it in their document.

    # A filter by id 0 is a fault: to pass over it would show what was not asked for.
    zero_is_no_id = True
    # Which fields may be texts of JSON, here and in what is nested here, by how these begin (TextOpener).
    texts: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def run_validation(self, data: Any = empty) -> Any:
        if self.parent is None and data is not empty and is_blank(data):
            data = {}  # no body: PHP writes an empty one as []
        if data is None and isinstance(self.parent, serializers.ListSerializer):
            self.fail("null")  # DRF lets a row be null where its list may be
        # DRF reads a QueryDict as a browser's form, where what is missing is false or empty.
        data = read_query(data) if isinstance(data, QueryDict) else data
        if self.parent is None and self.texts:
            data = TextOpener(self.texts).open(data)
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            fields = self.fields
            data = {
                name: value
                for name, value in data.items()
                if name in fields and (fields[name].required or not self.is_nothing(fields[name], value))
            }
        return super().to_internal_value(data)

    def is_nothing(self, field: Any, value: Any) -> bool:
        """Whether a field is sent without a value: blank, 0 for an id or measure, or objects of nothing else."""
        if isinstance(value, list):
            row = getattr(field, "child", None)
            return all(isinstance(one, Mapping) and self.is_nothing(row, one) for one in value)
        if isinstance(value, Mapping):
            if isinstance(field, serializers.DictField):
                return all(is_blank(one) for one in value.values())  # its keys say something themselves
            inner = getattr(field, "fields", {})
            return all(self.is_nothing(inner.get(name), one) for name, one in value.items())
        may_be_zero = self.zero_is_no_id and getattr(field, "zero_is_none", False)
        return is_blank(value) or (may_be_zero and whole_of(value) == 0)


class WholeField(serializers.IntegerField):
    """A whole number, as 4, 4.0, "4" or "4.0"."""

    default_error_messages = {"invalid": "Send a whole number."}

    def to_internal_value(self, data: Any) -> int:
        number = whole_of(data)
        if number is None:
            self.fail("invalid")
        return number


@extend_schema_field({"type": "integer", "format": "int64", "minimum": 1, "maximum": MAX_ID})
class IdField(WholeField):
    """A row's id: a positive 64-bit integer."""

    zero_is_none = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **kwargs)


class PageSizeField(WholeField):
    """How many rows a page has, 100 at most: who asks for more has these."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=MOST, default=PER_PAGE, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        return min(super().to_internal_value(data), MOST)


class NumberField(serializers.DecimalField):
    """A number, or a text of one, rounded half up to `places` digits after the point."""

    default_error_messages = {"invalid": "Send a number, such as 2.5."}

    def __init__(self, *, places: int, **kwargs: Any) -> None:
        super().__init__(max_digits=None, decimal_places=None, coerce_to_string=False, **kwargs)
        self.places = places

    def to_internal_value(self, data: Any) -> Decimal:
        number = number_of(data)
        if number is None or abs(number) > LARGEST:
            self.fail("invalid")
        return rounded(rounded(number, DIGITS), self.places)


def rounded(number: Decimal, places: int) -> Decimal:
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


class AmountField(NumberField):
    """An amount in major units: noise is rounded away here, the rest where its currency is known (minor_amount)."""

    default_error_messages = {"invalid": "Send an amount, such as 2.5."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(places=DIGITS, min_value=0, max_value=MAX_MINOR, **kwargs)


@extend_schema_field({"type": "integer", "minimum": 0, "maximum": MAX_MINOR})
class MinorField(NumberField):
    """An amount in minor units: a whole number, or what a double makes of one."""

    default_error_messages = {"invalid": "Send an amount in minor units, digits alone: 250 for 2.50."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(places=DIGITS, min_value=0, max_value=MAX_MINOR, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        number = super().to_internal_value(data)
        if number != number.to_integral_value():
            self.fail("invalid")
        return int(number)


class WordField(serializers.ChoiceField):
    """One of some words, in any case, or of some numbers, in any spelling."""

    default_error_messages = {"invalid_choice": "Send one of {choices}; {input} is none of them."}

    def to_internal_value(self, data: Any) -> Any:
        number = whole_of(data)
        text = str(number) if number is not None else data.strip() if isinstance(data, str) else None
        folded = {str(choice).casefold(): choice for choice in self.choices}
        if text is None or text.casefold() not in folded:
            given = data if isinstance(data, str | int | float) else type(data).__name__
            self.fail("invalid_choice", choices=", ".join(map(str, self.choices)), input=given)
        return folded[text.casefold()]


class CurrencyField(WordField):
    """A currency by its code of ISO 4217, in any case."""

    default_error_messages = {"invalid_choice": "Send a currency by its code of three letters, such as EUR."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=sorted(CURRENCIES), **kwargs)


class MomentField(serializers.DateTimeField):
    """A moment in ISO 8601, with a T or a space; without an offset it is UTC."""

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(data.strip() if isinstance(data, str) else data)


class LocationInput(DialectInput):
    """A point on the earth, in degrees (WGS 84)."""

    lat = DegreesField(min_value=-90, max_value=90, help_text="Degrees north.")
    lng = DegreesField(min_value=-180, max_value=180, help_text="Degrees east.")


@extend_schema_field({"type": "string", "maxLength": 40, "example": "+32470123456"})
class LocalPhoneField(PhoneField):
    """A telephone number, kept as it is written where it may be one of the vendor's country (with_country)."""

    def to_internal_value(self, data: Any) -> str:
        text = str(data).strip() if isinstance(data, str | int) and not isinstance(data, bool) else ""
        return text if LOCAL_PHONE.fullmatch(text) else super().to_internal_value(data)


def with_country(text: str, country: str | None, pointer: str) -> str:
    """A telephone number that was read by LocalPhoneField, with its country's code; raises BadRequest."""
    number = text if not text or text.startswith("+") else e164(text, country)
    if text and not number:
        detail = "This is not a phone number of the vendor's country: send it as +32470123456."
        raise BadRequest(pointer, "invalid", detail)
    return number


def minor_amount(amount: Decimal, currency: str, pointer: str) -> Money:
    """An amount in major units, rounded half up to minor ones; raises BadRequest for one that no order can have."""
    minor = rounded_minor(amount, currency)
    if minor > MAX_MINOR:
        raise BadRequest(pointer, "max_value", f"The amount is too large: at most {to_text(MAX_MINOR, currency)}.")
    return Money(minor, currency)
