"""A worker that does webhooks alone, whose waits for another try are a thousandth.

With "forgetful" it takes no lease back; with "together" all endpoints share three threads.
"""

import os
import sys
import threading
from datetime import timedelta

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ordersite.settings")
    os.environ["ORDERSITE_PROCESS"] = "worker"
    django.setup()
    from orders.services.outgoing import deliveries
    from tracking import worker
    from tracking.webhooks import delivering

    deliveries.WAITS = tuple(seconds / 1000 for seconds in deliveries.WAITS)
    deliveries.LEASE = timedelta(days=1) if "forgetful" in sys.argv else timedelta(seconds=2)
    if "together" in sys.argv:
        delivering.CALLERS = dict.fromkeys((False, True), delivering.Callers(3))
    worker.WORK = tuple(work for work in worker.WORK if work.name == "webhooks")
    worker.run_worker(threading.Event())
