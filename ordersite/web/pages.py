"""What the pages for people share: their language, their build, and what their scripts are given.

Only pages speak other languages than English: a view that is none of them never activates one, whatever a client's
Accept-Language says.
"""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, get_language_from_request, override
from django.utils.translation.trans_real import DjangoTranslation
from django.views.decorators.http import require_safe
from django.views.i18n import JavaScriptCatalog

View = Callable[..., HttpResponse]
# Folders whose files make a build of the pages.
BUILT_OF = ("static/pages", "templates/pages", "locale")
# What somebody sees there is nobody else's: no proxy and no search engine keeps it.
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex"}


def language_of(request: HttpRequest) -> str:
    """The page's language: as the reader chose it, else the browser's, else English."""
    chosen = getattr(getattr(request, "user", None), "language", "")
    return chosen if chosen in dict(settings.LANGUAGES) else get_language_from_request(request)


def page_view(view: View) -> View:
    """A view that answers a page in its reader's language, which nobody may keep."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with override(language_of(request)):
            response = view(request, *args, **kwargs)
            if hasattr(response, "render") and callable(response.render):
                response = response.render()
        for name, value in HEADERS.items():
            response.setdefault(name, value)
        return response

    return answer


def show_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any] | None = None,
    *,
    data: Mapping[str, Any] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Renders a page; `data` is what its script finds under "page" (static/pages/page.js), besides what all have."""
    get_token(request)  # sets the cookie that its calls send back
    shared = {
        "language": get_language(),
        "build": page_build(),
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "catalogue": script_catalogue(get_language() or settings.LANGUAGE_CODE),
    }
    values = {"languages": settings.LANGUAGES, "page": {**shared, **(data or {})}, **(context or {})}
    response = render(request, template, values, status=status)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


@cache
def page_build() -> str:
    """Changes with every build of the pages, so that one that is open learns of a newer one."""
    digest = hashlib.sha256()
    for folder in BUILT_OF:
        for path in sorted((settings.BASE_DIR / folder).rglob("*")):
            if path.is_file():
                digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def script_catalogue(language: str) -> dict[str, str | list[str]]:
    """The scripts' sentences in a language by the English ones; those that count things with their forms in a list."""
    if language == settings.LANGUAGE_CODE:
        return {}
    folders = [str(folder) for folder in settings.LOCALE_PATHS]
    reader = JavaScriptCatalog()
    reader.translation = DjangoTranslation(language, domain=reader.domain, localedirs=folders)
    texts: dict[str, str | list[str]] = reader.get_catalog()
    return texts


@require_safe
def tell_build(request: HttpRequest) -> JsonResponse:
    """The build that is served now."""
    return JsonResponse({"build": page_build()}, headers={"Cache-Control": "no-store"})


def own_path(given: str) -> str:
    """A path of ours to go on to, or "" for anything else."""
    is_own = given.startswith("/") and url_has_allowed_host_and_scheme(given, allowed_hosts=None)
    return given if is_own else ""
