import errno
import os
import signal
import socket
import sys
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

import uvicorn
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from ordersite.web.data_folder import hold
from ordersite.web.ports import FIRST, next_free_port
from ordersite.web.start_checks import refuse_unsafe_start
from tracking.feed.marks import keep_mark_at_start
from tracking.feed.transport import FeedProtocol
from tracking.http_limits import HttpProtocol, raise_file_limit
from tracking.memory import share_arenas
from tracking.worker import run_worker

MAX_MESSAGE = 4096  # bytes of what a client sends on a socket, which is ignored anyway
# Seconds that a thread computes while others wait to: a call gives up its turn at each statement, and waits for all who
# compute (Python's own 0.005 made it wait 5 ms for each of them, each time).
TURN = 0.0005
GRACE = 3  # seconds that requests have to finish
LEAVE = 4.5  # seconds after which the process leaves whatever still hangs


class Command(BaseCommand):
    help = "Serves HTTP and sockets, and runs the worker, in one process."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--no-worker", action="store_true", help="Where `manage.py worker` runs beside it.")

    def handle(self, *, host: str, port: int, no_worker: bool, **options: Any) -> None:
        try:
            refuse_unsafe_start()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        raise_file_limit()
        share_arenas()
        sys.setswitchinterval(TURN)
        listener = self.bind(host, port)
        hold(settings.DATA_DIR)
        keep_mark_at_start()
        stop = threading.Event()
        worker = threading.Thread(target=run_worker, args=(stop,), name="worker", daemon=True)
        server = Server(configuration())

        def leave(*_: Any) -> None:
            """After uvicorn has ended, which raises the signal once more; and before it has begun."""
            stop.set()
            server.should_exit = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        if not no_worker:
            worker.start()
        shown = f"[{host}]" if ":" in host else host
        self.stdout.write(f"Serving on http://{shown}:{listener.getsockname()[1]}/")
        if settings.SERVE_BESIDE:
            for line in import_string(settings.SERVE_BESIDE)(listener.getsockname()[1]):
                self.stdout.write(line)
        self.stdout.flush()
        server.run(sockets=[listener])
        stop.set()
        if worker.is_alive():
            worker.join(1)

    def bind(self, host: str, port: int) -> socket.socket:
        """The listening socket; leaves with a sentence where that cannot be had."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(2048)
        except (OSError, OverflowError) as error:
            self.stderr.write(self.remedy(error, host, port))
            sys.exit(1)
        return listener

    def remedy(self, error: Exception, host: str, port: int) -> str:
        number = error.errno if isinstance(error, OSError) else None
        if number == errno.EADDRINUSE:
            return f"Port {port} is in use: stop what uses it, or choose {next_free_port(port, host)}, which is free."
        if number == errno.EACCES:
            other = next_free_port(FIRST - 1, host)
            return f"Port {port} needs rights that this user does not have: choose {other}, which is free."
        return f"{host} port {port} cannot be listened on ({error}): choose another address or port."


class Server(uvicorn.Server):
    """uvicorn's server, which leaves in time even where a thread hangs in the database."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        watchdog = threading.Timer(LEAVE, os._exit, args=(0,))
        watchdog.daemon = True
        watchdog.start()


def configuration() -> uvicorn.Config:
    """One process, our websocket protocol, no compression (it costs more than it saves on messages this small)."""
    return uvicorn.Config(
        "ordersite.asgi:application",
        http=HttpProtocol,
        ws=FeedProtocol,
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
