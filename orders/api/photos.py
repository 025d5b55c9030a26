"""Photos that come with an order, or for a payment."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Min
from rest_framework import serializers
from rest_framework.request import Request

from orders.api.inputs import PlaceInput
from orders.models import Payment, PaymentProof
from orders.services.shares import TRANSFER
from ordersite.web.context import absolute
from ordersite.web.images import CleanImage
from ordersite.web.multipart import MOST_PHOTOS, Form, PhotoFormParser
from ordersite.web.parsing import JsonParser
from ordersite.web.serializers import Input
from vendors.models import PAYMENT_METHODS


class OrderParser(PhotoFormParser):
    """An order's JSON in the part `order`, and photos that prove its payment."""

    json_part = "order"


ORDER_PARSERS = [JsonParser, OrderParser]
PHOTO_PARSERS = [JsonParser, PhotoFormParser]


class OrderWithPhotos(PlaceInput):
    """An order that was paid already: its photos say so."""

    payment_method = serializers.ChoiceField(choices=PAYMENT_METHODS, default="transfer")


class PhotoField(serializers.ListField):
    """At most so many pictures, each a file."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.FileField(), max_length=MOST_PHOTOS, **kwargs)


class OrderForm(Input):
    """What is sent as multipart/form-data: the order as JSON, and photos (JPEG, PNG or WEBP, 5 MB each)."""

    order = OrderWithPhotos()
    photo = PhotoField(required=False)


class PhotoForm(Input):
    """What is sent as multipart/form-data: photos (JPEG, PNG or WEBP, 5 MB each)."""

    photo = PhotoField(allow_empty=False)


def proof_urls(payments: Iterable[Payment]) -> dict[int, list[str]]:
    """Where the photos of each payment are read, by the payment's id; one statement, none without a transfer."""
    transfers = [payment.pk for payment in payments if payment.provider == TRANSFER]
    urls: dict[int, list[str]] = {}
    if not transfers:
        return urls
    proofs = PaymentProof.objects.filter(payment__in=transfers).order_by("pk")
    for payment_id, order_id in proofs.values_list("payment_id", Min("payment__shares__order")):
        numbered = urls.setdefault(payment_id, [])
        path = f"/api/v1/orders/{order_id}/payments/{payment_id}/proofs/{len(numbered) + 1}"
        numbered.append(absolute.get()(path))
    return urls


def photos_of(request: Request) -> list[CleanImage]:
    """The photos that came with a request, cleaned."""
    return request.data.photos if isinstance(request.data, Form) else []
