"""Online payment providers behind one protocol, and which of them are set up here."""

from functools import cache

from django.conf import settings

from orders.services.paying.providers.mollie import Mollie
from orders.services.paying.providers.protocol import Provider, ProviderError
from vendors.payment_methods import METHOD_NAMES, ONLINE_METHODS

# The local server asks for a key of Mollie's form, and takes any.
FAKE_KEY = "test_of_the_local_server"


def configured() -> dict[str, Provider]:
    """The providers that this process can ask, by their payment method."""
    found: dict[str, Provider] = {}
    if settings.MOLLIE_API_KEY:
        found["mollie"] = provider("mollie", settings.MOLLIE_API_KEY, "")
    if settings.FAKE_PAYMENTS_URL:
        found["fake"] = provider("fake", FAKE_KEY, settings.FAKE_PAYMENTS_URL)
    return found


@cache
def provider(name: str, api_key: str, endpoint: str) -> Provider:
    """One for all threads of the process: it holds connections."""
    return Mollie(name, api_key=api_key, endpoint=endpoint)


def provider_of(method: str) -> Provider:
    """The provider of a payment method; raises ProviderError where it is not set up."""
    found = configured().get(method)
    if found is None:
        raise ProviderError(f"The provider of {method} is not set up.")
    return found


def available_methods() -> frozenset[str]:
    """The payment methods that can be chosen: those without a provider, and those whose provider is set up."""
    return frozenset(METHOD_NAMES) - frozenset(ONLINE_METHODS) | configured().keys()
