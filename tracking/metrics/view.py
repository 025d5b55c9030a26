"""GET /metrics, for Prometheus: who has METRICS_TOKEN, and without one whoever asks on this machine."""

import secrets
from collections.abc import Iterable
from ipaddress import ip_address

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import Metric

from ordersite.core.metrics import shared_metrics
from tracking.metrics.readings import readings

# What proxies tell of whom they call for: a request with one of these did not begin on this machine.
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


class Everything:
    """What the processes have counted, and what the database says."""

    def collect(self) -> Iterable[Metric]:
        yield from shared_metrics()
        yield from readings.collect()


REGISTRY_OF_ALL = CollectorRegistry()
REGISTRY_OF_ALL.register(Everything())


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The text format of Prometheus; 404 for whoever may not read it, who does not learn that it is there."""
    if not may_read(request):
        raise Http404
    return HttpResponse(generate_latest(REGISTRY_OF_ALL), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def may_read(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN:
        given = token.strip().encode()
        return scheme.lower() == "bearer" and secrets.compare_digest(given, settings.METRICS_TOKEN.encode())
    return came_from_here(request)


def came_from_here(request: HttpRequest) -> bool:
    """Whether it began on this machine: no proxy has passed it on, as far as it can be seen."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # a socket of the file system
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback
