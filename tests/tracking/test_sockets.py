"""The live feed over real sockets: who gets in, and what comes."""

import time
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone
from rest_framework_simplejwt.tokens import AccessToken
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from orders.models import FeedEntry, Order, OrderEvent
from orders.services.record.epochs import current_epoch
from ordersite.accounts.browser_sessions import SessionStore
from ordersite.accounts.models import ApiToken, User
from ordersite.accounts.sign_ins import begin_sign_in, end_sign_in
from ordersite.core.crypto import token_hash
from tests.cast import Cast
from tests.tracking.live import Server, greet, happen, jwt, make_order, serving, since, told
from tracking.feed.closings import ENDED, EXPIRED, FORBIDDEN, MISSING, RESTARTING, UNKNOWN, Closing
from vendors.models import Dispatcher, Member

CODE = "a-tracking-code-of-this-test"
NO_NUMBERS = ("-1", "x", "99999999999999999999", "", "%00", "1.5", "%D9%A3")
NO_NUMBER = "{}: send a whole number from 0 to 999999999999999999."


def closed_with(socket: ClientConnection) -> int:
    """The code that the server closes with; raises TimeoutError where it sends nothing for 20 s."""
    try:
        while True:
            socket.recv(20)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


def why_closed(socket: ClientConnection) -> Closing:
    return Closing(closed_with(socket), socket.close_reason or "")


def api_token(secret: str, **owner: object) -> ApiToken:
    return ApiToken.objects.create(
        name="till", token_hash=token_hash(secret), hint=secret[:8], **{"scopes": ["read"], **owner}
    )


def session_of(user: User) -> str:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "ordersite.accounts.authentication.PasswordBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


