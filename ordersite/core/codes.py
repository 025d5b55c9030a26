"""What can be refused: one code each, and one sentence each in ordersite.web.catalogue.

What stands before the dot is what clients read; what follows tells apart the sentences of one code. A member's name is
its value in capitals.
"""

from enum import StrEnum


class Code(StrEnum):
    """Why something is refused."""

    @property
    def told(self) -> str:
        """The code that clients read."""
        return self.value.partition(".")[0]

    # --- everywhere

    NOT_FOUND = "not_found"
    BUSY = "busy"
    THROTTLED_REQUESTS = "throttled.requests"
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"

    # --- checkout: orders.pricing, orders.destinations, orders.services.placing

    # --- editing: orders.services.editing and repricing

    # --- record: orders.services.record

    STALE = "stale"
    FORBIDDEN_DASHBOARD = "forbidden.dashboard"

    # --- capacity: orders.services.capacity

    OFFER_IN_USE = "offer_in_use"
    OFFER_IN_USE_DELETING = "offer_in_use.deleting"
    BELOW_USES = "below_uses"
    TAKEN_OFFER_CODE = "taken.offer_code"
    NOT_FOUND_UPLOAD = "not_found.upload"
    NOT_DIGITAL = "not_digital"
    TOO_LARGE_FILE = "too_large.file"
    ENCODING = "encoding"
    EMPTY_FILE = "empty.file"
    TOO_MANY_ROWS = "too_many.rows"
    ROW_OPEN_QUOTE = "row.open_quote"
    ROW_TOO_MANY_COLUMNS = "row.too_many_columns"
    ROW_TOO_FEW_COLUMNS = "row.too_few_columns"
    ROW_UNPRINTABLE = "row.unprintable"
    ROW_LENGTH = "row.length"
    ORDER_CLOSED_CODES = "order_closed.codes"
    NOT_PAID_CODES = "not_paid.codes"
    FORBIDDEN_REVEAL = "forbidden.reveal"
    CODE_NOT_ISSUED = "code_not_issued"

    # --- money: orders.services.money

    INSUFFICIENT_FUNDS = "insufficient_funds"
    NOTHING_OWED = "nothing_owed"
    PAYOUT_TOO_LARGE = "payout_too_large"
    HAND_IN_TOO_LARGE = "hand_in_too_large"
    BALANCE_CHANGED = "balance_changed"
    REQUIRED_REVERSAL = "required.reversal"
    NOT_REVERSIBLE = "not_reversible"
    ALREADY_REVERSED = "already_reversed"
    UNKNOWN_CUSTOMER_ACCOUNT = "unknown.customer_account"
    REFUNDED = "refunded"
    PAYMENT_PENDING = "payment_pending"
    PAYMENT_SHARED = "payment_shared"
    ALREADY_PAID = "already_paid"
    REFUND_TOO_LARGE_PAID = "refund_too_large.paid"
    BY_HAND_ONLY = "by_hand_only"
    MONEY_GONE_BACK = "money_gone_back"

    # --- moving: orders.services.moving, orders.lifecycle

    STEPS_UNDONE = "steps_undone"
    ORDER_CLOSED_PREPARE = "order_closed.prepare"
    FORBIDDEN_CONFIRM = "forbidden.confirm"
    FORBIDDEN_NOTES = "forbidden.notes"
    FORBIDDEN_STAFF_NOTES = "forbidden.staff_notes"
    FORBIDDEN_DELETE = "forbidden.delete"
    ORDER_OPEN = "order_open"
    PAYMENT_PENDING_UNKNOWN = "payment_pending.unknown"
    REFUNDED_CASH = "refunded.cash"
    UNKNOWN_REASON_CODE = "unknown.reason_code"
    UNKNOWN_TRANSITION = "unknown.transition"
    INVALID_TARGET = "invalid.target"
    TRANSITION_NOT_ALLOWED = "transition_not_allowed"
    TRANSITION_NOT_ALLOWED_BY_NAME = "transition_not_allowed.by_name"
    TRANSITION_NOT_ALLOWED_PREPARING = "transition_not_allowed.preparing"
    TRANSITION_NOT_PERMITTED = "transition_not_permitted"
    TRANSITION_NOT_PERMITTED_PREPARING = "transition_not_permitted.preparing"
    TAKEN_LABEL = "taken.label"
    UNKNOWN_LABEL = "unknown.label"
    FORBIDDEN_LABEL = "forbidden.label"
    GUARD_FAILED_REASON = "guard_failed.reason"
    GUARD_FAILED_PAID = "guard_failed.paid"
    GUARD_FAILED_PREPARED = "guard_failed.prepared"
    GUARD_FAILED_DRIVER = "guard_failed.driver"
    GUARD_FAILED_FREE = "guard_failed.free"
    GUARD_FAILED_NAMED = "guard_failed.named"
    GUARD_FAILED_MONEY = "guard_failed.money"
    GUARD_FAILED_SERVED = "guard_failed.served"
    GUARD_FAILED_ITEMS = "guard_failed.items"
    GUARD_FAILED_CARRIER = "guard_failed.carrier"
    GUARD_FAILED_OWN = "guard_failed.own"
    GUARD_FAILED_PRESENT = "guard_failed.present"
    GUARD_FAILED_WINDOW = "guard_failed.window"
    GUARD_FAILED_AGREED = "guard_failed.agreed"
    GUARD_FAILED_UNDO = "guard_failed.undo"
    GUARD_FAILED_PROOF = "guard_failed.proof"
    GUARD_FAILED_CODE = "guard_failed.code"
    GUARD_FAILED_CODES = "guard_failed.codes"

    # --- paying: orders.services.paying

    NOT_FOUND_PAYMENT = "not_found.payment"
    NOT_FOUND_DISPUTE = "not_found.dispute"
    NOT_FOUND_REFUND = "not_found.refund"
    NOT_FOUND_PHOTO = "not_found.photo"
    THROTTLED_NOTICES = "throttled.notices"
    NOT_ONLINE_TOP_UP = "not_online.top_up"
    NOT_AVAILABLE_TOP_UP = "not_available.top_up"
    FORBIDDEN_PAYMENT_LINK = "forbidden.payment_link"
    ORDER_CLOSED_NOTHING_LEFT = "order_closed.nothing_left"
    ORDER_CLOSED_NOTHING_MORE = "order_closed.nothing_more"
    PAYMENT_DISPUTED = "payment_disputed"
    PAYMENT_EXPIRED = "payment_expired"
    NOTHING_TO_PAY = "nothing_to_pay"
    PROOF_PENDING = "proof_pending"
    NOT_ONLINE_LINK = "not_online.link"
    NO_EMAIL = "no_email"
    NOT_ONLINE_SAVING = "not_online.saving"
    GUEST_SAVED = "guest.saved"
    UNKNOWN_SAVED = "unknown.saved"
    OTHER_PROVIDER = "other_provider"
    PAYMENT_PENDING_SAVED = "payment_pending.saved"
    FORBIDDEN_PHOTOS = "forbidden.photos"
    NO_TRANSFER = "no_transfer"
    ALREADY_PAID_MEANWHILE = "already_paid.meanwhile"
    TOO_MANY_PROOFS = "too_many_proofs"
    REQUIRED_PHOTO = "required.photo"
    PAID_ONLINE = "paid_online"
    FORBIDDEN_REFUSE_PHOTOS = "forbidden.refuse_photos"
    NO_PROOF_PENDING = "no_proof_pending"
    FORBIDDEN_WAIVE = "forbidden.waive"
    REQUIRED_WAIVE = "required.waive"
    FORBIDDEN_SEE_PHOTOS = "forbidden.see_photos"
    NO_ITEMS_TO_PAY = "no_items.to_pay"
    FORBIDDEN_APPROVE = "forbidden.approve"
    NOTHING_DUE = "nothing_due"
    NOTHING_DUE_CHANGED = "nothing_due.changed"
    PAYMENT_PENDING_DECIDE = "payment_pending.decide"
    REQUIRED_GIVEN_BACK = "required.given_back"
    OTHER_CURRENCY = "other_currency"
    FORBIDDEN_REFUND = "forbidden.refund"
    FORBIDDEN_SEE_REFUNDS = "forbidden.see_refunds"
    NO_WALLET = "no_wallet"
    NO_WALLET_BY_HAND = "no_wallet.by_hand"
    NOT_PAID = "not_paid"
    CURRENCY_OF_REFUND = "currency.of_refund"
    REFUND_TOO_LARGE = "refund_too_large"
    REFUND_TOO_LARGE_ASK_STAFF = "refund_too_large.ask_staff"
    REFUND_TOO_LARGE_ITEM = "refund_too_large.item"
    UNKNOWN_ITEM = "unknown.item"
    DUPLICATE_ITEM = "duplicate.item"
    MAX_VALUE_UNITS = "max_value.units"
    REFUND_STATE = "refund_state"
    REFUND_STATE_NOT_FAILED = "refund_state.not_failed"
    THROTTLED_PAYING = "throttled.paying"
    PROVIDER_REFUSED = "provider_refused"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    BAD_SIGNATURE = "bad_signature"

    # --- vendors: vendors.services

    NOT_A_MEMBER = "not_a_member"

    # --- accounts: ordersite.accounts, ordersite.places, tracking

    INVALID_CREDENTIALS = "invalid_credentials"
    REFRESH_USED = "refresh_used"
    INVALID_LINK = "invalid.link"
    INVALID_CLEANED = "invalid.cleaned"
    WRONG = "wrong"
    EMAIL_CONFIRMED = "email_confirmed"
    NOT_MERCHANT_ADMIN = "not_merchant_admin"
    BUSY_PASSWORDS = "busy.passwords"
    FORBIDDEN_RIGHT = "forbidden.right"
    THROTTLED_ATTEMPTS = "throttled.attempts"
    THROTTLED_PLACES = "throttled.places"
