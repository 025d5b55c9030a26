"""What people do with their accounts: sign in, reset a password, keep addresses, make API tokens."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlsafe_base64_decode
from django.utils.module_loading import import_string

from ordersite.accounts.authentication import API_TOKEN_PREFIX, may_sign_in
from ordersite.accounts.browser_sessions import device_of
from ordersite.accounts.callers import related
from ordersite.accounts.mails import count_mail, decline_mails_of, queue_mail
from ordersite.accounts.models import Address, ApiToken, Customer, User
from ordersite.accounts.password_tries import forget_tries
from ordersite.accounts.sign_ins import Tokens, begin_sign_in
from ordersite.core.attempts import HOUR, count_attempt
from ordersite.core.codes import FaultCode
from ordersite.core.crypto import new_token, token_hash
from ordersite.core.faults import Conflict, Forbidden, Invalid, NotFound, NotSignedIn, Refusal, faults_of_check
from ordersite.core.fields import Field
from ordersite.places.addresses import (
    SAME_PLACE_WITHOUT_ZONES,
    Where,
    change_where,
    elsewhere,
    look_up_change,
    point_of,
    refuse_elsewhere,
)
from ordersite.places.lookup import Answer, find_places
from ordersite.places.protocol import Point

RESET, RESET_CONFIRM = "reset", "reset-confirm"
# Tries in an hour by network address: an office may share one.
ADDRESS_TRIES = 60


def sign_in(*, request: HttpRequest, email: str, password: str, otp: str) -> Tokens:
    """Tokens for an e-mail and its password, and the code of its second step where it has one.

    Raises NotSignedIn, which is the same for a wrong password, an unknown e-mail and an account that is switched off,
    and what PasswordBackend raises after too many tries, and of a second step.
    """
    user = authenticate(request=request, email=email, password=password, otp=otp)
    if not isinstance(user, User):
        raise NotSignedIn(FaultCode.INVALID_CREDENTIALS, keeps_writes=True)
    return begin_sign_in(user, device_of(request))


def check_password_rules(password: str, user: User) -> None:
    """Raises Invalid, which keeps a counted try, with a fault for each of AUTH_PASSWORD_VALIDATORS that refuses."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        faults = faults_of_check(Field.PASSWORD, error)
        raise Invalid(FaultCode.INVALID_CLEANED, faults=faults, keeps_writes=True) from error


def request_password_reset(*, email: str, address: str) -> None:
    """Has a link mailed, if the e-mail is known; does and tells the same if it is not."""
    count_attempt(RESET, address, limit=ADDRESS_TRIES, window=HOUR)
    try:
        count_mail("password_reset", email, address)
    except Refusal:  # its owner has mails enough, and whoever asks need not know
        return
    queue_mail("password_reset", email)


def confirm_password_reset(*, uid: str, token: str, password: str, address: str) -> None:
    """Sets the new password; its tokens and sessions end. Raises Invalid for a link that is used or old."""
    count_attempt(RESET_CONFIRM, address, limit=ADDRESS_TRIES, window=HOUR)
    user = user_of_uid(uid)
    if user is None or not may_sign_in(user) or not default_token_generator.check_token(user, token):
        raise link_not_valid()
    check_password_rules(password, user)
    known = user.password
    user.set_password(password)
    with transaction.atomic():
        # Compared with what the link was made for: of two that use it at once, one wins.
        if not User.objects.filter(pk=user.pk, password=known).update(password=user.password):
            raise link_not_valid()
        user.save(update_fields=["password"])  # ends sign-ins and API tokens
    forget_tries(user.email, address)


def link_not_valid() -> Invalid:
    return Invalid(FaultCode.INVALID_LINK, Field.TOKEN, keeps_writes=True)


def user_of_uid(uid: str) -> User | None:
    try:
        pk = int(urlsafe_base64_decode(uid))
    except ValueError:
        return None
    return User.objects.filter(pk=pk).first() if 0 < pk < 2**63 else None


def change_user(user: User, *, declined_mails: Sequence[str] | None = None, **changes: Any) -> User:
    """Changes the user's name or phone, and its customer's with it, and which kinds of mails it does not want.

    Must run in a transaction; raises Conflict for the latter while its e-mail is not confirmed.
    """
    refuse_erased(user)
    if declined_mails is not None:
        decline_mails_of(user, declined_mails)
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=list(changes))
    if changes and related(user, "customer"):
        Customer.objects.filter(user=user).update(**changes)
    return user


def choose_language(user: User, language: str) -> None:
    """Keeps the language in which the user reads pages, one of LANGUAGES."""
    user.language = language
    user.save(update_fields=["language"])


def addresses_of(user: User) -> QuerySet[Address]:
    return Address.objects.filter(customer__user=user)


def look_up_address(user: User, address_id: int | None, changes: Mapping[str, Any], who: str) -> Answer:
    """What a new or changed address must know of its point or text; asks another server, so before a transaction.

    Raises Invalid for a text and a point that are clearly two places.
    """
    old = addresses_of(user).filter(pk=address_id).first() if address_id else None
    text, point = changes.get("address"), point_of(changes.get("lat"), changes.get("lng"))
    if address_id and old is None:
        return ()
    if text is not None and point is not None:
        if place := elsewhere(find_places(text, point, who=who), point, SAME_PLACE_WITHOUT_ZONES):
            refuse_elsewhere(place, point, Field.LOCATION)
        return ()
    if ("address" in changes) == ("lat" in changes):
        return ()
    return look_up_change(where_of(old), text=text, point=point, who=who)


