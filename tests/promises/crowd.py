"""Calls in threads of their own, each with a database connection of its own: many at once, or one beside the test."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TypeVar

from django.db import connection

Answer = TypeVar("Answer")


def together(calls: Sequence[Callable[[], Answer]], *, at_once: int | None = None) -> list[Answer]:
    """Makes the calls, all at once or so many at a time; their answers in order. Raises what one of them raised first.

    Those that begin have met before, with their connections open.
    """
    answers: dict[int, Answer] = {}
    faults: list[BaseException] = []
    left, lock = iter(list(enumerate(calls))), threading.Lock()
    at_once = at_once or len(calls)
    ready = threading.Barrier(at_once)

    def work() -> None:
        try:
            connection.ensure_connection()
            ready.wait(60)
            while True:
                with lock:
                    number, call = next(left, (-1, None))
                if call is None:
                    return
                answers[number] = call()
        except BaseException as fault:
            faults.append(fault)
            ready.abort()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    if faults:
        raise faults[0]
    return [answers[number] for number in range(len(calls))]


def next_delay(late: float, *, first_won: bool) -> float:
    """How many seconds after the first of two the second begins next, when it began `late` after it this time.

    Whoever won has it harder, so that on a busy machine too both win some rounds.
    """
    return late / 2 if first_won else late * 2 + 0.01


def or_its_error(call: Callable[[], Answer]) -> Callable[[], Answer | Exception]:
    """The call, which answers the error that it raises."""

    def answered() -> Answer | Exception:
        try:
            return call()
        except Exception as error:
            return error

    return answered


def beside(call: Callable[[], Answer]) -> Future[Answer]:
    """Begins a call while the test goes on; `result` waits for its answer, or raises what it raised."""
    future = Future[Answer]()

    def closing() -> Answer:
        try:
            return call()
        finally:
            connection.close()

    def work() -> None:
        try:
            future.set_result(closing())
        except BaseException as fault:
            future.set_exception(fault)

    threading.Thread(target=work, daemon=True).start()
    return future
