"""Who may watch a stream: asked once at the door, and again every few seconds for all sockets together."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.tokens import AccessToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from orders.models.parties import party_of_company, party_of_driver, party_of_vendor
from orders.reading.following import followable, followed
from ordersite.accounts.authentication import (
    API_TOKEN_PREFIX,
    DEVICE_TOKEN_PREFIX,
    TokenExpired,
    api_tokens,
    may_sign_in,
    may_use,
    principal_of_api_token,
    principal_of_device,
    proof_of,
    read_token,
    sign_in_id_of,
    user_id_of,
)
from ordersite.accounts.browser_sessions import SessionStore
from ordersite.accounts.callers import device_key, merchant_key
from ordersite.accounts.models import ApiToken, BrowserSession, SignIn, User, user_key
from ordersite.accounts.rights import Right, holders
from tracking.feed.closings import BUSY, ENDED, EXPIRED, FORBIDDEN, MISSING, UNKNOWN, Closing, WatchRefused
from vendors.models import Device, Dispatcher, Driver, Member, Vendor
from vendors.services.devices import note_seen

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a watcher showed, as far as it can lose its force; nothing of it for a tracking code."""

    user_id: int | None = None
    merchant_id: int | None = None
    token_id: int | None = None
    device_id: int | None = None
    session_key: str = ""
    sign_in_id: int = 0
    # What a JWT or a session holds of the user's password: both end with a change of it. Of a device its token's hash.
    proof: str = ""
    expires: float | None = None

    @property
    def owner(self) -> str | None:
        """Whose it is; None for nobody who is known."""
        if self.user_id:
            return user_key(self.user_id)
        if self.device_id:
            return device_key(self.device_id)
        return merchant_key(self.merchant_id) if self.merchant_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Somebody at one stream, "vendor:5" for example."""

    stream: str
    credential: Credential = Credential()

    @property
    def kind(self) -> str:
        return self.stream.partition(":")[0]

    @property
    def subject(self) -> int:
        return int(self.stream.partition(":")[2])


def identify(request: HttpRequest, bearer: str) -> Credential:
    """What a bearer shows, else a cookie; raises WatchRefused. Whether it holds is asked for many at once."""
    return by_bearer(bearer) if bearer else by_cookie(request)


def by_bearer(token: str) -> Credential:
    try:
        if token.startswith(DEVICE_TOKEN_PREFIX):
            return by_device(token)
        if not token.startswith(API_TOKEN_PREFIX):
            access = read_token(AccessToken, token)
            return Credential(
                user_id=user_id_of(access),
                sign_in_id=sign_in_id_of(access),
                proof=proof_of(access),
                expires=float(access["exp"]),
            )
        _, row = principal_of_api_token(token)
    except TokenExpired as error:
        raise WatchRefused(EXPIRED) from error
    except AuthenticationFailed as error:
        raise WatchRefused(UNKNOWN) from error
    if ApiToken.Scope.READ not in row.scopes:
        raise WatchRefused(FORBIDDEN, "The API token lacks the scope read: create one with it.")
    expires = row.expires_at.timestamp() if row.expires_at else None
    return Credential(user_id=row.user_id, merchant_id=row.merchant_id, token_id=row.pk, expires=expires)


def by_device(token: str) -> Credential:
    """What a paired device's token shows; raises AuthenticationFailed for one that is not known."""
    device, _ = principal_of_device(token)
    return Credential(device_id=device.id, proof=device.token_hash)


def by_cookie(request: HttpRequest) -> Credential:
    """A browser's login, else its pairing: only from a page of ours, since a foreign page's socket sends both too."""
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    device = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    if not session and not device:
        raise WatchRefused(UNKNOWN)
    if not is_same_origin(request):
        raise WatchRefused(FORBIDDEN, "A session works on the pages of this site only: send a token.")
    try:
        return by_session(session)
    except WatchRefused:
        if not device:
            raise
    try:
        return by_device(device)
    except AuthenticationFailed as error:
        raise WatchRefused(UNKNOWN) from error


