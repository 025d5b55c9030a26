"""The online payment providers behind one protocol, and which of them are set up here.

Several can be set up side by side: each payment method names its provider (vendors/payment_methods.py), and a payment
remembers its method.
"""

from collections.abc import Callable

from orders.services.paying.providers import mollie
from orders.services.paying.providers.observed import observe_provider
from orders.services.paying.providers.protocol import Provider, ProviderError
from vendors.payment_methods import PAYMENT_METHODS, find_method

# By its name, how each provider is made of the site's settings; it gives None where they do not name it.
PROVIDERS: dict[str, Callable[[], Provider | None]] = {
    "mollie": mollie.from_key,
    "fake": mollie.from_local_server,
}


def find_provider(name: str) -> Provider | None:
    """The provider of this name; None where there is none, or it is not set up."""
    build = PROVIDERS.get(name)
    found = build() if build else None
    return observe_provider(found) if found else None


def provider_of(method: str) -> Provider:
    """The provider of a payment method; raises ProviderError where it is not set up."""
    found = find_provider(find_method(method).provider)
    if found is None:
        raise ProviderError(f"The provider of {method} is not set up.")
    return found


def methods_of_provider(name: str) -> list[str]:
    """The payment methods that this provider is asked for."""
    return [method.name for method in PAYMENT_METHODS.values() if method.provider == name]


def askable_methods() -> list[str]:
    """The payment methods whose provider can be asked by this process."""
    return [method.name for method in PAYMENT_METHODS.values() if method.is_online and find_provider(method.provider)]


def is_available(method: str) -> bool:
    """Whether a payment method can be chosen: it has no provider, or its provider is set up."""
    found = PAYMENT_METHODS.get(method)
    return found is not None and (not found.is_online or find_provider(found.provider) is not None)


def available_methods() -> frozenset[str]:
    """All payment methods that can be chosen."""
    return frozenset(filter(is_available, PAYMENT_METHODS))
