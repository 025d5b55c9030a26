"""A bar for long work: redrawn in a terminal, one closing line elsewhere."""

import time
from typing import Protocol

WIDTH = 24
EVERY = 0.1  # seconds between two drawings


class ProgressStream(Protocol):
    """What is written to: a terminal or a file, also as a command's wrapper."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> None: ...
    def isatty(self) -> bool: ...


class Progress:
    """Counts steps of `total`; use it as a context manager, so that its line is always ended."""

    def __init__(self, label: str, total: int, stream: ProgressStream) -> None:
        self.label, self.total, self.stream = label, total, stream
        self.done = 0
        self.live = stream.isatty()
        self.started = time.monotonic()
        self.drawn = 0.0

    def __enter__(self) -> "Progress":
        self.draw()
        return self

    def __exit__(self, kind: object, *rest: object) -> None:
        took = time.monotonic() - self.started
        self.draw(force=True)
        self.stream.write("\n" if self.live else f"{self.label}: {self.done} of {self.total} in {took:.1f} s\n")
        self.stream.flush()

    def step(self, count: int = 1) -> None:
        self.done += count
        self.draw()

    def draw(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if not self.live or (not force and now - self.drawn < EVERY):
            return
        self.drawn = now
        filled = WIDTH * self.done // max(self.total, 1)
        bar = "█" * filled + "░" * (WIDTH - filled)
        self.stream.write(f"\r{self.label:<18} {bar} {self.done}/{self.total}")
        self.stream.flush()
