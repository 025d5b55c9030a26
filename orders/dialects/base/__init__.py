"""What every dialect is made of: errors, words, paths and document (dialect), its inputs (reading) and forms (forms).

No queries and no rules of orders here.
"""

from orders.dialects.base.dialect import (
    NOT_YOURS,
    Dialect,
    DialectView,
    MissingWord,
    covers_every_status,
    served,
    wrong_path,
)
from orders.dialects.base.forms import FormParser, PartsParser, nested, read_query
from orders.dialects.base.reading import (
    AmountField,
    CurrencyField,
    DialectInput,
    IdField,
    LocalPhoneField,
    LocationInput,
    MinorField,
    MomentField,
    NumberField,
    PageSizeField,
    TextOpener,
    WholeField,
    WordField,
    is_blank,
    minor_amount,
    number_of,
    reads_same,
    whole_of,
    with_country,
)

__all__ = [
    "NOT_YOURS",
    "AmountField",
    "CurrencyField",
    "Dialect",
    "DialectInput",
    "DialectView",
    "FormParser",
    "IdField",
    "LocalPhoneField",
    "LocationInput",
    "MinorField",
    "MissingWord",
    "MomentField",
    "NumberField",
    "PageSizeField",
    "PartsParser",
    "TextOpener",
    "WholeField",
    "WordField",
    "covers_every_status",
    "is_blank",
    "minor_amount",
    "nested",
    "number_of",
    "read_query",
    "reads_same",
    "served",
    "whole_of",
    "with_country",
    "wrong_path",
]
