"""Mails to an order's customer: which event is mailed, what it says, and in which language."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.models import LineOption, Order, StatusLabel
from orders.reading.letters import WRITERS
from orders.services.outgoing import order_mails
from orders.services.outgoing.deliveries import pass_on
from ordersite.accounts.mail_kinds import KINDS
from ordersite.accounts.mails import resend_mail
from ordersite.accounts.models import Customer, DeclinedMail, Mail, User
from ordersite.core.tracing import current_traceparent
from tests.cast import Cast
from tests.orders.gift_cards import gift_cart, make_gift_card, stock
from tests.orders.moving.test_transitions import move
from tests.orders.online import notice, place_online
from tests.orders.rows import make_order
from tests.orders.several import cart_for_both, make_bakery
from tests.orders.shopping import ORDERS, cart, eur, fill_wallet, place, place_order
from tests.orders.walking import REASON
from tracking import mails
from vendors.models import Vendor

GUEST = {"name": "Gina Guest", "email": "gina@example.net", "phone": "+32470123456"}


def kinds() -> list[str]:
    """The kinds of mails that what happened since the last call led to."""
    pass_on()
    rows = list(Mail.objects.filter(state="waiting").order_by("pk"))
    Mail.objects.filter(pk__in=[row.pk for row in rows]).update(state="dropped", due_at=None)
    return [row.kind for row in rows]


def sent() -> list[Any]:
    """What is sent of what happened since the last call."""
    pass_on()
    mail.outbox.clear()
    Mail.objects.filter(state="waiting").update(due_at=timezone.now())  # by a test's clock
    mails.send_due()
    assert set(Mail.objects.values_list("state", flat=True)) <= {"sent", "dropped"}
    return list(mail.outbox)


def link(order: Order) -> str:
    return f"http://127.0.0.1:8000/t/{order.tracking_code}"


def test_each_kind_has_a_writer() -> None:
    assert set(WRITERS) == set(KINDS)


def test_a_delivery_is_mailed_step_by_step(cast: Cast, api: Any) -> None:
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    assert kinds() == ["order_placed"]
    move(api, cast.owner, order, to=7, prepared_in=10)
    assert kinds() == ["order_accepted"]
    assert api(cast.owner).patch(f"{ORDERS}/{order.pk}", {"prepared_in": 25, **REASON}).status_code == 200
    assert kinds() == ["order_delayed"]
    move(api, cast.owner, order, to=4)
    assert kinds() == []  # the driver fetches it
    order = make_order(cast, 8, stood="accepted prepared driver_accepted", driver=cast.driver_row)
    for to, told in ((9, ["order_on_way"]), (23, []), (11, ["order_done"]), (1, [])):
        assert move(api, cast.driver if to != 1 else cast.owner, order, to=to).status_code == 200, to
        assert kinds() == told, to


# Minutes after accepting with 20 minutes of preparing, what is told then, and whether that is mailed.
PROMISES: dict[str, list[tuple[int, dict[str, int], bool]]] = {
    "less than ten minutes later, time and again, adds up": [
        (0, {"prepared_in": 25}, False),
        (0, {"prepared_in": 29}, False),
        (0, {"prepared_in": 30}, True),
        (0, {"prepared_in": 39}, False),
        (0, {"prepared_in": 40}, True),
    ],
    "the same minutes, told later": [(9, {"prepared_in": 20}, False), (10, {"prepared_in": 20}, True)],
    "sooner, and back": [
        (0, {"prepared_in": 5}, False),
        (0, {"prepared_in": 20}, False),
        (0, {"prepared_in": 30}, True),
    ],
    "at the door, in place of ready": [(0, {"delivered_in": 25}, True), (0, {"delivered_in": 34}, False)],
}


@pytest.mark.parametrize("steps", PROMISES.values(), ids=PROMISES)
def test_a_promise_is_mailed_anew_once_it_is_broken_by_ten_minutes(
    cast: Cast, api: Any, clock: Any, steps: list[tuple[int, dict[str, int], bool]]
) -> None:
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    move(api, cast.owner, order, to=7, prepared_in=20)
    assert kinds() == ["order_placed", "order_accepted"]
    accepted_at = clock.now
    for minutes, told, is_mailed in steps:
        clock.now = accepted_at + timedelta(minutes=minutes)
        answer = api(cast.owner).patch(f"{ORDERS}/{order.pk}", {**told, **REASON})
        assert answer.status_code == 200, answer.json()
        assert kinds() == ["order_delayed"] * is_mailed, (minutes, told)


def test_of_changes_that_are_passed_on_together_only_news_is_mailed(cast: Cast, api: Any, clock: Any) -> None:
    order = place_order(api(cast.customer), cart(cast))
    move(api, cast.owner, order, to=7, prepared_in=20)
    for minutes in (25, 31, 35, 41):
        assert api(cast.owner).patch(f"{ORDERS}/{order.pk}", {"prepared_in": minutes, **REASON}).status_code == 200
    assert kinds() == ["order_placed", "order_accepted", "order_delayed", "order_delayed"]
    told = Mail.objects.filter(kind__in=("order_accepted", "order_delayed")).order_by("pk")
    expected = [datetime.fromisoformat(mail.data["expected_at"]) - clock.now for mail in told]
    assert expected == [timedelta(minutes=minutes) for minutes in (20, 31, 41)]


def test_a_mail_goes_on_with_the_trace_of_its_change(cast: Cast, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    place_order(api(cast.customer, traceparent=given), cart(cast))
    assert kinds() == ["order_placed"]
    [mail] = Mail.objects.all()
    assert mail.traceparent[:36] == given[:36] != mail.traceparent
    Mail.objects.update(due_at=timezone.now(), state="waiting")
    traces: list[str] = []
    monkeypatch.setattr(mails, "send", lambda *_: traces.append(current_traceparent()))
    mails.send_due()
    assert [trace[:36] for trace in traces] == [given[:36]]


def test_a_pickup_is_mailed_when_it_is_ready(cast: Cast, api: Any) -> None:
    order = place_order(api(), cart(cast, guest=GUEST))
    assert kinds() == ["order_placed"]
    for to, told in ((7, ["order_accepted"]), (4, ["order_ready"]), (15, ["order_done"])):
        assert move(api, cast.owner, order, to=to).status_code == 200, to
        assert kinds() == told, to


@pytest.mark.parametrize(
    ("who", "to", "kind", "subject", "text"),
    [
        (
            "owner",
            5,
            "order_refused",
            "Burger Bar could not take your order {order}",
            "Burger Bar could not take your order {order}.\n\nThe reason: We are too busy: Sorry\n\n",
        ),
        (
            "customer",
            16,
            "order_cancelled",
            "You have cancelled your order {order} at Burger Bar",
            "You have cancelled your order {order} at Burger Bar.\n\nThe reason: We are too busy: Sorry\n\n",
        ),
        (
            "staff",
            2,
            "order_cancelled",
            "Your order {order} at Burger Bar was cancelled",
            "Your order {order} at Burger Bar was cancelled.\n\nThe reason: We are too busy: Sorry\n\n",
        ),
    ],
)
def test_what_does_not_come_is_mailed_with_its_reason(
    cast: Cast, api: Any, who: str, to: int, kind: str, subject: str, text: str
) -> None:
    order = place_order(api(cast.customer), cart(cast))
    kinds()
    answer = move(api, getattr(cast, who), order, to=to, reason_code="too_busy", reason="Sorry")
    assert answer.status_code == 200, answer.json()
    [one] = sent()
    assert Mail.objects.latest("pk").kind == kind
    assert one.subject == subject.format(order=order.called)
    assert one.body == text.format(order=order.called) + f"Follow your order here:\n\n{link(order)}\n"


def test_the_mail_of_a_placing_lists_what_was_ordered(cast: Cast, api: Any) -> None:
    order = place_order(api(), cart(cast, guest=GUEST))
    [one] = sent()
    assert one.to == ["gina@example.net"]
    assert one.subject == f"Your order {order.called} at Burger Bar"
    lines = one.body.split("\n\n")
    assert lines[0] == f"Burger Bar has your order {order.called}. You are told once it is accepted."
    assert lines[1].splitlines()[0].startswith("1 × Pizza: ")
    assert lines[1].splitlines()[-2:] == ["Total: 12.00 EUR", "Still to pay: 12.00 EUR"]
    assert lines[2:] == ["Follow your order here:", f"{link(order)}\n"]


def test_the_sums_of_a_mail_are_what_adds_up_to_its_total(cast: Cast, api: Any) -> None:
    place_order(api(cast.customer), cart(cast, delivery_type="delivery", driver_tip=eur("1.00")))
    [one] = sent()
    assert one.body.split("\n\n")[1].splitlines()[-5:] == [
        "Subtotal: 12.00 EUR",
        "Delivery: 2.50 EUR",
        "Driver's tip: 1.00 EUR",
        "Total: 15.50 EUR",
        "Still to pay: 15.50 EUR",
    ]


def test_an_order_is_called_as_on_its_page_and_on_the_board(cast: Cast, api: Any) -> None:
    order = place_order(api(), cart(cast, guest=GUEST))
    Order.objects.filter(pk=order.pk).update(number=4321)
    [placed] = sent()
    assert placed.subject == "Your order P4321 at Burger Bar"
    assert "P4321" in placed.body
    assert f"order {order.pk} " not in placed.body.replace("#", "")


def test_what_is_ready_says_where_it_is_collected(cast: Cast, api: Any) -> None:
    order = place_order(api(), cart(cast, guest=GUEST))
    move(api, cast.owner, order, to=7)
    kinds()
    move(api, cast.owner, order, to=4)
    [one] = sent()
    vendor = cast.vendor
    assert one.body.split("\n\n")[:2] == [
        f"Your order {order.called} at Burger Bar is ready: you can collect it.",
        f"It is here: {vendor.address}, {vendor.city}",
    ]


def test_accepting_is_mailed_with_the_time_that_was_told_then(cast: Cast, api: Any, clock: Any) -> None:
    """What is told later, before the mail goes, does not change it."""
    order = place_order(api(cast.customer), cart(cast, delivery_type="delivery"))
    kinds()
    move(api, cast.owner, order, to=7, delivered_in=45)
    pass_on()
    assert api(cast.owner).patch(f"{ORDERS}/{order.pk}", {"delivered_in": 90, **REASON}).status_code == 200
    accepted, delayed = sent()
    words = "It is expected at your door at {} (Europe/Brussels)."
    told = [timezone.localtime(clock.now, cast.vendor.zone) + timedelta(minutes=m) for m in (45, 90)]
    assert words.format(f"{told[0]:%d %B %Y, %H:%M}") in accepted.body
    assert words.format(f"{told[1]:%d %B %Y, %H:%M}") in delayed.body
    assert delayed.subject == f"Another time for your order {order.called} at Burger Bar"


def test_of_codes_nobody_waits_to_be_told_that_they_are_accepted(cast: Cast, api: Any) -> None:
    fill_wallet(cast.customer_row, 5000)
    card = make_gift_card(cast)
    stock(card, "AAAA-BBBB-CCCC-DDDD")
    place_order(api(cast.customer), gift_cart(card, 1, type="digital"))
    placed, done = sent()
    assert [row.kind for row in Mail.objects.order_by("pk")] == ["order_placed", "order_done"]
    assert "accepted" not in placed.body
    assert "AAAA-BBBB" not in placed.body + done.body


AT_DOOR, READY = "It is expected at your door at", "It is expected to be ready at"
BROUGHT = ", and is brought to you after that."
# How it comes, when it was asked for, the minutes that accepting tells; which time the mail tells, and how.
TIMES: dict[str, tuple[str, int | None, dict[str, int], int, tuple[str, str]]] = {
    "brought, minutes of the way counted": (
        "delivery",
        None,
        {"prepared_in": 15, "delivered_in": 40},
        40,
        (AT_DOOR, "."),
    ),
    "brought, minutes of preparing": ("delivery", None, {"prepared_in": 15}, 15, (READY, BROUGHT)),
    "brought, the vendor's usual time": ("delivery", None, {}, 20, (READY, BROUGHT)),
    "brought, for later": ("delivery", 180, {"prepared_in": 15}, 180, (AT_DOOR, ".")),
    "collected": ("pickup", None, {"prepared_in": 15}, 15, (READY, ".")),
    "collected, for later": ("pickup", 180, {"prepared_in": 15}, 180, (READY, ".")),
}


@pytest.mark.parametrize(("way", "later", "told", "minutes", "words"), TIMES.values(), ids=TIMES)
def test_a_time_says_whether_it_is_ready_or_there(
    cast: Cast,
    api: Any,
    clock: Any,
    way: str,
    later: int | None,
    told: dict[str, int],
    minutes: int,
    words: tuple[str, str],
) -> None:
    """The board tells minutes of preparing: what is brought is not there yet then."""
    asked = {"deliver_at": (clock.now + timedelta(minutes=later)).isoformat()} if later else {}
    order = place_order(api(cast.customer), cart(cast, delivery_type=way, **asked))
    kinds()
    assert move(api, cast.owner, order, to=7, **told).status_code == 200
    [one] = sent()
    at = timezone.localtime(clock.now + timedelta(minutes=minutes), cast.vendor.zone)
    assert f"{words[0]} {at:%d %B %Y, %H:%M} (Europe/Brussels){words[1]}\n" in one.body


def test_money_back_is_mailed_once(cast: Cast, api: Any) -> None:
    order = make_order(cast, 1, payment_method="wallet")
    body = {"amount": eur("3.00"), "reason": "Cold", "to": "wallet"}
    answer = api(cast.staff).post(f"{ORDERS}/{order.pk}/refunds", body)
    assert answer.status_code == 201, answer.json()
    [one] = sent()
    assert one.subject == f"You get money back for your order {order.called} at Burger Bar"
    assert one.body.startswith(
        f"Of what you paid for your order {order.called} at Burger Bar you get 3.00 EUR back.\n\nThe reason: Cold\n\n"
    )
    assert sent() == []


def test_an_order_that_is_paid_online_is_mailed_once_it_is_paid(
    cast: Cast, api: Any, client: Any, provider: Any
) -> None:
    payment = place_online(api(cast.customer), cast)
    client.get(f"/pay/{payment.token}")
    payment.refresh_from_db()
    assert kinds() == []
    provider.pay(payment.reference)
    notice(payment.reference)
    assert kinds() == ["order_placed"]


def test_without_an_address_or_of_a_deleted_order_nobody_is_mailed(cast: Cast, api: Any) -> None:
    place_order(api(cast.staff), cart(cast, guest={"name": "Gina", "phone": "+32470123456"}))
    assert kinds() == []
    order = place_order(api(cast.customer), cart(cast))
    pass_on()
    Order.objects.filter(pk=order.pk).update(deleted_at=timezone.now())
    assert sent() == []
    assert Mail.objects.get().state == "dropped"


def test_it_is_in_the_customers_language_else_the_vendors(cast: Cast, api: Any) -> None:
    Vendor.objects.filter(pk=cast.vendor.pk).update(language="nl")
    subjects = []
    for language in ("", "fr", "es", "en", "xx"):
        User.objects.filter(pk=cast.customer.pk).update(language=language)
        order = place_order(api(cast.customer), cart(cast))
        subjects += [one.subject.replace(f"{order.called} ", "#1 ") for one in sent()]
    assert subjects == [
        "Uw bestelling #1 bij Burger Bar",
        "Votre commande #1 chez Burger Bar",
        "Su pedido #1 en Burger Bar",
        "Your order #1 at Burger Bar",
        "Uw bestelling #1 bij Burger Bar",
    ]


def test_of_several_vendors_each_order_is_mailed(cast: Cast, api: Any) -> None:
    body = cart_for_both(cast, make_bakery(cast), payment_method="cash", guest=GUEST)
    pizza, loaf = place(api(), body)["orders"]
    subjects = {one.subject for one in sent()}
    assert subjects == {f"Your order {pizza['called']} at Burger Bar", f"Your order {loaf['called']} at Bakery"}


def test_what_comes_back_of_a_failed_order_is_told_without_what_came_before(cast: Cast, api: Any) -> None:
    fill_wallet(cast.customer_row, 5000)
    order = place_order(api(cast.customer), cart(cast, payment_method="wallet"))
    answer = api(cast.staff).post(
        f"{ORDERS}/{order.pk}/refunds", {"amount": eur("3.00"), "reason": "x", "to": "wallet"}
    )
    assert answer.status_code == 201, answer.json()
    kinds()
    assert move(api, cast.staff, order, to=2, **REASON).status_code == 200
    [one] = sent()
    assert "You get 9.00 EUR back." in one.body


def test_passing_on_costs_a_fixed_number_of_statements(cast: Cast, api: Any) -> None:
    """Of messages that are mailed, also beside labels' own."""
    row = label(7, "In the oven.")
    counts = []
    for count in (1, 4):
        for _ in range(count):
            assert set_label(api(cast.owner), place_order(api(cast.customer), cart(cast)), row).status_code == 200
        with CaptureQueriesContext(connection) as asked:
            assert pass_on() == 3 * count
        counts.append(len(asked))
    assert counts[0] == counts[1]
    assert Mail.objects.filter(kind="order_placed").count() == 5


