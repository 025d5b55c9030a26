"""What staff may do by the API, act by act: the call, and the rights that it asks for beside ACT_EVERYWHERE."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ordersite.accounts.rights import Right


@dataclass(frozen=True)
class Act:
    """One call. `call` is as in promise 16 (docs/promises.md); `query` and `body` make of it what only staff may."""

    name: str
    call: str
    rights: tuple[Right, ...]
    query: str = ""
    body: Mapping[str, Any] | None = None
    own: bool = False  # what a vendor's people do for their vendors, by their membership


SEE = (Right.VIEW_ORDERS,)
MOVE = (Right.VIEW_ORDERS, Right.MOVE_ORDERS)
FORCE = (*MOVE, Right.FORCE_ORDERS)
CHECK = (Right.VIEW_ORDERS, Right.CHECK_PAYMENTS)
MONEY = (Right.VIEW_ACCOUNTS,)
ORDER, PAYMENT, VENDOR = "/orders/{order_id}", "/orders/{order_id}/payments/{payment_id}", "/vendors/{vendor_id}"
STOCK, CHOICE = f"{VENDOR}/products/{{product_id}}/out-of-stock", f"{VENDOR}/options/{{option_id}}/out-of-stock"
HOOKS, HOOK, WEBHOOK = (Right.MANAGE_WEBHOOKS,), "http://127.0.0.1:9/hook", "/webhooks/{endpoint_id}"
REASON = {"reason": "Said so by telephone", "reason_code": "other"}

ACTS = (
    Act("list all orders", "GET /orders", SEE, query="?mode=dashboard", own=True),
    Act("read an order", f"GET {ORDER}", SEE, own=True),
    Act("read what may be done", f"GET {ORDER}/transitions", SEE, own=True),
    Act("read its history", f"GET {ORDER}/history", SEE, own=True),
    Act("read its changes of items", f"GET {ORDER}/changes", SEE, own=True),
    Act("read its refunds", f"GET {ORDER}/refunds", SEE, own=True),
    Act("read its invoice", f"GET {ORDER}/invoice", SEE, own=True),
    Act("read its codes, masked", f"GET {ORDER}/codes", SEE, own=True),
    Act("look at a payment's photo", f"GET {PAYMENT}/proofs/{{number}}", SEE, own=True),
    Act("list the pictures of its delivery", f"GET {ORDER}/delivery-proofs", SEE, own=True),
    Act("look at a picture of its delivery", f"GET {ORDER}/delivery-proofs/{{proof_uuid}}", SEE, own=True),
    Act("add a picture of its delivery", f"POST {ORDER}/delivery-proofs", MOVE, own=True),
    Act("read what its customer reports", f"GET {ORDER}/problems", SEE, own=True),
    Act("read a purchase", "GET /purchases/{purchase_uuid}", SEE),
    Act("follow a vendor's feed", f"GET {VENDOR}/events", SEE, own=True),
    Act("read a vendor's board", f"GET {VENDOR}/board", SEE, own=True),
    Act("change an order", f"PATCH {ORDER}", MOVE, own=True),
    Act("write a note", f"POST {ORDER}/history", MOVE, own=True),
    Act("accept a change for its customer", f"POST {ORDER}/changes/{{number}}/accept", MOVE),
    Act("refuse a change for its customer", f"POST {ORDER}/changes/{{number}}/refuse", MOVE, own=True),
    Act("add an item", f"POST {ORDER}/items", MOVE, own=True),
    Act("change an item", f"PUT {ORDER}/items/{{item_id}}", MOVE, own=True),
    Act("remove an item", f"DELETE {ORDER}/items/{{item_id}}", MOVE, own=True),
    Act("say that an item is missing", f"POST {ORDER}/items/{{item_id}}/missing", MOVE, own=True),
    Act("ask for its payment link", f"POST {ORDER}/payment-link", MOVE, own=True),
    Act("change how it is paid", f"POST {ORDER}/payments", MOVE),
    Act("start preparing", f"POST {ORDER}/start-preparing", MOVE, own=True),
    Act("ask for a ticket", f"POST {ORDER}/print-jobs", MOVE, own=True),
    Act("list what is to be printed", f"GET {VENDOR}/print-jobs", SEE, own=True),
    Act("claim a print job", f"POST {VENDOR}/print-jobs/{{job_id}}/claim", MOVE, own=True),
    Act("say that it is printed", f"POST {VENDOR}/print-jobs/{{job_id}}/printed", MOVE, own=True),
    Act("say that it is not printed", f"POST {VENDOR}/print-jobs/{{job_id}}/failed", MOVE, own=True),
    Act("tick an item", f"PUT {ORDER}/items/{{item_id}}/tick", MOVE, own=True),
    Act("take an item's tick back", f"DELETE {ORDER}/items/{{item_id}}/tick", MOVE, own=True),
    Act("acknowledge a change", f"POST {ORDER}/acknowledge", MOVE, own=True),
    Act("bring a ticket back", f"POST {ORDER}/recall", MOVE, own=True),
    Act("put a ticket away", f"DELETE {ORDER}/recall", MOVE, own=True),
    Act("tell where its customer waits", f"POST {ORDER}/position", MOVE),
    Act("keep a tracking number", f"POST {ORDER}/tracking-number", MOVE, own=True),
    Act("cancel it", f"POST {ORDER}/transitions", MOVE, body={"transition": "cancel_by_staff", **REASON}),
    Act("force a change of status", f"POST {ORDER}/transitions", FORCE, body={"to": 18, **REASON}),
    Act("delete an order", f"DELETE {ORDER}", (Right.VIEW_ORDERS, Right.DELETE_ORDERS)),
    Act("have its invoice issued", f"POST {ORDER}/invoice", MOVE, own=True),
    Act("give money back", f"POST {ORDER}/refunds", (Right.VIEW_ORDERS, Right.REFUND_ORDERS), own=True),
    Act("say that money came in", f"POST {PAYMENT}/approve", CHECK, own=True),
    Act("refuse a payment's photos", f"POST {PAYMENT}/refuse", CHECK),
    Act("waive what is owed", f"POST {PAYMENT}/waive", CHECK),
    Act("order for a customer", "POST /orders", (Right.PLACE_ORDERS,)),
    Act("top a wallet up", "POST /wallet/top-ups", (Right.TOP_UP_WALLETS,)),
    Act("read a vendor's ledger", f"GET {VENDOR}/ledger", MONEY, own=True),
    Act("read what a vendor is owed", f"GET {VENDOR}/balance", MONEY, own=True),
    Act("list a vendor's payouts", f"GET {VENDOR}/payouts", MONEY, own=True),
    Act("read a vendor's statement", f"GET {VENDOR}/statement", MONEY, own=True),
    Act("pay a vendor out", f"POST {VENDOR}/payouts", (Right.VIEW_ACCOUNTS, Right.PAY_OUT)),
    Act("pause a vendor", f"PATCH {VENDOR}", (Right.CHANGE_VENDORS,), own=True),
    Act("list a vendor's devices", f"GET {VENDOR}/devices", (Right.CHANGE_VENDORS,), own=True),
    Act("add a device", f"POST {VENDOR}/devices", (Right.CHANGE_VENDORS,), own=True),
    Act("rename a device", f"PATCH {VENDOR}/devices/{{device_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("revoke a device", f"DELETE {VENDOR}/devices/{{device_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("give a device a new code", f"POST {VENDOR}/devices/{{device_id}}/code", (Right.CHANGE_VENDORS,), own=True),
    Act("read a vendor's stations", f"GET {VENDOR}/stations", (Right.VIEW_VENDORS,), own=True),
    Act("add a station", f"POST {VENDOR}/stations", (Right.CHANGE_VENDORS,), own=True),
    Act("change a station", f"PATCH {VENDOR}/stations/{{station_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("delete a station", f"DELETE {VENDOR}/stations/{{station_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("take a product off the menu", f"POST {STOCK}", (Right.CHANGE_VENDORS,), own=True),
    Act("put a product back", f"DELETE {STOCK}", (Right.CHANGE_VENDORS,), own=True),
    Act("take an option off the menu", f"POST {CHOICE}", (Right.CHANGE_VENDORS,), own=True),
    Act("put an option back", f"DELETE {CHOICE}", (Right.CHANGE_VENDORS,), own=True),
    Act("read a vendor's products", f"GET {VENDOR}/products", (Right.CHANGE_VENDORS,), own=True),
    Act("add a product", f"POST {VENDOR}/products", (Right.CHANGE_VENDORS,), own=True),
    Act("change many products", f"PATCH {VENDOR}/products", (Right.CHANGE_VENDORS,), own=True),
    Act("read a product", f"GET {VENDOR}/products/{{product_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("change a product", f"PATCH {VENDOR}/products/{{product_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("delete a product", f"DELETE {VENDOR}/products/{{product_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("read a menu's categories", f"GET {VENDOR}/categories", (Right.CHANGE_VENDORS,), own=True),
    Act("add a category", f"POST {VENDOR}/categories", (Right.CHANGE_VENDORS,), own=True),
    Act("change a category", f"PATCH {VENDOR}/categories/{{category_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("delete a category", f"DELETE {VENDOR}/categories/{{category_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("read a menu's option groups", f"GET {VENDOR}/option-groups", (Right.CHANGE_VENDORS,), own=True),
    Act("add an option group", f"POST {VENDOR}/option-groups", (Right.CHANGE_VENDORS,), own=True),
    Act("change an option group", f"PATCH {VENDOR}/option-groups/{{group_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("delete an option group", f"DELETE {VENDOR}/option-groups/{{group_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("add an option", f"POST {VENDOR}/option-groups/{{group_id}}/options", (Right.CHANGE_VENDORS,), own=True),
    Act("change an option", f"PATCH {VENDOR}/options/{{option_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("delete an option", f"DELETE {VENDOR}/options/{{option_id}}", (Right.CHANGE_VENDORS,), own=True),
    Act("read a vendor's hours", f"GET {VENDOR}/hours", (Right.CHANGE_VENDORS,), own=True),
    Act("replace a vendor's hours", f"PUT {VENDOR}/hours", (Right.CHANGE_VENDORS,), own=True),
    Act(
        "add a webhook of the site's",
        "POST /webhooks",
        HOOKS,
        body={"url": HOOK, "types": ["order.placed"], "site": True},
    ),
    Act("read a webhook", f"GET {WEBHOOK}", HOOKS),
    Act("change a webhook", f"PATCH {WEBHOOK}", HOOKS),
    Act("delete a webhook", f"DELETE {WEBHOOK}", HOOKS),
    Act("give a webhook a new secret", f"POST {WEBHOOK}/secret", HOOKS),
    Act("send a webhook a test", f"POST {WEBHOOK}/test", HOOKS),
    Act("send a webhook what it missed", f"POST {WEBHOOK}/replay", HOOKS),
    Act("read what a webhook was sent", f"GET {WEBHOOK}/deliveries", HOOKS),
    Act("send a webhook one again", f"POST {WEBHOOK}/deliveries/{{delivery_id}}/redeliver", HOOKS),
    Act("name a status", "POST /orders/statuses", (Right.ADD_LABELS,)),
    Act("rename a status", "PATCH /orders/statuses/{label_id}", (Right.CHANGE_LABELS,)),
    Act("delete the name of a status", "DELETE /orders/statuses/{label_id}", (Right.DELETE_LABELS,)),
)

# What nobody does for a customer. Staff are refused otherwise than others: they see the order; they work here.
CUSTOMERS_ALONE = {f"POST {ORDER}/problems", "POST /me/erasure"}

# The pages and buttons of the back-office beside Django's own, each with the permissions that it asks for.
BUTTONS: dict[str, tuple[str, ...]] = {
    "orders_order_phone": (Right.PLACE_ORDERS,),
    **dict.fromkeys(
        (
            "orders_order_items",
            "orders_order_address",
            "orders_order_move",
            "orders_order_driver",
            "orders_order_tracking_number",
            "orders_order_note",
            "orders_order_settle",
            "orders_order_payment_link",
            "orders_order_decide_change",
            "orders_order_bulk",
            "orders_order_bulk_list",
            "orders_order_bulk_stop",
        ),
        (Right.MOVE_ORDERS,),
    ),
    **dict.fromkeys(
        (
            "orders_order_columns",
            "orders_order_export_csv",
            "orders_order_export_xlsx",
            "orders_order_file",
            "orders_order_file_fetch",
            "orders_order_paper",
            "orders_order_paper_pdf",
        ),
        (Right.VIEW_ORDERS,),
    ),
    "orders_order_refund": (Right.REFUND_ORDERS,),
    "orders_order_take_off": (Right.DELETE_ORDERS,),
    "orders_account_top_up": (Right.TOP_UP_WALLETS,),
    "orders_account_payouts": (Right.VIEW_ACCOUNTS,),
    **dict.fromkeys(
        (
            "orders_account_open_payments",
            "orders_account_commission",
            "orders_account_ledger",
            "orders_account_statement",
            "orders_account_statement_file",
            "orders_account_file",
            "orders_account_file_fetch",
        ),
        (Right.VIEW_ACCOUNTS,),
    ),
    **dict.fromkeys(
        [f"orders_issueddocument_{page}" for page in ("export_csv", "export_xlsx", "file", "file_fetch")],
        ("orders.view_issueddocument",),
    ),
    "orders_account_pay_out_selected": (Right.PAY_OUT,),
    "orders_account_pay_out": (Right.PAY_OUT,),
    "orders_account_hand_in": (Right.PAY_OUT,),
    "orders_code_import": (Right.ADD_CODES,),
    "orders_code_upload": (Right.ADD_CODES,),
    "orders_code_reveal": ("orders.view_code", Right.REVEAL_CODES),
    "orders_paymentproof_photo": ("orders.view_paymentproof",),
    "orders_paymentproof_approve": (Right.CHECK_PAYMENTS,),
    "orders_paymentproof_refuse": (Right.CHECK_PAYMENTS,),
    "orders_paymentproof_waive": (Right.CHECK_PAYMENTS,),
    **dict.fromkeys(("orders_payment_providers", "orders_payment_provider_test"), (Right.CHECK_PAYMENTS,)),
    "orders_posting_reverse": ("orders.view_posting", Right.PAY_OUT),
    **dict.fromkeys(("vendors_menu_export_csv", "vendors_menu_export_xlsx"), ("vendors.view_product",)),
    **dict.fromkeys(
        ("vendors_menu_sort", "vendors_menu_import", "vendors_menu_upload", "vendors_menu_copy"),
        ("vendors.change_product", Right.CHANGE_VENDORS),
    ),
    "orders_refund_done": (Right.SEE_TO_REFUNDS,),
    "orders_refund_to_wallet": (Right.SEE_TO_REFUNDS,),
    **dict.fromkeys(("vendors_device_new", "vendors_device_act"), ("vendors.view_device", Right.CHANGE_VENDORS)),
    **dict.fromkeys(
        ("orders_webhookendpoint_new", "orders_webhookendpoint_edit", "orders_webhookendpoint_act"),
        (Right.MANAGE_WEBHOOKS,),
    ),
    "accounts_mail_kinds": ("accounts.view_mail",),
    "accounts_customer_export": ("accounts.view_customer", Right.ERASE_CUSTOMERS),
    "accounts_customer_erase": ("accounts.view_customer", Right.ERASE_CUSTOMERS),
    "accounts_user_logins": ("accounts.change_user",),
    "auth_user_password_change": ("accounts.change_user",),
}
# Those of them that a vendor's people may not use for their vendors either.
FOR_EVERYWHERE = tuple(
    "order_address order_settle take_off top_up pay_out hand_in reveal paymentproof reverse refund_".split()
    + "open_payments account_commission account_ledger".split()
    + "password customer_ logins webhookendpoint payment_provider".split()
)
