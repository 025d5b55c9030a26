"""What others keep from being deleted says so at a fixed cost: of these others it looks only whether there are any."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import PROTECT, RESTRICT, Model
from django.db.models.deletion import get_candidate_relations_to_delete
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape

from orders.lifecycle.table import Status
from orders.models import Booking, Code, IssuedDocument
from ordersite.accounts.models import User
from ordersite.backoffice.selections import VersionedAdmin
from tests.cast import Cast, make_driver
from tests.office import form_of
from tests.orders.kinds import make_service
from tests.orders.rows import make_order
from vendors.models import Category, Driver, Merchant, Product, Service

pytestmark = pytest.mark.django_db
MANY = 12


def documents(cast: Cast, count: int) -> Merchant:
    standing = IssuedDocument.objects.count()
    for number in range(standing + 1, standing + count + 1):
        IssuedDocument.objects.create(
            kind="invoice", year=2026, number=number, currency="EUR", total=1, content={}, order=make_order(cast),
            seller=cast.merchant,
        )  # fmt: skip
    return cast.merchant


def orders(cast: Cast, count: int, **columns: Any) -> None:
    for _ in range(count):
        make_order(cast, Status.COMPLETED, **columns)


def carried(cast: Cast, count: int) -> Driver:
    orders(cast, count, driver=cast.driver_row)
    return cast.driver_row


def of_company(cast: Cast, count: int) -> Model:
    for number in range(count):
        make_driver(f"Drives {Driver.objects.count()} {number}", company=cast.company)
    return cast.company


def ordered(cast: Cast, count: int) -> Model:
    orders(cast, count)
    return cast.customer_row


def sold(cast: Cast, count: int) -> Model:
    orders(cast, count)
    return cast.vendor


def booked(cast: Cast, count: int) -> Model:
    service = Service.objects.first() or make_service(cast.vendor)
    for _ in range(count):
        order = make_order(cast, Status.COMPLETED, kind="service")
        at = order.placed_at
        Booking.objects.create(
            order=order, service=service, service_name="Cut", starts_at=at, ends_at=at, is_held=False
        )
    return service


def coded(cast: Cast, count: int) -> Model:
    product = cast.products["soda"]
    for number in range(count):
        Code.objects.create(product=product, sealed="x", fingerprint=f"{Code.objects.count()}-{number}", last4="1234")
    return product


def listed(cast: Cast, count: int) -> Model:
    category: Category = cast.products["soda"].category
    for number in range(count):
        Product.objects.create(vendor=cast.vendor, category=category, name=f"{number}", price=100)
    return category


KEPT: dict[str, tuple[Callable[[Cast, int], Any], str]] = {
    "merchant": (documents, "issued documents"),
    "driver": (carried, "orders"),
    "company": (of_company, "drivers"),
    "customer": (ordered, "orders"),
    "vendor": (sold, "orders"),
    "service": (booked, "bookings"),
    "product": (coded, "codes"),
    "category": (listed, "products"),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_row_that_others_keep_says_so_however_many_there_are(cast: Cast, name: str) -> None:
    make, word = KEPT[name]
    root = Client()
    root.force_login(User.objects.create_superuser("root@example.org", name="Root"))
    row = make(cast, 1)
    path = f"/admin/{row._meta.app_label}/{row._meta.model_name}/"
    root.get(f"{path}{row.pk}/delete/")
    counts = []
    for more in (0, MANY):
        make(cast, more)
        with CaptureQueriesContext(connection) as queries:
            page = root.get(f"{path}{row.pk}/delete/").content.decode()
        counts.append(len(queries))
        kept = re.findall(rf"<li>({re.escape(escape(str(row)))} is kept: it has [^<]*)</li>", page)
        assert len(kept) == 1
        assert word in kept[0]
        assert kept[0].endswith(("instead.", "first."))
        assert "Yes, I" not in page
    assert counts[0] == counts[1] <= 15

    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "index": "0"}
    asked = root.post(path, {**form_of(root.get(path)), **chosen}).content.decode()
    assert f"{escape(str(row))} is kept: it has" in asked
    root.post(f"{path}{row.pk}/delete/", {"post": "yes"})
    root.post(path, {**form_of(root.get(path)), **chosen, "post": "yes"})
    assert type(row).objects.filter(pk=row.pk).exists()


def test_whatever_can_be_kept_says_what_to_do_instead() -> None:
    """Of all pages on which something is deleted and that others may keep."""
    root: Any = User(is_superuser=True, is_active=True, is_staff=True)
    request: Any = type("Request", (), {"user": root, "GET": {}, "method": "GET"})()

    def may_be_kept(model: type[Model]) -> bool:
        relations: Any = get_candidate_relations_to_delete(model._meta)
        return any(one.on_delete in (PROTECT, RESTRICT) for one in relations)

    found = {
        page.__class__.__name__: page.kept_instead
        for model, page in admin.site._registry.items()
        if isinstance(page, VersionedAdmin) and page.has_delete_permission(request) and may_be_kept(model)
    }
    assert len(found) >= len(KEPT)
    assert [name for name, instead in found.items() if not instead] == []
