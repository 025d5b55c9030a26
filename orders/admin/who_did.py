"""Who did something, in words: rows keep the key of their caller ("user:5")."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from orders.reading.rows_together import read_together
from ordersite.accounts.models import User
from ordersite.backoffice.row_choosers import row_id
from vendors.models import Company, Device, Driver, Merchant

# Whom the key of a caller, or of who was asked to drive, means.
NAMED: Mapping[str, type[Model]] = {
    "user": User,
    "merchant": Merchant,
    "device": Device,
    "driver": Driver,
    "company": Company,
}


def caller_in_words(row: Any) -> str:
    match row:
        case User():
            return f"{row.name or row.shown_email}{row.mark}"
        case Merchant():
            return f"{row.name} (API token)"
        case Device():
            return f"{row.name} ({row.kind})"
    return str(row)


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """The names of callers and of those who were asked to drive, by their keys ("user:5", "company:2")."""
    wanted: dict[str, set[int]] = {}
    for key in keys:
        kind, _, number = key.partition(":")
        found = row_id(number)
        if kind in NAMED and found:
            wanted.setdefault(kind, set()).add(found)
    rows = read_together({kind: NAMED[kind]._default_manager.filter(pk__in=found) for kind, found in wanted.items()})
    return {f"{kind}:{row.pk}": caller_in_words(row) for kind, found in rows.items() for row in found}


def who(key: str, names: dict[str, str]) -> str:
    """A caller's name; a guest's key is a hash that tells nobody anything."""
    return "a guest" if key.startswith("guest:") else names.get(key, key)


class NamedActors(admin.ModelAdmin):
    """Pages of rows that name in `actor` who made them: a list looks all of its names up in one statement."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        rows: Iterable[Any] = changes.result_list
        names = names_of(row.actor for row in rows)
        for row in rows:
            row.made_by = who(row.actor, names)
        return changes

    @admin.display(description="who")
    def who_did(self, row: Any) -> str:
        return row.made_by if hasattr(row, "made_by") else who(row.actor, names_of([row.actor]))
