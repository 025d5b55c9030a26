"""The back-office of orders: who sees what, lists at a fixed cost, search, and what is stuck."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Account, DriverPosition, Order, OrderEvent, Payment, Posting, Purchase, StatusLabel
from orders.reading import search
from ordersite.accounts.models import User
from tests.cast import Cast, make_manager
from tests.office import change, delete, send
from tests.orders import shopping
from tests.orders.back_office import place_order
from tests.orders.confirming import shown_in
from tests.orders.online import takes_online

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/order/"


def clerk_with(*codenames: str) -> Client:
    """A client signed in as staff who has only these permissions."""
    clerk = User.objects.create_user("clerk@example.org", None, name="Karl Clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["act_everywhere", *codenames]))
    client = Client()
    client.force_login(clerk)
    return client


def pages() -> list[str]:
    """The list and one page of everything that is registered."""
    rows: list[Any] = [Order.objects.first(), Purchase.objects.first(), OrderEvent.objects.first()]
    rows += [Payment.objects.first(), Posting.objects.first(), StatusLabel.objects.first()]
    rows += [Account.objects.get(name__startswith="wallet"), Account.objects.get(name="clearing::EUR")]
    found = []
    for row in rows:
        base = f"/admin/orders/{row._meta.model_name}/"
        found += [base, f"{base}{row.pk}/change/", f"{base}{row.pk}/history/"]
    return ["/admin/", "/admin/orders/account/top-up/", *found]


@pytest.mark.slow
def test_every_page_answers_staff_and_nobody_else(cast: Cast, office: Client) -> None:
    place_order(cast, payment_method="wallet")
    stranger, nobody = Client(), Client()
    stranger.force_login(cast.customer)
    for page in pages():
        assert office.get(page).status_code == 200, page
        for client in (stranger, nobody):
            response = client.get(page)
            assert (response.status_code, response["Location"][:13]) == (302, "/admin/login/"), page


def test_staff_without_permission_see_nothing_of_orders(cast: Cast) -> None:
    order = place_order(cast)
    client = clerk_with()
    assert client.get("/admin/").status_code == 200
    assert b"What needs you now" not in client.get("/admin/").content
    for page in (LIST, f"{LIST}{order.pk}/change/", "/admin/orders/account/top-up/"):
        assert client.get(page).status_code == 403


def test_nothing_is_added_deleted_or_saved(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    assert office.get(f"{LIST}add/").status_code == 403
    assert office.get(f"{LIST}{order.pk}/delete/").status_code == 403
    assert office.post(f"{LIST}{order.pk}/delete/", {"post": "yes"}).status_code == 403
    assert office.post(f"{LIST}{order.pk}/change/", {"status": "1", "total": "1"}).status_code == 403
    for model in ("purchase", "orderevent", "payment", "posting", "account"):
        assert office.get(f"/admin/orders/{model}/add/").status_code == 403
    event = OrderEvent.objects.get()
    assert office.post(f"/admin/orders/orderevent/{event.pk}/change/", {"reason": "x"}).status_code == 403
    order = Order.objects.get()
    assert (order.status, order.version, order.total, OrderEvent.objects.count()) == (0, 1, 850, 1)


def test_a_manager_reads_the_histories_of_the_orders_that_it_sees(cast: Cast, api: Callable[..., APIClient]) -> None:
    """Of one that still has to be filled too; not of one that waits for its payment online."""
    takes_online(cast.vendor)
    empty = shopping.place_order(api(cast.customer), shopping.cart(cast))
    Order.objects.filter(pk=empty.pk).update(visible_at=None)  # as one that came without items
    hidden = shopping.place_order(api(cast.customer), shopping.cart(cast, payment_method="fake"))
    assert hidden.visible_at is None
    client = Client()
    client.force_login(make_manager(cast.vendor))
    rows = client.get("/admin/orders/orderevent/").context["cl"].queryset
    assert {event.order_id for event in rows} == {empty.pk}
    assert client.get(f"{LIST}{empty.pk}/change/").status_code == 200
    assert client.get(f"{LIST}{hidden.pk}/change/").status_code != 200


def test_a_row_that_does_not_exist_leads_to_the_list(cast: Cast, office: Client) -> None:
    place_order(cast)
    for object_id in ("99999", "9" * 30, "abc", "1 OR 1=1", "_00"):
        response = office.get(f"{LIST}{object_id}/change/")
        assert (response.status_code, response["Location"]) == (302, LIST), object_id
        assert office.get(f"/admin/orders/payment/{object_id}/change/").status_code == 302


@pytest.mark.slow
def test_nonsense_in_the_address_is_no_fault(cast: Cast, office: Client) -> None:
    place_order(cast)
    for query in (
        "placed=x",
        "status=99",
        "vendor=abc",
        f"id__in={'9' * 30}",
        f"vendor={'9' * 30}",
        "placed=0001-01-01",
    ):
        assert office.get(f"{LIST}?{query}").status_code < 500, query
    for query in ("q=%00", f"q={'9' * 400}", "q=%ED%A0%80", "p=99", "o=99", "e=1", "contact_name=%00"):
        assert office.get(f"{LIST}?{query}").status_code < 500, query
    action = {"action": "accept", "_selected_action": ["9" * 30], "index": "0"}
    assert office.post(LIST, action).status_code == 302
    assert office.post(LIST, {**action, "_selected_action": ["abc"]}).status_code == 302
    assert Order.objects.get().status == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", [LIST, "/admin/orders/orderevent/", "/admin/orders/purchase/", "/admin/orders/payment/"]
)
def test_a_list_costs_the_same_for_3_and_30(cast: Cast, office: Client, path: str) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert office.get(path).status_code == 200
        return len(queries)

    for _ in range(3):
        place_order(cast)
    few = cost()
    for _ in range(27):
        place_order(cast)
    assert Order.objects.count() == 30
    assert cost() == few
    assert few <= (12 if path == LIST else 6)  # the list of orders has tabs and selects of rows


def test_an_orders_page_costs_the_same_whatever_happened(cast: Cast, office: Client) -> None:
    def cost(order: Order) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert office.get(f"{LIST}{order.pk}/change/").status_code == 200
        return len(queries)

    short, long = place_order(cast, payment_method="wallet"), place_order(cast, payment_method="wallet", lines=6)
    for _ in range(8):
        note = {"key": str(uuid.uuid4()), "text": "Called the vendor", "visible_to": "staff"}
        assert office.post(f"{LIST}{long.pk}/note/", note).status_code == 302
    assert OrderEvent.objects.filter(order=long).count() == 9
    assert cost(long) == cost(short) <= 15


def test_the_list_shows_and_filters(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    page = office.get(LIST).content.decode()
    assert "8.50\u00a0EUR" in page
    assert '<span class="badge badge-start"><span class="badge-mark" aria-hidden="true">●</span>Pending</span>' in page
    link = f"/admin/orders/order/{order.pk}/change/"
    for query, found in {
        "group=open": True,
        "group=closed": False,
        "status=0": True,
        "status=7": False,
        f"vendor={cast.vendor.pk}": True,
        f"vendor={cast.other_vendor.pk}": False,
        "placed=today": True,
        "placed=yesterday": False,
        "placed=week": True,
        f"placed={timezone.localdate()}": True,
        "placed=2020-02-02": False,
        "fulfilment=2": True,
        "fulfilment=1": False,
        "payment_status=unpaid": True,
        "payment_status=paid": False,
        "deleted=only": False,
        "stuck=unanswered": False,
    }.items():
        assert (link in office.get(f"{LIST}?{query}").content.decode()) is found, query
    Order.objects.update(visible_at=timezone.now() - timedelta(minutes=11))
    page = office.get(f"{LIST}?stuck=unanswered").content.decode()
    assert link in page
    assert "not accepted for 11\u00a0min" in page
    Order.objects.update(deleted_at=timezone.now())
    assert link not in office.get(LIST).content.decode()
    assert link in office.get(f"{LIST}?deleted=only").content.decode()


@pytest.mark.slow
def test_searches_whole_words_by_index(cast: Cast, office: Client) -> None:
    order, other = place_order(cast, external_code="SHOP-77"), place_order(cast)
    Order.objects.filter(pk=other.pk).update(contact_email="else@example.org", contact_phone="+32470000009", number=900)
    link = f"/admin/orders/order/{order.pk}/change/"

    def found(term: str) -> bool:
        return link in office.get(LIST, {"q": term}).content.decode()

    order.refresh_from_db()
    for term in (f"#{order.pk}", str(order.uuid), str(order.purchase.uuid), "SHOP-77", "CLARA.customer@example.org"):
        assert found(term), term
    written = ("+32 2 555 01 00", "003225550100", "02 555 01 00", "02/555.01.00", "+32 (0)2 555 01 00", "025550100")
    for term in (*written, str(order.number), " SHOP-77 "):
        assert found(term), term
    for term in (
        "SHOP",
        "lara",
        "else@example.org",
        "+32470000009",
        "0470 00 00 09",
        "2550100",
        "900",
        "000",
        "%",
        "' OR 1=1",
    ):
        assert not found(term), term


def test_the_orders_of_others_do_not_stand_before_ones_own(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many newer orders of other vendors a word finds, those of the searcher's vendors are found."""
    monkeypatch.setattr(search, "MOST", 2)
    own = place_order(cast)
    others = [place_order(cast) for _ in range(3)]
    Order.objects.filter(pk__in=[one.pk for one in others]).update(vendor=cast.other_vendor)
    term = Order.objects.get(pk=own.pk).contact_phone
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    assert [order.pk for order in manager.get(LIST, {"q": term}).context["cl"].result_list] == [own.pk]


