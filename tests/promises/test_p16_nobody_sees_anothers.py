"""Promise 16: nobody sees another's. Every call of the schema, socket and admin page, by every role."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient
from rest_framework_simplejwt.tokens import AccessToken

from orders.api.lists import first_of_scope, ids_of_scope
from orders.lifecycle.table import Actor
from orders.models import Order
from ordersite.core.crypto import decrypt
from ordersite.core.prepared import Prepared
from tests.cast import Cast
from tests.orders.online import started
from tests.promises.everybody import OWN, ROLES, SEES, World, bodies, make_world
from tracking.feed import watchers
from tracking.feed.closings import FORBIDDEN, UNKNOWN, WatchRefused
from vendors.models import Driver

# Method, path, whose object (Clara's at Burger Bar, or Stijn's at the Tea House), and a status a role:
# anonymous guest customer stranger owner other_owner courier driver
# other_driver dispatcher merchant staff. A path without an object has one line.
TABLE = """
GET    /api-tokens                            own   401 401 200 200 200 200 200 200 200 200 403 200
POST   /api-tokens                            own   401 401 201 201 201 201 201 201 201 201 403 201
DELETE /api-tokens/{token_id}                 own   401 401 204 404 404 404 404 404 404 404 403 404
DELETE /api-tokens/{token_id}                 other 401 401 404 204 404 404 404 404 404 404 403 404
POST   /auth/logout                           own   401 401 401 401 401 401 401 401 401 401 401 401
POST   /auth/password-reset                   own   204 204 204 204 204 204 204 204 204 204 204 204
POST   /auth/password-reset/confirm           own   400 400 400 400 400 400 400 400 400 400 400 400
POST   /auth/register                         own   201 201 201 201 201 201 201 201 201 201 201 201
POST   /auth/register/confirm                 own   400 400 400 400 400 400 400 400 400 400 400 400
POST   /auth/register/resend                  own   401 401 409 409 409 409 409 409 409 409 403 409
POST   /auth/token                            own   401 401 401 401 401 401 401 401 401 401 401 401
POST   /auth/token/refresh                    own   401 401 401 401 401 401 401 401 401 401 401 401
GET    /companies/me/drivers                  own   401 401 403 403 403 403 403 403 403 200 403 403
GET    /companies/me/orders                   own   401 401 403 403 403 403 403 403 403 200 403 403
GET    /companies/me/offers                   own   401 401 403 403 403 403 403 403 403 200 403 403
POST   /companies/me/offers/{order_id}/decline own   401 401 403 403 403 403 403 403 403 404 403 403
POST   /companies/me/offers/{order_id}/decline other 401 401 403 403 403 403 403 403 403 404 403 403
GET    /drivers/me                            own   401 401 403 403 403 403 200 200 200 403 403 403
PATCH  /drivers/me                            own   401 401 403 403 403 403 200 200 200 403 403 403
GET    /drivers/me/orders                     own   401 401 403 403 403 403 200 200 200 403 403 403
POST   /drivers/me/position                   own   401 401 403 403 403 403 200 200 200 403 403 403
POST   /devices/pair                          own   400 400 400 400 400 400 400 400 400 400 400 400
GET    /drivers/me/balance                   own   401 401 403 403 403 403 200 200 200 403 403 403
GET    /drivers/me/ledger                    own   401 401 403 403 403 403 200 200 200 403 403 403
GET    /drivers/me/offers                    own   401 401 403 403 403 403 200 200 200 403 403 403
POST   /drivers/me/offers/{order_id}/decline own   401 401 403 403 403 403 404 409 404 403 403 403
POST   /drivers/me/offers/{order_id}/decline other 401 401 403 403 403 403 404 404 404 403 403 403
GET    /me                                    own   401 401 200 200 200 200 200 200 200 200 403 200
PATCH  /me                                    own   401 401 200 200 200 200 200 200 200 200 403 200
GET    /me/addresses                          own   401 401 200 200 200 200 200 200 200 200 403 200
POST   /me/addresses                          own   401 401 201 201 201 201 201 201 201 201 403 201
PATCH  /me/addresses/{address_id}             own   401 401 200 404 404 404 404 404 404 404 403 404
PATCH  /me/addresses/{address_id}             other 401 401 404 200 404 404 404 404 404 404 403 404
DELETE /me/addresses/{address_id}             own   401 401 204 404 404 404 404 404 404 404 403 404
DELETE /me/addresses/{address_id}             other 401 401 404 204 404 404 404 404 404 404 403 404
GET    /me/personal-data                      own   401 401 200 200 200 200 200 200 200 200 403 200
POST   /me/erasure                            own   401 401 409 409 409 409 409 409 409 409 403 409
GET    /me/payment-methods                    own   401 401 200 200 200 200 200 200 200 200 403 200
DELETE /me/payment-methods/{method_id}        own   401 401 204 404 404 404 404 404 404 404 403 404
DELETE /me/payment-methods/{method_id}        other 401 401 404 204 404 404 404 404 404 404 403 404
GET    /orders                                own   401 200 200 200 200 200 200 200 200 200 200 200
POST   /orders                                own   400 400 201 201 201 201 201 201 201 201 400 201
GET    /orders/{order_id}                     own   404 404 200 404 200 404 404 200 404 404 200 200
GET    /orders/{order_id}                     other 404 404 404 200 404 200 404 404 404 404 404 200
PATCH  /orders/{order_id}                     own   404 404 200 404 200 404 404 403 404 404 200 200
PATCH  /orders/{order_id}                     other 404 404 404 200 404 200 404 404 404 404 404 200
DELETE /orders/{order_id}                     own   404 404 403 404 403 404 404 403 404 404 403 409
DELETE /orders/{order_id}                     other 404 404 404 403 404 403 404 404 404 404 404 409
GET    /orders/{order_id}/codes               own   404 404 200 404 200 404 404 404 404 404 200 200
GET    /orders/{order_id}/codes               other 404 404 404 200 404 200 404 404 404 404 404 200
GET    /orders/{order_id}/changes             own   404 404 200 404 200 404 404 200 404 404 200 200
GET    /orders/{order_id}/changes             other 404 404 404 200 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/changes/{number}/accept own   404 404 200 404 403 404 404 403 404 404 403 200
POST   /orders/{order_id}/changes/{number}/accept other 404 404 404 200 404 403 404 404 404 404 404 200
POST   /orders/{order_id}/changes/{number}/refuse own   404 404 200 404 200 404 404 403 404 404 200 200
POST   /orders/{order_id}/changes/{number}/refuse other 404 404 404 200 404 200 404 404 404 404 404 200
GET    /orders/{order_id}/delivery-proofs     own   404 404 200 404 200 404 404 200 404 404 200 200
GET    /orders/{order_id}/delivery-proofs     other 404 404 404 200 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/delivery-proofs     own   404 404 403 404 409 404 404 409 404 404 409 409
POST   /orders/{order_id}/delivery-proofs     other 404 404 404 403 404 409 404 404 404 404 404 409
GET    /orders/{order_id}/delivery-proofs/{proof_uuid} own 404 404 200 404 200 404 404 200 404 404 200 200
GET    /orders/{order_id}/delivery-proofs/{proof_uuid} other 404 404 404 200 404 200 404 404 404 404 404 200
GET    /orders/{order_id}/history             own   404 404 200 404 200 404 404 200 404 404 200 200
GET    /orders/{order_id}/history             other 404 404 404 200 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/history             own   404 404 403 404 201 404 404 201 404 404 201 201
POST   /orders/{order_id}/history             other 404 404 404 403 404 201 404 404 404 404 404 201
POST   /orders/{order_id}/payments            own   404 404 409 404 403 404 404 403 404 404 403 201
POST   /orders/{order_id}/payments            other 404 404 404 409 404 403 404 404 404 404 404 201
POST   /orders/{order_id}/payments/{payment_id}/approve own 404 404 403 404 200 404 404 403 404 404 200 200
POST   /orders/{order_id}/payments/{payment_id}/approve other 404 404 404 403 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/payments/{payment_id}/refuse own 404 404 403 404 403 404 404 403 404 404 403 409
POST   /orders/{order_id}/payments/{payment_id}/refuse other 404 404 404 403 404 403 404 404 404 404 404 409
POST   /orders/{order_id}/payments/{payment_id}/waive own 404 404 403 404 403 404 404 403 404 404 403 200
POST   /orders/{order_id}/payments/{payment_id}/waive other 404 404 404 403 404 403 404 404 404 404 404 200
GET    /orders/{order_id}/payments/{payment_id}/proofs/{number} own 404 404 200 404 200 404 404 403 404 404 200 200
GET    /orders/{order_id}/payments/{payment_id}/proofs/{number} other 404 404 404 200 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/items               own   404 404 409 404 201 404 404 403 404 404 201 201
POST   /orders/{order_id}/items               other 404 404 404 409 404 201 404 404 404 404 404 201
PUT    /orders/{order_id}/items/{item_id}     own   404 404 409 404 200 404 404 403 404 404 200 200
PUT    /orders/{order_id}/items/{item_id}     other 404 404 404 409 404 200 404 404 404 404 404 200
DELETE /orders/{order_id}/items/{item_id}     own   404 404 409 404 200 404 404 403 404 404 200 200
DELETE /orders/{order_id}/items/{item_id}     other 404 404 404 409 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/items/{item_id}/missing own   404 404 403 404 200 404 404 403 404 404 200 200
POST   /orders/{order_id}/items/{item_id}/missing other 404 404 404 403 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/payment-link        own   404 404 409 404 409 404 404 403 404 404 409 409
POST   /orders/{order_id}/payment-link        other 404 404 404 409 404 409 404 404 404 404 404 409
GET    /orders/{order_id}/invoice            own   404 404 200 404 200 404 404 404 404 404 200 200
GET    /orders/{order_id}/invoice            other 404 404 404 200 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/invoice            own   404 404 200 404 200 404 404 404 404 404 200 200
POST   /orders/{order_id}/invoice            other 404 404 404 200 404 200 404 404 404 404 404 200
GET    /orders/{order_id}/refunds            own   404 404 200 404 200 404 404 403 404 404 200 200
GET    /orders/{order_id}/refunds            other 404 404 404 200 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/print-jobs         own   404 404 403 404 200 404 404 403 404 404 200 200
POST   /orders/{order_id}/print-jobs         other 404 404 404 403 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/refunds            own   404 404 403 404 409 404 404 403 404 404 409 409
POST   /orders/{order_id}/refunds            other 404 404 404 403 404 409 404 404 404 404 404 409
GET    /orders/{order_id}/problems            own   404 404 200 404 200 404 404 403 404 404 200 200
GET    /orders/{order_id}/problems            other 404 404 404 200 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/problems            own   404 404 201 404 403 404 404 403 404 404 403 403
POST   /orders/{order_id}/problems            other 404 404 404 201 404 403 404 404 404 404 404 403
POST   /orders/{order_id}/position            own   404 404 409 404 403 404 404 403 404 404 403 409
POST   /orders/{order_id}/position            other 404 404 404 409 404 403 404 404 404 404 404 409
POST   /orders/{order_id}/acknowledge         own   404 404 403 404 200 404 404 403 404 404 200 200
POST   /orders/{order_id}/acknowledge         other 404 404 404 403 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/recall              own   404 404 403 404 200 404 404 403 404 404 200 200
POST   /orders/{order_id}/recall              other 404 404 404 403 404 200 404 404 404 404 404 200
DELETE /orders/{order_id}/recall              own   404 404 403 404 200 404 404 403 404 404 200 200
DELETE /orders/{order_id}/recall              other 404 404 404 403 404 200 404 404 404 404 404 200
PUT    /orders/{order_id}/items/{item_id}/tick own  404 404 403 404 200 404 404 403 404 404 200 200
PUT    /orders/{order_id}/items/{item_id}/tick other 404 404 404 403 404 200 404 404 404 404 404 200
DELETE /orders/{order_id}/items/{item_id}/tick own  404 404 403 404 200 404 404 403 404 404 200 200
DELETE /orders/{order_id}/items/{item_id}/tick other 404 404 404 403 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/start-preparing     own   404 404 403 404 200 404 404 403 404 404 200 200
POST   /orders/{order_id}/start-preparing     other 404 404 404 403 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/tracking-number     own   404 404 403 404 200 404 404 403 404 404 200 200
POST   /orders/{order_id}/tracking-number     other 404 404 404 403 404 200 404 404 404 404 404 200
GET    /orders/{order_id}/transitions         own   404 404 200 404 200 404 404 200 404 404 200 200
GET    /orders/{order_id}/transitions         other 404 404 404 200 404 200 404 404 404 404 404 200
POST   /orders/{order_id}/transitions         own   404 404 403 404 200 404 404 403 404 404 200 200
POST   /orders/{order_id}/transitions         other 404 404 404 403 404 200 404 404 404 404 404 200
POST   /orders/quote                          own   200 200 200 200 200 200 200 200 200 200 200 200
GET    /orders/statuses                       own   200 200 200 200 200 200 200 200 200 200 200 200
POST   /orders/statuses                       own   401 401 403 403 403 403 403 403 403 403 403 201
PATCH  /orders/statuses/{label_id}            own   401 401 403 403 403 403 403 403 403 403 403 200
PATCH  /orders/statuses/{label_id}            other 401 401 403 403 403 403 403 403 403 403 403 200
DELETE /orders/statuses/{label_id}            own   401 401 403 403 403 403 403 403 403 403 403 204
DELETE /orders/statuses/{label_id}            other 401 401 403 403 403 403 403 403 403 403 403 204
POST   /payments/notices/{provider}           own   200 200 200 200 200 200 200 200 200 200 200 200
POST   /payments/notices/{provider}           other 200 200 200 200 200 200 200 200 200 200 200 200
GET    /places                                own   401 401 400 400 400 400 400 400 400 400 400 400
GET    /purchases/{purchase_uuid}             own   404 404 200 404 404 404 404 404 404 404 404 200
GET    /purchases/{purchase_uuid}             other 404 404 404 200 404 404 404 404 404 404 404 200
POST   /track                                 own   200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendor-types                          own   200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendors                               own   200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendors/{vendor_id}                   own   200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendors/{vendor_id}                   other 200 200 200 200 200 200 200 200 200 200 200 200
PATCH  /vendors/{vendor_id}                   own   401 401 403 403 200 403 403 403 403 403 200 200
PATCH  /vendors/{vendor_id}                   other 401 401 403 403 403 200 403 403 403 403 403 200
GET    /vendors/{vendor_id}/balance          own   401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/balance          other 401 401 403 403 403 200 403 403 403 403 403 200
GET    /vendors/{vendor_id}/board             own   401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/board             other 401 401 403 403 403 200 403 403 403 403 403 200
GET    /vendors/{vendor_id}/devices           own   401 401 403 403 200 403 403 403 403 403 403 200
GET    /vendors/{vendor_id}/devices           other 401 401 403 403 403 200 403 403 403 403 403 200
POST   /vendors/{vendor_id}/devices           own   401 401 403 403 201 403 403 403 403 403 403 201
POST   /vendors/{vendor_id}/devices           other 401 401 403 403 403 201 403 403 403 403 403 201
PATCH  /vendors/{vendor_id}/devices/{device_id} own 401 401 403 403 200 403 403 403 403 403 403 200
PATCH  /vendors/{vendor_id}/devices/{device_id} other 401 401 403 403 403 200 403 403 403 403 403 200
DELETE /vendors/{vendor_id}/devices/{device_id} own 401 401 403 403 204 403 403 403 403 403 403 204
DELETE /vendors/{vendor_id}/devices/{device_id} other 401 401 403 403 403 204 403 403 403 403 403 204
POST   /vendors/{vendor_id}/devices/{device_id}/code own 401 401 403 403 201 403 403 403 403 403 403 201
POST   /vendors/{vendor_id}/devices/{device_id}/code other 401 401 403 403 403 201 403 403 403 403 403 201
GET    /vendors/{vendor_id}/stations          own   401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/stations          other 401 401 403 403 403 200 403 403 403 403 403 200
POST   /vendors/{vendor_id}/stations          own   401 401 403 403 201 403 403 403 403 403 201 201
POST   /vendors/{vendor_id}/stations          other 401 401 403 403 403 201 403 403 403 403 403 201
PATCH  /vendors/{vendor_id}/stations/{station_id} own 401 401 403 403 200 403 403 403 403 403 200 200
PATCH  /vendors/{vendor_id}/stations/{station_id} other 401 401 403 403 403 200 403 403 403 403 403 200
DELETE /vendors/{vendor_id}/stations/{station_id} own 401 401 403 403 204 403 403 403 403 403 204 204
DELETE /vendors/{vendor_id}/stations/{station_id} other 401 401 403 403 403 204 403 403 403 403 403 204
POST   /vendors/{vendor_id}/products/{product_id}/out-of-stock own 401 401 403 403 200 403 403 403 403 403 200 200
POST   /vendors/{vendor_id}/products/{product_id}/out-of-stock other 401 401 403 403 403 200 403 403 403 403 403 200
DELETE /vendors/{vendor_id}/products/{product_id}/out-of-stock own 401 401 403 403 200 403 403 403 403 403 200 200
DELETE /vendors/{vendor_id}/products/{product_id}/out-of-stock other 401 401 403 403 403 200 403 403 403 403 403 200
POST   /vendors/{vendor_id}/options/{option_id}/out-of-stock own 401 401 403 403 200 403 403 403 403 403 200 200
POST   /vendors/{vendor_id}/options/{option_id}/out-of-stock other 401 401 403 403 403 200 403 403 403 403 403 200
DELETE /vendors/{vendor_id}/options/{option_id}/out-of-stock own 401 401 403 403 200 403 403 403 403 403 200 200
DELETE /vendors/{vendor_id}/options/{option_id}/out-of-stock other 401 401 403 403 403 200 403 403 403 403 403 200
GET    /vendors/{vendor_id}/products own 401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/products other 401 401 403 403 403 200 403 403 403 403 403 200
POST   /vendors/{vendor_id}/products own 401 401 403 403 201 403 403 403 403 403 201 201
POST   /vendors/{vendor_id}/products other 401 401 403 403 403 201 403 403 403 403 403 201
PATCH  /vendors/{vendor_id}/products own 401 401 403 403 200 403 403 403 403 403 200 200
PATCH  /vendors/{vendor_id}/products other 401 401 403 403 403 200 403 403 403 403 403 200
GET    /vendors/{vendor_id}/products/{product_id} own 401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/products/{product_id} other 401 401 403 403 403 200 403 403 403 403 403 200
PATCH  /vendors/{vendor_id}/products/{product_id} own 401 401 403 403 200 403 403 403 403 403 200 200
PATCH  /vendors/{vendor_id}/products/{product_id} other 401 401 403 403 403 200 403 403 403 403 403 200
DELETE /vendors/{vendor_id}/products/{product_id} own 401 401 403 403 204 403 403 403 403 403 204 204
DELETE /vendors/{vendor_id}/products/{product_id} other 401 401 403 403 403 204 403 403 403 403 403 204
GET    /vendors/{vendor_id}/categories own 401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/categories other 401 401 403 403 403 200 403 403 403 403 403 200
POST   /vendors/{vendor_id}/categories own 401 401 403 403 201 403 403 403 403 403 201 201
POST   /vendors/{vendor_id}/categories other 401 401 403 403 403 201 403 403 403 403 403 201
PATCH  /vendors/{vendor_id}/categories/{category_id} own 401 401 403 403 200 403 403 403 403 403 200 200
PATCH  /vendors/{vendor_id}/categories/{category_id} other 401 401 403 403 403 200 403 403 403 403 403 200
DELETE /vendors/{vendor_id}/categories/{category_id} own 401 401 403 403 204 403 403 403 403 403 204 204
DELETE /vendors/{vendor_id}/categories/{category_id} other 401 401 403 403 403 204 403 403 403 403 403 204
GET    /vendors/{vendor_id}/option-groups own 401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/option-groups other 401 401 403 403 403 200 403 403 403 403 403 200
POST   /vendors/{vendor_id}/option-groups own 401 401 403 403 201 403 403 403 403 403 201 201
POST   /vendors/{vendor_id}/option-groups other 401 401 403 403 403 201 403 403 403 403 403 201
PATCH  /vendors/{vendor_id}/option-groups/{group_id} own 401 401 403 403 200 403 403 403 403 403 200 200
PATCH  /vendors/{vendor_id}/option-groups/{group_id} other 401 401 403 403 403 200 403 403 403 403 403 200
DELETE /vendors/{vendor_id}/option-groups/{group_id} own 401 401 403 403 204 403 403 403 403 403 204 204
DELETE /vendors/{vendor_id}/option-groups/{group_id} other 401 401 403 403 403 204 403 403 403 403 403 204
POST   /vendors/{vendor_id}/option-groups/{group_id}/options own 401 401 403 403 201 403 403 403 403 403 201 201
POST   /vendors/{vendor_id}/option-groups/{group_id}/options other 401 401 403 403 403 201 403 403 403 403 403 201
PATCH  /vendors/{vendor_id}/options/{option_id} own 401 401 403 403 200 403 403 403 403 403 200 200
PATCH  /vendors/{vendor_id}/options/{option_id} other 401 401 403 403 403 200 403 403 403 403 403 200
DELETE /vendors/{vendor_id}/options/{option_id} own 401 401 403 403 204 403 403 403 403 403 204 204
DELETE /vendors/{vendor_id}/options/{option_id} other 401 401 403 403 403 204 403 403 403 403 403 204
GET    /vendors/{vendor_id}/hours own 401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/hours other 401 401 403 403 403 200 403 403 403 403 403 200
PUT    /vendors/{vendor_id}/hours own 401 401 403 403 200 403 403 403 403 403 200 200
PUT    /vendors/{vendor_id}/hours other 401 401 403 403 403 200 403 403 403 403 403 200
GET    /vendors/{vendor_id}/events            own   401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/events            other 401 401 403 403 403 200 403 403 403 403 403 200
GET    /vendors/{vendor_id}/ledger           own   401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/ledger           other 401 401 403 403 403 200 403 403 403 403 403 200
GET    /vendors/{vendor_id}/menu              own   200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendors/{vendor_id}/menu              other 200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendors/{vendor_id}/package-types     own   200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendors/{vendor_id}/package-types     other 200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendors/{vendor_id}/payouts          own   401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/payouts          other 401 401 403 403 403 200 403 403 403 403 403 200
POST   /vendors/{vendor_id}/payouts          own   401 401 403 403 403 403 403 403 403 403 403 409
POST   /vendors/{vendor_id}/payouts          other 401 401 403 403 403 403 403 403 403 403 403 409
GET    /vendors/{vendor_id}/print-jobs       own   401 401 403 403 200 403 403 403 403 403 200 200
GET    /vendors/{vendor_id}/print-jobs       other 401 401 403 403 403 200 403 403 403 403 403 200
POST   /vendors/{vendor_id}/print-jobs/{job_id}/claim own   401 401 403 403 200 403 403 403 403 403 200 200
POST   /vendors/{vendor_id}/print-jobs/{job_id}/claim other 401 401 403 403 403 200 403 403 403 403 403 200
POST   /vendors/{vendor_id}/print-jobs/{job_id}/printed own   404 404 403 404 409 404 404 403 404 404 409 409
POST   /vendors/{vendor_id}/print-jobs/{job_id}/printed other 404 404 404 403 404 409 404 404 404 404 404 409
POST   /vendors/{vendor_id}/print-jobs/{job_id}/failed own   404 404 403 404 409 404 404 403 404 404 409 409
POST   /vendors/{vendor_id}/print-jobs/{job_id}/failed other 404 404 404 403 404 409 404 404 404 404 404 409
POST   /vendors/{vendor_id}/seen              own   401 401 403 403 200 403 403 403 403 403 200 403
POST   /vendors/{vendor_id}/seen              other 401 401 403 403 403 200 403 403 403 403 403 403
GET    /vendors/{vendor_id}/services          own   200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendors/{vendor_id}/services          other 200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendors/{vendor_id}/services/{service_id}/times own   200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendors/{vendor_id}/services/{service_id}/times other 200 200 200 200 200 200 200 200 200 200 200 200
GET    /vendors/{vendor_id}/slots             own   400 400 400 400 400 400 400 400 400 400 400 400
GET    /vendors/{vendor_id}/slots             other 400 400 400 400 400 400 400 400 400 400 400 400
GET    /vendors/{vendor_id}/statement        own   401 401 403 403 400 403 403 403 403 403 400 400
GET    /vendors/{vendor_id}/statement        other 401 401 403 403 403 400 403 403 403 403 403 400
GET    /wallet                                own   401 401 200 200 200 200 200 200 200 200 200 200
GET    /wallet/entries                        own   401 401 200 200 200 200 200 200 200 200 200 200
POST   /wallet/top-ups                        own   401 401 403 403 403 403 403 403 403 403 403 201
GET    /webhooks                              own   401 401 200 200 200 200 200 200 200 200 200 200
POST   /webhooks                              own   401 401 201 201 201 201 201 201 201 201 201 201
GET    /webhooks/{endpoint_id} own   401 401 404 404 200 404 404 404 404 404 200 200
PATCH  /webhooks/{endpoint_id} own   401 401 404 404 200 404 404 404 404 404 200 200
GET    /webhooks/{endpoint_id} other 401 401 404 404 404 200 404 404 404 404 404 200
PATCH  /webhooks/{endpoint_id} other 401 401 404 404 404 200 404 404 404 404 404 200
DELETE /webhooks/{endpoint_id} own   401 401 404 404 204 404 404 404 404 404 204 204
DELETE /webhooks/{endpoint_id} other 401 401 404 404 404 204 404 404 404 404 404 204
POST   /webhooks/{endpoint_id}/secret own   401 401 404 404 201 404 404 404 404 404 201 201
POST   /webhooks/{endpoint_id}/secret other 401 401 404 404 404 201 404 404 404 404 404 201
POST   /webhooks/{endpoint_id}/test own   401 401 404 404 201 404 404 404 404 404 201 201
POST   /webhooks/{endpoint_id}/test other 401 401 404 404 404 201 404 404 404 404 404 201
POST   /webhooks/{endpoint_id}/replay own   401 401 404 404 200 404 404 404 404 404 200 200
POST   /webhooks/{endpoint_id}/replay other 401 401 404 404 404 200 404 404 404 404 404 200
GET    /webhooks/{endpoint_id}/deliveries own   401 401 404 404 200 404 404 404 404 404 200 200
GET    /webhooks/{endpoint_id}/deliveries other 401 401 404 404 404 200 404 404 404 404 404 200
POST   /webhooks/{endpoint_id}/deliveries/{delivery_id}/redeliver own   401 401 404 404 200 404 404 404 404 404 200 200
POST   /webhooks/{endpoint_id}/deliveries/{delivery_id}/redeliver other 401 401 404 404 404 200 404 404 404 404 404 200
"""


@pytest.fixture
def world(cast: Cast, settings: Any) -> World:
    settings.THROTTLE_ANONYMOUS = settings.THROTTLE_CALLER = 0
    settings.FAKE_PAYMENTS_URL = started().url
    return make_world(cast)


def table() -> dict[tuple[str, str, str], list[int]]:
    rows = [line.split() for line in TABLE.strip().splitlines()]
    return {(method, path, side): [int(code) for code in codes] for method, path, side, *codes in rows}


def operations() -> Iterator[tuple[str, str]]:
    """Method and path of every call in the OpenAPI document."""
    for path, calls in SchemaGenerator().get_schema(public=True)["paths"].items():
        for method in calls:
            yield method.upper(), path.removeprefix("/api/v1")


def answers(world: World) -> Iterator[tuple[str, str, str, str, Any]]:
    """Every call of the table by every role, each taken back."""
    sent = bodies(world)
    for method, path, side in table():
        body = sent.get(f"{method} {path} of {side}", sent.get(f"{method} {path}"))
        for role in ROLES:
            url = "/api/v1" + path.format(**world.paths[side])
            with transaction.atomic():
                answer = call(world.client(role), method, url, body)
                transaction.set_rollback(True)
            yield method, path, side, role, answer


def call(client: APIClient, method: str, url: str, body: Any) -> Any:
    if method == "GET":
        return client.get(url)
    return client.generic(method, url, "" if body is None else client._encode_data(body, "json")[0], "application/json")  # type: ignore[attr-defined]


def test_no_call_is_missing_from_the_table() -> None:
    listed = {(method, path) for method, path, _ in table()}
    assert listed == set(operations())
    both = {(method, path) for method, path, side in table() if side == "other"}
    assert both == {(method, path) for method, path in listed if "{" in path}


def test_every_call_by_every_role(world: World, figure: Callable[[str], None]) -> None:
    expected = table()
    calls, leaks = 0, []
    for method, path, side, role, answer in answers(world):
        wanted = expected[method, path, side][ROLES.index(role)]
        where = f"{method} {path} of {side} by {role}"
        assert answer.status_code == wanted, f"{where}: {answer.content[:300]!r}"
        leaks += [f"{where} shows {mark}" for mark in leaked(world, role, path, answer)]
        calls += 1
    assert leaks == []
    figure(f"{calls} calls by {len(ROLES)} roles answered as the table says, 0 leaks")


def leaked(world: World, role: str, path: str, answer: Any) -> list[str]:
    """Marks of orders that the role does not see, in what it was answered."""
    followed = {"claras"} if path == "/track" else set()
    text = answer.content.decode(errors="replace")
    hidden = set(world.orders) - SEES[role] - followed
    return [mark for name in sorted(hidden) for mark in world.marks(name) if mark in text]


def ids(world: World, names: set[str]) -> set[int]:
    return {world.orders[name].pk for name in names}


@pytest.mark.parametrize("role", ROLES)
def test_metrics_are_nobodys_but_prometheus(world: World, role: str, settings: Any) -> None:
    """Not staff's either: who they are does not count, but whence they ask, or the token."""
    client = world.client(role)
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.7").status_code == 404
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="10.0.0.7").status_code == 404
    settings.METRICS_TOKEN = "a-token-of-prometheus"
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 404
    assert Client().get("/metrics", headers={"Authorization": "Bearer a-token-of-prometheus"}).status_code == 200


