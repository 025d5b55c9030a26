"""The changes that a caller may make now, as buttons: derived from the life cycle, so that none is forgotten."""

from dataclasses import dataclass

from orders.admin.display import MARKS, tone_of
from orders.lifecycle.decisions import Allowed
from orders.lifecycle.table import Actor, Status
from orders.services.moving.transitions import START_PREPARING
from orders.services.record.access import OrderAccess

LABELS = {
    "accept": "Accept",
    "accept_by_company": "Company accepts",
    "accept_by_driver": "Driver accepts",
    "cancel_by_customer": "Cancel for the customer",
    "cancel_by_driver": "Driver gives the order back",
    "cancel_by_staff": "Cancel the order",
    "reject": "Reject for the vendor",
    "look_for_driver": "Look for a driver",
    "reopen": "Reopen",
    "release_preorder": "Release to the vendor",
    "self_deliver": "The vendor delivers it itself",
    START_PREPARING: "Start preparing",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One change: what it is called, what it asks for, and whether staff forces it."""

    name: str
    label: str
    to: Status | None = None
    needs: tuple[str, ...] = ()
    forced: bool = False
    # Who would make this change by itself.
    actors: str = ""
    blocked: str = ""

    @property
    def tone(self) -> str:
        return tone_of(self.to) if self.to is not None else "work"

    @property
    def mark(self) -> str:
        return MARKS[self.tone]

    @property
    def takes_minutes(self) -> bool:
        return self.name == "accept"

    @property
    def opens(self) -> bool:
        """Whether it asks before it acts."""
        return bool(self.needs)


def label_of(name: str) -> str:
    return LABELS.get(name, name.replace("_", " ").capitalize())


def button_of(access: OrderAccess, one: Allowed) -> Button:
    order = access.order
    nobody = one.name == "accept_by_driver" and order.driver_id is None and Actor.DRIVER not in access.actors
    return Button(
        name=one.name,
        label=label_of(one.name),
        to=one.to,
        needs=one.requires,
        forced=one.forced,
        actors=", ".join(sorted(one.actors)),
        blocked="Assign a driver first." if nobody else "",
    )


def buttons_of(access: OrderAccess) -> list[Button]:
    """First what leads on, then what ends it, what asks for a reason behind what does not, forced ones last."""
    buttons = [button_of(access, one) for one in access.allowed()]
    if access.may_start_preparing():
        buttons.append(Button(name=START_PREPARING, label=label_of(START_PREPARING)))
    rank = {"work": 0, "later": 0, "pause": 0, "start": 1, "success": 2, "trouble": 3, "failure": 4}
    return sorted(buttons, key=lambda button: (button.forced, button.opens, rank[button.tone], button.label))