def test_counts_what_is_stuck(cast: Cast, office: Client) -> None:
    now = timezone.now()
    orders = [place_order(cast) for _ in range(8)]
    changes: list[dict[str, Any]] = [
        {"visible_at": now - timedelta(minutes=11)},
        {"visible_at": now - timedelta(minutes=9)},
        {"status": 6},
        {"status": 10},
        {"status": 22},
        {"status": 4},
        {"due_at": now - timedelta(minutes=3)},
        {"status": 22, "deleted_at": now},
    ]
    for order, changed in zip(orders, changes, strict=True):
        Order.objects.filter(pk=order.pk).update(**changed)
    with CaptureQueriesContext(connection) as queries:
        page = office.get("/admin/").content.decode()
    counts = {
        slug: page.split(f"?stuck={slug}")[1].split('class="count">')[1].split("<")[0]
        for slug in ("unanswered", "driver_canceled", "pick_up_failed", "searching", "ready", "overdue")
    }
    assert set(counts.values()) == {"1"}
    assert "the oldest for 11\u00a0min" in page
    assert len(queries) <= 15  # the most of any page; five of them the guide's, which goes with the first order done


@pytest.mark.parametrize(
    ("accepted", "reported", "counted"),
    [(20, 11, "1"), (20, 9, "0"), (9, 11, "0"), (20, 25 * 60, "0"), (20, None, "0")],
)
def test_a_driver_who_tells_no_position_any_more_is_an_alert(
    cast: Cast, office: Client, accepted: int, reported: int | None, counted: str
) -> None:
    """Minutes ago that it was accepted, and that its device told where it is."""
    now, order = timezone.now(), place_order(cast)
    Order.objects.filter(pk=order.pk).update(
        status=9, driver=cast.driver_row, driver_accepted_at=now - timedelta(minutes=accepted)
    )
    if reported is not None:
        at = now - timedelta(minutes=reported)
        DriverPosition.objects.create(driver=cast.driver_row, lat=50, lng=4, accuracy=9, at=at, received_at=at)
    page = office.get("/admin/").content.decode()
    assert page.split("?stuck=silent")[1].split('class="count">')[1].split("<")[0] == counted
    listed = office.get(f"{LIST}?stuck=silent").content.decode()
    assert (f"/admin/orders/order/{order.pk}/change/" in listed) == (counted == "1")


