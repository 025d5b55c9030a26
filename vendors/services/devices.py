"""Devices of a vendor: added with a code, paired by whoever types it, renamed, revoked.

What changes one must run in a transaction.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from ordersite.accounts.authentication import DEVICE_TOKEN_PREFIX
from ordersite.accounts.callers import Caller, DevicePrincipal
from ordersite.core.attempts import count_attempt
from ordersite.core.codes import FaultCode
from ordersite.core.crypto import new_token, token_hash
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound
from ordersite.core.fields import Field
from ordersite.core.row_locks import update_in_order
from vendors.models import Device, Vendor
from vendors.permissions import manages_devices

# Of one vendor, revoked ones not counted.
MOST_DEVICES = 50
# A pairing code: 30 letters and digits that are not taken for one another, so 39 bits.
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8
CODE_LASTS = timedelta(minutes=10)
# Tries of a network address in a window, right ones counted too: a kitchen pairs few devices at a time.
PAIRING_TRIES, PAIRING_WINDOW = 20, timedelta(minutes=10)
# How exactly `last_seen_at` is kept.
SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class PairingCode:
    """What is typed on the device that is to be paired, and until when."""

    code: str
    expires_at: datetime


def hash_pairing_code(code: str) -> str:
    """What is stored of a code, which is too short for a plain hash: made with SECRET_KEY."""
    return salted_hmac("vendors.devices", code, algorithm="sha256").hexdigest()


def read_pairing_code(typed: str) -> str:
    """A code as it was made: capitals, without the spaces and dashes that people put between."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())


def managed_vendor(caller: Caller, vendor_id: int, *, lock: bool = False) -> Vendor:
    """The vendor whose devices the caller manages; raises NotFound, and Forbidden to whoever does not."""
    vendors = Vendor.objects.select_for_update(no_key=True) if lock else Vendor.objects
    vendor = vendors.only("pk", "merchant_id").filter(pk=vendor_id).first()
    if vendor is None:
        raise NotFound()
    if not manages_devices(caller, vendor):
        raise Forbidden(FaultCode.FORBIDDEN_DEVICES)
    return vendor


def devices_of(caller: Caller, vendor_id: int) -> QuerySet[Device]:
    """The vendor's devices that are not revoked; raises NotFound and Forbidden."""
    return Device.objects.filter(vendor=managed_vendor(caller, vendor_id), revoked_at=None)


def get_device(caller: Caller, vendor_id: int, device_id: int) -> Device:
    """One of them, locked; raises NotFound for another vendor's and a revoked one."""
    found = devices_of(caller, vendor_id).select_for_update().filter(pk=device_id).first()
    if found is None:
        raise NotFound(FaultCode.NOT_FOUND_DEVICE)
    return found


def add_device(caller: Caller, vendor_id: int, *, name: str, kind: str) -> tuple[Device, PairingCode]:
    """A device that is not paired yet, and its code, which is told this once; raises Conflict beyond MOST_DEVICES."""
    vendor = managed_vendor(caller, vendor_id, lock=True)
    if Device.objects.filter(vendor=vendor, revoked_at=None).count() >= MOST_DEVICES:
        raise Conflict(FaultCode.TOO_MANY_DEVICES, most=MOST_DEVICES)
    device = Device(vendor=vendor, name=name, kind=kind, created_by=caller.user)
    return device, give_code(device)


def give_code(device: Device) -> PairingCode:
    """A new code in the place of the one before; a device that is paired stays so until the code is used."""
    code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
    device.code_hash, device.code_expires_at = hash_pairing_code(code), timezone.now() + CODE_LASTS
    device.save()
    return PairingCode(code, device.code_expires_at)


def renew_pairing_code(caller: Caller, vendor_id: int, device_id: int) -> tuple[Device, PairingCode]:
    """A new code for a device, such as one whose browser was emptied."""
    device = get_device(caller, vendor_id, device_id)
    return device, give_code(device)


def rename_device(caller: Caller, vendor_id: int, device_id: int, *, name: str) -> Device:
    device = get_device(caller, vendor_id, device_id)
    device.name = name
    device.save(update_fields=["name"])
    return device


def revoke_device(caller: Caller, vendor_id: int, device_id: int) -> None:
    """Ends a device at once: its calls are refused, its sockets close with the next look at who may watch."""
    device = get_device(caller, vendor_id, device_id)
    device.revoked_at, device.code_hash, device.token_hash = timezone.now(), None, None
    device.save(update_fields=["revoked_at", "code_hash", "token_hash"])


def pair_device(*, code: str, address: str) -> tuple[Device, str]:
    """The device that a code stands for, with its new token, which is not kept; an earlier token ends.

    A code works once, also when two send it at the same moment. Raises Throttled after too many tries of a network
    address, and Invalid for a code that is wrong, used or too old; both keep the counted try.
    """
    count_attempt("pair-device", address, limit=PAIRING_TRIES, window=PAIRING_WINDOW)
    now, token = timezone.now(), DEVICE_TOKEN_PREFIX + new_token()
    hashed = token_hash(token)
    waiting = Device.objects.filter(
        code_hash=hash_pairing_code(read_pairing_code(code)), code_expires_at__gt=now, revoked_at=None
    )
    if not waiting.update(code_hash=None, token_hash=hashed, paired_at=now, last_seen_at=now):
        raise Invalid(FaultCode.INVALID_PAIRING_CODE, Field.CODE, keeps_writes=True)
    return Device.objects.select_related("vendor").get(token_hash=hashed), token


def find_principal(hashed: str, kind: Device.Kind = Device.Kind.BOARD) -> DevicePrincipal | None:
    """The device behind a token's hash (settings.DEVICE_BEHIND); None where there is none, or it was revoked.

    One of another kind is none: what a printer keeps opens no board.
    """
    row = Device.objects.filter(token_hash=hashed, revoked_at=None, kind=kind).first()
    if row is None:
        return None
    note_seen([row])
    return DevicePrincipal(id=row.pk, vendor_id=row.vendor_id, name=row.name, token_hash=hashed)


def note_seen(devices: Iterable[Device]) -> None:
    """Keeps that these devices have just been there; writes once in SEEN_EVERY, by one statement."""
    now = timezone.now()
    stale = [row.pk for row in devices if row.last_seen_at is None or row.last_seen_at < now - SEEN_EVERY]
    if stale:
        not_yet = Q(last_seen_at=None) | Q(last_seen_at__lt=now - SEEN_EVERY)
        update_in_order(Device.objects.filter(not_yet, pk__in=stale), last_seen_at=now)


def note_printer_status(device_id: int, status: str) -> None:
    """Keeps what a printer tells of itself, where it has changed; one statement."""
    Device.objects.filter(pk=device_id).exclude(printer_status=status).update(printer_status=status)
