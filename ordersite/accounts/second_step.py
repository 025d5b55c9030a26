"""The second step at signing in: a code of an app (TOTP, RFC 6238), or a recovery code, after the password.

Every door comes through `PasswordBackend`, which asks here. The secret of the app is encrypted at rest, recovery codes
are hashed; a code is taken once, and wrong ones are counted for the account, whatever address they come from: whoever
gets so far has the password.
"""

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, urlencode, urlsplit

import segno
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext
from django_otp.oath import TOTP

from ordersite.accounts.models import RecoveryCode, SecondStep, User
from ordersite.core.attempts import HOUR, count_attempt, forget_attempts
from ordersite.core.codes import FaultCode
from ordersite.core.crypto import decrypt, encrypt, token_hash
from ordersite.core.faults import Conflict, NotSignedIn

TRIES = "second-step"
# Wrong codes of an account in an hour: of a million, three are right at a time.
MOST_TRIES = 10
# A clock may be so many times 30 seconds off.
TOLERANCE = 1
KEY_BYTES = 20
RECOVERY_CODES = 10
# A secret that was shown and not confirmed is of no use after that.
SETUP_LASTS = timedelta(minutes=15)


class SecondStepAsked(NotSignedIn):
    """The password was right, and the second step is missing."""

    def __init__(self, user: User) -> None:
        super().__init__(FaultCode.OTP_REQUIRED, keeps_writes=True)
        self.user = user


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What somebody's app is given: the secret in letters and digits, and a picture of it."""

    secret: str
    picture: str  # SVG


def prove_second_step(user: User, code: str) -> None:
    """Lets whoever has shown the password go on; nothing is asked of an account without a second step.

    Raises SecondStepAsked without a code, NotSignedIn for a wrong one or one used before, and Throttled.
    """
    if user.second_step_at is None:
        return
    if not code.strip():
        raise SecondStepAsked(user)
    try_code(user, code)


def try_code(user: User, code: str) -> None:
    """Uses a code up; raises NotSignedIn for a wrong one, and Throttled after too many of those."""
    count_attempt(TRIES, str(user.pk), limit=MOST_TRIES, window=HOUR)
    if not (use_app_code(user, code) or use_recovery_code(user, code)):
        raise NotSignedIn(FaultCode.INVALID_OTP, keeps_writes=True)
    forget_attempts(TRIES, str(user.pk))


def use_app_code(user: User, code: str) -> bool:
    """Whether it is the app's code of about now, and newer than the last one; two never use the same."""
    digits = re.sub(r"\s", "", code)
    step = SecondStep.objects.filter(user=user).first()
    if step is None or not re.fullmatch("[0-9]{6}", digits):
        return False
    totp = TOTP(base64.b32decode(decrypt(step.sealed_key)))
    totp.time = timezone.now().timestamp()
    if not totp.verify(int(digits), tolerance=TOLERANCE, min_t=step.last_used + 1):
        return False
    newer = SecondStep.objects.filter(pk=step.pk, sealed_key=step.sealed_key, last_used__lt=totp.t())
    return bool(newer.update(last_used=totp.t()))


def use_recovery_code(user: User, code: str) -> bool:
    if user.second_step_at is None:
        return False
    hashed = token_hash(re.sub(r"[\s-]", "", code).lower())
    unused = RecoveryCode.objects.filter(user=user, code_hash=hashed, used_at=None)
    return bool(unused.update(used_at=timezone.now()))


# --- setting it up --------------------------------------------------------------------------------------------------


def begin_second_step(user: User) -> Enrolment:
    """A new secret for somebody without a second step, in the place of one that was never confirmed.

    Raises Conflict for who has one.
    """
    secret = base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode()
    fields = {"sealed_key": encrypt(secret), "last_used": 0, "created_at": timezone.now()}
    with transaction.atomic():
        hold_account(user)
        if user.second_step_at is not None:
            raise Conflict(FaultCode.SECOND_STEP_STANDS)
        SecondStep.objects.update_or_create(user=user, defaults=fields)
    return enrolment_of(user, secret)


def hold_account(user: User) -> None:
    """One after the other changes how somebody signs in; reads whether there is a second step now."""
    rows = User.objects.select_for_update(no_key=True).filter(pk=user.pk)
    user.second_step_at = rows.values_list("second_step_at", flat=True).get()


def resume_second_step(user: User) -> Enrolment | None:
    """The secret that was shown a while ago and is not confirmed yet."""
    step = SecondStep.objects.filter(user=user, created_at__gt=timezone.now() - SETUP_LASTS).first()
    return enrolment_of(user, decrypt(step.sealed_key)) if step and user.second_step_at is None else None


def enrolment_of(user: User, secret: str) -> Enrolment:
    issuer = urlsplit(settings.SITE_URL).hostname or "ordersite"
    asked = urlencode({"secret": secret, "issuer": issuer}, quote_via=quote)
    address = f"otpauth://totp/{quote(f'{issuer}:{user.email}')}?{asked}"
    title = gettext("The secret as a QR code")
    picture = segno.make(address, error="m").svg_inline(scale=5, border=4, light="#fff", title=title)
    return Enrolment(secret=secret, picture=picture)


def confirm_second_step(user: User, code: str) -> list[str]:
    """Has the second step count from now on; the recovery codes, which are told this once.

    Raises NotSignedIn for a wrong code, and where nothing waits to be confirmed. Whoever is signed in with the password
    alone is the caller's to end.
    """
    if resume_second_step(user) is None:
        raise NotSignedIn(FaultCode.INVALID_OTP, keeps_writes=True)
    try_code(user, code)
    with transaction.atomic():
        hold_account(user)
        # Another secret that was shown meanwhile is not the one that was proved.
        if not SecondStep.objects.filter(user=user, last_used__gt=0).exists():
            raise NotSignedIn(FaultCode.INVALID_OTP, keeps_writes=True)
        user.second_step_at = timezone.now()
        user.save(update_fields=["second_step_at"])
        return make_recovery_codes(user)


def make_recovery_codes(user: User) -> list[str]:
    """New recovery codes in the place of all earlier ones."""
    codes = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        hold_account(user)
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_hash=token_hash(code)) for code in codes)
    return ["-".join(code[at : at + 4] for at in range(0, len(code), 4)) for code in codes]


def remove_second_step(users: Sequence[User]) -> None:
    """Takes it off: the password alone signs in again."""
    with transaction.atomic():
        SecondStep.objects.filter(user__in=users).delete()
        RecoveryCode.objects.filter(user__in=users).delete()
        User.objects.filter(pk__in=[user.pk for user in users]).update(second_step_at=None)
    for user in users:
        user.second_step_at = None
