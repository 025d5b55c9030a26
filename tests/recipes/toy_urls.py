"""The site's paths, with the toy dialect among the others."""

from django.urls import include, path

from orders.dialects.base import serve_dialect
from ordersite.urls import handler400, handler403, handler404, handler500
from ordersite.urls import urlpatterns as of_the_site
from tests.recipes.toy_dialect import DIALECT

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [path("dialects/", include([serve_dialect(DIALECT)])), *of_the_site]
