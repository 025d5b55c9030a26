"""One JSON object a line; never a token, a code or an address."""

import json
import logging
import re
from datetime import UTC, datetime

from ordersite.web.context import request_id

# Who has the address of a payment's page may pay it.
SECRET_PATH = re.compile(r"(/pay/)[^/\s?]+")


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, the request's id, and the fields `order` and `actor` where a record has them."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": SECRET_PATH.sub(r"\1…", record.getMessage()),
        }
        if request_id.get():
            line["request_id"] = request_id.get()
        for field in ("order", "actor"):
            if hasattr(record, field):
                line[field] = str(getattr(record, field))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
