"""What every dialect is made of: errors, words, paths and document (dialect), its inputs (reading) and forms (forms).

No queries and no rules of orders here.
"""

from orders.dialects.base.dialect import (
    Dialect,
    DialectView,
    MissingWord,
    covers_every_status,
    served,
    wrong_path,
)
from orders.dialects.base.forms import FormParser, nested
from orders.dialects.base.reading import (
    AmountField,
    DialectInput,
    IdField,
    LocationInput,
    MinorField,
    MomentField,
    NumberField,
    WholeField,
    WordField,
    is_blank,
    minor_amount,
    number_of,
    reads_same,
    whole_of,
)

__all__ = [
    "AmountField",
    "Dialect",
    "DialectInput",
    "DialectView",
    "FormParser",
    "IdField",
    "LocationInput",
    "MinorField",
    "MissingWord",
    "MomentField",
    "NumberField",
    "WholeField",
    "WordField",
    "covers_every_status",
    "is_blank",
    "minor_amount",
    "nested",
    "number_of",
    "reads_same",
    "served",
    "whole_of",
    "wrong_path",
]
