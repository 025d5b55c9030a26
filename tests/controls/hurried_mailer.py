"""A worker that does mails alone, whose waits for another try are a thousandth.

With "forgetful" it takes no lease back; with "hasty" a mail counts as sent before the mail server has said so.
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
    from tracking import mails, worker

    mails.FIRST_REST, mails.LONGEST_REST = timedelta(milliseconds=30), timedelta(seconds=1)
    mails.LEASE = timedelta(days=1) if "forgetful" in sys.argv else timedelta(seconds=2)
    mails.FIRST_PAUSE = mails.LONGEST_PAUSE = 0.1
    if "hasty" in sys.argv:
        make_message = mails.make_message

        def settle_first(mail, *args):  # type: ignore[no-untyped-def]
            mails.settle(mail, "sent", "")
            return make_message(mail, *args)

        mails.make_message = settle_first
    worker.ROUND = 0.05
    worker.WORK = tuple(
        worker.Work(work.name, work.run, every=0.05, batch=work.batch, apart=True)
        for work in worker.WORK
        if work.name == "mails"
    )
    worker.run_worker(threading.Event())
