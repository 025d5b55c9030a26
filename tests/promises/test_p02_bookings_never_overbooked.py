"""Promise 2: a service's time takes one more booking, fifty want it, twenty at a time: one booking, 49 are refused."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from orders.models import Booking, Order
from orders.services.capacity import bookings
from tests.cast import Cast
from tests.controls.unlocked_bookings import count_and_think, find_and_think, look_without_a_lock
from tests.orders.kinds import make_service, service_cart, tomorrow
from tests.orders.shopping import ORDERS
from tests.promises.crowd import together
from vendors.bookable import levels_of

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
BUYERS, AT_ONCE = 50, 20


def buy(cast: Cast, api: Callable[..., APIClient], *, capacity: int) -> Counter[str]:
    """Fifty guests book an hour, each a quarter later or sooner, so that all overlap; the codes of their answers."""
    service = make_service(cast.vendor, capacity=capacity)

    def one(number: int) -> str:
        guest = {"name": f"Guest {number}", "phone": "+32470123456"}
        at = tomorrow(cast) + number % 4 * timedelta(minutes=15)
        response = api().post(ORDERS, service_cart(service, at, guest=guest))
        return str(response.json().get("code", response.status_code))

    return Counter(together([lambda n=n: one(n) for n in range(BUYERS)], at_once=AT_ONCE))


def check(answers: Counter[str], capacity: int) -> None:
    assert answers == {"201": capacity, "slot_full": BUYERS - capacity}
    assert Order.objects.count() == Booking.objects.count() == capacity
    running = levels_of(Booking.objects.filter(is_held=True).values_list("starts_at", "ends_at"))
    assert max(count for _, count in running) == capacity


@pytest.mark.parametrize("capacity", [1, 3])
def test_no_more_are_booked_at_once_than_fit(
    cast: Cast, api: Callable[..., APIClient], figure: Callable[[str], None], capacity: int
) -> None:
    answers = buy(cast, api, capacity=capacity)
    check(answers, capacity)
    figure(f"room for {capacity}, {BUYERS} buyers, {AT_ONCE} at a time: {answers['201']} booked, the others refused")


def test_moving_and_booking_lose_no_count(cast: Cast, api: Callable[..., APIClient]) -> None:
    """Bookings that are moved to one time while others are placed there: one gets it."""
    service = make_service(cast.vendor)
    client = api(cast.customer)
    placed = [
        client.post(ORDERS, service_cart(service, tomorrow(cast, f"{hour:02}:00"))).json()["orders"][0]["id"]
        for hour in range(4, 12)
    ]
    wanted = tomorrow(cast, "13:00")
    calls = [lambda pk=pk: client.patch(f"{ORDERS}/{pk}", {"deliver_at": wanted.isoformat()}) for pk in placed]
    calls += [lambda: client.post(ORDERS, service_cart(service, wanted))] * 8  # type: ignore[list-item]
    answers = Counter(response.status_code for response in together(calls, at_once=16))
    assert answers[200] + answers[201] == 1
    assert answers[409] == 15
    assert Booking.objects.filter(starts_at=wanted).count() == 1


def book_first_free(cast: Cast, api: Callable[..., APIClient]) -> Counter[str]:
    """Twelve at once want the first free hour of tomorrow, which has eight; the codes of their answers."""
    service = make_service(cast.vendor, (tomorrow(cast).weekday(), "09:00", "17:00"))
    body = {"vendor_id": cast.vendor.pk, "service_id": service.pk, "payment_method": "cash"}

    def one() -> str:
        response = api(cast.customer).post("/dialects/kesk/v1/orders/service", body)
        return str(response.json().get("error", {}).get("code", response.status_code))

    return Counter(together([one] * 12, at_once=12))


def check_first_free(cast: Cast, answers: Counter[str]) -> None:
    assert answers == {"201": 8, "slot_full": 4}
    taken = list(Booking.objects.order_by("starts_at").values_list("starts_at", flat=True))
    assert taken == [tomorrow(cast, f"{hour:02}:00") for hour in range(9, 17)]


def test_who_wants_the_first_free_time_gets_the_next_where_another_was_first(
    cast: Cast, api: Callable[..., APIClient], figure: Callable[[str], None]
) -> None:
    answers = book_first_free(cast, api)
    check_first_free(cast, answers)
    figure(f"12 at once want the first free of 8 hours: {answers['201']} booked, one each")


def test_control_without_the_lock_beforehand_free_hours_are_refused(
    cast: Cast, api: Callable[..., APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookings, "hold_services", lambda carts: None)
    monkeypatch.setattr(bookings, "first_free", find_and_think)
    answers = book_first_free(cast, api)
    with pytest.raises(AssertionError):
        check_first_free(cast, answers)


def test_control_without_the_lock_it_is_overbooked(
    cast: Cast, api: Callable[..., APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bookings, "lock_service", look_without_a_lock)
    monkeypatch.setattr(bookings, "check_free", count_and_think)
    answers = buy(cast, api, capacity=1)
    with pytest.raises(AssertionError):
        check(answers, 1)
    assert answers["201"] > 1
