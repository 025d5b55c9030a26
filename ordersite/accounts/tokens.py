"""What links in mails carry: made of what they change, so each works once."""

from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.tokens import PasswordResetTokenGenerator


class ConfirmationTokens(PasswordResetTokenGenerator):
    """Of a link that confirms a registered e-mail."""

    key_salt = "ordersite.accounts.registration"

    def _make_hash_value(self, user: AbstractBaseUser, timestamp: int | datetime) -> str:
        return f"{user.pk} {user.get_username()} {getattr(user, 'unconfirmed_email', '')} {user.password} {timestamp}"


confirmation_tokens = ConfirmationTokens()