# --- labels -------------------------------------------------------------------------------------------------------


def label(status: int, message: str, name: str = "In the oven", position: int = 0) -> StatusLabel:
    return StatusLabel.objects.create(name=name, core_status=status, message=message, position=position)


def set_label(client: Any, order: Order, row: StatusLabel) -> Any:
    return client.patch(f"/dialects/shop/System/Orders/{order.pk}/status", {"statusId": row.pk})


def test_a_label_that_is_set_sends_its_own_message_in_the_place_of_the_statuss(cast: Cast, api: Any) -> None:
    label(7, "", "Accepted")
    oven = label(7, "Your 100% real pizza <is> in the oven.", position=1)
    order = place_order(api(cast.customer), cart(cast))
    kinds()
    assert set_label(api(cast.owner), order, oven).status_code == 200
    # What the label says later is not what it said then.
    StatusLabel.objects.filter(pk=oven.pk).update(message="Other", name="Other")
    [one] = sent()
    assert one.subject == f"In the oven: your order {order.called} at Burger Bar"
    assert one.body.startswith(
        f"Your 100% real pizza <is> in the oven.\n\nFollow your order here:\n\n{link(order)}\n\n-- \n"
    )
    assert "Your 100% real pizza &lt;is&gt; in the oven." in one.alternatives[0].content
    assert set_label(api(cast.owner), order, oven).status_code == 200
    assert sent() == []


