"""How moments are written for other systems."""

from datetime import UTC, datetime


def rfc3339(at: datetime, timespec: str = "auto") -> str:
    """In UTC, with Z; to the microsecond where it has some, unless `timespec` says otherwise (datetime.isoformat)."""
    return at.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")
