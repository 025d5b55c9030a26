"""How changes of an order's items look."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.api.inputs import ItemInput
from orders.models import ItemChange
from orders.reading.item_views import ChangeView
from ordersite.web.serializers import MoneyField, Output


class ChangeOutput(Output):
    """An item added, changed or removed. A quote has no number yet, and the state that the change would get."""

    number = serializers.IntegerField(read_only=True, allow_null=True)
    action = serializers.ChoiceField(choices=ItemChange.Action.choices)
    state = serializers.ChoiceField(choices=ItemChange.State.choices, read_only=True)
    item = serializers.IntegerField(
        source="line_id",
        read_only=True,
        allow_null=True,
        help_text="The id of the order's item; null for one that is not in the order yet.",
    )
    new_item = serializers.SerializerMethodField(help_text="As sent when placing; null if the item is removed.")
    old_total = MoneyField(help_text="The order's total before the change.")
    new_total = MoneyField(help_text="The order's total after the change.")
    difference = MoneyField(help_text="How much more the order costs; negative if it costs less.")
    actor = serializers.CharField(source="role", help_text="The role that proposed it: customer, vendor or staff.")
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field(ItemInput(allow_null=True))
    def get_new_item(self, change: ChangeView) -> Any:
        return change.item


class WithChanges(Output):
    """What waits for the customer's consent: one statement for an open order that was changed since placing."""

    item_changes = ChangeOutput(
        many=True,
        read_only=True,
        source="waiting_changes",
        help_text="Changes of items that wait for the customer to accept them.",
    )
