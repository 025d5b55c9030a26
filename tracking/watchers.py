"""Who may watch a stream: asked once at the door, and again every few seconds for all sockets together."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed

from orders.following import followable, followed
from ordersite.accounts.authentication import may_sign_in, principal_of, sign_in_id_of
from ordersite.accounts.callers import Caller, MerchantPrincipal, caller_of_user
from ordersite.accounts.models import ApiToken, SignIn, User
from ordersite.accounts.rights import Right, holders
from vendors.models import Dispatcher, Driver, Member, Vendor

logger = logging.getLogger(__name__)

AMISS, UNKNOWN, FORBIDDEN, MISSING, TOO_SLOW = 4400, 4401, 4403, 4404, 1013
# What a client reads beside the code.
REASONS = {
    UNKNOWN: "Not known, or expired: sign in again.",
    FORBIDDEN: "Not allowed here.",
    MISSING: "There is nothing to watch here.",
    TOO_SLOW: "Try again later.",
}


class Refused(Exception):
    """The socket is closed with this code and reason (at most 123 bytes)."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.reason = reason or REASONS[code]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What a watcher showed, as far as it can lose its force; nothing of it for a tracking code."""

    user_id: int | None = None
    merchant_id: int | None = None
    token_id: int | None = None
    session_key: str = ""
    sign_in_id: int | None = None
    # The user's password hash at the time: a JWT and a session end with a change of it.
    password: str = ""
    expires: float | None = None


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


def identify(request: HttpRequest, bearer: str) -> tuple[Caller, Credential]:
    """The caller behind a bearer, else behind the session; raises Refused."""
    return by_bearer(bearer) if bearer else by_session(request)


def by_bearer(token: str) -> tuple[Caller, Credential]:
    try:
        principal, shown = principal_of(token)
    except AuthenticationFailed as error:
        raise Refused(UNKNOWN) from error
    if not isinstance(shown, ApiToken):
        credential = Credential(
            user_id=principal.pk,
            sign_in_id=sign_in_id_of(shown),
            password=principal.password,
            expires=float(shown["exp"]),
        )
        return caller_of_user(principal), credential
    if ApiToken.Scope.READ not in shown.scopes:
        raise Refused(FORBIDDEN)
    expires = shown.expires_at.timestamp() if shown.expires_at else None
    if isinstance(principal, MerchantPrincipal):
        caller = Caller(key=principal.caller_key, merchant_id=principal.merchant_id)
        return caller, Credential(merchant_id=principal.merchant_id, token_id=shown.pk, expires=expires)
    return caller_of_user(principal), Credential(user_id=principal.pk, token_id=shown.pk, expires=expires)


