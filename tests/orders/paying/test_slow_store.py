"""While a store of files is slow, a call that keeps a photo in it holds nobody up."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Counter, DeliveryProof, Order, Payment, PaymentProof, Purchase
from ordersite.core.storage import PrivateStorage
from tests.cast import Cast
from tests.orders.moving.test_delivery_proofs import ON_THE_WAY, show
from tests.orders.paying.test_proofs import photo, place_transfer, place_with, send
from tests.orders.rows import make_order
from tests.orders.shopping import cart
from tests.promises.crowd import beside
from vendors.models import Vendor
from vendors.services.vendors import bump_menu_version

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
Api = Callable[..., APIClient]
LOCKED = (Vendor, Counter, Purchase, Order, Payment)


class Waiting:
    """A step that waits until the test has looked."""

    def __init__(self) -> None:
        self.reached, self.looked = threading.Event(), threading.Event()

    def before(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def waits(*args: Any, **kwargs: Any) -> Any:
            self.reached.set()
            assert self.looked.wait(60)
            return step(*args, **kwargs)

        return waits


@pytest.fixture
def waiting() -> Iterator[Waiting]:
    waiting = Waiting()
    yield waiting
    waiting.looked.set()


def nobody_waits() -> bool:
    """Whether all rows that others change by their orders are free."""
    try:
        with transaction.atomic():
            for model in LOCKED:
                list(model._base_manager.order_by("pk").select_for_update(nowait=True, no_key=True))
    except OperationalError:
        return False
    return True


def placing(cast: Cast, api: Api) -> Callable[[], Any]:
    body = cart(cast, payment_method="transfer")
    return lambda: place_with(api(cast.customer), body, photo())


def paying(cast: Cast, api: Api) -> Callable[[], Any]:
    order = place_transfer(api(cast.customer), cast)
    return lambda: send(api(cast.customer), order, photo())


def handing_over(cast: Cast, api: Api) -> Callable[[], Any]:
    placed = timezone.now() - timedelta(hours=1)
    order = make_order(cast, 9, driver=cast.driver_row, stood=ON_THE_WAY, placed_at=placed)
    return lambda: show(api(cast.driver), order)


# What writes the rows.
WRITTEN = {PaymentProof: (type(PaymentProof.objects), "bulk_create"), DeliveryProof: (DeliveryProof, "save")}
STEPS = [(placing, PaymentProof), (paying, PaymentProof), (handing_over, DeliveryProof)]


@pytest.fixture
def takes_transfer(cast: Cast, api: Api) -> None:
    """The vendor does, and has counted an order of this day."""
    Vendor.objects.update(payment_methods=["cash", "transfer"])
    bump_menu_version(cast.vendor.pk)
    place_transfer(api(cast.customer), cast)


@pytest.mark.parametrize(("begin", "model"), STEPS)
def test_nothing_is_locked_while_a_photo_is_kept(
    begin: Any, model: Any, cast: Cast, api: Api, takes_transfer: None, waiting: Waiting, monkeypatch: Any
) -> None:
    call = begin(cast, api)
    monkeypatch.setattr(PrivateStorage, "save", waiting.before(PrivateStorage.save))
    answer = beside(call)
    assert waiting.reached.wait(60)
    assert nobody_waits()
    waiting.looked.set()
    assert answer.result(60).status_code == 201
    assert model.objects.count() == 1


@pytest.mark.parametrize(("begin", "model"), STEPS)
def test_control_rows_are_locked_where_its_row_is_written(
    begin: Any, model: Any, cast: Cast, api: Api, takes_transfer: None, waiting: Waiting, monkeypatch: Any
) -> None:
    call = begin(cast, api)
    monkeypatch.setattr(*WRITTEN[model], waiting.before(getattr(*WRITTEN[model])))
    answer = beside(call)
    assert waiting.reached.wait(60)
    assert not nobody_waits()
    waiting.looked.set()
    assert answer.result(60).status_code == 201
