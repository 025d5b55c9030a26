"""How changes of an order's items look."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from orders.api.inputs import ItemInput
from orders.kinds import rules_of
from orders.models import ItemChange, Order
from ordersite.web.serializers import MoneyField
from ordersite.web.views import render


class ChangeOutput(serializers.Serializer):
    """An item added, changed or removed. A quote has no number yet, and the state that the change would get."""

    number = serializers.SerializerMethodField()
    action = serializers.ChoiceField(choices=ItemChange.Action.choices)
    state = serializers.SerializerMethodField()
    item = serializers.SerializerMethodField(
        help_text="The id of the order's item; null for one that is not in the order yet."
    )
    new_item = serializers.SerializerMethodField(help_text="As sent when placing; null if the item is removed.")
    old_total = MoneyField(help_text="The order's total before the change.")
    new_total = MoneyField(help_text="The order's total after the change.")
    difference = MoneyField(help_text="How much more the order costs; negative if it costs less.")
    actor = serializers.CharField(source="role", help_text="The role that proposed it: customer, vendor or staff.")
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    decided_at = serializers.DateTimeField(allow_null=True)

    @extend_schema_field({"type": "integer", "nullable": True})
    def get_number(self, change: ItemChange) -> int | None:
        return None if change.pk is None else change.number

    @extend_schema_field(serializers.ChoiceField(choices=ItemChange.State.choices))
    def get_state(self, change: ItemChange) -> str:
        return (
            ItemChange.State.LAPSED
            if change.state == ItemChange.State.WAITING and stands(change.order)
            else change.state
        )

    @extend_schema_field({"type": "integer", "nullable": True})
    def get_item(self, change: ItemChange) -> int | None:
        return next((line.pk for line in change.order.lines.all() if line.position == change.line_position), None)

    @extend_schema_field(ItemInput(allow_null=True))
    def get_new_item(self, change: ItemChange) -> Any:
        return change.item


def stands(order: Order) -> bool:
    """Whether its items stand as they are, whatever waits."""
    return order.is_closed or order.picked_up_at is not None


class WithChanges(serializers.Serializer):
    """What waits for the customer's consent: one statement for an open order that was changed since placing."""

    item_changes = serializers.SerializerMethodField(
        help_text="Changes of items that wait for the customer to accept them."
    )

    @extend_schema_field(ChangeOutput(many=True))
    def get_item_changes(self, order: Order) -> list[Any]:
        if order.version == 1 or not rules_of(order).has_changeable_items or stands(order):
            return []
        waiting = order.item_changes.filter(state=ItemChange.State.WAITING)
        return [render(ChangeOutput, change) for change in waiting]