def test_labels_that_are_set_back_and_forth_tell_each_message_once(cast: Cast, api: Any) -> None:
    oven, shelf = label(7, "In the oven.", position=1), label(7, "On the shelf.", name="On the shelf", position=2)
    order = place_order(api(cast.customer), cart(cast))
    kinds()
    for row in (oven, shelf, oven, shelf, oven):
        assert set_label(api(cast.owner), order, row).status_code == 200
    assert kinds() == ["order_label"] * 2
    # What it says by now was not told yet.
    StatusLabel.objects.filter(pk=shelf.pk).update(message="On the upper shelf.")
    assert set_label(api(cast.owner), order, shelf).status_code == 200
    assert kinds() == ["order_label"]


def test_who_has_switched_off_labels_messages_gets_the_statuss_own(cast: Cast, api: Any) -> None:
    DeclinedMail.objects.create(email=cast.customer.email, kind="order_label")
    row = label(7, "Try our cakes!")
    order = place_order(api(cast.customer), cart(cast))
    kinds()
    assert set_label(api(cast.owner), order, row).status_code == 200
    [one] = sent()
    assert one.subject == f"Burger Bar has accepted your order {order.called}"
    assert list(Mail.objects.order_by("pk").values_list("kind", "state"))[1:] == [
        ("order_label", "dropped"),
        ("order_accepted", "sent"),
    ]