def by_session(request: HttpRequest) -> tuple[Caller, Credential]:
    """A browser's login: only from a page of ours, since a foreign page's socket carries the cookie too."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    if not key:
        raise Refused(UNKNOWN)
    if not is_same_origin(request):
        raise Refused(FORBIDDEN)
    request.session = SessionStore(key)
    user = get_user(request)
    if not isinstance(user, User) or not may_sign_in(user):
        raise Refused(UNKNOWN)
    return caller_of_user(user), Credential(user_id=user.pk, session_key=key, password=user.password)


def is_same_origin(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin", "").lower()
    try:
        host = request.get_host().lower()
    except DisallowedHost:
        return False
    return origin in (f"http://{host}", f"https://{host}", *settings.CSRF_TRUSTED_ORIGINS)


def admit(doors: "Sequence[Callable[[], Watcher]]") -> list[Watcher | Refused]:
    """Asks all who wait at once: each door says who is there, then who of them may watch is read together."""
    found = [at_door(door) for door in doors]
    refused = refusals({one for one in found if isinstance(one, Watcher)})
    return [Refused(refused[one]) if isinstance(one, Watcher) and one in refused else one for one in found]


def at_door(door: Callable[[], Watcher]) -> Watcher | Refused:
    """A fault at one door leaves the others alone."""
    try:
        return door()
    except Refused as refused:
        return refused
    except DatabaseError:
        raise
    except Exception:
        logger.exception("a socket could not be admitted")
        return Refused(TOO_SLOW)


def at_vendor(vendor_id: int, credential: Credential) -> Watcher:
    """Whether there is such a vendor, and who may watch it, is asked for all together."""
    return Watcher(stream=f"vendor:{vendor_id}", credential=credential)


def as_driver(caller: Caller, credential: Credential) -> Watcher:
    """Raises Refused for a caller that is no driver."""
    if caller.driver_id is None:
        raise Refused(FORBIDDEN)
    return Watcher(stream=f"driver:{caller.driver_id}", credential=credential)


def as_dispatcher(credential: Credential, company_id: int | None) -> Watcher:
    """At the company given, else at the first that the caller dispatches for; raises Refused."""
    own = Dispatcher.objects.filter(user_id=credential.user_id) if credential.user_id else Dispatcher.objects.none()
    if company_id is not None:
        own = own.filter(company_id=company_id)
    found = own.order_by("company_id").values_list("company_id", flat=True).first()
    if found is None:
        raise Refused(FORBIDDEN)
    return Watcher(stream=f"company:{found}", credential=credential)


def by_tracking_code(code: str) -> Watcher:
    """Whoever has the code may watch; unknown, deleted and lapsed are refused alike."""
    found = followed(code, timezone.now()).values_list("pk", flat=True).first()
    if found is None:
        raise Refused(MISSING)
    return Watcher(stream=f"order:{found}")


def refusals(watchers: Iterable[Watcher]) -> dict[Watcher, int]:
    """Those who may not watch any more, with the code to close with; a fixed number of statements for all."""
    asked = list(watchers)
    now = timezone.now()
    known = Known(asked, now)
    refused: dict[Watcher, int] = {}
    for watcher in asked:
        if watcher.kind == "order":
            code = None if watcher.subject in known.orders else MISSING
        elif not known.credential_holds(watcher.credential, now.timestamp()):
            code = UNKNOWN
        elif watcher.kind == "vendor" and watcher.subject not in known.merchants:
            code = MISSING
        else:
            code = None if known.may_watch(watcher) else FORBIDDEN
        if code:
            refused[watcher] = code
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
        tokens = ApiToken.objects.filter(pk__in={one.token_id for one in shown if one.token_id}, revoked_at=None)
        self.tokens = {
            pk
            for pk, until, scopes in tokens.values_list("pk", "expires_at", "scopes")
            if (until is None or until > now) and ApiToken.Scope.READ in scopes
        }
        keys = {one.session_key for one in shown if one.session_key}
        sessions = Session.objects.filter(session_key__in=keys, expire_date__gt=now)
        self.sessions = set(sessions.values_list("session_key", flat=True))
        sign_ins = SignIn.objects.filter(pk__in={one.sign_in_id for one in shown if one.sign_in_id})
        self.sign_ins = set(sign_ins.values_list("pk", flat=True))
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
        drivers = Driver.objects.filter(pk__in=subjects.get("driver", ()))
        self.drivers = set(drivers.values_list("user_id", "pk"))
        dispatchers = Dispatcher.objects.filter(company_id__in=subjects.get("company", ()))
        self.dispatchers = set(dispatchers.values_list("user_id", "company_id"))
        orders = followable(now).filter(pk__in=subjects.get("order", ()))
        self.orders = set(orders.values_list("pk", flat=True))

    def credential_holds(self, shown: Credential, now: float) -> bool:
        if shown.expires is not None and shown.expires <= now:
            return False
        if shown.token_id and shown.token_id not in self.tokens:
            return False
        if shown.session_key and shown.session_key not in self.sessions:
            return False
        if shown.sign_in_id and shown.sign_in_id not in self.sign_ins:
            return False
        if shown.user_id is None:
            return True
        user = self.users.get(shown.user_id)
        return user is not None and may_sign_in(user) and shown.password in ("", user.password)

    def may_watch(self, watcher: Watcher) -> bool:
        user_id, subject = watcher.credential.user_id, watcher.subject
        if watcher.kind == "driver":
            return (user_id, subject) in self.drivers
        if watcher.kind == "company":
            return (user_id, subject) in self.dispatchers
        merchant = self.merchants[subject]
        if user_id is None:
            return watcher.credential.merchant_id == merchant
        return user_id in self.see_all or (user_id, merchant) in self.everywhere or (user_id, subject) in self.somewhere
