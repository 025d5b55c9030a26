"""The order life cycle as data: statuses, actors, changes of status and their guards. No database here.

Everything else that speaks of statuses (FSM methods, the answer "what may I do now", admin buttons, docs and tests) is
derived from RULES. Statuses 0–25 are Ordering's (docs/requirements.md, rows 74–99); per fulfilment a pair (source,
target) occurs once, a pair has one name, and a name has one target. docs/lifecycle.md is the table to read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Actor(StrEnum):
    """What somebody is to an order. A caller may be several at once."""

    CUSTOMER = "customer"
    VENDOR = "vendor"
    DRIVER = "driver"
    COMPANY = "company"  # a driver company's dispatcher
    STAFF = "staff"
    SYSTEM = "system"  # timers and settings
    GEOFENCE = "geofence"  # a position report crossed a line


class Fulfilment(IntEnum):
    """How an order reaches its customer; 1–5 as Ordering's (docs/requirements.md, rows 100–107), 6 is ours."""

    DELIVERY = 1
    PICKUP = 2
    EAT_IN = 3
    CURBSIDE = 4
    DRIVE_THRU = 5
    DIGITAL = 6

    @property
    def slug(self) -> str:
        return self.name.lower()


class Status(IntEnum):
    """Where an order stands."""

    PENDING = 0
    COMPLETED = 1
    REJECTED = 2
    DRIVER_IN_BUSINESS = 3
    PREPARATION_COMPLETED = 4
    REJECTED_BY_BUSINESS = 5
    CANCELED_BY_DRIVER = 6
    ACCEPTED_BY_BUSINESS = 7
    ACCEPTED_BY_DRIVER = 8
    PICK_UP_COMPLETED_BY_DRIVER = 9
    PICK_UP_FAILED_BY_DRIVER = 10
    DELIVERY_COMPLETED_BY_DRIVER = 11
    DELIVERY_FAILED_BY_DRIVER = 12
    PREORDER = 13
    ORDER_NOT_READY = 14
    PICKUP_COMPLETED_BY_CUSTOMER = 15
    CANCELED_BY_CUSTOMER = 16
    NOT_PICKED_BY_CUSTOMER = 17
    DRIVER_ALMOST_ARRIVED_TO_BUSINESS = 18
    DRIVER_ALMOST_ARRIVED_TO_CUSTOMER = 19
    CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS = 20
    CUSTOMER_ARRIVED_TO_BUSINESS = 21
    LOOKING_FOR_DRIVER = 22
    DRIVER_ON_WAY = 23
    DRIVER_WAITING_FOR_ORDER = 24
    ACCEPTED_BY_DRIVER_COMPANY = 25

    @property
    def slug(self) -> str:
        return self.name.lower()

    @property
    def label(self) -> str:
        return self.name.replace("_", " ").capitalize()


SUCCESS = frozenset({Status.COMPLETED, Status.DELIVERY_COMPLETED_BY_DRIVER, Status.PICKUP_COMPLETED_BY_CUSTOMER})
# Nobody is to prepare it any more.
CALLED_OFF = frozenset({Status.REJECTED, Status.REJECTED_BY_BUSINESS, Status.CANCELED_BY_CUSTOMER})
# Made and carried, or kept, in vain.
UNCLAIMED = frozenset({Status.DELIVERY_FAILED_BY_DRIVER, Status.NOT_PICKED_BY_CUSTOMER})
FAILURE = CALLED_OFF | UNCLAIMED
CLOSED = SUCCESS | FAILURE
OPEN = frozenset(Status) - CLOSED
# The driver has quit, or could not pick it up: open, and without one.
DRIVER_LEFT = frozenset({Status.CANCELED_BY_DRIVER, Status.PICK_UP_FAILED_BY_DRIVER})
# The groups of the list filter `group`; the words are Ordering's, docs/lifecycle.md lists the sets.
GROUPS: dict[str, frozenset[Status]] = {
    "open": OPEN,
    "closed": CLOSED,
    "pending": frozenset({Status.PENDING, Status.PREORDER}),
    "in_progress": OPEN - {Status.PENDING, Status.PREORDER} - DRIVER_LEFT,
    "completed": SUCCESS,
    "cancelled": FAILURE | DRIVER_LEFT,
}

