"""The vendor's board as JSON, built by hand: a board of 200 tickets has tens of thousands of fields.

The shapes are the serializers' below, which the API's document shows; a test compares them.
"""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from orders.api.edits_outputs import ChangeOutput
from orders.api.kinds_outputs import OfKind
from orders.api.outputs import CALLED, ITEM_ALLERGENS_HELP, AllergensField, AllowedOutput, NamedOutput
from orders.api.problem_reports import ProblemOutput
from orders.fields import FulfilmentField, StatusField, status_as_json
from orders.lifecycle.board import Column
from orders.lifecycle.decisions import Allowed
from orders.lifecycle.reasons import REASONS
from orders.lifecycle.table import Fulfilment
from orders.reading.board import Board, Difference, TicketLineView, TicketView, Unacknowledged
from orders.reading.item_views import LineView, OptionView
from ordersite.core.money import as_json
from ordersite.core.times import rfc3339
from ordersite.web.serializers import LocationField, MoneyField
from ordersite.web.views import render
from vendors.models import FULFILMENTS, Option, Product

# Minutes that accepting offers, counted from what preparing takes now.
PRESETS = (-10, -5, 0, 5, 10, 20)


class TicketOptionOutput(serializers.Serializer):
    """What was chosen for a line: an option, an extra (added), or an ingredient left out (without)."""

    kind = serializers.ChoiceField(choices=["option", "extra", "without"])
    id = serializers.IntegerField()
    group = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    position = serializers.ChoiceField(choices=["whole", "left", "right"])
    text = serializers.CharField()
    plu_code = serializers.CharField()
    on_ticket = serializers.CharField(help_text='As it is printed, such as "No Onion".')


class TickOutput(serializers.Serializer):
    at = serializers.DateTimeField()
    by = serializers.CharField(help_text="Who ticked it, such as user:5.")


class TicketSubstituteOutput(serializers.Serializer):
    product = serializers.IntegerField()
    name = serializers.CharField()


class TicketLineOutput(serializers.Serializer):
    id = serializers.IntegerField()
    product = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit = serializers.CharField()
    plu_code = serializers.CharField()
    comment = serializers.CharField()
    station = serializers.IntegerField(
        allow_null=True, help_text="Who makes it, as the menu says now: the product's own station, else its category's."
    )
    tick = TickOutput(allow_null=True, help_text="Who has ticked it off, and when.")
    substitute = TicketSubstituteOutput(
        allow_null=True, help_text="What the customer takes instead if it cannot be had."
    )
    remove_if_missing = serializers.BooleanField(help_text="The customer wants it left out if it cannot be had.")
    allergens = AllergensField(help_text=ITEM_ALLERGENS_HELP)
    allergen_note = serializers.CharField(help_text="What the menu said besides on placing, such as traces.")
    options = TicketOptionOutput(many=True)


class DifferenceOutput(serializers.Serializer):
    field = serializers.CharField(help_text="item, or a field of the order: comment, deliver_at, address …")
    old = serializers.JSONField(help_text="As it was; empty where there was none.")
    new = serializers.JSONField(help_text="As it is; empty where there is none any more.")


class UnacknowledgedOutput(serializers.Serializer):
    version = serializers.IntegerField(help_text="The order's version after this change.")
    kind = serializers.ChoiceField(choices=["items", "fields", "cancelled", "problem", "settled"])
    at = serializers.DateTimeField()
    actor = serializers.CharField(help_text="The role that did it: customer, staff, system …")
    reason_code = serializers.CharField(help_text="Of a problem that the customer reports: a reason of /problems.")
    reason = serializers.CharField(help_text="In words; of a problem the customer's, of a settled one those of staff.")
    state = serializers.CharField(help_text="Of a change of items: applied, refused or lapsed.")
    item = serializers.IntegerField(allow_null=True, help_text="The line that it is about, if the order has it.")
    differences = DifferenceOutput(many=True, help_text="What changed; none if it was cancelled.")
    report = serializers.IntegerField(allow_null=True, help_text="The number of the problem that it is about.")


class RecallOutput(serializers.Serializer):
    transition = serializers.CharField(
        allow_null=True, help_text="The change that a recall makes; null: it only shows the ticket again."
    )
    requires = serializers.ListField(child=serializers.CharField())


