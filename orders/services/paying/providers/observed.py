"""A provider whose calls are counted: whoever writes one need not think of it."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, cast

from orders.services.paying.providers.protocol import Provider, ProviderError
from ordersite.core.work_items import outside_call

# What its protocol has besides its name, and asks the provider's server.
ASKING = frozenset(name for name in vars(Provider) if not name.startswith("_")) - {"name", "verify_notice"}


class ObservedProvider:
    """Counts what is asked of a provider and how long it takes, as the service of its name."""

    def __init__(self, provider: Provider) -> None:
        self.provider = provider

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.provider, name)
        return count_calls(self.provider.name, found) if name in ASKING else found


def refuses_finally(error: BaseException) -> bool:
    return isinstance(error, ProviderError) and error.is_final


def count_calls(service: str, ask: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(ask)
    def counted(*args: Any, **named: Any) -> Any:
        with outside_call(service, is_refusal=refuses_finally):
            return ask(*args, **named)

    return counted


OBSERVED = lru_cache(maxsize=32)(ObservedProvider)


def observe_provider(provider: Provider) -> Provider:
    """The provider as the services call it; of the same one always the same."""
    kept: Any = provider  # a protocol does not say that it can be hashed
    return cast(Provider, OBSERVED(kept))
