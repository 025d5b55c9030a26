"""Services and package types from plain dicts."""

from collections.abc import Callable
from datetime import time

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from orders.models import Order
from tests.cast import Cast
from tests.orders.kinds import service_cart, tomorrow
from tests.orders.shopping import place_order
from vendors.models import PackageType, Service
from vendors.services.bookable import import_bookable

pytestmark = pytest.mark.django_db
MORNING = {"weekday": 0, "opens": time(9), "closes": time(12)}
CUT = {"name": "Cut", "price": 4000, "duration_minutes": 60, "hours": [MORNING]}
COLOUR = {"name": "Colour", "price": 7000, "capacity": 2}
BOX = {"name": "Box", "price": 300, "per_km": 50}


def test_importing_twice_doubles_nothing_and_changes_what_is_given(cast: Cast) -> None:
    import_bookable(vendor=cast.vendor, services=[CUT, COLOUR], package_types=[BOX])
    ids = list(Service.objects.values_list("pk", flat=True))
    noon = {**MORNING, "opens": time(12), "closes": time(13)}
    import_bookable(vendor=cast.vendor, services=[COLOUR, {**CUT, "price": 4200, "hours": [noon]}], package_types=[BOX])
    assert sorted(Service.objects.values_list("pk", flat=True)) == sorted(ids)
    assert list(Service.objects.values_list("name", "price", "capacity")) == [("Colour", 7000, 2), ("Cut", 4200, 1)]
    assert [str(row) for row in Service.objects.get(name="Cut").hours.all()] == ["Monday 12:00–13:00"]
    assert list(PackageType.objects.values_list("name", "price", "per_km", "vendor")) == [
        ("Box", 300, 50, cast.vendor.pk)
    ]


def test_what_was_booked_is_named_where_the_new_hours_leave_it_out(cast: Cast, api: Callable[..., APIClient]) -> None:
    at = tomorrow(cast)
    day = {"weekday": at.weekday(), "opens": time(9), "closes": time(12)}
    import_bookable(vendor=cast.vendor, services=[{**CUT, "hours": [day]}])
    order = place_order(api(cast.customer), service_cart(Service.objects.get(name="Cut"), at))
    assert order.unserved == ""
    for opens, closes, told in ((12, 15, "closed"), (9, 12, "")):
        with transaction.atomic():
            hours = [{**day, "opens": time(opens), "closes": time(closes)}]
            import_bookable(vendor=cast.vendor, services=[{**CUT, "hours": hours}])
        assert Order.objects.get(pk=order.pk).unserved == told


def test_a_name_given_twice_is_refused(cast: Cast) -> None:
    with pytest.raises(ValueError, match="Given twice: Box"):
        import_bookable(vendor=cast.vendor, package_types=[BOX, BOX])
