"""Every operation of our own OpenAPI document: its summary, and a call that the demo answers as it was loaded."""

from dataclasses import dataclass, field
from typing import Any

from ordersite.demo.sites import PASSWORD

CUSTOMER, VENDOR, DRIVER, DISPATCHER, STAFF = "customer", "vendor", "driver", "dispatcher", "staff"
TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.signature"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What the operation is called, and a call of it: by the login of this name, with these parameters and this body.

    `after` says what has to be there first: such a call works once that is so, and not on the demo as it was loaded.
    """

    summary: str
    who: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    status: int = 200
    after: str = ""


def eur(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "EUR"}


CART = {"vendor": 3, "items": [{"product": 26, "quantity": 4}], "delivery_type": "pickup"}
NEW_ITEM = {"product": 17, "quantity": 1, "reason": "You asked for it by phone."}
A_LINK = {"uid": "MQ", "token": "d1x5kr-8c1f0bd6a2", "password": "A-new-passphrase-1"}
WAFFLES = {"email": "customer@example.com", "password": PASSWORD}
HERE = {"lat": 50.8465, "lng": 4.3517, "accuracy": 8, "at": "2026-01-14T11:00:00Z"}
PERIOD = {"from": "2026-01-01", "to": "2026-12-31"}

OPERATIONS: dict[str, Operation] = {
    # accounts
    "createAuthToken": Operation(summary="Sign in", body=WAFFLES),
    "createAuthTokenRefresh": Operation(summary="Renew tokens", body={"refresh": TOKEN}, after="the token is yours"),
    "createAuthLogout": Operation(summary="Sign out", body={"refresh": TOKEN}, status=204),
    "createAuthRegister": Operation(
        summary="Register",
        body={"email": "noor@example.com", "password": PASSWORD, "name": "Noor Peeters", "phone": "+32470000009"},
        status=201,
    ),
    "createAuthRegisterConfirm": Operation(summary="Confirm an e-mail address", body=A_LINK, after="registering"),
    "createAuthRegisterResend": Operation(
        summary="Mail the confirming link again", who=CUSTOMER, status=204, after="registering"
    ),
    "createAuthPasswordReset": Operation(
        summary="Ask for a new password", body={"email": "customer@example.com"}, status=204
    ),
    "createAuthPasswordResetConfirm": Operation(
        summary="Set a new password", body=A_LINK, status=204, after="asking for a new password"
    ),
    "readMe": Operation(summary="Show who I am", who=CUSTOMER),
    "changeMe": Operation(summary="Change my name or phone", who=CUSTOMER, body={"phone": "+32470000004"}),
    "exportMyData": Operation(summary="Have all that is known of me as a file", who=CUSTOMER),
    "eraseMe": Operation(
        summary="Erase my account and what names me",
        who=CUSTOMER,
        body={"password": PASSWORD},
        status=204,
        after="closing my orders",
    ),
    "readAddresses": Operation(summary="List my addresses", who=CUSTOMER),
    "createAddresses": Operation(
        summary="Keep an address",
        who=CUSTOMER,
        body={
            "label": "Work",
            "address": "Rue Haute 118, 1000 Brussels",
            "address_notes": "Third floor",
            "location": {"lat": 50.8396, "lng": 4.3496},
        },
        status=201,
    ),
    "changeAddress": Operation(
        summary="Change an address", who=CUSTOMER, given={"address_id": 1}, body={"address_notes": "Third bell"}
    ),
    "deleteAddress": Operation(summary="Forget an address", who=CUSTOMER, given={"address_id": 1}, status=204),
    "listPaymentMethods": Operation(summary="List my saved cards and accounts", who=CUSTOMER),
    "deletePaymentMethod": Operation(
        summary="Forget a saved card or account",
        who=CUSTOMER,
        given={"method_id": 1},
        status=204,
        after="one was saved",
    ),
    "readApiTokens": Operation(summary="List API tokens", who=VENDOR),
    "createApiTokens": Operation(
        summary="Make an API token", who=VENDOR, body={"name": "Till at the counter", "scopes": ["read"]}, status=201
    ),
    "deleteApiToken": Operation(
        summary="Revoke an API token", who=VENDOR, given={"token_id": 2}, status=204, after="one was made"
    ),
    # webhooks
    "createWebhooks": Operation(
        summary="Add a webhook endpoint",
        who=VENDOR,
        body={"url": "http://localhost:9000/orders", "types": ["order.placed", "order.status"], "merchant": 1},
        status=201,
    ),
    "readWebhooks": Operation(summary="List webhook endpoints", who=VENDOR),
    "readWebhook": Operation(
        summary="Show a webhook endpoint", who=VENDOR, given={"endpoint_id": 2}, after="one was added"
    ),
    "changeWebhook": Operation(
        summary="Change a webhook endpoint, or switch it off or on",
        who=VENDOR,
        given={"endpoint_id": 2},
        body={"types": ["order.placed", "order.status", "order.items"]},
        after="one was added",
    ),
    "createWebhookSecret": Operation(
        summary="Give a webhook endpoint a new secret",
        who=VENDOR,
        given={"endpoint_id": 2},
        status=201,
        after="one was added",
    ),
    "testWebhook": Operation(
        summary="Send a webhook endpoint a test",
        who=VENDOR,
        given={"endpoint_id": 2},
        status=201,
        after="one was added",
    ),
    "readWebhookDeliveries": Operation(
        summary="List what a webhook endpoint was sent", who=VENDOR, given={"endpoint_id": 2}, after="one was added"
    ),
    "redeliverWebhook": Operation(
        summary="Send a webhook again",
        who=VENDOR,
        given={"endpoint_id": 2, "delivery_id": 2},
        after="it was sent before",
    ),
    "replayWebhook": Operation(
        summary="Send a webhook endpoint what it missed",
        who=VENDOR,
        given={"endpoint_id": 2},
        body={"since": "2026-01-14T11:00:00Z"},
        after="one was added",
    ),
    "deleteWebhook": Operation(
        summary="Delete a webhook endpoint", who=VENDOR, given={"endpoint_id": 2}, status=204, after="one was added"
    ),
    # vendors
    "readVendorTypes": Operation(summary="List the kinds of vendors"),
    "readVendors": Operation(summary="Find vendors", given={"city": "Brussels"}),
    "readVendor": Operation(summary="Show a vendor", given={"vendor_id": 3}),
    "changeVendor": Operation(
        summary="Pause a vendor, or tell that it takes longer",
        who=VENDOR,
        given={"vendor_id": 1},
        body={"rush_minutes": 10, "rush_until": None},
    ),
    "readDevices": Operation(summary="List a vendor's tablets and printers", who=VENDOR, given={"vendor_id": 3}),
    "createDevices": Operation(
        summary="Add a tablet or printer", who=VENDOR, given={"vendor_id": 3}, body={"name": "Kitchen"}, status=201
    ),
    "pairDevice": Operation(
        summary="Pair a device by its code", body={"code": "7KQ4-M2XH"}, after="a device was added, with this code"
    ),
    "changeDevice": Operation(
        summary="Rename a device",
        who=VENDOR,
        given={"vendor_id": 3, "device_id": 4},
        body={"name": "Counter"},
        after="one was added",
    ),
    "deleteDevice": Operation(
        summary="Revoke a device",
        who=VENDOR,
        given={"vendor_id": 3, "device_id": 4},
        status=204,
        after="one was added",
    ),
    "createDeviceCode": Operation(
        summary="Give a device a new code",
        who=VENDOR,
        given={"vendor_id": 3, "device_id": 4},
        status=201,
        after="one was added",
    ),
    "readVendorMenu": Operation(summary="Read a menu", given={"vendor_id": 3}),
    "readVendorServices": Operation(summary="List what can be booked", given={"vendor_id": 10}),
    "readServiceTimes": Operation(summary="Find free times of a service", given={"vendor_id": 10, "service_id": 1}),
    "readVendorPackageTypes": Operation(summary="List what a courier carries", given={"vendor_id": 9}),
    "readVendorSlots": Operation(
        summary="List the times that an order may be for", given={"vendor_id": 3, "delivery_type": "pickup"}
    ),
    "readVendorEvents": Operation(
        summary="Read the feed without a socket", who=VENDOR, given={"vendor_id": 3, "since": 0, "wait": 0}
    ),
    "readVendorBoard": Operation(summary="Read a vendor's board", who=VENDOR, given={"vendor_id": 3}),
    "markShown": Operation(
        summary="Say how far a device has shown the feed",
        who=VENDOR,
        given={"vendor_id": 3},
        body={"epoch": "5f1c0d2e9a7b4c36", "position": 1},
        after="the epoch is the one that the feed told",
    ),
    "listStations": Operation(summary="List the stations of a kitchen", who=VENDOR, given={"vendor_id": 3}),
    "createStation": Operation(
        summary="Add a station", who=VENDOR, given={"vendor_id": 3}, body={"name": "Grill"}, status=201
    ),
    "changeStation": Operation(
        summary="Rename a station, or say what it makes",
        who=VENDOR,
        given={"vendor_id": 3, "station_id": 1},
        body={"name": "Oven", "products": [26]},
        after="a station is added",
    ),
    "deleteStation": Operation(
        summary="Delete a station",
        who=VENDOR,
        given={"vendor_id": 3, "station_id": 1},
        status=204,
        after="a station is added",
    ),
    "setProductOutOfStock": Operation(
        summary="Take a product off the menu",
        who=VENDOR,
        given={"vendor_id": 3, "product_id": 26},
        body={"until": "today"},
    ),
    "setProductInStock": Operation(
        summary="Put a product back on the menu", who=VENDOR, given={"vendor_id": 3, "product_id": 26}
    ),
    "setOptionOutOfStock": Operation(
        summary="Take an option off the menu",
        who=VENDOR,
        given={"vendor_id": 3, "option_id": 1},
        body={"until": None},
        after="the option is one of yours",
    ),
    "setOptionInStock": Operation(
        summary="Put an option back on the menu",
        who=VENDOR,
        given={"vendor_id": 3, "option_id": 1},
        after="the option is one of yours",
    ),
    "listProducts": Operation(
        summary="List all products of a vendor", who=VENDOR, given={"vendor_id": 3, "per_page": 2}
    ),
    "createProduct": Operation(
        summary="Add a product",
        who=VENDOR,
        given={"vendor_id": 3},
        body={
            "category": 7,
            "name": "Pain de seigle",
            "plu_code": "190",
            "price": eur("3.40"),
            "tax_rate": "6.00",
            "allergens": ["gluten"],
            "option_groups": [7],
            "stock": 12,
        },
        status=201,
    ),
    "changeProducts": Operation(
        summary="Change many products at once",
        who=VENDOR,
        given={"vendor_id": 3},
        body={
            "products": [
                {"plu_code": "101", "price": eur("2.95"), "stock": 40},
                {"plu_code": "102", "is_available": False},
                {"plu_code": "191", "name": "Pain complet", "category": 7, "price": eur("3.10")},
            ]
        },
    ),
    "readProduct": Operation(summary="Show a product", who=VENDOR, given={"vendor_id": 3, "product_id": 22}),
    "changeProduct": Operation(
        summary="Change a product",
        who=VENDOR,
        given={"vendor_id": 3, "product_id": 22},
        body={"price": eur("2.95"), "allergens": ["gluten", "sesame"]},
    ),
    "deleteProduct": Operation(
        summary="Take a product off the menu for good",
        who=VENDOR,
        given={"vendor_id": 3, "product_id": 23},
        status=204,
    ),
    "listCategories": Operation(summary="List the categories of a menu", who=VENDOR, given={"vendor_id": 3}),
    "createCategory": Operation(
        summary="Add a category", who=VENDOR, given={"vendor_id": 3}, body={"name": "Glaces", "position": 9}, status=201
    ),
    "changeCategory": Operation(
        summary="Change a category", who=VENDOR, given={"vendor_id": 3, "category_id": 7}, body={"name": "Les pains"}
    ),
    "deleteCategory": Operation(
        summary="Delete a category",
        who=VENDOR,
        given={"vendor_id": 3, "category_id": 1},
        status=204,
        after="a category without products is added",
    ),
    "listOptionGroups": Operation(summary="List the option groups of a menu", who=VENDOR, given={"vendor_id": 3}),
    "createOptionGroup": Operation(
        summary="Add an option group",
        who=VENDOR,
        given={"vendor_id": 3},
        body={"name": "Emballage", "options": [{"name": "Papier"}, {"name": "Carton", "price": eur("0.20")}]},
        status=201,
    ),
    "changeOptionGroup": Operation(
        summary="Change an option group", who=VENDOR, given={"vendor_id": 3, "group_id": 7}, body={"minimum": 1}
    ),
    "deleteOptionGroup": Operation(
        summary="Delete an option group",
        who=VENDOR,
        given={"vendor_id": 3, "group_id": 1},
        status=204,
        after="the option group is one of yours",
    ),
    "createOption": Operation(
        summary="Add an option to a group",
        who=VENDOR,
        given={"vendor_id": 3, "group_id": 7},
        body={"name": "Tranches fines", "plu_code": "702"},
        status=201,
    ),
    "changeOption": Operation(
        summary="Change an option",
        who=VENDOR,
        given={"vendor_id": 3, "option_id": 20},
        body={"price": eur("0.10")},
    ),
    "deleteOption": Operation(
        summary="Delete an option", who=VENDOR, given={"vendor_id": 3, "option_id": 21}, status=204
    ),
    "readHours": Operation(summary="Show a vendor's hours", who=VENDOR, given={"vendor_id": 3}),
    "replaceHours": Operation(
        summary="Replace a vendor's hours",
        who=VENDOR,
        given={"vendor_id": 3},
        body={
            "hours": [
                *({"weekday": day, "opens": "00:00", "closes": "00:00"} for day in range(7)),
                {"date": "2031-12-25", "closed": True},
            ]
        },
    ),
    "readVendorBalance": Operation(summary="Show what a vendor is owed", who=VENDOR, given={"vendor_id": 3}),
    "listVendorPostings": Operation(
        summary="List the movements of a vendor's money", who=VENDOR, given={"vendor_id": 3}
    ),
    "readVendorStatement": Operation(
        summary="Download a vendor's statement", who=VENDOR, given={"vendor_id": 3, **PERIOD}
    ),
    "listPayouts": Operation(summary="List payouts to a vendor", who=VENDOR, given={"vendor_id": 3}),
    "payOut": Operation(
        summary="Pay out to a vendor",
        who=STAFF,
        given={"vendor_id": 1},
        body={"amount": eur("1.00"), "text": "Week 48"},
        status=201,
    ),
    "findPlaces": Operation(
        summary="Find the point of an address", who=CUSTOMER, given={"q": "Rue Haute 118, Brussels"}
    ),
    # placing and following
    "quoteOrder": Operation(summary="Ask what an order costs", who=CUSTOMER, body=CART),
    "placeOrder": Operation(
        summary="Place an order", who=CUSTOMER, body={**CART, "payment_method": "cash"}, status=201
    ),
    "listOrders": Operation(summary="List orders", who=CUSTOMER),
    "readOrder": Operation(summary="Show an order", who=CUSTOMER, given={"order_id": 14}),
    "changeOrder": Operation(
        summary="Change an order", who=CUSTOMER, given={"order_id": 11}, body={"comment": "Two candles, please."}
    ),
    "deleteOrder": Operation(summary="Delete a closed order", who=STAFF, given={"order_id": 4}, status=204),
    "readPurchase": Operation(
        summary="Show all that was placed together",
        who=CUSTOMER,
        given={"purchase_uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6"},
        after="the uuid is of a purchase of yours",
    ),
    "createTrack": Operation(
        summary="Follow an order by its code", body={"code": "kJ8wq0cY2mQxv7Tt3LrZsA"}, after="the code is of an order"
    ),
    "reportCustomerPosition": Operation(
        summary="Tell where I wait for my order",
        who=CUSTOMER,
        given={"order_id": 38},
        body={**HERE, "place": "bay 3"},
    ),
    # the life of an order
    "readTransitions": Operation(summary="List what I may do with an order", who=VENDOR, given={"order_id": 12}),
    "moveOrder": Operation(
        summary="Move an order on",
        who=VENDOR,
        given={"order_id": 12},
        body={"to": "accepted_by_business", "prepared_in": 15},
    ),
    "acknowledgeOrder": Operation(
        summary="Acknowledge what others changed", who=VENDOR, given={"order_id": 9}, body={"version": 1}
    ),
    "recallOrder": Operation(summary="Bring a ticket back", who=VENDOR, given={"order_id": 9}),
    "putAwayOrder": Operation(summary="Put a ticket away again", who=VENDOR, given={"order_id": 9}),
    "tickOrderItem": Operation(summary="Tick an item off", who=VENDOR, given={"order_id": 12, "item_id": 18}),
    "untickOrderItem": Operation(summary="Take an item's tick back", who=VENDOR, given={"order_id": 12, "item_id": 18}),
    "createStartPreparing": Operation(summary="Begin preparing", who=VENDOR, given={"order_id": 9}),
    "createTrackingNumber": Operation(
        summary="Give a parcel's number",
        who=VENDOR,
        given={"order_id": 11},
        body={"tracking_number": "323212345678901234567890", "carrier": "bpost"},
    ),
    "addDeliveryProof": Operation(
        summary="Show that an order was handed over",
        who=DRIVER,
        given={"order_id": 5},
        body={"proof": {"kind": "photo"}, "photo": "photo.jpg"},
        status=201,
    ),
    "readDeliveryProofs": Operation(summary="List the pictures of a delivery", who=DRIVER, given={"order_id": 5}),
    "readDeliveryProof": Operation(
        summary="Show a picture of a delivery",
        who=DRIVER,
        given={"order_id": 5, "proof_uuid": "0b6e9a52-3a7e-4a52-9d0c-0c8d7f1f0a11"},
    ),
    "reportProblem": Operation(
        summary="Report a problem with an order",
        who=CUSTOMER,
        given={"order_id": 5},
        body={"reason": "missing_item", "text": "The dessert was not in the bag.", "items": [8]},
        status=201,
    ),
    "readProblems": Operation(summary="List the problems that were reported", who=CUSTOMER, given={"order_id": 5}),
    # printing
    "printOrder": Operation(summary="Ask for a ticket", who=VENDOR, given={"order_id": 9}, status=201),
    "listPrintJobs": Operation(summary="List what is to be printed", who=VENDOR, given={"vendor_id": 1}),
    "claimPrintJob": Operation(summary="Claim a print job", who=VENDOR, given={"vendor_id": 1, "job_id": 1}),
    "confirmPrintJob": Operation(
        summary="Say that a ticket is printed", who=VENDOR, given={"vendor_id": 1, "job_id": 1}
    ),
    "failPrintJob": Operation(
        summary="Say that a ticket is not printed",
        who=VENDOR,
        given={"vendor_id": 1, "job_id": 1},
        body={"reason": "The paper is out"},
        after="another was claimed",
    ),
    "readHistory": Operation(summary="Read an order's history", who=VENDOR, given={"order_id": 9}),
    "createHistory": Operation(
        summary="Write a note to an order",
        who=VENDOR,
        given={"order_id": 9},
        body={"text": "Called: by eight."},
        status=201,
    ),
    "showCodes": Operation(summary="Show the codes of a digital order", who=CUSTOMER, given={"order_id": 39}),
    "listStatuses": Operation(summary="List the names of statuses"),
    "createLabels": Operation(
        summary="Name a status",
        who=STAFF,
        body={"name": "in_the_oven", "core_status": "accepted_by_business", "message": "It is in the oven."},
        status=201,
    ),
    "changeLabel": Operation(
        summary="Rename a status", who=STAFF, given={"label_id": 1}, body={"message": "Nearly there."}
    ),
    "deleteLabel": Operation(summary="Drop a name of a status", who=STAFF, given={"label_id": 1}, status=204),
    # changes of items
    "addItem": Operation(
        summary="Add an item to an order", who=VENDOR, given={"order_id": 13}, body=NEW_ITEM, status=201
    ),
    "replaceItem": Operation(
        summary="Replace an item of an order",
        who=VENDOR,
        given={"order_id": 12, "item_id": 18},
        body={"product": 26, "quantity": 6},
    ),
    "removeItem": Operation(
        summary="Remove an item from an order", who=VENDOR, given={"order_id": 11, "item_id": 17, "reason": "Sold out"}
    ),
    "reportItemMissing": Operation(
        summary="Report an item missing", who=VENDOR, given={"order_id": 14, "item_id": 23}, body={"reason": "Sold out"}
    ),
    "listItemChanges": Operation(summary="List changes of an order's items", who=CUSTOMER, given={"order_id": 31}),
    "acceptItemChange": Operation(
        summary="Accept a change of items",
        who=CUSTOMER,
        given={"order_id": 31, "number": 1},
        body={},
    ),
    "refuseItemChange": Operation(
        summary="Refuse a change of items",
        who=CUSTOMER,
        given={"order_id": 14, "number": 1},
        body={"reason": "Then rather without."},
        after="the vendor proposed one",
    ),
    # money
    "payOrder": Operation(
        summary="Pay an order in another way",
        who=CUSTOMER,
        given={"order_id": 10},
        body={"payment_method": "fake"},
        status=201,
    ),
    "createPaymentLink": Operation(
        summary="Make a link to pay online",
        who=STAFF,
        given={"order_id": 35},
        body={"send": False},
    ),
    "approvePayment": Operation(
        summary="Confirm that a payment came in", who=VENDOR, given={"order_id": 8, "payment_id": 8}
    ),
    "readPaymentPhoto": Operation(
        summary="Show a photo of a payment", who=STAFF, given={"order_id": 38, "payment_id": 38, "number": 1}
    ),
    "refusePayment": Operation(
        summary="Refuse the photos of a payment",
        who=STAFF,
        given={"order_id": 38, "payment_id": 38},
        body={"reason": "Another amount is shown."},
    ),
    "waivePayment": Operation(
        summary="Waive what is still owed",
        who=STAFF,
        given={"order_id": 36, "payment_id": 36},
        body={"reason": "A gesture of goodwill."},
    ),
    "listRefunds": Operation(summary="List what was given back", who=STAFF, given={"order_id": 34}),
    "refundOrder": Operation(
        summary="Give money back",
        who=STAFF,
        given={"order_id": 14},
        body={"amount": eur("1.00"), "reason": "One was cold."},
        status=201,
    ),
    "issueInvoice": Operation(
        summary="Have an order's invoice issued",
        who=CUSTOMER,
        given={"order_id": 15},
        body={"company": "Atelier Camille", "vat_number": "BE0123456789"},
        status=201,
    ),
    "readInvoice": Operation(
        summary="Show an order's invoice and credit notes",
        who=CUSTOMER,
        given={"order_id": 15},
        after="the invoice was issued",
    ),
    "createPaymentNotices": Operation(
        summary="Hear from a payment provider", given={"provider": "fake"}, body={"id": "fake_1"}
    ),
    "readWallet": Operation(summary="Show my wallet", who=CUSTOMER),
    "listWalletEntries": Operation(summary="List my wallet's movements", who=CUSTOMER),
    "createTopUp": Operation(
        summary="Put money into a wallet",
        who=STAFF,
        body={"customer": 1, "amount": eur("10.00"), "text": "Welcome"},
        status=201,
    ),
    "listOffers": Operation(summary="List deliveries that I could take", who=DRIVER),
    "readDriverMe": Operation(summary="Show who I am as a driver", who=DRIVER),
    "changeDriverMe": Operation(summary="Go on or off duty", who=DRIVER, body={"on_duty": True}),
    "reportDriverPosition": Operation(
        summary="Report where I am as a driver", who=DRIVER, body={**HERE, "heading": 270, "speed": 4.2}
    ),
    "listDriverOrders": Operation(summary="List the orders that I deliver", who=DRIVER),
    "listCompanyOrders": Operation(summary="List the deliveries of my company", who=DISPATCHER),
    "listCompanyDrivers": Operation(summary="List the drivers of my company", who=DISPATCHER),
    "declineOffer": Operation(
        summary="Decline a delivery", who=DRIVER, given={"order_id": 1}, status=204, after="being asked"
    ),
    "listCompanyOffers": Operation(summary="List the deliveries that my company could take", who=DISPATCHER),
    "declineCompanyOffer": Operation(
        summary="Decline a delivery for my company",
        who=DISPATCHER,
        given={"order_id": 1},
        status=204,
        after="being asked",
    ),
    "readDriverBalance": Operation(summary="Show what I am owed as a driver", who=DRIVER),
    "listDriverPostings": Operation(summary="List my tips and cash as a driver", who=DRIVER),
}
