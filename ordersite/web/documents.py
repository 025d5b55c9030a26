"""OpenAPI documents and the page that shows one. A document is made once in a process, whatever the query says."""

import threading
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

MAX_AGE = 3600  # seconds that a client may keep a document
# Rendered documents by what makes one and its media type: two forms with two media types each, so never more.
held: dict[tuple[Any, str], bytes] = {}
making = threading.Lock()


class DocumentView(SpectacularAPIView):
    """The OpenAPI document as YAML or JSON, by Accept or `?format=`; other parameters mean nothing."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = []
    api_version = "1"

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        renderer: Any = request.accepted_renderer
        key = (self.generator_class, renderer.media_type)
        # One thread makes it: to make it costs a second, and whoever comes meanwhile wants the same.
        with making:
            if key not in held:
                held[key] = self.made(request, renderer)
        response = HttpResponse(held[key], content_type=renderer.media_type)
        response["Content-Disposition"] = f'inline; filename="{self._get_filename(request, self.api_version)}"'
        response["Cache-Control"] = f"public, max-age={MAX_AGE}"
        return response

    def made(self, request: Request, renderer: Any) -> bytes:
        document = super().get(request).data
        return bytes(renderer.render(document, renderer_context={}))


@require_safe
def show_docs(request: HttpRequest, **demo: str) -> HttpResponse:
    """Swagger UI for our own document, from files of ours; `login` and `password` are the demo's, if any."""
    return render(request, "docs.html", demo)
