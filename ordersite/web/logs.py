"""A log of one line each, for machines (JSON) or for people; never a token, a code or an address."""

import contextlib
import copy
import json
import logging
import re
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from ordersite.core.context import request_id
from ordersite.core.tracing import current_trace

# Lines that say the same in one minute.
MOST_ALIKE = 10
# Who has such an address may pay, follow an order, choose somebody's mails, or join a vendor's people: Django names the
# path that it refuses.
SECRET_PATH = re.compile(r"(/(?:pay|t|mails|invitations|ws/orders)/)[^/\s?]+")


class Repeats:
    """Lets a line through MOST_ALIKE times a minute, and keeps the last one of those left out, with their number.

    Alike are lines of one logger and wording, errors those that say the same; of an exception, of one kind and place.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.minute = 0
        self.counts: Counter[tuple[Any, ...]] = Counter()
        self.left_out: dict[tuple[Any, ...], logging.LogRecord] = {}

    def lets_through(self, record: logging.LogRecord) -> bool:
        key = self.key_of(record)
        with self.lock:
            self.counts[key] += 1
            if self.counts[key] <= MOST_ALIKE:
                return True
            last = copy.copy(record)
            last.exc_info = last.exc_text = None
            last.__dict__["repeated"] = self.counts[key] - MOST_ALIKE
            self.left_out[key] = last
            return False

    def end_minute(self, now: float) -> list[logging.LogRecord]:
        """What was left out, once its minute is over."""
        with self.lock:
            if int(now) // 60 == self.minute:
                return []
            told = list(self.left_out.values())
            self.minute, self.counts, self.left_out = int(now) // 60, Counter(), {}
            return told

    def key_of(self, record: logging.LogRecord) -> tuple[Any, ...]:
        kind, where = None, None
        if record.exc_info and record.exc_info[0]:
            kind, last = record.exc_info[0], record.exc_info[2]
            while last is not None and last.tb_next is not None:
                last = last.tb_next
            where = (last.tb_frame.f_code.co_filename, last.tb_lineno) if last else None
        wording = record.getMessage() if record.levelno >= logging.ERROR and kind is None else str(record.msg)[:100]
        return record.name, record.levelno, wording, kind, where


class RepeatHandler(logging.StreamHandler):
    """Writes lines to stderr, what repeats itself MOST_ALIKE times a minute; how often more, when the minute ends."""

    def __init__(self) -> None:
        super().__init__()
        self.repeats = Repeats()
        self.timer: threading.Timer | None = None

    def emit(self, record: logging.LogRecord) -> None:
        self.tell_left_out(record.created)
        try:
            is_written = self.repeats.lets_through(record)
        except Exception:  # arguments that do not fit the wording
            self.handleError(record)
            return
        if is_written:
            super().emit(record)
        elif self.timer is None:
            # Told in time, whether anything else is logged or not.
            self.timer = threading.Timer(60 - record.created % 60, self.tell_in_time)
            self.timer.daemon = True
            self.timer.start()

    def tell_in_time(self) -> None:
        with self.lock or contextlib.nullcontext():
            self.timer = None
            self.tell_left_out(time.time())

    def tell_left_out(self, now: float) -> None:
        for last in self.repeats.end_minute(now):
            super().emit(last)

    def close(self) -> None:
        with self.lock or contextlib.nullcontext():
            self.tell_left_out(0)
        super().close()


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """What a line says besides its message: the request's id and trace, what it is about, and its own fields."""
    fields: dict[str, Any] = {}
    if request_id.get():
        fields["request_id"] = request_id.get()
    if trace := current_trace.get():
        fields["trace_id"] = trace.trace_id
    for field in ("order", "actor", "repeated"):
        if hasattr(record, field):
            fields[field] = str(getattr(record, field))
    return fields | getattr(record, "fields", {})


def message_of(record: logging.LogRecord) -> str:
    return SECRET_PATH.sub(r"\1…", record.getMessage())


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
            **fields_of(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """The same for who reads along: the time of day, a level that is not the usual one, the message, and its fields."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).strftime("%H:%M:%S")
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        fields = "".join(f" {name}={value}" for name, value in fields_of(record).items())
        raised = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return f"{at} {level}{message_of(record)}{fields}{raised}"
