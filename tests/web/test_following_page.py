"""The tracking page: what its address tells to whom, and how a guest's token is kept."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from orders.kinds import KINDS
from orders.lifecycle.table import CLOSED, FAILURE, OPEN, Fulfilment, Status
from orders.models import Order
from orders.pages.following import STANDINGS, STEPS, steps_of
from ordersite.core.crypto import decrypt
from tests.cast import PASSWORD, Cast
from tests.orders.rows import make_order
from tests.orders.walking import Api
from vendors.models import Vendor

TOKEN = "a-guest-token-of-a-test"  # noqa: S105


def address_of(order: Order) -> str:
    return f"/t/{decrypt(order.tracking_sealed)}"


def given(page: Any) -> dict[str, Any]:
    """What the page's script was given."""
    found = re.search(r'<script id="page" type="application/json">(.*?)</script>', page.content.decode(), re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_the_code_alone_leads_to_the_page_and_to_no_order(cast: Cast, client: Client) -> None:
    order = make_order(cast, 7, stood="accepted", guest_token=TOKEN)
    page = client.get(address_of(order))
    assert page.status_code == 200
    assert [page[name] for name in ("Referrer-Policy", "Cache-Control", "X-Robots-Tag")] == [
        "no-referrer",
        "no-store",
        "noindex",
    ]
    assert given(page)["orders"] == [
        {"id": None, "steps": ["placed", "accepted", "prepared", "picked_up", "delivered"], "usual_minutes": 20}
    ]
    text = page.content.decode()
    assert all(hidden not in text for hidden in ("Clara", order.address, order.contact_phone, order.contact_email))


def test_unknown_lapsed_and_deleted_are_one_page(cast: Cast, client: Client) -> None:
    lapsed, deleted = make_order(cast, 1, closed_at=timezone.now() - timedelta(days=8)), make_order(cast, 1)
    Order.objects.filter(pk=deleted.pk).update(deleted_at=timezone.now())
    pages = [client.get(address) for address in ("/t/not-a-code", address_of(lapsed), address_of(deleted))]
    assert [page.status_code for page in pages] == [404] * 3
    assert pages[0].content == pages[1].content == pages[2].content
    assert {page["Referrer-Policy"] for page in pages} == {"no-referrer"}


@pytest.mark.slow
def test_tries_are_counted_with_those_of_the_api(cast: Cast, client: Client, api: Api) -> None:
    order = make_order(cast)
    for number in range(60):
        assert api().post("/api/v1/track", {"code": f"guess-{number}"}).status_code == 404
    page = client.get(address_of(order))
    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0


def test_the_customer_who_is_signed_in_is_told_the_order(cast: Cast, client: Client) -> None:
    order = make_order(cast, 7, stood="accepted")
    client.login(email=cast.customer.email, password=PASSWORD)
    assert given(client.get(address_of(order)))["orders"][0]["id"] == order.pk
    client.login(email=cast.driver.email, password=PASSWORD)
    assert given(client.get(address_of(order)))["orders"][0]["id"] is None


def test_a_guest_s_token_is_kept_where_no_script_reads_it_and_acts_with_csrf_only(cast: Cast) -> None:
    order = make_order(cast, 7, Fulfilment.PICKUP, stood="accepted", guest_token=TOKEN)
    client = Client(enforce_csrf_checks=True)
    page = client.get(address_of(order))
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.content.decode())
    assert token
    csrf = {"X-CSRFToken": token[1]}
    keep, body = f"{address_of(order)}/guest", {"guest_token": TOKEN}
    assert client.post(keep, body).status_code == 403
    assert client.post(keep, {"guest_token": "another"}, headers=csrf).status_code == 404
    assert settings.ORDER_TOKEN_COOKIE_NAME not in client.cookies
    assert client.post(keep, body, headers=csrf).status_code == 204
    cookie = client.cookies[settings.ORDER_TOKEN_COOKIE_NAME]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == (TOKEN, True, "Lax")
    assert given(client.get(address_of(order)))["orders"][0]["id"] == order.pk
    url = f"/api/v1/orders/{order.pk}"
    assert client.get(url).json()["id"] == order.pk
    wish: dict[str, Any] = {"data": {"transition": "cancel_by_customer"}, "content_type": "application/json"}
    # Another site's form would come with the cookie in an old browser, and without what only our page knows.
    assert client.post(f"{url}/transitions", **wish).status_code == 403
    order.refresh_from_db()
    assert order.status == Status.ACCEPTED_BY_BUSINESS
    assert client.post(f"{url}/transitions", **wish, headers=csrf).status_code == 200
    order.refresh_from_db()
    assert order.status == Status.CANCELED_BY_CUSTOMER


