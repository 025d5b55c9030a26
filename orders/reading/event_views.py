"""The history of an order, as its reader sees it."""

from typing import Any

from orders.models import OrderEvent
from orders.reading.row_view import View, shows


class EventView(View):
    """One entry of an order's history. A candidate reads what happened and when, nothing of what was changed.

    `actor`, the key of the caller who did it, and `actor_name`, where that is a device, are for the vendor's people
    and staff.
    """

    shown = shows(
        "id number kind transition from_status to_status milestone role reason_code forced app_id created_at",
        "get_kind_display visible_to get_visible_to_display",
    )
    words = shows("reason")

    def __init__(self, event: OrderEvent, *, hides_words: bool, hides_drivers: bool, tells_actor: bool) -> None:
        super().__init__(event, hides_words=hides_words)
        self.actor = event.actor if tells_actor else ""
        self.actor_name = event.actor_name if tells_actor else ""
        if hides_words:
            self.data: Any = {}
        elif hides_drivers and event.kind == OrderEvent.Kind.DRIVER:
            self.data = {
                side: {name: value for name, value in changed.items() if name != "driver"}
                for side, changed in event.data.items()
            }
        else:
            self.data = event.data


def view_own_event(event: OrderEvent) -> EventView:
    """An entry as whoever has just written it sees it."""
    return EventView(event, hides_words=False, hides_drivers=False, tells_actor=False)
