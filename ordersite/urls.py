"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.static import serve
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.permissions import AllowAny

from ordersite.web.health import healthz, readyz

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("admin/", admin.site.urls),
    path("api/v1/schema", SpectacularAPIView.as_view(permission_classes=[AllowAny]), name="schema"),
    path("api/v1/docs", SpectacularSwaggerView.as_view(permission_classes=[AllowAny], url_name="schema"), name="docs"),
    path("api/v1/", include("ordersite.accounts.api.urls")),
    path("api/v1/", include("tracking.api_urls")),
    path("api/v1/", include("vendors.api.urls")),
    path("api/v1/", include("orders.api.urls")),
]

if settings.DEVELOPMENT:
    # In production a web server serves MEDIA_ROOT (docs/running.md).
    urlpatterns.append(path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT}))

handler400 = "ordersite.web.problems.bad_request"
handler403 = "ordersite.web.problems.permission_denied"
handler404 = "ordersite.web.problems.page_not_found"
handler500 = "ordersite.web.problems.server_error"
