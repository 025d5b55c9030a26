"""How an order is paid: in another way, by photos of a transfer, and whether staff believe them."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api.orders import EXPAND, IF_MATCH
from orders.api.outputs import OrderChanged
from orders.api.photos import PHOTO_PARSERS, PhotoForm
from orders.api.rendering import changed_response
from orders.reading.payments import PHOTO_HEADERS
from orders.services.editing.order_fields import change_order
from orders.services.paying.payment_checks import approve_payment, refuse_payment, waive_owed
from orders.services.paying.proofs import payment_to_prove, read_photo, send_proofs
from ordersite.accounts.authentication import caller_of
from ordersite.core.images import CleanImage
from ordersite.web.multipart import Form, count_photos, photos_of
from ordersite.web.serializers import Input, ParagraphField
from ordersite.web.views import ApiView, if_match, parse
from vendors.payment_methods import METHOD_NAMES


class PayInput(Input):
    """Another way of paying what is not paid yet."""

    payment_method = serializers.ChoiceField(choices=METHOD_NAMES)


class WaiveInput(Input):
    """Why it need not be paid."""

    reason = ParagraphField(max_length=300, help_text="Visible to everyone involved in the order.")


class RefuseInput(Input):
    """Why the photos prove nothing, or why what came in is given back."""

    reason = ParagraphField(max_length=300, help_text="Shown to the customer.")


class PaymentsView(ApiView):
    """Pays an order in another way; or shows by photos that its transfer was made."""

    permission_classes = [AllowAny]
    parser_classes = PHOTO_PARSERS

    @extend_schema(
        request={"application/json": PayInput, "multipart/form-data": PhotoForm},
        parameters=[IF_MATCH, EXPAND],
        responses={201: OrderChanged},
        operation_id="payOrder",
    )
    def post(self, request: Request, order_id: int) -> Response:
        caller, version = caller_of(request), if_match(request)
        if isinstance(request.data, Form):
            order = send_proofs(order_id=order_id, caller=caller, photos=self.prepared(), version=version)
        else:
            fields = dict(parse(PayInput, request.data))
            order = change_order(order_id=order_id, caller=caller, fields=fields, version=version)
        return changed_response(caller, order, request, 201)

    def before_post(self, request: Request, order_id: int) -> list[CleanImage]:
        """The photos, cleaned before the transaction begins: meanwhile it would hold up others.

        To decode them costs time: it is done only for who may send them, of an order that waits for so many.
        """
        if count := count_photos(request):
            caller, version = caller_of(request), if_match(request)
            payment_to_prove(order_id=order_id, caller=caller, count=count, version=version)
        return photos_of(request)


class ApproveView(ApiView):
    """The money of a transfer, or cash, has come in; where another amount came in than was asked for, that counts."""

    permission_classes = [AllowAny]
    devices = ("POST",)  # cash alone

    @extend_schema(
        request=None, parameters=[IF_MATCH, EXPAND], responses={200: OrderChanged}, operation_id="approvePayment"
    )
    def post(self, request: Request, order_id: int, payment_id: int) -> Response:
        caller = caller_of(request)
        order = approve_payment(order_id=order_id, payment_id=payment_id, caller=caller, version=if_match(request))
        return changed_response(caller, order, request)


class RefuseView(ApiView):
    """The photos of a payment prove nothing; or another amount came in than was asked for, and goes back."""

    permission_classes = [AllowAny]

    @extend_schema(
        request=RefuseInput, parameters=[IF_MATCH, EXPAND], responses={200: OrderChanged}, operation_id="refusePayment"
    )
    def post(self, request: Request, order_id: int, payment_id: int) -> Response:
        caller = caller_of(request)
        reason = parse(RefuseInput, request.data)["reason"]
        version = if_match(request)
        order = refuse_payment(order_id=order_id, payment_id=payment_id, caller=caller, reason=reason, version=version)
        return changed_response(caller, order, request)


class WaiveView(ApiView):
    """What is still owed by a payment need not be paid, staff say; what came in amiss goes back."""

    permission_classes = [AllowAny]

    @extend_schema(
        request=WaiveInput, parameters=[IF_MATCH, EXPAND], responses={200: OrderChanged}, operation_id="waivePayment"
    )
    def post(self, request: Request, order_id: int, payment_id: int) -> Response:
        caller, version = caller_of(request), if_match(request)
        reason = parse(WaiveInput, request.data)["reason"]
        order = waive_owed(order_id=order_id, payment_id=payment_id, caller=caller, reason=reason, version=version)
        return changed_response(caller, order, request)


class PhotoView(ApiView):
    """A photo of a payment, as a JPEG; they are numbered from 1."""

    permission_classes = [AllowAny]

    @extend_schema(
        # Generators that know no images take the second: bytes.
        responses={(200, media): OpenApiTypes.BINARY for media in ("image/jpeg", "application/octet-stream")},
        operation_id="readPaymentPhoto",
    )
    def get(self, request: Request, order_id: int, payment_id: int, number: int) -> HttpResponse:
        photo = read_photo(order_id=order_id, payment_id=payment_id, number=number, caller=caller_of(request))
        return HttpResponse(photo, content_type="image/jpeg", headers=PHOTO_HEADERS)
