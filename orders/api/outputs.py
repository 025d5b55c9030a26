"""What clients read about orders. Instances are shared by all requests: building their fields costs more than using."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.api.edits_outputs import WithChanges
from orders.api.kinds_outputs import OfKind
from orders.estimates import Stage
from orders.fields import FulfilmentField, StatusField, SubstituteField
from orders.lifecycle.table import MILESTONES
from orders.reading.item_views import LineView
from orders.reading.order_view import OrderView
from ordersite.web.serializers import LocationField, MoneyField, Output
from vendors.allergens import ALLERGENS


class NamedOutput(Output):
    id = serializers.IntegerField()
    name = serializers.CharField()


class CustomerOutput(NamedOutput):
    uuid = serializers.UUIDField()


class DriverOutput(NamedOutput):
    phone = serializers.CharField()


ESTIMATE = "A range that four of five orders keep; null where nothing is known, and once it is handed over or ready."


class PositionOutput(Output):
    """Where a driver was last. What is not current is shown as old, with its time."""

    lat = serializers.FloatField()
    lng = serializers.FloatField()
    accuracy = serializers.FloatField(help_text="Metres around it within which the driver was.")
    heading = serializers.FloatField(allow_null=True, help_text="Degrees clockwise from north; null if unknown.")
    speed = serializers.FloatField(allow_null=True, help_text="Metres a second; null if unknown.")
    at = serializers.DateTimeField(help_text="When the driver was there, by the clock of its device.")
    is_current = serializers.BooleanField(help_text="Whether it is at most two minutes old.")


CALLED = (
    "The number as people say it, with the letter of its series, which are numbered apart: "
    "D for delivery, P for pickup and what is served at the place, L for a locker, E for digital goods."
)


ESTIMATED_FOR = ("ready", "delivered")
ESTIMATED_HELP = (
    "Of what `estimated_at` is the time: when the order is `ready`, or `delivered` to its customer. Null without it."
)


class OrderRow(Output):
    """An order in a list."""

    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    number = serializers.IntegerField(help_text="Numbered for each vendor, day and delivery type.")
    called = serializers.CharField(help_text=CALLED)
    purchase = serializers.UUIDField(source="purchase_uuid")
    kind = serializers.CharField()
    delivery_type = FulfilmentField(source="fulfilment")
    status = StatusField()
    label = NamedOutput(allow_null=True)  # type: ignore[assignment]
    version = serializers.IntegerField(help_text="The version of the order, which is its ETag for If-Match.")
    vendor = NamedOutput()
    customer = CustomerOutput()
    driver = DriverOutput(allow_null=True)
    company = NamedOutput(allow_null=True)
    total = MoneyField()
    payment_method = serializers.CharField()
    payment_status = serializers.CharField()
    placed_at = serializers.DateTimeField()
    deliver_at = serializers.DateTimeField(allow_null=True)
    estimated_at = serializers.DateTimeField(allow_null=True)
    estimated_for = serializers.ChoiceField(ESTIMATED_FOR, allow_null=True, read_only=True, help_text=ESTIMATED_HELP)
    app_id = serializers.CharField()


UNIT_PRICE = "The price of the product without options and extras, for `price_per` units."
# When each milestone was reached, as a clause.
REACHED = {
    "accepted": "the vendor accepted it",
    "preparation_started": "the vendor began preparing it",
    "prepared": "it was ready",
    "search_started": "a driver was first looked for",
    "company_accepted": "a delivery company accepted it",
    "driver_accepted": "its driver accepted it",
    "driver_at_business": "the driver arrived at the vendor",
    "picked_up": "the driver picked it up",
    "customer_arrived": "the customer arrived at the vendor",
    "delivered": "the customer received it",
    "closed": "it was over: received, completed, refused or cancelled",
}
DRIVER_POSITION = "Only while the driver is on the way to the customer with this order; null otherwise."
CHARGED = "unit: charged for each unit of the item; line: charged once for the whole item."


ALLERGENS_HELP = "As the menu said on placing; empty: told to have none of the fourteen; null: nothing was told."
ITEM_ALLERGENS_HELP = (
    "Of the product and of what was chosen for it, as the menu said on placing; empty where all of these were told to "
    "have none of the fourteen; null where nothing was told of one of them, and no allergens of the others."
)


class AllergensField(serializers.ListField):
    """Codes of allergens, as the menu told them when it was ordered; null where it told nothing."""

    def __init__(self, **kwargs: Any) -> None:
        child = serializers.ChoiceField(choices=list(ALLERGENS))
        super().__init__(**{"help_text": ALLERGENS_HELP, **kwargs}, child=child, allow_null=True, read_only=True)


class OptionOutput(Output):
    option = serializers.IntegerField(source="menu_id")
    group = serializers.CharField()
    name = serializers.CharField()
    plu_code = serializers.CharField()
    quantity = serializers.IntegerField()
    position = serializers.CharField()
    price = MoneyField()
    charged = serializers.CharField(help_text=CHARGED)
    total = MoneyField(help_text="Its share of the item's total.")
    text = serializers.CharField()
    allergens = AllergensField()
    allergen_note = serializers.CharField()


class ExtraOutput(Output):
    extra = serializers.IntegerField(source="menu_id")
    name = serializers.CharField()
    plu_code = serializers.CharField()
    unit = serializers.CharField()
    quantity = serializers.IntegerField()
    price = MoneyField()
    charged = serializers.CharField(help_text=CHARGED)
    total = MoneyField()
    allergens = AllergensField()
    allergen_note = serializers.CharField()


class WithoutOutput(Output):
    ingredient = serializers.IntegerField(source="menu_id")
    name = serializers.CharField()


class LineOutput(Output):
    """A line; `ticket` is what the kitchen reads beside the product, such as "No Onion"."""

    id = serializers.IntegerField()
    product = serializers.IntegerField(source="product_id", allow_null=True)
    name = serializers.CharField()
    plu_code = serializers.CharField()
    unit = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = MoneyField(help_text=UNIT_PRICE)
    price_per = serializers.IntegerField()
    total = MoneyField()
    discount = MoneyField()
    tax_rate = serializers.IntegerField(help_text="In hundredths of a percent: 2100 is 21 %.")
    tax = MoneyField()
    comment = serializers.CharField()
    sku = serializers.CharField()
    refunded = MoneyField()
    substitute = serializers.SerializerMethodField(help_text="What the customer wants if the product is not available.")
    options = serializers.SerializerMethodField()
    extras = serializers.SerializerMethodField()
    without = serializers.SerializerMethodField()
    allergens = AllergensField(help_text=ITEM_ALLERGENS_HELP)
    allergen_note = serializers.CharField(help_text="What the menu said besides on placing, such as traces.")
    ticket = serializers.ListField(child=serializers.CharField(), read_only=True)

    @extend_schema_field(SubstituteField(allow_null=True))
    def get_substitute(self, line: LineView) -> Any:
        if line.remove_if_missing:
            return "remove"
        return {"product": line.substitute_id} if line.substitute_id else None

    @extend_schema_field(OptionOutput(many=True))
    def get_options(self, line: LineView) -> list[Any]:
        return [OPTION.to_representation(option) for option in line.of_kind("option")]

    @extend_schema_field(ExtraOutput(many=True))
    def get_extras(self, line: LineView) -> list[Any]:
        return [EXTRA.to_representation(option) for option in line.of_kind("extra")]

    @extend_schema_field(WithoutOutput(many=True))
    def get_without(self, line: LineView) -> list[Any]:
        return [WITHOUT.to_representation(option) for option in line.of_kind("without")]


OPTION, EXTRA, WITHOUT = OptionOutput(), ExtraOutput(), WithoutOutput()


class FromOutput(Output):
    """Renames the field `from_`: `from` is a word of Python's."""

    def get_fields(self) -> Any:
        return {name.rstrip("_"): field for name, field in super().get_fields().items()}


