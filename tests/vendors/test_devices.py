"""Devices of a vendor: added, paired once by a code, renamed, revoked; and what they do is told under their name."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from orders.lifecycle.table import Status
from orders.models import OrderEvent
from ordersite.core.crypto import decrypt, token_hash
from tests.cast import Cast, make_clerk, make_manager, make_user
from tests.office import choose
from tests.orders.rows import add_line, make_order
from tests.orders.shopping import assert_nothing_changed
from tracking.feed import watchers
from tracking.feed.closings import ENDED, FORBIDDEN, UNKNOWN, WatchRefused
from vendors.models import Device, Member
from vendors.services import devices

Api = Callable[..., APIClient]
PAIR = "/api/v1/devices/pair"


def path_of(cast: Cast, *parts: object) -> str:
    return "/".join(["/api/v1/vendors", str(cast.vendor.pk), "devices", *map(str, parts)])


def add(api: Api, cast: Cast, **body: Any) -> dict[str, Any]:
    answer = api(cast.owner).post(path_of(cast), {"name": "Kitchen", **body})
    assert answer.status_code == 201, answer.data
    return dict(answer.data)


def pair(code: str, **body: Any) -> Any:
    return APIClient().post(PAIR, {"code": code, **body})


@pytest.fixture
def token(api: Api, cast: Cast) -> str:
    return str(pair(add(api, cast)["code"]).data["token"])


def test_a_device_is_paired_by_its_code_once(api: Api, cast: Cast) -> None:
    added = add(api, cast)
    assert (added["name"], added["kind"], added["paired_at"]) == ("Kitchen", "board", None)
    assert len(added["code"]) == 8
    assert not set(added["code"]) & set("01ILOU")
    row = Device.objects.get()
    assert added["code"] not in (row.code_hash, row.token_hash)
    # As people type it.
    typed = f" {added['code'][:4].lower()}-{added['code'][4:]} "
    paired = pair(typed)
    assert paired.status_code == 200
    assert paired.data["vendor"] == {"id": cast.vendor.pk, "name": "Burger Bar"}
    token = paired.data["token"]
    assert token.startswith("osd_")
    row.refresh_from_db()
    assert (row.token_hash, row.code_hash) == (token_hash(token), None)
    assert row.paired_at is not None
    again = pair(added["code"])
    assert (again.status_code, again.data["errors"][0]["pointer"], again.data["errors"][0]["code"]) == (
        400,
        "/code",
        "invalid",
    )
    listed = api(cast.owner).get(path_of(cast))
    assert [(one["id"], one["name"]) for one in listed.data["results"]] == [(row.pk, "Kitchen")]
    assert token not in listed.content.decode()
    board = api(token=token).get(f"/api/v1/orders?mode=dashboard&vendor={cast.vendor.pk}")
    assert (board.status_code, "Feed-Position" in board.headers) == (200, True)


def test_a_code_lapses_after_ten_minutes(api: Api, cast: Cast) -> None:
    code = add(api, cast)["code"]
    Device.objects.update(code_expires_at=timezone.now() - timedelta(seconds=1))
    assert pair(code).status_code == 400
    assert Device.objects.get().token_hash is None
    lasts = devices.CODE_LASTS
    assert lasts == timedelta(minutes=10)


def test_guesses_are_throttled_by_address_and_stay_counted(api: Api, cast: Cast) -> None:
    code = add(api, cast)["code"]
    for _ in range(devices.PAIRING_TRIES):
        assert pair("WWWWWWWW").status_code == 400
    refused = pair(code)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 600
    assert Device.objects.get().paired_at is None


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/name", "required"),
        ({"name": ""}, "/name", "blank"),
        ({"name": "x" * 61}, "/name", "max_length"),
        ({"name": "a\nb"}, "/name", "control"),
        ({"name": "Kitchen", "kind": "fridge"}, "/kind", "invalid_choice"),
        ({"name": "Kitchen", "token": "x"}, "/token", "unknown_field"),
    ],
)
def test_bad_input_is_told_by_its_field(api: Api, cast: Cast, body: Any, pointer: str, code: str) -> None:
    answer = api(cast.owner).post(path_of(cast), body)
    assert answer.status_code == 400
    assert [(one["pointer"], one["code"]) for one in answer.data["errors"]] == [(pointer, code)]
    assert Device.objects.count() == 0


def test_a_vendor_has_so_many_devices(api: Api, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "MOST_DEVICES", 1)
    first = add(api, cast)
    refused = api(cast.owner).post(path_of(cast), {"name": "Counter"})
    assert (refused.status_code, refused.data["code"]) == (409, "too_many_devices")
    assert api(cast.owner).delete(path_of(cast, first["id"])).status_code == 204
    add(api, cast, name="Counter")


def test_a_new_code_ends_the_old_token_when_it_is_used(api: Api, cast: Cast, token: str) -> None:
    device = Device.objects.get()
    again = api(cast.owner).post(path_of(cast, device.pk, "code"))
    assert (again.status_code, again.data["id"]) == (201, device.pk)
    assert api(token=token).get("/api/v1/orders").status_code == 200
    newer = pair(again.data["code"]).data["token"]
    assert api(token=token).get("/api/v1/orders").status_code == 401
    assert api(token=newer).get("/api/v1/orders").status_code == 200


def test_a_revoked_device_is_out_at_once(api: Api, cast: Cast, token: str) -> None:
    device = Device.objects.get()
    watcher = watchers.at_vendor(cast.vendor.pk, watchers.by_bearer(token))
    assert watchers.refusals([watcher]) == {}
    assert api(cast.owner).delete(path_of(cast, device.pk)).status_code == 204
    refused = api(token=token).get("/api/v1/orders")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    assert watchers.refusals([watcher]) == {watcher: ENDED}
    with pytest.raises(WatchRefused) as closed:
        watchers.by_bearer(token)
    assert closed.value.code == UNKNOWN.code
    assert api(cast.owner).get(path_of(cast)).data["count"] == 0
    for call in ("patch", "delete"):
        assert getattr(api(cast.owner), call)(path_of(cast, device.pk), {"name": "x"}).status_code == 404


def test_a_code_of_a_revoked_device_pairs_nothing(api: Api, cast: Cast) -> None:
    added = add(api, cast)
    api(cast.owner).delete(path_of(cast, added["id"]))
    assert pair(added["code"]).status_code == 400


def test_who_manages_devices(api: Api, cast: Cast) -> None:
    add(api, cast)
    staff_member, manager = make_user("Siem Staff"), make_manager(cast.vendor)
    Member.objects.create(user=staff_member, merchant=cast.merchant, role=Member.Role.STAFF)
    elsewhere = make_manager(cast.other_vendor, "Nora Elsewhere")
    for user, status in ((manager, 200), (cast.staff, 200), (staff_member, 403), (elsewhere, 403), (make_clerk(), 403)):
        assert api(user).get(path_of(cast)).status_code == status, user
    with assert_nothing_changed():
        refused = api(staff_member).post(path_of(cast), {"name": "Mine"})
    assert (refused.status_code, "owner and managers" in refused.data["detail"]) == (403, True)
    assert api(cast.owner).get("/api/v1/vendors/999999/devices").status_code == 404
    other = Device.objects.create(vendor=cast.other_vendor, name="Tea")
    assert api(cast.owner).delete(path_of(cast, other.pk)).status_code == 404


def test_what_a_device_does_is_told_under_its_name(api: Api, cast: Cast, token: str) -> None:
    order = make_order(cast, status=Status.PENDING)
    add_line(order, cast.products["soda"])
    tablet = api(token=token)
    moved = tablet.post(f"/api/v1/orders/{order.pk}/transitions", {"transition": "accept", "prepared_in": 20})
    assert (moved.status_code, moved.data["status"]["name"]) == (200, "accepted_by_business")
    device = Device.objects.get()
    event = OrderEvent.objects.filter(order=order).latest("number")
    assert (event.actor, event.actor_name, event.role) == (f"device:{device.pk}", "Kitchen", "vendor")
    api(cast.owner).patch(path_of(cast, device.pk), {"name": "Counter"})
    told = {
        name: api(user).get(f"/api/v1/orders/{order.pk}/history").data["results"][-1]["device"]
        for name, user in (("owner", cast.owner), ("staff", cast.staff), ("customer", cast.customer))
    }
    assert told == {"owner": "Kitchen", "staff": "Kitchen", "customer": ""}
    page = Client()
    page.force_login(cast.staff)
    assert "Counter (board)" in page.get(f"/admin/orders/order/{order.pk}/change/").content.decode()


def test_last_seen_is_kept_to_the_minute(api: Api, cast: Cast, token: str) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    Device.objects.update(last_seen_at=long_ago)
    api(token=token).get("/api/v1/orders")
    seen = Device.objects.get().last_seen_at
    assert seen is not None
    assert seen > long_ago
    api(token=token).get("/api/v1/orders")
    assert Device.objects.get().last_seen_at == seen


# --- in a browser -------------------------------------------------------------------------------------------------


def paired_browser(api: Api, cast: Cast) -> APIClient:
    """A browser that was paired from a page of ours, and asks for CSRF as a real one."""
    client = APIClient(enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    answer = client.post(PAIR, {"code": add(api, cast)["code"], "browser": True}, headers={"X-CSRFToken": "a" * 32})
    assert answer.status_code == 200, answer.data
    assert answer.data["token"] is None
    return client


def test_a_browsers_token_lies_where_no_script_reads_it(api: Api, cast: Cast) -> None:
    client = paired_browser(api, cast)
    cookie = client.cookies["device"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert token_hash(cookie.value) == Device.objects.get().token_hash
    assert client.get(f"/api/v1/orders?mode=dashboard&vendor={cast.vendor.pk}").status_code == 200


def test_a_browser_is_not_paired_from_another_site(api: Api, cast: Cast) -> None:
    code = add(api, cast)["code"]
    refused = APIClient(enforce_csrf_checks=True).post(PAIR, {"code": code, "browser": True})
    assert refused.status_code == 403
    assert Device.objects.get().paired_at is None


def test_a_cookie_changes_nothing_without_the_csrf_header(api: Api, cast: Cast) -> None:
    client = paired_browser(api, cast)
    order = make_order(cast, status=Status.PENDING)
    add_line(order, cast.products["soda"])
    path, body = f"/api/v1/orders/{order.pk}/transitions", {"transition": "accept"}
    with assert_nothing_changed(order):
        assert client.post(path, body).status_code == 403
        foreign = {"X-CSRFToken": "a" * 32, "Origin": "https://elsewhere.example"}
        assert client.post(path, body, headers=foreign).status_code == 403
    assert client.post(path, body, headers={"X-CSRFToken": "a" * 32}).status_code == 200


def test_whoever_signs_in_on_a_paired_browser_acts_as_himself(api: Api, cast: Cast) -> None:
    client = paired_browser(api, cast)
    client.force_login(cast.owner)
    assert client.get("/api/v1/me").data["email"] == cast.owner.email


def test_where_devices_do_nothing_a_paired_browser_is_nobody(api: Api, cast: Cast) -> None:
    """It follows an order by its code as any browser does, also once it is revoked."""
    order = make_order(cast, status=Status.PENDING)
    code = decrypt(order.tracking_sealed)
    client = paired_browser(api, cast)
    for is_paired in (True, False):
        assert client.post("/api/v1/track", {"code": code}).status_code == 200
        assert client.get("/api/v1/me").status_code == 401
        assert client.get(f"/api/v1/vendors/{cast.vendor.pk}/ledger").status_code == 401
        if is_paired:
            assert api(cast.owner).delete(path_of(cast, Device.objects.get().pk)).status_code == 204
    assert client.get(f"/api/v1/vendors/{cast.vendor.pk}/board").status_code == 401


def request_with(**headers: str) -> HttpRequest:
    request = HttpRequest()
    request.META |= {"HTTP_HOST": "testserver", "SERVER_NAME": "testserver", "SERVER_PORT": "80"}
    request.META |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    return request


def test_a_cookie_opens_the_socket_from_a_page_of_ours_alone(api: Api, cast: Cast, token: str) -> None:
    request = request_with(origin="http://testserver")
    request.COOKIES = {"device": token}
    credential = watchers.identify(request, "")
    assert credential.device_id == Device.objects.get().pk
    # A session of nobody beside it, as every visitor of a page may have.
    request.COOKIES = {"device": token, "sessionid": "no-such-session"}
    assert watchers.identify(request, "") == credential
    foreign = request_with(origin="https://elsewhere.example")
    foreign.COOKIES = {"device": token}
    with pytest.raises(WatchRefused) as refused:
        watchers.identify(foreign, "")
    assert refused.value.code == FORBIDDEN.code


# --- the back-office ----------------------------------------------------------------------------------------------


def test_staff_revoke_devices_in_the_back_office(api: Api, cast: Cast, token: str) -> None:
    client, device = Client(), Device.objects.get()
    client.force_login(cast.staff)
    page = client.get("/admin/vendors/device/")
    assert page.status_code == 200
    assert "Kitchen" in page.content.decode()
    chosen = choose(client, "/admin/vendors/device/", "revoke", [device])
    answer = client.get(chosen["Location"])
    assert "Kitchen of Burger Bar is revoked." in answer.content.decode()
    assert api(token=token).get("/api/v1/orders").status_code == 401
    viewer = make_clerk("accounts.act_everywhere", "vendors.view_device", name="Vera Viewer")
    other = Device.objects.create(vendor=cast.vendor, name="Counter")
    client.force_login(viewer)
    assert "Counter" in client.get("/admin/vendors/device/").content.decode()
    choose(client, "/admin/vendors/device/", "revoke", [other])
    other.refresh_from_db()
    assert other.revoked_at is None