@pytest.mark.parametrize("role", ROLES[1:])
def test_lists_and_searches_count_only_what_is_seen(world: World, role: str) -> None:
    client = world.client(role)
    own = ids(world, OWN.get(role, set()))
    listed = client.get("/api/v1/orders").data
    assert (listed["count"], {row["id"] for row in listed["results"]}) == (len(own), own)
    board = client.get("/api/v1/orders?mode=dashboard")
    seen = ids(world, SEES[role])
    if role in ("owner", "other_owner", "merchant", "staff"):
        assert (board.data["count"], {row["id"] for row in board.data["results"]}) == (len(seen), seen)
    else:
        assert (board.status_code, board.data["code"]) == (403, "forbidden")
        seen = own
    mode = "" if board.status_code == 403 else "&mode=dashboard"
    for order in world.orders.values():
        for wanted in (order.pk, order.uuid, order.contact_email, order.purchase.external_code):
            found = client.get(f"/api/v1/orders?q={wanted}{mode}&expand=items,events").data
            assert {row["id"] for row in found["results"]} == seen & {order.pk}, (role, wanted)
            assert found["count"] == len(seen & {order.pk})
        for query in (f"vendor={order.vendor_id}", f"customer={order.customer_id}", "group=open", "cursor="):
            found = client.get(f"/api/v1/orders?{query}{mode}").data
            assert {row["id"] for row in found["results"]} <= seen, (role, query)


