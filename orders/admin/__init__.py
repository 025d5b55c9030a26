"""The back-office's pages of orders and money. Nothing is written here: every button calls a service."""

from django.contrib import admin

from orders.admin.accounts import AccountAdmin
from orders.admin.codes import CodeAdmin
from orders.admin.customers import CustomerPages
from orders.admin.days import DayReportAdmin
from orders.admin.documents import DocumentAdmin
from orders.admin.kinds import BookingAdmin, PackageAdmin
from orders.admin.labels import StatusLabelAdmin
from orders.admin.mails import DeclinedMailAdmin, MailAdmin
from orders.admin.offers import OfferAdmin
from orders.admin.orders import OrderAdmin
from orders.admin.payments import ProofAdmin
from orders.admin.postings import PostingAdmin
from orders.admin.purchases import OrderEventAdmin, PaymentAdmin, PurchaseAdmin
from orders.admin.refunds import RefundAdmin
from orders.admin.webhooks import WebhookDeliveryAdmin, WebhookEndpointAdmin

admin.site.site_header = admin.site.site_title = "ordersite"
admin.site.index_title = "What is going on"
admin.site.index_template = "admin/orders/dashboard.html"

__all__ = [
    "AccountAdmin",
    "BookingAdmin",
    "CodeAdmin",
    "CustomerPages",
    "DayReportAdmin",
    "DeclinedMailAdmin",
    "DocumentAdmin",
    "MailAdmin",
    "OfferAdmin",
    "OrderAdmin",
    "OrderEventAdmin",
    "PackageAdmin",
    "PaymentAdmin",
    "PostingAdmin",
    "ProofAdmin",
    "PurchaseAdmin",
    "RefundAdmin",
    "StatusLabelAdmin",
    "WebhookDeliveryAdmin",
    "WebhookEndpointAdmin",
]
