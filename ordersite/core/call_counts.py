"""How often somebody calls in a fixed window of a minute, counted in Redis where there is one, else in the process."""

import threading
import time

from ordersite.core.redis import breaker

WINDOW = 60  # seconds


class Windows:
    """Counts of this process, for when Redis is not there; holds one window at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.window = 0
        self.counts: dict[str, int] = {}

    def count(self, key: str, window: int) -> int:
        with self.lock:
            if window != self.window:
                self.window, self.counts = window, {}
            self.counts[key] = self.counts.get(key, 0) + 1
            return self.counts[key]


windows = Windows()


def window_now() -> int:
    """The number of the window that is now."""
    return int(time.time()) // WINDOW


def count_call(who: str) -> int:
    """Counts one call by somebody, and returns how many there were in this window."""
    window = window_now()
    key = f"throttle:{window}:{who}"
    count = breaker.run("INCR", key)
    if count is None:
        return windows.count(key, window)
    if count == 1:
        breaker.run("EXPIRE", key, 2 * WINDOW)
    return int(count)
