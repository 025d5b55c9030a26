"""Finding rows by words of a text column: by how a word begins, without regard to case and accents.

PostgreSQL has an index of the words (GIN, of its own text search, without a dictionary). SQLite has none: it folds the
column row by row, by a function that each connection is given.
"""

import re
import unicodedata
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import connection, models
from django.db.backends.signals import connection_created
from django.db.models import F, Func, Q, Value
from django.dispatch import receiver

# What stands between words, of which PostgreSQL would make one word.
BETWEEN = "-./_@'’"
LETTERS = "".join(chr(code) for code in range(0xC0, 0x180) if chr(code).isalpha())
WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 6
FOLDING = "spaced_words"


def fold(text: str) -> str:
    """In lower case and without accents."""
    parts = unicodedata.normalize("NFKD", text.lower())
    return "".join(part for part in parts if not unicodedata.combining(part))


# Letters that fold into one: PostgreSQL replaces letter by letter.
ACCENTED = "".join(letter for letter in LETTERS if len(fold(letter)) == 1 and fold(letter) != letter)
FROM, TO = ACCENTED + BETWEEN.replace("'", "''"), fold(ACCENTED) + " " * len(BETWEEN)


def folded_words(column: str) -> Func:
    """The words of a column, folded; written without parameters, so that a statement has what its index has."""
    template = f"to_tsvector('simple', translate(lower(%(expressions)s), '{FROM}', '{TO}'))"
    return Func(F(column), template=template, output_field=models.TextField())


class WordsIndex(models.Index):
    """The index of the words of one text column."""

    suffix = "words"

    def create_sql(self, model: Any, schema_editor: Any, using: str = "", **options: Any) -> Any:
        if schema_editor.connection.vendor == "postgresql":
            return GinIndex(folded_words(self.fields[0]), name=self.name).create_sql(model, schema_editor, **options)
        return super().create_sql(model, schema_editor, using, **options)  # something has to bear the name


def has_words(column: str, text: str) -> Q | None:
    """Whether each word of the text begins a word of the column; None where it has none with a letter."""
    words = WORD.findall(fold(text))[:MOST_WORDS]
    if not any(letter.isalpha() for word in words for letter in word) or len("".join(words)) < 2:
        return None
    if connection.vendor == "postgresql":
        asked = Func(Value(" & ".join(f"{word}:*" for word in words)), template="to_tsquery('simple', %(expressions)s)")
        return Q(
            Func(
                folded_words(column),
                asked,
                template="%(expressions)s",
                arg_joiner=" @@ ",
                output_field=models.BooleanField(),
            )
        )
    folded, is_true = Func(F(column), function=FOLDING, output_field=models.TextField()), models.BooleanField()
    return Q(*(Func(folded, Value(f" {word}"), function="instr", output_field=is_true) for word in words))


def spaced_words(text: str | None) -> str:
    """The words of a text, folded, a blank before each: what SQLite looks in."""
    return "".join(f" {word}" for word in WORD.findall(fold(text or "")))


@receiver(connection_created)
def teach_sqlite(connection: Any, **options: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function(FOLDING, 1, spaced_words, deterministic=True)
