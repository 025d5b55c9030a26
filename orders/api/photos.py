"""Photos that come with an order, or for a payment."""

from typing import Any

from rest_framework import serializers

from orders.api.inputs import PlaceInput
from ordersite.core.images import MOST_PHOTOS
from ordersite.web.multipart import PhotoFormParser
from ordersite.web.parsing import JsonParser
from ordersite.web.serializers import Input
from vendors.payment_methods import METHOD_NAMES


class OrderParser(PhotoFormParser):
    """An order's JSON in the part `order`, and photos that prove its payment."""

    json_part = "order"


ORDER_PARSERS = [JsonParser, OrderParser]
PHOTO_PARSERS = [JsonParser, PhotoFormParser]


class OrderWithPhotos(PlaceInput):
    """An order that was paid already: its photos say so."""

    payment_method = serializers.ChoiceField(choices=METHOD_NAMES, default="transfer")


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
