"""The registry of dialects, and of the shapes of webhooks that they bring."""

from collections.abc import Sequence

from orders.dialects import kaddy, kalixo, kesk, ordering, shop
from orders.dialects.base import Dialect
from orders.services.outgoing.formats import STANDARD, WebhookFormat

DIALECTS: Sequence[Dialect] = (kaddy.DIALECT, kalixo.DIALECT, kesk.DIALECT, ordering.DIALECT, shop.DIALECT)


def webhook_formats() -> list[WebhookFormat]:
    """settings.WEBHOOK_FORMATS: ours, and those of the dialects."""
    return [STANDARD, *(one.webhooks for one in DIALECTS if one.webhooks)]
