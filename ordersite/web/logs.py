"""One JSON object a line; never a token, a code or an address."""

import json
import logging
import re
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from ordersite.web.context import request_id

# Lines that say the same in one minute.
MOST_ALIKE = 10
# Who has the address of a payment's page may pay it.
SECRET_PATH = re.compile(r"(/pay/)[^/\s?]+")


class RepeatFilter(logging.Filter):
    """Lets a line through MOST_ALIKE times a minute; the first one after that says how many were left out.

    Alike are lines of one logger and wording, and, of an exception, of one kind and place.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()
        self.minute = 0
        self.counts: Counter[tuple[Any, ...]] = Counter()
        self.left_out: Counter[tuple[Any, ...]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        key = self.key_of(record)
        with self.lock:
            minute = int(record.created) // 60
            if minute != self.minute:
                self.left_out = Counter({one: n - MOST_ALIKE for one, n in self.counts.items() if n > MOST_ALIKE})
                self.minute, self.counts = minute, Counter()
            self.counts[key] += 1
            if self.counts[key] > MOST_ALIKE:
                return False
            if before := self.left_out.pop(key, 0):
                record.__dict__["repeated"] = before
            return True

    def key_of(self, record: logging.LogRecord) -> tuple[Any, ...]:
        kind, where = None, None
        if record.exc_info and record.exc_info[0]:
            kind, last = record.exc_info[0], record.exc_info[2]
            while last is not None and last.tb_next is not None:
                last = last.tb_next
            where = (last.tb_frame.f_code.co_filename, last.tb_lineno) if last else None
        return record.name, record.levelno, str(record.msg)[:100], kind, where


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, the request's id, and a record's fields `order`, `actor`, `repeated`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": SECRET_PATH.sub(r"\1…", record.getMessage()),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        for field in ("order", "actor", "repeated"):
            if hasattr(record, field):
                line[field] = str(getattr(record, field))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
