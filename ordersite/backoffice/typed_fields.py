"""What is typed into forms of the back-office: texts without control characters, and JSON that is not too deep."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.models import InlineForeignKeyField

from ordersite.core.unprinted import has_unprinted
from ordersite.web.parsing import STRING_PATTERN
from ordersite.web.serializers import LineField, ParagraphField

TOO_DEEP = "This is nested too deeply."
# A whole string, or a bracket outside of one.
MARK = re.compile(rf"{STRING_PATTERN}|[\[\]{{}}]", re.DOTALL)


def validate_characters(value: Any, allowed: str, message: str) -> None:
    if isinstance(value, str) and has_unprinted(value, allowed):
        raise ValidationError(message, "control")


def validate_line(value: Any) -> None:
    """Of an input of one line: neither ends of lines nor control characters."""
    validate_characters(value, LineField.allowed, str(LineField.default_error_messages["control"]))


def validate_paragraph(value: Any) -> None:
    """Of an input of several lines: no control characters."""
    validate_characters(value, ParagraphField.allowed, str(ParagraphField.default_error_messages["control"]))


class TypedForm(forms.BaseForm):
    """A form whose texts are checked by what their inputs look like: of one line, or of several."""

    def full_clean(self) -> None:
        for field in self.fields.values():
            if isinstance(field, forms.CharField) and not isinstance(field, InlineForeignKeyField):
                check = validate_paragraph if isinstance(field.widget, forms.Textarea) else validate_line
                if check not in field.validators:
                    field.validators.append(check)
        super().full_clean()


def is_too_deep(text: Any) -> bool:
    """Whether JSON as somebody typed it nests deeper than MAX_JSON_DEPTH: what Python can read differs by version."""
    depth = 0
    for found in MARK.finditer(text if isinstance(text, str) else ""):
        if found[0] in "[{":
            depth += 1
        elif found[0] in "]}":
            depth -= 1
        if depth > settings.MAX_JSON_DEPTH:
            return True
    return False


class ShallowJSONField(forms.JSONField):
    """JSON as somebody typed it; what nests too deeply is refused, and shown again as it was typed."""

    def to_python(self, value: Any) -> Any:
        if is_too_deep(value):
            raise ValidationError(TOO_DEEP, "invalid")
        return super().to_python(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return forms.fields.InvalidJSONInput(data) if is_too_deep(data) else super().bound_data(data, initial)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return is_too_deep(data) or super().has_changed(initial, data)
