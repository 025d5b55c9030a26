"""Filters of lists by query parameters, and how a wrong one is refused."""

from typing import Any

from django import forms
from django_filters import Filter, FilterSet

from ordersite.web.problems import Problem, field_error
from ordersite.web.serializers import MAX_ID


class IdFilter(Filter):
    """A row's id; NumberFilter would read decimals, and numbers beyond any column."""

    field_class = forms.IntegerField

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ID, **options)


def filtered_rows(filters: FilterSet) -> Any:
    """The rows that the parameters ask for; raises a 400 Problem that names each wrong one."""
    if not filters.is_valid():
        errors = [
            field_error(f"?{name}", str(fault.code or "invalid"), " ".join(fault.messages))
            for name, faults in filters.form.errors.as_data().items()
            for fault in faults
        ]
        raise Problem("invalid", f"{errors[0]['pointer']}: {errors[0]['detail']}", errors=errors)
    return filters.qs
