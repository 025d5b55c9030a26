"""What all dialects read alike (orders/dialects/base): each kind of value in each spelling, forms, and their bounds."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError

from orders.dialects.base import (
    AmountField,
    DialectInput,
    IdField,
    MinorField,
    MomentField,
    NumberField,
    WholeField,
    WordField,
    reads_same,
)
from orders.dialects.base.forms import read_form
from orders.dialects.kesk.inputs import ListParameters as KeskFilters
from orders.dialects.shop.inputs import ListInput as ShopFilters
from ordersite.core.money import rounded_minor
from ordersite.web.problems import BadRequest
from ordersite.web.views import parse

NO_NUMBERS: list[Any] = [True, False, "", "abc", "1e3", "NaN", "1_0", "٤", "0x4", "1,5", [4], {"a": 4}, 1e300, 10**40]


@pytest.mark.parametrize("sent", [4, 4.0, "4", "4.0", " 4 ", "+4", "4."])
def test_whole_numbers_in_every_spelling(sent: Any) -> None:
    value = IdField().run_validation(sent)
    assert (value, type(value)) == (4, int)


@pytest.mark.parametrize("sent", [*NO_NUMBERS, 4.5, "4.5", 0, "-1", None])
def test_what_is_no_whole_number(sent: Any) -> None:
    with pytest.raises(ValidationError):
        IdField().run_validation(sent)


@pytest.mark.parametrize(
    ("sent", "cents"),
    [
        (0.1 + 0.2, 30),
        (10.9 * 0.15, 164),
        ("0.30000000000000004", 30),
        (1.635, 164),
        (1.005, 101),
        (2.5, 250),
        ("2.50", 250),
        (12, 1200),
        ("12", 1200),
        (1.634, 163),
    ],
)
def test_amounts_are_rounded_half_up_to_the_minor_unit(sent: Any, cents: int) -> None:
    assert rounded_minor(AmountField().run_validation(sent), "EUR") == cents


def test_the_minor_unit_is_the_currencys() -> None:
    assert [rounded_minor(Decimal("12.3455"), one) for one in ("EUR", "JPY", "KWD")] == [1235, 12, 12346]


@pytest.mark.parametrize("field", [AmountField, MinorField, lambda: NumberField(places=3)])
@pytest.mark.parametrize("sent", [*NO_NUMBERS, None])
def test_what_is_no_amount(field: Any, sent: Any) -> None:
    with pytest.raises(ValidationError):
        field().run_validation(sent)


@pytest.mark.parametrize(
    ("sent", "value"), [(3299, 3299), ("3299", 3299), (32.99 * 100, 3299), (1098.9999999999998, 1099), ("7.0", 7)]
)
def test_amounts_in_minor_units(sent: Any, value: int) -> None:
    read = MinorField().run_validation(sent)
    assert (read, type(read)) == (value, int)


@pytest.mark.parametrize("sent", [1000.4, "7.5", 1000.001])
def test_a_part_of_a_minor_unit_is_no_amount(sent: Any) -> None:
    with pytest.raises(ValidationError, match="Send an amount in minor units"):
        MinorField().run_validation(sent)


@pytest.mark.parametrize("sent", ["cash", "CASH", "Cash", " cash "])
def test_words_in_any_case(sent: str) -> None:
    assert WordField(choices=["cash", "wallet"]).run_validation(sent) == "cash"


@pytest.mark.parametrize("sent", [2, "2", 2.0, "2.0"])
def test_words_that_are_numbers(sent: Any) -> None:
    assert WordField(choices=[1, 2]).run_validation(sent) == 2


@pytest.mark.parametrize("sent", [True, 3, "gold", "", [], {}, None, "1.5", 1e300])
def test_what_is_no_word(sent: Any) -> None:
    with pytest.raises(ValidationError):
        WordField(choices=[1, 2, "cash"]).run_validation(sent)


@pytest.mark.parametrize(
    "sent",
    [
        "2026-11-29T09:30:00Z",
        "2026-11-29 09:30:00",
        "2026-11-29T09:30:00.000Z",
        "2026-11-29T10:30:00+01:00",
        " 2026-11-29 09:30:00 ",
    ],
)
def test_moments(sent: str) -> None:
    assert MomentField().run_validation(sent) == datetime(2026, 11, 29, 9, 30, tzinfo=UTC)


class RowInput(DialectInput):
    id = IdField()
    other = IdField(required=False)
    note = serializers.CharField(required=False)


class WholeInput(DialectInput):
    name = serializers.CharField()
    count = WholeField(default=7)
    flag = serializers.BooleanField(default=True)
    rows = RowInput(many=True, required=False)
    one = RowInput(required=False)


@pytest.mark.parametrize("blank", [None, "", "  ", [], {}])
@pytest.mark.parametrize("field", ["count", "flag", "rows", "one"])
def test_an_optional_field_without_a_value_is_left_out(field: str, blank: Any) -> None:
    assert parse(WholeInput, {"name": "x", field: blank}) == parse(WholeInput, {"name": "x"})


@pytest.mark.parametrize("nothing", [{"id": 0}, {"id": "0", "other": 0.0, "note": None, "more": {"of": []}}])
def test_an_object_of_which_nothing_is_said_is_left_out(nothing: Any) -> None:
    left_out = parse(WholeInput, {"name": "x"})
    assert parse(WholeInput, {"name": "x", "one": nothing}) == left_out
    assert parse(WholeInput, {"name": "x", "rows": [{}, nothing]}) == left_out


@pytest.mark.parametrize("said", [{"id": 0, "note": "x"}, {"more": "x"}, {"id": False}, {"other": 0, "id": -1}])
def test_one_that_says_something_is_read(said: Any) -> None:
    with pytest.raises(ValidationError):
        parse(WholeInput, {"name": "x", "one": said})


def test_an_optional_id_that_is_0_is_left_out_but_of_a_filter() -> None:
    assert parse(RowInput, {"id": 4, "other": 0}) == {"id": 4}
    with pytest.raises(ValidationError):
        parse(RowInput, {"id": 0})
    for filters in (ShopFilters, KeskFilters):
        with pytest.raises(ValidationError):
            parse(filters, dict.fromkeys(("customerId", "vendor_id"), 0))


@pytest.mark.parametrize("blank", [None, "", "  ", []])
def test_a_required_one_is_an_error(blank: Any) -> None:
    with pytest.raises(ValidationError) as error:
        parse(WholeInput, {"name": blank})
    assert "name" in error.value.get_full_details()


def test_inner_rows_read_alike_and_what_is_not_known_is_passed_over() -> None:
    sent = {"name": "x", "of": "later", "rows": [{"id": "4", "note": None, "of": {}}], "one": {"id": 4.0, "note": ""}}
    assert parse(WholeInput, sent) == {"name": "x", "count": 7, "flag": True, "rows": [{"id": 4}], "one": {"id": 4}}


def test_a_query_reads_as_json_does() -> None:
    assert parse(WholeInput, QueryDict("name=a&name=b&count=&flag=")) == {"name": "b", "count": 7, "flag": True}


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("", {}),
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a=1&a=2", {"a": "2"}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("p[0][id]=4&p[0][q]=2&p[1][id]=5", {"p": [{"id": "4", "q": "2"}, {"id": "5"}]}),
        ("p%5B1%5D%5Bid%5D=5&p%5B0%5D%5Bid%5D=4", {"p": [{"id": "4"}, {"id": "5"}]}),
        ("p[5]=a&p[]=b", {"p": ["a", "b"]}),
        ("o[id:5][s][id:7][q]=2", {"o": {"id:5": {"s": {"id:7": {"q": "2"}}}}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[b]=2&a=1", {"a": "1"}),
        ("a[b=1&[]=2&a]=3", {"a[b": "1", "[]": "2", "a]": "3"}),
        ("0=x", {"0": "x"}),
        ("a[0]=x&a[k]=y", {"a": {"0": "x", "k": "y"}}),
        ("a[999999999]=x", {"a": ["x"]}),
        ("a[9999999999]=x", {"a": {"9999999999": "x"}}),
        ("n=Caf%C3%A9+%26+co", {"n": "Café & co"}),
    ],
)
def test_forms_nest_as_phps(form: str, value: Any) -> None:
    assert read_form(form.encode()) == value


@pytest.mark.parametrize(
    "form",
    [
        b"a=" + b"&a=" * 5000,
        b"&".join(b"a%d[b]=1" % n for n in range(2501)),
        b"a" + b"[]" * 20 + b"=1",
        b"a" + b"%5B%5D" * 4000 + b"=1",
        b"a=\xff",
        b"a=%ff",
        b"a=%00",
        b"%00=a",
        b"a=%ED%A0%80",
    ],
)
def test_the_bounds_of_json_hold_for_forms(form: bytes) -> None:
    with pytest.raises((ParseError, BadRequest)):
        read_form(form)


SHOWN = {
    "id": 4,
    "tip": 2.5,
    "note": "",
    "to": {"lat": 1.5, "text": "x"},
    "rows": [{"id": 1}],
    "on": True,
    "cash": "20",
}


@pytest.mark.parametrize(
    "sent",
    [
        SHOWN,
        {name: str(value) for name, value in SHOWN.items() if name in ("id", "tip", "note", "on", "cash")},
        {"id": 4.0, "note": None, "to": {"lat": "1.50", "new": 1}, "cash": 20, "on": "1"},
        {"to": {"text": "x"}, "rows": [{"id": "1", "name": None}]},
    ],
)
def test_what_is_put_back_reads_the_same(sent: Any) -> None:
    assert reads_same(sent, SHOWN)
    assert reads_same(read_form(urlencode({"id": "4"}).encode()), SHOWN)


@pytest.mark.parametrize(
    "sent",
    [{"id": 5}, {"id": True}, {"tip": 2.51}, {"to": {"lat": 1}}, {"to": 5}, {"rows": [{"id": 1}, {"id": 2}]}, {"on": 0}]
    + [{"note": "x"}, {"cash": "21"}, {"cash": True}, {"new": 1}, "x", 5],
)
def test_what_differs_does_not(sent: Any) -> None:
    assert not reads_same(sent, SHOWN)
