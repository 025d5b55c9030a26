"""How far the feeds had come, kept outside of the database: so it is found out when a backup was brought back."""

import contextlib
import json
import logging
import os
import tempfile
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from orders.services.record.epochs import FeedStanding, begin_epoch, epochs_so_far, feed_standing
from ordersite.core.redis import breaker

logger = logging.getLogger(__name__)

FILE = "feed-mark.json"  # in DATA_DIR
KEY = "ordersite:feed-mark:{}"  # in Redis, by the database's first epoch: several sites may share it


def keep_mark() -> int:
    """Begins an epoch where the database is behind a mark, then writes the marks; 0, since no batch is ever full.

    The marks are read before the database, which only grows: whatever is ahead of it then was there before.
    """
    key = KEY.format(epochs_so_far()[0])
    in_file, in_redis = read_mark_file(), understood(breaker.run("GET", key))
    now = feed_standing()
    if is_ahead(in_file, now) or is_ahead(in_redis, now):
        begin_epoch(after=now.epoch)
        now = feed_standing()
        logger.warning("the database is behind what the feeds have told: a new epoch begins, readers begin afresh")
    mark = {"site": now.epochs[0], "epoch": now.epoch, "positions": now.positions, "event": now.event}
    if mark != in_file:
        write_mark_file(mark)
    if mark != in_redis:
        breaker.run("SET", key, json.dumps(mark))
    return 0


def keep_mark_at_start() -> None:
    """The same before anything is served; where the database does not answer yet the worker does it later."""
    try:
        keep_mark()
    except DatabaseError as error:
        logger.warning("the mark of the feed waits for the database: %s", type(error).__name__)
    finally:
        connection.close()


def is_ahead(mark: dict[str, Any] | None, now: FeedStanding) -> bool:
    """Whether the mark tells of an epoch or a position that this database does not know any more.

    One of another database says nothing, nor does one of an epoch that has ended.
    """
    if mark is None or mark["site"] != now.epochs[0] or mark["epoch"] in now.epochs[:-1]:
        return False
    return bool(mark["epoch"] != now.epoch or mark["positions"] > now.positions or mark["event"] > now.event)


def understood(text: bytes | str | None) -> dict[str, Any] | None:
    """A mark as it was written; None for anything else."""
    try:
        mark = json.loads(text or "")
        whole = [mark["positions"], mark["event"]]
        names = [mark["site"], mark["epoch"]]
    except (ValueError, KeyError, TypeError):
        return None
    is_one = all(type(part) is int for part in whole) and all(type(part) is str for part in names)
    return mark if is_one else None


def read_mark_file() -> dict[str, Any] | None:
    try:
        return understood((settings.DATA_DIR / FILE).read_bytes())
    except OSError:
        return None


def write_mark_file(mark: dict[str, Any]) -> None:
    """Whole or not at all; a directory that cannot be written is told in the log."""
    try:
        handle, name = tempfile.mkstemp(dir=settings.DATA_DIR, prefix=FILE)
        with os.fdopen(handle, "w") as file:
            json.dump(mark, file)
        os.replace(name, settings.DATA_DIR / FILE)
    except OSError as error:
        with contextlib.suppress(OSError, UnboundLocalError):
            os.unlink(name)
        logger.warning("the mark of the feed cannot be written to DATA_DIR: %s", error)
