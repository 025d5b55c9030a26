"""The language of what is written to somebody: papers, mails, refusals. That of pages: ordersite/web/pages.py."""

from contextlib import AbstractContextManager

from django.conf import settings
from django.utils.translation import override


def speaking(*wishes: str) -> AbstractContextManager[object]:
    """Texts made within are in the first of these languages that the site speaks, else in English."""
    known = dict(settings.LANGUAGES)
    return override(next((wish for wish in wishes if wish in known), settings.LANGUAGE_CODE))
