"""Paths of the orders' API, relative to /api/v1."""

from django.urls import path

import ordersite.web.urls  # noqa: F401  registers the converter
from orders.api import orders, rest, transitions

urlpatterns = [
    path("orders", orders.OrdersView.as_view()),
    path("orders/quote", orders.QuoteView.as_view()),
    path("orders/statuses", rest.LabelsView.as_view()),
    path("orders/statuses/<id:label_id>", rest.LabelView.as_view()),
    path("orders/<id:order_id>", orders.OrderView.as_view()),
    path("orders/<id:order_id>/transitions", transitions.TransitionsView.as_view()),
    path("orders/<id:order_id>/start-preparing", transitions.StartPreparingView.as_view()),
    path("orders/<id:order_id>/history", transitions.HistoryView.as_view()),
    path("orders/<id:order_id>/tracking-number", transitions.TrackingNumberView.as_view()),
    path("purchases/<uuid:purchase_uuid>", orders.PurchaseView.as_view()),
    path("track", rest.TrackView.as_view()),
    path("wallet", rest.WalletView.as_view()),
    path("wallet/entries", rest.WalletEntriesView.as_view()),
    path("wallet/top-ups", rest.TopUpView.as_view()),
]
