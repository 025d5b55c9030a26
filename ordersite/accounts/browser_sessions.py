"""The sessions of our pages, in a table that knows whose each is, of which browser and when it was last used."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DjangoSessionStore
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from ordersite.accounts.authentication import USED_EVERY
from ordersite.accounts.models import DEVICE_LENGTH, BrowserSession
from ordersite.core.unprinted import one_line

# What a session holds of itself, besides Django's own keys.
DEVICE, SINCE = "_device", "_since"


class SessionStore(DjangoSessionStore):
    """Django's own store. What the columns say is kept in the session's data too: a save writes the whole row anew."""

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def create_model_instance(self, data: Any) -> BrowserSession:
        row: Any = super().create_model_instance(data)
        user_id = str(data.get(SESSION_KEY, ""))
        row.user_id = int(user_id) if user_id.isdecimal() else None
        row.device = data.get(DEVICE, "")
        row.created_at = parse_datetime(data.get(SINCE, "")) or timezone.now()
        row.used_at = timezone.now()
        return row

    def _get_session_from_db(self) -> Any:
        row: Any = super()._get_session_from_db()  # type: ignore[misc]
        now = timezone.now()
        if row is not None and row.used_at < now - USED_EVERY:
            BrowserSession.objects.filter(pk=row.pk).update(used_at=now)
        return row


def describe_session(request: HttpRequest, **kwargs: Any) -> None:
    """Keeps of a browser that has just signed in what it calls itself, and when that was (user_logged_in)."""
    request.session[DEVICE] = device_of(request)
    request.session[SINCE] = timezone.now().isoformat()


def device_of(request: HttpRequest) -> str:
    """What the client calls itself, shortened."""
    return one_line(request.headers.get("User-Agent", ""))[:DEVICE_LENGTH]