def test_a_vendor_reads_what_it_missed_and_then_what_comes(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    for _ in range(3):
        happen(order)
    first = happen(order, kind="status", from_status=0, to_status=7)
    path = f"/ws/vendors/{live_cast.vendor.pk}"
    with server.connect(f"{path}?{since(2)}", token=jwt(live_cast.owner)) as socket:
        assert socket.subprotocol == "ordersite.v1"
        assert told(socket) == {
            "position": 3,
            "order": order.pk,
            "version": 3,
            "kind": "note",
            "from": None,
            "to": None,
            "at": told_at(OrderEvent.objects.get(order=order, number=3)),
        }
        assert told(socket) == {
            "position": 4,
            "order": order.pk,
            "version": 4,
            "kind": "status",
            "from": 0,
            "to": 7,
            "at": told_at(first),
        }
        for position in (5, 6):
            happen(order)
            assert told(socket)["position"] == position


def told_at(event: OrderEvent) -> str:
    return event.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_without_since_only_what_comes(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    happen(order)
    with server.connect(f"/ws/vendors/{live_cast.vendor.pk}", token=jwt(live_cast.owner)) as socket:
        greet(socket)
        happen(order)
        assert told(socket)["position"] == 2


def test_more_than_a_batch_is_replayed_complete(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    for _ in range(1203):
        happen(order)
    with server.connect(f"/ws/vendors/{live_cast.vendor.pk}?since=0", token=jwt(live_cast.owner)) as socket:
        assert [told(socket)["position"] for _ in range(1203)] == list(range(1, 1204))
        happen(order)
        assert told(socket)["position"] == 1204


def test_drivers_and_companies_have_streams_of_their_own(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row, driver=live_cast.company_driver_row)
    happen(order)
    Order.objects.filter(pk=order.pk).update(company=live_cast.company)
    happen(order)
    with (
        server.connect("/ws/drivers/me?since=0", token=jwt(live_cast.company_driver)) as driver,
        server.connect("/ws/companies/me?since=0", token=jwt(live_cast.dispatcher)) as company,
        server.connect(
            f"/ws/companies/me?since=0&company={live_cast.company.pk}", token=jwt(live_cast.dispatcher)
        ) as chosen,
    ):
        assert [told(driver)["version"] for _ in range(2)] == [1, 2]
        assert (told(company)["version"], told(chosen)["position"]) == (2, 1)
        happen(order)
        assert (told(company)["version"], told(chosen)["position"]) == (3, 2)


def test_staff_events_are_hidden_from_a_vendor(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    happen(order, kind="status", from_status=0, to_status=7, visible_to="staff")
    happen(order, kind="status", from_status=0, to_status=7, visible_to="business")
    with server.connect(f"/ws/vendors/{live_cast.vendor.pk}?since=0", token=jwt(live_cast.owner)) as socket:
        assert [(told["kind"], told["to"]) for told in (told(socket), told(socket))] == [
            ("hidden", None),
            ("status", 7),
        ]


def test_a_tracking_code_follows_its_order_by_version(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row, code=CODE)
    happen(order, kind="placed")
    happen(order, kind="status", from_status=0, to_status=7, visible_to="business")
    with server.connect(f"/ws/orders/{CODE}?since=0") as socket:
        assert (told(socket)["kind"], told(socket)) == (
            "placed",
            {
                "position": 2,
                "order": order.pk,
                "version": 2,
                "kind": "hidden",
                "from": None,
                "to": None,
                "at": told_at(OrderEvent.objects.get(order=order, number=2)),
            },
        )
        happen(order, kind="status", from_status=7, to_status=4)
        assert (told(socket))["to"] == 4


@pytest.mark.parametrize("position", ["9", "999999999999999999"])
def test_a_position_that_is_not_there_resets(server: Server, live_cast: Cast, position: str) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    happen(order)
    path = f"/ws/vendors/{live_cast.vendor.pk}?since={position}&epoch={current_epoch()}"
    with server.connect(path, token=jwt(live_cast.owner)) as socket:
        assert told(socket) == {"kind": "reset", "position": 1, "epoch": current_epoch()}
        happen(order)
        assert told(socket)["position"] == 2


def test_refusals_accept_and_then_close(server: Server, live_cast: Cast) -> None:
    vendor, other = f"/ws/vendors/{live_cast.vendor.pk}", f"/ws/vendors/{live_cast.other_vendor.pk}"
    api_token("ost_write-only", user=live_cast.owner, scopes=["write"])
    api_token("ost_revoked", user=live_cast.owner, revoked_at=timezone.now())
    api_token("ost_lapsed", user=live_cast.owner, expires_at=timezone.now() - timedelta(seconds=1))
    lapsed = make_order(live_cast.vendor, live_cast.customer_row, code="lapsed")
    Order.objects.filter(pk=lapsed.pk).update(closed_at=timezone.now() - timedelta(days=8))
    make_order(live_cast.vendor, live_cast.customer_row, code="deleted", deleted_at=timezone.now())
    owner = jwt(live_cast.owner)
    expired = AccessToken.for_user(live_cast.owner)
    expired.set_exp(lifetime=-timedelta(seconds=1))
    for path, token, closing in (
        (vendor, "", UNKNOWN),
        (vendor, "nonsense", UNKNOWN),
        (vendor, str(expired), EXPIRED),
        (vendor, "ost_unknown", UNKNOWN),
        (vendor, "ost_revoked", UNKNOWN),
        (vendor, "ost_lapsed", EXPIRED),
        (vendor, "ost_write-only", Closing(4403, "The API token lacks the scope read: create one with it.")),
        (other, owner, FORBIDDEN),
        (vendor, jwt(live_cast.customer), FORBIDDEN),
        (vendor, jwt(live_cast.driver), FORBIDDEN),
        ("/ws/vendors/999999", owner, MISSING),
        ("/ws/vendors/99999999999999999999", owner, MISSING),
        ("/ws/drivers/me", owner, FORBIDDEN),
        ("/ws/companies/me", owner, FORBIDDEN),
        ("/ws/companies/me?company=0", jwt(live_cast.dispatcher), FORBIDDEN),
        ("/ws/companies/me?company=999", jwt(live_cast.dispatcher), FORBIDDEN),
        ("/ws/orders/unknown", "", MISSING),
        ("/ws/orders/lapsed", "", MISSING),
        ("/ws/orders/deleted", "", MISSING),
        ("/ws/nothing", owner, MISSING),
        ("/", "", MISSING),
    ):
        with server.connect(path, token=token) as socket:
            assert (path, why_closed(socket)) == (path, closing)
    assert "Traceback" not in server.log()
    assert "exception" not in server.log()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/ws/vendors/{}?sicne=3", "Unknown query parameter sicne: send since, epoch."),
        ("/ws/vendors/{}?since=3&token=secret", "Unknown query parameter token: send since, epoch."),
        ("/ws/vendors/{}?company=1", "Unknown query parameter company: send since, epoch."),
        ("/ws/vendors/{}?Since", "Unknown query parameter Since: send since, epoch."),
        ("/ws/vendors/{}?since=1&since=2", "Send the query parameter since once."),
        ("/ws/drivers/me?driver=7", "Unknown query parameter driver: send since, epoch."),
        ("/ws/companies/me?compnay=1", "Unknown query parameter compnay: send since, epoch, company."),
        ("/ws/companies/me?company=1&company=2", "Send the query parameter company once."),
        *((f"/ws/vendors/{{}}?since={text}", NO_NUMBER.format("since")) for text in NO_NUMBERS),
        ("/ws/drivers/me?since=x", NO_NUMBER.format("since")),
        (f"/ws/orders/{CODE}?since=x", NO_NUMBER.format("since")),
        ("/ws/companies/me?company=x", NO_NUMBER.format("company")),
        ("/ws/companies/me?company=", NO_NUMBER.format("company")),
        (f"/ws/orders/{CODE}?%00%C3%A4" + 60 * "x", f"Unknown query parameter ??{38 * 'x'}: send since, epoch."),
    ],
)
def test_a_parameter_that_is_amiss_is_named(server: Server, live_cast: Cast, path: str, reason: str) -> None:
    make_order(live_cast.vendor, live_cast.customer_row, code=CODE)
    with server.connect(path.format(live_cast.vendor.pk), token=jwt(live_cast.owner)) as socket:
        assert closed_with(socket) == 4400
        assert socket.close_reason == reason


def test_who_may_watch_a_vendor(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    happen(order)
    path = f"/ws/vendors/{live_cast.vendor.pk}?since=0"
    api_token("ost_merchant", merchant=live_cast.merchant)
    api_token("ost_owner", user=live_cast.owner)
    for token in (jwt(live_cast.staff), jwt(live_cast.owner), "ost_merchant", "ost_owner"):
        with server.connect(path, token=token) as socket:
            assert told(socket)["position"] == 1
    headers = {"Authorization": f"Bearer {jwt(live_cast.owner)}"}
    with server.connect(path, additional_headers=headers) as socket:
        assert told(socket)["position"] == 1


def test_a_session_counts_from_our_own_pages_only(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    happen(order)
    path = f"/ws/vendors/{live_cast.vendor.pk}?since=0"
    cookie = {"Cookie": f"sessionid={session_of(live_cast.owner)}"}
    with server.connect(path, additional_headers=cookie, origin=f"http://127.0.0.1:{server.port}") as socket:
        assert told(socket)["position"] == 1
    for origin in ("http://evil.example", "null", f"http://127.0.0.1:{server.port + 1}", None):
        with server.connect(path, additional_headers=cookie, origin=origin) as socket:
            assert why_closed(socket) == (4403, "A session works on the pages of this site only: send a token.")
    with server.connect(path, additional_headers={"Cookie": "sessionid=unknown"}) as socket:
        assert closed_with(socket) in (4401, 4403)


def test_who_loses_the_right_loses_the_socket(server: Server, live_cast: Cast) -> None:
    path = f"/ws/vendors/{live_cast.vendor.pk}"
    member = api_token("ost_member", user=live_cast.owner)
    api_token("ost_merchant", merchant=live_cast.merchant)
    store = session_of(live_cast.staff)
    here: dict[str, Any] = {"additional_headers": {"Cookie": f"sessionid={store}"}}
    here["origin"] = f"http://127.0.0.1:{server.port}"
    order = make_order(live_cast.vendor, live_cast.customer_row, code=CODE)
    with (
        server.connect(path, token=jwt(live_cast.owner)) as by_jwt,
        server.connect(path, token="ost_member") as by_token,
        server.connect(path, token="ost_merchant") as stays,
        server.connect(path, **here) as signed_out,
        server.connect("/ws/drivers/me", token=jwt(live_cast.driver)) as inactive,
        server.connect("/ws/companies/me", token=jwt(live_cast.dispatcher)) as dispatcher,
        server.connect(f"/ws/orders/{CODE}") as follower,
        server.connect("/ws/drivers/me", token=jwt(live_cast.other_driver)) as other,
    ):
        for socket in (by_jwt, by_token, stays, signed_out, inactive, dispatcher, follower, other):
            greet(socket)
        Member.objects.filter(user=live_cast.owner).delete()
        ApiToken.objects.filter(pk=member.pk).update(revoked_at=timezone.now())
        SessionStore(store).delete()
        User.objects.filter(pk=live_cast.driver.pk).update(is_active=False)
        Dispatcher.objects.all().delete()
        Order.objects.filter(pk=order.pk).update(deleted_at=timezone.now())
        live_cast.other_driver.set_password("another-long-passphrase")
        live_cast.other_driver.save()
        began = time.monotonic()
        assert (why_closed(by_jwt), why_closed(by_token), why_closed(signed_out)) == (FORBIDDEN, ENDED, ENDED)
        assert (why_closed(inactive), why_closed(dispatcher), why_closed(follower)) == (ENDED, FORBIDDEN, MISSING)
        assert why_closed(other) == ENDED
        assert time.monotonic() - began < 20
        happen(order)
        assert told(stays)["position"] == 1


def test_a_socket_ends_when_its_token_expires(server: Server, live_cast: Cast) -> None:
    """A machine that is slower than a short life refuses the socket at once: then with a longer one."""
    for seconds in (3, 20, 120):
        token = AccessToken.for_user(live_cast.staff)
        token.set_exp(lifetime=timedelta(seconds=seconds))
        with server.connect(f"/ws/vendors/{live_cast.vendor.pk}", token=str(token)) as socket:
            try:
                greet(socket)
            except ConnectionClosed:
                continue
            with pytest.raises(ConnectionClosed):
                socket.recv(seconds + 20)
            assert why_closed(socket) == EXPIRED
            assert time.time() >= token["exp"]
            return
    raise AssertionError("no socket was opened within the life of its token")


def test_a_socket_ends_with_the_sign_in_it_came_from(server: Server, live_cast: Cast) -> None:
    path = f"/ws/vendors/{live_cast.vendor.pk}"
    ended, stays = (begin_sign_in(live_cast.owner) for _ in range(2))
    with server.connect(path, token=ended.access) as closed, server.connect(path, token=stays.access) as open_still:
        greet(closed)
        greet(open_still)
        end_sign_in(ended.refresh)
        since = time.monotonic()
        assert closed_with(closed) == 4401
        assert time.monotonic() - since < 20
        happen(make_order(live_cast.vendor, live_cast.customer_row))
        assert told(open_still)["position"] == 1
    with server.connect(path, token=ended.access) as refused:
        assert closed_with(refused) == 4401


def test_what_a_client_sends_is_ignored_or_too_large(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    path = f"/ws/vendors/{live_cast.vendor.pk}"
    with server.connect(path, token=jwt(live_cast.owner)) as socket:
        for message in ("", "{", b"\x00\xff", "x" * 4096):
            socket.send(message)
        assert socket.ping().wait(20)  # answered in its turn: all before it has been read
        happen(order)
        assert told(socket)["position"] == 1
        socket.send("x" * 4097)
        assert closed_with(socket) == 1009
    assert "Traceback" not in server.log()


def test_a_server_that_restarts_says_so(server: Server, live_cast: Cast) -> None:
    with server.connect(f"/ws/vendors/{live_cast.vendor.pk}", token=jwt(live_cast.owner)) as socket:
        greet(socket)
        server.stop()
        assert why_closed(socket) == RESTARTING


def test_tries_of_codes_are_counted(server: Server, live_cast: Cast) -> None:
    for _ in range(60):
        with server.connect("/ws/orders/guess") as socket:
            assert closed_with(socket) == 4404
    make_order(live_cast.vendor, live_cast.customer_row, code=CODE)
    with server.connect(f"/ws/orders/{CODE}") as socket:
        assert closed_with(socket) == 1013


def test_so_many_sockets_and_one_more(live_cast: Cast, tmp_path: Path) -> None:
    """Of an address, of a caller, of those who follow orders; a place that is given up is free again."""
    make_order(live_cast.vendor, live_cast.customer_row, code=CODE)
    api_token("ost_owner", user=live_cast.owner)
    limits = {"FEED_SOCKETS_ADDRESS": "6", "FEED_SOCKETS_CALLER": "3", "FEED_SOCKETS_GUESTS": "2"}
    vendor, order = f"/ws/vendors/{live_cast.vendor.pk}", f"/ws/orders/{CODE}"
    owner = jwt(live_cast.owner)
    with serving(tmp_path, "--no-worker", REDIS_URL="", **limits) as server, ExitStack() as stack:

        def enter(path: str, token: str = "") -> ClientConnection:
            socket = stack.enter_context(server.connect(path, token=token))
            greet(socket)
            return socket

        def refused(path: str, token: str, most: int) -> None:
            with server.connect(path, token=token) as socket:
                assert closed_with(socket) == 1013
                assert socket.close_reason == f"More than {most} sockets are open: close others first."

        def enter_when_free(path: str) -> None:
            """The server gives a place up once it has read that its socket is closed."""
            until = time.monotonic() + 20
            while time.monotonic() < until:
                with suppress(ConnectionClosed):
                    enter(path)
                    return
            raise AssertionError("the place of a closed socket is not free again")

        followers = [enter(order) for _ in range(2)]
        refused(order, "", 2)
        enter(vendor, owner)
        enter(vendor, "ost_owner")
        enter(vendor, owner)
        refused(vendor, owner, 3)
        refused(vendor, "ost_owner", 3)
        enter(vendor, jwt(live_cast.staff))
        refused(vendor, jwt(live_cast.staff), 6)
        refused(vendor, "", 6)
        followers[0].close()
        enter_when_free(order)
        assert server.log() == ""


def test_leaving_closes_with_1012_and_in_time(server: Server, live_cast: Cast) -> None:
    with server.connect(f"/ws/vendors/{live_cast.vendor.pk}", token=jwt(live_cast.owner)) as socket:
        greet(socket)
        began = time.monotonic()
        server.process.terminate()
        assert closed_with(socket) == 1012
        assert server.process.wait(20) == 0
        assert time.monotonic() - began < 20
    assert server.log() == ""


def test_a_pruned_position_resets(server: Server, live_cast: Cast) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    for _ in range(5):
        happen(order)
    FeedEntry.objects.filter(position__lte=3).delete()
    path = f"/ws/vendors/{live_cast.vendor.pk}"
    for position, first in ((0, "reset"), (2, "reset"), (3, "note")):
        with server.connect(f"{path}?{since(position)}", token=jwt(live_cast.owner)) as socket:
            message = told(socket)
            assert (position, message["kind"]) == (position, first)
            assert message["position"] == (5 if first == "reset" else 4)


def test_any_asgi_server_serves_the_feed(live_cast: Cast, tmp_path: Path) -> None:
    order = make_order(live_cast.vendor, live_cast.customer_row)
    for _ in range(3):
        happen(order)
    command = ("-m", "uvicorn", "ordersite.asgi:application", "--lifespan", "off", "--log-level", "warning")
    with serving(tmp_path, command=command, REDIS_URL="") as server:
        path = f"/ws/vendors/{live_cast.vendor.pk}?since=0"
        with server.connect(path, token=jwt(live_cast.owner)) as socket:
            assert [told(socket)["position"] for _ in range(3)] == [1, 2, 3]
            happen(order)
            assert told(socket)["position"] == 4
            Member.objects.filter(user=live_cast.owner).delete()
            assert closed_with(socket) == 4403
        with server.connect(path) as socket:
            assert closed_with(socket) == 4401
        assert "Traceback" not in server.log()
