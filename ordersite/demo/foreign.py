"""Every operation of the foreign APIs' OpenAPI documents: its summary, and a call that the demo answers as loaded."""

from collections.abc import Mapping
from typing import Any

from ordersite.demo.operations import CUSTOMER, STAFF, VENDOR, Operation
from ordersite.demo.sites import TENANT

TILL, BRASSERIE = "till", "brasserie"
AN_ORDER = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
OF_THE_TILL = "the order is one of the till's list"

KADDY = {
    "listUnconfirmedOrders": Operation(
        summary="List the orders that no till has confirmed", who=TILL, given={"X-Tenant": TENANT, "limit": 2}
    ),
    "getOrder": Operation(
        summary="Show an order", who=TILL, given={"X-Tenant": TENANT, "order_uuid": AN_ORDER}, after=OF_THE_TILL
    ),
    "confirmOrder": Operation(
        summary="Confirm that the till has an order",
        who=TILL,
        given={"X-Tenant": TENANT, "order_uuid": AN_ORDER},
        after=OF_THE_TILL,
    ),
}
KALIXO = {
    "placeOrder": Operation(
        summary="Buy digital goods",
        who=CUSTOMER,
        body={
            "externalOrderCode": "O-12345",
            "price": 1000,
            "currency": "EUR",
            "orderProducts": [{"productId": 86, "price": 1000, "currency": "EUR", "quantity": 1}],
        },
    ),
    "retrieveOrder": Operation(summary="Show an order with its PINs", who=CUSTOMER, given={"id": 39}),
}

BREADS: dict[str, Any] = {
    "type": "regular",
    "vendor_id": 3,
    "delivery_address_id": 1,
    "items": [{"product_id": 24, "quantity": 2, "notes": "Well baked, please."}],
}
HAIRCUT = {"vendor_id": 10, "service_id": 1}
KESK = {
    "getOrders": Operation(summary="List orders", who=CUSTOMER, given={"type": "assigned", "per_page": 2}),
    "appCreate": Operation(
        summary="Place an order", who=CUSTOMER, body={**BREADS, "payment_gateway_method_id": 1}, status=201
    ),
    "processServiceOrder": Operation(
        summary="Book a service", who=CUSTOMER, body={**HAIRCUT, "payment_gateway_method_id": 1}, status=201
    ),
    "getOrderDetails": Operation(summary="Show an order", who=CUSTOMER, given={"id": 14}),
    "updateOrder": Operation(
        summary="Move an order on, or name its driver", who=VENDOR, given={"id": 12}, body={"status": "Accepted"}
    ),
    "trackOrder": Operation(
        summary="Follow an order by its code", body={"code": "kJ8wq0cY2mQxv7Tt3LrZsA"}, after="the code is of an order"
    ),
    "getOrderSummary": Operation(summary="Ask what an order costs", who=CUSTOMER, body=BREADS),
    "getServiceSummary": Operation(summary="Ask what a service costs", who=CUSTOMER, body=HAIRCUT),
    "getDeliveryFeeSummary": Operation(
        summary="Ask what the delivery costs", who=CUSTOMER, body={"vendor_id": 3, "delivery_address_id": 1}
    ),
}
ORDERING = {
    "getOrders": Operation(
        summary="List orders", who=CUSTOMER, given={"where": '{"status": [0, 7]}', "orderBy": "-id", "page_size": 2}
    ),
    "createOrder": Operation(
        summary="Place an order",
        who=CUSTOMER,
        given={"X-APP-X": "web"},
        body={
            "paymethod_id": 1,
            "business_id": 3,
            "delivery_type": 1,
            "delivery_datetime": "2026-11-29 18:00:00",
            "location": {"lat": 50.8472, "lng": 4.3547, "address": "Rue du Marché aux Herbes 61, 1000 Brussels"},
            "products": [{"id": 24, "quantity": 2, "comment": "Well baked, please."}],
        },
        after="`delivery_datetime` is the time that it is",
    ),
    "getOrder": Operation(summary="Show an order", who=CUSTOMER, given={"order_id": 14}),
    "updateOrder": Operation(
        summary="Change an order, or move it on",
        who=VENDOR,
        given={"order_id": 12},
        body={"status": 7, "prepared_in": 15},
    ),
    "deleteOrder": Operation(summary="Delete a closed order", who=STAFF, given={"order_id": 4}),
}
SET = {"value": True}
SHOP = {
    "listOrders": Operation(summary="List orders", who=VENDOR, given={"limit": 2}),
    "createOrder": Operation(
        summary="Create an order",
        who=VENDOR,
        body={
            "customer": {"name": "Wanda Walker", "phone": "+32470111401"},
            "currency": "EUR",
            "items": [{"productId": 26, "quantity": 4}],
            "deliveryType": "pickup",
        },
        status=201,
    ),
    "getOrder": Operation(summary="Show an order", who=VENDOR, given={"id": 14}),
    "addItem": Operation(
        summary="Add an item to an order",
        who=BRASSERIE,
        given={"id": 44},
        body={"productId": 76, "quantity": 1},
        status=201,
    ),
    "editItem": Operation(
        summary="Change an item of an order", who=VENDOR, given={"id": 13}, body={"itemId": 19, "quantity": 1}
    ),
    "deleteItem": Operation(summary="Remove an item from an order", who=VENDOR, given={"id": 14, "itemId": 23}),
    "listStatuses": Operation(summary="List the statuses", who=VENDOR),
    "setStatus": Operation(summary="Set an order's status", who=VENDOR, given={"id": 12}, body={"statusId": 8}),
    "addTrackingNumber": Operation(
        summary="Give a parcel's number",
        who=VENDOR,
        given={"id": 11},
        body={"trackingNumber": "323212345678901234567890", "carrier": "bpost"},
    ),
    "addHistory": Operation(
        summary="Write a note to an order", who=VENDOR, given={"id": 9}, body={"text": "Called: by eight."}, status=201
    ),
    "setPaid": Operation(summary="Set an order as paid", who=VENDOR, given={"id": 8}, body=SET),
    "setDone": Operation(summary="Complete an order", who=STAFF, given={"id": 2}, body=SET),
    "cancelOrder": Operation(summary="Cancel an order", who=VENDOR, given={"id": 10}, body=SET),
    "setSent": Operation(summary="Set an order as sent", who=VENDOR, given={"id": 9}, body=SET),
    "setDelivered": Operation(summary="Set an order as delivered", who=VENDOR, given={"id": 8}, body=SET),
}
# By the name of their dialect.
FOREIGN: Mapping[str, Mapping[str, Operation]] = {
    "kaddy": KADDY,
    "kalixo": KALIXO,
    "kesk": KESK,
    "ordering": ORDERING,
    "shop": SHOP,
}
