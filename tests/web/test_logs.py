"""A log does not repeat itself, and loses nothing that differs."""

import io
import logging
import sys
import time
from types import TracebackType
from typing import Any

from ordersite.web.logs import MOST_ALIKE, JsonFormatter, RepeatHandler

MINUTE = 60.0 * 1_000_000


def handler() -> tuple[RepeatHandler, io.StringIO]:
    made, written = RepeatHandler(), io.StringIO()
    made.setStream(written)
    made.setFormatter(logging.Formatter("%(message)s"))
    return made, written


def record(message: str, *args: Any, at: float = MINUTE, level: int = logging.ERROR, exc: Any = None) -> Any:
    made = logging.LogRecord("asyncio", level, "x.py", 1, message, args, exc)
    made.created = at
    return made


def told(written: io.StringIO) -> list[str]:
    return written.getvalue().splitlines()


def test_a_log_does_not_repeat_itself() -> None:
    made, written = handler()
    made.setFormatter(JsonFormatter())
    for _ in range(5_000):
        made.handle(record("socket.accept() out of system resource"))
    assert len(told(written)) == MOST_ALIKE
    made.handle(record("another line", at=MINUTE + 1))
    made.handle(record("a third", at=MINUTE + 61))
    lines = told(written)[MOST_ALIKE:]
    assert ["another line" in lines[0], "out of system resource" in lines[1], "a third" in lines[2]] == [True] * 3
    assert '"repeated": "4990"' in lines[1]
    made.handle(record("socket.accept() out of system resource", at=MINUTE + 62))
    assert '"repeated"' not in told(written)[-1]


def test_errors_that_say_different_things_are_all_written() -> None:
    made, written = handler()
    for number in range(500):
        made.handle(record("the ledger differs, %s: %s", "orders", f"order {number} costs 1"))
    assert told(written) == [f"the ledger differs, orders: order {number} costs 1" for number in range(500)]
    for number in range(500):
        made.handle(record("try %s", number, level=logging.WARNING))
    assert len(told(written)) == 500 + MOST_ALIKE


def test_what_was_left_out_is_told_however_long_it_takes() -> None:
    made, written = handler()
    for minute in range(3):
        for _ in range(MOST_ALIKE + 1 + minute):
            made.handle(record("once more", at=MINUTE + 60 * minute))
    assert told(written) == ["once more"] * (3 * MOST_ALIKE + 2)
    made.close()
    assert told(written) == ["once more"] * (3 * MOST_ALIKE + 3)


def test_a_minute_is_ended_by_itself() -> None:
    made, written = handler()
    for _ in range(MOST_ALIKE + 5):
        made.handle(record("once more", at=MINUTE + 59.8))
    assert told(written) == ["once more"] * MOST_ALIKE
    until = time.monotonic() + 60
    while len(told(written)) == MOST_ALIKE and time.monotonic() < until:
        time.sleep(0.05)
    assert told(written) == ["once more"] * (MOST_ALIKE + 1)


def raised(error: Exception) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    try:
        raise error
    except type(error):
        found = sys.exc_info()
        assert found[0] is not None
        assert found[1] is not None
        return found[0], found[1], found[2]


def test_exceptions_of_one_place_are_alike_whatever_they_are_about() -> None:
    made, written = handler()
    for number in range(50):
        made.handle(record("Internal Server Error: /%s", number, exc=raised(ValueError(number))))
    assert sum(line.startswith("Internal") for line in told(written)) == MOST_ALIKE
    made.close()
    assert told(written)[-1] == "Internal Server Error: /49"