# Times beside the status, written once and taken back only by an undo: kitchen and courier work side by side, and one
# status cannot hold both.
MILESTONES = (
    "accepted",
    "preparation_started",
    "prepared",
    "search_started",
    "company_accepted",
    "driver_accepted",
    "driver_at_business",
    "picked_up",
    "customer_arrived",
    "delivered",
    "closed",
)
# The milestone that a change writes.
SETS = {
    "accept": "accepted",
    "undo_reject": "accepted",
    "start_preparing": "preparation_started",
    "mark_ready": "prepared",
    "look_for_driver": "search_started",
    "accept_by_company": "company_accepted",
    "accept_by_driver": "driver_accepted",
    "driver_arrive": "driver_at_business",
    "pick_up": "picked_up",
    "depart": "picked_up",  # inferred where the driver left without saying so
    "customer_arrive": "customer_arrived",
    "deliver": "delivered",
    "correct_delivery": "delivered",
    "collect": "delivered",
    "correct_collection": "delivered",
}
WITHOUT_DRIVER = ("driver_accepted", "driver_at_business", "picked_up")
# What begins the time for which an order waits since its driver left, and what ends it: one is found or looked for.
LEAVES = frozenset({"cancel_by_driver", "fail_pickup"})
ENDS_LEAVING = frozenset({"look_for_driver", "accept_by_driver", "accept_by_company", "self_deliver", "reopen"})
# The milestones that a change takes back.
CLEARS: dict[str, tuple[str, ...]] = {
    "reopen": MILESTONES,
    "undo_ready": ("prepared",),
    "report_not_ready": ("prepared",),
    "undo_pick_up": ("picked_up",),
    "undo_delivery": ("delivered",),
    "undo_collect": ("delivered",),
    "undo_complete": ("delivered",),
    "stop_search": ("search_started",),
    # Each search has its own beginning, from which its deadline runs, and ends with the driver that it found.
    "cancel_by_driver": (*WITHOUT_DRIVER, "search_started"),
    "fail_pickup": (*WITHOUT_DRIVER, "search_started"),
    "look_for_driver": (*WITHOUT_DRIVER, "company_accepted", "search_started"),
    "self_deliver": (*WITHOUT_DRIVER, "company_accepted"),
    "fail_delivery": ("delivered",),
}

# What takes something back: nothing that was done before it is repeated by asking for it again.
TAKES_BACK = frozenset(
    "undo_ready undo_pick_up undo_delivery undo_collect undo_complete undo_reject stop_search report_not_ready "
    "cancel_by_driver fail_pickup fail_delivery reopen correct_delivery correct_collection".split()
)

ANY = "delivery pickup eat_in curbside drive_thru digital"
FOOD = "delivery pickup eat_in curbside drive_thru"
NOT_EAT_IN = "delivery pickup curbside drive_thru"
ON_SITE = "pickup eat_in curbside drive_thru"
COLLECTED = "pickup curbside drive_thru"
DELIVERY = "delivery"
EAT_IN = "eat_in"
DIGITAL = "digital"
# Statuses that rows below have in common. What the kitchen says:
KITCHEN = "accepted_by_business preparation_completed"
# A driver comes to the vendor; stands there; either; and nobody has picked it up, beside what the kitchen says.
DRIVER_COMING = "accepted_by_driver driver_almost_arrived_to_business"
AT_BUSINESS = "driver_in_business driver_waiting_for_order order_not_ready"
TO_PICK_UP = f"{DRIVER_COMING} {AT_BUSINESS}"
BEFORE_PICK_UP = (
    f"looking_for_driver accepted_by_driver_company {TO_PICK_UP} canceled_by_driver pick_up_failed_by_driver"
)
# It is on its way to the customer; the customer is on the way to it.
ON_WAY = "pick_up_completed_by_driver driver_on_way driver_almost_arrived_to_customer"
CUSTOMER_COMING = "customer_almost_arrived_to_business customer_arrived_to_business"


@dataclass(frozen=True, slots=True)
class Rule:
    """One name and target from several statuses, for the same actors and fulfilments under the same guards.

    A guard "name@actor" binds only that actor.
    """

    name: str
    sources: tuple[Status, ...]
    target: Status
    actors: str
    fulfilments: str
    guards: str = ""
    note: str = ""
    # Taken by its name only, never by its target: it has a forward twin, whose late retry must do no harm.
    by_name: bool = False

    @classmethod
    def of(
        cls,
        name: str,
        sources: str,
        target: str,
        actors: str,
        fulfilments: str,
        guards: str = "",
        note: str = "",
        by_name: bool = False,
    ) -> "Rule":
        """The rule with its statuses written by name; raises KeyError for a name that is none."""
        found = statuses_named(sources)
        return cls(name, found, Status[target.upper()], actors, fulfilments, guards, note, by_name)