def by_session(key: str) -> Credential:
    """A browser's login, by the key of its session."""
    session = SessionStore(key)
    user_id, proof = session.get(SESSION_KEY, ""), session.get(HASH_SESSION_KEY)
    if session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS or not proof or not user_id.isdecimal():
        raise WatchRefused(UNKNOWN)
    return Credential(user_id=int(user_id), session_key=key, proof=proof)


def is_same_origin(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin", "").lower()
    try:
        host = request.get_host().lower()
    except DisallowedHost:
        return False
    return origin in (f"http://{host}", f"https://{host}", *settings.CSRF_TRUSTED_ORIGINS)


def admit(doors: "Sequence[Callable[[], Watcher]]") -> list[Watcher | WatchRefused]:
    """Asks all who wait at once: each door says who is there, then who of them may watch is read together."""
    found = [at_door(door) for door in doors]
    refused = refusals({one for one in found if isinstance(one, Watcher)})
    return [WatchRefused(refused[one]) if isinstance(one, Watcher) and one in refused else one for one in found]


def at_door(door: Callable[[], Watcher]) -> Watcher | WatchRefused:
    """A fault at one door leaves the others alone."""
    try:
        return door()
    except WatchRefused as refused:
        return refused
    except DatabaseError:
        raise
    except Exception:
        logger.exception("a socket could not be admitted")
        return WatchRefused(BUSY)


def at_vendor(vendor_id: int, credential: Credential) -> Watcher:
    """Whether there is such a vendor, and who may watch it, is asked for all together."""
    return Watcher(stream=party_of_vendor(vendor_id), credential=credential)


def as_driver(credential: Credential) -> Watcher:
    """At the stream of the caller's driver; for no driver at one that nobody may watch."""
    own = Driver.objects.filter(user_id=credential.user_id or 0).values_list("pk", flat=True).first()
    return Watcher(stream=party_of_driver(own or 0), credential=credential)


def as_dispatcher(credential: Credential, company_id: int | None) -> Watcher:
    """At the company given, else at the first that the caller dispatches for, else at one that nobody may watch."""
    own = Dispatcher.objects.filter(user_id=credential.user_id or 0)
    if company_id is not None:
        own = own.filter(company_id=company_id)
    found = own.order_by("company_id").values_list("company_id", flat=True).first()
    return Watcher(stream=party_of_company(found or 0), credential=credential)


def by_tracking_code(code: str) -> Watcher:
    """Whoever has the code may watch; unknown, deleted and lapsed are refused alike."""
    found = followed(code, timezone.now()).values_list("pk", flat=True).first()
    if found is None:
        raise WatchRefused(MISSING)
    return Watcher(stream=f"order:{found}")


def refusals(watchers: Iterable[Watcher]) -> dict[Watcher, Closing]:
    """Those who may not watch any more, with what to close with; a fixed number of statements for all."""
    asked = list(watchers)
    now = timezone.now()
    known = Known(asked, now)
    refused: dict[Watcher, Closing] = {}
    for watcher in asked:
        if watcher.kind == "order":
            closing = None if watcher.subject in known.orders else MISSING
        elif watcher.credential.expires is not None and watcher.credential.expires <= now.timestamp():
            closing = EXPIRED
        elif not known.credential_holds(watcher.credential):
            closing = ENDED
        elif watcher.kind == "vendor" and watcher.subject not in known.merchants:
            closing = MISSING
        else:
            closing = None if known.may_watch(watcher) else FORBIDDEN
        if closing:
            refused[watcher] = closing
    return refused


class Known:
    """What the database says now of everybody who watches."""

    def __init__(self, watchers: list[Watcher], now: datetime) -> None:
        shown = {watcher.credential for watcher in watchers}
        users = {one.user_id for one in shown if one.user_id}
        subjects: dict[str, set[int]] = {}
        for watcher in watchers:
            subjects.setdefault(watcher.kind, set()).add(watcher.subject)
        self.users = User.objects.in_bulk(users)
        staff = [user.pk for user in self.users.values() if user.is_staff]
        self.see_all = holders(staff, Right.VIEW_ORDERS, Right.ACT_EVERYWHERE) if staff else set()
        tokens = api_tokens().filter(pk__in={one.token_id for one in shown if one.token_id}, revoked_at=None)
        self.tokens = {
            token.pk
            for token in tokens
            if (token.expires_at is None or token.expires_at > now)
            and ApiToken.Scope.READ in token.scopes
            and may_use(token)
        }
        keys = {one.session_key for one in shown if one.session_key}
        sessions = BrowserSession.objects.filter(session_key__in=keys, expire_date__gt=now)
        self.sessions = set(sessions.values_list("session_key", flat=True))
        sign_ins = SignIn.objects.filter(pk__in={one.sign_in_id for one in shown if one.sign_in_id})
        self.sign_ins = set(sign_ins.values_list("pk", flat=True))
        devices = Device.objects.filter(pk__in={one.device_id for one in shown if one.device_id}, revoked_at=None)
        self.devices = {device.pk: device for device in devices}
        note_seen(self.devices.values())
        vendors = Vendor.objects.filter(pk__in=subjects.get("vendor", ()))
        self.merchants = dict(vendors.values_list("pk", "merchant_id"))
        self.everywhere: set[tuple[int, int]] = set()
        self.somewhere: set[tuple[int, int]] = set()
        members = Member.objects.filter(user_id__in=users if self.merchants else ())
        for user, merchant, all_vendors, vendor in members.values_list(
            "user_id", "merchant_id", "all_vendors", "vendors"
        ):
            if all_vendors:
                self.everywhere.add((user, merchant))
            elif self.merchants.get(vendor) == merchant:
                self.somewhere.add((user, vendor))
        drivers = Driver.objects.filter(pk__in=subjects.get("driver", ()), left_at=None)
        self.drivers = set(drivers.values_list("user_id", "pk"))
        dispatchers = Dispatcher.objects.filter(company_id__in=subjects.get("company", ()))
        self.dispatchers = set(dispatchers.values_list("user_id", "company_id"))
        orders = followable(now).filter(pk__in=subjects.get("order", ()))
        self.orders = set(orders.values_list("pk", flat=True))

    def credential_holds(self, shown: Credential) -> bool:
        """Whether what an unexpired credential rests on still stands."""
        if shown.token_id and shown.token_id not in self.tokens:
            return False
        if shown.session_key and shown.session_key not in self.sessions:
            return False
        if shown.sign_in_id and shown.sign_in_id not in self.sign_ins:
            return False
        if shown.device_id:
            device = self.devices.get(shown.device_id)
            return device is not None and device.token_hash == shown.proof
        if shown.user_id is None:
            return True
        user = self.users.get(shown.user_id)
        if user is None or not may_sign_in(user):
            return False
        if shown.session_key:
            proofs = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
            return any(constant_time_compare(shown.proof, proof) for proof in proofs)
        return bool(shown.token_id) or shown.proof == get_md5_hash_password(user.password)

    def may_watch(self, watcher: Watcher) -> bool:
        user_id, subject = watcher.credential.user_id, watcher.subject
        if watcher.kind == "driver":
            return (user_id, subject) in self.drivers
        if watcher.kind == "company":
            return (user_id, subject) in self.dispatchers
        if watcher.credential.device_id:
            return self.devices[watcher.credential.device_id].vendor_id == subject
        merchant = self.merchants[subject]
        if user_id is None:
            return watcher.credential.merchant_id == merchant
        return user_id in self.see_all or (user_id, merchant) in self.everywhere or (user_id, subject) in self.somewhere