@pytest.mark.parametrize("role", ROLES)
def test_each_order_is_seen_by_its_parties_only(world: World, role: str) -> None:
    client = world.client(role)
    for name, order in world.orders.items():
        for path in ("", "/transitions", "/history"):
            answer = client.get(f"/api/v1/orders/{order.pk}{path}")
            assert answer.status_code == (200 if name in SEES[role] else 404), (role, name, path)


def test_control_without_the_filter_of_one_order_it_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The promise's own test must fail where everybody stands to every order as its customer."""
    monkeypatch.setattr("orders.services.record.access.actors_for", lambda caller, order: frozenset({Actor.CUSTOMER}))
    with pytest.raises(AssertionError, match=" of own by "):
        test_every_call_by_every_role(world, print)


def test_control_without_the_filter_of_lists_it_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orders.api.lists.own_orders", lambda caller: Order.objects.filter(deleted_at__isnull=True))
    # Their statements are kept: here they are made anew.
    monkeypatch.setattr("orders.api.lists.FIRST", Prepared(first_of_scope))
    monkeypatch.setattr("orders.api.lists.COUNTED", Prepared(ids_of_scope))
    with pytest.raises(AssertionError):
        test_lists_and_searches_count_only_what_is_seen(world, "customer")


def test_control_a_call_that_is_not_listed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{__name__}.TABLE", TABLE.replace("GET    /wallet ", "GET    /purse "))
    with pytest.raises(AssertionError):
        test_no_call_is_missing_from_the_table()


