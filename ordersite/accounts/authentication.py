"""How a caller becomes known: a bearer (JWT, API token or a device's), or a cookie of our own pages."""

from collections.abc import Callable
from copy import copy
from datetime import timedelta
from functools import lru_cache, partial
from time import time
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.module_loading import import_string
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import ExpiredTokenError, TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken, Token
from rest_framework_simplejwt.utils import get_md5_hash_password

from ordersite.accounts.callers import (
    FACTS,
    Caller,
    DevicePrincipal,
    MerchantPrincipal,
    caller_of_device,
    caller_of_guest,
    caller_of_merchant,
    caller_of_user,
    fact_columns,
)
from ordersite.accounts.models import ApiToken, SignIn, User
from ordersite.accounts.password_tries import try_password
from ordersite.accounts.rights import permissions_at_hand
from ordersite.accounts.second_step import prove_second_step
from ordersite.core.crypto import token_hash
from ordersite.core.prepared import Given, Prepared
from ordersite.web.throttling import client_address

API_TOKEN_PREFIX = "ost_"  # noqa: S105  not a secret, how one begins
DEVICE_TOKEN_PREFIX = "osd_"  # noqa: S105
SIGN_IN_CLAIM = "sign_in"
TOKENS_KEPT = 1000  # by each process, of 1 KB each
USED_EVERY = timedelta(hours=1)
SAFE = ("GET", "HEAD", "OPTIONS")
TokenKind = TypeVar("TokenKind", bound=Token)


def may_sign_in(user: User) -> bool:
    """Active, and no demo login outside development (their password is public)."""
    return user.is_active and (settings.DEVELOPMENT or user.email not in settings.DEMO_EMAILS)


