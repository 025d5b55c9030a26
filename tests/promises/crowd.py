"""Many calls at once, each thread with a database connection of its own."""

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connection

Answer = TypeVar("Answer")


def together(calls: Sequence[Callable[[], Answer]], *, at_once: int) -> list[Answer]:
    """Makes the calls, so many at a time, and returns their answers in order; raises what one of them raised first."""
    answers: dict[int, Answer] = {}
    faults: list[BaseException] = []
    left, lock = iter(list(enumerate(calls))), threading.Lock()
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
