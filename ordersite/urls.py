"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView, TemplateView
from django.views.static import serve

from orders.pages import board, devices, drive, following, payment, tickets
from ordersite.accounts import pages as account_pages
from ordersite.accounts.password_change import AdminPasswordChangeView
from ordersite.demo import sites
from ordersite.web.documents import DocumentView, show_docs
from ordersite.web.health import healthz, readyz
from ordersite.web.pages import tell_build
from tracking.feed.asyncapi import asyncapi
from tracking.printing.cloudprnt import cloudprnt

DEMO = {"login": "customer@example.com", "password": sites.PASSWORD} if settings.DEVELOPMENT else {}
urlpatterns = [
    # What is called most stands first: Django tries one after the other, all that stand before it are 1 % of a placing.
    path("api/v1/", include("orders.api.urls")),
    path("", TemplateView.as_view(template_name="home.html")),
    path("favicon.ico", lambda request: redirect(static("favicon.svg"))),
    path("healthz", healthz),
    path("readyz", readyz),
    path("sign-in", account_pages.show_sign_in, name="sign_in"),
    path("sign-out", account_pages.sign_out, name="sign_out"),
    path("language", account_pages.change_language, name="change_language"),
    path("build", tell_build, name="build"),
    path("drive", drive.show_drive, name="drive"),
    path("dispatch", drive.show_dispatch, name="dispatch"),
    path("board", board.choose_vendor, name="boards"),
    path("board/pair", devices.show_pairing, name="pair"),
    path("board/<id:vendor_id>/devices", devices.show_devices, name="devices"),
    path("board/tickets/<id:job_id>", tickets.show_ticket, name="ticket"),
    path("board/<id:vendor_id>", board.show_board, name="board"),
    path("t/<str:code>", following.show_followed, name="followed"),
    path("t/<str:code>/guest", following.keep_guest_token, name="keep_guest_token"),
    path("pay/<str:token>", payment.pay),
    path("pay/<str:token>/return", payment.pay_return),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/password_change/", admin.site.admin_view(AdminPasswordChangeView.as_view())),  # before the site's own
    path("admin/", admin.site.urls),
    path("api/v1/schema", DocumentView.as_view(), name="schema"),
    path("api/v1/asyncapi", asyncapi, name="asyncapi"),
    path("api/v1/docs", show_docs, DEMO, name="docs"),
    path("api/v1/", include("ordersite.accounts.api.urls")),
    path("api/v1/", include("ordersite.places.urls")),
    path("api/v1/", include("tracking.api_urls")),
    path("api/v1/", include("vendors.api.urls")),
    path("cloudprnt", cloudprnt, name="cloudprnt"),
    path("dialects/", include("orders.dialects.urls")),
]

if settings.DEVELOPMENT:
    # In production a web server serves MEDIA_ROOT (docs/running.md).
    urlpatterns.append(path("media/<path:path>", serve, {"document_root": settings.MEDIA_ROOT}))

handler400 = "ordersite.web.problems.bad_request"
handler403 = "ordersite.web.problems.permission_denied"
handler404 = "ordersite.web.problems.page_not_found"
handler500 = "ordersite.web.problems.server_error"
