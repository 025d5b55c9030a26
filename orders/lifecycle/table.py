"""The order life cycle as data: statuses, actors, changes of status and their guards. No database here.

Everything else that speaks of statuses (FSM methods, the answer "what may I do now", admin buttons, docs and tests) is
derived from RULES. Statuses 0–25 are Ordering's (docs/requirements.md, rows 74–99); per fulfilment a pair (source,
target) occurs once, a pair has one name, and a name has one target. docs/lifecycle.md is the table to read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum


class Actor(StrEnum):
    """As what somebody stands to an order. A caller may be several at once."""

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


SUCCESS = frozenset({Status(1), Status(11), Status(15)})
FAILURE = frozenset({Status(2), Status(5), Status(12), Status(16), Status(17)})
CLOSED = SUCCESS | FAILURE
OPEN = frozenset(Status) - CLOSED
# The groups of the list filter `group`; the words are Ordering's, docs/lifecycle.md lists the sets.
GROUPS: dict[str, frozenset[Status]] = {
    "open": OPEN,
    "closed": CLOSED,
    "pending": frozenset({Status.PENDING, Status.PREORDER}),
    "in_progress": OPEN - {Status.PENDING, Status.PREORDER, Status(6), Status(10)},
    "completed": SUCCESS,
    "cancelled": FAILURE | {Status(6), Status(10)},
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
# The driver has quit, or could not pick it up: open, and without one.
DRIVER_LEFT = frozenset({Status.CANCELED_BY_DRIVER, Status.PICK_UP_FAILED_BY_DRIVER})
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


@dataclass(frozen=True, slots=True)
class Rule:
    """One name and target from several statuses, for the same actors and fulfilments under the same guards.

    A guard "name@actor" binds only that actor.
    """

    name: str
    sources: tuple[int, ...]
    target: int
    actors: str
    fulfilments: str
    guards: str = ""
    note: str = ""
    # Taken by its name only, never by its target: it has a forward twin, whose late retry must do no harm.
    by_name: bool = False


# fmt: off
RULES = (
    Rule("complete", (0, 13), 1, "staff", FOOD, "paid reason", "staff override"),
    Rule("complete", (3, 6, 8, 9, 10, 12, 14, 18, 19, 22, 23, 24, 25), 1, "staff", DELIVERY, "paid reason", "override"),
    Rule("complete", (4, 7), 1, "staff", NOT_EAT_IN, "paid reason", "staff override"),
    Rule("complete", (4,), 1, "vendor staff system", EAT_IN, "paid", "system: some time after ready"),
    Rule("complete", (7,), 1, "vendor staff", EAT_IN, "paid", "served, or the on-site service is done"),
    Rule("complete", (7,), 1, "system staff", DIGITAL, "paid codes", "every code is issued"),
    Rule("complete", (11,), 1, "system staff vendor", DELIVERY, "paid", "after the settlement time"),
    Rule("complete", (15,), 1, "system staff vendor", COLLECTED, "paid", "after the settlement time"),
    Rule("complete", (17, 20, 21), 1, "staff", COLLECTED, "paid reason", "staff override"),
    Rule("complete", (17,), 1, "vendor staff", EAT_IN, "paid", "came late"),
    Rule("cancel_by_staff", (0,), 2, "staff system", ANY, "reason", "system: not paid by the payment deadline"),
    Rule("cancel_by_staff", (1,), 2, "staff", ANY, "reason", "all the money goes back; given codes are spent"),
    Rule("cancel_by_staff", (3, 8, 9, 11, 14, 18, 19, 23, 24, 25), 2, "staff", DELIVERY, "reason"),
    Rule("cancel_by_staff", (4,), 2, "staff system", DELIVERY, "reason", "system: no driver found by the deadline"),
    Rule("cancel_by_staff", (4,), 2, "staff", ON_SITE, "reason"),
    Rule("cancel_by_staff", (6, 10), 2, "staff system", DELIVERY, "reason", "system: nobody decides by the deadline"),
    Rule("cancel_by_staff", (7,), 2, "staff", FOOD, "reason"),
    Rule("cancel_by_staff", (7,), 2, "staff system", DIGITAL, "reason", "system: no code in time; X reads failed"),
    Rule("cancel_by_staff", (12,), 2, "staff system", DELIVERY, "reason", "system: not retried by the deadline"),
    Rule("cancel_by_staff", (13,), 2, "staff system", FOOD, "reason", "system: not paid by the payment deadline"),
    Rule("cancel_by_staff", (15, 17, 20, 21), 2, "staff", COLLECTED, "reason"),
    Rule("cancel_by_staff", (17,), 2, "staff", EAT_IN, "reason"),
    Rule("cancel_by_staff", (22,), 2, "staff system", DELIVERY, "reason", "nobody found by the deadline"),
    Rule("reject", (0,), 5, "vendor system", ANY, "reason", "system: no answer by the deadline"),
    Rule("reject", (3, 6, 8, 10, 14, 18, 22, 24, 25), 5, "vendor", DELIVERY, "reason"),
    Rule("reject", (7, 13), 5, "vendor", FOOD, "reason"),
    Rule("reject", (20, 21), 5, "vendor", COLLECTED, "reason"),
    Rule("accept", (0,), 7, "vendor staff system", ANY, "paid", "system: where the vendor accepts automatically"),
    Rule("accept", (13,), 7, "vendor staff", FOOD, "paid"),
    Rule("reschedule", (0,), 13, "system", FOOD, "", "moved to a later time"),
    Rule("cancel_by_customer", (0,), 16, "customer", ANY),
    Rule("cancel_by_customer", (3, 6, 8, 10, 14, 18, 22, 24, 25), 16, "customer", DELIVERY, "window"),
    Rule("cancel_by_customer", (4, 7), 16, "customer", FOOD, "window"),
    Rule("cancel_by_customer", (13,), 16, "customer", FOOD),
    Rule("cancel_by_customer", (20, 21), 16, "customer", COLLECTED, "window"),
    Rule("undo_complete", (1,), 7, "vendor staff", EAT_IN, "undo reason", by_name=True),
    Rule("correct_delivery", (1,), 11, "staff", DELIVERY, "reason", "the money follows", by_name=True),
    Rule("correct_delivery", (12,), 11, "staff", DELIVERY, "reason"),
    Rule("correct_collection", (1,), 15, "staff", COLLECTED, "reason", "the money follows", by_name=True),
    Rule("reopen", (2, 16), 0, "staff", ANY, "reason", "a mistake is taken back; the money follows"),
    Rule("reopen", (5,), 0, "staff", ANY, "reason"),
    Rule("reopen", (7,), 0, "staff", FOOD, "reason", "a mistake is taken back"),
    Rule("mark_ready", (3, 6, 8, 10, 14, 18, 22, 24, 25), 4, "vendor staff", DELIVERY),
    Rule("mark_ready", (7,), 4, "vendor staff", FOOD),
    Rule("mark_ready", (20, 21), 4, "vendor staff", COLLECTED),
    Rule("cancel_by_driver", (3, 8, 14, 18, 24), 6, "driver company", DELIVERY, "reason"),
    Rule("cancel_by_driver", (4, 7), 6, "driver company", DELIVERY, "driver reason"),
    Rule("pick_up", (3, 4, 8, 18, 24), 9, "driver vendor company", DELIVERY, "carrier prepared"),
    Rule("pick_up", (7,), 9, "driver vendor company", DELIVERY, "carrier prepared", "package and service"),
    Rule("fail_pickup", (3, 8, 14, 18, 24), 10, "driver", DELIVERY, "reason"),
    Rule("fail_pickup", (4,), 10, "driver", DELIVERY, "driver reason"),
    Rule("report_not_ready", (3, 24), 14, "driver vendor", DELIVERY, "reason"),
    Rule("report_not_ready", (4,), 14, "driver vendor", DELIVERY, "driver reason", "takes prepared back"),
    Rule("look_for_driver", (3, 12, 14, 18, 24), 22, "staff company", DELIVERY),
    Rule("look_for_driver", (4, 7), 22, "vendor staff system", DELIVERY, "free@system"),
    Rule("look_for_driver", (6,), 22, "system staff company vendor", DELIVERY, "", "system: some time after"),
    Rule("look_for_driver", (8,), 22, "staff company vendor", DELIVERY, "", "the driver is taken off"),
    Rule("look_for_driver", (10,), 22, "system staff vendor", DELIVERY, "", "system: some time after"),
    Rule("look_for_driver", (25,), 22, "company staff system", DELIVERY, "", "handed back; system: no driver came"),
    Rule("depart", (3,), 23, "geofence", DELIVERY, "driver prepared", "left without saying so: picked_up is inferred"),
    Rule("depart", (4,), 23, "geofence", DELIVERY, "driver prepared present", "ready was told while he was there"),
    Rule("depart", (9,), 23, "geofence driver", DELIVERY),
    Rule("driver_wait", (3,), 24, "driver system", DELIVERY),
    Rule("driver_wait", (14,), 24, "vendor driver", DELIVERY),
    Rule("driver_arrive", (4, 7), 3, "driver geofence vendor", DELIVERY, "driver"),
    Rule("driver_arrive", (8, 18), 3, "driver geofence vendor", DELIVERY),
    Rule("undo_ready", (4,), 7, "vendor staff", FOOD, by_name=True),
    Rule("accept_by_driver", (4, 6, 7, 10, 22), 8, "driver staff vendor company", DELIVERY, "free"),
    Rule("accept_by_driver", (14,), 8, "company staff", DELIVERY, "", "another driver takes over"),
    Rule("accept_by_driver", (25,), 8, "driver company staff", DELIVERY, "free"),
    Rule("collect", (4, 20, 21), 15, "vendor customer", COLLECTED, "prepared code@customer"),
    Rule("collect", (17,), 15, "vendor", COLLECTED, "prepared"),
    Rule("mark_not_collected", (4,), 17, "vendor system", ON_SITE, "prepared agreed reason"),
    Rule(
        "mark_not_collected",
        (7,),
        17,
        "vendor",
        EAT_IN,
        "prepared agreed reason",
        "a service whose customer did not come",
    ),
    Rule("mark_not_collected", (20,), 17, "vendor system", COLLECTED, "prepared agreed reason"),
    Rule("mark_not_collected", (21,), 17, "vendor", COLLECTED, "prepared agreed reason"),
    Rule("driver_nearing_business", (4, 7), 18, "geofence driver", DELIVERY, "driver"),
    Rule("driver_nearing_business", (8,), 18, "geofence driver", DELIVERY),
    Rule("customer_nearing", (4, 7), 20, "geofence customer", COLLECTED),
    Rule("customer_arrive", (4, 7, 20), 21, "customer vendor geofence", COLLECTED),
    Rule("accept_by_company", (4, 6, 7, 22), 25, "company staff", DELIVERY, "free"),
    Rule("undo_reject", (5,), 7, "vendor staff", FOOD, "undo paid", "the vendor takes a rejection back", by_name=True),
    Rule("self_deliver", (6,), 7, "vendor staff", DELIVERY, "", "the vendor delivers by its own hands", by_name=True),
    Rule("undo_pick_up", (9,), 8, "driver staff", DELIVERY, "undo reason", "the wrong bag", by_name=True),
    Rule("deliver", (9, 19, 23), 11, "driver company vendor", DELIVERY, "proof own@vendor"),
    Rule("fail_delivery", (9, 19, 23), 12, "driver company vendor", DELIVERY, "reason own@vendor"),
    Rule("fail_delivery", (11,), 12, "staff", DELIVERY, "reason", "taken back; the money follows"),
    Rule("driver_nearing_customer", (9, 23), 19, "geofence driver", DELIVERY),
    Rule("undo_delivery", (11,), 9, "driver staff", DELIVERY, "undo reason", "pressed too early", by_name=True),
    Rule("retry_delivery", (12,), 23, "staff driver company vendor", DELIVERY, "carrier own@vendor"),
    Rule("release_preorder", (13,), 0, "system staff", FOOD, "", "the preparation window opens"),
    Rule("undo_collect", (15,), 4, "vendor staff", COLLECTED, "undo reason", by_name=True),
    Rule("stop_search", (22,), 7, "vendor staff", DELIVERY, by_name=True),
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
        """Staff may take any change but those to 13, whoever its actors are, with a reason."""
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
                    source=Status(source),
                    target=Status(rule.target),
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
NAMES = {rule.name: Status(rule.target) for rule in RULES}
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
