"""How passwords are hashed: a few at a time, since each takes a core for a third of a second on purpose."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from ordersite.core.codes import FaultCode
from ordersite.core.faults import Busy

WAIT = 3.0  # seconds that a hash waits for its turn
LINE = 8  # that wait at most: each holds a thread, and in ASGI a connection of the pool


class HashGate:
    """Lets `at_once` hashes run, lets LINE more wait for WAIT seconds, and refuses the others."""

    def __init__(self, at_once: int) -> None:
        self.inside = threading.BoundedSemaphore(at_once + LINE)
        self.running = threading.BoundedSemaphore(at_once)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises Busy where no turn comes."""
        if not self.inside.acquire(blocking=False):
            raise too_busy()
        try:
            if not self.running.acquire(timeout=WAIT):
                raise too_busy()
            try:
                yield
            finally:
                self.running.release()
        finally:
            self.inside.release()


def too_busy() -> Busy:
    return Busy(FaultCode.BUSY_PASSWORDS, retry_after=3, keeps_writes=True)


@cache
def gate() -> HashGate:
    """The process's one gate."""
    return HashGate(settings.HASHES_AT_ONCE)


class BoundedHasher(PBKDF2PasswordHasher):
    """Django's own, with the same hashes, behind the gate: every door and every account passes it alike."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with gate().turn():
            return super().encode(password, salt, iterations)
