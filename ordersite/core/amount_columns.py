"""Columns that know what they are, amounts or rates, and the form field of each.

A column of minor units or of hundredths of a percent is declared as `AmountColumn` or `RateColumn`. Every form that is
made of its model then has an `AmountField` or a `PercentField`: no form shows numbers of minor units.
"""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.forms.models import InlineForeignKeyField
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ordersite.core.money import (
    CURRENCIES,
    WHOLE,
    MoneyError,
    percent_text,
    read_percent,
    read_typed,
    to_text,
    with_currency,
    with_percent,
)

# Columns that lead from a row to the one whose currency it has, as the models' `currency` properties do.
OWNERS = ("vendor", "product", "group")
# Nothing, as it is shown in a currency of any number of digits.
NOTHING = re.compile(r"0(?:[.,]0+)?")


class UnitInput(forms.TextInput):
    """An input for a number, with its unit behind it."""

    unit = ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        shown = super().render(name, value, attrs, renderer)
        return format_html('{} <span class="unit">{}</span>', shown, self.unit) if self.unit else shown


class NumberField(forms.Field):
    """Typed as people write it, an integer inside; empty is None."""

    widget = UnitInput

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "size": 12, "autocomplete": "off"}

    def read(self, text: str) -> int:
        """The number in this text; raises MoneyError."""
        raise NotImplementedError

    def to_python(self, value: Any) -> int | None:
        text = "" if value is None else str(value).strip()
        if not text:
            return None
        try:
            return self.read(text)
        except MoneyError as error:
            raise ValidationError(str(error), code="invalid") from error


class AmountField(NumberField):
    """An amount in the currency of its form's row: minor units inside, "14.50" outside."""

    def __init__(self, *, currency: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.currency = currency

    def get_bound_field(self, form: Any, field_name: str) -> forms.BoundField:
        """A form has fields of its own, so that each row of a page may have its currency."""
        self.currency = self.currency or currency_in(form)
        self.widget.unit = self.currency
        return super().get_bound_field(form, field_name)

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, int):
            return value
        if self.currency:
            return to_text(value, self.currency)
        # Nothing is nothing in any currency; of anything else only its currency tells what it is.
        return "" if value else "0"

    def read(self, text: str) -> int:
        """Nothing, with as many digits as the currency had until now, is nothing in that which is chosen with it."""
        if NOTHING.fullmatch(text):
            return 0
        amount = read_typed(text, self.currency or "EUR")
        if not self.currency:
            raise MoneyError("Choose the currency first, or who it is for: that decides the currency.")
        return amount


class PercentField(NumberField):
    """A rate: hundredths of a percent inside, "21.5" outside."""

    def get_bound_field(self, form: Any, field_name: str) -> forms.BoundField:
        self.widget.unit = "%"
        return super().get_bound_field(form, field_name)

    def prepare_value(self, value: Any) -> Any:
        return percent_text(value) if isinstance(value, int) else value

    def read(self, text: str) -> int:
        return read_percent(text)


def currency_in(form: Any) -> str:
    """The currency of what a form is about, as chosen in the form itself, or of its row; "" for none yet."""
    named = next((name for name in ("currency", *OWNERS) if name in form.fields), None)
    if named == "currency":
        found = chosen_in(form, named)
    else:
        # A row that has no owner yet has no currency: its property says so by an AttributeError.
        found = getattr(chosen_in(form, named) if named else getattr(form, "instance", None), "currency", "")
    return found if found in CURRENCIES else ""


def chosen_in(form: Any, name: str) -> Any:
    """What is chosen in a field of a form, sent or only shown; None for nothing, and for nonsense."""
    field, bound = form.fields[name], form[name]
    if isinstance(field, InlineForeignKeyField):
        return field.parent_instance
    try:
        return field.clean(bound.data if form.is_bound and not field.disabled else bound.initial)
    except ValidationError:
        return None


class NumberColumn(models.Field):
    """What both kinds of column share: whoever makes a form of the model gets the field of the kind."""

    form_class: type[NumberField]

    def formfield(self, **kwargs: Any) -> Any:
        # The admin gives every integer an input that takes no comma.
        kwargs = {**kwargs, "form_class": self.form_class, "widget": self.form_class.widget}
        return models.Field.formfield(self, **kwargs)

    def shown(self, row: Any) -> str:
        """The value of a row in words."""
        raise NotImplementedError


class AmountColumn(NumberColumn, models.PositiveBigIntegerField):
    """Minor units of the row's `currency`. To the database, and to migrations, a plain big integer."""

    form_class = AmountField

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.PositiveBigIntegerField", args, kwargs

    def shown(self, row: Any) -> str:
        return with_currency(getattr(row, self.attname), row.currency)


class RateColumn(NumberColumn, models.PositiveIntegerField):
    """Hundredths of a percent, at most 100 %. To the database, and to migrations, a plain integer."""

    form_class = PercentField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("validators", [MaxValueValidator(WHOLE)])
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.PositiveIntegerField", args, kwargs

    def shown(self, row: Any) -> str:
        return with_percent(getattr(row, self.attname))