def test_what_happened_just_now_leaves_out_that_a_driver_moved(cast: Cast, office: Client) -> None:
    order = place_order(cast)

    def told() -> int:
        latest = office.get("/admin/").content.decode().split("Just now")[1]
        return latest.count(f'/admin/orders/order/{order.pk}/change/"')

    assert told() == 1
    moved = {"kind": OrderEvent.Kind.POSITION, "actor": "system", "role": "driver"}
    event = OrderEvent.objects.create(order=order, number=order.events.count() + 1, **moved)
    assert told() == 1
    OrderEvent.objects.filter(pk=event.pk).update(kind=OrderEvent.Kind.NOTE)
    assert told() == 2


def test_status_labels_go_through_the_service(cast: Cast, office: Client) -> None:
    base = "/admin/orders/statuslabel/"
    form = {"name": "On the pass", "core_status": "4", "message": "It is ready", "position": "3"}
    assert office.post(f"{base}add/", form).status_code == 302
    label = StatusLabel.objects.get(name="On the pass")
    assert (label.core_status, label.message, label.position) == (4, "It is ready", 3)
    other = StatusLabel.objects.exclude(pk=label.pk).first()
    assert other is not None
    assert send(office, f"{base}{label.pk}/change/", name=other.name).status_code == 200
    change(office, f"{base}{label.pk}/change/", name="Hot")
    label.refresh_from_db()
    assert label.name == "Hot"
    assert delete(office, f"{base}{label.pk}/delete/").status_code == 302
    assert not StatusLabel.objects.filter(pk=label.pk).exists()


