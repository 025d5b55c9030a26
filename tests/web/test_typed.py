"""Texts and JSON that are typed into any form of the back-office: of one line, without control characters, bounded."""

import json
from collections.abc import Iterable, Iterator
from math import cos, pi, sin
from typing import Any

import pytest
from django.db import models
from django.forms import CharField, CheckboxSelectMultiple, JSONField, ModelForm, Textarea
from django.forms.forms import BaseForm
from django.test import Client

from ordersite.backoffice.typed_fields import ShallowJSONField, TypedForm
from tests.cast import Cast
from tests.office import posted_forms
from tests.web.test_shown import office, path_of, rows
from vendors.models import DeliveryZone, OptionGroup

__all__ = ["office", "rows"]

pytestmark = pytest.mark.django_db


def typed_fields(client: Client, pages: Iterable[str]) -> Iterator[tuple[str, Any, str, Any]]:
    """Of every page: each form on it, with its fields."""
    for path in pages:
        page = client.get(path)
        if page.status_code != 200 or not page.context:
            continue
        context = page.context
        forms = [context["adminform"].form] if "adminform" in context else []
        for below in context.get("inline_admin_formsets") or ():
            forms += [*below.formset.forms, below.formset.empty_form]
        for form in forms:
            yield from ((path, form, name, field) for name, field in getattr(form, "fields", {}).items())


@pytest.mark.slow
def test_every_form_checks_its_texts_and_reads_json_with_a_bound(
    rows: dict[type[models.Model], models.Model], office: Client
) -> None:
    pages = [page for row in rows.values() for page in (path_of(row), path_of(row).split(f"{row.pk}/")[0] + "add/")]
    lines = 0
    for path, form, name, field in typed_fields(office, pages):
        assert isinstance(form, TypedForm), (path, form)
        if isinstance(field, JSONField):
            assert isinstance(field, ShallowJSONField), (path, name)
            assert field.widget.is_hidden or isinstance(field.widget, CheckboxSelectMultiple), (
                f"{path} {name}: typed as JSON"
            )
        elif isinstance(field, CharField):
            lines += not isinstance(field.widget, Textarea)
    assert lines > 50


def all_forms() -> set[type[BaseForm]]:
    found, asked = set(), [BaseForm]
    while asked:
        kinds = asked.pop().__subclasses__()
        found |= set(kinds)
        asked += kinds
    return found


def test_every_form_of_ours_checks_its_texts() -> None:
    apps = ("orders.admin", "vendors.admin", "ordersite.accounts.admin")
    ours = [form for form in all_forms() if form.__module__.startswith(apps)]
    # Those of rows are made of a ComparingForm when their page is.
    missing = [form for form in ours if not issubclass(form, TypedForm) and not issubclass(form, ModelForm)]
    assert missing == []
    assert len(ours) > 10


@pytest.mark.parametrize("text", ["Burger\r\nBar", "Burger\nBar", "Burger\u2028Bar", "Burger\x07Bar", "Burger\x85Bar"])
def test_a_line_break_is_refused_in_a_name(cast: Cast, office: Client, text: str) -> None:
    path = f"/admin/vendors/vendortype/{cast.vendor.type.pk}/change/"
    sent = posted_forms(office.get(path))[0][1]
    answer = office.post(path, {**sent, "name": text})
    assert answer.context["adminform"].form.errors == {
        "name": ["Send one line: leave out line breaks and control characters."]
    }
    cast.vendor.type.refresh_from_db()
    assert cast.vendor.type.name == "Restaurant"


CORNER = [50.8, 4.3]


TOO_DEEP, NO_JSON = "This is nested too deeply.", "Enter a valid JSON."
NO_POLYGON = "Send at least three [lat, lng] pairs, and at most 500."
WRONG_POLYGONS = [
    ("[" * 21 + "]" * 21, TOO_DEEP),
    ("[" * 20 + "]" * 20, NO_POLYGON),
    ("[" * 2000, TOO_DEEP),
    ("[" * 100_000, TOO_DEEP),
    # Each quote could begin a string that never ends: an hour, were it looked at from each.
    ('"' + '\\"' * 400_000, NO_JSON),
    (json.dumps([CORNER] * 501), NO_POLYGON),
    (json.dumps([CORNER] * 2), NO_POLYGON),
    (json.dumps([CORNER, CORNER, [True, 4.3]]), NO_POLYGON),
]


def test_a_polygon_is_bounded(cast: Cast, office: Client) -> None:
    path = f"/admin/vendors/vendor/{cast.vendor.pk}/change/"
    sent = posted_forms(office.get(path))[0][1]
    stand = int(sent["delivery_zones-INITIAL_FORMS"])

    def post(*polygons: str) -> Any:
        rows = {"delivery_zones-TOTAL_FORMS": str(stand + len(polygons))}
        for number, polygon in enumerate(polygons, stand):
            new = {"name": "Far", "position": "9", "radius": "", "polygon": polygon, "fee": "0", "minimum": "0"}
            rows |= {f"delivery_zones-{number}-{name}": value for name, value in new.items()}
        return office.post(path, sent | rows)

    refused = post(*(polygon for polygon, _ in WRONG_POLYGONS))
    formsets = [inline.formset for inline in refused.context["inline_admin_formsets"]]
    (errors,) = (formset.errors[stand:] for formset in formsets if formset.prefix == "delivery_zones")
    assert errors == [{"polygon": [message]} for _, message in WRONG_POLYGONS]
    assert not DeliveryZone.objects.filter(name="Far").exists()
    circle = [[50.8 + 0.1 * sin(angle / 250 * pi), 4.3 + 0.1 * cos(angle / 250 * pi)] for angle in range(500)]
    assert post(json.dumps(circle)).status_code == 302
    assert DeliveryZone.objects.filter(name="Far").count() == 1


ROWS = {
    "vendor": ("delivery_zones", "opening_hours"),
    "product": ("extras", "ingredients"),
    "optiongroup": ("options",),
}
# Rows that are copied from one day to six others at once.
MORE_ROWS = {"opening_hours": 100}


@pytest.mark.parametrize("model", ROWS)
def test_no_more_rows_are_made_than_can_be_typed(cast: Cast, office: Client, model: str) -> None:
    """How many rows a form has is what its sender says: 1,000 cost six seconds and four megabytes."""
    row = {"vendor": cast.vendor, "product": cast.products["soda"], "optiongroup": OptionGroup.objects.first()}[model]
    assert row is not None
    path = f"/admin/vendors/{model}/{row.pk}/change/"
    page = office.get(path)
    sent = posted_forms(page)[0][1]
    stand = sum(int(sent[f"{prefix}-INITIAL_FORMS"]) for prefix in ROWS[model])
    for prefix in ROWS[model]:
        most = MORE_ROWS.get(prefix, 20)
        assert int(sent[f"{prefix}-MAX_NUM_FORMS"]) == int(sent[f"{prefix}-INITIAL_FORMS"]) + most
        sent[f"{prefix}-TOTAL_FORMS"] = "1000"
    answer = office.post(path, sent)
    shown = sum(len(inline.formset.forms) for inline in answer.context["inline_admin_formsets"])
    told = [
        f"Add at most {MORE_ROWS.get(prefix, 20)} rows at a time" in answer.content.decode() for prefix in ROWS[model]
    ]
    assert (answer.status_code, all(told)) == (200, True)
    prefixes = [inline.formset.prefix for inline in answer.context["inline_admin_formsets"]]
    assert shown <= stand + sum(MORE_ROWS.get(prefix, 20) for prefix in prefixes)
    assert len(answer.content) < 2_000_000