# Who may watch which stream; whoever is known is refused with 4403 elsewhere, nobody with 4401 everywhere.
SOCKETS = {
    "vendor": {"owner", "merchant", "staff"},
    "other_vendor": {"other_owner", "staff"},
    "driver": {"courier", "driver", "other_driver"},
    "company": {"dispatcher"},
}


@pytest.mark.parametrize("role", ROLES)
def test_sockets(world: World, role: str) -> None:
    credential = shown_by(world, role)
    cast = world.cast
    doors: dict[str, Callable[[], watchers.Watcher]] = {
        "vendor": lambda: watchers.at_vendor(cast.vendor.pk, credential),
        "other_vendor": lambda: watchers.at_vendor(cast.other_vendor.pk, credential),
        "driver": lambda: watchers.as_driver(credential),
        "company": lambda: watchers.as_dispatcher(credential, None),
    }
    for name, door in doors.items():
        (found,) = watchers.admit([door])
        if role in SOCKETS[name]:
            assert isinstance(found, watchers.Watcher)
            assert watchers.refusals([found]) == {}
            if name == "driver":
                assert Driver.objects.get(pk=found.subject).user_id == credential.user_id
        else:
            assert isinstance(found, WatchRefused)
            assert found.code == FORBIDDEN.code
    code = decrypt(world.orders["claras"].tracking_sealed)
    assert watchers.by_tracking_code(code).subject == world.orders["claras"].pk
    with pytest.raises(WatchRefused):
        watchers.by_tracking_code(str(world.orders["claras"].pk))


