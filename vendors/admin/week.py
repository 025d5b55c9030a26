"""Hours as a week: rows by day, holidays beside them, and whether it is open now."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.forms.utils import pretty_name
from django.forms.widgets import Script
from django.utils import timezone

from ordersite.backoffice.amounts import AmountsInline
from ordersite.backoffice.moments import write_moment
from vendors.hours import Calendar, contradict, open_until, overlap
from vendors.menu import Span
from vendors.models import FULFILMENTS, OpeningHours, Vendor
from vendors.services.openings import repeat_date

# Days that one row may close, or open otherwise, at once.
MOST_DAYS = 92
SPECIAL = "special"
NEEDS_TIME = "Type a time, such as 11:30."


class ClockInput(forms.TimeInput):
    """The browser's own input for a time, whose seconds are shown where there are any."""

    input_type = "time"

    def format_value(self, value: Any) -> str | None:
        return value.isoformat() if isinstance(value, time) and value.second else super().format_value(value)


class DayInput(forms.DateInput):
    input_type = "date"


class WeekRowForm(forms.ModelForm):
    """One opening of a weekday; of a date, one opening or that it is closed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"opens", "closes"} & self.fields.keys():
            self.fields[name].widget = ClockInput(format="%H:%M")

    def has_changed(self) -> bool:
        """A new row of which nothing is filled in is none: its weekday is that of the place where it stands."""
        changed = super().has_changed()
        return bool(set(self.changed_data) - {"weekday"}) if self.instance._state.adding else changed

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not given.get("closed"):
            for name in ("opens", "closes"):
                if given.get(name) is None and name not in self.errors:
                    self.add_error(name, NEEDS_TIME)
        return given

    @property
    def span(self) -> Span | None:
        """What the row says, as it was typed or as it stands; None where it cannot be read."""
        if self.is_bound and (self.errors or not (self.has_changed() or self.instance.pk)):
            return None
        if not self.is_bound and self.instance._state.adding:
            return None
        given = self.cleaned_data if self.is_bound else vars(self.instance)
        names = ("weekday", "date", "opens", "closes")
        return Span(
            **{name: given.get(name) for name in names},
            closed=bool(given.get("closed")),
            fulfilment=given.get("fulfilment") or "",
        )

    @property
    def spans(self) -> list[Span]:
        """The same; of a row with a last day, for each of its days."""
        span = self.span
        last = self.cleaned_data.get("last_date") if span and self.is_bound else None
        if span is None or span.date is None or last is None:
            return [] if span is None else [span]
        first = span.date.toordinal()
        return [replace(span, date=date.fromordinal(day)) for day in range(first, last.toordinal() + 1)]

    @property
    def has_limits(self) -> bool:
        return any(self[name].value() for name in ("slot_orders", "slot_value") if name in self.fields)


def find_clash(spans: Sequence[Span], others: Sequence[Span]) -> tuple[str, str] | None:
    """Where a row cannot stand beside another one, by the days of both: the field that says it, and the words."""
    by_day = {other.date.toordinal(): other for other in others if other.date}
    for span in spans:
        day = span.date.toordinal() if span.date else None
        # Of dates the days around too: a night goes on into the next one.
        near = others if day is None else [by_day[one] for one in (day, day - 1, day + 1) if one in by_day]
        for other in near:
            hours = "" if other.closed else f"{other.opens:%H:%M}–{other.closes:%H:%M}"
            if contradict(span, other) and span.closed:
                return "closed", f"On {span.date} it is open {hours} by another row: remove one of the two."
            if contradict(span, other):
                return "opens", f"On {span.date} it is closed by another row: remove one of the two."
            if overlap(span, other):
                return "opens", f"It overlaps with {hours}."
    return None


class OpeningForm(WeekRowForm):
    """An opening of a vendor, of all delivery types or of one."""

    last_date = forms.DateField(label="Last day", required=False, widget=DayInput(format="%Y-%m-%d"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fulfilment"].choices = [  # type: ignore[attr-defined]
            ("", "all delivery types"),
            *((name, name.replace("_", " ")) for name in FULFILMENTS),
        ]
        self.fields["date"].widget = DayInput(format="%Y-%m-%d")
        self.fields["date"].label = "Day"
        if not self.instance._state.adding:
            del self.fields["last_date"]

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        first, weekday, last = given.get("date"), given.get("weekday"), given.get("last_date")
        if first is not None and weekday is not None:
            self.add_error("date", "A day of the week has no date: leave one of the two empty.")
        elif first is None and weekday is None and "date" not in self.errors:
            self.add_error("date", "Choose the day.")
        if given.get("closed") and weekday is not None:
            self.add_error("closed", "A day of the week is closed that has no opening: remove this row instead.")
        if first and last and not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
            self.add_error("last_date", f"Choose a day from the first on, of at most {MOST_DAYS} days in all.")
        return given


@dataclass(frozen=True, slots=True)
class DayRows:
    """A weekday, or the holidays and special days, with its rows."""

    key: str
    name: str
    forms: Sequence[Any]
    past: Sequence[Any] = ()

    @property
    def is_special(self) -> bool:
        return self.key == SPECIAL


class WeekFormSet(forms.BaseInlineFormSet):
    """The rows by day, with an empty one for each."""

    has_dates: ClassVar[bool] = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        blank = [{"weekday": number} for number, _ in OpeningHours.WEEKDAYS]
        super().__init__(*args, **{**kwargs, "initial": [*blank, {}] if self.has_dates else blank})

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        key = self.day_of(form)
        day = dict(OpeningHours.WEEKDAYS).get(int(key), "") if key.isdigit() else ""
        for name, field in form.fields.items():
            if day and index is not None:
                field.widget.attrs["aria-label"] = f"{field.label or pretty_name(name)}, {day}, row {index + 1}"

    def day_of(self, form: Any) -> str:
        """The day below which a row stands: of a form that is shown again as it was sent."""
        weekday = form["weekday"].value()
        return str(weekday) if str(weekday) in map(str, range(7)) else SPECIAL

    @property
    def days(self) -> Iterator[DayRows]:
        for number, name in OpeningHours.WEEKDAYS:
            rows = [form for form in self.forms if self.day_of(form) == str(number)]
            yield DayRows(str(number), name, sorted(rows, key=lambda form: (form.instance._state.adding,)))
        if self.has_dates:
            rows = [form for form in self.forms if self.day_of(form) == SPECIAL]
            past = [form for form in rows if form.instance.pk and form.instance.date and form.instance.date < today()]
            yield DayRows(SPECIAL, "Holidays and special days", [form for form in rows if form not in past], past)

    @property
    def blank_row(self) -> Any:
        """An empty row as the page's script repeats it."""
        return self.empty_form

    @cached_property
    def spans(self) -> list[Span]:
        """The hours as the page shows them: what is typed and can be read."""
        kept: list[Any] = [form for form in self.forms if not (self.is_bound and self._should_delete_form(form))]
        return [span for span in (form.span for form in kept) if span is not None]

    def clean(self) -> None:
        super().clean()
        kept: list[Any] = [form for form in self.forms if not self._should_delete_form(form)]
        rows = [(form, form.spans) for form in kept]
        for number, (form, spans) in enumerate(rows):
            for other, before in rows[:number]:
                if not (form.has_changed() or other.has_changed()):
                    continue
                told, own, others = (form, spans, before) if form.has_changed() else (other, before, spans)
                if clash := find_clash(own, others):
                    told.add_error(*clash)
                    break

    def _should_delete_form(self, form: Any) -> bool:
        return bool(self.can_delete and super()._should_delete_form(form))  # type: ignore[misc]


