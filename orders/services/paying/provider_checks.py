"""Whether payment providers answer: each is asked for something that changes nothing there, within a time limit."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread

from orders.services.paying.providers import PROVIDERS, find_provider, methods_of_provider
from orders.services.paying.providers.protocol import ProviderError
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.attempts import HOUR, count_attempt
from ordersite.core.codes import FaultCode
from ordersite.core.faults import NotFound
from ordersite.core.others import release_connection

# Seconds that a page waits, however slowly a server drips: whoever is asked for longer goes on in its thread.
LONGEST = 10.0
# Such threads of one process.
ASKED = BoundedSemaphore(4)
# Of one person in an hour.
MOST_CHECKS = 60


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A provider, whether it is set up here, and the payment methods that it serves."""

    name: str
    is_set_up: bool
    methods: list[str]


@dataclass(frozen=True, slots=True)
class ProviderCheck:
    """What a provider answered: with its own ways to pay, or why not."""

    methods: list[str]
    milliseconds: int
    failure: str = ""


def provider_states() -> list[ProviderState]:
    """All that there are; asks none of them."""
    return [ProviderState(name, find_provider(name) is not None, methods_of_provider(name)) for name in PROVIDERS]


def check_provider(caller: Caller, name: str) -> ProviderCheck:
    """Asks a provider for the ways to pay that it offers. Never to be called in a transaction.

    Raises Forbidden, NotFound for one that is not set up, and Throttled.
    """
    caller.require(Right.CHECK_PAYMENTS)
    provider = find_provider(name)
    if provider is None:
        raise NotFound(FaultCode.NOT_FOUND)
    count_attempt("provider-check", caller.key, limit=MOST_CHECKS, window=HOUR)
    release_connection()
    began = time.monotonic()
    try:
        methods, failure = ask_within(provider.list_methods, LONGEST), ""
    except ProviderError as error:
        methods, failure = [], error.reason
    return ProviderCheck(methods, int((time.monotonic() - began) * 1000), failure)


def ask_within(ask: Callable[[], list[str]], seconds: float) -> list[str]:
    """What is answered; raises ProviderError where that takes longer, or is refused."""
    if not ASKED.acquire(blocking=False):
        raise ProviderError("Others are being asked at this moment: press again in a few seconds.")
    answers: SimpleQueue[list[str] | ProviderError] = SimpleQueue()

    def run() -> None:
        try:
            answers.put(ask())
        except ProviderError as error:
            answers.put(error)
        finally:
            ASKED.release()

    Thread(target=run, name="check of a provider", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except Empty:
        raise ProviderError(f"The provider gave no answer within {seconds:.0f} seconds.") from None
    if isinstance(answer, ProviderError):
        raise answer
    return answer
