"""How the back-office writes and reads a moment: by a vendor's clock what belongs to it, all else in UTC.

The zone is named either way.
"""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ordersite.core.amount_columns import OWNERS, chosen_in

SHAPE = "j M Y H:i"
MISSING_VALUE = "–"  # what stands where a row has no value: Django writes "None" in a read-only field
# What a clock shows when it changes cannot be told from the time alone.
SKIPPED = "On {day} the clocks of {zone} go forward, and never show {time}: type a time before or after that."
TWICE = "On {day} the clocks of {zone} go back, and show {time} twice: type a time before or after that."
OUT_OF_CALENDAR = "This is beyond the calendar: type another day."


def write_moment(at: datetime, zone: tzinfo = UTC, shape: str = SHAPE) -> str:
    """By the zone's clock, with its short name; a zone without one goes by its offset ("UTC-03").

    What that clock cannot show, at the end of the calendar, is in UTC.
    """
    zone = UTC if shown_by(at, zone) is None else zone
    return f"{format_date(at.astimezone(zone), shape)} {name_zone(at, zone)}"


def name_zone(at: datetime, zone: tzinfo) -> str:
    """The zone's short name at a moment."""
    name = at.astimezone(zone).tzname() or ""
    return name if name.isalpha() else f"UTC{name}"


def moment_column(field: str, zone_of: Callable[[Any], tzinfo], description: str) -> Callable[[Any, Any], str]:
    """A column, or a read-only field, with a row's moment by the clock of its vendor."""

    @admin.display(description=description, ordering=field)
    def shown(page: Any, row: Any) -> str:
        at = getattr(row, field)
        return write_moment(at, zone_of(row)) if at else MISSING_VALUE

    return shown


def read_wall_clock(shown: datetime, zone: tzinfo) -> datetime:
    """The moment in UTC at which a clock of the zone shows this (without a zone of its own).

    Raises ValidationError for what it never shows, or shows twice.
    """
    try:
        early, late = (shown.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        back = early.astimezone(zone).replace(tzinfo=None)
    except (OverflowError, ValueError) as error:
        raise ValidationError(OUT_OF_CALENDAR, code="invalid") from error
    if early == late:
        return early
    told = {"day": format_date(shown, "j M Y"), "time": format_date(shown, "H:i"), "zone": zone}
    raise ValidationError((SKIPPED if back != shown else TWICE).format(**told), code="invalid")


def shown_by(at: datetime, zone: tzinfo) -> datetime | None:
    """What a clock of the zone shows at a moment; None where that is beyond the calendar."""
    try:
        return at.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return None


class WallClockField(forms.DateTimeField):
    """A date and a time in one input, by the clock of `zone`; a moment in UTC inside."""

    zone: tzinfo = UTC

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        shown: Any = super(forms.DateTimeField, self).to_python(str(value).strip())
        return read_wall_clock(shown, self.zone)

    def prepare_value(self, value: Any) -> Any:
        return shown_by(value, self.zone) if isinstance(value, datetime) else value


class DateAndTime(forms.SplitDateTimeWidget):
    """A date and a time, each of which says what it is, and whose clock is meant.

    Django's own fills in "Now" and "Today" by the server's clock.
    """

    use_fieldset = True
    zone_name = ""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        named = [{"type": name, "aria-label": name.capitalize()} for name in ("date", "time")]
        # Seconds are kept as they are.
        named[1]["step"] = "1"
        super().__init__(attrs, "%Y-%m-%d", "%H:%M:%S", *named)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        shown = super().render(name, value, attrs, renderer)
        return format_html('<span class="moment">{} <span class="unit">{}</span></span>', shown, self.zone_name)


class RowMomentField(forms.SplitDateTimeField):
    """A date and a time of a form's row, by the clock of its vendor, else in UTC; a moment in UTC inside."""

    widget = DateAndTime
    zone: tzinfo = UTC
    stands: datetime | None = None

    def get_bound_field(self, form: Any, field_name: str) -> forms.BoundField:
        """A form has fields of its own, so that each row of a page may have its clock."""
        self.zone, stands = zone_in(form), form.get_initial_for_field(self, field_name)
        self.stands = stands if isinstance(stands, datetime) else None
        if self.stands and shown_by(self.stands, self.zone) is None:
            self.zone = UTC
        self.widget.zone_name = str(self.zone)
        return super().get_bound_field(form, field_name)

    def prepare_value(self, value: Any) -> Any:
        return shown_by(value, self.zone) if isinstance(value, datetime) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)

    def compress(self, data_list: Any) -> datetime | None:
        if not data_list:
            return None
        day, time = data_list
        if day in self.empty_values:
            raise ValidationError(self.error_messages["invalid_date"], code="invalid_date")
        if time in self.empty_values:
            raise ValidationError(self.error_messages["invalid_time"], code="invalid_time")
        shown = datetime.combine(day, time)
        # What is left as it stands is that moment, also where the clock shows it twice.
        if self.stands and shown == shown_by(self.stands, self.zone):
            return self.stands
        return read_wall_clock(shown, self.zone)


def zone_in(form: Any) -> tzinfo:
    """Whose clock a form's times are by: that of its row, or of the vendor chosen for a new one."""
    row = getattr(form, "instance", None)
    if row is not None and row.pk is None and "vendor" in form.fields:
        return zone_of(chosen_in(form, "vendor"))
    return zone_of(row)


def zone_of(row: Any) -> tzinfo:
    """The clock of a row's vendor, or of the vendor that it is; UTC for what is no vendor's."""
    if row is None:
        return UTC
    zone = getattr(row, "zone", None)
    if isinstance(zone, tzinfo):
        return zone
    # A row that has no owner yet says so by an AttributeError.
    owner = next((found for name in OWNERS if (found := getattr(row, name, None)) is not None), None)
    return zone_of(owner)
