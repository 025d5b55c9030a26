"""GET /vendors/{id}/events: the feed for those who cannot hold a socket."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from orders.models import FeedEntry
from orders.services.record.epochs import current_epoch
from ordersite.accounts.browser_sessions import SessionStore
from ordersite.accounts.models import SignIn, User
from tests.cast import Cast
from tests.tracking.live import Server, happen, jwt, make_order, since
from vendors.models import Member

Api = Callable[..., APIClient]


def path(cast: Cast, query: str = "") -> str:
    return f"/api/v1/vendors/{cast.vendor.pk}/events{query}"


def test_a_page_after_a_position(cast: Cast, api: Api) -> None:
    order = make_order(cast.vendor, cast.customer_row)
    for _ in range(3):
        happen(order)
    answer = api(cast.owner).get(path(cast, f"?{since(1)}"))
    assert answer.status_code == 200
    assert [(event["position"], event["version"], event["kind"]) for event in answer.data["events"]] == [
        (2, 2, "note"),
        (3, 3, "note"),
    ]
    assert answer.data["position"] == 3
    assert set(answer.data["events"][0]) == {"position", "order", "version", "kind", "from", "to", "at"}


def test_from_now_and_up_to_date_are_empty(cast: Cast, api: Api) -> None:
    happen(make_order(cast.vendor, cast.customer_row))
    epoch = current_epoch()
    for query in ("", f"?epoch={epoch}", f"?{since(1)}", f"?{since(1)}&wait=25"):
        assert api(cast.owner).get(path(cast, query)).data == {"events": [], "position": 1, "epoch": epoch}
    other = api(cast.other_owner).get(f"/api/v1/vendors/{cast.other_vendor.pk}/events?since=0")
    assert other.data == {"events": [], "position": 0, "epoch": epoch}


@pytest.mark.slow
def test_a_page_holds_500(cast: Cast, api: Api) -> None:
    order = make_order(cast.vendor, cast.customer_row)
    for _ in range(502):
        happen(order)
    first = api(cast.owner).get(path(cast, "?since=0")).data
    assert (len(first["events"]), first["position"]) == (500, 500)
    rest = api(cast.owner).get(path(cast, f"?since={first['position']}&epoch={first['epoch']}")).data
    assert [event["position"] for event in rest["events"]] == [501, 502]


def test_a_position_that_is_not_kept_resets(cast: Cast, api: Api) -> None:
    order = make_order(cast.vendor, cast.customer_row)
    for _ in range(3):
        happen(order)
    FeedEntry.objects.filter(position__lte=2).delete()
    epoch = current_epoch()
    for position in (0, 1, 4, 10**17):
        answer = api(cast.owner).get(path(cast, f"?{since(position)}"))
        reset = {"position": 3, "kind": "reset", "epoch": epoch}
        assert answer.data == {"events": [reset], "position": 3, "epoch": epoch}
    assert api(cast.owner).get(path(cast, f"?{since(2)}")).data["events"][0]["position"] == 3


@pytest.mark.parametrize(
    "query", ["?since=-1", "?since=x", "?since=", "?since=9999999999999999999", "?wait=26", "?wait=-1", "?wait=1.5"]
)
def test_nonsense_is_refused(cast: Cast, api: Api, query: str) -> None:
    answer = api(cast.owner).get(path(cast, query))
    assert (answer.status_code, answer.data["errors"][0]["pointer"]) == (400, query.split("=")[0])


def test_who_may_read(cast: Cast, api: Api) -> None:
    assert api(cast.staff).get(path(cast)).status_code == 200
    assert api().get(path(cast)).status_code == 401
    for user in (cast.other_owner, cast.customer, cast.driver, cast.dispatcher):
        assert api(user).get(path(cast)).status_code == 403
    assert api(cast.owner).get("/api/v1/vendors/999999/events").status_code == 404


def test_a_waiting_call_answers_with_the_next_event(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    happen(order)
    timer = threading.Timer(0.7, happen, args=(order,))
    began = time.monotonic()
    timer.start()
    status, body = server.get(path(live_cast, f"?{since(1)}&wait=20"), token=jwt(live_cast.owner))
    timer.join()
    assert status == 200
    assert [event["position"] for event in json.loads(body)["events"]] == [2]
    assert 0.5 < time.monotonic() - began < 19


@pytest.mark.slow
def test_a_waiting_call_ends_in_time(server: Server, live_cast: Cast) -> None:
    began = time.monotonic()
    status, body = server.get(path(live_cast, "?wait=2"), token=jwt(live_cast.owner))
    assert (status, json.loads(body)) == (200, {"events": [], "position": 0, "epoch": current_epoch()})
    assert 1.9 < time.monotonic() - began < 30


def end_session(cast: Cast, key: str) -> None:
    SessionStore(key).delete()


def end_sign_in(cast: Cast, key: str) -> None:
    SignIn.objects.filter(user=cast.owner).delete()


def switch_off(cast: Cast, key: str) -> None:
    User.objects.filter(pk=cast.owner.pk).update(is_active=False)


def end_membership(cast: Cast, key: str) -> None:
    Member.objects.filter(user=cast.owner).delete()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("end", "by_session", "status"),
    [
        (end_session, True, 401),
        (end_sign_in, False, 401),
        (switch_off, False, 401),
        (switch_off, True, 401),
        (end_membership, False, 403),
        (end_membership, True, 403),
    ],
)
def test_a_call_that_waits_ends_with_its_right(
    server: Server, live_cast: Cast, end: Callable[[Cast, str], None], by_session: bool, status: int
) -> None:
    """What came after somebody signed out, or lost the right, is not told."""
    order = make_order(live_cast.vendor, live_cast.customer_row)
    happen(order)
    client = Client()
    client.force_login(live_cast.owner)
    key = client.session.session_key or ""
    sign_in = SignIn.objects.create(
        user=live_cast.owner, refresh_id="r", expires_at=timezone.now() + timedelta(hours=1)
    )
    access = AccessToken(jwt(live_cast.owner))  # type: ignore[arg-type]
    access["sign_in"] = sign_in.pk
    headers = {"Cookie": f"sessionid={key}"} if by_session else {"Authorization": f"Bearer {access}"}

    def lose() -> None:
        end(live_cast, key)
        happen(order)
        connection.close()

    timer = threading.Timer(0.7, lose)
    timer.start()
    asked = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    asked.request("GET", path(live_cast, f"?{since(1)}&wait=10"), headers=headers)
    answer = asked.getresponse()
    said = json.loads(answer.read())
    asked.close()
    timer.join()
    assert (answer.status, "events" in said) == (status, False)
