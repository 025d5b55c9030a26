"""Every dialect, relative to /dialects/."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.urls.resolvers import URLResolver

from orders.dialects import kaddy, kalixo, kesk, ordering, shop
from orders.dialects.base import Dialect, served, wrong_path
from ordersite.web.problems import Problem

DIALECTS: Sequence[Dialect] = [kaddy.DIALECT, kalixo.DIALECT, kesk.DIALECT, ordering.DIALECT, shop.DIALECT]
urlpatterns: list[URLResolver] = [
    served(kaddy.DIALECT, kaddy.urlpatterns),
    served(kalixo.DIALECT, kalixo.urlpatterns),
    served(kesk.DIALECT, kesk.urlpatterns),
    served(ordering.DIALECT, ordering.urlpatterns),
    served(shop.DIALECT, shop.urlpatterns),
]


def answer(request: HttpRequest, problem: Problem) -> HttpResponse | None:
    """settings.PROBLEM_ANSWERS: how refusals look under /dialects/."""
    return wrong_path(request, problem, DIALECTS)