def where_of(address: Address | None) -> Where:
    if address is None:
        return Where()
    anchor = point_of(address.anchor_lat, address.anchor_lng)
    return Where(text=address.address, point=point_of(address.lat, address.lng), anchor=anchor)


def with_both(old: Where, changes: dict[str, Any], found: Answer) -> dict[str, Any]:
    """The changes of an address, its text and point together; a point that is sent as null is taken away.

    Raises Invalid where the one came without the other, and that is not known or may be one of several.
    """
    if "lat" in changes and changes["lat"] is None:
        # What takes a point away keeps where it was, unless another text comes: it may come back there.
        kept = old.origin if changes.get("address") in (None, old.text) else None
        return {**changes, **point_columns("anchor_", kept)}
    point = point_of(changes.get("lat"), changes.get("lng"))
    new = change_where(old, text=changes.get("address"), point=point, found=found)
    if new == old:
        return changes
    return {**changes, "address": new.text, **point_columns("", new.point), **point_columns("anchor_", new.anchor)}


def point_columns(prefix: str, point: Point | None) -> dict[str, float | None]:
    return {f"{prefix}lat": point.lat if point else None, f"{prefix}lng": point.lng if point else None}


def ensure_customer(user: User) -> Customer:
    """The customer that a user orders as; made for its first order, address or top-up."""
    customer: Customer | None = related(user, "customer")
    if customer is not None:
        return customer
    named = {"name": user.name, "email": user.shown_email, "phone": user.phone}
    return Customer.objects.get_or_create(user=user, defaults=named)[0]


def refuse_erased(user: User) -> None:
    """Raises Conflict for who was erased while it called; until the end of the transaction nobody erases it.

    What is kept of a customer after that would name it for ever.
    """
    rows = Customer.objects.select_for_update(no_key=True).filter(user=user).values_list("erased_at", flat=True)
    if any(list(rows)):
        raise Conflict(FaultCode.CUSTOMER_ERASED)


def add_address(user: User, found: Answer = (), **fields: Any) -> Address:
    """Keeps an address, with the point that was found where none is sent; a user without a customer becomes one."""
    customer = ensure_customer(user)
    refuse_erased(user)
    return Address.objects.create(customer=customer, **with_both(Where(), fields, found))


def change_address(user: User, address_id: int, found: Answer = (), **changes: Any) -> Address:
    """Changes an address, its text and point together; raises NotFound for one that is not the user's, and Invalid."""
    address = addresses_of(user).select_for_update(of=("self",)).filter(pk=address_id).first()
    if address is None:
        raise NotFound()
    changes = with_both(where_of(address), changes, found)
    for name, value in changes.items():
        setattr(address, name, value)
    address.save(update_fields=list(changes))
    return address


def delete_address(user: User, address_id: int) -> None:
    """Raises NotFound for an address that is not the user's."""
    address = addresses_of(user).filter(pk=address_id).first()
    if address is None:
        raise NotFound()
    address.delete()


def administers(user: User, merchant_id: int) -> bool:
    """Whether the user may make and revoke the merchant's tokens, by MERCHANT_ADMINS."""
    return bool(import_string(settings.MERCHANT_ADMINS)(user, merchant_id).exists())


def list_memberships(user: User) -> list[dict[str, Any]]:
    """The merchants that the user works at, by MEMBERSHIPS."""
    found: list[dict[str, Any]] = import_string(settings.MEMBERSHIPS)(user)
    return found


def refuse_stranger(user: User, merchant_id: int) -> None:
    """Raises Forbidden alike for another's merchant and for one that does not exist."""
    if not administers(user, merchant_id):
        raise Forbidden(FaultCode.NOT_MERCHANT_ADMIN)


def api_tokens_of(user: User, merchant_id: int | None) -> QuerySet[ApiToken]:
    """The user's own tokens that are not revoked, or a merchant's; raises Forbidden for a merchant of others."""
    tokens = ApiToken.objects.filter(revoked_at=None)
    if merchant_id is None:
        return tokens.filter(user=user)
    refuse_stranger(user, merchant_id)
    return tokens.filter(merchant_id=merchant_id)


def make_api_token(
    user: User, *, name: str, scopes: list[str], merchant: int | None, expires_at: datetime | None
) -> tuple[ApiToken, str]:
    """A new API token and its text, which is not kept; raises Forbidden for a merchant of others."""
    if merchant is not None:
        refuse_stranger(user, merchant)
    refuse_erased(user)
    token = API_TOKEN_PREFIX + new_token()
    row = ApiToken.objects.create(
        name=name,
        user=user if merchant is None else None,
        merchant_id=merchant,
        created_by=user,
        token_hash=token_hash(token),
        hint=token[:8],
        scopes=scopes,
        expires_at=expires_at,
    )
    return row, token


def revoke_api_token(user: User, token_id: int) -> None:
    """Ends a token at once; raises NotFound for one that the user may not see, or that is revoked already."""
    row = ApiToken.objects.filter(pk=token_id, revoked_at=None).first()
    mine = row is not None and (
        row.user_id == user.pk if row.merchant_id is None else administers(user, row.merchant_id)
    )
    if row is None or not mine:
        raise NotFound()
    ApiToken.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=timezone.now())
