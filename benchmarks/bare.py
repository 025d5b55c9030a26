"""What one would write first with DRF: the same rows without any rule. No key, no stock, no prices of its own, no feed
position, no life cycle, no permissions beyond a login; what a client sends is written.
"""

import secrets
from typing import Any

from django.db import transaction
from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

from orders.models import FeedEntry, Line, LineOption, Order, OrderEvent, Payment, PaymentShare, Purchase
from ordersite.accounts.models import Customer
from vendors.models import Vendor


class OptionInput(serializers.Serializer):
    menu_id = serializers.IntegerField()
    group = serializers.CharField()
    name = serializers.CharField()
    price = serializers.IntegerField()
    total = serializers.IntegerField()


class LineInput(serializers.Serializer):
    product = serializers.IntegerField()
    name = serializers.CharField()
    unit = serializers.CharField()
    quantity = serializers.IntegerField(min_value=1)
    unit_price = serializers.IntegerField()
    total = serializers.IntegerField()
    options = OptionInput(many=True)


class OrderInput(serializers.Serializer):
    customer = serializers.IntegerField()
    vendor = serializers.IntegerField()
    terms = serializers.IntegerField()
    currency = serializers.CharField(max_length=3)
    total = serializers.IntegerField()
    address = serializers.CharField(max_length=300)
    lat = serializers.FloatField()
    lng = serializers.FloatField()
    items = LineInput(many=True)


class BareView(APIView):
    """Says everything itself, so that it runs under any settings."""

    authentication_classes = [JWTAuthentication]
    permission_classes = [IsAuthenticated]
    parser_classes = [JSONParser]
    renderer_classes = [JSONRenderer]
    throttle_classes: list[Any] = []


class PlaceView(BareView):
    """Reads the body by serializers."""

    def post(self, request: Request) -> Response:
        given = OrderInput(data=request.data)
        given.is_valid(raise_exception=True)
        return Response(write(request, given.validated_data), status=201)


class PlainPlaceView(BareView):
    """Not even serializers: what JSON gives is written."""

    def post(self, request: Request) -> Response:
        return Response(write(request, request.data), status=201)


@transaction.atomic
def write(request: Request, data: Any) -> dict[str, Any]:
    """The rows of a cash order; numbers are random where the site draws them."""
    now = timezone.now()
    code = secrets.token_hex(32)
    key = f"user:{request.user.pk}"
    purchase = Purchase.objects.create(
        customer_id=data["customer"],
        placed_by_id=request.user.pk,
        placed_by_key=key,
        currency=data["currency"],
        total=data["total"],
        tracking_hash=code,
        placed_at=now,
    )
    order = Order.objects.create(
        purchase=purchase,
        vendor_id=data["vendor"],
        terms_id=data["terms"],
        customer_id=data["customer"],
        fulfilment=1,
        number=secrets.randbelow(2**31),
        number_day=now.date(),
        tracking_hash=code,
        collection_code="123456",
        currency=data["currency"],
        subtotal=data["total"],
        total=data["total"],
        payment_method="cash",
        address=data["address"],
        lat=data["lat"],
        lng=data["lng"],
        placed_at=now,
        visible_at=now,
    )
    lines = [
        Line(
            order=order,
            position=position,
            product_id=item["product"],
            name=item["name"],
            unit=item["unit"],
            quantity=item["quantity"],
            unit_price=item["unit_price"],
            total=item["total"],
            tax_rate=0,
            tax=0,
        )
        for position, item in enumerate(data["items"], start=1)
    ]
    Line.objects.bulk_create(lines)
    options = [
        LineOption(line=line, kind="option", **option)
        for line, item in zip(lines, data["items"], strict=True)
        for option in item["options"]
    ]
    LineOption.objects.bulk_create(options)
    payment = Payment.objects.create(purchase=purchase, provider="cash", amount=data["total"])
    PaymentShare.objects.create(payment=payment, order=order, amount=data["total"])
    tell(order, kind="placed", actor=key, role="customer", to_status=0, created_at=now)
    return {
        "id": order.pk,
        "uuid": order.uuid,
        "purchase": purchase.uuid,
        "number": order.number,
        "status": order.status,
        "total": order.total,
        "currency": order.currency,
        "address": order.address,
        "placed_at": order.placed_at,
        "items": [
            {
                "id": line.pk,
                "name": line.name,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "total": line.total,
                "options": [
                    {"name": option.name, "price": option.price} for option in options if option.line_id == line.pk
                ],
            }
            for line in lines
        ],
    }