def test_a_label_that_is_the_statuss_own_sends_its_message_too(cast: Cast, api: Any) -> None:
    first = label(7, "We bake it.")
    order = place_order(api(cast.customer), cart(cast))
    kinds()
    assert set_label(api(cast.owner), order, first).status_code == 200
    assert kinds() == ["order_label"]


def test_a_label_without_a_message_changes_no_mail(cast: Cast, api: Any) -> None:
    row = label(7, "")
    order = place_order(api(cast.customer), cart(cast))
    kinds()
    assert set_label(api(cast.owner), order, row).status_code == 200
    assert kinds() == ["order_accepted"]


def test_a_refusal_is_told_beside_a_labels_message(cast: Cast, api: Any) -> None:
    row = label(5, "Next time!")
    order = place_order(api(cast.customer), cart(cast))
    kinds()
    assert set_label(api(cast.owner), order, row).status_code == 200
    assert kinds() == ["order_label", "order_refused"]


# --- switched off -------------------------------------------------------------------------------------------------


def test_what_somebody_has_switched_off_is_not_sent(cast: Cast, api: Any) -> None:
    order = place_order(api(), cart(cast, guest={**GUEST, "email": "Gina@Example.net"}))
    for kind in ("order_accepted", "order_placed"):  # the latter cannot be
        DeclinedMail.objects.create(email="gina@example.net", kind=kind)
    assert len(sent()) == 1
    move(api, cast.owner, order, to=7)
    assert sent() == []
    row = Mail.objects.latest("pk")
    assert (row.state, row.error, row.tries) == ("dropped", "its reader has switched such mails off", 1)
    move(api, cast.owner, order, to=4)
    assert len(sent()) == 1


