"""The back-office's pages of services and package types."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast
from tests.office import change, form_of
from tests.orders.kinds import make_package_type, make_service
from vendors.models import PackageType, Service, ServiceHours

pytestmark = pytest.mark.django_db


def test_a_service_is_set_up_with_its_hours(cast: Cast, office: Client) -> None:
    page = office.get("/admin/vendors/service/add/")
    data = {
        **form_of(page),
        "vendor": cast.vendor.pk,
        "name": "Repair",
        "price": "55.00",
        "duration_minutes": "90",
        "at_customer": "on",
        "hours-TOTAL_FORMS": "1",
        "hours-0-weekday": "2",
        "hours-0-opens": "08:00",
        "hours-0-closes": "12:00",
    }
    assert office.post("/admin/vendors/service/add/", data).status_code == 302
    service = Service.objects.get(name="Repair")
    assert (service.price, service.duration_minutes, service.at_customer, service.at_vendor) == (5500, 90, True, True)
    assert str(service.hours.get()) == "Wednesday 08:00–12:00"


def test_a_service_takes_place_somewhere_and_stays_its_vendors(cast: Cast, office: Client) -> None:
    service = make_service(cast.vendor)
    path = f"/admin/vendors/service/{service.pk}/change/"
    nowhere = {name: value for name, value in form_of(office.get(path)).items() if name != "at_vendor"}
    refused = office.post(path, {**nowhere, "price": "1"})
    assert "Choose where it takes place" in refused.content.decode()
    change(office, path, capacity="3", vendor=cast.other_vendor.pk)
    service.refresh_from_db()
    assert (service.price, service.capacity, service.vendor_id) == (4000, 3, cast.vendor.pk)


def test_a_package_type_is_set_up_and_changed(cast: Cast, office: Client) -> None:
    page = office.get("/admin/vendors/packagetype/add/")
    data = {**form_of(page), "vendor": cast.vendor.pk, "name": "Crate", "price": "9", "per_km": "0,70"}
    assert office.post("/admin/vendors/packagetype/add/", data).status_code == 302
    crate = PackageType.objects.get(name="Crate")
    change(office, f"/admin/vendors/packagetype/{crate.pk}/change/", max_weight="25000")
    crate.refresh_from_db()
    assert (crate.price, crate.per_km, crate.per_kg, crate.max_weight, crate.max_side) == (900, 70, 0, 25_000, None)


def test_pages_are_for_staff_and_take_the_same_statements(cast: Cast, office: Client) -> None:
    service, box = make_service(cast.vendor), make_package_type(cast.vendor)
    pages = [
        "/admin/vendors/service/?q=Hair",
        "/admin/vendors/packagetype/?q=Burger",
        f"/admin/vendors/service/{service.pk}/change/",
        f"/admin/vendors/packagetype/{box.pk}/change/",
    ]

    def statements() -> list[int]:
        taken = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert office.get(page).status_code == 200
            taken.append(len(queries))
        return taken

    statements()
    few = statements()
    for number in range(20):
        ServiceHours.objects.create(service=service, weekday=number % 7, opens="08:00", closes="12:00")
        make_service(cast.vendor, name=f"Hair {number}")
        make_package_type(cast.other_vendor)
    assert statements() == few
    stranger = Client()
    stranger.force_login(cast.owner)
    assert {stranger.get(page).status_code for page in pages} == {302}
