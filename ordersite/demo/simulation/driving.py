"""Drivers: on duty, they take an order of the simulation at a time, ride to its vendor and to its customer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from time import monotonic
from typing import Any

from ordersite.demo.replay.client import CallRefused
from ordersite.demo.simulation.routes import Route, Spot, metres_between, street_route
from ordersite.demo.simulation.town import Town, allowed_of, is_under_way, spot_of
from ordersite.demo.simulation.visitor import Visitor

RIDES = 6.0  # metres a second, as a bicycle does
FASTEST = 45.0  # metres a second: what is faster than 50 the site does not believe
REPORTS_EVERY = 2.0  # seconds, while riding
STANDS_EVERY = 10.0  # seconds, while waiting at the vendor
IDLE_EVERY = 60.0  # seconds between two reports without an order
LEAST_LOOK, MOST_LOOK = 1.0, 6.0  # seconds between two looks at what is on offer, or whether it is ready
CENTRE = Spot(50.8440, 4.3520)
HANDS_OVER = (0.3, 1.0)  # minutes of the simulation
Order = Mapping[str, Any]


@dataclass(slots=True)
class Rider:
    town: Town
    email: str
    random: Random = field(init=False)
    here: Spot = CENTRE
    is_on_duty: bool = False
    order_id: int | None = None
    route: Route | None = None
    ridden: float = 0.0  # metres of the route
    moved_at: float = 0.0
    reported_at: float = 0.0
    acts_at: float = 0.0  # when it is done at the counter or the door

    def __post_init__(self) -> None:
        self.random = self.town.random_of(self.email)

    @property
    def driver(self) -> Visitor:
        return self.town.visitor(self.email)

    @property
    def pace(self) -> float:
        """Metres a second."""
        return min(FASTEST, RIDES * self.town.plan.speed)

    @property
    def looks_every(self) -> float:
        """Seconds."""
        return min(MOST_LOOK, max(LEAST_LOOK, self.town.seconds(self.random, 0.6, 1.0)))

    def step(self) -> float | None:
        if not self.is_on_duty:
            return self.begin()
        if self.order_id is not None:
            return self.ride()
        if self.town.is_over:
            self.driver.act("PATCH", "/drivers/me", {"on_duty": False})
            return None
        self.take_order()
        if self.order_id is None and monotonic() - self.reported_at > IDLE_EVERY:
            self.report(0.0, None)
        return self.looks_every

    def begin(self) -> float:
        """Goes on duty, where it was last or somewhere in the centre; carries on what it holds."""
        me = self.driver.act("PATCH", "/drivers/me", {"on_duty": True})
        lat, lng = CENTRE.lat + self.random.uniform(-0.005, 0.005), CENTRE.lng + self.random.uniform(-0.006, 0.006)
        self.here = spot_of((me["position"] or {}).get("location")) or Spot(round(lat, 6), round(lng, 6))
        self.is_on_duty = True
        self.report(0.0, None)
        held = self.driver.ask("/drivers/me/orders?group=open")["results"]
        self.order_id = next((one["id"] for one in held if one["id"] in self.town.open_orders), None)
        return 0.0

    def take_order(self) -> None:
        """Accepts the nearest that is the simulation's; declines what it is asked for besides, so that others are."""
        offers = self.driver.ask("/drivers/me/offers?per_page=100")["results"]
        own = [one for one in offers if one["id"] in self.town.open_orders]
        for offer in sorted(own, key=self.distance_to):
            try:
                self.driver.act("POST", f"/orders/{offer['id']}/transitions", {"to": "accepted_by_driver"})
            except CallRefused as refused:
                if refused.status not in (403, 404, 409):
                    raise
                continue  # another was first
            self.town.note_move()
            self.order_id = offer["id"]
            return
        for offer in offers:
            if offer["answer_by"] is not None and offer not in own:
                self.driver.act("POST", f"/drivers/me/offers/{offer['id']}/decline")

    def distance_to(self, offer: Order) -> float:
        pickup = spot_of(offer["pickup"]["location"])
        return metres_between(self.here, pickup) if pickup else 0.0

    def ride(self) -> float:
        """A stretch of the way; at its end, what is to be done there."""
        if self.route is None:
            return self.set_out()
        now = monotonic()
        self.ridden = min(self.route.length, self.ridden + self.pace * (now - self.moved_at))
        self.moved_at = now
        is_there = self.ridden >= self.route.length
        if not is_there or now - self.reported_at > STANDS_EVERY or self.here != self.route.corners[-1]:
            self.here = self.route.at(self.ridden) if not is_there else self.route.corners[-1]
            self.report(0.0 if is_there else self.pace, self.route.heading_at(self.ridden))
        return self.arrive() if is_there else REPORTS_EVERY

    def set_out(self) -> float:
        order = self.look()
        if order is None:
            return 0.0
        target = spot_of(order["location"])
        if order["milestones"]["picked_up"] is None:
            target = self.town.vendors.get(order["vendor"]["id"])
        self.route = street_route(self.here, target or self.here, self.random)
        self.ridden, self.moved_at, self.acts_at = 0.0, monotonic(), 0.0
        return REPORTS_EVERY

    def look(self) -> Order | None:
        """The order; None, and the driver is free, where it is closed or another's."""
        try:
            order = self.driver.ask(f"/orders/{self.order_id}")
        except CallRefused as refused:
            if refused.status not in (403, 404):
                raise
            order = None
        if order is None or not is_under_way(order) or order["milestones"]["driver_accepted"] is None:
            self.order_id, self.route = None, None
            return None
        return order

    def arrive(self) -> float:
        """At the counter or the door: one thing at a time, each after a moment."""
        order = self.look()
        if order is None:
            return 0.0
        wish = choose_act(order)
        if not wish:
            return self.looks_every
        if not self.acts_at:
            self.acts_at = monotonic() + self.town.seconds(self.random, *HANDS_OVER)
        if (left := self.acts_at - monotonic()) > 0:
            return left
        self.acts_at = 0.0
        try:
            self.driver.act("POST", f"/orders/{order['id']}/transitions", self.body_of(wish, order))
        except CallRefused as refused:
            if refused.status not in (403, 404, 409):
                raise
            return self.looks_every
        self.town.note_move()
        if wish == "pick_up":
            self.route = None
        return 0.0

    def body_of(self, wish: str, order: Order) -> dict[str, Any]:
        body: dict[str, Any] = {"transition": wish}
        if wish == "fail_delivery":
            body["reason_code"] = "customer_absent"
        elif wish == "deliver" and order["proof_kind"] == "code":
            body["proof"] = self.town.customer_of(order["id"]).ask(f"/orders/{order['id']}")["collection_code"]
        return body

    def report(self, speed: float, heading: float | None) -> None:
        fix = {"lat": self.here.lat, "lng": self.here.lng, "accuracy": 6, "heading": heading, "speed": speed}
        self.driver.act("POST", "/drivers/me/position", {**fix, "at": datetime.now(UTC).isoformat()})
        self.reported_at = monotonic()


def choose_act(order: Order) -> str:
    """What the driver does where it stands; empty where it waits."""
    allowed = allowed_of(order)
    if order["milestones"]["picked_up"] is not None:
        if order["proof_kind"] in ("", "code"):
            return "deliver" if "deliver" in allowed else ""
        return "fail_delivery" if "fail_delivery" in allowed else ""  # it has no camera
    if order["milestones"]["driver_at_business"] is None and "driver_arrive" in allowed:
        return "driver_arrive"
    return "pick_up" if order["milestones"]["prepared"] is not None and "pick_up" in allowed else ""