class EventOutput(FromOutput):
    """One entry of an order's history."""

    number = serializers.IntegerField(help_text="The order's version after this event.")
    kind = serializers.CharField()
    transition = serializers.CharField()
    from_ = StatusField(source="from_status", allow_null=True)
    to = StatusField(source="to_status", allow_null=True)
    milestone = serializers.CharField()
    actor = serializers.CharField(help_text="The role that did it: customer, vendor, driver …", source="role")
    device = serializers.CharField(
        source="actor_name",
        help_text="The name of the paired device that did it, for the vendor's people and staff; empty for all else.",
    )
    reason_code = serializers.CharField()
    reason = serializers.CharField()
    forced = serializers.BooleanField()
    data = serializers.JSONField()  # type: ignore[assignment]
    app_id = serializers.CharField()
    at = serializers.DateTimeField(source="created_at")


class PaymentOutput(Output):
    """A payment; of an order, the part that pays for it. Where it is paid online, `checkout_url` leads to the page."""

    id = serializers.IntegerField()
    method = serializers.CharField()
    status = serializers.CharField()
    amount = MoneyField()
    refunded = MoneyField()
    paid_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text="If it is not paid by then, the order is cancelled."
    )
    failure = serializers.CharField(help_text="Why the payment failed, or why its proof was refused.")
    checkout_url = serializers.CharField(read_only=True, allow_null=True)
    proofs = serializers.ListField(
        child=serializers.URLField(), read_only=True, help_text="Where its photos can be read."
    )


