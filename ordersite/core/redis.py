"""Redis is a hint and a cache here, never the truth: one breaker lets every use of it fail fast and harmlessly."""

import logging
import time
from functools import cache
from typing import Any

import redis
from django.conf import settings

logger = logging.getLogger(__name__)

TIMEOUT = 0.25  # seconds
REST = 5.0  # seconds that Redis is left alone for after it failed


@cache
def client() -> redis.Redis:
    """The process's one client (its pool is safe across threads)."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=None, max_connections=50
    )


class Breaker:
    """After one failure nobody waits for Redis again for REST seconds."""

    def __init__(self) -> None:
        self.open_until = 0.0

    def run(self, command: str, *args: Any) -> Any:
        """The command's answer, or None while Redis is not configured, resting or failing."""
        if not settings.REDIS_URL or time.monotonic() < self.open_until:
            return None
        try:
            return client().execute_command(command, *args)
        except (redis.RedisError, OSError) as error:
            self.open_until = time.monotonic() + REST
            logger.warning("redis is left alone for %s s: %s", REST, type(error).__name__)
            return None


breaker = Breaker()
