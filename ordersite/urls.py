"""Every address of the site."""

from django.conf import settings
from django.contrib import admin
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView, TemplateView
from django.views.static import serve

from orders.admin import everything, first_page, guide
from orders.pages import (
    board,
    days,
    devices,
    drive,
    following,
    invitations,
    invoices,
    mine,
    papers,
    payment,
    people,
    tickets,
)
from ordersite.accounts import mail_choices
from ordersite.accounts import pages as account_pages
from ordersite.accounts.account_page import show_account
from ordersite.accounts.password_change import AdminPasswordChangeView
from ordersite.demo import sites
from ordersite.web.documents import DocumentView, show_docs
from ordersite.web.health import healthz, readyz
from ordersite.web.pages import tell_build
from tracking.feed.asyncapi import asyncapi
from tracking.metrics.view import metrics
from tracking.printing.cloudprnt import cloudprnt

DEMO = {"login": "customer@example.com", "password": sites.PASSWORD} if settings.DEVELOPMENT else {}
urlpatterns = [
    # What is called most stands first: Django tries one after the other, all that stand before it are 1 % of a placing.
    path("api/v1/", include("orders.api.urls")),
    path("", TemplateView.as_view(template_name="home.html")),
    path("favicon.ico", lambda request: redirect(static("favicon.svg"))),
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("sign-in", account_pages.show_sign_in, name="sign_in"),
    path("sign-in/code", account_pages.show_second_step, name="sign_in_code"),
    path("account", show_account, name="account"),
    path("sign-out", account_pages.sign_out, name="sign_out"),
    path("language", account_pages.change_language, name="change_language"),
    path("build", tell_build, name="build"),
    path("mails/<str:token>", mail_choices.show_mail_choices, name="mail_choices"),
    path("drive", drive.show_drive, name="drive"),
    path("dispatch", drive.show_dispatch, name="dispatch"),
    path("board", board.choose_vendor, name="boards"),
    path("board/pair", devices.show_pairing, name="pair"),
    path("board/<id:vendor_id>/devices", devices.show_devices, name="devices"),
    path("board/<id:vendor_id>/day", days.show_day, name="day"),
    path("board/<id:vendor_id>/day/<id:number>", days.show_report, name="day_report"),
    path("board/<id:vendor_id>/day/<id:number>.pdf", days.send_report, name="day_report_pdf"),
    path("board/<id:vendor_id>/people", people.show_vendor_people, name="people"),
    path("companies/<id:company_id>/people", people.show_company_people, name="company_people"),
    path("invitations/<str:token>", invitations.show_invitation, name="invitation"),
    path("board/tickets/<id:job_id>", tickets.show_ticket, name="ticket"),
    path("board/<id:vendor_id>", board.show_board, name="board"),
    path("orders", mine.show_orders, name="my_orders"),
    path("orders/<id:order_id>", mine.follow_order, name="my_order"),
    path("orders/<id:order_id>/invoice", invoices.show_invoice, name="invoice"),
    path("orders/<id:order_id>/invoice.pdf", invoices.send_invoice, name="invoice_pdf"),
    path("orders/<id:order_id>/receipt.pdf", invoices.send_receipt, name="receipt_pdf"),
    path("orders/<id:order_id>/ticket.pdf", papers.send_board_paper, {"paper": "ticket"}, name="ticket_pdf"),
    path(
        "orders/<id:order_id>/delivery-note.pdf", papers.send_board_paper, {"paper": "delivery-note"}, name="note_pdf"
    ),
    path("t/<str:code>", following.show_followed, name="followed"),
    path("t/<str:code>/guest", following.keep_guest_token, name="keep_guest_token"),
    path("pay/<str:token>", payment.pay),
    path("pay/<str:token>/return", payment.pay_return),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    # Before the site's own, which take every address below theirs.
    path("admin/password_change/", admin.site.admin_view(AdminPasswordChangeView.as_view())),
    path("admin/search/", admin.site.admin_view(everything.show_search), name="admin_search"),
    path("admin/hide-guide/", admin.site.admin_view(guide.hide_guide), name="admin_hide_guide"),
    path("admin/live/", admin.site.admin_view(first_page.show_live), name="admin_live"),
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
