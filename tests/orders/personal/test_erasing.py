"""A customer's data as one file; erasing it, and what stays."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from orders.models import (
    CustomerPosition,
    DeliveryProof,
    DriverPosition,
    ItemChange,
    LineOption,
    Order,
    OrderEvent,
    Package,
    Payment,
    PaymentProof,
    PaymentStatus,
    Posting,
    PrintJob,
    ProblemReport,
    Refund,
)
from orders.services.money.ledger import clearing, post
from orders.services.money.payouts import Purse
from orders.services.money.wallets import top_up
from orders.services.personal.columns import TABLES
from ordersite.accounts.models import Address, ApiToken, Customer, DeclinedMail, Mail, SignIn, User
from tests.cast import PASSWORD, Cast
from tests.office import posted_forms
from tests.orders.online import Provider, notice
from tests.orders.rows import add_line, make_order
from tests.orders.shopping import ORDERS, assert_nothing_changed, cart, eur, fill_wallet, place, place_order
from tests.orders.walking import Api
from tracking import retention
from vendors.models import Driver

FILE, ERASE = "/api/v1/me/personal-data", "/api/v1/me/erasure"
# Found nowhere else.
SECRET = "Zqpersonalz"
NAMES = (SECRET, "clara.customer")


def everything() -> str:
    """All rows of all tables, as text."""
    return json.dumps([list(model._default_manager.values()) for model in apps.get_models()], default=str)


def written(cast: Cast) -> Order:
    """A closed order with something personal in every column that can hold it."""
    order = make_order(
        cast, 11, stood="accepted prepared picked_up delivered", kind="package", contact_name=SECRET,
        contact_phone=SECRET, contact_email=f"{SECRET}@example.org", address_notes=SECRET, comment=SECRET,
        vehicle=SECRET, lat=50.123456, lng=4.654321,
    )  # fmt: skip
    line = add_line(order, cast.products["pizza"])
    line.comment = SECRET
    line.save()
    LineOption.objects.create(line=line, kind="option", menu_id=1, name="Text", text=SECRET)
    Package.objects.create(
        order=order, weight=800, type_name="Box", pickup_address=SECRET, pickup_notes=SECRET, recipient_name=SECRET,
        recipient_phone=SECRET,
    )  # fmt: skip
    ItemChange.objects.create(
        order=order, number=2, action="add", state="refused", old_total=1500, new_total=2700, role="vendor",
        item={"product": 1, "comment": SECRET}, reason=SECRET,
    )  # fmt: skip
    told = {"new": {"comment": SECRET, "deliver_at": "2030-01-01T10:00:00Z"}}
    OrderEvent.objects.create(order=order, number=3, kind="note", role="staff", reason=SECRET, data=told)
    ProblemReport.objects.create(
        order=order, number=4, reason="other", text=SECRET, settled_note=SECRET, actor="user:1",
        settled_at=timezone.now(),
    )  # fmt: skip
    CustomerPosition.objects.create(
        order=order,
        lat=50.123456,
        lng=4.654321,
        accuracy=5,
        at=timezone.now(),
        received_at=timezone.now(),
        place=SECRET,
    )
    payment = Payment.objects.get(purchase=order.purchase)
    Payment.objects.filter(pk=payment.pk).update(failure=SECRET)
    PaymentProof.objects.create(payment=payment, photo=ContentFile(b"jpeg", "a.jpg"))
    DeliveryProof.objects.create(order=order, kind="photo", digest="0" * 64, photo=ContentFile(b"jpeg", "b.jpg"))
    Refund.objects.create(
        payment=payment,
        order=order,
        amount=100,
        to="method",
        state="done",
        reason=SECRET,
        failure=SECRET,
        actor="user:1",
    )
    PrintJob.objects.create(
        order=order, vendor=order.vendor, number=1, reason="asked", actor="user:1", content={"rows": [SECRET]}
    )
    customer = order.customer
    Address.objects.create(customer=customer, address=SECRET, address_notes=SECRET, lat=50.1, lng=4.1)
    if customer.user:
        ApiToken.objects.create(name=SECRET, user=customer.user, token_hash="1" * 64, hint="ab")
        SignIn.objects.create(user=customer.user, refresh_id="r", expires_at=timezone.now() + timedelta(days=1))
        User.objects.filter(pk=customer.user.pk).update(name=SECRET, phone=SECRET)
        LogEntry.objects.create(
            user=cast.staff, action_flag=2, object_id=str(customer.pk), object_repr=SECRET, change_message=SECRET,
            content_type_id=content_type_of(Customer),
        )  # fmt: skip
    Mail.objects.create(kind="password", recipient=customer.email)
    DeclinedMail.objects.create(kind="placed", email=customer.email)
    Customer.objects.filter(pk=customer.pk).update(name=SECRET)
    return order


def content_type_of(model: Any) -> int:
    return ContentType.objects.get_for_model(model).pk


def erase(api: Api, cast: Cast, password: str = PASSWORD) -> Any:
    return api(cast.customer).post(ERASE, {"password": password})


def test_everything_that_names_the_customer_is_gone_and_the_money_stays(
    cast: Cast, api: Api, django_capture_on_commit_callbacks: Any
) -> None:
    order = written(cast)
    photos = [PaymentProof.objects.get().photo, DeliveryProof.objects.get().photo]
    assert all(name in everything() for name in NAMES)
    kept = Order.objects.filter(pk=order.pk).values(
        "number", "total", "refunded", "status", "payment_status", "address"
    )
    before = kept.get()
    with django_capture_on_commit_callbacks(execute=True):
        assert erase(api, cast).status_code == 204
    left = everything()
    assert [name for name in (*NAMES, "50.123456", "4.654321") if name in left] == []
    assert kept.get() == {**before, "address": ""}
    assert (order.lines.count(), Refund.objects.get().amount, Payment.objects.get().amount) == (1, 100, 1500)
    assert OrderEvent.objects.get(order=order, number=3).data == {
        "new": {"comment": "", "deliver_at": "2030-01-01T10:00:00Z"}
    }
    assert [photo.storage.exists(photo.name) for photo in photos] == [False, False]
    customer = Customer.objects.get(pk=cast.customer_row.pk)
    assert customer.erased_at is not None
    assert str(customer) == f"customer {customer.pk} (erased)"
    # What is left can be read at every door that shows the order.
    assert api(cast.owner).get(f"{ORDERS}/{order.pk}?expand=events,items").status_code == 200


def test_the_account_is_closed_and_its_email_is_free(cast: Cast, api: Api) -> None:
    email = cast.customer.email
    client = api(cast.customer)
    assert client.post(ERASE, {"password": PASSWORD}).status_code == 204
    assert client.get("/api/v1/me").status_code == 401
    user = User.objects.get(pk=cast.customer.pk)
    assert (user.is_active, user.has_usable_password(), user.email) == (False, False, f"{user.uuid}@erased.invalid")
    assert api(None).post("/api/v1/auth/token", {"email": email, "password": PASSWORD}).status_code == 401
    body = {"email": email, "password": "another-long-passphrase", "name": "Clara"}
    assert api(None).post("/api/v1/auth/register", body).status_code == 201
    assert User.objects.filter(pk=user.pk, is_active=False).exists()


def test_a_wrong_password_changes_nothing(cast: Cast, api: Api) -> None:
    with assert_nothing_changed():
        answer = erase(api, cast, "wrong")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "wrong")
    assert answer.json()["errors"][0]["pointer"] == "/password"


def test_open_orders_refuse_it_and_are_named(cast: Cast, api: Api) -> None:
    order = place_order(api(cast.customer), cart(cast))
    with assert_nothing_changed():
        answer = erase(api, cast)
    assert (answer.status_code, answer.json()["code"], answer.json()["orders"]) == (409, "open_orders", [order.pk])
    assert str(order.pk) in answer.json()["detail"]
    cancel = {"to": 16, "reason_code": "changed_mind"}
    assert api(cast.customer).post(f"{ORDERS}/{order.pk}/transitions", cancel).status_code == 200
    assert erase(api, cast).status_code == 204


def test_money_in_a_wallet_refuses_it(cast: Cast, api: Api) -> None:
    fill_wallet(cast.customer_row, 1250)
    with assert_nothing_changed():
        answer = erase(api, cast)
    assert (answer.status_code, answer.json()["code"]) == (409, "wallet_not_empty")
    assert answer.json()["balances"] == [{"amount": "12.50", "currency": "EUR"}]


@pytest.mark.parametrize("who", ["owner", "driver", "dispatcher", "staff"])
def test_who_works_here_is_not_erased(cast: Cast, api: Api, who: str) -> None:
    user = getattr(cast, who)
    answer = api(user).post(ERASE, {"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "works_here")
    assert User.objects.get(pk=user.pk).is_active


def test_a_driver_who_left_is_erased_once_its_cash_is_handed_in(cast: Cast, api: Api) -> None:
    driver, client = cast.driver_row, api(cast.driver)
    purse = Purse(currency="EUR", driver_id=driver.pk)
    Driver.objects.filter(pk=driver.pk).update(name=SECRET, phone="+32471000000", left_at=timezone.now())
    DriverPosition.objects.create(
        driver=driver, lat=50.1, lng=4.1, accuracy=5, at=timezone.now(), received_at=timezone.now()
    )
    with transaction.atomic():
        post(Posting.Kind.CASH, {purse.cash: -1500, purse.owed: 200, clearing("EUR"): 1300}, actor="system")
    told = json.loads(client.get(FILE).content)
    assert [(row["name"], row["phone"]) for row in told["driver"]] == [(SECRET, "+32471000000")]
    with assert_nothing_changed():
        answer = client.post(ERASE, {"password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "driver_not_settled")
    assert answer.json()["balances"] == [eur("15.00"), eur("2.00")]
    assert "15.00 EUR, 2.00 EUR" in answer.json()["detail"]
    with transaction.atomic():
        post(Posting.Kind.HAND_IN, {purse.cash: 1500, purse.owed: -200, clearing("EUR"): -1300}, actor="system")
    assert client.post(ERASE, {"password": PASSWORD}).status_code == 204
    driver.refresh_from_db()
    assert (driver.name, driver.phone, str(driver)) == ("", "", f"driver {driver.pk} (erased)")
    assert not DriverPosition.objects.exists()
    assert SECRET not in everything()


def test_the_file_tells_all_that_is_known(cast: Cast, api: Api) -> None:
    order = written(cast)
    answer = api(cast.customer).get(FILE)
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="personal-data.json"'
    assert "no-store" in answer["Cache-Control"]
    told = json.loads(answer.content)
    assert list(told) == ["made_at", *(table.name for table in TABLES), "mails"]
    assert told["customer"][0]["name"] == SECRET
    assert told["account"][0]["email"] == cast.customer.email
    (one,) = told["orders"]
    assert (one["id"], one["contact_name"], one["status"]) == (order.pk, SECRET, "delivery_completed_by_driver")
    assert one["total"] == {"amount": "15.00", "currency": "EUR"}
    assert [row["comment"] for row in told["items"]] == [SECRET]
    # Every table that has something of the customer tells it.
    empty = [table.name for table in TABLES if not told[table.name]]
    assert empty == [
        "driver",
        "driver_position",
        "browser_sessions",
        "second_step",
        "recovery_codes",
        "webhooks",
        "payment_methods",
        "top_ups",
        "wallets",
        "wallet_movements",
        "documents",
    ]
    assert "guest_token_hash" not in json.dumps(told)


def test_the_file_tells_the_wallet_with_its_movements(cast: Cast, api: Api) -> None:
    with transaction.atomic():
        top_up(customer_id=cast.customer_row.pk, currency="EUR", amount=5000, actor="system")
    told = json.loads(api(cast.customer).get(FILE).content)
    amount = {"amount": "50.00", "currency": "EUR"}
    assert [(row["currency"], row["balance"]) for row in told["wallets"]] == [("EUR", amount)]
    (moved,) = told["wallet_movements"]
    assert (moved["posting_kind"], moved["amount"], moved["balance_after"]) == ("top_up", amount, amount)


def test_the_file_tells_nothing_of_others(cast: Cast, api: Api) -> None:
    written(cast)
    OrderEvent.objects.update(visible_to="staff")
    told = json.loads(api(cast.stranger).get(FILE).content)
    assert SECRET not in json.dumps(told)
    assert told["orders"] == []
    assert json.loads(api(cast.customer).get(FILE).content)["history"] == []


def register_as(api: Api, email: str) -> Callable[[], Any]:
    """Somebody who types a stranger's address, and has not shown that it is its own."""
    body = {"email": email, "password": PASSWORD, "name": "Eve"}
    answer = api(None).post("/api/v1/auth/register", body)
    assert answer.status_code == 201
    return partial(api, User.objects.get(unconfirmed_email=email))