class PasswordBackend(ModelBackend):
    """E-mail and password, for the API and the admin alike: every door's tries are counted here."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        otp: str = "",
        **kwargs: Any,
    ) -> Any:
        """The user, or None; raises Throttled after too many wrong tries and a 503 where too many are at it.

        Of an account with a second step the code is asked for after the password: what `prove_second_step` raises.
        """
        email = username if username is not None else kwargs.get(User.USERNAME_FIELD)
        if email is None or password is None:
            return None
        check = partial(super().authenticate, request, username=email, password=password)
        user = try_password(email.strip().lower(), client_address(request) if request else "", check)
        if user is not None:
            prove_second_step(user, otp)
        return user

    def user_can_authenticate(self, user: Any) -> bool:
        return may_sign_in(user) and user.is_confirmed

    def get_user(self, user_id: Any) -> User | None:
        """The user of a session, read as `user_behind` reads the one of a token."""
        found = SIGNED_IN.rows(False, user=int(user_id))
        return found[0] if found and self.user_can_authenticate(found[0]) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """As Django's own, in one statement in the place of two, once a user at hand."""
        if user_obj.is_superuser:
            return super().get_all_permissions(user_obj, obj)
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        return permissions_at_hand(user_obj)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` with an access token of ours, an API token or a device's token."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        header = get_authorization_header(request).split()
        if not header or header[0].lower() != b"bearer":
            return None
        if len(header) != 2:
            raise AuthenticationFailed("Send `Authorization: Bearer <token>`.")
        token = header[1].decode("latin-1")
        principal, credential = principal_of(token)
        if isinstance(credential, ApiToken):
            scope = ApiToken.Scope.READ if request.method in SAFE else ApiToken.Scope.WRITE
            if scope not in credential.scopes:
                raise PermissionDenied(f"This API token lacks the scope {scope}: create one with it.")
        if isinstance(principal, DevicePrincipal):
            refuse_closed_view(request)
        return principal, credential

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class PageAuthentication(SessionAuthentication):
    """A page of ours: by its session, else as the paired device whose cookie the browser holds.

    The guest token that a browser keeps counts too, as the header Order-Token would. All ask for CSRF.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        found: tuple[Any, Any] | None = super().authenticate(request)
        if guest_token := request.COOKIES.get(settings.ORDER_TOKEN_COOKIE_NAME, ""):
            if found is None:
                self.enforce_csrf(request)
            request.page_order_token = guest_token  # type: ignore[attr-defined]
        token = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
        # A browser sends its pairing everywhere: where devices do nothing it is nobody, as on an order's tracking page.
        if found is not None or not token or not is_open_to_devices(request):
            return found
        device, credential = principal_of_device(token)
        self.enforce_csrf(request)
        return device, credential


def is_open_to_devices(request: Request) -> bool:
    """Whether the view opens the method to devices (ApiView.devices)."""
    return request.method in getattr(request.parser_context.get("view"), "devices", ())


def refuse_closed_view(request: Request) -> None:
    """Raises PermissionDenied where the view does not open the method to devices."""
    if not is_open_to_devices(request):
        raise PermissionDenied("A paired device can only do what its vendor's board does: sign in as a person.")


def principal_of(token: str) -> tuple[Any, Any]:
    """The user (with its customer and driver), merchant or device behind a bearer; raises AuthenticationFailed."""
    if token.startswith(DEVICE_TOKEN_PREFIX):
        return principal_of_device(token)
    if token.startswith(API_TOKEN_PREFIX):
        return principal_of_api_token(token)
    access = read_token(access_token, token)
    return user_behind(access), access


class TokenExpired(AuthenticationFailed):
    """The token was ours, and its time is over."""


@lru_cache(maxsize=TOKENS_KEPT)
def verified_token(token: str) -> AccessToken:
    """An access token whose signature holds, kept for the calls that come with the same."""
    return AccessToken(token)  # type: ignore[arg-type]


def access_token(token: str) -> AccessToken:
    """What an access token says; raises as simplejwt does for one that is none. Its time is its reader's matter.

    It comes with each call of a quarter of an hour, and its signature holds once and for all; its time, its sign-in and
    the password that it was given for are looked at each time. To verify it took 4 % of a list's CPU, 2 % of a placing.
    """
    known = verified_token(token)
    found = copy(known)
    found.payload = dict(known.payload)
    return found


def read_token(kind: Callable[[Any], TokenKind], token: str) -> TokenKind:
    """A JWT of ours; raises AuthenticationFailed for one that is forged, expired, revoked or of another kind."""
    try:
        found = kind(token)
        # The leeway is for hosts whose clock is slow: a token that another one has just given is good there.
        if found.payload["exp"] <= time():
            raise ExpiredTokenError
        return found
    except ExpiredTokenError as error:
        raise TokenExpired("The token is not valid, or has expired: sign in again.") from error
    # A header of nested brackets is read before the signature: a deep one exhausts the recursion limit.
    except (TokenError, KeyError, ValueError, TypeError, RecursionError) as error:
        raise AuthenticationFailed("The token is not valid, or has expired: sign in again.") from error


def sign_in_id_of(token: Token) -> int:
    """The sign-in that a JWT belongs to, 0 for none."""
    found = token.get(SIGN_IN_CLAIM)
    return found if isinstance(found, int) else 0


def user_id_of(token: Token) -> int:
    """Whom a JWT names; raises AuthenticationFailed where that is nobody."""
    try:
        return int(token[api_settings.USER_ID_CLAIM])
    except (KeyError, ValueError, TypeError) as error:
        raise AuthenticationFailed("The token is not valid, or has expired: sign in again.") from error


def proof_of(token: Token) -> str:
    """What a JWT holds of its user's password: it ends with a change of that."""
    return str(token.get(api_settings.REVOKE_TOKEN_CLAIM))


def signed_in(with_sign_in: bool) -> QuerySet[User]:
    """The query of `user_behind`: a user with what a caller is made from, while its sign-in lasts."""
    users = User.objects.select_related(*settings.PRINCIPAL_RELATED).annotate(**fact_columns())
    users = users.filter(pk=Given("user", User._meta.pk))
    if with_sign_in:
        lasting = SignIn.objects.filter(pk=Given("sign_in", SignIn._meta.pk), user=OuterRef("pk"))
        users = users.filter(Exists(lasting))
    return users


SIGNED_IN = Prepared(signed_in)


def user_behind(token: Token) -> User:
    """The user whom a JWT names; raises AuthenticationFailed where its sign-in has ended or the user may not enter.

    An access token without a sign-in can only come from a program that holds SECRET_KEY; a refresh token needs one.
    """
    sign_in_id = sign_in_id_of(token)
    with_sign_in = bool(sign_in_id) or isinstance(token, RefreshToken)
    found = SIGNED_IN.rows(with_sign_in, user=user_id_of(token), sign_in=sign_in_id)
    if not found or not may_sign_in(user := found[0]):
        raise AuthenticationFailed("This session has ended, or the account is deactivated: sign in again.")
    if proof_of(token) != get_md5_hash_password(user.password):
        raise AuthenticationFailed("The password has changed: sign in again.")
    return user


def api_tokens() -> QuerySet[ApiToken]:
    """API tokens with what `may_use` asks of whoever made them."""
    administering = import_string(settings.MERCHANT_ADMINS)(OuterRef("created_by"), OuterRef("merchant"))
    return ApiToken.objects.select_related("user", "created_by").annotate(is_administered=Exists(administering))


def may_use(row: ApiToken) -> bool:
    """Whether the people behind a token of `api_tokens` may still sign in, and administer the merchant it is of.

    It rests meanwhile. A merchant's token that nobody made was made by a program, and is the merchant's alone.
    """
    if any(user is not None and not may_sign_in(user) for user in (row.user, row.created_by)):
        return False
    return row.merchant_id is None or row.created_by is None or row.is_administered  # type: ignore[attr-defined]


def principal_of_api_token(token: str) -> tuple[Any, ApiToken]:
    row = (
        api_tokens()
        .select_related(*(f"user__{name}" for name in settings.PRINCIPAL_RELATED))
        .annotate(**fact_columns("user"))
        .filter(token_hash=token_hash(token))
        .first()
    )
    now = timezone.now()
    if row is None or row.revoked_at:
        raise AuthenticationFailed("The API token is unknown, revoked or expired: create a new one.")
    if row.expires_at and row.expires_at <= now:
        raise TokenExpired("The API token is unknown, revoked or expired: create a new one.")
    if not may_use(row):
        raise AuthenticationFailed(
            "The person who created this API token is deactivated, or no longer administers the merchant: have "
            "a new one created."
        )
    if row.last_used_at is None or row.last_used_at < now - USED_EVERY:
        ApiToken.objects.filter(pk=row.pk).update(last_used_at=now)
    if row.user is None:
        return MerchantPrincipal(row), row
    for name in FACTS:
        setattr(row.user, name, getattr(row, name))
    row.user.api_token = row  # type: ignore[attr-defined]  # for who reads what was changed with it
    return row.user, row


def principal_of_device(token: str) -> tuple[DevicePrincipal, None]:
    """The paired tablet that a token is of, by DEVICE_BEHIND; raises AuthenticationFailed."""
    device: DevicePrincipal | None = import_string(settings.DEVICE_BEHIND)(token_hash(token))
    if device is None:
        raise AuthenticationFailed("This device is not paired any more: pair it with a new code.")
    return device, None


def caller_of(request: Request) -> Caller:
    """The caller of an API request, from what authenticated it and its headers Order-Token and X-APP-X; made once."""
    if "caller" not in vars(request):
        request.caller = make_caller(request)  # type: ignore[attr-defined]
    caller: Caller = request.caller  # type: ignore[attr-defined]
    return caller


def make_caller(request: Request) -> Caller:
    app_id = request.headers.get("X-APP-X", "")[:60]
    address = client_address(request)
    user: Any = request.user
    # A page's cookie, for which CSRF was checked as the user was asked for (PageAuthentication).
    order_token = (request.headers.get("Order-Token", "") or getattr(request, "page_order_token", ""))[:200]
    if isinstance(user, MerchantPrincipal):
        return caller_of_merchant(user.merchant_id, app_id=app_id, address=address)
    if isinstance(user, DevicePrincipal):
        return caller_of_device(user, app_id=app_id, address=address)
    if user.is_authenticated:
        return caller_of_user(user, order_token=order_token, app_id=app_id, address=address)
    return caller_of_guest(order_token, app_id=app_id, address=address)


def caller_of_page(request: HttpRequest) -> Caller:
    """Who looks at a page of ours: by its session, else as the paired device whose cookie the browser holds."""
    if isinstance(request.user, User):
        return caller_of_user(request.user)
    token = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        return caller_of_device(principal_of_device(token)[0]) if token else Caller()
    except AuthenticationFailed:
        return Caller()


def credential_of(request: Request) -> str:
    """Names what somebody known came with: an API token, a sign-in, or else who it is. Never a secret."""
    if isinstance(request.auth, ApiToken):
        return f"token:{request.auth.pk}"
    sign_in_id = sign_in_id_of(request.auth) if isinstance(request.auth, Token) else 0
    user: Any = request.user
    return f"sign_in:{sign_in_id}" if sign_in_id else str(user.caller_key)


class BearerScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document calls it."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        told = "A JWT access token, an API token, or the token of a paired device."
        return {"type": "http", "scheme": "bearer", "description": told}


class PageScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document calls it: as Django's session, which it is for people."""

    target_class = PageAuthentication
    name = "cookieAuth"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
