"""Where personal data of customers is: every column that may hold some, what erasing makes of it, and why others stay.

TABLES is what erasing and exporting go through; KEPT names all other columns of text, with the reason. A new column
stands in one of the two, or a test refuses it (tests/orders/personal/test_columns.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model

from orders.models import (
    Account,
    CustomerPosition,
    DeliveryProof,
    DriverPosition,
    Entry,
    IssuedDocument,
    ItemChange,
    Line,
    LineOption,
    Order,
    OrderEvent,
    Package,
    Payment,
    PaymentProof,
    PrintJob,
    ProblemReport,
    Purchase,
    Refund,
    SavedMethod,
    WebhookEndpoint,
)
from ordersite.accounts.models import (
    Address,
    ApiToken,
    BrowserSession,
    Customer,
    RecoveryCode,
    SecondStep,
    SignIn,
    User,
)
from vendors.models import Driver

# Texts within JSON that name nobody, by the key that they stand under; every other text goes.
IMPERSONAL_KEYS = frozenset(
    "amount currency state status kind method payment_method payment_status proof proof_kind deliver_at done_at at "
    "inferred reason_code delivery_type problem settled kitchen".split()
)


def scrub_json(value: Any, key: str = "") -> Any:
    """JSON without its texts, but for those of IMPERSONAL_KEYS, and without positions; its shape stays."""
    if isinstance(value, dict):
        return {name: scrub_json(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [scrub_json(inner, key) for inner in value]
    if isinstance(value, str):
        return value if key in IMPERSONAL_KEYS else ""
    return None if isinstance(value, float) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalTable:
    """A table with rows of customers.

    `path` leads from a row to its customer's id. `blanks` are columns with what they hold once they are erased,
    `scrubs` JSON columns and what erasing makes of their values; where it `goes`, the rows are deleted whole. `tells`
    are further columns of the exported file, `amounts` those of them that are minor units of the row's `currency`;
    `hides` are columns that no file tells.
    """

    name: str
    model: type[Model]
    path: str
    blanks: Mapping[str, Any] = field(default_factory=dict)
    scrubs: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    goes: bool = False
    tells: tuple[str, ...] = ()
    amounts: tuple[str, ...] = ()
    currency: str = "currency"
    hides: frozenset[str] = frozenset()
    # Of the exported rows, those that the customer may read.
    readable: Mapping[str, Any] = field(default_factory=dict)

    @property
    def erased_columns(self) -> frozenset[str]:
        """All columns of text, positions and files that are gone once it is erased."""
        if self.goes:
            return frozenset(column.attname for column in self.model._meta.concrete_fields)
        return frozenset({*self.blanks, *self.scrubs})


def rows_that_go(name: str, model: type[Model], path: str, tells: str) -> PersonalTable:
    """A table whose rows erasing deletes whole; `tells` has the columns of the exported file, with spaces between."""
    return PersonalTable(name=name, model=model, path=path, goes=True, tells=tuple(tells.split()))


ORDER, LINE = "order__customer", "line__order__customer"
AMOUNTS = "subtotal discount delivery_fee service_fee driver_tip tax_included tax_added total refunded"
POINT = {"lat": None, "lng": None, "anchor_lat": None, "anchor_lng": None}

TABLES: tuple[PersonalTable, ...] = (
    PersonalTable(
        name="customer",
        model=Customer,
        path="pk",
        blanks={"name": "", "email": "", "phone": ""},
        tells=("uuid", "created_at"),
    ),
    # What its e-mail and password become: services.personal.erasing.close_account.
    PersonalTable(
        name="account",
        model=User,
        path="customer",
        blanks={"name": "", "phone": "", "unconfirmed_email": "", "language": "", "second_step_at": None},
        tells=("email", "date_joined", "last_login", "second_step_at"),
    ),
    # Of who has left; whoever drives is not erased, and what it delivered stays.
    PersonalTable(
        name="driver",
        model=Driver,
        path="user__customer",
        blanks={"name": "", "phone": ""},
        tells=("left_at",),
    ),
    rows_that_go("driver_position", DriverPosition, "driver__user__customer", "lat lng accuracy at"),
    rows_that_go("addresses", Address, "customer", "label address address_notes lat lng"),
    rows_that_go("sign_ins", SignIn, "user__customer", "device created_at renewed_at expires_at"),
    rows_that_go("browser_sessions", BrowserSession, "user__customer", "device created_at used_at"),
    rows_that_go("second_step", SecondStep, "user__customer", "created_at"),
    rows_that_go("recovery_codes", RecoveryCode, "user__customer", "used_at"),
    rows_that_go("api_tokens", ApiToken, "user__customer", "name created_at last_used_at revoked_at"),
    rows_that_go("webhooks", WebhookEndpoint, "user__customer", "url created_at"),
    rows_that_go("payment_methods", SavedMethod, "customer", "provider label created_at"),
    PersonalTable(
        name="purchases",
        model=Purchase,
        path="customer",
        blanks={"guest_token_hash": ""},
        hides=frozenset({"guest_token_hash"}),
        tells=("uuid", "total", "currency"),
        amounts=("total",),
    ),
    PersonalTable(
        name="orders",
        model=Order,
        path="customer",
        blanks={
            "contact_name": "",
            "contact_phone": "",
            "contact_email": "",
            "address": "",
            "address_notes": "",
            **POINT,
            "vehicle": "",
            "comment": "",
        },
        tells=(
            *("id", "number", "kind", "status", "vendor__name", "placed_at", "deliver_at", "closed_at", "currency"),
            *("payment_method", "payment_status", "tracking_number", *AMOUNTS.split()),
        ),
        amounts=tuple(AMOUNTS.split()),
    ),
    PersonalTable(
        name="items",
        model=Line,
        path=ORDER,
        blanks={"comment": ""},
        tells=("id", "order_id", "name", "quantity", "unit", "total", "order__currency"),
        amounts=("total",),
        currency="order__currency",
    ),
    PersonalTable(
        name="choices",
        model=LineOption,
        path=LINE,
        blanks={"text": ""},
        tells=("line_id", "kind", "group", "name", "quantity", "position"),
    ),
    PersonalTable(
        name="packages",
        model=Package,
        path=ORDER,
        blanks={
            "pickup_address": "",
            "pickup_notes": "",
            "pickup_lat": None,
            "pickup_lng": None,
            "recipient_name": "",
            "recipient_phone": "",
        },
        tells=("order_id", "type_name", "weight"),
    ),
    PersonalTable(
        name="item_changes",
        model=ItemChange,
        path=ORDER,
        blanks={"reason": ""},
        scrubs={"item": scrub_json},
        tells=("order_id", "number", "action", "state"),
    ),
    PersonalTable(
        name="history",
        model=OrderEvent,
        path=ORDER,
        blanks={"reason": ""},
        scrubs={"data": scrub_json},
        tells=("order_id", "number", "kind", "transition", "role", "reason_code", "created_at"),
        readable={"visible_to": OrderEvent.VisibleTo.EVERYBODY},
    ),
    PersonalTable(
        name="problems",
        model=ProblemReport,
        path=ORDER,
        blanks={"text": "", "settled_note": ""},
        tells=("order_id", "reason", "created_at", "settled_at"),
    ),
    PersonalTable(
        name="payments",
        model=Payment,
        path="purchase__customer",
        blanks={"failure": "", "redirect_url": ""},
        hides=frozenset({"redirect_url"}),
        tells=("purchase__uuid", "method", "state", "amount", "currency", "paid_at"),
        amounts=("amount",),
    ),
    PersonalTable(
        name="top_ups",
        model=Payment,
        path="customer",
        blanks={"failure": "", "redirect_url": ""},
        hides=frozenset({"redirect_url"}),
        tells=("method", "state", "amount", "currency", "paid_at"),
        amounts=("amount",),
    ),
    # Nothing of these is erased: who has money in a wallet is not, and what moved stays without a name.
    PersonalTable(name="wallets", model=Account, path="customer", tells=("currency", "balance"), amounts=("balance",)),
    PersonalTable(
        name="wallet_movements",
        model=Entry,
        path="account__customer",
        tells=(
            "posting__kind",
            "posting__created_at",
            "posting__order",
            "amount",
            "balance_after",
            "account__currency",
        ),
        amounts=("amount", "balance_after"),
        currency="account__currency",
    ),
    rows_that_go("payment_photos", PaymentProof, "payment__purchase__customer", "payment__purchase__uuid uploaded_at"),
    rows_that_go("delivery_photos", DeliveryProof, ORDER, "order_id kind uploaded_at"),
    PersonalTable(
        name="refunds",
        model=Refund,
        path=ORDER,
        blanks={"reason": "", "failure": ""},
        tells=("order_id", "to", "state", "amount", "order__currency", "created_at"),
        amounts=("amount",),
        currency="order__currency",
    ),
    PersonalTable(
        name="documents",
        model=IssuedDocument,
        path=ORDER,
        tells=("order_id", "kind", "year", "number", "issued_at", "content", "total", "currency"),
        amounts=("total",),
    ),
    rows_that_go("positions", CustomerPosition, ORDER, "order_id lat lng accuracy place at"),
    PersonalTable(
        name="papers",
        model=PrintJob,
        path=ORDER,
        blanks={"content": None},
        hides=frozenset({"content"}),
        tells=("order_id", "kind", "number", "created_at"),
    ),
)

# Why the other columns of text, JSON, positions and files stay as they are when a customer is erased.
KEPT: Mapping[str, frozenset[str]] = {
    reason: frozenset(names.split())
    for reason, names in {
        "Codes and kinds that programs write; they name nobody but by a number.": """
            Purchase.placed_by_key Purchase.external_code Purchase.currency Order.currency Order.payment_method
            Order.standing_changes Order.app_id Order.asked Order.table Order.locker Order.tracking_number Order.carrier
            ItemChange.actor ItemChange.role OrderEvent.transition OrderEvent.milestone OrderEvent.actor OrderEvent.role
            OrderEvent.reason_code OrderEvent.app_id Counter.name FeedEntry.stream FeedEpoch.epoch LearntTimes.name
            LearntTimes.times Line.ticked_by Payment.provider Payment.currency Payment.disputed_currency Payment.method
            PrintJob.actor PrintJob.claimed_by PrintJob.failure ProblemReport.actor ProblemReport.settled_by
            ProblemReport.items Refund.actor Posting.actor Code.fingerprint Code.last4 Code.batch AgreedTerms.digest
            ContentType.app_label ContentType.model Permission.name Permission.codename Group.name LogEntry.object_id
            DayReport.actor DayReport.currency DayReport.content
            AuditRow.model AuditRow.parent_model AuditRow.parent_id AuditRow.field
            ChosenColumns.names IssuedDocument.currency ShownOrder.shown_by
        """,
        "What vendors, companies and staff publish or set up.": """
            Vendor.name Vendor.description Vendor.picture Vendor.currency Vendor.time_zone Vendor.phone Vendor.email
            Vendor.address Vendor.postal_code Vendor.city Vendor.country Vendor.lat Vendor.lng Vendor.fulfilments
            Vendor.payment_methods VendorType.name Merchant.name
            Merchant.legal_name Merchant.legal_address Merchant.vat_number Company.name DeliveryZone.name
            DeliveryZone.polygon
            PackageType.name PackageType.description Service.name Service.description Station.name Category.name
            Product.name Product.description Product.picture Product.plu_code Product.sku Product.allergens
            Product.allergen_note OptionGroup.name Option.name Option.plu_code Option.allergens Option.allergen_note
            Ingredient.name Extra.name Extra.plu_code Extra.allergens Extra.allergen_note Offer.name Offer.code
            Offer.currency StatusLabel.name StatusLabel.message AgreedTerms.zone_name
        """,
        "What the menu said of what was ordered.": """
            Line.name Line.plu_code Line.unit Line.sku Line.allergens Line.allergen_note LineOption.group
            LineOption.name LineOption.plu_code LineOption.unit LineOption.allergens LineOption.allergen_note
            Package.type_name Booking.service_name
        """,
        "Devices and people that work here, who are no customers: kept while they work here, and what they did.": """
            Device.name Device.code_hash Device.token_hash Device.printer_status
            OrderEvent.actor_name PrintJob.claimed_name Invitation.email
        """,
        "Bookkeeping: amounts, numbers, and by which number a provider knows a payment.": """
            Account.name Account.currency Posting.text Payment.token Payment.reference Refund.reference
        """,
        "Invoices and credit notes must by law name their buyer, for as long as books are kept.": """
            IssuedDocument.content
        """,
        "Secrets and codes, which tell of nobody by themselves.": """
            User.password Purchase.tracking_hash Purchase.tracking_sealed Order.tracking_hash Order.tracking_sealed
            Order.collection_code Code.sealed CodeUpload.batch CodeUpload.sealed
        """,
        "Goes by itself: within days, with the session, once it is sent, or after KEEP_POSITIONS or KEEP_OUTBOX.": """
            IdempotencyKey.scope IdempotencyKey.fingerprint IdempotencyKey.answer Attempt.key FileToDelete.name
            OutboxMessage.type OutboxMessage.subject OutboxMessage.data OutboxMessage.traceparent
            WebhookDelivery.failure WebhookDelivery.foreign_type BulkChange.change BulkChange.given BulkChangeItem.words
            FileExport.kind FileExport.given FileExport.digest FileExport.name
        """,
        "Seen to in services.personal: the account's e-mail, mails to the customer, entries of the back-office.": """
            User.email Mail.kind Mail.recipient Mail.about Mail.data Mail.error Mail.traceparent DeclinedMail.email
            DeclinedMail.kind
            LogEntry.object_repr LogEntry.change_message AuditRow.object_id AuditRow.object_name AuditRow.old
            AuditRow.new AuditRow.actor AuditRow.actor_name
        """,
    }.items()
}
