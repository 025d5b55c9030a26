"""Star's CloudPRNT by HTTP: a printer asks for work by POST, fetches it by GET and confirms it by DELETE.

It signs in by HTTP Basic, with its device's id and token. What it sends besides is read leniently: firmware differs.
"""

import base64
import binascii
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from orders.reading.tickets import draw_ticket, ticket_as_text
from orders.services.printing.printers import end_job, next_job, take_job
from ordersite.accounts.callers import Caller, DevicePrincipal, caller_of_device
from ordersite.core.crypto import token_hash
from ordersite.core.numbers import read_whole
from ordersite.core.unprinted import one_line
from ordersite.web.throttling import client_address, throttle_address
from vendors.models import Device
from vendors.services.devices import find_principal, note_printer_status

# What it can be given. Text is printed by every model, in its own letters.
TEXT = "text/plain"
MOST_STATUS = 100  # characters of what is kept
# How the code of a printer that can print begins, and that of a job that was printed; and the code of one that still
# prints, or waits for its paper to be taken.
GOOD = ("2", "OK", "ok")
BUSY = "22"


@dataclass(frozen=True, slots=True)
class Printer:
    """A printer that has signed in."""

    device: DevicePrincipal
    caller: Caller


def printer_of(request: HttpRequest) -> Printer | None:
    """Who asks, by HTTP Basic: the device's id and its token; None for anybody else."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, token = base64.b64decode(given.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    device = find_principal(token_hash(token), Device.Kind.PRINTER)
    if device is None or name.strip() != str(device.id):
        return None
    return Printer(device, caller_of_device(device, address=client_address(request)))


Answer = Callable[[HttpRequest, Printer], HttpResponse]


def for_printers(answer: Answer) -> Callable[[HttpRequest], HttpResponse]:
    """A view for printers that have signed in; 401 for all others, who are counted."""

    @csrf_exempt
    @require_http_methods(["POST", "GET", "HEAD", "DELETE"])
    @wraps(answer)
    def view(request: HttpRequest) -> HttpResponse:
        printer = printer_of(request)
        if printer:
            response = answer(request, printer)
        else:
            throttle_address(request)
            response = HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="printer"'})
        response["Cache-Control"] = "no-store"
        return response

    return view


@for_printers
def cloudprnt(request: HttpRequest, printer: Printer) -> HttpResponse:
    """The one address of the protocol."""
    if request.method == "POST":
        return poll(request, printer)
    if request.method == "DELETE":
        return confirm(request, printer)
    return give_paper(request, printer)


def poll(request: HttpRequest, printer: Printer) -> HttpResponse:
    """The printer tells how it is, and asks whether there is work."""
    told = read_poll(request.body)
    status = one_line(unquote(str(told.get("statusCode") or "")))[:MOST_STATUS]
    note_printer_status(printer.device.id, status)
    job = next_job(
        caller=printer.caller,
        vendor_id=printer.device.vendor_id,
        is_ready=not status or status.startswith(GOOD),
        is_printing=told.get("printingInProgress") is True or status.startswith(BUSY),
        why=status,
    )
    if job is None:
        return JsonResponse({"jobReady": False})
    return JsonResponse({"jobReady": True, "mediaTypes": [TEXT], "jobToken": str(job.pk), "deleteMethod": "DELETE"})


def give_paper(request: HttpRequest, printer: Printer) -> HttpResponse:
    """The paper of a job, the same each time; 404 where there is none for this printer, 415 for another type."""
    if request.GET.get("type", TEXT).partition(";")[0].strip().lower() != TEXT:
        return HttpResponse(status=415)
    job_id = token_of(request)
    if job_id == 0 or request.method == "HEAD":
        return HttpResponse(status=404)
    job = take_job(caller=printer.caller, vendor_id=printer.device.vendor_id, job_id=job_id, draw=draw_ticket)
    if job is None or job.content is None:
        return HttpResponse(status=404)
    return HttpResponse(ticket_as_text(job.content), content_type=f"{TEXT}; charset=utf-8")


def confirm(request: HttpRequest, printer: Printer) -> HttpResponse:
    """The printer is done with a job, or cannot print it: always 200, as it would only ask again."""
    code = one_line(request.GET.get("code", ""))[:MOST_STATUS]
    end_job(
        caller=printer.caller,
        vendor_id=printer.device.vendor_id,
        job_id=token_of(request),
        is_printed=code.startswith(GOOD),
        why=code,
    )
    return HttpResponse()


def token_of(request: HttpRequest) -> int | None:
    """The job that the printer names, in the address or as newer ones do in a header; None: none, 0: no job of ours."""
    given = request.GET.get("token") or request.headers.get("X-Star-Token") or ""
    return (read_whole(given) or 0) if given else None


def read_poll(body: bytes) -> dict[str, Any]:
    """What a printer tells; nothing where it cannot be read."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