# --- nothing that its reader does not see -------------------------------------------------------------------------


def test_a_mail_tells_neither_codes_nor_who_drives(cast: Cast, api: Any) -> None:
    order = make_order(
        cast, 8, stood="accepted prepared driver_accepted", driver=cast.driver_row, contact_email="clara@example.org"
    )
    assert move(api, cast.driver, order, to=9).status_code == 200
    [one] = sent()
    text = one.body + one.alternatives[0].content
    for secret in (cast.driver.name, cast.driver_row.phone, order.collection_code, order.contact_phone):
        assert secret
        assert secret not in text


VICTIM = {"name": "Vic", "email": "victor@example.net", "phone": "+32470123456"}
TOO_OFTEN = ("dropped", "too many orders of an hour name this address: send it again if they are its reader's")


def states() -> list[tuple[str, str]]:
    """What becomes of the mails to the victim."""
    pass_on()
    return list(Mail.objects.filter(recipient=VICTIM["email"]).order_by("pk").values_list("state", "error"))


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_mails, "RECIPIENT_ORDERS", 2)


@pytest.mark.usefixtures("two")
def test_strangers_do_not_flood_an_address_by_ordering_in_its_name(cast: Cast, api: Any) -> None:
    orders = [place_order(api(), cart(cast, guest=VICTIM)) for _ in range(4)]
    assert states() == [("waiting", ""), ("waiting", ""), TOO_OFTEN, TOO_OFTEN]
    # Of an order that was left out nothing more is sent either; of the others what happens to them.
    for order in (orders[0], orders[3]):
        assert move(api, cast.owner, order, to=7, prepared_in=10).status_code == 200
    assert states()[4:] == [("waiting", ""), TOO_OFTEN]
    # However it is written, and also by an account that has not shown that the address is its own.
    place_order(api(), cart(cast, guest={**VICTIM, "email": "Victor@Example.net"}))
    User.objects.filter(pk=cast.stranger.pk).update(email="1@unconfirmed.invalid", unconfirmed_email=VICTIM["email"])
    Customer.objects.filter(user=cast.stranger).update(email=VICTIM["email"])
    place_order(api(User.objects.get(pk=cast.stranger.pk)), cart(cast))
    assert states()[6:] == [TOO_OFTEN, TOO_OFTEN]


