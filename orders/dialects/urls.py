"""The dialects' paths relative to /dialects/, and their refusals of wrong ones."""

from django.http import HttpRequest, HttpResponse
from django.urls.resolvers import URLResolver

from orders.dialects import registry
from orders.dialects.base import answer_wrong_path, serve_dialect
from ordersite.web.problems import Problem

urlpatterns: list[URLResolver] = [serve_dialect(dialect) for dialect in registry.DIALECTS]


def answer(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    """settings.PROBLEM_ANSWERS: how refusals look under /dialects/."""
    return answer_wrong_path(request, problem, registry.DIALECTS)