def today() -> date:
    """The earliest day that it still is anywhere."""
    return (timezone.now() - timedelta(hours=12)).date()


class OpeningFormSet(WeekFormSet):
    has_dates = True

    def save_new(self, form: Any, commit: bool = True) -> Any:
        """Of a row with a last day: a row for each of its days."""
        first = super().save_new(form, commit)
        if commit and form.cleaned_data.get("last_date"):
            repeat_date(first, form.cleaned_data["last_date"])
        return first

    @property
    def now_in_words(self) -> list[str]:
        """Whether it is open now, and until or from when, by the vendor's clock; a line for what is told alike."""
        vendor: Vendor = self.instance
        if vendor.pk is None:
            return []
        return words_of_now(vendor, self.spans, timezone.now())


def words_of_now(vendor: Vendor, spans: Sequence[Span], now: datetime) -> list[str]:
    """For each delivery type that the vendor offers, those alike in one line."""
    lines: dict[str, list[str]] = {}
    calendar = Calendar(spans, vendor.zone)
    for name in vendor.fulfilments:
        if calendar.is_open(name, now):
            until = open_until(spans, vendor.zone, name, now)
            text = f"open until {write_moment(until, vendor.zone, 'D j M H:i')}" if until else "open at all times"
        else:
            opens = calendar.next_opening(name, now)
            text = "closed, " + (
                f"opens {write_moment(opens, vendor.zone, 'D j M H:i')}" if opens else "and not open within eight days"
            )
        lines.setdefault(text, []).append(name.replace("_", " "))
    found = [f"{', '.join(names)}: {text}" for text, names in lines.items()]
    if vendor.paused_until and vendor.paused_until > now:
        found.append(f"paused until {write_moment(vendor.paused_until, vendor.zone, 'D j M H:i')}")
    return found


class WeekInline(AmountsInline):
    """Rows shown by day; see static/admin-week.js for what it adds to them."""

    template = "admin/vendors/week.html"
    extra = 8
    most_new_rows = 100

    class Media:
        css: ClassVar[Any] = {"all": ["admin-week.css"]}
        js: ClassVar[Any] = [Script("admin-week.js", defer=True)]
