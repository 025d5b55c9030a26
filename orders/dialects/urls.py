"""The registry of dialects, and their paths relative to /dialects/."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.urls.resolvers import URLResolver

from orders.dialects import kaddy, kalixo, kesk, ordering, shop
from orders.dialects.base import Dialect, answer_wrong_path, serve_dialect
from ordersite.web.problems import Problem

DIALECTS: Sequence[Dialect] = (kaddy.DIALECT, kalixo.DIALECT, kesk.DIALECT, ordering.DIALECT, shop.DIALECT)
urlpatterns: list[URLResolver] = [serve_dialect(dialect) for dialect in DIALECTS]


def answer(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    """settings.PROBLEM_ANSWERS: how refusals look under /dialects/."""
    return answer_wrong_path(request, problem, DIALECTS)
