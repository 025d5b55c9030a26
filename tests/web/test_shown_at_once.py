"""A form that is saved while somebody sells: the row is held from comparing to writing, so that no sale is lost."""

from concurrent.futures import Future, wait
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from ordersite.backoffice.comparing import ComparingAdmin, ComparingForm
from ordersite.backoffice.selections import VersionedAdmin
from tests.cast import make_cast
from tests.office import form_of
from tests.promises.crowd import beside
from vendors.models import Stock
from vendors.services.stock import take_stock

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
# Longer than selling takes where nothing is in its way.
PATIENCE = 1.0


def save_while_selling(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Sets the stock from 10 to 50 while 3 are sold, between comparing and writing: what is left, and the answer."""
    cast = make_cast()
    soda = cast.products["soda"]
    seller: Future[None]
    path = f"/admin/vendors/product/{soda.pk}/change/"
    office = Client()
    office.force_login(cast.staff)
    sent = {**form_of(office.get(path)), "stock-0-quantity": "50"}

    @transaction.atomic
    def sell() -> None:
        take_stock({soda.pk: 3})

    compare = ComparingForm.compare

    def compare_then_sell(form: ComparingForm) -> None:
        nonlocal seller
        compare(form)
        if isinstance(form.instance, Stock):
            seller = beside(sell)
            wait([seller], PATIENCE)

    monkeypatch.setattr(ComparingForm, "compare", compare_then_sell)
    status = office.post(path, sent).status_code
    seller.result()
    return Stock.objects.get(product=soda).quantity, status


def test_what_is_sold_while_a_form_is_saved_is_sold(monkeypatch: pytest.MonkeyPatch) -> None:
    assert save_while_selling(monkeypatch) == (47, 302)


def test_control_without_holding_the_row_a_sale_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def unheld(self: Any, *args: Any) -> Any:
        return super(ComparingAdmin, self).get_formset_kwargs(*args)

    monkeypatch.setattr(ComparingAdmin, "get_formset_kwargs", unheld)
    monkeypatch.setattr(VersionedAdmin, "hold", lambda self, keys: None)
    assert save_while_selling(monkeypatch) == (50, 302)
