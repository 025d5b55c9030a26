"""The live feed for those who cannot hold a socket: a call that waits."""

import json
import threading
import time
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models.parties import party_of_vendor
from ordersite.accounts.authentication import caller_of
from ordersite.accounts.browser_sessions import SessionStore
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.faults import NotFound
from ordersite.core.numbers import read_whole
from ordersite.web.problems import BadRequest, ForbiddenProblem
from ordersite.web.views import ApiView
from tracking.feed import entries
from tracking.feed.entries import Page
from tracking.feed.wake import woken_by
from vendors.models import Vendor
from vendors.permissions import serves

MAX_WAIT = 25
# Each waiting call holds a thread; beyond so many a call is answered at once.
WAITERS = threading.BoundedSemaphore(100)
# A hint of another process may not reach this thread, so it looks by itself.
LOOK_EVERY = 1.0
NOT_OF_VENDOR = "Only the people who work for this vendor can read its feed."
TOLD = ", ".join([*entries.KINDS, entries.HIDDEN, entries.RESET])


class FeedEventSerializer(serializers.Serializer):
    """One entry, the same as a socket sends. A reset has its kind, position and epoch only."""

    position = serializers.IntegerField()
    order = serializers.IntegerField(required=False)
    version = serializers.IntegerField(required=False)
    kind = serializers.CharField(help_text=f"One of {TOLD}.")
    at = serializers.DateTimeField(required=False)
    epoch = serializers.CharField(required=False, help_text="Why the feed was reset.")

    def get_fields(self) -> dict[str, Any]:
        """With `from`, which Python cannot name."""
        return {
            **super().get_fields(),
            "from": serializers.IntegerField(required=False, allow_null=True),
            "to": serializers.IntegerField(required=False, allow_null=True),
        }


class FeedPageSerializer(serializers.Serializer):
    """`position` is the `since` of the next call, `epoch` its `epoch`."""

    events = FeedEventSerializer(many=True)
    position = serializers.IntegerField()
    epoch = serializers.CharField()


def number(request: Request, name: str, *, default: int | None, most: int) -> int | None:
    """A query parameter from 0 to `most`; raises BadRequest that says so."""
    text = request.query_params.get(name)
    if text is None:
        return default
    found = read_whole(text)
    if found is None or found > most:
        raise BadRequest(f"?{name}", "invalid", f"Send a whole number from 0 to {most}.")
    return found


class VendorEventsView(ApiView):
    """A vendor's feed after a position."""

    devices = ("GET",)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "since",
                {"type": "integer", "format": "int64", "minimum": 0, "maximum": 10**18 - 1},
                description="The last position that you have read; if left out, the feed starts now.",
            ),
            OpenApiParameter(
                "epoch",
                str,
                description="The epoch of that position. A position above 0 without it is answered by a reset.",
            ),
            OpenApiParameter(
                "wait",
                {"type": "integer", "minimum": 0, "maximum": MAX_WAIT},
                description="How many seconds to wait for something new at most; the answer may come earlier.",
            ),
        ],
        responses={200: FeedPageSerializer},
    )
    def get(self, request: Request, vendor_id: int) -> Response:
        """Answers what has come after `since`, waiting for it up to `wait` seconds."""
        since = number(request, "since", default=None, most=10**18 - 1)
        wait = number(request, "wait", default=0, most=MAX_WAIT) or 0
        if not Vendor.objects.filter(pk=vendor_id).exists():
            raise NotFound()
        caller = caller_of(request)
        if not serves(caller, Right.VIEW_ORDERS, vendor_id):
            raise ForbiddenProblem("forbidden", NOT_OF_VENDOR)
        page, has_waited = read_or_wait(party_of_vendor(vendor_id), since, request.query_params.get("epoch"), wait)
        if has_waited and not serves(caller_now(request), Right.VIEW_ORDERS, vendor_id):
            raise ForbiddenProblem("forbidden", NOT_OF_VENDOR)
        found = [entries.reset(page.epoch, page.last)] if page.reset else page.entries
        events = [json.loads(entry.text) for entry in found]
        return Response({"events": events, "position": found[-1].position if found else page.last, "epoch": page.epoch})


def caller_now(request: Request) -> Caller:
    """Who asks, by what the database says now: who waits may have signed out, or lost a right, meanwhile.

    Raises NotAuthenticated, or AuthenticationFailed, where nobody does any more.
    """
    http = request._request
    # The session and its user as they are stored, not as they were read.
    http.session = SessionStore(http.session.session_key)
    http.user = get_user(http)
    authenticators: Any = request.authenticators
    again = Request(http, authenticators=authenticators, parser_context=request.parser_context)
    if not again.user.is_authenticated:
        raise NotAuthenticated
    return caller_of(again)


def read_or_wait(stream: str, since: int | None, epoch: str | None, wait: int) -> tuple[Page, bool]:
    """The next page, waited for where this process may and a place to wait is free; and whether it was."""
    page = entries.read_stream(stream, since, epoch)
    if page.entries or page.reset or not wait or settings.PROCESS != "asgi" or not WAITERS.acquire(blocking=False):
        return page, False
    try:
        return wait_for_entries(stream, page.last, page.epoch, wait), True
    finally:
        WAITERS.release()


def wait_for_entries(stream: str, since: int, epoch: str, wait: int) -> Page:
    """Looks again with every hint, and once a second; the connection is given back in between."""
    until = time.monotonic() + wait
    with woken_by(stream) as woken:
        while True:
            woken.clear()
            page = entries.read_stream(stream, since, epoch)
            left = until - time.monotonic()
            if page.entries or page.reset or left <= 0:
                return page
            connection.close()
            woken.wait(min(left, LOOK_EVERY))
