"""The live feed as an AsyncAPI document, made from the tables that the sockets use."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from orders.lifecycle.table import Status
from ordersite.web.documents import MAX_AGE
from tracking.feed import closings, entries

LARGEST = 2**53 - 1  # what JavaScript can hold
POSITION = {
    "type": "integer",
    "format": "int64",
    "minimum": 0,
    "maximum": LARGEST,
    "description": "Where the stream stands: 1, 2, 3… without a gap.",
}
EPOCH = {"type": "string", "maxLength": 32, "description": "The time in which positions hold; a restore ends it."}
ID = {"type": "integer", "format": "int64", "minimum": 1, "maximum": LARGEST}
STATUS = {"type": ["integer", "null"], "enum": [*(int(status) for status in Status), None]}
AT = "2026-11-29T10:00:00.000Z"

QUERY = {
    "since": {
        **POSITION,
        "description": "The last position that you have read. Left out: from now on; 0: all that is kept.",
    },
    "epoch": {
        **EPOCH,
        "description": "The epoch of that position. A position above 0 without it is answered by a reset.",
    },
}
COMPANY = {"company": {**ID, "description": "Which of several companies; the first if left out."}}
# Name → address, what it tells, its parameters, its query, and whether a credential is asked for.
CHANNELS: dict[str, tuple[str, str, dict[str, str], dict[str, Any], bool]] = {
    "vendor": ("/ws/vendors/{vendor_id}", "A vendor's orders.", {"vendor_id": "The vendor's id."}, QUERY, True),
    "driver": ("/ws/drivers/me", "The orders of the driver who connects.", {}, QUERY, True),
    "company": ("/ws/companies/me", "The orders of a delivery company.", {}, {**QUERY, **COMPANY}, True),
    "order": (
        "/ws/orders/{tracking_code}",
        "One order; positions are its versions.",
        {"tracking_code": "The tracking code that was answered on placing; it needs no login."},
        QUERY,
        False,
    ),
}


def payload(kind: str) -> dict[str, Any]:
    """The schema of a frame of this kind."""
    told: dict[str, Any] = {"kind": {"type": "string", "const": kind}, "position": POSITION}
    if kind in (entries.HELLO, entries.RESET):
        told["epoch"] = EPOCH
    else:
        status = {"type": "null"} if kind == entries.HIDDEN else STATUS
        told |= {
            "order": {**ID, "description": "The order's id."},
            "version": {**ID, "description": "The order's version that this made."},
            "from": {**status, "description": "The status before, of a change of it."},
            "to": {**status, "description": "The status after, of a change of it."},
            "at": {"type": "string", "format": "date-time"},
        }
    return {"type": "object", "required": list(told), "properties": told}


def example(kind: str) -> dict[str, Any]:
    """A frame of this kind."""
    if kind in (entries.HELLO, entries.RESET):
        return {"kind": kind, "position": 41, "epoch": "5e8bb34c81f04a5d"}
    source, target = (0, 7) if kind == "status" else (None, None)
    return {"position": 42, "order": 17, "version": 3, "kind": kind, "from": source, "to": target, "at": AT}


def message(kind: str, meaning: str) -> dict[str, Any]:
    return {
        "name": kind,
        "title": kind,
        "summary": meaning[0].upper() + meaning[1:] + ".",
        "payload": payload(kind),
        "examples": [{"name": kind, "payload": example(kind)}],
    }


def channel(name: str) -> dict[str, Any]:
    address, summary, parameters, query, _ = CHANNELS[name]
    return {
        "address": address,
        "summary": summary,
        "parameters": {parameter: {"description": text} for parameter, text in parameters.items()},
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in (*entries.KINDS, *entries.OTHERS)},
        "bindings": {"ws": {"method": "GET", "query": {"type": "object", "properties": query}}},
    }


def operation(name: str) -> dict[str, Any]:
    """What this site does: it tells, and nothing is expected of the client."""
    asked = [{"$ref": f"#/components/securitySchemes/{scheme}"} for scheme in ("bearer", "session")]
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": CHANNELS[name][1],
        **({"security": asked} if CHANNELS[name][4] else {}),
    }


def document(host: str, *, is_secure: bool) -> dict[str, Any]:
    """The whole document, for the site at this host."""
    kinds = {**entries.KINDS, **entries.OTHERS}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "ordersite, the live feed",
            "version": "1",
            "description": "What happens to orders, told as it happens. Sockets only tell: act by the REST API "
            "(/api/v1/schema). Ask for the subprotocol ordersite.v1. `x-close-codes` lists why sockets are closed.",
        },
        "defaultContentType": "application/json",
        "servers": {"site": {"host": host, "protocol": "wss" if is_secure else "ws"}},
        "channels": {name: channel(name) for name in CHANNELS},
        "operations": {f"watch{name.capitalize()}": operation(name) for name in CHANNELS},
        "components": {
            "messages": {kind: message(kind, meaning) for kind, meaning in kinds.items()},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A JWT access token or an API token: by `Sec-WebSocket-Protocol: ordersite.v1, "
                    "bearer.<token>`, or by an Authorization header. Never in the address.",
                },
                "session": {
                    "type": "httpApiKey",
                    "in": "cookie",
                    "name": settings.SESSION_COOKIE_NAME,
                    "description": "A browser's sign-in, on pages of this site only.",
                },
            },
        },
        "x-close-codes": [
            *({"code": code, "reason": reason} for code, reason in closings.CLOSINGS),
            *({"code": code, "means": means} for code, means in closings.OF_THE_PROTOCOL.items()),
        ],
    }


@require_safe
@cache_control(public=True, max_age=MAX_AGE)
def asyncapi(request: HttpRequest) -> JsonResponse:
    """GET /api/v1/asyncapi."""
    return JsonResponse(document(request.get_host(), is_secure=request.is_secure()))
