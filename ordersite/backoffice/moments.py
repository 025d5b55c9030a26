"""How the back-office writes a moment: by a vendor's clock what belongs to it, all else in UTC; the zone is named."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.contrib import admin
from django.utils.dateformat import format as format_date

SHAPE = "j M Y H:i"


def write_moment(at: datetime, zone: tzinfo = UTC, shape: str = SHAPE) -> str:
    """By the zone's clock, with its short name; a zone without one goes by its offset ("UTC-03")."""
    return f"{format_date(at.astimezone(zone), shape)} {name_zone(at, zone)}"


def name_zone(at: datetime, zone: tzinfo) -> str:
    """The zone's short name at a moment."""
    name = at.astimezone(zone).tzname() or ""
    return name if name.isalpha() else f"UTC{name}"


def moment_column(field: str, zone_of: Callable[[Any], tzinfo], description: str) -> Callable[[Any, Any], str | None]:
    """A column, or a read-only field, with a row's moment by the clock of its vendor."""

    @admin.display(description=description, ordering=field, empty_value="–")
    def shown(page: Any, row: Any) -> str | None:
        at = getattr(row, field)
        return write_moment(at, zone_of(row)) if at else None

    return shown
