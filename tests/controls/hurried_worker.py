"""A worker whose waits for another try of a webhook are a thousandth; with "forgetful" it takes no lease back."""

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

    deliveries.WAITS = tuple(seconds / 1000 for seconds in deliveries.WAITS)
    deliveries.LEASE = timedelta(days=1) if "forgetful" in sys.argv else timedelta(seconds=2)
    worker.WORK = tuple(work for work in worker.WORK if work.name == "webhooks")
    worker.run_worker(threading.Event())
