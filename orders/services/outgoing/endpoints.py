"""Webhook endpoints: whose they are, which types they are told of, and their secrets."""

import base64
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from orders.models import Counter, WebhookEndpoint
from orders.services.outgoing.deliveries import disable_endpoint
from orders.services.outgoing.formats import STANDARD, webhook_formats
from ordersite.accounts.callers import Caller
from ordersite.accounts.models import User
from ordersite.accounts.rights import Right
from ordersite.accounts.services import refuse_erased, refuse_stranger
from ordersite.core.codes import FaultCode
from ordersite.core.crypto import decrypt, encrypt
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound
from ordersite.core.fields import Field
from vendors.models import Merchant
from vendors.permissions import administrations

# Of one owner.
MOST_ENDPOINTS = 20
# For so long after a rotation the secret before it signs too.
BOTH_SIGN = timedelta(hours=24)
# The row that those who add endpoints of the site hold: it has no other.
SITE = "webhooks:site"


def make_secret() -> str:
    """A secret as Standard Webhooks has it: 24 random bytes."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def managed_endpoints(caller: Caller) -> QuerySet[WebhookEndpoint]:
    """The endpoints that the caller arranges: its own and those of its merchants; staff by their right all."""
    if caller.may_everywhere(Right.MANAGE_WEBHOOKS):
        return WebhookEndpoint.objects.all()
    if caller.user is None:
        return WebhookEndpoint.objects.filter(merchant__isnull=False, merchant=caller.merchant_id)
    merchants = administrations(caller.user).values("merchant")
    return WebhookEndpoint.objects.filter(Q(user=caller.user) | Q(merchant__in=merchants))


def get_endpoint(caller: Caller, endpoint_id: int, *, lock: bool = False) -> WebhookEndpoint:
    """One of them; raises NotFound for another's."""
    rows = managed_endpoints(caller)
    found = (rows.select_for_update(no_key=True) if lock else rows).filter(pk=endpoint_id).first()
    if found is None:
        raise NotFound(FaultCode.NOT_FOUND_WEBHOOK)
    return found


def add_endpoint(
    caller: Caller,
    *,
    url: str,
    types: Sequence[str],
    merchant: int | None,
    site: bool,
    format: str = STANDARD.name,
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret: of a merchant, of the site, or else of the caller itself.

    The url was checked before (addresses.find_target). Must run in a transaction. Raises Forbidden for a merchant of
    others, and for the site to whoever lacks the right; Invalid for a merchant that does not exist, or types of
    another format; Conflict beyond MOST_ENDPOINTS.
    """
    refuse_unknown(types, format)
    merchant = owner_of(caller, merchant, site)
    user = None if merchant or site else caller.user
    lock_owner(merchant, user)
    if WebhookEndpoint.objects.filter(merchant=merchant, user=user).count() >= MOST_ENDPOINTS:
        raise Conflict(FaultCode.TOO_MANY_WEBHOOKS, most=MOST_ENDPOINTS)
    secret = make_secret()
    row = WebhookEndpoint.objects.create(
        merchant_id=merchant,
        user=user,
        url=url,
        types=sorted(set(types)),
        format=format,
        secret_sealed=encrypt(secret),
        created_by=caller.user,
    )
    return row, secret


def refuse_unknown(types: Sequence[str], format: str) -> None:
    """Raises Invalid for what is told in another format only."""
    names = webhook_formats()[format].names
    if not names.keys() >= set(types):
        raise Invalid(FaultCode.UNKNOWN_WEBHOOK_TYPE, Field.TYPES, types=", ".join(names))


def lock_owner(merchant: int | None, user: User | None) -> None:
    """Has those who add endpoints for one owner do so one after another.

    Raises Invalid for no merchant of ours, and Conflict for who was erased meanwhile.
    """
    if merchant is not None:
        if not Merchant.objects.select_for_update(no_key=True).filter(pk=merchant).only("pk").first():
            raise Invalid(FaultCode.UNKNOWN_MERCHANT, Field.MERCHANT)
    elif user is not None:
        refuse_erased(user)
        User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    else:
        Counter.objects.get_or_create(name=SITE, defaults={"value": 0})
        Counter.objects.select_for_update().get(name=SITE)


def owner_of(caller: Caller, merchant: int | None, site: bool) -> int | None:
    """The merchant whose endpoint it will be, if any; raises Invalid and Forbidden."""
    if merchant is not None and site:
        raise Invalid(FaultCode.MIXED_WEBHOOK_OWNER, Field.MERCHANT)
    if site:
        caller.require(Right.MANAGE_WEBHOOKS)
        return None
    if caller.user is None:
        # A merchant's token; whoever is neither, such as a device, has no endpoints.
        if caller.merchant_id is None or merchant not in (None, caller.merchant_id):
            raise Forbidden(FaultCode.NOT_MERCHANT_ADMIN)
        return caller.merchant_id
    if merchant is not None and not caller.may_everywhere(Right.MANAGE_WEBHOOKS):
        refuse_stranger(caller.user, merchant)
    return merchant


def change_endpoint(
    caller: Caller,
    endpoint_id: int,
    *,
    url: str | None = None,
    types: Sequence[str] | None = None,
    enabled: bool | None = None,
) -> WebhookEndpoint:
    """Changes what is given. Switched on again it is told of what comes; what it missed is sent by `replay_missed`."""
    row = get_endpoint(caller, endpoint_id, lock=True)
    if url is not None:
        row.url = url
    if types is not None:
        refuse_unknown(types, row.format)
        row.types = sorted(set(types))
    if enabled and row.disabled_at is not None:
        row.disabled_at, row.disabled_why, row.failing_since = None, "", None
    row.save(update_fields=["url", "types", "disabled_at", "disabled_why", "failing_since"])
    if enabled is False and disable_endpoint(row.pk, WebhookEndpoint.Why.ASKED):
        row.refresh_from_db()
    return row


def rotate_secret(caller: Caller, endpoint_id: int) -> tuple[WebhookEndpoint, str]:
    """A new secret; the one that it replaces signs beside it for BOTH_SIGN, one before that no longer."""
    row, secret = get_endpoint(caller, endpoint_id, lock=True), make_secret()
    row.previous_secret_sealed, row.previous_until = row.secret_sealed, timezone.now() + BOTH_SIGN
    row.secret_sealed = encrypt(secret)
    row.save(update_fields=["secret_sealed", "previous_secret_sealed", "previous_until"])
    return row, secret


def delete_endpoint(caller: Caller, endpoint_id: int) -> None:
    """Deletes an endpoint with its log; what a worker is sending to it at this moment may still arrive."""
    row = get_endpoint(caller, endpoint_id, lock=True)
    # Held against rows that refer to it too: one written between its log and itself would keep it from going.
    WebhookEndpoint.objects.select_for_update().get(pk=row.pk)
    row.delete()


def secrets_of(endpoint: WebhookEndpoint) -> list[str]:
    """The secrets that sign now, the newest first."""
    sealed = [endpoint.secret_sealed]
    if endpoint.previous_until is not None and endpoint.previous_until > timezone.now():
        sealed.append(endpoint.previous_secret_sealed)
    return [decrypt(one) for one in sealed]
