"""This instance's names for statuses, kept by staff, and orders that bear one (docs/requirements.md, rows 31, 63)."""

from dataclasses import dataclass

from django.db import IntegrityError

from orders.lifecycle.table import Actor, Status
from orders.models import Order, OrderEvent, StatusLabel
from orders.services.moving.goals import make_step
from orders.services.outgoing.order_mails import queue_label_mail
from orders.services.record.access import access_of, get_order
from orders.services.record.order_update import update_locked
from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.faults import Forbidden, Invalid, NotFound
from ordersite.core.fields import Field
from ordersite.core.prepared import Prepared


def save_label(label: StatusLabel) -> StatusLabel:
    """Saves it; raises Invalid for a name that another label has."""
    taken = StatusLabel.objects.filter(name=label.name).exclude(pk=label.pk).exists()
    if taken:
        raise Invalid(FaultCode.TAKEN_LABEL, Field.NAME)
    try:
        label.save()
    except IntegrityError as error:
        raise Invalid(FaultCode.TAKEN_LABEL, Field.NAME) from error
    return label


def add_label(
    *, caller: Caller, name: str, core_status: Status, message: str, position: int | None = None
) -> StatusLabel:
    """A new name for a status, at its status's place in the list unless told another; raises Forbidden."""
    caller.require(Right.ADD_LABELS)
    place = core_status if position is None else position
    return save_label(StatusLabel(name=name, core_status=core_status, message=message, position=place))


def find_label(label_id: int) -> StatusLabel:
    """The label, locked; raises NotFound."""
    label = StatusLabel.objects.select_for_update().filter(pk=label_id).first()
    if label is None:
        raise NotFound()
    return label


def change_label(*, caller: Caller, label_id: int, fields: dict[str, object]) -> StatusLabel:
    """Renames it, or changes its status or message; raises Forbidden."""
    caller.require(Right.CHANGE_LABELS)
    label = find_label(label_id)
    for name, value in fields.items():
        setattr(label, name, value)
    return save_label(label)


def delete_label(*, caller: Caller, label_id: int) -> None:
    """Takes the label away; orders that bore it keep their status. Raises Forbidden."""
    caller.require(Right.DELETE_LABELS)
    find_label(label_id).delete()


# --- orders that bear one -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Labels:
    """All labels in their order. The first of a status is what an order of that status reads as by itself."""

    rows: list[StatusLabel]

    def of(self, order: Order) -> StatusLabel | None:
        """What the order reads as; None where nothing stands on its status."""
        return order.label or self.first(order.status)

    def first(self, status: int) -> StatusLabel | None:
        return next((label for label in self.rows if label.core_status == status), None)

    def find(self, label_id: int) -> StatusLabel | None:
        return next((label for label in self.rows if label.pk == label_id), None)


ALL_LABELS = Prepared(lambda form: StatusLabel.objects.all())


def read_labels() -> Labels:
    """All labels, in one statement."""
    return Labels(ALL_LABELS.rows(None))


def set_label(*, order_id: int, caller: Caller, label_id: int, reason: str, name: str = "", proof: str = "") -> Order:
    """Lets an order read as this label: by a change of status where the label stands on another.

    Of the same status only the label changes, by vendor or staff. What it reads as already changes nothing. `reason` is
    given where the change of status asks for one, `proof` where the vendor does, `name` where it is meant by its name.
    The label's own message, if it has one, is mailed to the customer. Must run in a transaction; raises NotFound,
    Invalid for a label that does not exist, Forbidden, and what `transition` raises.
    """
    labels = read_labels()
    access = access_of(caller, get_order(caller=caller, order_id=order_id, lock=True))
    order = access.order
    label = labels.find(label_id)
    if label is None:
        raise Invalid(FaultCode.UNKNOWN_LABEL, Field.LABEL)
    if labels.of(order) == label:
        return order
    was, moves, before = labels.of(order), label.core_status != order.status, order.version
    role = access.role_among((Actor.VENDOR, Actor.STAFF, *(Actor if moves else ())))
    if moves:
        order = make_step(access, Status(label.core_status), reason, name, proof)
    if order.status != label.core_status or labels.of(order) == label:
        # Asked twice, by now the order is further on (docs/lifecycle.md); or the status reads so by itself.
        if labels.of(order) == label:
            queue_label_mail(order, after=before, label=label.name, message=label.message)
        return order
    if role is None:
        raise Forbidden(FaultCode.FORBIDDEN_LABEL, extra=access.refusal_extra())
    with update_locked(access, role=role) as update:
        order.label = label
        data = {"old": {"label": was.name if was else ""}, "new": {"label": label.name}}
        update.tell(OrderEvent.Kind.NOTE, data=data)
    queue_label_mail(order, after=before, label=label.name, message=label.message)
    return order
