"""This process's use of Redis, pointed at a server that a test may kill or freeze."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ordersite.core import redis as web_redis
from tests.tracking.live import Redis


@contextmanager
def own_redis(directory: Path, settings: Any) -> Iterator[Redis]:
    """A redis-server, which this process's wake-ups go to as well."""
    server = Redis(directory)
    before, settings.REDIS_URL = settings.REDIS_URL, server.url
    web_redis.client.cache_clear()
    web_redis.breaker.open_until = 0.0
    try:
        yield server
    finally:
        settings.REDIS_URL = before
        web_redis.client.cache_clear()
        web_redis.breaker.open_until = 0.0
        server.kill()
