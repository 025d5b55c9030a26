"""What is known of the request at hand where no request is passed on: for log lines, and for absolute addresses."""

from collections.abc import Callable
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
# Makes a path of ours an absolute address, by the host that the client used; outside a request it stays a path.
absolute: ContextVar[Callable[[str], str]] = ContextVar("absolute", default=str)
