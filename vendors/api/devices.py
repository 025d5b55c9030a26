"""A vendor's devices: added by its owner and managers, paired by a code."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from ordersite.accounts.authentication import caller_of
from ordersite.web.pagination import paginate
from ordersite.web.schema import PAGE_PARAMETERS, ordering_parameter, page_schema
from ordersite.web.serializers import Input, LineField
from ordersite.web.throttling import client_address
from ordersite.web.views import ApiView, parse, render
from vendors.models import Device
from vendors.services.devices import (
    add_device,
    devices_of,
    pair_device,
    rename_device,
    renew_pairing_code,
    revoke_device,
)

MOST_NAME = 60


class DeviceNameInput(Input):
    name = LineField(max_length=MOST_NAME, help_text="How it is told from others: Kitchen, Counter.")


class DeviceInput(DeviceNameInput):
    kind = serializers.ChoiceField(
        choices=Device.Kind.values, default=Device.Kind.BOARD, help_text="A tablet with the board, or a printer."
    )


class PairInput(Input):
    code = LineField(max_length=20, help_text="As it was shown; capitals, spaces and dashes do not matter.")
    browser = serializers.BooleanField(
        default=False,
        help_text="The token is kept in a cookie that scripts cannot read, and is not answered. Needs the CSRF header.",
    )


class DeviceOutput(serializers.Serializer):
    """A device; it is paired once it has a `paired_at`."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Device.Kind.values, help_text="A tablet with the board, or a printer.")
    created_at = serializers.DateTimeField()
    paired_at = serializers.DateTimeField(allow_null=True, help_text="When a code was last used on it.")
    last_seen_at = serializers.DateTimeField(allow_null=True, help_text="To the minute.")
    printer_status = serializers.CharField(help_text="What a printer tells of itself, such as 410 Out of paper.")


class DeviceCodeOutput(DeviceOutput):
    """With the code that pairs it: it is told this once and works once."""

    code = serializers.CharField(help_text="Typed on the device that is to be paired.")
    code_expires_at = serializers.DateTimeField(help_text="Until when the code can be used.")


class PairedVendorOutput(serializers.Serializer):
    """Whose device it is."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class PairedOutput(DeviceOutput):
    """The device that the caller is from now on."""

    vendor = PairedVendorOutput()
    token = serializers.CharField(allow_null=True, help_text="The bearer of its calls, told this once.")


class DevicesView(ApiView):
    @extend_schema(parameters=[*PAGE_PARAMETERS, ordering_parameter("id", "name")], responses=page_schema(DeviceOutput))
    def get(self, request: Request, vendor_id: int) -> Response:
        """The vendor's devices that are not revoked; by its owner and managers, and staff."""
        return paginate(
            request,
            devices_of(caller_of(request), vendor_id),
            lambda row: render(DeviceOutput, row),
            orderings={"id": ("id",), "name": ("name", "id")},
            default="name",
        )

    @extend_schema(request=DeviceInput, responses={201: DeviceCodeOutput})
    def post(self, request: Request, vendor_id: int) -> Response:
        """Add a device. Its code is told this once, works once, and lasts ten minutes."""
        device, code = add_device(caller_of(request), vendor_id, **parse(DeviceInput, request.data))
        return Response({**render(DeviceOutput, device), "code": code.code, "code_expires_at": code.expires_at}, 201)


class DeviceView(ApiView):
    @extend_schema(request=DeviceNameInput, responses=DeviceOutput)
    def patch(self, request: Request, vendor_id: int, device_id: int) -> Response:
        """Rename a device."""
        given = parse(DeviceNameInput, request.data)
        return Response(render(DeviceOutput, rename_device(caller_of(request), vendor_id, device_id, **given)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, vendor_id: int, device_id: int) -> Response:
        """Revoke a device at once: its calls are refused, and its sockets close within five seconds."""
        revoke_device(caller_of(request), vendor_id, device_id)
        return Response(status=204)


class DeviceCodeView(ApiView):
    @extend_schema(request=None, responses={201: DeviceCodeOutput})
    def post(self, request: Request, vendor_id: int, device_id: int) -> Response:
        """Give a device a new code. Paired already, it stays so until the code is used."""
        device, code = renew_pairing_code(caller_of(request), vendor_id, device_id)
        return Response({**render(DeviceOutput, device), "code": code.code, "code_expires_at": code.expires_at}, 201)


class PairingView(ApiView):
    """No credential is read: who pairs a device is nobody yet. The answer lets somebody in, so none is kept."""

    authentication_classes = []
    permission_classes = [AllowAny]
    keeps_answers = False

    @extend_schema(request=PairInput, responses={200: PairedOutput}, operation_id="pairDevice")
    def post(self, request: Request) -> Response:
        """Pair a device by its code. After too many tries from a network address, 429 tells how long to wait."""
        given = parse(PairInput, request.data)
        if given["browser"]:
            # The cookie would count for whatever page of another site sent the call.
            SessionAuthentication().enforce_csrf(request)
        device, token = pair_device(code=given["code"], address=client_address(request))
        body: dict[str, Any] = render(PairedOutput, paired(device, None if given["browser"] else token))
        response = Response(body)
        if given["browser"]:
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                token,
                max_age=settings.DEVICE_COOKIE_AGE,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def paired(device: Device, token: str | None) -> dict[str, Any]:
    """The device as PairedOutput reads it."""
    names = ("id", "name", "kind", "created_at", "paired_at", "last_seen_at", "printer_status", "vendor")
    return {**{name: getattr(device, name) for name in names}, "token": token}
