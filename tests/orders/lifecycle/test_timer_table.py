"""The table of timers is whole in itself, agrees with the life cycle's, and is told in docs/times.md."""

import re

from django.conf import settings

from orders.lifecycle import table
from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import Actor
from orders.lifecycle.timers import TIMERS
from orders.services.moving.due_times import SERVABLE
from orders.services.moving.timers import ACTS
from vendors.models import Vendor


def test_a_name_stands_once() -> None:
    names = [timer.name for timer in TIMERS]
    assert len(names) == len(set(names))


def test_the_system_may_make_every_change_from_where_its_timer_runs() -> None:
    for timer in TIMERS:
        if timer.change in ACTS:
            continue
        for status in timer.statuses:
            changes = [
                change
                for fulfilment in timer.fulfilments
                for change in table.changes_from(fulfilment, status).values()
                if change.name == timer.change
            ]
            assert changes, (timer.name, status)
            assert all(Actor.SYSTEM in change.actors for change in changes), (timer.name, status)


def test_each_reason_and_setting_exists() -> None:
    fields = {field.name for field in Vendor._meta.get_fields()}
    for timer in TIMERS:
        assert timer.reason in {"", *REASONS}, timer.name
        assert set(timer.settings) <= fields | SERVABLE.keys(), timer.name


def test_the_page_of_times_tells_when_each_is_due_in_the_tables_order() -> None:
    page = (settings.BASE_DIR / "docs/times.md").read_text()
    part = page.split("## What happens by itself")[1].split("Each is a setting of the vendor")[0]
    assert re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) == [timer.name for timer in TIMERS]
