"""The replay itself: place, accept, make ready, hand over; then compare every figure with the file."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from orders.lifecycle.table import Status
from ordersite.core.money import as_json, from_text, to_text
from ordersite.demo.replay.client import CallRefused, Client
from ordersite.demo.replay.feed import FeedReader
from ordersite.demo.replay.menu import CURRENCY, group_name, product_name
from ordersite.demo.replay.reading import FileOrder

PATH = (
    Status.PENDING,
    Status.ACCEPTED_BY_BUSINESS,
    Status.PREPARATION_COMPLETED,
    Status.PICKUP_COMPLETED_BY_CUSTOMER,
)
# What the feed must tell of each order, once and in this order.
STORY = [("placed", None, int(PATH[0]))] + [
    ("status", int(source), int(target)) for source, target in zip(PATH, PATH[1:], strict=False)
]
QUIET = 15.0  # seconds without an entry after which the feed is not waited for any longer
MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Ids:
    """The menu as the API tells it: ids by name."""

    products: dict[str, int]
    options: dict[tuple[int, str, str], int]


@dataclass(slots=True)
class Report:
    """What came of it; without faults, everything is as the file says."""

    orders: int = 0
    placed: int = 0
    sum: int = 0
    entries: int = 0
    position: int = 0
    reconnects: int = 0
    unchecked: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Who takes part: the customer's and the vendor's clients, and where the feed is read."""

    url: str
    vendor: int
    customer: Client
    kitchen: Client
    feed_token: str
    clients: int

    def run(self, orders: list[FileOrder], step: Callable[[], None]) -> Report:
        """Replays all orders, a few at a time, while the feed is read; raises Refused when the site is not there."""
        report = Report(orders=len(orders))
        ids = self.read_menu()
        started = time.monotonic()
        known: dict[int, tuple[FileOrder, bool]] = {}
        with reading(FeedReader(self.url, self.vendor, self.feed_token)) as reader:
            with ThreadPoolExecutor(self.clients) as pool:
                waiting = {pool.submit(self.replay, order, ids): order for order in orders}
                try:
                    for done in as_completed(waiting):
                        self.note(done.result, waiting[done], known, report)
                        step()
                        if len(report.faults) >= MOST_FAULTS:
                            break
                finally:
                    pool.shutdown(wait=False, cancel_futures=True)
            if len(report.faults) < MOST_FAULTS:
                wait_for_events(reader, known)
        report.seconds = time.monotonic() - started
        compare_feed(reader, known, report)
        return report

    def read_menu(self) -> Ids:
        """The ids of products and options, by the names that the file gave them."""
        menu = self.customer.get(f"/api/v1/vendors/{self.vendor}/menu")
        products: dict[str, int] = {}
        options: dict[tuple[int, str, str], int] = {}
        for product in (product for category in menu["categories"] for product in category["products"]):
            products[product["name"]] = product["id"]
            for group in product["option_groups"]:
                for option in group["options"]:
                    options[product["id"], group["name"], option["name"]] = option["id"]
        return Ids(products, options)

    def replay(self, order: FileOrder, ids: Ids) -> tuple[int, bool, int]:
        """Places one order and moves it to its end: (its id, whether it is new, its total in cents)."""
        status, answer = self.customer.post("/api/v1/orders", replay_cart(order, self.vendor, ids))
        placed = answer["orders"][0]
        total = from_text(answer["purchase"]["total"]["amount"], CURRENCY)
        at = int(placed["status"]["code"])
        behind = PATH.index(Status(at)) if at in PATH else len(PATH)
        for target in PATH[behind + 1 :]:
            self.kitchen.post(f"/api/v1/orders/{placed['id']}/transitions", {"to": int(target)})
        return int(placed["id"]), status == 201, total

    def note(
        self,
        result: Callable[[], tuple[int, bool, int]],
        order: FileOrder,
        known: dict[int, tuple[FileOrder, bool]],
        report: Report,
    ) -> None:
        try:
            pk, is_new, total = result()
        except CallRefused as refused:
            report.faults.append(f"Order {order.code}: {refused}")
            return
        known[pk] = (order, is_new)
        report.placed += is_new
        report.sum += total
        if total != order.total:
            hint = "" if is_new else " It was placed before: is it another file? Then give it a vendor of its own."
            report.faults.append(
                f"Order {order.code}: the file says {to_text(order.total, CURRENCY)}, "
                f"the site {to_text(total, CURRENCY)}.{hint}"
            )


def replay_cart(order: FileOrder, vendor: int, ids: Ids) -> dict[str, Any]:
    items = []
    for item in order.items:
        product = ids.products[product_name(item.name, item.unit_price)]
        options = [
            {"option": ids.options[product, group_name(item.name, position), name], "quantity": count}
            for (position, name), count in item.choices
        ]
        items.append({"product": product, "quantity": item.quantity, "options": options})
    return {
        "vendor": vendor,
        "items": items,
        "delivery_type": "pickup",
        "payment_method": "cash",
        "external_code": order.code,
        "total": as_json(order.total, CURRENCY),
    }


@contextmanager
def reading(reader: FeedReader) -> Iterator[FeedReader]:
    reader.start()
    try:
        yield reader
    finally:
        reader.stop()


def wait_for_events(reader: FeedReader, known: dict[int, tuple[FileOrder, bool]]) -> None:
    """Until the feed has told every order to its end, or has been quiet for too long."""
    left = set(known)
    reader.last_at = max(reader.last_at, time.monotonic())
    while reader.is_alive() and time.monotonic() - reader.last_at < QUIET:
        left = {pk for pk in left if len(reader.told.get(pk, ())) < len(STORY)}
        if not left or (reader.started_at and not any(known[pk][1] for pk in left)):
            return
        time.sleep(0.05)


def compare_feed(reader: FeedReader, known: dict[int, tuple[FileOrder, bool]], report: Report) -> None:
    """Each order's story must have been told once and in order; what is older than the feed keeps cannot be checked."""
    report.entries, report.position, report.reconnects = reader.entries, reader.position, reader.reconnects
    report.faults += reader.faults
    for pk, (order, is_new) in known.items():
        told = reader.told.get(pk, [])
        if told == STORY:
            continue
        if reader.started_at and not is_new:
            report.unchecked += 1
            continue
        report.faults.append(f"Order {order.code}: the feed told {told or 'nothing'}.")