def tell(order: Order, **fields: Any) -> None:
    event = OrderEvent.objects.create(order=order, number=secrets.randbelow(2**31), **fields)
    FeedEntry.objects.create(
        stream=f"vendor:{order.vendor_id}", position=secrets.randbits(62), event=event, order=order
    )


class VendorOutput(serializers.ModelSerializer):
    class Meta:
        model = Vendor
        fields = ["id", "name"]


class CustomerOutput(serializers.ModelSerializer):
    class Meta:
        model = Customer
        fields = ["id", "uuid", "name"]


class OrderOutput(serializers.ModelSerializer):
    vendor = VendorOutput()
    customer = CustomerOutput()

    class Meta:
        model = Order
        fields = [
            "id",
            "uuid",
            "number",
            "purchase",
            "kind",
            "fulfilment",
            "status",
            "version",
            "vendor",
            "customer",
            "driver",
            "company",
            "total",
            "currency",
            "payment_method",
            "payment_status",
            "placed_at",
            "deliver_at",
            "estimated_at",
            "app_id",
        ]


class OptionOutput(serializers.ModelSerializer):
    class Meta:
        model = LineOption
        fields = ["id", "kind", "menu_id", "group", "name", "position", "quantity", "price", "total", "text"]


class LineOutput(serializers.ModelSerializer):
    options = OptionOutput(many=True)

    class Meta:
        model = Line
        fields = ["id", "product", "name", "unit", "quantity", "unit_price", "total", "tax", "comment", "options"]


class PaymentOutput(serializers.ModelSerializer):
    class Meta:
        model = Payment
        fields = ["id", "provider", "state", "amount", "refunded", "paid_at"]


class DetailOutput(OrderOutput):
    lines = LineOutput(many=True)
    payments = PaymentOutput(many=True, source="purchase.payments")

    class Meta:
        model = Order
        fields = [*OrderOutput.Meta.fields, "subtotal", "delivery_fee", "address", "comment", "lines", "payments"]


class FifteenPages(PageNumberPagination):
    page_size = 15


class ListView(BareView, ListAPIView):
    """A page with its count."""

    queryset = Order.objects.select_related("vendor", "customer").order_by("-placed_at", "-id")
    serializer_class = OrderOutput
    pagination_class = FifteenPages
    filter_backends: list[Any] = []


class DetailView(BareView, RetrieveAPIView):
    queryset = Order.objects.select_related("vendor", "customer", "purchase").prefetch_related(
        "lines__options", "purchase__payments"
    )
    serializer_class = DetailOutput
    filter_backends: list[Any] = []


class AcceptView(BareView):
    """Whatever the status was, it is accepted now."""

    @transaction.atomic
    def post(self, request: Request, pk: int) -> Response:
        order = Order.objects.select_related("vendor", "customer").get(pk=pk)
        order.status, order.accepted_at, order.version = 7, timezone.now(), order.version + 1
        order.save()
        tell(order, kind="status", actor=f"user:{request.user.pk}", role="vendor", from_status=0, to_status=7)
        return Response(OrderOutput(order).data)


urlpatterns = [
    path("place", PlaceView.as_view()),
    path("place-plain", PlainPlaceView.as_view()),
    path("orders", ListView.as_view()),
    path("orders/<int:pk>", DetailView.as_view()),
    path("orders/<int:pk>/accept", AcceptView.as_view()),
]
