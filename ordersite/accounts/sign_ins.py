"""Sign-ins by the API: each is a row that access and refresh tokens name, and they hold as long as it is there."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken

from ordersite.accounts.authentication import SIGN_IN_CLAIM, read_token, sign_in_id_of, user_behind
from ordersite.accounts.models import SignIn, User
from ordersite.core.codes import FaultCode
from ordersite.core.faults import NotSignedIn

# How long a used refresh token answers the successor that it got.
AGAIN = timedelta(seconds=30)
# Of one user.
MOST_SIGN_INS = 100


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a client signs its calls with, and what it renews that with."""

    access: str
    refresh: str


def begin_sign_in(user: User, device: str = "") -> Tokens:
    """A new sign-in's tokens; of too many, those go that were renewed longest ago."""
    refresh = RefreshToken.for_user(user)
    row = SignIn.objects.create(user=user, refresh_id=refresh["jti"], expires_at=end_of_refresh(), device=device)
    newest = SignIn.objects.filter(user=user).order_by("-expires_at", "-pk").values_list("pk", flat=True)
    if beyond := list(newest[MOST_SIGN_INS:]):
        SignIn.objects.filter(pk__in=beyond).delete()
    return tokens_of(refresh, row.pk)


def renew_sign_in(refresh: str) -> Tokens:
    """New tokens for a refresh token, which is used up by that; for the time of AGAIN it answers the same successor.

    Raises AuthenticationFailed for one that no longer stands for its user. One that was used longer ago is in two
    hands: the sign-in ends with it, and the NotSignedIn that is raised keeps that.
    """
    used = read_token(RefreshToken, refresh)
    user = user_behind(used)
    sign_in = SignIn.objects.filter(pk=sign_in_id_of(used))
    fresh = RefreshToken.for_user(user)
    if not use_up(sign_in, used["jti"], fresh["jti"]):
        # An answer that was lost on its way, or another tab: what came of it is answered again.
        successor = sign_in.filter(previous_id=used["jti"], renewed_at__gt=timezone.now() - AGAIN).first()
        if successor is None:
            sign_in.delete()
            raise NotSignedIn(FaultCode.REFRESH_USED, keeps_writes=True)
        fresh["jti"] = successor.refresh_id
    return tokens_of(fresh, sign_in_id_of(used))


def use_up(sign_in: QuerySet[SignIn], used: str, fresh: str) -> int:
    """Puts the fresh refresh token in the used one's place; 0 where another came before."""
    now = timezone.now()
    return sign_in.filter(refresh_id=used).update(
        refresh_id=fresh, previous_id=used, renewed_at=now, expires_at=end_of_refresh()
    )


def end_sign_in(refresh: str) -> None:
    """Ends the sign-in of a refresh token; raises AuthenticationFailed for one that is none, or ended already."""
    ended, _ = SignIn.objects.filter(pk=sign_in_id_of(read_token(RefreshToken, refresh))).delete()
    if not ended:
        raise AuthenticationFailed("This session has already ended.")


def end_of_refresh() -> datetime:
    return timezone.now() + api_settings.REFRESH_TOKEN_LIFETIME


def tokens_of(refresh: RefreshToken, sign_in_id: int) -> Tokens:
    refresh[SIGN_IN_CLAIM] = sign_in_id
    return Tokens(access=str(refresh.access_token), refresh=str(refresh))