def statuses_named(names: str) -> tuple[Status, ...]:
    """The statuses of these names, in the order of their numbers; raises KeyError for a name that is none."""
    return tuple(sorted(Status[name.upper()] for name in names.split()))


# fmt: off
RULES = (
    Rule.of("complete", "pending preorder", "completed", "staff", FOOD, "paid reason", "staff override"),
    Rule.of("complete", f"{BEFORE_PICK_UP} {ON_WAY} delivery_failed_by_driver", "completed", "staff", DELIVERY,
            "paid reason", "override"),
    Rule.of("complete", KITCHEN, "completed", "staff", NOT_EAT_IN, "paid reason", "staff override"),
    Rule.of("complete", "preparation_completed", "completed", "vendor staff system", EAT_IN,
            "paid", "system: some time after ready"),
    Rule.of("complete", "accepted_by_business", "completed", "vendor staff", EAT_IN,
            "paid", "served, or the on-site service is done"),
    Rule.of("complete", "accepted_by_business", "completed", "system staff", DIGITAL,
            "paid codes", "every code is issued"),
    Rule.of("complete", "delivery_completed_by_driver", "completed", "system staff vendor", DELIVERY,
            "paid", "after the settlement time"),
    Rule.of("complete", "pickup_completed_by_customer", "completed", "system staff vendor", COLLECTED,
            "paid", "after the settlement time"),
    Rule.of("complete", f"{CUSTOMER_COMING} not_picked_by_customer", "completed", "staff", COLLECTED,
            "paid reason", "staff override"),
    Rule.of("complete", "not_picked_by_customer", "completed", "vendor staff", EAT_IN, "paid", "came late"),
    Rule.of("cancel_by_staff", "pending", "rejected", "staff system", ANY,
            "reason", "system: not paid by the payment deadline"),
    Rule.of("cancel_by_staff", "completed", "rejected", "staff", ANY,
            "reason", "all the money goes back; given codes are spent"),
    Rule.of("cancel_by_staff", f"{TO_PICK_UP} {ON_WAY} delivery_completed_by_driver accepted_by_driver_company",
            "rejected", "staff", DELIVERY, "reason"),
    Rule.of("cancel_by_staff", "preparation_completed", "rejected", "staff system", DELIVERY,
            "reason", "system: no driver found by the deadline"),
    Rule.of("cancel_by_staff", "preparation_completed", "rejected", "staff", ON_SITE, "reason"),
    Rule.of("cancel_by_staff", "canceled_by_driver pick_up_failed_by_driver", "rejected", "staff system", DELIVERY,
            "reason", "system: nobody decides by the deadline"),
    Rule.of("cancel_by_staff", "accepted_by_business", "rejected", "staff", FOOD, "reason"),
    Rule.of("cancel_by_staff", "accepted_by_business", "rejected", "staff system", DIGITAL,
            "reason", "system: no code in time"),
    Rule.of("cancel_by_staff", "delivery_failed_by_driver", "rejected", "staff system", DELIVERY,
            "reason", "system: not retried by the deadline"),
    Rule.of("cancel_by_staff", "preorder", "rejected", "staff system", FOOD,
            "reason", "system: not paid by the payment deadline"),
    Rule.of("cancel_by_staff", f"{CUSTOMER_COMING} pickup_completed_by_customer not_picked_by_customer", "rejected",
            "staff", COLLECTED, "reason"),
    Rule.of("cancel_by_staff", "not_picked_by_customer", "rejected", "staff", EAT_IN, "reason"),
    Rule.of("cancel_by_staff", "looking_for_driver", "rejected", "staff system", DELIVERY,
            "reason", "nobody found by the deadline"),
    Rule.of("reject", "pending", "rejected_by_business", "vendor system", ANY,
            "reason", "system: no answer by the deadline"),
    Rule.of("reject", BEFORE_PICK_UP, "rejected_by_business", "vendor", DELIVERY, "reason"),
    Rule.of("reject", "accepted_by_business preorder", "rejected_by_business", "vendor", FOOD, "reason"),
    Rule.of("reject", CUSTOMER_COMING, "rejected_by_business", "vendor", COLLECTED, "reason"),
    Rule.of("accept", "pending", "accepted_by_business", "vendor staff system", ANY,
            "paid", "system: where the vendor accepts automatically"),
    Rule.of("accept", "preorder", "accepted_by_business", "vendor staff", FOOD, "paid"),
    Rule.of("reschedule", "pending", "preorder", "system", FOOD, "", "moved to a later time"),
    Rule.of("cancel_by_customer", "pending", "canceled_by_customer", "customer", ANY),
    Rule.of("cancel_by_customer", BEFORE_PICK_UP, "canceled_by_customer", "customer", DELIVERY, "window"),
    Rule.of("cancel_by_customer", KITCHEN, "canceled_by_customer", "customer", FOOD, "window"),
    Rule.of("cancel_by_customer", "preorder", "canceled_by_customer", "customer", FOOD),
    Rule.of("cancel_by_customer", CUSTOMER_COMING, "canceled_by_customer", "customer", COLLECTED, "window"),
    Rule.of("undo_complete", "completed", "accepted_by_business", "vendor staff", EAT_IN, "undo reason", by_name=True),
    Rule.of("correct_delivery", "completed", "delivery_completed_by_driver", "staff", DELIVERY,
            "reason", "the money follows", by_name=True),
    Rule.of("correct_delivery", "delivery_failed_by_driver", "delivery_completed_by_driver", "staff", DELIVERY,
            "reason"),
    Rule.of("correct_collection", "completed", "pickup_completed_by_customer", "staff", COLLECTED,
            "reason", "the money follows", by_name=True),
    Rule.of("reopen", "rejected canceled_by_customer", "pending", "staff", ANY,
            "reason", "a mistake is taken back; the money follows"),
    Rule.of("reopen", "rejected_by_business", "pending", "staff", ANY, "reason"),
    Rule.of("reopen", "accepted_by_business", "pending", "staff", FOOD, "reason", "a mistake is taken back"),
    Rule.of("mark_ready", BEFORE_PICK_UP, "preparation_completed", "vendor staff", DELIVERY),
    Rule.of("mark_ready", "accepted_by_business", "preparation_completed", "vendor staff", FOOD),
    Rule.of("mark_ready", CUSTOMER_COMING, "preparation_completed", "vendor staff", COLLECTED),
    Rule.of("cancel_by_driver", TO_PICK_UP, "canceled_by_driver", "driver company", DELIVERY, "reason"),
    Rule.of("cancel_by_driver", KITCHEN, "canceled_by_driver", "driver company", DELIVERY, "driver reason"),
    Rule.of("pick_up", f"{DRIVER_COMING} driver_in_business driver_waiting_for_order preparation_completed",
            "pick_up_completed_by_driver", "driver vendor company", DELIVERY, "carrier prepared"),
    Rule.of("pick_up", "accepted_by_business", "pick_up_completed_by_driver", "driver vendor company", DELIVERY,
            "carrier prepared", "package and service"),
    Rule.of("fail_pickup", TO_PICK_UP, "pick_up_failed_by_driver", "driver", DELIVERY, "reason"),
    Rule.of("fail_pickup", "preparation_completed", "pick_up_failed_by_driver", "driver", DELIVERY, "driver reason"),
    Rule.of("report_not_ready", "driver_in_business driver_waiting_for_order", "order_not_ready",
            "driver vendor", DELIVERY, "reason"),
    Rule.of("report_not_ready", "preparation_completed", "order_not_ready", "driver vendor", DELIVERY,
            "driver reason", "takes prepared back"),
    Rule.of("look_for_driver", f"driver_almost_arrived_to_business {AT_BUSINESS} delivery_failed_by_driver",
            "looking_for_driver", "staff company", DELIVERY),
    Rule.of("look_for_driver", KITCHEN, "looking_for_driver", "vendor staff system", DELIVERY, "free@system"),
    Rule.of("look_for_driver", "canceled_by_driver", "looking_for_driver", "system staff company vendor", DELIVERY,
            "", "system: some time after"),
    Rule.of("look_for_driver", "accepted_by_driver", "looking_for_driver", "staff company vendor", DELIVERY,
            "", "the driver is taken off"),
    Rule.of("look_for_driver", "pick_up_failed_by_driver", "looking_for_driver", "system staff vendor", DELIVERY,
            "", "system: some time after"),
    Rule.of("look_for_driver", "accepted_by_driver_company", "looking_for_driver", "company staff system", DELIVERY,
            "", "handed back; system: no driver came"),
    Rule.of("depart", "driver_in_business", "driver_on_way", "geofence", DELIVERY,
            "driver prepared", "left without saying so: picked_up is inferred"),
    Rule.of("depart", "preparation_completed", "driver_on_way", "geofence", DELIVERY,
            "driver prepared present", "ready was told while he was there"),
    Rule.of("depart", "pick_up_completed_by_driver", "driver_on_way", "geofence driver", DELIVERY),
    Rule.of("driver_wait", "driver_in_business", "driver_waiting_for_order", "driver system", DELIVERY),
    Rule.of("driver_wait", "order_not_ready", "driver_waiting_for_order", "vendor driver", DELIVERY),
    Rule.of("driver_arrive", KITCHEN, "driver_in_business", "driver geofence vendor", DELIVERY, "driver"),
    Rule.of("driver_arrive", DRIVER_COMING, "driver_in_business", "driver geofence vendor", DELIVERY),
    Rule.of("undo_ready", "preparation_completed", "accepted_by_business", "vendor staff", FOOD, by_name=True),
    Rule.of("accept_by_driver", f"{KITCHEN} looking_for_driver canceled_by_driver pick_up_failed_by_driver",
            "accepted_by_driver", "driver staff vendor company", DELIVERY, "free"),
    Rule.of("accept_by_driver", "order_not_ready", "accepted_by_driver", "company staff", DELIVERY,
            "", "another driver takes over"),
    Rule.of("accept_by_driver", "accepted_by_driver_company", "accepted_by_driver", "driver company staff", DELIVERY,
            "free"),
    Rule.of("collect", f"{CUSTOMER_COMING} preparation_completed", "pickup_completed_by_customer",
            "vendor customer", COLLECTED, "prepared code@customer"),
    Rule.of("collect", "not_picked_by_customer", "pickup_completed_by_customer", "vendor", COLLECTED, "prepared"),
    Rule.of("mark_not_collected", "preparation_completed", "not_picked_by_customer", "vendor system", ON_SITE,
            "prepared agreed reason"),
    Rule.of("mark_not_collected", "accepted_by_business", "not_picked_by_customer", "vendor", EAT_IN,
            "prepared agreed reason", "a service whose customer did not come"),
    Rule.of("mark_not_collected", "customer_almost_arrived_to_business", "not_picked_by_customer",
            "vendor system", COLLECTED, "prepared agreed reason"),
    Rule.of("mark_not_collected", "customer_arrived_to_business", "not_picked_by_customer", "vendor", COLLECTED,
            "prepared agreed reason"),
    Rule.of("driver_nearing_business", KITCHEN, "driver_almost_arrived_to_business",
            "geofence driver", DELIVERY, "driver"),
    Rule.of("driver_nearing_business", "accepted_by_driver", "driver_almost_arrived_to_business",
            "geofence driver", DELIVERY),
    Rule.of("customer_nearing", KITCHEN, "customer_almost_arrived_to_business", "geofence customer", COLLECTED),
    Rule.of("customer_arrive", f"{KITCHEN} customer_almost_arrived_to_business", "customer_arrived_to_business",
            "customer vendor geofence", COLLECTED),
    Rule.of("accept_by_company", f"{KITCHEN} looking_for_driver canceled_by_driver", "accepted_by_driver_company",
            "company staff", DELIVERY, "free"),
    Rule.of("undo_reject", "rejected_by_business", "accepted_by_business", "vendor staff", FOOD,
            "undo paid", "the vendor takes a rejection back", by_name=True),
    Rule.of("self_deliver", "canceled_by_driver", "accepted_by_business", "vendor staff", DELIVERY,
            "", "the vendor delivers by its own hands", by_name=True),
    Rule.of("undo_pick_up", "pick_up_completed_by_driver", "accepted_by_driver", "driver staff", DELIVERY,
            "undo reason", "the wrong bag", by_name=True),
    Rule.of("deliver", ON_WAY, "delivery_completed_by_driver", "driver company vendor", DELIVERY, "proof own@vendor"),
    Rule.of("fail_delivery", ON_WAY, "delivery_failed_by_driver", "driver company vendor", DELIVERY,
            "reason own@vendor"),
    Rule.of("fail_delivery", "delivery_completed_by_driver", "delivery_failed_by_driver", "staff", DELIVERY,
            "reason", "taken back; the money follows"),
    Rule.of("driver_nearing_customer", "pick_up_completed_by_driver driver_on_way", "driver_almost_arrived_to_customer",
            "geofence driver", DELIVERY),
    Rule.of("undo_delivery", "delivery_completed_by_driver", "pick_up_completed_by_driver", "driver staff", DELIVERY,
            "undo reason", "pressed too early", by_name=True),
    Rule.of("retry_delivery", "delivery_failed_by_driver", "driver_on_way", "staff driver company vendor", DELIVERY,
            "carrier own@vendor"),
    Rule.of("release_preorder", "preorder", "pending", "system staff", FOOD, "", "the preparation window opens"),
    Rule.of("undo_collect", "pickup_completed_by_customer", "preparation_completed", "vendor staff", COLLECTED,
            "undo reason", by_name=True),
    Rule.of("stop_search", "looking_for_driver", "accepted_by_business", "vendor staff", DELIVERY, by_name=True),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class Change:
    """One allowed change of status for one fulfilment."""

    name: str
    fulfilment: Fulfilment
    source: Status
    target: Status
    actors: frozenset[Actor]
    guards: tuple[tuple[str, Actor | None], ...]
    note: str
    by_name: bool

    def guards_for(self, actor: Actor) -> tuple[str, ...]:
        """The names of the guards that bind this actor."""
        return tuple(name for name, bound in self.guards if bound in (None, actor))

    def may_be_forced(self) -> bool:
        """Staff may take any change but those to `preorder`, whoever its actors are, with a reason."""
        return self.target != Status.PREORDER


def expand(rules: tuple[Rule, ...]) -> Iterator[Change]:
    """Every change of the rules, one for each fulfilment and source."""
    for rule in rules:
        guards = []
        for guard in rule.guards.split():
            name, _, bound = guard.partition("@")
            guards.append((name, Actor(bound) if bound else None))
        for fulfilment in rule.fulfilments.split():
            for source in rule.sources:
                yield Change(
                    name=rule.name,
                    fulfilment=Fulfilment[fulfilment.upper()],
                    source=source,
                    target=rule.target,
                    actors=frozenset(Actor(actor) for actor in rule.actors.split()),
                    guards=tuple(guards),
                    note=rule.note,
                    by_name=rule.by_name,
                )


def index(rules: tuple[Rule, ...]) -> dict[tuple[Fulfilment, Status], dict[Status, Change]]:
    """Changes by where an order stands, then by target; raises ValueError where a pair occurs twice."""
    table: dict[tuple[Fulfilment, Status], dict[Status, Change]] = {}
    for change in expand(rules):
        row = table.setdefault((change.fulfilment, change.source), {})
        if change.target in row:
            raise ValueError(f"{change.source} to {change.target} occurs twice for {change.fulfilment.slug}")
        row[change.target] = change
    return table


TABLE = index(RULES)
# A driver may accept from these.
ANSWERED_BY_DRIVER = frozenset(
    source
    for (_, source), row in TABLE.items()
    for change in row.values()
    if change.name == "accept_by_driver" and Actor.DRIVER in change.actors
)
NAMES = {rule.name: rule.target for rule in RULES}
SOURCES = {name: sorted({s for rule in RULES if rule.name == name for s in rule.sources}) for name in NAMES}


def changes_from(fulfilment: Fulfilment, source: Status) -> dict[Status, Change]:
    """What may follow this status, by target."""
    return TABLE.get((fulfilment, source), {})


def find(fulfilment: Fulfilment, source: Status, target: Status) -> Change | None:
    """The one change between two statuses, or None where there is none."""
    return changes_from(fulfilment, source).get(target)


def actors_to(fulfilment: Fulfilment, target: Status) -> frozenset[Actor]:
    """Who may bring an order of this fulfilment to the status, from anywhere."""
    return frozenset(
        actor for (of, _), row in TABLE.items() if of == fulfilment and target in row for actor in row[target].actors
    )