def shown_by(world: World, role: str) -> watchers.Credential:
    if role in ("anonymous", "guest"):
        with pytest.raises(WatchRefused) as refused:
            watchers.by_bearer(world.tokens["guest"])
        assert refused.value.code == UNKNOWN.code
        return watchers.Credential()
    if role == "merchant":
        return watchers.by_bearer(world.tokens["merchant"])
    return watchers.by_bearer(str(AccessToken.for_user(getattr(world.cast, role))))


def admin_pages(patterns: list[Any], prefix: str = "/admin/") -> Iterator[str]:
    """The address of every page of the back-office, with 1 in the place of every argument."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern).lstrip("^")
        for kind in ("int", "path", "str", "slug", "uuid", "id"):
            while f"<{kind}:" in route:
                start = route.index(f"<{kind}:")
                route = route[:start] + "1" + route[route.index(">", start) + 1 :]
        if isinstance(pattern, URLResolver):
            yield from admin_pages(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern) and "(?P" not in route:
            yield route


PUBLIC_PAGES = {"/admin/login/", "/admin/logout/", "/admin/jsi18n/"}


@pytest.mark.parametrize("role", ["anonymous", "customer", "owner", "driver", "dispatcher"])
def test_admin_pages_are_staffs(world: World, role: str, figure: Callable[[str], None]) -> None:
    client = Client()
    if role != "anonymous":
        client.force_login(getattr(world.cast, role))
    pages = [page for page in admin_pages(admin.site.get_urls()) if page not in PUBLIC_PAGES]
    assert len(pages) > 40
    for page in pages:
        for answer in (client.get(page), client.post(page)):
            refused = answer.status_code == 302 and answer["Location"].startswith("/admin/login/")
            assert refused or answer.status_code in (403, 404, 405), (page, answer.status_code)
            if answer.status_code == 302:
                continue
            assert b"comment-of-" not in answer.content
    if role == "customer":
        figure(f"{len(pages)} pages of the back-office refused to whoever is not staff")
