"""A day that several people close at once: one wins, the others are told; no number is missing."""

from collections import Counter
from collections.abc import Iterator
from functools import partial

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from orders.models import DayReport
from orders.services.money import day_reports
from orders.services.money.day_reports import close_day, read_open_day
from ordersite.accounts.callers import caller_of_user
from ordersite.core.faults import Conflict
from tests.cast import Cast
from tests.controls.unlocked_documents import day_after_the_highest
from tests.orders.money.test_day_reports import NOON
from tests.promises.crowd import together

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
AT_ONCE = 8


@pytest.fixture(autouse=True)
def noon(cast: Cast) -> Iterator[None]:
    with time_machine.travel(NOON):
        yield


def close(cast: Cast, shown: str, counted: int) -> str:
    try:
        with transaction.atomic():
            close_day(vendor_id=cast.vendor.pk, caller=caller_of_user(cast.staff), counted=counted, shown=shown)
    except Conflict as conflict:
        return str(conflict.code)
    except IntegrityError:
        return "fault"
    return "closed"


def close_at_once(cast: Cast, count: int) -> Counter[str]:
    """So many, each with another amount; what each is told."""
    shown = read_open_day(cast.vendor, timezone.now()).shown
    return Counter(together([partial(close, cast, shown, counted) for counted in range(count)], at_once=count))


def test_one_closes_it_and_the_others_are_told(cast: Cast) -> None:
    assert close_at_once(cast, AT_ONCE) == {"closed": 1, "day_closed": AT_ONCE - 1}
    assert list(DayReport.objects.values_list("number", flat=True)) == [1]


def test_control_without_the_counter_s_lock_the_database_has_to_refuse(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_reports, "draw_numbers", day_after_the_highest)
    assert close_at_once(cast, 2) == {"closed": 1, "fault": 1}
