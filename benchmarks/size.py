"""`python -m benchmarks.size [--sizes 1000,300000]`: what is asked of many orders costs what it costs of few.

A database for each size on the server of DATABASE_URL, filled as those of `python -m benchmarks`. Each call is made in
one process, and its CPU is told, that of PostgreSQL's backend with it: the clock would tell what else the machine does.
The budget of a call is twice what it takes at the smallest size, and 10 ms more; it fails where one is above.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import django
import psycopg
from django.test import Client
from django.utils.html import strip_tags

from benchmarks.__main__ import databases, prepare
from benchmarks.report import machine
from benchmarks.servers import cpu_seconds, run_module

TIMES = 20  # PostgreSQL's CPU is told by the hundredth of a second
FACTOR, MORE = 2.0, 10.0  # of the budget: times, and milliseconds


def size_calls(staff: Any, owner: Any) -> Mapping[str, Callable[[], Any]]:
    """What is measured, by name."""
    from django.utils import timezone  # noqa: PLC0415  needs the apps

    from benchmarks.site import bearer_for  # noqa: PLC0415
    from orders.models import Account, Order, Purchase  # noqa: PLC0415
    from orders.services.moving import sightings, timers  # noqa: PLC0415
    from tracking import retention  # noqa: PLC0415
    from vendors.models import Vendor  # noqa: PLC0415

    newest = Order.objects.order_by("-id").values("pk", "vendor", "customer", "number", "contact_email")[0]
    oldest, vendor = Order.objects.order_by("id").values_list("pk", flat=True)[0], Vendor.objects.order_by("id")[0].pk
    account = Account.objects.get(vendor=vendor, kind=Account.Kind.VENDOR).pk
    head = Order.objects.filter(vendor=vendor).count()
    today = timezone.localdate()
    week, month = today - timedelta(days=7), today - timedelta(days=30)
    desk, till = Client(), Client()
    desk.force_login(staff)
    till.force_login(owner)

    def api(path: str, user: Any = staff) -> Callable[[], Any]:
        headers = {"Authorization": f"Bearer {bearer_for(user)}"}
        return lambda: answered(anybody.get(f"/api/v1{path}", headers=headers))

    def page(path: str) -> Callable[[], Any]:
        return lambda: answered(desk.get(path))

    anybody = Client()
    lists = "/orders?mode=dashboard"
    return {
        "list, first page": api(lists),
        "list, page 5": api(f"{lists}&page=5"),
        "list by cursor": api(f"{lists}&cursor="),
        "list of a vendor, by its owner": api(f"{lists}&vendor={vendor}&cursor=", owner),
        "list of a customer": api(f"{lists}&customer={newest['customer']}&cursor="),
        "list by status": api(f"{lists}&status=pending&cursor="),
        "list of a week": api(f"{lists}&placed_after={week}T00:00:00Z&placed_before={today}T00:00:00Z&cursor="),
        "search: an e-mail": api(f"{lists}&q={newest['contact_email']}"),
        "search: a number": api(f"{lists}&q={newest['number']}"),
        "search: nothing that there is": api(f"{lists}&q=nobody@example.net"),
        "one order, the oldest": api(f"/orders/{oldest}?expand=items,events"),
        "board of a vendor": api(f"/vendors/{vendor}/board", owner),
        "statement of a month": api(f"/vendors/{vendor}/statement?from={month}&to={today}", owner),
        "ledger of a vendor": api(f"/vendors/{vendor}/ledger", owner),
        "balance of a vendor": api(f"/vendors/{vendor}/balance", owner),
        "payouts of a vendor": api(f"/vendors/{vendor}/payouts", owner),
        "feed, an old position": api(f"/vendors/{vendor}/events?since={max(0, head - 500)}", owner),
        "back-office, first page": page("/admin/"),
        "back-office, orders": page("/admin/orders/order/"),
        "back-office, search everywhere": page(f"/admin/search/?q={newest['contact_email']}"),
        "back-office, an order": page(f"/admin/orders/order/{newest['pk']}/change/"),
        "back-office, purchases": page("/admin/orders/purchase/"),
        "back-office, a purchase": page(f"/admin/orders/purchase/{Purchase.objects.order_by('-id')[0].pk}/change/"),
        "back-office, payments": page("/admin/orders/payment/"),
        "back-office, customers": page("/admin/accounts/customer/"),
        "back-office, a customer": page(f"/admin/accounts/customer/{newest['customer']}/change/"),
        "back-office, events": page("/admin/orders/orderevent/"),
        "back-office, movements of money": page("/admin/orders/posting/"),
        "back-office, accounts": page("/admin/orders/account/"),
        "back-office, commission": page("/admin/orders/account/commission/"),
        "back-office, ledger": page("/admin/orders/account/ledger/"),
        "back-office, statement": page(
            f"/admin/orders/account/{account}/statement/?first={month}&last={today}&as=page"
        ),
        "the day of a vendor": lambda: answered(till.get(f"/board/{vendor}/day")),
        "worker: timers": lambda: timers.run_due(100),
        "worker: unseen orders": lambda: sightings.tell_unseen(100),
        "worker: pruning the feed": retention.prune_feed,
        "worker: guests to erase": retention.erase_guests,
    }


def answered(answer: Any) -> None:
    if answer.status_code != 200:
        said = " ".join(strip_tags(answer.content.decode()).split())
        raise RuntimeError(f"{answer.request['PATH_INFO']}: {answer.status_code} {said[:300]}")
    if answer.streaming:
        for _ in answer.streaming_content:
            pass


def measure_calls() -> dict[str, tuple[float, float]]:
    """Milliseconds of CPU of each call, and the median on the clock; in a process with the settings of a database."""
    from django.db import connection  # noqa: PLC0415  needs the apps

    from ordersite.accounts.models import User  # noqa: PLC0415

    staff, owner = (User.objects.get(email=f"{name}@example.org") for name in ("staff", "owner"))
    found = {}
    for name, call in size_calls(staff, owner).items():
        call()
        call()
        backend = connection.connection.info.backend_pid
        used, took = cpu_seconds(backend) + own_cpu(), []
        for _ in range(TIMES):
            at = time.monotonic()
            call()
            took.append(time.monotonic() - at)
        cpu = (cpu_seconds(backend) + own_cpu() - used) / TIMES
        found[name] = (1000 * cpu, 1000 * sorted(took)[TIMES // 2])
    return found


def own_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measured_in_a_process(url: str) -> dict[str, tuple[float, float]]:
    found: dict[str, tuple[float, float]] = json.loads(
        run_module("size", "--measure", DATABASE_URL=url).splitlines()[-1]
    )
    return found


def compare(url: str, sizes: list[int]) -> bool:
    """Prints what each call takes at each size; whether all stay within their budgets."""
    with databases(url, sizes, "size") as urls:
        found, disk = {}, {}
        for size in sizes:
            began = time.monotonic()
            prepare(size, urls[size])
            with psycopg.connect(urls[size]) as connection:
                (disk[size],) = connection.execute("SELECT pg_database_size(current_database())").fetchone() or (0,)
            print(f"{size:,} orders: {time.monotonic() - began:.0f} s, {disk[size] / 1e6:,.0f} MB", flush=True)
            found[size] = measured_in_a_process(urls[size])
    small, within = found[sizes[0]], True
    print(f"\n{machine()}; CPU ms of a call, PostgreSQL's included (ms on the clock)\n")
    print(f"| call | {' | '.join(f'{size:,} orders' for size in sizes)} | budget |")
    print(f"| --- |{' ---: |' * (len(sizes) + 1)}")
    for name, (least, _) in small.items():
        budget = FACTOR * least + MORE
        above = any(found[size][name][0] > budget for size in sizes)
        within &= not above
        cells = " | ".join(f"{found[size][name][0]:.1f} ({found[size][name][1]:.0f})" for size in sizes)
        print(f"| {name} | {cells} | {budget:.0f}{' **above**' if above else ''} |")
    return within


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.size", description=__doc__)
    parser.add_argument("--sizes", default="1000,300000", help="1,000,000 are filled in a quarter of an hour")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "ordersite.settings",
        "ALLOWED_HOSTS": "testserver",
        "LOG_LEVEL": "WARNING",
    }
    os.environ |= {"THROTTLE_CALLER": "0", "THROTTLE_ANONYMOUS": "0", "LOG_LEVEL": "WARNING"}
    if chosen.measure:
        django.setup()
        print(json.dumps(measure_calls()))
        return
    with tempfile.TemporaryDirectory() as directory:
        os.environ["DATA_DIR"] = directory
        sizes = sorted(int(size) for size in chosen.sizes.split(","))
        sys.exit(0 if compare(os.environ["DATABASE_URL"], sizes) else "Some calls are above their budgets.")


if __name__ == "__main__":
    main()
