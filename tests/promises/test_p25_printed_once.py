"""Promise 25: printed once. Two boards and two printers at once, over a link that dies in the middle.

Each counts the papers that have really come out of it: of every order one that is not marked, and a further one only
with its mark.
"""

import random
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from orders.models import Order, PrintJob
from orders.services.printing import jobs
from tests.cast import Cast
from tests.controls.unclaimed_papers import take_without_a_condition
from tests.orders.printing import jobs_path, move, printing_vendor
from tests.orders.shopping import cart, place_order
from tests.promises.crowd import or_its_error, together
from tests.tracking.printer import TestPrinter, pair_printer

MARKS = ("COPY", "POSSIBLE DOUBLE", "CANCELLED")
Paper = tuple[int, bool]  # the order's number, and whether the paper is marked


class Board:
    """A tablet that prints what it can claim; with `dies` its link ends for good after its last claim."""

    def __init__(self, client: APIClient, cast: Cast, link: random.Random, dies: bool = False) -> None:
        self.client, self.cast, self.link, self.dies = client, cast, link, dies
        self.papers: list[Paper] = []

    def call(self, path: str) -> Any:
        """Sent again with the same key where the answer is lost on the way."""
        key = {"Idempotency-Key": secrets.token_hex(8)}
        answer = self.client.post(path, headers=key)
        return self.client.post(path, headers=key) if self.link.random() < 0.3 else answer

    def work(self) -> None:
        waiting = self.client.get(jobs_path(self.cast) + "?per_page=100").json()["results"]
        for job in [row for row in waiting if row["state"] == "waiting"]:
            claimed = self.call(jobs_path(self.cast, job["id"], "claim"))
            if claimed.status_code != 200:
                assert claimed.status_code == 409, claimed.json()
                continue
            rows = claimed.json()["rows"]
            if self.dies:
                return
            self.papers.append((job["number"], any(row["kind"] == "mark" for row in rows)))
            assert self.call(jobs_path(self.cast, job["id"], "printed")).status_code == 200


def papers_of(printer: TestPrinter) -> list[Paper]:
    """What has come out of a printer."""
    found = []
    for text in printer.papers:
        number = next(line for line in text.splitlines() if line.strip().startswith("= P"))
        found.append((int(number.strip(" =P")), any(mark in text for mark in MARKS)))
    return found


def accepted_orders(cast: Cast, api: Callable[..., APIClient], count: int) -> list[Order]:
    printing_vendor(cast)
    orders = []
    for _ in range(count):
        order = place_order(api(cast.customer), cart(cast))
        move(api, cast.owner, order, transition="accept")
        orders.append(order)
    return orders


def count_papers(papers: list[Paper], orders: list[Order]) -> None:
    """Raises AssertionError where an order has not exactly one paper without a mark."""
    plain = Counter(number for number, is_marked in papers if not is_marked)
    assert plain == Counter({order.number: 1 for order in orders}), plain


def reject(api: Callable[..., APIClient], cast: Cast, order: Order) -> None:
    move(api, cast.owner, order, transition="reject", reason_code="other", reason="No gas")


def make_printers(cast: Cast) -> list[TestPrinter]:
    paired = [pair_printer(cast.vendor, name) for name in ("Kitchen printer", "Bar printer")]
    return [TestPrinter(str(device.pk), token) for device, token in paired]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_boards_and_two_printers_at_once(
    cast: Cast, api: Callable[..., APIClient], figure: Callable[[str], None], full: bool
) -> None:
    link = random.Random(25)
    orders = accepted_orders(cast, api, 60 if full else 12)
    boards = [Board(api(cast.owner), cast, link), Board(api(cast.staff), cast, link)]
    printers = make_printers(cast)

    def run(printer: TestPrinter) -> None:
        while printer.work(gets=link.choice((1, 1, 2)), deletes=link.choice((1, 1, 2))):
            pass

    calls: list[Callable[[], None]] = [*(board.work for board in boards), *(partial(run, one) for one in printers)]
    together(calls, at_once=4)
    for printer in printers:  # what the boards did not reach
        run(printer)
    papers = [*boards[0].papers, *boards[1].papers, *papers_of(printers[0]), *papers_of(printers[1])]
    count_papers(papers, orders)
    assert len(papers) == len(orders)
    assert set(PrintJob.objects.values_list("state", flat=True)) == {"printed"}
    figure(
        f"{len(orders)} orders by two boards and two printers at once, answers lost: {len(papers)} papers, 0 doubles"
    )


@pytest.mark.django_db
def test_a_board_that_dies_after_its_claim(cast: Cast, api: Callable[..., APIClient]) -> None:
    """Nobody knows whether that paper came out: a person says no, and the second says what it may be."""
    orders = accepted_orders(cast, api, 2)
    link = random.Random(1)
    dead, printers = Board(api(cast.owner), cast, link, dies=True), make_printers(cast)
    dead.work()
    assert printers[0].work()
    assert not printers[0].work()
    count_papers(papers_of(printers[0]), orders[1:])
    PrintJob.objects.filter(state="claimed").update(lease_until=timezone.now())
    assert not printers[0].work()
    (unsure,) = api(cast.staff).get(jobs_path(cast)).json()["results"]
    assert (unsure["order"], unsure["state"], unsure["claimed_by"]) == (orders[0].pk, "unsure", "Olga Owner")
    api(cast.staff).post(jobs_path(cast, unsure["id"], "failed"), {"reason": "Nothing there"})
    assert printers[1].work()
    assert papers_of(printers[1]) == [(orders[0].number, True)]
    assert "POSSIBLE DOUBLE" in printers[1].papers[0]
    assert "COPY 2" in printers[1].papers[0]
    assert not any(printer.work() for printer in printers)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_accepted_twice_and_cancelled_meanwhile(cast: Cast, api: Callable[..., APIClient]) -> None:
    """Whichever comes first: no ticket goes out after the cancellation, and none before it without a slip behind it."""
    printing_vendor(cast)
    printer = make_printers(cast)[0]
    for number in range(10):
        order = place_order(api(cast.customer), cart(cast))
        move(api, cast.owner, order, transition="accept")
        calls: list[Callable[[], Any]] = [printer.work, partial(reject, api, cast, order)]
        together(calls if number % 2 else calls[::-1], at_once=2)
        while printer.work():
            pass
        states = dict(PrintJob.objects.filter(order=order).values_list("kind", "state"))
        assert states in ({"ticket": "withdrawn"}, {"ticket": "printed", "cancellation": "printed"}), states


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_control_without_the_condition_both_print(
    cast: Cast, api: Callable[..., APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = accepted_orders(cast, api, 1)
    link = random.Random(2)
    monkeypatch.setattr(link, "random", lambda: 1.0)  # a link that loses nothing
    both = threading.Barrier(2, timeout=30)  # each has seen the job waiting before either takes it

    def take_together(*given: Any) -> Any:
        both.wait()
        return take_without_a_condition(*given)

    monkeypatch.setattr(jobs, "take_if_waiting", take_together)
    boards = [Board(api(cast.owner), cast, link), Board(api(cast.staff), cast, link)]
    # The process's first call takes long: a board whose list came seconds later would find the job claimed.
    assert [board.client.get(jobs_path(cast)).status_code for board in boards] == [200, 200]
    together([or_its_error(board.work) for board in boards])  # one's word is refused: the job is now the other's
    with pytest.raises(AssertionError):
        count_papers([*boards[0].papers, *boards[1].papers], orders)
