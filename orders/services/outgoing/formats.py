"""In whose shape an endpoint is told: ours, or that of a foreign system whose consumers go on unchanged.

A format is a row of the registry that settings.WEBHOOK_FORMATS names: the dialects stand above and bring theirs. It has
names of its own for what it tells. Each is a choice of our messages: one message may be told to an endpoint by several
names, as those systems do.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.module_loading import import_string

from orders.lifecycle.table import Status
from orders.models import WebhookDelivery, WebhookEndpoint
from orders.services.record.outbox import TYPES


def in_our_shape(delivery: WebhookDelivery) -> Any:
    return None


def without_headers(secret: str, body: str) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, kw_only=True)
class WebhookFormat:
    """One shape of webhooks.

    `names` are its names for what it tells, each with the messages that it tells of. `write` makes the body of a
    delivery, as JSON has it; None: as ours is. `headers` are those that it has beside ours, made of the newest secret
    and the body as it is sent. `title` is for people. The name is at most 8 characters long, as the column is.
    """

    name: str
    title: str
    names: Mapping[str, Q]
    write: Callable[[WebhookDelivery], Any] = in_our_shape
    headers: Callable[[str, str], Mapping[str, str]] = without_headers

    def told_by_name(self, types: Iterable[str]) -> list[tuple[str, Q]]:
        """By which of these names a delivery is written, and for which messages."""
        return [(name, self.names[name]) for name in types if name in self.names]


class OurFormat(WebhookFormat):
    """Of ours a message is told once, by the name of its type, which a delivery does not repeat."""

    def told_by_name(self, types: Iterable[str]) -> list[tuple[str, Q]]:
        return [("", Q(type__in=list(types)))]


STANDARD = OurFormat(
    name="standard", title="ours, as Standard Webhooks has it", names={name: Q(type=name) for name in TYPES}
)


def webhook_formats() -> dict[str, WebhookFormat]:
    """The registry, by name: ours first."""
    return {one.name: one for one in import_string(settings.WEBHOOK_FORMATS)()}


def told_by_name(endpoint: WebhookEndpoint) -> list[tuple[str, Q]]:
    """By which names of its own an endpoint is told, and of which messages; ours have the name of their type, "".

    One of a format that is there no longer is told of nothing.
    """
    format = webhook_formats().get(endpoint.format)
    return format.told_by_name(endpoint.types) if format else []


def status_becomes(*statuses: Status) -> Q:
    """The messages that tell of a change to one of these statuses."""
    return Q(type="order.status", event__to_status__in=statuses)


# A driver was named, and not taken off.
DRIVER_NAMED = Q(type="driver.assigned", event__order__driver__isnull=False)