class PersonOutput(serializers.Serializer):
    name = serializers.CharField()
    phone = serializers.CharField()
    arrived_at = serializers.DateTimeField(allow_null=True, help_text="When it came to the vendor.")


class TicketCustomerOutput(PersonOutput):
    waits_at = serializers.CharField(help_text="Where it waits, as it says itself, such as bay 3.")


class TicketOutput(OfKind):
    """An order on the board."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    called = serializers.CharField(help_text=CALLED)
    version = serializers.IntegerField()
    kind = serializers.CharField()
    delivery_type = FulfilmentField()
    status = StatusField()
    label = NamedOutput(allow_null=True)  # type: ignore[assignment]
    column = serializers.ChoiceField(choices=[column.value for column in Column], help_text="Where it stands.")
    is_cancelled = serializers.BooleanField(help_text="It stays in its place until that is acknowledged.")
    placed_at = serializers.DateTimeField()
    visible_at = serializers.DateTimeField(help_text="When the vendor could first see it.")
    deliver_at = serializers.DateTimeField(allow_null=True)
    estimated_at = serializers.DateTimeField(allow_null=True)
    milestones = serializers.DictField(child=serializers.DateTimeField(allow_null=True))
    status_changed_at = serializers.DateTimeField(help_text="When it came to its status.")
    begins_at = serializers.DateTimeField(
        allow_null=True, help_text="Until then an accepted order for later stands among the scheduled ones."
    )
    ready_by = serializers.DateTimeField(help_text="By when it is to be ready; the board is sorted by it.")
    soon_at = serializers.DateTimeField(help_text="When the ticket takes its first late colour.")
    late_at = serializers.DateTimeField(help_text="When the ticket takes its second late colour.")
    answer_until = serializers.DateTimeField(allow_null=True, help_text="When it is refused if nobody answers.")
    prepared_in = serializers.IntegerField(allow_null=True, help_text="Minutes.")
    delivered_in = serializers.IntegerField(allow_null=True, help_text="Minutes.")
    customer = TicketCustomerOutput()
    driver = PersonOutput(allow_null=True)
    address = serializers.CharField()
    address_notes = serializers.CharField()
    location = LocationField()
    table = serializers.CharField()
    vehicle = serializers.CharField()
    locker = serializers.CharField()
    comment = serializers.CharField()
    total = MoneyField()
    payment_method = serializers.CharField()
    payment_status = serializers.CharField()
    cash = MoneyField(allow_null=True)
    collection_code = serializers.CharField(allow_null=True, help_text="What its customer tells at the counter.")
    tracking_number = serializers.CharField()
    proof_kind = serializers.CharField(
        help_text="What completing the delivery needs as `proof`: photo, signature, code, or nothing if empty."
    )
    lines = TicketLineOutput(many=True, help_text="What is to be made.")
    all_ticked = serializers.BooleanField(help_text="Every line is ticked off.")
    allowed_transitions = AllowedOutput(many=True)
    next = serializers.CharField(allow_null=True, help_text="The usual next step among the allowed transitions.")
    may_start_preparing = serializers.BooleanField(help_text="Whether you may say that preparing has begun.")
    recall = RecallOutput(allow_null=True, help_text="How it comes back if it is recalled; null: it is not moved on.")
    recalled_at = serializers.DateTimeField(
        allow_null=True, help_text="Since when a ticket that was handed over is shown again."
    )
    item_changes = ChangeOutput(many=True, help_text="Changes of items that wait for the customer to accept them.")
    unacknowledged = UnacknowledgedOutput(many=True, help_text="What others changed since you acknowledged, in order.")
    problems = ProblemOutput(many=True, help_text="What the customer reported, and what staff did about it.")


class ThresholdOutput(serializers.Serializer):
    soon_minutes = serializers.IntegerField(help_text="Minutes before ready_by: the first colour.")
    late_minutes = serializers.IntegerField(help_text="Minutes after ready_by: the second colour.")


class ReasonOutput(serializers.Serializer):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    needs_text = serializers.BooleanField(help_text="It is given with a text.")


class UnavailableOutput(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["product", "option"])
    id = serializers.IntegerField()
    name = serializers.CharField()
    until = serializers.DateTimeField(allow_null=True, help_text="When it is available again; null: until changed.")


class BoardVendorOutput(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    time_zone = serializers.CharField()
    currency = serializers.CharField()
    delivery_types = serializers.ListField(child=serializers.ChoiceField(choices=FULFILMENTS))
    paused_until = serializers.DateTimeField(allow_null=True, help_text="Null if it takes orders now.")
    rush_minutes = serializers.IntegerField(help_text="0 if rush mode is off, or has ended.")
    rush_until = serializers.DateTimeField(allow_null=True, help_text="When rush mode ends; null: it is off, or lasts.")
    preparation_minutes = serializers.IntegerField(help_text="What preparing takes now, rush included.")
    accept_minutes = serializers.ListField(
        child=serializers.IntegerField(), help_text="The minutes to offer on accepting."
    )
    thresholds = serializers.DictField(child=ThresholdOutput(), help_text="The late colours by delivery type.")


class BoardOutput(serializers.Serializer):
    """All that a board of one vendor draws."""

    now = serializers.DateTimeField(help_text="The server's clock when this was read.")
    vendor = BoardVendorOutput()
    stations = NamedOutput(many=True, help_text="The stations of the kitchen, in their order.")
    reasons = ReasonOutput(many=True, help_text="What may be given as a reason.")
    unavailable = UnavailableOutput(many=True, help_text="What is off the menu for now.")
    orders = TicketOutput(many=True)
    gone = serializers.ListField(
        child=serializers.IntegerField(), help_text="Of the orders that you asked for, those that are not here."
    )
    has_more = serializers.BooleanField(help_text="There are more open orders than one answer holds.")


def instant(at: datetime | None) -> str | None:
    return rfc3339(at) if at else None


def render_board(board: Board) -> dict[str, Any]:
    """The shape of BoardOutput."""
    vendor, now = board.vendor, board.now
    takes = int(vendor.lead(now).total_seconds() // 60)
    lasts = vendor.rush_lasts(now)
    return {
        "now": instant(now),
        "vendor": {
            "id": vendor.pk,
            "name": vendor.name,
            "time_zone": vendor.time_zone,
            "currency": vendor.currency,
            "delivery_types": vendor.fulfilments,
            "paused_until": instant(vendor.paused_until if vendor.paused_until and now < vendor.paused_until else None),
            "rush_minutes": vendor.rush_minutes if lasts else 0,
            "rush_until": instant(vendor.rush_until if lasts and vendor.rush_minutes else None),
            "preparation_minutes": takes,
            "accept_minutes": [takes + more for more in PRESETS if takes + more > 0],
            "thresholds": {
                name: {"soon_minutes": soon, "late_minutes": late} for name, (soon, late) in board.thresholds.items()
            },
        },
        "stations": [{"id": station.pk, "name": station.name} for station in board.stations],
        "reasons": [{"code": one.code, "label": one.label, "needs_text": one.needs_text} for one in REASONS.values()],
        "unavailable": [render_unavailable(row) for row in board.unavailable],
        "orders": [render_ticket(ticket) for ticket in board.tickets],
        "gone": list(board.gone),
        "has_more": board.has_more,
    }


def render_unavailable(row: Product | Option) -> dict[str, Any]:
    kind = "product" if isinstance(row, Product) else "option"
    return {"kind": kind, "id": row.pk, "name": row.name, "until": instant(row.unavailable_until)}


def render_ticket(ticket: TicketView) -> dict[str, Any]:
    """The shape of TicketOutput."""
    next_step = ticket.next_step
    return {
        "id": ticket.id,
        "number": ticket.number,
        "called": ticket.called,
        "version": ticket.version,
        "kind": ticket.kind,
        "delivery_type": Fulfilment(ticket.fulfilment).slug,
        "status": status_as_json(ticket.status),
        "label": {"id": ticket.label.id, "name": ticket.label.name} if ticket.label else None,
        "column": ticket.column.value,
        "is_cancelled": ticket.is_cancelled,
        "placed_at": instant(ticket.placed_at),
        "visible_at": instant(ticket.visible_at),
        "deliver_at": instant(ticket.deliver_at),
        "estimated_at": instant(ticket.estimated_at),
        "milestones": {name: instant(at) for name, at in ticket.milestones.items()},
        "status_changed_at": instant(ticket.status_changed_at),
        "begins_at": instant(ticket.begins_at),
        "ready_by": instant(ticket.ready_by),
        "soon_at": instant(ticket.soon_at),
        "late_at": instant(ticket.late_at),
        "answer_until": instant(ticket.answer_until),
        "prepared_in": ticket.prepared_in,
        "delivered_in": ticket.delivered_in,
        "customer": {
            "name": ticket.contact.name,
            "phone": ticket.contact.phone,
            "arrived_at": instant(ticket.customer_arrived_at),
            "waits_at": ticket.waits_at,
        },
        "driver": {
            "name": ticket.driver.name,
            "phone": ticket.driver.phone,
            "arrived_at": instant(ticket.driver_at_business_at),
        }
        if ticket.driver
        else None,
        "address": ticket.address,
        "address_notes": ticket.address_notes,
        "location": LOCATION.to_representation(ticket),
        "table": ticket.table,
        "vehicle": ticket.vehicle,
        "locker": ticket.locker,
        "comment": ticket.comment,
        "total": as_json(ticket.total, ticket.currency),
        "payment_method": ticket.payment_method,
        "payment_status": ticket.payment_status,
        "cash": None if ticket.cash is None else as_json(ticket.cash, ticket.currency),
        "collection_code": ticket.collection_code,
        "tracking_number": ticket.tracking_number,
        "proof_kind": ticket.proof_kind,
        **render(OfKind, ticket),
        "lines": [render_line(line) for line in ticket.lines],
        "all_ticked": ticket.all_ticked,
        "allowed_transitions": [allowed_as_json(one) for one in ticket.allowed],
        "next": next_step.name if next_step else None,
        "may_start_preparing": ticket.may_start_preparing,
        "recall": render_recall(ticket),
        "recalled_at": instant(ticket.recalled_at),
        "item_changes": [render(ChangeOutput, change) for change in ticket.waiting_changes],
        "unacknowledged": [render_unacknowledged(one) for one in ticket.unacknowledged],
        "problems": [render(ProblemOutput, problem) for problem in ticket.problems],
    }


LOCATION = LocationField()


def allowed_as_json(one: Allowed) -> dict[str, Any]:
    return {"name": one.name, "to": status_as_json(one.to), "requires": list(one.requires), "by_name": one.by_name}


def render_recall(ticket: TicketView) -> dict[str, Any] | None:
    if not ticket.may_be_recalled:
        return None
    undo = ticket.recalled_by
    return {"transition": undo.name if undo else None, "requires": list(undo.requires) if undo else []}


def render_line(line: LineView | TicketLineView) -> dict[str, Any]:
    return {
        "id": line.id,
        "product": line.product_id,
        "name": line.name,
        "quantity": line.quantity,
        "unit": line.unit,
        "plu_code": line.plu_code,
        "comment": line.comment,
        "station": line.station_id,
        "tick": {"at": instant(line.ticked_at), "by": line.ticked_by} if line.ticked_at else None,
        "substitute": {"product": line.substitute_id, "name": line.substitute_name} if line.substitute_id else None,
        "remove_if_missing": line.remove_if_missing,
        "allergens": line.allergens,
        "allergen_note": line.allergen_note,
        "options": [render_option(option) for option in line.options],
    }


def render_option(option: OptionView) -> dict[str, Any]:
    return {
        "kind": option.kind,
        "id": option.menu_id,
        "group": option.group,
        "name": option.name,
        "quantity": option.quantity,
        "position": option.position,
        "text": option.text,
        "plu_code": option.plu_code,
        "on_ticket": option.on_ticket,
    }


def render_unacknowledged(one: Unacknowledged) -> dict[str, Any]:
    return {
        "version": one.version,
        "kind": one.kind,
        "at": instant(one.at),
        "actor": one.role,
        "reason_code": one.reason_code,
        "reason": one.reason,
        "state": one.state,
        "item": one.line_id,
        "differences": [render_difference(difference) for difference in one.differences],
        "report": one.report,
    }


def render_difference(difference: Difference) -> dict[str, Any]:
    return {"field": difference.field, "old": difference.old, "new": difference.new}