@pytest.mark.usefixtures("two")
def test_strangers_do_not_use_up_what_others_are_mailed(cast: Cast, api: Any) -> None:
    """Neither those of the address's own account, nor guests whom the vendor orders for, nor other addresses."""
    for _ in range(3):
        place_order(api(), cart(cast, guest=VICTIM))
    assert states()[2:] == [TOO_OFTEN]
    place_order(api(cast.owner), cart(cast, guest=VICTIM))
    User.objects.filter(pk=cast.customer.pk).update(email=VICTIM["email"])
    Customer.objects.filter(pk=cast.customer_row.pk).update(email=VICTIM["email"])
    place_order(api(User.objects.get(pk=cast.customer.pk)), cart(cast))
    assert states()[3:] == [("waiting", "")] * 2
    place_order(api(), cart(cast, guest=GUEST))
    assert kinds()[-1] == "order_placed"


@pytest.mark.usefixtures("two")
def test_what_staff_have_sent_again_is_sent_with_all_that_follows(cast: Cast, api: Any) -> None:
    order = [place_order(api(), cart(cast, guest=VICTIM)) for _ in range(3)][-1]
    assert states()[-1] == TOO_OFTEN
    assert resend_mail(Mail.objects.latest("pk").pk)
    assert move(api, cast.owner, order, to=7, prepared_in=10).status_code == 200
    assert states()[2:] == [("waiting", "")] * 2


