"""Where files are kept, as the environment names it: folders of DATA_DIR, or two buckets (docs/scaling.md)."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from ordersite.environment import Environment

NAMES = ("S3_BUCKET", "S3_PRIVATE_BUCKET", "MEDIA_URL")
# Seconds, of a store that is in the same place: a form of the back-office holds its vendor meanwhile.
CONNECT, READ, TRIES = 1, 3, 2
# A picture that is changed has another name.
PUBLIC_HEADERS = {"CacheControl": "public, max-age=31536000, immutable"}


def read_media_url(env: Environment) -> str:
    """The address that public pictures lie below; raises ImproperlyConfigured."""
    url = str(env.str("MEDIA_URL", "/media/")).strip()
    parts = urlsplit(url)
    is_path = url.startswith("/") and not url.startswith("//")
    if not url.endswith("/") or parts.query or not (is_path or (parts.scheme in ("http", "https") and parts.hostname)):
        raise ImproperlyConfigured(
            f'MEDIA_URL is "{url}": set it to an address such as https://cdn.example.com/pictures/, with / at its end.'
        )
    return url


def read_stores(env: Environment) -> dict[str, dict[str, Any]]:
    """The storages "public" and "private" of Django's STORAGES; raises ImproperlyConfigured."""
    given = {name: str(env.str(name, "")) for name in NAMES}
    bucket, private, url = given.values()
    if not bucket and not private:
        return {
            "public": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "private": {"BACKEND": "ordersite.core.storage.PrivateFolder"},
        }
    if lacking := [name for name, value in given.items() if not value]:
        raise ImproperlyConfigured(f"Files in S3 need {' and '.join(lacking)} too (docs/scaling.md).")
    if bucket == private:
        raise ImproperlyConfigured("S3_PRIVATE_BUCKET must be another bucket than S3_BUCKET, which everybody may read.")
    address = urlsplit(url)
    if not address.netloc:
        raise ImproperlyConfigured(
            f'MEDIA_URL is "{url}": with S3_BUCKET set it to a whole address, such as https://cdn.example.com/pictures/.'
        )
    from botocore.config import Config  # noqa: PLC0415  who has no S3 does without it

    endpoint = str(env.str("S3_ENDPOINT_URL", ""))
    access = {
        "access_key": env.str("S3_ACCESS_KEY_ID", "") or None,
        "secret_key": env.str("S3_SECRET_ACCESS_KEY", "") or None,
        "region_name": env.str("S3_REGION", "") or None,
        "endpoint_url": endpoint or None,
        "client_config": Config(
            connect_timeout=CONNECT,
            read_timeout=READ,
            retries={"total_max_attempts": TRIES},
            signature_version="s3v4",
            # Stores of one's own have no name in DNS for each bucket.
            s3={"addressing_style": "path" if endpoint else "auto"},
        ),
        # Names are random: none is looked for before it is written.
        "file_overwrite": True,
        "default_acl": None,
    }
    shown = {
        "custom_domain": f"{address.netloc}{address.path}".rstrip("/"),
        "url_protocol": f"{address.scheme}:",
        "querystring_auth": False,
        "object_parameters": PUBLIC_HEADERS,
    }
    backend = "storages.backends.s3.S3Storage"
    return {
        "public": {"BACKEND": backend, "OPTIONS": {**access, **shown, "bucket_name": bucket}},
        "private": {"BACKEND": backend, "OPTIONS": {**access, "bucket_name": private}},
    }
