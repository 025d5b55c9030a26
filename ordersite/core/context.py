"""What is known of the request at hand where no request is passed on: for log lines, and for absolute addresses."""

from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings


def below_public_url(path: str) -> str:
    """A path of ours below PUBLIC_URL; it stays a path where that is not set, and so does an address of another's."""
    return settings.PUBLIC_URL + path if path.startswith("/") else path


request_id: ContextVar[str] = ContextVar("request_id", default="")
# Makes a path of ours an absolute address: below PUBLIC_URL, without that by the host that the client used.
absolute: ContextVar[Callable[[str], str]] = ContextVar("absolute", default=below_public_url)