def test_who_registers_with_a_strangers_address_neither_reads_nor_deletes_its_mails(cast: Cast, api: Api) -> None:
    email = cast.customer.email
    order = place_order(api(cast.customer), cart(cast))
    Mail.objects.create(kind="order_placed", recipient=email, about=f"order:{order.pk}")
    Mail.objects.create(kind="password_reset", recipient=email)
    DeclinedMail.objects.create(kind="order_ready", email=email)
    mine = list(Mail.objects.values_list("pk", flat=True))
    eve = register_as(api, email)
    told = json.loads(eve().get(FILE).content)
    assert [(mail["kind"], mail["recipient"]) for mail in told["mails"]] == [("registration", email)]
    assert eve().post(ERASE, {"password": PASSWORD}).status_code == 204
    assert list(Mail.objects.values_list("pk", flat=True)) == mine
    assert list(DeclinedMail.objects.values_list("email", "kind")) == [(email, "order_ready")]
    mails = json.loads(api(cast.customer).get(FILE).content)["mails"]
    assert [mail["kind"] for mail in mails] == ["order_placed", "password_reset"]


def test_erasing_a_guest_leaves_the_mails_of_the_account_with_its_address(cast: Cast, settings: Any) -> None:
    """A guest who has registered since: what the account chose and was written stays."""
    settings.KEEP_GUEST_CONTACTS = timedelta(days=30)
    long_ago, email = timezone.now() - timedelta(days=31), cast.customer.email
    guest = Customer.objects.create(name="Clara", email=email, created_at=long_ago)
    alone = Customer.objects.create(name="Gina", email="gina@example.org", created_at=long_ago)
    for customer in (guest, alone):
        order = make_order(
            cast, 11, customer=customer, stood="accepted", status_changed_at=long_ago, contact_email=customer.email
        )
        Mail.objects.create(kind="order_done", recipient=customer.email, about=f"order:{order.pk}")
        DeclinedMail.objects.create(kind="order_ready", email=customer.email)
    Mail.objects.create(kind="password_reset", recipient=email)
    Mail.objects.create(kind="order_unseen", recipient="vendor@example.org", about=f"order:{order.pk}")
    assert retention.erase_guests() == 2
    assert list(Mail.objects.values_list("kind", "recipient").order_by("pk")) == [
        ("password_reset", email),
        ("order_unseen", "vendor@example.org"),
    ]
    assert list(DeclinedMail.objects.values_list("email", flat=True)) == [email]


