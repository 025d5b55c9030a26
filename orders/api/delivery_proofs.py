"""What shows that an order was handed over: a photo, or the signature of who received it."""

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.models import DeliveryProof
from orders.reading.payments import PHOTO_HEADERS
from orders.services.moving.delivery_proofs import (
    add_delivery_proof,
    list_delivery_proofs,
    order_to_show,
    read_delivery_proof,
)
from ordersite.accounts.authentication import caller_of
from ordersite.core.context import absolute
from ordersite.core.images import CleanImage
from ordersite.web.multipart import PhotoFormParser, count_photos, photos_of
from ordersite.web.parsing import JsonParser
from ordersite.web.problems import BadRequest
from ordersite.web.serializers import Input
from ordersite.web.views import ApiView, parse, render


class DeliveryProofParser(PhotoFormParser):
    """What the picture is, as JSON in the part `proof`, and the picture in the part `photo`."""

    json_part = "proof"


class DeliveryProofInput(Input):
    """What the picture is."""

    kind = serializers.ChoiceField(choices=DeliveryProof.Kind.choices)
    done_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="When the device took it."
    )


class DeliveryProofForm(Input):
    """What is sent as multipart/form-data: what the picture is, and one picture (JPEG, PNG or WEBP, 5 MB)."""

    proof = DeliveryProofInput()
    photo = serializers.FileField()


class DeliveryProofOutput(serializers.Serializer):
    """A picture of the delivery. Its `id` is what the change that completes the delivery names as `proof`."""

    id = serializers.UUIDField(source="uuid")
    kind = serializers.CharField()
    done_at = serializers.DateTimeField(allow_null=True)
    uploaded_at = serializers.DateTimeField(help_text="When it came in.")
    url = serializers.SerializerMethodField()

    def get_url(self, proof: DeliveryProof) -> str:
        return absolute.get()(f"/api/v1/orders/{proof.order_id}/delivery-proofs/{proof.uuid}")


class DeliveryProofList(serializers.Serializer):
    """The pictures of an order's delivery, the oldest first."""

    results = DeliveryProofOutput(many=True)


class DeliveryProofsView(ApiView):
    """The pictures of an order's delivery."""

    permission_classes = [AllowAny]
    devices = ("POST",)
    parser_classes = [JsonParser, DeliveryProofParser]

    @extend_schema(responses=DeliveryProofList, operation_id="readDeliveryProofs")
    def get(self, request: Request, order_id: int) -> Response:
        """List them, the oldest first: for the customer, the vendor, staff, and whoever carries the order."""
        proofs = list_delivery_proofs(order_id=order_id, caller=caller_of(request))
        return Response({"results": [render(DeliveryProofOutput, proof) for proof in proofs]})

    @extend_schema(
        request={"multipart/form-data": DeliveryProofForm},
        responses={201: DeliveryProofOutput},
        operation_id="addDeliveryProof",
    )
    def post(self, request: Request, order_id: int) -> Response:
        """Add one, by whoever carries the order, while it is on its way.

        Then complete the delivery by `POST /orders/{id}/transitions` with its `id` as `proof`. The same picture sent
        again answers the first.
        """
        photo = self.prepared()[0]
        given = parse(DeliveryProofInput, request.data)
        proof = add_delivery_proof(order_id=order_id, caller=caller_of(request), photo=photo, **given)
        return Response(render(DeliveryProofOutput, proof), status=201)

    def before_post(self, request: Request, order_id: int) -> list[CleanImage]:
        """The picture, cleaned before the transaction begins, for who may send one: to decode it costs time."""
        order_to_show(order_id=order_id, caller=caller_of(request))
        count = count_photos(request)
        if count != 1:
            raise BadRequest("/photo", "required" if not count else "max_length", "Send one picture, as a file.")
        return photos_of(request)


class DeliveryProofView(ApiView):
    """A picture of the delivery, as a JPEG."""

    permission_classes = [AllowAny]

    @extend_schema(
        # Generators that know no images take the second: bytes.
        responses={(200, media): OpenApiTypes.BINARY for media in ("image/jpeg", "application/octet-stream")},
        operation_id="readDeliveryProof",
    )
    def get(self, request: Request, order_id: int, proof_uuid: UUID) -> HttpResponse:
        photo = read_delivery_proof(order_id=order_id, proof_uuid=proof_uuid, caller=caller_of(request))
        return HttpResponse(photo, content_type="image/jpeg", headers=PHOTO_HEADERS)
