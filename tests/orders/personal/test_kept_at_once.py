"""What a customer has kept, or is told, while it is erased: nothing of it stays."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from django.db import connection, transaction

from orders.models import Order, OutboxMessage, Payment, PaymentProof
from orders.services.outgoing import order_mails
from orders.services.outgoing.deliveries import pass_on
from orders.services.outgoing.endpoints import add_endpoint
from orders.services.paying.proofs import send_proofs
from orders.services.paying.provider_answers import keep_method
from orders.services.paying.providers.protocol import Found, State
from orders.services.personal.erasing import erase_customer
from ordersite.accounts.callers import caller_of_user
from ordersite.accounts.models import User
from ordersite.core.faults import Conflict
from ordersite.core.images import CleanImage
from tests.cast import Cast
from tests.orders.personal.test_erasing import NAMES, SECRET, everything
from tests.orders.rows import make_order
from tests.orders.shopping import ORDERS
from tests.orders.walking import Api
from tests.promises.crowd import beside

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
# In this database: other tests wait in theirs.
WAITS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        return bool(cursor.fetchone()[0])


def wait_until_it_waits(acting: Future[Any]) -> None:
    """Until what runs beside waits for a lock, or has ended."""
    patience = time.monotonic() + 5
    while not somebody_waits() and not acting.done() and time.monotonic() < patience:
        time.sleep(0.01)


@transaction.atomic
def erase_in_one(customer_id: int) -> None:
    erase_customer(customer_id)


def act_while_erased(customer_id: int, act: Callable[[], Any]) -> Any:
    """What comes of an act that begins before the erasing is committed, and ends after it."""
    is_erased = threading.Event()

    def work() -> Any:
        is_erased.wait(30)
        return act()

    acting = beside(work)
    with transaction.atomic():
        erase_customer(customer_id)
        is_erased.set()
        wait_until_it_waits(acting)
    try:
        return acting.result()
    except Conflict as error:
        return str(error.code)


def status_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def acts_by_call(api: Api, cast: Cast, order: Order) -> dict[str, Callable[[], Any]]:
    client = api(cast.customer)
    address = {"address": SECRET, "location": {"lat": 50.85, "lng": 4.35}}
    problem = {"reason": "other", "text": SECRET}
    top_up = {"amount": {"amount": "10.00", "currency": "EUR"}, "payment_method": "fake"}
    return {
        "address": lambda: client.post("/api/v1/me/addresses", address),
        "name": lambda: client.patch("/api/v1/me", {"name": SECRET}),
        "token": lambda: client.post("/api/v1/api-tokens", {"name": SECRET, "scopes": ["read"]}),
        "problem": lambda: client.post(f"{ORDERS}/{order.pk}/problems", problem),
        "top_up": lambda: client.post("/api/v1/wallet/top-ups", top_up),
    }


def closed_order(cast: Cast) -> Order:
    with transaction.atomic():
        return make_order(cast, 11, stood="accepted prepared picked_up delivered", contact_email=f"{SECRET}@x.example")


@pytest.mark.parametrize("act", ["address", "name", "token", "problem", "top_up"])
def test_a_call_that_was_under_way_is_refused_and_leaves_nothing(cast: Cast, api: Api, provider: Any, act: str) -> None:
    order = closed_order(cast)
    answer = act_while_erased(cast.customer_row.pk, acts_by_call(api, cast, order)[act])
    assert status_of(answer) == (409, "customer_erased")
    left = everything()
    assert [name for name in NAMES if name in left] == []
    assert not Payment.objects.filter(customer=cast.customer_row).exists()


def test_an_endpoint_that_was_added_is_refused(cast: Cast) -> None:
    user = User.objects.get(pk=cast.customer.pk)

    @transaction.atomic
    def act() -> Any:
        url = f"https://{SECRET}.example.org"
        return add_endpoint(caller_of_user(user), url=url, types=["order.status"], merchant=None, site=False)

    assert act_while_erased(cast.customer_row.pk, act) == "customer_erased"
    assert SECRET not in everything()


def test_a_card_that_was_to_be_kept_is_not(cast: Cast) -> None:
    order = closed_order(cast)
    with transaction.atomic():
        payment = Payment.objects.get(purchase=order.purchase)
        payment.saves_method = True
    found = Found(
        reference="tr_1", state=State.PAID, amount=1500, currency="EUR", customer="cst_1", mandate="mdt_1", label=SECRET
    )

    @transaction.atomic
    def act() -> None:
        keep_method(payment, found)

    assert act_while_erased(cast.customer_row.pk, act) is None
    assert SECRET not in everything()


def test_a_photo_of_a_transfer_is_refused(cast: Cast) -> None:
    """What was delivered before it was paid."""
    with transaction.atomic():
        order = make_order(cast, 11, stood="accepted delivered", payment_method="transfer", payment_status="unpaid")
    caller = caller_of_user(User.objects.select_related("customer").get(pk=cast.customer.pk))

    @transaction.atomic
    def act() -> None:
        send_proofs(order_id=order.pk, caller=caller, photos=[CleanImage(b"jpeg")])

    assert act_while_erased(cast.customer_row.pk, act) == "customer_erased"
    assert not PaymentProof.objects.exists()


def told(cast: Cast) -> Order:
    """A closed order of which the worker has to mail yet."""
    order = closed_order(cast)
    with transaction.atomic():
        event = order.events.create(
            number=order.version + 1, kind="status", to_status=11, from_status=23, role="driver"
        )
        OutboxMessage.objects.create(type="order.status", subject=f"order:{order.pk}", event=event, vendor=order.vendor)
    return order


def write_slowly(monkeypatch: pytest.MonkeyPatch, customer_id: int) -> Any:
    """Passes messages on, and erases the customer between the reading of them and the writing of their mails."""
    write = order_mails.write_order_mails
    answers: list[Any] = []

    def erase_between(messages: Any, now: Any) -> int:
        beside(lambda: erase_in_one(customer_id)).result()
        answers.append(write(messages, now))
        return answers[-1]

    monkeypatch.setattr("orders.services.outgoing.deliveries.write_order_mails", erase_between)
    assert pass_on() == 1
    return answers[0]


def test_nothing_is_mailed_to_who_was_erased_meanwhile(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    told(cast)
    assert write_slowly(monkeypatch, cast.customer_row.pk) == 0
    assert SECRET not in everything()


def test_who_is_erased_waits_for_mails_that_are_written(cast: Cast) -> None:
    """They are there then, and go with the rest."""
    told(cast)
    with transaction.atomic():
        order_mails.write_order_mails(
            OutboxMessage.objects.select_related("event__order"), Order.objects.get().placed_at
        )
        erasing = beside(lambda: erase_in_one(cast.customer_row.pk))
        wait_until_it_waits(erasing)
        assert not erasing.done()
    erasing.result()
    assert SECRET not in everything()


@pytest.mark.parametrize("act", ["address", "name", "token"])
def test_control_without_holding_the_customer_it_stays(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    monkeypatch.setattr("ordersite.accounts.services.refuse_erased", lambda user: None)
    act_while_erased(cast.customer_row.pk, acts_by_call(api, cast, closed_order(cast))[act])
    assert SECRET in everything()


def test_control_without_holding_the_customer_it_is_mailed(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    told(cast)
    monkeypatch.setattr(order_mails, "still_there", lambda told: told)
    assert write_slowly(monkeypatch, cast.customer_row.pk) == 1
    assert SECRET in everything()
