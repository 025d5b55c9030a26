"""A vendor's hours by its own software: read and replaced as a whole, and asked about where orders would suffer."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from orders.models import Order
from ordersite.core.models import AuditRow
from tests.cast import Cast
from tests.orders.rows import make_order
from tests.orders.walking import Api
from vendors.hours import first_clash
from vendors.menu import Span
from vendors.models import OpeningHours, Vendor

WEEK = [{"weekday": day, "opens": "09:00", "closes": "22:00"} for day in range(7)]


def url(cast: Cast) -> str:
    return f"/api/v1/vendors/{cast.vendor.pk}/hours"


def stands(cast: Cast) -> list[Any]:
    rows = [list(model._default_manager.order_by("pk").values()) for model in (OpeningHours, AuditRow)]
    return [*rows, Vendor.objects.values_list("menu_version", flat=True).get(pk=cast.vendor.pk)]


def row(**given: Any) -> dict[str, Any]:
    """A row as it is read."""
    usual = {"weekday": None, "date": None, "closed": False, "opens": None, "closes": None, "delivery_type": ""}
    return {**usual, "slot_orders": None, "slot_value": None, **given}


def test_hours_are_replaced_as_a_whole(cast: Cast, api: Api) -> None:
    client = api(cast.owner)
    OpeningHours.objects.create(vendor=cast.vendor, weekday=0, opens=time(9), closes=time(22))
    kept = OpeningHours.objects.get().pk
    seen = client.get(url(cast))
    assert seen.json()["hours"] == [row(weekday=0, opens="09:00", closes="22:00")]
    dinner = {
        "weekday": 4,
        "opens": "18:00",
        "closes": "02:00",
        "delivery_type": "delivery",
        "slot_orders": 8,
        "slot_value": {"amount": "200.00", "currency": "EUR"},
    }
    given = [dinner, {"date": "2027-12-25", "closed": True}, *WEEK]
    answer = client.put(url(cast), {"hours": given}, headers={"If-Match": seen.headers["ETag"]})
    assert answer.status_code == 200, answer.json()
    assert {tuple(sorted(map(str, one.items()))) for one in answer.json()["hours"]} == {
        tuple(sorted(map(str, row(**one).items()))) for one in given
    }
    assert (len(answer.json()["hours"]), answer.json()["cannot_serve"]) == (9, [])
    assert OpeningHours.objects.filter(pk=kept).exists()
    assert client.get(url(cast)).headers["ETag"] == answer.headers["ETag"] != seen.headers["ETag"]
    # The same again writes nothing.
    stood = stands(cast)
    assert client.put(url(cast), {"hours": given}).json() == answer.json()
    assert stands(cast) == stood
    # The vendor's page reads them at once.
    shown = api(cast.customer).get(f"/api/v1/vendors/{cast.vendor.pk}").json()
    assert len(shown["hours"]) == 9
    assert client.put(url(cast), {"hours": []}).json()["hours"] == []


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"opens": "09:00", "closes": "12:00"}, "weekday", "hours"),
    ({"weekday": 0, "date": "2027-01-01", "opens": "09:00", "closes": "12:00"}, "weekday", "hours"),
    ({"weekday": 7, "opens": "09:00", "closes": "12:00"}, "weekday", "max_value"),
    ({"weekday": 2, "closed": True}, "closed", "hours"),
    ({"weekday": 2, "opens": "09:00"}, "opens", "hours"),
    ({"weekday": 2, "opens": "9 o'clock", "closes": "12:00"}, "opens", "invalid"),
    ({"weekday": 2, "opens": "09:00:10", "closes": "09:01"}, "opens", "invalid"),
    ({"weekday": 2, "opens": "09:00", "closes": "09:00:40"}, "closes", "invalid"),
    ({"weekday": 1, "opens": "11:59", "closes": "13:00"}, "opens", "hours"),
    ({"weekday": 0, "opens": "23:00", "closes": "09:01"}, "opens", "hours"),
    ({"date": "2027-02-30", "closed": True}, "date", "invalid"),
    ({"weekday": 2, "opens": "09:00", "closes": "12:00", "delivery_type": "drone"}, "delivery_type", "invalid_choice"),
    (
        {
            "weekday": 2,
            "opens": "09:00",
            "closes": "12:00",
            "slot_value": {"amount": "1.00", "currency": "USD"},
        },
        "slot_value",
        "currency",
    ),
    ({"weekday": 2, "opens": "09:00", "closes": "12:00", "colour": "red"}, "colour", "unknown_field"),
]


@pytest.mark.parametrize(("given", "field", "code"), WRONG)
def test_a_wrong_row_is_refused_by_its_place(
    cast: Cast, api: Api, given: dict[str, Any], field: str, code: str
) -> None:
    stood = stands(cast)
    first = {"weekday": 1, "opens": "09:00", "closes": "12:00"}
    refused = api(cast.owner).put(url(cast), {"hours": [first, given]})
    assert refused.status_code == 400
    assert [(one["pointer"], one["code"]) for one in refused.json()["errors"]] == [(f"/hours/1/{field}", code)]
    assert stands(cast) == stood


def span(**given: Any) -> Span:
    return Span(**{**dict.fromkeys(("weekday", "date", "opens", "closes")), "closed": False, "fulfilment": "", **given})


def test_which_spans_cannot_stand_beside_each_other() -> None:
    sunday = span(weekday=6, opens=time(22), closes=time(3))
    monday = span(weekday=0, opens=time(2, 59), closes=time(12))
    assert first_clash([sunday, monday]) == 1
    assert first_clash([monday, sunday]) == 1
    assert first_clash([sunday, span(weekday=0, opens=time(3), closes=time(12))]) is None
    assert first_clash([monday, span(weekday=0, opens=time(9), closes=time(12), fulfilment="pickup")]) is None
    day = datetime(2027, 1, 4).date()
    closed = span(date=day, closed=True)
    assert first_clash([closed, monday, closed]) is None
    assert first_clash([monday, closed, span(date=day, opens=time(9), closes=time(12))]) == 2
    # Round the clock: one alone does not overlap with itself.
    assert first_clash([span(weekday=day, opens=time(0), closes=time(0)) for day in range(7)]) is None


def test_orders_that_would_be_closed_out_are_asked_about(cast: Cast, api: Api) -> None:
    client = api(cast.owner)
    assert client.put(url(cast), {"hours": WEEK}).status_code == 200
    day = timezone.now().astimezone(cast.vendor.zone).date() + timedelta(days=2)
    noon = datetime.combine(day, time(12), tzinfo=cast.vendor.zone)
    order, other = make_order(cast, deliver_at=noon), make_order(cast, deliver_at=noon + timedelta(days=1))
    stood = stands(cast)
    given = {"hours": [*WEEK, {"date": day.isoformat(), "closed": True}]}
    asked = client.put(url(cast), given)
    assert (asked.status_code, asked.json()["code"]) == (409, "harms_orders")
    words = "Orders that could not be served any more, as it is closed at the agreed time"
    assert asked.json()["harm"] == [f"{words}: #{order.pk}."]
    assert client.put(url(cast), {**given, "agree": "yes"}).status_code == 409
    assert (stands(cast), Order.objects.get(pk=order.pk).unserved) == (stood, "")
    # Another order comes in: what was agreed to is not what would follow.
    later = make_order(cast, deliver_at=noon)
    again = client.put(url(cast), {**given, "agree": asked.json()["agree"]})
    assert again.json()["harm"] == [f"{words}: #{order.pk}, #{later.pk}."]
    done = client.put(url(cast), {**given, "agree": again.json()["agree"]})
    assert done.status_code == 200
    assert [one["id"] for one in done.json()["cannot_serve"]] == [order.pk, later.pk]
    assert [Order.objects.get(pk=one.pk).unserved for one in (order, other, later)] == ["closed", "", "closed"]
    # What cannot be served already does not hinder the next change, nor the same again.
    assert client.put(url(cast), given).status_code == 200
    assert (
        client.put(url(cast), {"hours": [*given["hours"], {"date": "2027-12-25", "closed": True}]}).status_code == 200
    )
