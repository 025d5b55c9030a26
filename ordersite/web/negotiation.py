"""Which form an answer has."""

from collections.abc import Iterable

from django.http import Http404
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class WishNegotiation(DefaultContentNegotiation):
    """What a client accepts, or names by ?format=, is a wish: another form is of more use to it than a 406."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        known = list(renderers)
        try:
            return super().select_renderer(request, known, format_suffix)
        # DRF answers an unknown ?format= as a path that is not there, and fails over parameters that it cannot read.
        except (NotAcceptable, Http404, ValueError):
            return known[0], str(known[0].media_type)