class OrderPaymentOutput(PaymentOutput):
    """The part of a payment that pays for one order: who sees one of a purchase does not see what the others cost."""


class AllowedOutput(Output):
    name = serializers.CharField()
    to = StatusField()
    requires = serializers.ListField(child=serializers.ChoiceField(choices=["reason", "code", "proof"]))
    by_name = serializers.BooleanField(
        help_text="Send it as `transition`: a status sent as `to` never means this change."
    )


class AheadOutput(Output):
    """What the caller may do once it has made these steps itself, and nobody else anything."""

    after = serializers.ListField(child=serializers.CharField(), help_text="Names of transitions, the first one first.")
    allowed_transitions = AllowedOutput(many=True, source="allowed")


class ContactOutput(Output):
    name = serializers.CharField()
    phone = serializers.CharField()
    email = serializers.CharField()


class WithMilestones(Output):
    """When an order came to each of its milestones."""

    milestones = serializers.SerializerMethodField()

    @extend_schema_field(
        {
            "type": "object",
            "properties": {
                name: {
                    "type": "string",
                    "format": "date-time",
                    "nullable": True,
                    "description": f"When {REACHED[name]}.",
                }
                for name in MILESTONES
            },
        }
    )
    def get_milestones(self, order: OrderView) -> dict[str, Any]:
        at = self.fields["placed_at"].to_representation
        return {name: at(moment) if moment else None for name, moment in order.milestones.items()}


