import signal
import threading
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from ordersite.web.data_folder import hold
from ordersite.web.start_checks import refuse_unsafe_start
from tracking.metrics.pool import watch_pool
from tracking.worker import run_worker


class Command(BaseCommand):
    help = "Does what is due: timers of orders, and deleting what is kept for a time. Any number may run."

    def handle(self, **options: Any) -> None:
        try:
            refuse_unsafe_start()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        hold(settings.DATA_DIR)
        watch_pool()
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        run_worker(stop)