def test_another_purchase_is_not_reached_by_the_cookie(cast: Cast, client: Client) -> None:
    make_order(cast, 7, stood="accepted", guest_token=TOKEN)
    other = make_order(cast, 7, stood="accepted", guest_token="another-one-s")
    client.cookies[settings.ORDER_TOKEN_COOKIE_NAME] = TOKEN
    assert given(client.get(address_of(other)))["orders"][0]["id"] is None
    assert client.get(f"/api/v1/orders/{other.pk}").status_code == 404


@pytest.mark.parametrize(
    ("kind", "fulfilment", "expected"),
    [
        ("regular", 1, "placed accepted prepared picked_up delivered"),
        ("regular", 2, "placed accepted prepared delivered"),
        ("regular", 3, "placed accepted prepared closed"),
        ("regular", 4, "placed accepted prepared delivered"),
        ("regular", 5, "placed accepted prepared delivered"),
        ("package", 1, "placed accepted picked_up delivered"),
        ("service", 1, "placed accepted picked_up delivered"),
        ("service", 3, "placed accepted closed"),
        ("digital", 6, "placed closed"),
    ],
)
def test_the_steps_by_kind_and_delivery_type(kind: str, fulfilment: int, expected: str) -> None:
    assert " ".join(steps_of(Order(kind=kind, fulfilment=fulfilment))) == expected
    assert set(expected.split()) <= set(STEPS)
    assert kind in KINDS


def test_every_status_has_a_sentence_for_the_customer() -> None:
    assert set(STANDINGS) == {status.slug for status in OPEN | CLOSED}


def test_the_code_tells_why_an_order_failed(cast: Cast, api: Api) -> None:
    order = make_order(cast)
    answer = api(cast.owner).post(
        f"/api/v1/orders/{order.pk}/transitions", {"transition": "reject", "reason_code": "too_busy", "reason": "Full"}
    )
    assert answer.status_code == 200
    told = api().post("/api/v1/track", {"code": decrypt(order.tracking_sealed)}).json()
    assert (told["reason_code"], told["kind"], told["milestones"]["accepted"]) == ("too_busy", "regular", None)
    assert "Full" not in json.dumps(told)
    assert Status.REJECTED_BY_BUSINESS in FAILURE
    assert (
        api().post("/api/v1/track", {"code": decrypt(make_order(cast).tracking_sealed)}).json()["reason_code"] is None
    )


def test_a_customers_orders_lead_to_their_pages(cast: Cast, client: Client) -> None:
    """By the id of its own order; another's, a deleted one and one that has lapsed look alike."""
    own, others = make_order(cast, 7, stood="accepted"), make_order(cast, 7, customer=cast.stranger_row)
    lapsed = make_order(cast, 1, closed_at=timezone.now() - timedelta(days=8))
    deleted = make_order(cast, 1, deleted_at=timezone.now())
    assert client.get("/orders").headers["Location"] == "/sign-in?next=/orders"
    assert client.get(f"/orders/{own.pk}").headers["Location"] == f"/sign-in?next=/orders/{own.pk}"
    client.force_login(cast.customer)
    assert given(client.get("/orders"))["customer"] == cast.customer_row.pk
    assert client.get(f"/orders/{own.pk}").headers["Location"] == address_of(own)
    refused = [client.get(f"/orders/{pk}") for pk in (others.pk, lapsed.pk, deleted.pk)]
    assert [page.status_code for page in refused] == [404] * 3
    assert len({page.content for page in refused}) == 1
    assert client.get(f"/orders/{2**62}").status_code == 404
    client.force_login(cast.owner)
    assert given(client.get("/orders"))["customer"] is None
    assert client.get(f"/orders/{own.pk}").status_code == 404


@pytest.mark.parametrize(("fields", "minutes"), [({}, 35), ({"deliver_at": timezone.now()}, None)])
def test_how_long_it_usually_takes_is_told(cast: Cast, client: Client, fields: Any, minutes: int | None) -> None:
    """The vendor's minutes and those of its rush; none where a time is agreed."""
    Vendor.objects.filter(pk=cast.vendor.pk).update(
        preparation_minutes=25, rush_minutes=10, rush_until=timezone.now() + timedelta(hours=1)
    )
    page = client.get(address_of(make_order(cast, 0, **fields)))
    assert given(page)["orders"][0]["usual_minutes"] == minutes