class OrderChanged(OrderRow, WithMilestones):
    """An order after a change: all but its items."""

    subtotal = MoneyField()
    discount = MoneyField()
    delivery_fee = MoneyField()
    service_fee = MoneyField()
    driver_tip = MoneyField()
    tax_included = MoneyField(help_text="Included in the prices, not added to them.")
    tax_added = MoneyField()
    refunded = MoneyField()
    waived = MoneyField(help_text="The part of the total that staff have waived.")
    owed = MoneyField(read_only=True, help_text="What is still due, including a price rise after placing.")
    offer = NamedOutput(allow_null=True)
    cash = MoneyField(allow_null=True)
    contact = ContactOutput()
    address = serializers.CharField()
    address_notes = serializers.CharField()
    location = LocationField()
    distance = serializers.IntegerField(allow_null=True, help_text="The distance from the vendor, in metres.")
    delivery_zone = serializers.IntegerField(source="delivery_zone_id", allow_null=True)
    table = serializers.CharField()
    vehicle = serializers.CharField()
    locker = serializers.CharField()
    comment = serializers.CharField()
    external_code = serializers.CharField()
    self_delivery = serializers.BooleanField()
    tracking_number = serializers.CharField()
    carrier = serializers.CharField()
    prepared_in = serializers.IntegerField(allow_null=True, help_text="Minutes.")
    delivered_in = serializers.IntegerField(allow_null=True, help_text="Minutes.")
    codes_missing = serializers.IntegerField(help_text="The number of codes that a paid digital order still waits for.")
    payments = OrderPaymentOutput(many=True, read_only=True)
    proof_kind = serializers.CharField(
        read_only=True,
        help_text="What completing the delivery needs as `proof`: photo, signature, code, or nothing if empty.",
    )
    cancel_cost = MoneyField(read_only=True, help_text="What it would cost the customer to cancel now.")
    allowed_transitions = AllowedOutput(many=True, read_only=True, source="allowed")
    tracking_code = serializers.CharField(
        read_only=True, allow_null=True, help_text="Visible to the customer and staff only."
    )
    collection_code = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text="Printed on the vendor's ticket if the customer collects the order; shown to the customer if it is "
        "delivered.",
    )


class EstimateOutput(FromOutput):
    """When it is expected to be handed over, or to be ready where its customer comes: four of five orders keep it."""

    from_ = serializers.DateTimeField(source="since")
    to = serializers.DateTimeField(
        source="until", allow_null=True, help_text="Null if the order takes longer than past orders did."
    )
    stage = serializers.ChoiceField(choices=[stage.value for stage in Stage], help_text="What it is estimated from.")


class TaxOutput(Output):
    """The tax of one rate."""

    rate = serializers.IntegerField(help_text="In hundredths of a percent: 2100 is 21 %.")
    amount = MoneyField()


class OrderDetail(OrderChanged, OfKind, WithChanges):
    """An order with its items, what waits for consent, and what its kind has besides."""

    estimate = EstimateOutput(allow_null=True, help_text=ESTIMATE)
    items = LineOutput(many=True, source="lines")
    taxes = TaxOutput(many=True, read_only=True, help_text="`tax_included` and `tax_added` by rate, the fees' too.")
    driver_position = PositionOutput(allow_null=True, read_only=True, help_text=DRIVER_POSITION)
    waits_at = serializers.CharField(
        read_only=True, help_text="Where the customer waits who comes to collect, as it says itself, such as bay 3."
    )


class PurchaseOutput(Output):
    """A placing: what was bought and is paid together."""

    uuid = serializers.UUIDField()
    tracking_code = serializers.CharField()
    external_code = serializers.CharField()
    total = MoneyField()
    status = StatusField(
        help_text="The status of the open order that has progressed least; if all are closed, of the one with the best "
        "result."
    )
    payments = PaymentOutput(many=True)
    placed_at = serializers.DateTimeField()


class PlacedPurchaseOutput(PurchaseOutput):
    guest_token = serializers.CharField(
        allow_null=True, help_text="Shown to a guest once, on placing: send it in the Order-Token header."
    )


class PlacedOutput(Output):
    purchase = PlacedPurchaseOutput()
    orders = OrderDetail(many=True)


class PurchaseDetail(PurchaseOutput):
    orders = OrderRow(many=True)


class LabelOutput(Output):
    id = serializers.IntegerField()
    name = serializers.CharField()
    core_status = StatusField()
    message = serializers.CharField()


class EntryOutput(Output):
    """One movement of a wallet."""

    id = serializers.IntegerField()
    kind = serializers.CharField(source="posting.kind")
    amount = MoneyField()
    balance = MoneyField(source="balance_after", allow_null=True)
    order = serializers.IntegerField(source="posting.order_id", allow_null=True)
    text = serializers.CharField(source="posting.text")
    at = serializers.DateTimeField(source="posting.created_at")


class WalletOutput(Output):
    balances = serializers.ListField(child=MoneyField())
