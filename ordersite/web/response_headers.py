"""Headers of every answer: what a browser may load and run, and what nobody may keep."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# Pages load what is ours; nothing inline runs, and no other site frames them. What a page of ours may frame says so
# itself, and so does a page with a map, for its tiles.
PAGES = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'", "data:", "blob:"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "frame-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}
# An answer that is no page loads nothing, should a browser take it for one.
DATA = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
API = ("/api/", "/dialects/")
BACK_OFFICE = "/admin/"  # any form there may have a map


def page_policy(*, is_framed: bool = False, has_map: bool = False) -> str:
    """The Content-Security-Policy of pages.

    `is_framed`: of one that other pages of ours may frame; `has_map`: of one that loads a map's tiles.
    """
    tiles = urlsplit(settings.MAP_TILES_URL)
    sources = dict(PAGES)
    if has_map and tiles.netloc:
        sources["img-src"] = [*PAGES["img-src"], f"{tiles.scheme}://{tiles.netloc}"]
    if is_framed:
        sources["frame-ancestors"] = ["'self'"]
    return "; ".join(f"{name} {' '.join(values)}" for name, values in sources.items())


class AnswerHeadersMiddleware:
    """Content-Security-Policy on every answer; `no-store` on what an API answers, unless the view says otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_page = response.get("Content-Type", "").startswith("text/html")
        policy = page_policy(has_map=request.path.startswith(BACK_OFFICE)) if is_page else DATA
        response.setdefault("Content-Security-Policy", policy)
        if request.path.startswith(API):
            response.setdefault("Cache-Control", "no-store")
        return response