def test_the_file_takes_a_fixed_number_of_statements(cast: Cast, api: Api, django_assert_max_num_queries: Any) -> None:
    client = api(cast.customer)
    written(cast)
    for _ in range(3):
        make_order(cast, 11, stood="accepted delivered")
    with django_assert_max_num_queries(len(TABLES) + 7):
        client.get(FILE)


def test_nothing_is_ordered_for_who_was_erased(cast: Cast, api: Api) -> None:
    guest = Customer.objects.create(name="Gina", phone="+32470123456", erased_at=timezone.now())
    with assert_nothing_changed():
        answer = api(cast.staff).post(ORDERS, cart(cast, customer=guest.pk))
    assert (answer.status_code, answer.json()["code"]) == (409, "customer_erased")


def test_an_account_that_was_erased_is_not_switched_on_again(cast: Cast, api: Api, client: Client) -> None:
    assert erase(api, cast).status_code == 204
    client.force_login(cast.staff)
    path = reverse("admin:accounts_user_change", args=[cast.customer.pk])
    shown = client.get(path)
    assert (shown.status_code, [sorted(fields) for _, fields, _ in posted_forms(shown)]) == (200, [["_shown"]])
    assert client.post(path, {"email": "back@example.org", "is_active": "on"}).status_code == 403
    cast.customer.refresh_from_db()
    assert (cast.customer.is_active, cast.customer.email.startswith("back@")) == (False, False)


