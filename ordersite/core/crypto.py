"""Secrets: made, hashed for look-up, encrypted at rest."""

import base64
import hashlib
import secrets
from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def new_token() -> str:
    """192 random bits, safe in a URL."""
    return secrets.token_urlsafe(24)


def token_hash(token: str) -> str:
    """What is stored of a random token. No salt: it has more bits than can be tried."""
    return hashlib.sha256(token.encode()).hexdigest()


@cache
def fernet(keys: tuple[str, ...]) -> MultiFernet:
    derived = (base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest()) for key in keys)
    return MultiFernet([Fernet(key) for key in derived])


def encrypt(text: str) -> str:
    """Encrypts with the newest of ENCRYPTION_KEYS."""
    return fernet(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(sealed: str) -> str:
    """Decrypts with any of ENCRYPTION_KEYS; raises cryptography.fernet.InvalidToken for none."""
    return fernet(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode()).decode()
