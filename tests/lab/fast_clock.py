"""Settings of a process whose clock is five minutes fast (libfaketime makes Python's waits fail)."""

from datetime import UTC, datetime, timedelta

import time_machine

from ordersite.settings import *  # noqa: F403

time_machine.travel(datetime.now(UTC) + timedelta(minutes=5), tick=True).start()