def test_the_back_office_shows_what_will_go_and_erases_a_guest(cast: Cast, api: Api, client: Client) -> None:
    body = cart(cast, guest={"name": SECRET, "phone": "+32470123456", "email": "guest@example.org"})
    order = Order.objects.get(pk=place(api(None), body)["orders"][0]["id"])
    client.force_login(cast.staff)
    page = reverse("admin:accounts_customer_change", args=[order.customer_id])
    path = reverse("admin:accounts_customer_erase", args=[order.customer_id])
    open_orders = f"These orders are still open: {order.pk}."
    closed = client.get(page).content.decode()
    assert (path in closed, f"It cannot be erased yet. {open_orders}" in closed) == (False, True)
    assert open_orders in client.get(path, follow=True).content.decode()
    Order.objects.filter(pk=order.pk).update(status=16)
    assert path in client.get(page).content.decode()
    shown = client.get(path)
    assert "1, which stay with their numbers" in shown.content.decode()
    sent = posted_forms(shown)[0][1]
    done = client.post(path, sent, follow=True)
    assert "The customer is erased" in done.content.decode()
    customer = Customer.objects.get(pk=order.customer_id)
    assert (customer.name, customer.phone, customer.erased_at is not None) == ("", "", True)
    assert SECRET not in everything()
    after = client.get(page).content.decode()
    assert path not in after
    assert 'name="name"' not in after
    # Sent again, nothing more happens.
    assert client.post(path, sent, follow=True).status_code == 200
    export = client.get(reverse("admin:accounts_customer_export", args=[order.customer_id]))
    assert json.loads(export.content)["orders"][0]["contact_name"] == ""