def test_mails_of_many_orders_take_as_many_statements_as_of_one(cast: Cast, api: Any) -> None:
    statements = []
    for count in (1, 4):
        for number in range(count):
            place_order(api(), cart(cast, guest={**VICTIM, "email": f"{count}.{number}@example.net"}))
        with CaptureQueriesContext(connection) as taken:
            assert pass_on() == 2 * count
        # A count for each order is what is more.
        statements.append(len(taken) - count)
    assert statements[0] == statements[1]


SPAM = "You have won: http://evil.example"


def test_a_stranger_has_nobody_mailed_what_it_writes(cast: Cast, api: Any) -> None:
    """Neither a text for an item nor a reason; what the vendor writes is mailed, and to a known customer its own."""
    for client, quoted in ((api(), False), (api(cast.customer), True)):
        body = cart(cast) if quoted else cart(cast, guest={**VICTIM, "name": SPAM}, comment=SPAM)
        placed = place(client, body)
        order = Order.objects.get(pk=placed["orders"][0]["id"])
        line = order.lines.get()
        LineOption.objects.create(line=line, kind="option", menu_id=1, name="Text", text=SPAM)
        [told] = sent()
        assert (f'Text: "{SPAM}"' in told.body, SPAM in told.body, "– Text" in told.body) == (quoted, quoted, True)
        by = client if quoted else api(order_token=placed["purchase"]["guest_token"])
        cancel = {"to": 16, "reason_code": "other", "reason": SPAM}
        assert by.post(f"{ORDERS}/{order.pk}/transitions", cancel).status_code == 200
        [told] = sent()
        assert "cancelled" in told.subject
        assert (SPAM in told.body) == quoted
    order = place_order(api(), cart(cast, guest=VICTIM))
    assert move(api, cast.owner, order, to=5, reason_code="other", reason="Our oven is cold.").status_code == 200
    assert "The reason: Our oven is cold." in sent()[-1].body
