"""One order as its kitchen and its customer move it on: what they may do now is what the API says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from orders.lifecycle.table import CLOSED
from ordersite.demo import sites
from ordersite.demo.replay.client import CallRefused
from ordersite.demo.simulation.routes import METRE, Spot
from ordersite.demo.simulation.town import Town, allowed_of, is_under_way
from ordersite.demo.simulation.visitor import Visitor

# How many of a hundred orders end, or go on, in another way than usual.
REFUSED, CANCELLED, CHANGED = 4, 5, 8
LOOKS_EVERY = 0.5  # minutes of the simulation, while others act
LEAST_LOOK, MOST_LOOK = 1.0, 5.0  # seconds
ANSWERS_IN = 40.0  # seconds at most: soon enough that nobody is told of an order that no device has shown
APPROACH = (250.0, 60.0, 5.0)  # metres from the vendor, of a customer who comes to collect
STRIDE = 8.0  # seconds between two of these, so that it is slow enough to be believed
# Minutes of the simulation before each act: least and most.
BEFORE: Mapping[str, tuple[float, float]] = {
    "reject": (0.5, 3),
    "cancel": (0.3, 1.5),
    "propose": (0.3, 1),
    "accept": (0.3, 3),
    "consent": (0.5, 2),
    "look_for_driver": (0.1, 1),
    "start_preparing": (0.5, 4),
    "tick": (1, 5),
    "mark_ready": (0.2, 1),
    "set_out": (1, 8),
    "collect": (0.5, 2),
}
Order = Mapping[str, Any]


@dataclass(slots=True)
class Life:
    """Looks at the order, waits as people do, looks again, and acts."""

    town: Town
    order_id: int
    vendor_name: str
    random: Random = field(init=False)
    fate: str = field(init=False)
    intent: str = ""
    tried: set[str] = field(default_factory=set)  # what is done once, whatever was answered
    ticked: set[int] = field(default_factory=set)
    approach: list[float] = field(default_factory=lambda: list(APPROACH))

    def __post_init__(self) -> None:
        self.random = self.town.random_of(f"order {self.order_id}")
        drawn = self.random.randrange(100)
        fates = ((REFUSED, "reject"), (REFUSED + CANCELLED, "cancel"), (REFUSED + CANCELLED + CHANGED, "propose"))
        self.fate = next((fate for below, fate in fates if drawn < below), "")

    def step(self) -> float | None:
        order = self.kitchen.ask(self.path)
        if not is_under_way(order):
            self.town.close(self.order_id)
            return None
        intent = self.choose(order)
        if intent and intent == self.intent:
            self.intent = ""
            try:
                self.carry_out(intent, order)
            except CallRefused as refused:
                if refused.status in (0, 401) or refused.status >= 500:
                    raise
                return LEAST_LOOK  # somebody else was first: what is to be done is looked up anew
            if intent == "give_up":
                return MOST_LOOK
            self.town.note_move()
            return 0.0
        self.intent = intent
        if not intent:
            looks = self.town.seconds(self.random, LOOKS_EVERY, LOOKS_EVERY)
            return min(MOST_LOOK, max(LEAST_LOOK, looks))
        if intent == "walk":
            return STRIDE
        seconds = self.town.seconds(self.random, *BEFORE.get(intent, (0, 0)))
        return min(ANSWERS_IN, seconds) if order["milestones"]["accepted"] is None else seconds

    def choose(self, order: Order) -> str:
        """What kitchen or customer will do next; empty where it is somebody else's turn."""
        allowed, at = allowed_of(order), order["milestones"]
        if self.town.is_giving_up:
            return "give_up"
        if self.fate and self.fate not in self.tried and at["accepted"] is None:
            return self.fate
        if any(one["state"] == "waiting" for one in order["item_changes"]):
            return "consent"
        if "accept" in allowed:
            return "accept"
        if at["accepted"] is None:
            return ""
        is_free = order["driver"] is None and order["company"] is None
        if is_free and at["search_started"] is None and "look_for_driver" in allowed:
            return "look_for_driver"
        if at["prepared"] is None:
            if at["preparation_started"] is None and "start_preparing" not in self.tried:
                return "start_preparing"
            if any(one["id"] not in self.ticked for one in order["items"]):
                return "tick"
            return "mark_ready" if "mark_ready" in allowed else ""
        if order["delivery_type"] == "delivery":
            return ""
        if self.approach:
            return "walk" if len(self.approach) < len(APPROACH) else "set_out"
        return "collect" if "collect" in allowed else ""

    def carry_out(self, intent: str, order: Order) -> None:
        """Raises CallRefused where the site does not let it happen."""
        is_first = intent not in self.tried
        self.tried.add(intent)
        match intent:
            case "reject":
                self.move(self.kitchen, "reject", reason_code="too_busy")
            case "cancel":
                self.move(self.customer, "cancel_by_customer", reason_code="changed_mind")
            case "propose":
                again = order["items"][0]
                options = [{"option": one["option"], "quantity": one["quantity"]} for one in again["options"]]
                added = {"product": again["product"], "quantity": 1, "options": options}
                self.kitchen.act("POST", f"{self.path}/items", {**added, "reason": "One more, as you asked."})
            case "consent":
                number = next(one["number"] for one in order["item_changes"] if one["state"] == "waiting")
                answer = ("accept", {}) if is_first else ("refuse", {"reason": "Then rather without."})
                self.customer.act("POST", f"{self.path}/changes/{number}/{answer[0]}", answer[1])
            case "accept":
                self.move(self.kitchen, "accept", prepared_in=self.random.choice((10, 15, 20, 25)))
            case "start_preparing":
                self.kitchen.act("POST", f"{self.path}/start-preparing")
            case "tick":
                line = next(one["id"] for one in order["items"] if one["id"] not in self.ticked)
                self.ticked.add(line)
                self.kitchen.act("PUT", f"{self.path}/items/{line}/tick")
            case "set_out" | "walk":
                self.come_nearer(order)
            case "give_up":
                self.give_up()
            case _:
                self.move(self.kitchen, intent)

    def come_nearer(self, order: Order) -> None:
        """The customer tells where it is; at the vendor, that it is there."""
        vendor, metres = self.town.vendors[order["vendor"]["id"]], self.approach.pop(0)
        here = Spot(vendor.lat + metres * METRE, vendor.lng)
        fix = {"lat": here.lat, "lng": here.lng, "accuracy": 6, "at": datetime.now(UTC).isoformat()}
        place = {} if self.approach else {"place": "bay 2" if order["vehicle"] else "at the counter"}
        self.customer.act("POST", f"{self.path}/position", {**fix, **place})
        if not self.approach and "customer_arrive" in allowed_of(self.customer.ask(self.path)):
            self.move(self.customer, "customer_arrive")

    def give_up(self) -> None:
        """Nobody brings it to its end: staff cancel it, as far as they may."""
        staff = self.town.visitor(str(sites.STAFF["email"]))
        allowed = allowed_of(staff.ask(self.path)).values()
        ways = [row for row in allowed if row["to"]["code"] in CLOSED and "reason" in row["requires"]]
        for row in sorted(ways, key=lambda one: one["name"] != "cancel_by_staff")[:1]:
            self.move(staff, row["name"], reason_code="driver_unavailable")
            self.town.given_up += 1

    def move(self, who: Visitor, name: str, **given: Any) -> None:
        who.act("POST", f"{self.path}/transitions", {"transition": name, **given})

    @property
    def path(self) -> str:
        return f"/orders/{self.order_id}"

    @property
    def kitchen(self) -> Visitor:
        return self.town.kitchen_of(self.vendor_name)

    @property
    def customer(self) -> Visitor:
        return self.town.customer_of(self.order_id)
