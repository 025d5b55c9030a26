"""A file that sets the stock, and an order that takes of it between comparing and writing; with a control that fails.

On PostgreSQL.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from ordersite.accounts.callers import caller_of_user
from ordersite.core.faults import Stale
from tests.cast import Cast
from tests.orders.record.test_circles import wait_for_a_waiter
from tests.promises.crowd import beside
from tests.vendors.test_menu_api_race import take
from vendors.models import Stock
from vendors.services import menu_plans
from vendors.services.menu_files import import_menu_upload, keep_menu_upload, plan_upload
from vendors.services.menu_plans import Ways

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def shown_import(cast: Cast) -> Callable[[], Any]:
    """A file by which ten of a product become twenty, looked at: what confirms it."""
    soda = cast.products["soda"]
    Stock.objects.filter(product=soda).update(quantity=10)
    caller, now = caller_of_user(cast.staff), timezone.now()
    content = f"kind,parent,name,stock\nproduct,{soda.category.name},{soda.name},20\n".encode()
    with transaction.atomic():
        ways = Ways(sets_stock=True)
        upload = keep_menu_upload(vendor=cast.vendor, caller=caller, content=content, ways=ways, now=now)
    plan = plan_upload(cast.vendor, upload)
    assert plan.faults == []

    @transaction.atomic
    def confirm() -> None:
        import_menu_upload(vendor=cast.vendor, caller=caller, upload_id=upload.pk, shown=plan.digest, now=now)

    return confirm


def imported_while_an_order_comes(cast: Cast, monkeypatch: pytest.MonkeyPatch, *, is_held: bool) -> int:
    """What is left of the twenty where an order takes two once the file was compared."""
    soda, write_plan, orders = cast.products["soda"], menu_plans.write_plan, []

    def write_later(plan: Any) -> None:
        orders.append(beside(partial(take, soda.pk, 2)))
        if is_held:
            wait_for_a_waiter()
        else:
            orders[0].result(30)
        write_plan(plan)

    monkeypatch.setattr(menu_plans, "write_plan", write_later)
    shown_import(cast)()
    orders[0].result(30)
    return Stock.objects.get(product=soda).quantity


def test_an_order_waits_for_the_stock_that_a_file_sets(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    assert imported_while_an_order_comes(cast, monkeypatch, is_held=True) == 18


def test_control_without_the_lock_what_was_ordered_is_back(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(menu_plans, "lock_stock", Stock.objects.in_bulk)
    assert imported_while_an_order_comes(cast, monkeypatch, is_held=False) == 20


def test_what_was_ordered_since_it_was_shown_refuses_the_file(cast: Cast) -> None:
    soda = cast.products["soda"]
    confirm = shown_import(cast)
    take(soda.pk, 2)
    with pytest.raises(Stale):
        confirm()
    assert Stock.objects.get(product=soda).quantity == 8
