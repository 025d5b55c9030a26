"""Why a socket is closed: every code with its reason text. docs/feed.md and the AsyncAPI document list them."""

from typing import NamedTuple


class Closing(NamedTuple):
    """A close frame: `reason` is what a client reads beside the code, at most 123 bytes."""

    code: int
    reason: str


TOO_MUCH = Closing(1008, "Too much was sent: this socket expects no messages.")
RESTARTING = Closing(1012, "The server is restarting: connect again and resume.")
TOO_SLOW = Closing(1013, "You read too slowly: connect again and resume.")
TOO_MANY = Closing(1013, "Too many sockets are open: close others first.")
TOO_MANY_TRIES = Closing(1013, "Too many attempts with tracking codes: try again in a minute.")
BUSY = Closing(1013, "The server is busy: connect again in a few seconds and resume.")
AMISS = Closing(4400, "A query parameter is unknown, comes twice, or is not a number.")
UNKNOWN = Closing(4401, "Not known: sign in, or send a token of this site.")
EXPIRED = Closing(4401, "Expired: get a new token, then connect again and resume.")
ENDED = Closing(4401, "The sign-in or the token has ended: sign in again.")
FORBIDDEN = Closing(4403, "You may not read this feed, or no longer.")
MISSING = Closing(4404, "There is no such feed, or no longer.")

CLOSINGS = (
    TOO_MUCH,
    RESTARTING,
    TOO_SLOW,
    TOO_MANY,
    TOO_MANY_TRIES,
    BUSY,
    AMISS,
    UNKNOWN,
    EXPIRED,
    ENDED,
    FORBIDDEN,
    MISSING,
)
# Written by the protocol itself: one that means a fault of the client or of the line.
OF_THE_PROTOCOL = {
    1002: "a frame that is not one (RFC 6455)",
    1009: "a message above 4 KiB",
    1011: "no pong within 20 seconds: the line was gone",
}


class WatchRefused(Exception):
    """The socket is closed with this code and reason."""

    def __init__(self, closing: Closing, reason: str = "") -> None:
        super().__init__(closing.code)
        self.closing = closing._replace(reason=reason) if reason else closing

    @property
    def code(self) -> int:
        return self.closing.code
