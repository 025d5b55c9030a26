"""Answers that a process tells again for some seconds: however many ask, each is read so often and no oftener."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")
# Of the answers that are kept at a time; what is over is read anew.
MOST = 1000


class KeptAnswers(Generic[Answer]):
    """By key. Of several that ask for the same at once one reads, and the others wait for what it has read."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.lock = threading.Lock()
        self.held: dict[Hashable, tuple[float, Answer]] = {}
        self.reading: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, read: Callable[[], Answer]) -> Answer:
        """The answer that is kept, or what `read` returns; what it raises is raised, and nothing is kept."""
        with self.lock:
            turn = self.reading.setdefault(key, threading.Lock())
        try:
            with turn:
                until, answer = self.held.get(key, (0.0, None))
                if answer is None or time.monotonic() >= until:
                    answer = self.renew(key, read)
                return answer
        finally:
            with self.lock:
                self.reading.pop(key, None)

    def renew(self, key: Hashable, read: Callable[[], Answer]) -> Answer:
        """What `read` returns now, which is kept."""
        answer = read()
        self.keep(key, answer)
        return answer

    def keep(self, key: Hashable, answer: Answer) -> None:
        now = time.monotonic()
        with self.lock:
            if len(self.held) >= MOST:
                self.held = {one: kept for one, kept in self.held.items() if kept[0] > now}
            if len(self.held) < MOST:
                self.held[key] = (now + self.seconds, answer)

    def clear(self) -> None:
        with self.lock:
            self.held.clear()
