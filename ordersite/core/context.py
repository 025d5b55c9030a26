"""What is known of the request at hand where no request is passed on: for log lines, and for absolute addresses."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings

MOST_NOTED = 20  # orders that one line names


def below_public_url(path: str) -> str:
    """A path of ours below PUBLIC_URL; it stays a path where that is not set, and so does an address of another's."""
    return settings.PUBLIC_URL + path if path.startswith("/") else path


request_id: ContextVar[str] = ContextVar("request_id", default="")
# The orders that the request, or the piece of work, has changed so far.
noted_orders: ContextVar[Sequence[int]] = ContextVar("noted_orders", default=())
# Makes a path of ours an absolute address: below PUBLIC_URL, without that by the host that the client used.
absolute: ContextVar[Callable[[str], str]] = ContextVar("absolute", default=below_public_url)


# Who acts, as a caller's key with its name; without a request it is the system.
acting: ContextVar[Callable[[], tuple[str, str]]] = ContextVar("acting", default=lambda: ("system", ""))


@contextmanager
def acting_as(who: Callable[[], tuple[str, str]]) -> Iterator[None]:
    """What is written inside was done by this person, whom the request does not know yet."""
    token = acting.set(who)
    try:
        yield
    finally:
        acting.reset(token)


def note_order(order_id: int) -> None:
    """The order is changed by the request or the work at hand; for its line in the log."""
    noted = noted_orders.get()
    if isinstance(noted, list) and len(noted) < MOST_NOTED and order_id not in noted:
        noted.append(order_id)
