"""The tests' own clock."""

from datetime import UTC, datetime

# A Wednesday in winter, 12:00 in Brussels.
NOON = datetime(2026, 1, 14, 11, 0, tzinfo=UTC)


class Clock:
    """What django.utils.timezone.now tells: it stands still until `now` is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
