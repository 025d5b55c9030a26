"""Hours as a week, in the back-office: rows by day, holidays, what is refused in words, and whether it is open now."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from tests.cast import Cast, make_clerk
from tests.office import form_of, send
from vendors.admin.week import words_of_now
from vendors.hours import open_until, overlap
from vendors.menu import Span
from vendors.models import OpeningHours, Service, ServiceHours, Vendor
from vendors.services.openings import spans_of

MONDAY = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)  # 14:00 in Brussels


def path_of(cast: Cast) -> str:
    return f"/admin/vendors/vendor/{cast.vendor.pk}/change/"


def rows_of(cast: Cast) -> list[str]:
    rows = OpeningHours.objects.filter(vendor=cast.vendor)
    rows = rows.order_by("date", "weekday", F("opens").asc(nulls_first=True), "fulfilment")
    return [f"{row} {row.fulfilment}".strip() for row in rows]


def fill(number: int, **values: Any) -> dict[str, Any]:
    return {f"opening_hours-{number}-{name}": value for name, value in values.items()}


def more(form: dict[str, Any], *rows: dict[str, Any]) -> dict[str, Any]:
    """Rows behind those of the page, as its script adds them."""
    first = int(form["opening_hours-TOTAL_FORMS"])
    blank = {
        "weekday": "",
        "date": "",
        "opens": "",
        "closes": "",
        "fulfilment": "",
        "slot_orders": "",
        "slot_value": "",
    }
    found = {"opening_hours-TOTAL_FORMS": str(first + len(rows))}
    for number, row in enumerate(rows, first):
        found |= fill(number, **{**blank, **row})
    return found


def test_each_day_has_its_rows_and_an_empty_one(cast: Cast, office: Client) -> None:
    OpeningHours.objects.create(vendor=cast.vendor, weekday=4, opens=time(18), closes=time(2))
    page = office.get(path_of(cast))
    week = next(
        rows.formset for rows in page.context["inline_admin_formsets"] if rows.formset.prefix == "opening_hours"
    )
    assert [(day.name, len(day.forms)) for day in week.days] == [
        ("Monday", 1),
        ("Tuesday", 1),
        ("Wednesday", 1),
        ("Thursday", 1),
        ("Friday", 2),
        ("Saturday", 1),
        ("Sunday", 1),
        ("Holidays and special days", 1),
    ]
    # What is sent untouched writes nothing.
    before = Vendor.objects.get(pk=cast.vendor.pk).menu_version
    assert office.post(path_of(cast), form_of(page)).status_code == 302
    assert rows_of(cast) == ["Friday 18:00–02:00"]
    assert Vendor.objects.get(pk=cast.vendor.pk).menu_version == before


def test_a_week_with_a_lunch_a_night_and_a_holiday(cast: Cast, office: Client) -> None:
    form = form_of(office.get(path_of(cast)))
    sent = form | fill(0, opens="11:30", closes="14:00") | fill(5, opens="18:00", closes="02:00")
    sent |= more(
        form,
        {"weekday": "0", "opens": "18:00", "closes": "22:00"},
        {"weekday": "0", "opens": "09:00", "closes": "10:00", "fulfilment": "pickup", "slot_value": "50,00"},
        {"date": "2026-12-24", "last_date": "2026-12-26", "closed": "on"},
        {"date": "2026-12-31", "opens": "10:00", "closes": "16:00"},
    )
    response = office.post(path_of(cast), sent)
    assert response.status_code == 302, response.context["errors"]
    assert sorted(rows_of(cast)) == [
        "2026-12-24 closed",
        "2026-12-25 closed",
        "2026-12-26 closed",
        "2026-12-31 10:00–16:00",
        "Monday 09:00–10:00 pickup",
        "Monday 11:30–14:00",
        "Monday 18:00–22:00",
        "Saturday 18:00–02:00",
    ]
    assert OpeningHours.objects.get(fulfilment="pickup").slot_value == 5000


def test_a_day_that_is_closed_already_is_closed_once(cast: Cast, office: Client) -> None:
    OpeningHours.objects.create(vendor=cast.vendor, date=date(2030, 5, 2), closed=True)
    form = form_of(office.get(path_of(cast)))
    sent = form | more(form, {"date": "2030-05-01", "last_date": "2030-05-03", "closed": "on"})
    assert office.post(path_of(cast), sent).status_code == 302
    assert rows_of(cast) == ["2030-05-01 closed", "2030-05-02 closed", "2030-05-03 closed"]


# Row by row: what is typed, the field that says it, and the words.
REFUSED: list[tuple[list[dict[str, str]], str, str]] = [
    ([{"weekday": "1", "opens": "11:00"}], "closes", "Type a time, such as 11:30."),
    ([{"weekday": "1", "opens": "eleven", "closes": "14:00"}], "opens", "Enter a valid time."),
    ([{"weekday": "", "opens": "11:00", "closes": "14:00"}], "date", "Choose the day."),
    ([{"weekday": "1", "closed": "on"}], "closed", "remove this row instead"),
    (
        [{"weekday": "1", "date": "2030-01-01", "opens": "11:00", "closes": "14:00"}],
        "date",
        "leave one of the two empty",
    ),
    ([{"weekday": "9", "opens": "11:00", "closes": "14:00"}], "weekday", "Select a valid choice"),
    ([{"date": "2030-01-09", "last_date": "2030-01-01", "closed": "on"}], "last_date", "at most 92 days in all"),
    ([{"date": "2030-01-01", "last_date": "2030-04-03", "closed": "on"}], "last_date", "at most 92 days in all"),
    (
        [{"weekday": "1", "opens": "11:00", "closes": "14:00"}, {"weekday": "1", "opens": "13:00", "closes": "15:00"}],
        "opens",
        "It overlaps with 11:00–14:00.",
    ),
    (
        [{"weekday": "6", "opens": "20:00", "closes": "02:00"}, {"weekday": "0", "opens": "01:00", "closes": "03:00"}],
        "opens",
        "It overlaps with 20:00–02:00.",
    ),
    # Of a row with a last day each day counts, and the night of the day before.
    (
        [
            {"date": "2030-05-02", "opens": "10:00", "closes": "14:00"},
            {"date": "2030-05-01", "last_date": "2030-05-03", "closed": "on"},
        ],
        "closed",
        "On 2030-05-02 it is open 10:00–14:00 by another row",
    ),
    (
        [
            {"date": "2030-05-01", "last_date": "2030-05-03", "closed": "on"},
            {"date": "2030-05-03", "opens": "10:00", "closes": "14:00"},
        ],
        "opens",
        "On 2030-05-03 it is closed by another row",
    ),
    (
        [
            {"date": "2030-05-03", "opens": "10:00", "closes": "14:00"},
            {"date": "2030-05-01", "last_date": "2030-05-02", "opens": "20:00", "closes": "11:00"},
        ],
        "opens",
        "It overlaps with 10:00–14:00.",
    ),
    (
        [{"date": "9999-12-31", "closed": "on"}, {"date": "9999-12-31", "opens": "10:00", "closes": "14:00"}],
        "opens",
        "On 9999-12-31 it is closed by another row",
    ),
]


@pytest.mark.parametrize(("rows", "field", "words"), REFUSED)
def test_what_is_wrong_is_said_at_its_row(
    cast: Cast, office: Client, rows: list[dict[str, str]], field: str, words: str
) -> None:
    form = form_of(office.get(path_of(cast)))
    page = office.post(path_of(cast), form | more(form, *rows))
    assert page.status_code == 200
    last = int(form["opening_hours-TOTAL_FORMS"]) + len(rows) - 1
    week = next(
        rows.formset for rows in page.context["inline_admin_formsets"] if rows.formset.prefix == "opening_hours"
    )
    assert [words in error for error in week.forms[last].errors[field]] == [True]
    assert words in page.content.decode()
    assert rows_of(cast) == []
    again = form_of(page)
    assert again[f"opening_hours-{last}-opens"] == rows[-1].get("opens", "")


def test_what_overlapped_before_hinders_no_other_change(cast: Cast, office: Client) -> None:
    for _ in range(2):
        OpeningHours.objects.create(vendor=cast.vendor, weekday=0, opens=time(11), closes=time(12))
    assert send(office, path_of(cast), description="Burgers").status_code == 302
    page = send(office, path_of(cast), **{"opening_hours-1-closes": "12:30"})
    assert "It overlaps with 11:00–12:00." in page.content.decode()


def test_a_day_that_is_closed_is_open_for_one_delivery_type_that_has_hours_of_its_own(
    cast: Cast, office: Client
) -> None:
    form = form_of(office.get(path_of(cast)))
    sent = form | more(
        form,
        {"date": "2030-05-01", "last_date": "2030-05-02", "closed": "on"},
        {"date": "2030-05-02", "opens": "10:00", "closes": "14:00", "fulfilment": "pickup"},
    )
    assert office.post(path_of(cast), sent).status_code == 302
    assert rows_of(cast) == ["2030-05-01 closed", "2030-05-02 closed", "2030-05-02 10:00–14:00 pickup"]


def test_seconds_that_stand_are_kept(cast: Cast, office: Client) -> None:
    row = OpeningHours.objects.create(vendor=cast.vendor, weekday=0, opens=time(0), closes=time(23, 59, 59))
    assert send(office, path_of(cast), description="All day").status_code == 302
    row.refresh_from_db()
    assert row.closes == time(23, 59, 59)


def test_none_is_warned_of(cast: Cast, office: Client) -> None:
    assert "There are no opening hours:" in office.get(path_of(cast)).content.decode()
    OpeningHours.objects.create(vendor=cast.vendor, weekday=0, opens=time(11), closes=time(12))
    assert "There are no opening hours:" not in office.get(path_of(cast)).content.decode()


def test_now_in_the_vendors_zone(cast: Cast) -> None:
    vendor = Vendor.objects.get(pk=cast.vendor.pk)
    vendor.fulfilments = ["delivery", "pickup", "eat_in"]
    for fields in (
        {"weekday": 0, "opens": time(11), "closes": time(15)},
        {"weekday": 0, "opens": time(8), "closes": time(10), "fulfilment": "eat_in"},
        {"weekday": 1, "opens": time(17), "closes": time(1), "fulfilment": "eat_in"},
    ):
        OpeningHours.objects.create(vendor=vendor, **fields)
    assert words_of_now(vendor, spans_of(vendor), MONDAY) == [
        "delivery, pickup: open until Mon 15 Jun 15:00 CEST",
        "eat in: closed, opens Tue 16 Jun 17:00 CEST",
    ]
    assert words_of_now(vendor, [], MONDAY) == ["delivery, pickup, eat in: open at all times"]
    once = Span(weekday=None, date=date(2026, 8, 1), closed=False, opens=time(9), closes=time(10), fulfilment="")
    vendor.paused_until = datetime(2026, 6, 15, 13, 0, tzinfo=UTC)
    assert words_of_now(vendor, [once], MONDAY) == [
        "delivery, pickup, eat in: closed, and not open within eight days",
        "paused until Mon 15 Jun 15:00 CEST",
    ]


def test_open_until_goes_over_midnight_and_has_no_end_where_it_never_closes(cast: Cast) -> None:
    def span(day: int, opens: int, closes: int) -> Span:
        return Span(weekday=day, date=None, closed=False, opens=time(opens), closes=time(closes), fulfilment="")

    zone = cast.vendor.zone
    night = [span(0, 12, 0), span(1, 0, 3)]
    assert open_until(night, zone, "pickup", MONDAY) == datetime(2026, 6, 16, 1, 0, tzinfo=UTC)
    assert open_until([span(day, 0, 0) for day in range(7)], zone, "pickup", MONDAY) is None
    assert open_until(night, zone, "pickup", datetime(9999, 12, 31, tzinfo=UTC)) is None
    assert [overlap(span(6, 22, 2), span(0, 1, 3)), overlap(span(6, 22, 2), span(0, 2, 3))] == [True, False]


def test_a_services_hours_are_a_week_without_dates(cast: Cast, office: Client) -> None:
    service = Service.objects.create(vendor=cast.vendor, name="Repair", price=1000)
    path = f"/admin/vendors/service/{service.pk}/change/"
    page = office.get(path)
    assert "Holidays" not in page.content.decode()
    response = office.post(path, form_of(page) | {"hours-2-opens": "09:00", "hours-2-closes": "12:00"})
    assert response.status_code == 302, response.context["errors"]
    assert [str(row) for row in ServiceHours.objects.filter(service=service)] == ["Wednesday 09:00–12:00"]


def test_who_may_only_look_reads_them(cast: Cast) -> None:
    OpeningHours.objects.create(vendor=cast.vendor, weekday=2, opens=time(11), closes=time(12))
    client = Client()
    client.force_login(make_clerk("vendors.view_vendor", "vendors.view_openinghours", "accounts.act_everywhere"))
    page = client.get(path_of(cast)).content.decode()
    assert "Wednesday 11:00–12:00" in page
    assert "data-add" not in page
