"""What a log line needs to know about the request it belongs to."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
