"""This instance's names for statuses, kept by staff."""

from django.db import IntegrityError

from orders.lifecycle import Status
from orders.models import StatusLabel
from ordersite.web.problems import Invalid, NotFound


def save_label(label: StatusLabel) -> StatusLabel:
    """Saves it; raises Invalid for a name that another label has."""
    taken = StatusLabel.objects.filter(name=label.name).exclude(pk=label.pk).exists()
    if taken:
        raise Invalid("/name", "taken", "Another label has this name: choose another.")
    try:
        label.save()
    except IntegrityError as error:
        raise Invalid("/name", "taken", "Another label has this name: choose another.") from error
    return label


def add_label(*, name: str, core_status: Status, message: str) -> StatusLabel:
    """A new name for a status."""
    return save_label(StatusLabel(name=name, core_status=core_status, message=message, position=core_status))


def find_label(label_id: int) -> StatusLabel:
    """The label, locked; raises NotFound."""
    label = StatusLabel.objects.select_for_update().filter(pk=label_id).first()
    if label is None:
        raise NotFound()
    return label


def change_label(*, label_id: int, fields: dict[str, object]) -> StatusLabel:
    """Renames it, or changes its status or message."""
    label = find_label(label_id)
    for name, value in fields.items():
        setattr(label, name, value)
    return save_label(label)


def delete_label(*, label_id: int) -> None:
    """Takes the label away; orders that bore it keep their status."""
    find_label(label_id).delete()
