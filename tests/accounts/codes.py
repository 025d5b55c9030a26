"""An app for the codes of the second step, as a test holds it in its hand."""

import base64

from django_otp.oath import TOTP

from ordersite.accounts.models import SecondStep, User
from ordersite.accounts.second_step import begin_second_step, confirm_second_step
from ordersite.core.crypto import decrypt
from tests.clock import Clock


def shown_code(user: User, clock: Clock, steps: int = 0) -> str:
    """What the user's app shows at the clock's time, or so many times 30 seconds later."""
    shown = TOTP(base64.b32decode(decrypt(SecondStep.objects.get(user=user).sealed_key)))
    shown.time = clock.now.timestamp() + 30 * steps
    return f"{shown.token():06d}"


def set_up(user: User, clock: Clock) -> list[str]:
    """Gives the user a second step with the code of now, which is used up by that; its recovery codes."""
    begin_second_step(user)
    return confirm_second_step(user, shown_code(user, clock))