@pytest.fixture
def top_up_form(cast: Cast) -> Callable[..., dict[str, Any]]:
    def form(**changed: Any) -> dict[str, Any]:
        return {"customer": cast.customer_row.pk, "currency": "EUR", "amount": "25.00", **changed}

    return form


def test_tops_a_wallet_up_once(cast: Cast, office: Client, top_up_form: Any) -> None:
    url = "/admin/orders/account/top-up/"
    asking = office.post(url, top_up_form(text="Goodwill"))
    assert asking.status_code == 200
    assert not Posting.objects.exists()
    text = asking.content.decode()
    for fact in ("Clara Customer", "Put 25.00\u00a0EUR into the wallet", "0.00\u00a0EUR", "Goodwill"):
        assert fact in text
    form = shown_in(text)
    response = office.post(url, form)
    wallet = Account.objects.get(kind="wallet")
    assert (response.status_code, response["Location"]) == (302, f"/admin/orders/account/{wallet.pk}/change/")
    office.post(url, form)
    wallet.refresh_from_db()
    posting = Posting.objects.get()
    assert (wallet.balance, posting.kind, posting.text) == (2500, "top_up", "Goodwill")
    assert posting.actor == f"user:{cast.staff.pk}"
    assert sorted(posting.entries.values_list("account__name", "amount")) == [
        ("funding::EUR", -2500),
        (f"wallet:{cast.customer_row.pk}:EUR", 2500),
    ]
    page = office.get(response["Location"]).content.decode()
    assert "25.00\u00a0EUR" in page
    assert "The form was sent twice" in page


@pytest.mark.slow
def test_refuses_a_wrong_top_up(cast: Cast, office: Client, top_up_form: Any) -> None:
    url = "/admin/orders/account/top-up/"
    for wrong in ({"amount": "0"}, {"amount": "-5"}, {"amount": "1.234"}, {"amount": "9" * 20}, {"currency": "XXX"}):
        assert office.post(url, top_up_form(**wrong)).status_code == 200, wrong
    for wrong in ({"customer": "9" * 30}, {"customer": "x"}):
        assert office.post(url, top_up_form(**wrong)).status_code == 200, wrong
    assert office.post(url, {**top_up_form(), "shown": "mine"}).status_code == 302
    assert clerk_with("view_account").post(url, top_up_form()).status_code == 403
    assert not Account.objects.exists()
    assert not Posting.objects.exists()


def test_only_what_is_open_has_an_age(cast: Cast, office: Client) -> None:
    order = place_order(cast)
    Order.objects.filter(pk=order.pk).update(placed_at=timezone.now() - timedelta(minutes=7))
    assert '<td class="field-age">7\u00a0min</td>' in office.get("/admin/orders/order/").content.decode()
    Order.objects.filter(pk=order.pk).update(status=2, closed_at=timezone.now())
    assert '<td class="field-age"></td>' in office.get("/admin/orders/order/").content.decode()


def test_an_orders_page_names_accounts_and_what_comes_by_itself(cast: Cast, office: Client) -> None:
    order = place_order(cast, payment_method="wallet")
    page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert "clearing::EUR" not in page
    assert ">Held until the order succeeds</a>" in page
    assert f">Wallet of {cast.customer_row}</a>" in page
    assert "Customer arrived" in page
    Order.objects.filter(pk=order.pk).update(fulfilment=1, status=11, due_at=timezone.now() + timedelta(hours=2))
    Order.objects.filter(pk=order.pk).update(delivered_at=timezone.now())
    cast.vendor.settle_minutes = 120
    cast.vendor.save()
    page = office.get(f"/admin/orders/order/{order.pk}/change/").content.decode()
    assert "by itself in 1\u00a0h\u00a059: C" in page
    assert "Keep the number" not in page
    assert "Customer arrived" not in page
