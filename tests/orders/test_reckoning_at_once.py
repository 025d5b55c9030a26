"""An order is placed while its vendor stops offering what it needs: it is refused, or named as not to be served."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from orders.models import Order
from orders.services import events, placing
from tests.cast import Cast
from tests.office import form_of
from tests.orders.kinds import make_package_type, make_service, package_cart, service_cart, tomorrow
from tests.orders.shopping import ORDERS, cart, place_order
from tests.orders.test_reckoning import close_in_office, noon

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
Api = Callable[..., APIClient]
# How long a change that must wait is seen to wait, in seconds.
WATCHED = 0.5


class Race:
    """A change of the vendor's, made by a thread of its own in the midst of a placing."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call = call
        self.thread: threading.Thread | None = None
        self.faults: list[BaseException] = []

    def run(self) -> None:
        try:
            self.call()
        except BaseException as fault:
            self.faults.append(fault)
        finally:
            connection.close()

    def begin(self, seconds: float) -> None:
        """Lets the thread go, once; waits so long for its end."""
        if self.thread is None:
            self.thread = threading.Thread(target=self.run)
            self.thread.start()
            self.thread.join(seconds)

    def end(self) -> None:
        assert self.thread is not None
        self.thread.join(60)
        assert not self.faults, self.faults


@pytest.fixture
def office(cast: Cast) -> Client:
    client = Client()
    client.force_login(cast.staff)
    return client


def save_form(office: Client, path: str, **fields: Any) -> None:
    form = {**form_of(office.get(path)), **fields}
    answer = office.post(path, {name: value for name, value in form.items() if value is not None})
    assert answer.status_code == 302, answer.context["errors"]


def withdrawals(cast: Cast, office: Client) -> dict[str, tuple[dict[str, Any], Callable[[], Any], str, str]]:
    """What is ordered, what is done to the vendor meanwhile, with what it is refused then, and why it is named."""
    service, package_type = make_service(cast.vendor), make_package_type(cast.vendor)
    at = noon(cast, 2)

    def save(page: str, **fields: Any) -> Callable[[], None]:
        return lambda: save_form(office, f"/admin/vendors/{page}/change/", **fields)

    vendor = f"vendor/{cast.vendor.pk}"
    preorder = cart(cast, deliver_at=at.isoformat())
    return {
        "day": (preorder, lambda: close_in_office(cast, office, at), "closed", "closed"),
        "vendor": (preorder, save(vendor, is_active=None), "unknown", "switched_off"),
        "delivery type": (preorder, save(vendor, fulfilments=["delivery"]), "not_offered", "not_offered"),
        "service": (
            service_cart(service, tomorrow(cast), "vendor"),
            save(f"service/{service.pk}", is_active=None),
            "not_offered",
            "not_offered",
        ),
        "package": (
            package_cart(package_type),
            save(f"packagetype/{package_type.pk}", is_active=None),
            "unknown",
            "not_offered",
        ),
    }


CASES = ("day", "vendor", "delivery type", "service", "package")


def interrupt(monkeypatch: pytest.MonkeyPatch, step: str, race: Race, seconds: float) -> None:
    """Begins the race just before a step of placing."""
    made = getattr(placing, step)

    def interrupted(*given: Any, **named: Any) -> Any:
        race.begin(seconds)
        return made(*given, **named)

    monkeypatch.setattr(placing, step, interrupted)


@pytest.fixture
def unheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control: placing goes by what it has read."""
    monkeypatch.setattr(placing, "draw", lambda names, read: events.draw(names))


def reasons() -> list[str]:
    return list(Order.objects.values_list("unserved", flat=True))


@pytest.mark.parametrize("case", CASES)
def test_a_change_that_was_first_has_it_placed_anew(
    cast: Cast, api: Api, office: Client, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    body, withdraw, code, _ = withdrawals(cast, office)[case]
    # A service is asked once more where its time is taken.
    status = 409 if case == "service" else 400
    race = Race(withdraw)
    interrupt(monkeypatch, "take_what_is_limited", race, 60)
    answer = api(cast.customer).post(ORDERS, body)
    race.end()
    assert (answer.status_code, code in answer.content.decode(), Order.objects.count()) == (status, True, 0)


@pytest.mark.parametrize("accepts", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_a_change_that_comes_later_waits_for_it_and_names_it(
    cast: Cast, api: Api, office: Client, monkeypatch: pytest.MonkeyPatch, case: str, accepts: bool
) -> None:
    body, withdraw, _, reason = withdrawals(cast, office)[case]
    race = Race(withdraw)
    interrupt(monkeypatch, "write_lines", race, WATCHED)
    order = place_order(api(cast.customer), body)
    if accepts:
        # At the same moment as the change goes on.
        answer = api(cast.owner).post(f"{ORDERS}/{order.pk}/transitions", {"transition": "accept"})
        assert answer.status_code == 200, answer.json()
    race.end()
    assert reasons() == [reason]


@pytest.mark.usefixtures("unheld")
@pytest.mark.parametrize("step", ["take_what_is_limited", "write_lines"])
def test_control_placing_goes_by_what_it_has_read(
    cast: Cast, api: Api, office: Client, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    body, withdraw, _, _ = withdrawals(cast, office)["day"]
    race = Race(withdraw)
    interrupt(monkeypatch, step, race, 60)
    place_order(api(cast.customer), body)
    race.end()
    assert reasons() == [""]
