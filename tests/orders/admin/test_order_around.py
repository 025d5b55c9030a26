"""Around an order on its page: the map, who showed it, what was told outside; and taking it out of the lists."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from orders.admin.order_map import HEIGHT, WIDTH, map_of_order
from orders.checkout import Place
from orders.lifecycle.table import Fulfilment, Status
from orders.models import (
    DriverOffer,
    DriverPosition,
    FeedEntry,
    Order,
    OrderEvent,
    OutboxMessage,
    ShownOrder,
    WebhookDelivery,
    WebhookEndpoint,
)
from orders.services.record.epochs import current_epoch
from ordersite.accounts.mails import queue_mail
from ordersite.accounts.models import Mail
from ordersite.core.crypto import token_hash
from tests.cast import Cast, make_manager
from tests.orders.admin.test_admin import clerk_with
from tests.orders.back_office import place_order
from tests.orders.rows import make_order
from tests.orders.shopping import NEAR, assert_nothing_changed
from vendors.models import DeliveryZone, Device

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
CARRIED: dict[str, Any] = {"stood": "accepted prepared driver_accepted picked_up"}


def page_of(client: Client, order: Order) -> str:
    answer = client.get(f"/admin/orders/order/{order.pk}/change/")
    assert answer.status_code == 200
    return answer.content.decode()


def on_its_way(cast: Cast, **fields: Any) -> Order:
    order = make_order(cast, Status.PICK_UP_COMPLETED_BY_DRIVER, driver=cast.driver_row, **CARRIED, **fields)
    Order.objects.filter(pk=order.pk).update(lat=50.859, lng=4.35, delivery_zone=cast.zone)
    return Order.objects.select_related("vendor", "delivery_zone", "driver").get(pk=order.pk)


def put_driver(cast: Cast, minutes: float, lat: float = 50.856) -> DriverPosition:
    at = timezone.now() - timedelta(minutes=minutes)
    return DriverPosition.objects.create(driver=cast.driver_row, lat=lat, lng=4.351, accuracy=5, at=at, received_at=at)


# --- the map ------------------------------------------------------------------------------------------------------


def test_the_map_shows_pick_up_drop_off_driver_and_zone(cast: Cast, office: Client) -> None:
    order = on_its_way(cast)
    put_driver(cast, 5)
    text = page_of(office, order)
    drawn = text[text.index('<svg class="order-map"') : text.index("</svg>", text.index('<svg class="order-map"'))]
    assert re.findall(r'<g class="map-(\w+)"', drawn) == ["pickup", "dropoff", "driver"]
    assert re.findall(r"<text [^>]*>([^<]+)</text>", drawn)[1:] == ["Burger Bar", "Drop-off", "Driver"]
    assert 'class="map-zone"' in drawn
    for told in ("1 km from Burger Bar to the drop-off", "Driver 341 m from the drop-off, 5\u00a0min ago", "Zone Near"):
        assert told in text
    assert "http" not in drawn


def test_the_map_has_the_driver_while_it_holds_the_order(cast: Cast, office: Client) -> None:
    order = on_its_way(cast)
    assert "map-driver" not in page_of(office, order)
    put_driver(cast, 0)
    assert "Driver 341 m from the drop-off, just now" in page_of(office, order)
    Order.objects.filter(pk=order.pk).update(status=Status.DELIVERY_COMPLETED_BY_DRIVER, closed_at=timezone.now())
    assert "map-driver" not in page_of(office, order)


def test_a_vendors_people_are_told_where_the_driver_is_on_its_way_alone(cast: Cast) -> None:
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    order = on_its_way(cast)
    put_driver(cast, 1)
    assert "map-driver" in page_of(manager, order)
    Order.objects.filter(pk=order.pk).update(picked_up_at=None, status=Status.ACCEPTED_BY_DRIVER)
    assert "map-driver" not in page_of(manager, order)


def test_what_goes_nowhere_has_no_map(cast: Cast, office: Client) -> None:
    order = make_order(cast, Status.PENDING, Fulfilment.PICKUP)
    assert "order-map" not in page_of(office, order)


POINTS: dict[str, tuple[float | None, ...]] = {
    "the same point": (50.85, 4.35, 50.85, 4.35),
    "over the date line": (-16.5, 179.99, -16.5, -179.99),
    "a pole": (89.9999, 0, 90, 180),
    "the other side of the earth": (0, 0, 0, 180),
    "no vendor's point": (None, None, 50.85, 4.35),
}


@pytest.mark.parametrize("name", POINTS)
@pytest.mark.parametrize("zone", [None, 300, 10_000_000, "corners"])
def test_every_place_is_within_the_map(cast: Cast, name: str, zone: Any) -> None:
    order = on_its_way(cast)
    order.vendor.lat, order.vendor.lng, order.lat, order.lng = POINTS[name]
    corners = [[50.8, 4.3], [50.9, 4.3], [50.9, 4.4]]
    area = {"polygon": corners} if zone == "corners" else {"radius": zone}
    order.delivery_zone = DeliveryZone(vendor=order.vendor, name="Z", **area) if zone else None
    drawn = map_of_order(order, None, timezone.now())
    assert drawn is not None
    for mark in drawn.marks:
        assert 0 < mark.x < WIDTH, mark
        assert 0 < mark.y < HEIGHT, mark
    assert drawn.scale > 0
    # No label stands on another one.
    labels = [mark.label_y for mark in drawn.marks]
    assert len(labels) < 2 or abs(labels[0] - labels[1]) >= 15 or abs(drawn.marks[0].x - drawn.marks[1].x) > 150


# --- who showed it ------------------------------------------------------------------------------------------------


def say_shown(client: APIClient, cast: Cast, position: int) -> None:
    body = {"epoch": current_epoch(), "position": position}
    assert client.post(f"/api/v1/vendors/{cast.vendor.pk}/seen", body).status_code == 200


def test_each_device_that_showed_it_is_named_with_its_time(cast: Cast, api: Api, office: Client) -> None:
    for name in ("Kitchen", "Counter"):
        Device.objects.create(vendor=cast.vendor, name=name, token_hash=token_hash(f"osd_{name}"))
    order = place_order(cast)
    position = FeedEntry.objects.filter(stream=f"vendor:{cast.vendor.pk}").latest("position").position
    later = place_order(cast)
    assert "Shown to the vendor" not in page_of(office, order)
    say_shown(api(token="osd_Kitchen"), cast, position)
    say_shown(api(token="osd_Kitchen"), cast, position)
    say_shown(api(token="osd_Counter"), cast, position + 1)
    shown = ShownOrder.objects.filter(order=order).order_by("pk")
    text = page_of(office, order)
    for row, name in zip(shown, ("Kitchen", "Counter"), strict=True):
        assert f"<dt>{name} (board)</dt>" in text
        assert f"{row.shown_at.astimezone(cast.vendor.zone):%H:%M:%S}" in text
    assert page_of(office, later).count("(board)</dt>") == 1


def test_who_looks_on_shows_nothing_to_a_vendor(cast: Cast, api: Api, office: Client) -> None:
    order = place_order(cast)
    with assert_nothing_changed():
        body = {"epoch": current_epoch(), "position": 1}
        assert api(cast.staff).post(f"/api/v1/vendors/{cast.vendor.pk}/seen", body).status_code == 403
    assert not ShownOrder.objects.filter(order=order).exists()


# --- what was told outside ----------------------------------------------------------------------------------------


@pytest.fixture
def told(cast: Cast) -> Order:
    """An order with a mail that bounced, and a webhook that was delivered at the second try."""
    order = place_order(cast)
    with transaction.atomic():
        queue_mail("payment_link", "clara@example.org", about=f"order:{order.pk}", order=order.pk, payment=1)
    mail = Mail.objects.filter(about=f"order:{order.pk}", kind="payment_link")
    mail.update(state="bounced", error="550 no such mailbox", tries=2)
    endpoint = WebhookEndpoint.objects.create(url="https://till.example.org/hook", types=["order.placed"])
    event = OrderEvent.objects.get(order=order)
    message = OutboxMessage.objects.filter(event=event).first() or OutboxMessage.objects.create(
        type="order.placed", subject=f"order:{order.pk}", event=event
    )
    WebhookDelivery.objects.create(endpoint=endpoint, message=message, tries=2, delivered_at=timezone.now())
    return order


def test_mails_and_webhooks_of_an_order_stand_on_its_page(told: Order, office: Client) -> None:
    text = page_of(office, told)
    assert re.search(r"to clara@example.org, written .*, 2 tries: 550 no such mailbox", text)
    assert re.search(r"to https://till.example.org/hook, delivered .*, 2 tries", text)
    assert "Refused by the mail server" in text


@pytest.mark.parametrize(
    ("rights", "shown"),
    [
        ((), []),
        (("view_mail",), ["Mails"]),
        (("view_webhookdelivery",), ["Webhooks"]),
        (("view_mail", "view_webhookdelivery"), ["Mails", "Webhooks"]),
    ],
)
def test_logs_are_for_who_may_see_them(told: Order, rights: tuple[str, ...], shown: list[str]) -> None:
    text = page_of(clerk_with("view_order", *rights), told)
    assert [name for name in ("Mails", "Webhooks") if f">{name}</h2>" in text] == shown


def test_a_vendors_people_see_no_logs(cast: Cast, told: Order) -> None:
    manager = Client()
    manager.force_login(make_manager(cast.vendor))
    text = page_of(manager, told)
    assert "till.example.org" not in text
    assert "550 no such mailbox" not in text


# --- out of the lists ---------------------------------------------------------------------------------------------


def take_off(client: Client, order: Order, version: int | None = None) -> Any:
    path = f"/admin/orders/order/{order.pk}/take-off/"
    return client.post(path, {"version": order.version if version is None else version}, follow=True)


def test_a_closed_order_is_taken_out_of_the_lists_and_stays(cast: Cast, office: Client) -> None:
    order = make_order(cast, Status.REJECTED)
    listed = f"/admin/orders/order/{order.pk}/change/"
    assert listed in office.get("/admin/orders/order/").content.decode()
    assert "Delete from the lists …" in page_of(office, order)
    assert "The order is out of every list." in take_off(office, order).content.decode()
    assert listed not in office.get("/admin/orders/order/").content.decode()
    assert listed in office.get("/admin/orders/order/?deleted=only").content.decode()
    text = page_of(office, order)
    assert "Delete from the lists …" not in text
    assert "deleted " in text
    assert OrderEvent.objects.filter(order=order, reason="Deleted").count() == 1


@pytest.mark.parametrize("case", ["open", "stale", "no right"])
def test_what_is_not_taken_off(cast: Cast, office: Client, case: str) -> None:
    order = make_order(cast, Status.PENDING if case == "open" else Status.REJECTED)
    client = clerk_with("view_order", "change_order") if case == "no right" else office
    assert ("Delete from the lists …" in page_of(client, order)) is (case == "stale")
    with assert_nothing_changed():
        answer = take_off(client, order, 7 if case == "stale" else None)
    assert answer.status_code == (403 if case == "no right" else 200)
    if case == "stale":
        assert "Changed meanwhile" in answer.content.decode()


# --- its cost -----------------------------------------------------------------------------------------------------


def test_a_delivery_that_was_offered_costs_no_more_than_15(cast: Cast, office: Client, told: Order) -> None:
    order = place_order(cast, fulfilment=Fulfilment.DELIVERY, place=Place(address="Rue Neuve 1", **NEAR), lines=2)
    Device.objects.create(vendor=cast.vendor, name="Kitchen", token_hash=token_hash("osd_x"))
    now = timezone.now()
    DriverOffer.objects.create(order=order, driver=cast.driver_row, round=1, offered_at=now, answer_by=now)
    ShownOrder.objects.create(order=order, shown_by=f"user:{cast.owner.pk}")
    put_driver(cast, 1)
    with CaptureQueriesContext(connection) as queries:
        page_of(office, order)
    assert len(queries) <= 15, [query["sql"][:90] for query in queries]
