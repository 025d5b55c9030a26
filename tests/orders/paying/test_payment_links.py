"""POST /orders/{id}/payment-link: where an order is paid online, told and e-mailed."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order, Payment, PaymentShare, PaymentStatus
from ordersite.accounts.models import Mail, User
from ordersite.core.money import with_currency
from tests.cast import Cast
from tests.orders.online import order_of, place_online, takes_online
from tests.orders.shopping import ORDERS, assert_nothing_changed, cart, place, place_order, refused
from tracking import mails
from vendors.models import Vendor

Api = Callable[..., APIClient]
GUEST = {"name": "Gina Guest", "email": "gina@example.net"}


@pytest.fixture
def online(cast: Cast) -> None:
    takes_online(cast.vendor)


def ask(client: APIClient, order: Order, **body: Any) -> Any:
    return client.post(f"{ORDERS}/{order.pk}/payment-link", body)


def link_of(payment: Payment) -> str:
    return f"http://testserver/pay/{payment.token}"


@pytest.mark.usefixtures("online")
def test_the_customer_and_staff_get_the_link_and_nothing_is_switched(cast: Cast, api: Api) -> None:
    payment = place_online(api(cast.customer), cast)
    order = order_of(payment)
    expires_at = payment.expires_at.isoformat().replace("+00:00", "Z") if payment.expires_at else None
    for user in (cast.customer, cast.staff):
        with assert_nothing_changed(order):
            response = ask(api(user), order)
        assert response.status_code == 200
        assert response.json() == {"url": link_of(payment), "expires_at": expires_at, "sent_to": None}
    assert timedelta(0) < payment.expires_at - timezone.now() <= timedelta(minutes=30)
    assert not Mail.objects.exists()


@pytest.mark.usefixtures("online")
def test_nobody_else_gets_it(cast: Cast, api: Api) -> None:
    order = order_of(place_online(api(cast.customer), cast))
    # Its vendor does not see it before it is paid.
    for client in (api(), api(cast.stranger), api(cast.owner), api(cast.other_owner), api(cast.courier)):
        assert ask(client, order, send=True).status_code == 404
    order.visible_at, order.driver, order.status = timezone.now(), cast.driver_row, 7
    order.save()
    assert ask(api(cast.owner), order).status_code == 200
    response = ask(api(cast.driver), order)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert not Mail.objects.exists()


@pytest.mark.usefixtures("online")
def test_a_guest_has_it_sent(cast: Cast, api: Api, django_capture_on_commit_callbacks: Any) -> None:
    answer = place(api(), cart(cast, payment_method="fake", guest=GUEST))
    order = Order.objects.get(pk=answer["orders"][0]["id"])
    payment = Payment.objects.get()
    client = api(order_token=answer["purchase"]["guest_token"])
    response = ask(client, order, send=True)
    assert (response.status_code, response.json()["sent_to"]) == (200, "gina@example.net")
    mails.send_due()
    [sent] = mail.outbox
    assert (sent.to, sent.subject) == (["gina@example.net"], "Your order at Burger Bar: pay 12.00 EUR")
    until = payment.expires_at.astimezone(cast.vendor.zone) if payment.expires_at else None
    page = f"{settings.SITE_URL}/pay/{payment.token}"
    assert sent.body == (
        f"Your order {order.called} at Burger Bar costs 12.00 EUR.\n\n"
        f"Pay it here until {until:%d %B %Y, %H:%M} (Europe/Brussels):\n\n{page}\n"
    )
    for _ in range(4):
        assert ask(client, order, send=True).status_code == 200
    response = ask(client, order, send=True)
    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert ask(client, order).status_code == 200


@pytest.mark.usefixtures("online")
def test_without_an_email_it_cannot_be_sent(cast: Cast, api: Api) -> None:
    guest = {"name": "Gina Guest", "phone": "+32470123456"}
    order = place_order(api(cast.staff), cart(cast, payment_method="fake", guest=guest))
    with assert_nothing_changed(order):
        refused(ask(api(cast.staff), order, send=True), 400, "/send", "no_email")
    refused(ask(api(cast.staff), order, send="maybe"), 400, "/send", "invalid")
    refused(ask(api(cast.staff), order, mail=True), 400, "/mail", "unknown_field")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": PaymentStatus.PAID}, "nothing_to_pay"),
        ({"state": PaymentStatus.FAILED}, None),
        ({"state": PaymentStatus.PROOF_PENDING, "provider": "transfer"}, "proof_pending"),
        ({"provider": "transfer"}, "not_online"),
        ({"provider": "cash"}, "not_online"),
        ({"disputed_amount": 900, "disputed_currency": "EUR"}, "payment_disputed"),
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "payment_expired"),
    ],
)
@pytest.mark.usefixtures("online")
def test_what_cannot_be_paid_online_has_no_link(cast: Cast, api: Api, changes: dict[str, Any], code: str) -> None:
    payment = place_online(api(cast.customer), cast)
    Payment.objects.filter(pk=payment.pk).update(**changes)
    order = order_of(payment)
    with assert_nothing_changed(order) if code else nullcontext():
        response = ask(api(cast.customer), order, send=True)
        mails.send_due()
    assert len(mail.outbox) == (0 if code else 1)
    assert (response.status_code, response.json().get("code")) == ((409, code) if code else (200, None))


def test_an_order_in_cash_has_none_and_one_that_is_closed(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(payment_methods=["cash", "transfer", "fake"])
    for method in ("cash", "transfer"):
        order = place_order(api(cast.customer), cart(cast, payment_method=method))
        answer = ask(api(cast.owner), order).json()
        assert (answer["status"], answer["code"], answer["payment_method"]) == (409, "not_online", method)
    order = order_of(place_online(api(cast.customer), cast))
    client = api(cast.customer)
    assert client.post(f"{ORDERS}/{order.pk}/transitions", {"transition": "cancel_by_customer"}).status_code == 200
    assert ask(client, order).json()["code"] == "order_closed"


@pytest.mark.usefixtures("online")
def test_of_several_payments_the_one_that_is_left(cast: Cast, api: Api) -> None:
    """What an edit added is paid apart; the first payment came in."""
    first = place_online(api(cast.customer), cast)
    order = order_of(first)
    Payment.objects.filter(pk=first.pk).update(state=PaymentStatus.PAID)
    rest = Payment.objects.create(purchase=first.purchase, currency="EUR", provider="fake", amount=300)
    PaymentShare.objects.create(payment=rest, order=order, amount=300)
    assert ask(api(cast.customer), order).json() == {"url": link_of(rest), "expires_at": None, "sent_to": None}


@pytest.mark.usefixtures("online")
def test_a_strangers_mailbox_gets_five_links_an_hour_over_all_orders(cast: Cast, api: Api) -> None:
    statuses = []
    for number in range(7):
        fields: dict[str, Any] = {"guest": {**GUEST, "email": "Gina@Example.net" if number % 2 else "gina@example.net"}}
        answer = place(api(), cart(cast, payment_method="fake", **fields))
        order = Order.objects.get(pk=answer["orders"][0]["id"])
        statuses.append(ask(api(order_token=answer["purchase"]["guest_token"]), order, send=True).status_code)
    assert statuses == [200] * 5 + [429] * 2
    assert Mail.objects.count() == 5
    # What strangers asked for does not keep staff from sending it.
    assert [ask(api(cast.staff), order, send=True).status_code for _ in range(6)] == [200] * 5 + [429]


@pytest.mark.usefixtures("online")
def test_mails_are_counted_by_the_address_of_those_who_buy(
    cast: Cast, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ordersite.accounts.mails.ADDRESS_MAILS", 2)

    def send(number: int, user: Any = None, address: str = "192.0.2.1") -> int:
        fields: dict[str, Any] = {"guest": {**GUEST, "email": f"guest{number}@example.net"}}
        answer = place(api(user), cart(cast, payment_method="fake", **fields))
        path = f"{ORDERS}/{answer['orders'][0]['id']}/payment-link"
        client = api(user) if user else api(order_token=answer["purchase"]["guest_token"])
        return int(client.post(path, {"send": True}, REMOTE_ADDR=address).status_code)

    assert [send(number) for number in range(4)] == [200, 200, 429, 429]
    assert send(4, address="192.0.2.2") == 200
    assert [send(number, cast.staff) for number in range(5, 9)] == [200] * 4


@pytest.mark.usefixtures("online")
def test_the_mail_is_in_the_customers_language_else_the_vendors(cast: Cast, api: Api) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(language="nl")
    payment = place_online(api(cast.customer), cast)
    for language in ("", "fr", "xx"):
        User.objects.filter(pk=cast.customer.pk).update(language=language)
        assert ask(api(cast.customer), order_of(payment), send=True).status_code == 200
        mails.send_due()
    amount = with_currency(payment.amount, payment.currency)
    assert [sent.subject for sent in mail.outbox] == [
        f"Uw bestelling bij Burger Bar: betaal {amount}",
        f"Votre commande chez Burger Bar : payez {amount}",
        f"Uw bestelling bij Burger Bar: betaal {amount}",
    ]
    assert payment.expires_at is not None
    month = ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre"]
    until = payment.expires_at.astimezone(cast.vendor.zone)
    name = [*month, "novembre", "décembre"][until.month - 1]
    assert f"Payez-la ici jusqu’au {until:%d} {name} {until:%Y, %H:%M} (Europe/Brussels) :" in str(mail.outbox[1].body)