def test_guests_are_erased_after_their_days(cast: Cast, settings: Any) -> None:
    settings.KEEP_GUEST_CONTACTS = timedelta(days=30)
    long_ago, now = timezone.now() - timedelta(days=31), timezone.now()
    made: dict[str, Customer] = {}
    for name, status, changed in (
        ("old", 11, long_ago),
        ("open", 7, long_ago),
        ("recent", 11, now),
        ("without orders", None, long_ago),
        ("rich", 11, long_ago),
    ):
        made[name] = Customer.objects.create(name=name, phone="+32470123456", created_at=long_ago)
        if status is not None:
            make_order(cast, status, customer=made[name], stood="accepted", status_changed_at=changed)
    fill_wallet(made["rich"], 100)
    Customer.objects.filter(pk=cast.customer_row.pk).update(created_at=long_ago)
    assert (retention.erase_guests(), retention.erase_guests()) == (2, 0)
    erased = Customer.objects.exclude(erased_at=None)
    assert {customer.pk for customer in erased} == {made["old"].pk, made["without orders"].pk}
    assert set(erased.values_list("name", "phone")) == {("", "")}


def test_photos_of_proofs_go_after_their_days(
    cast: Cast, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.KEEP_PROOF_PHOTOS = timedelta(days=5)
    written(cast)
    photos = [PaymentProof.objects.get().photo, DeliveryProof.objects.get().photo]
    assert retention.prune_proof_photos() == 0
    for model in (PaymentProof, DeliveryProof):
        model._default_manager.update(uploaded_at=timezone.now() - timedelta(days=6))
    # Neither while somebody has yet to go by it.
    Payment.objects.filter(proofs__isnull=False).update(state=PaymentStatus.PROOF_PENDING)
    Order.objects.filter(delivery_proofs__isnull=False).update(status=9)
    assert retention.prune_proof_photos() == 0
    Payment.objects.filter(proofs__isnull=False).update(state=PaymentStatus.PAID)
    Order.objects.filter(delivery_proofs__isnull=False).update(status=11)
    with django_capture_on_commit_callbacks(execute=True):
        assert retention.prune_proof_photos() == 1
    assert (PaymentProof.objects.count(), DeliveryProof.objects.count()) == (0, 0)
    assert [photo.storage.exists(photo.name) for photo in photos] == [False, False]


def test_money_that_is_on_its_way_into_the_wallet_refuses_it(
    cast: Cast, api: Api, client: Client, provider: Provider
) -> None:
    body = {"amount": {"amount": "10.00", "currency": "EUR"}, "payment_method": "fake"}
    top_ups = [api(cast.customer).post("/api/v1/wallet/top-ups", body).json()["payment"]["id"] for _ in range(2)]
    payment, idle = (Payment.objects.get(pk=pk) for pk in top_ups)
    client.get(f"/pay/{payment.token}")
    with assert_nothing_changed():
        answer = erase(api, cast)
    assert (answer.status_code, answer.json()["code"]) == (409, "top_up_pending")
    payment.refresh_from_db()
    provider.pay(payment.reference, "failed")
    assert notice(payment.reference).status_code == 200
    assert erase(api, cast).status_code == 204
    # Neither can be begun any more: nobody could spend what it brought.
    assert len(provider.ledger.payments) == 1
    for one in (payment, idle):
        client.get(f"/pay/{one.token}")
        client.post(f"/pay/{one.token}")
    assert len(provider.ledger.payments) == 1


def test_staff_puts_no_money_into_the_wallet_of_who_was_erased(cast: Cast, api: Api) -> None:
    assert erase(api, cast).status_code == 204
    body = {"customer": cast.customer_row.pk, "amount": {"amount": "10.00", "currency": "EUR"}}
    with assert_nothing_changed():
        answer = api(cast.staff).post("/api/v1/wallet/top-ups", body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "unknown")


def test_the_log_of_the_back_office_names_nothing_that_was_the_customers(cast: Cast, api: Api, client: Client) -> None:
    """Neither its token that staff revoked, nor the mails that support switched off and on again for its address."""
    email = cast.customer.email
    ApiToken.objects.create(name=SECRET, user=cast.customer, token_hash="1" * 64, hint="ab", scopes=["read"])
    LogEntry.objects.create(
        user=cast.staff, action_flag=2, object_id=str(ApiToken.objects.get().pk), object_repr=f"{SECRET} (ab…)",
        content_type_id=content_type_of(ApiToken),
    )  # fmt: skip
    client.force_login(User.objects.create_superuser("root@example.org"))
    for kind in ("order_ready", "order_done"):
        sent = client.post(reverse("admin:accounts_declinedmail_add"), {"email": email, "kind": kind})
        assert sent.status_code == 302
    DeclinedMail.objects.get(kind="order_done").delete()
    assert LogEntry.objects.filter(object_repr__startswith=email).count() == 2
    assert erase(api, cast).status_code == 204
    assert set(LogEntry.objects.values_list("object_repr", "change_message")) == {("erased", "")}
    assert [name for name in NAMES if name in everything()] == []


def test_mails_to_an_earlier_contact_of_an_order_go_and_those_to_its_vendor_stay(cast: Cast, api: Api) -> None:
    order = written(cast)
    Mail.objects.create(kind="order_placed", recipient=f"{SECRET}@before.example", about=f"order:{order.pk}")
    Mail.objects.create(kind="order_unseen", recipient="bar@example.org", about=f"order:{order.pk}")
    told = json.loads(api(cast.customer).get(FILE).content)["mails"]
    assert f"{SECRET}@before.example" in [row["recipient"] for row in told]
    assert "bar@example.org" not in [row["recipient"] for row in told]
    assert erase(api, cast).status_code == 204
    assert list(Mail.objects.values_list("kind", flat=True)) == ["order_unseen"]
    assert SECRET not in everything()
