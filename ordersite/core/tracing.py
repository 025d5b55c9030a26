"""W3C Trace Context: which trace a call, or a piece of work, belongs to; passed on to whom it calls.

Of a client's `tracestate` nothing is passed on: it is meant for the client's own tracing, and those that are called
here are others' servers.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

# Version 00, and of later ones the part that they share with it: these may have more behind a dash.
TRACEPARENT = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})"
    r"(?P<more>-.*)?"
)
MOST_CHARACTERS = 200
SAMPLED = 1


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace, and the step of it that is made here."""

    trace_id: str
    span_id: str
    is_sampled: bool

    @property
    def header(self) -> str:
        """The `traceparent` of what is called from here."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.is_sampled else '00'}"


current_trace: ContextVar[Trace | None] = ContextVar("current_trace", default=None)


def new_span_id() -> str:
    return secrets.token_hex(8)


def make_trace(traceparent: str = "") -> Trace:
    """A step of the trace that a `traceparent` names; of a new one where it is malformed, or there is none."""
    found = TRACEPARENT.fullmatch(traceparent.strip()) if len(traceparent) <= MOST_CHARACTERS else None
    if found is None or (found["version"] == "00" and found["more"]):
        return Trace(secrets.token_hex(16), new_span_id(), is_sampled=False)
    return Trace(found["trace"], new_span_id(), is_sampled=bool(int(found["flags"], 16) & SAMPLED))


@contextmanager
def traced(traceparent: str = "") -> Iterator[Trace]:
    """What is done meanwhile belongs to this trace."""
    trace = make_trace(traceparent)
    token = current_trace.set(trace)
    try:
        yield trace
    finally:
        current_trace.reset(token)


def current_traceparent() -> str:
    """What goes on with the trace of the work at hand later, in another process; empty where there is none."""
    trace = current_trace.get()
    return trace.header if trace else ""


def trace_headers() -> dict[str, str]:
    """What a call from here sends along."""
    trace = current_trace.get()
    return {"traceparent": trace.header} if trace else {}
