"""What rows would make of a vendor's menu: compared first, shown, and written only as it was shown.

A row is found by its id, or by its name among the rows of its kind that belong to the same. Nothing is ever deleted;
what rows do not name stays, or is taken off sale where that is asked for.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from ordersite.accounts.callers import Caller
from ordersite.accounts.rights import Right
from ordersite.core.codes import FaultCode
from ordersite.core.digests import digest_of
from ordersite.core.faults import Fault, Forbidden, Stale
from ordersite.core.fields import Field
from ordersite.core.numbers import read_whole
from vendors.models import Category, Option, OptionGroup, Product, ProductOptionGroup, Stock, Vendor
from vendors.permissions import serves
from vendors.services.menu_rows import (
    APART,
    BETWEEN,
    HEADINGS,
    KINDS,
    MOST_SMALL,
    PARENTS,
    MenuColumn,
    MenuNode,
    MenuRow,
    StandingMenu,
    write_value,
)
from vendors.services.stock import lock_stock
from vendors.services.till_codes import taken_codes
from vendors.services.vendors import bump_menu_version, hold_vendor

NEW, CHANGED, OFF, KEPT, UNCHANGED = "new", "changed", "off sale", "kept", "unchanged"
ACTS = (NEW, CHANGED, OFF, KEPT, UNCHANGED)
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How rows are taken: whether what they do not name goes off sale, whether they set the stock, whether what stands
    already becomes as they say."""

    takes_off: bool = False
    sets_stock: bool = False
    replaces: bool = True


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a row: its line, the heading of the column, and why."""

    line: int
    heading: str
    fault: Fault


@dataclass(frozen=True, slots=True)
class CellChange:
    """A value that changes, as cells hold it."""

    heading: str
    old: str
    new: str


@dataclass(slots=True)
class PlannedRow:
    """What becomes of one row of the menu. `line` is 0 for what no row names."""

    line: int
    node: MenuNode
    act: str
    differences: list[CellChange] = field(default_factory=list)


@dataclass(slots=True)
class MenuPlan:
    """All of it. With faults it is not carried out."""

    items: list[PlannedRow] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(item.act for item in self.items)
        return {act: found[act] for act in ACTS}

    @property
    def digest(self) -> str:
        """Changes with whatever it would do, and with what that would be done to."""
        return digest_of(
            [
                (
                    item.node.kind,
                    item.node.row.pk,
                    item.act,
                    [(one.heading, one.old, one.new) for one in item.differences],
                )
                for item in self.items
                if item.act in (NEW, CHANGED, OFF)
            ]
        )


def check_may_arrange(caller: Caller, vendor: Vendor) -> None:
    """Raises Forbidden to who may not change the vendor's menu."""
    if not serves(caller, Right.CHANGE_VENDORS, vendor.pk):
        raise Forbidden(FaultCode.NOT_A_MEMBER)


def lock_menu(vendor: Vendor) -> None:
    """Nobody else changes the vendor's menu until the transaction ends: it is held first, then its parts, by id."""
    hold_vendor(vendor.pk)
    owned = {Category: "vendor", OptionGroup: "vendor", Option: "group__vendor", Product: "vendor"}
    for model, path in owned.items():
        rows: Any = model._default_manager.filter(**{path: vendor}).order_by("pk")
        list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def apply_rows(*, vendor: Vendor, caller: Caller, rows: Sequence[MenuRow], ways: Ways, shown: str) -> MenuPlan:
    """Does what the plan of this digest said. Must run in a transaction.

    Raises Forbidden; Stale where the plan is another one by now, which then changes nothing.
    """
    check_may_arrange(caller, vendor)
    lock_menu(vendor)
    if ways.sets_stock:
        # What is compared is what is written over: an order that comes meanwhile waits, and takes of what is set.
        lock_stock(dict.fromkeys(Product.objects.filter(vendor=vendor).values_list("pk", flat=True), 0))
    plan = plan_rows(vendor, rows, ways)
    if plan.faults or plan.digest != shown:
        raise Stale(FaultCode.STALE_MENU_PLAN)
    write_plan(plan)
    bump_menu_version(vendor.pk)
    return plan


def plan_rows(vendor: Vendor, rows: Sequence[MenuRow], ways: Ways) -> MenuPlan:
    """What these rows would make of the menu as it stands. Reads only."""
    return Planner(vendor, ways).plan(rows)


class Planner:
    """Finds for each row what it is about, and how that differs."""

    def __init__(self, vendor: Vendor, ways: Ways) -> None:
        self.vendor, self.ways, self.menu = vendor, ways, StandingMenu(vendor)
        self.faults: list[RowFault] = []
        self.items: list[PlannedRow] = []
        # Of what rows are about, the nodes that stand, by the row's line.
        self.nodes: dict[int, MenuNode] = {}
        self.lines: dict[int, int] = {}
        # By kind and label what a row may refer to.
        self.labels: dict[str, dict[str, list[MenuNode]]] = {}
        # The last position of a kind within what it belongs to.
        self.last: dict[tuple[str, int], int] = {}
        for nodes in self.menu.nodes.values():
            for node in nodes.values():
                self.note_position(node)
        self.codes = {pk: node.row.plu_code for pk, node in self.menu.nodes["product"].items()}

    def plan(self, rows: Sequence[MenuRow]) -> MenuPlan:
        claimed = {(row.kind, row.id) for row in rows}
        for kind in KINDS:
            mine = [row for row in rows if row.kind == kind]
            self.find(kind, mine, claimed)
        for row in rows:
            if row.line in self.nodes:
                self.compare(row, self.nodes[row.line])
        self.check_codes()
        self.check_moved_options()
        if self.ways.takes_off:
            self.take_off()
        self.faults.sort(key=lambda one: one.line)
        return MenuPlan(self.items, self.faults)

    def note_position(self, node: MenuNode) -> None:
        if node.kind != "group":
            key = (node.kind, id(node.parent))
            self.last[key] = max(self.last.get(key, -1), node.row.position)

    def blame(self, row: MenuRow, heading: str, fault: Fault) -> None:
        self.faults.append(RowFault(row.line, heading, fault))

    # --- which row it is

    def find(self, kind: str, rows: Sequence[MenuRow], claimed: set[tuple[str, int | None]]) -> None:
        standing = self.menu.nodes[kind]
        by_name: dict[tuple[int, str], list[MenuNode]] = {}
        for pk, node in standing.items():
            if (kind, pk) not in claimed:
                by_name.setdefault((id(node.parent), node.name), []).append(node)
        made: dict[tuple[int, str], MenuNode] = {}
        for row in rows:
            parent = self.refer(row, PARENTS[kind][0], row.parent, "parent") if kind in PARENTS else None
            if kind in PARENTS and parent is None:
                continue
            key = (id(parent), row.name)
            if row.id is not None:
                found = standing.get(row.id)
                if found is None:
                    self.blame(row, "id", Fault(FaultCode.ROW_UNKNOWN_ID, kind=kind))
                    continue
            else:
                several = by_name.get(key, [])
                if len(several) > 1:
                    self.blame(row, "name", Fault(FaultCode.ROW_SEVERAL, name=row.name))
                    continue
                found = several[0] if several else made.get(key)
            if found is None:
                found = made[key] = MenuNode(kind, KINDS[kind](), row.name, parent)
                if kind in ("category", "group", "product"):
                    found.row.vendor = self.vendor
            elif id(found) in self.lines:
                self.blame(row, "name", Fault(FaultCode.ROW_TWICE, line=self.lines[id(found)]))
                continue
            self.lines[id(found)], self.nodes[row.line] = row.line, found
            if not self.is_kept(found):
                found.name, found.parent = row.name, parent
        labels: dict[str, list[MenuNode]] = {}
        for node in (*standing.values(), *made.values()):
            if node.row.pk is not None or not self.is_kept(node):
                labels.setdefault(node.label, []).append(node)
        self.labels[kind] = labels

    def is_kept(self, node: MenuNode) -> bool:
        """Whether what stands stays as it is, with its parts: a copy adds to categories alone."""
        if self.ways.replaces:
            return False
        parent = node.parent if node.kind != "product" else None
        return node.row.pk is not None or (parent is not None and parent.row.pk is not None)

    def refer(self, row: MenuRow, kind: str, text: str, heading: str) -> MenuNode | None:
        """What a text refers to; None, and a fault, for nothing or for several."""
        if text.startswith("#") and (number := read_whole(text[1:])) is not None:
            found = self.menu.nodes[kind].get(number)
            several = [found] if found else []
        else:
            several = self.labels[kind].get(text, [])
        if len(several) == 1:
            return several[0]
        if several:
            self.blame(row, heading, Fault(FaultCode.ROW_SEVERAL, name=text))
        elif text:
            self.blame(row, heading, Fault(FaultCode.ROW_UNKNOWN_REFERENCE, kind=kind, name=text))
        else:
            self.blame(row, heading, Fault(FaultCode.ROW_EMPTY))
        return None

    # --- how it differs

    def compare(self, row: MenuRow, node: MenuNode) -> None:
        is_new = node.row.pk is None
        if self.is_kept(node):
            self.items += [] if is_new else [PlannedRow(row.line, node, KEPT)]
            return
        item = PlannedRow(row.line, node, NEW if is_new else UNCHANGED)
        self.differ(item, "name", "" if is_new else node.row.name, node.name)
        node.row.name = node.name
        if node.kind in PARENTS and node.parent:
            column = PARENTS[node.kind][1]
            old = "" if is_new else self.parent_name(node, getattr(node.row, f"{column}_id"))
            if is_new or getattr(node.row, f"{column}_id") != node.parent.row.pk:
                self.differ(item, "parent", old, node.parent.name)
        for heading, value in row.values.items():
            self.set_value(item, row, HEADINGS[heading], value)
        if is_new:
            self.fill(item, row)
        self.check(item, row)
        if item.differences and not is_new:
            item.act = CHANGED
        self.items.append(item)

    def parent_name(self, node: MenuNode, pk: int) -> str:
        found = self.menu.nodes[PARENTS[node.kind][0]].get(pk)
        return found.row.name if found else ""

    def differ(self, item: PlannedRow, heading: str, old: str, new: str) -> None:
        if old != new:
            item.differences.append(CellChange(heading, old, new))

    def set_value(self, item: PlannedRow, row: MenuRow, one: MenuColumn, value: Any) -> None:
        """Gives the node the value of a cell; None is an empty one."""
        node, currency = item.node, self.vendor.currency
        if one.heading == "stock":
            if self.ways.sets_stock:
                self.differ(
                    item, "stock", write_value(one, node.kind, node.stock, ""), write_value(one, node.kind, value, "")
                )
                node.stock = value
            return
        if one.heading in APART:
            self.set_reference(item, row, one, value or "")
            return
        found = one.field(node.kind)
        if value is None and not found.null:
            if not found.blank or found.choices or one.name == "position":
                if one.heading == "price" and node.kind == "product":
                    self.blame(row, "price", Fault(FaultCode.ROW_EMPTY))
                return  # it stays, or is what a new one begins with
            value = ""
        old = getattr(node.row, one.name)
        if old != value or node.row.pk is None:
            before = "" if node.row.pk is None else write_value(one, node.kind, old, currency)
            self.differ(item, one.heading, before, write_value(one, node.kind, value, currency))
            setattr(node.row, one.name, value)
            if one.name == "is_available":
                node.row.unavailable_until = None

    def set_reference(self, item: PlannedRow, row: MenuRow, one: MenuColumn, text: str) -> None:
        node = item.node
        match one.heading:
            case "station":
                if text and text not in self.menu.stations:
                    self.blame(row, "station", Fault(FaultCode.ROW_UNKNOWN_REFERENCE, kind="station", name=text))
                    return
                self.differ(item, "station", self.menu.station_name(node.row.station_id), text)
                node.row.station_id = self.menu.stations.get(text)
            case "condition":
                option = self.refer(row, "option", text, "condition") if text else None
                if option is not None and option.parent is node:
                    self.blame(row, "condition", Fault(FaultCode.ROW_OWN_OPTION))
                elif option is not node.condition:
                    old = node.condition.label if node.condition else ""
                    item.differences.append(CellChange("condition", old, option.label if option else ""))
                    node.condition = option
            case "option groups":
                names = [name.strip() for name in text.split(BETWEEN.strip()) if name.strip()]
                groups = [group for name in names if (group := self.refer(row, "group", name, "option groups"))]
                if len({id(group) for group in groups}) < len(groups):
                    self.blame(row, "option groups", Fault(FaultCode.ROW_GROUP_TWICE))
                elif [id(group) for group in groups] != [id(group) for group in node.groups]:
                    texts = [BETWEEN.join(group.name for group in some) for some in (node.groups, groups)]
                    item.differences.append(CellChange("option groups", *texts))
                    node.groups = groups

    def fill(self, item: PlannedRow, row: MenuRow) -> None:
        """What a new row begins with where the file does not say it."""
        node = item.node
        if node.kind == "product" and "price" not in row.values:
            self.blame(row, "price", Fault(FaultCode.ROW_EMPTY))
        if node.kind != "group" and row.values.get("position") is None:
            node.row.position = min(self.last.get((node.kind, id(node.parent)), -1) + 1, MOST_SMALL)
        self.note_position(node)

    def check(self, item: PlannedRow, row: MenuRow) -> None:
        """What the columns of one row say together."""
        node = item.node
        if node.kind == "group" and node.row.maximum < node.row.minimum:
            self.blame(row, "maximum", Fault(FaultCode.ROW_MAXIMUM, minimum=node.row.minimum))
        if node.kind == "product":
            try:
                node.row.clean()
            except ValidationError as error:
                self.blame(row, "price per", Fault(FaultCode.INVALID_CLEANED, message=" ".join(error.messages)))

    def check_codes(self) -> None:
        """A code that comes to a product must not be another one's."""
        coming = [item for item in self.items if item.node.kind == "product" and is_changed(item, "plu code")]
        for place in taken_codes([(item.node.row.pk, item.node.row.plu_code) for item in coming], self.codes):
            fault = Fault(FaultCode.TAKEN_PLU_CODE, Field.PLU_CODE)
            self.faults.append(RowFault(coming[place].line, "plu code", fault))

    def check_moved_options(self) -> None:
        """An option that brings a group up cannot come into that group."""
        for item in self.items:
            group = item.node.parent
            if item.node.kind == "option" and group and group.condition is item.node and is_changed(item, "parent"):
                self.faults.append(RowFault(item.line, "parent", Fault(FaultCode.ROW_OWN_OPTION)))

    def take_off(self) -> None:
        """Products and options that no row names go off sale."""
        for kind in ("option", "product"):
            for node in self.menu.nodes[kind].values():
                if id(node) not in self.lines and node.row.is_available:
                    node.row.is_available, node.row.unavailable_until = False, None
                    self.items.append(PlannedRow(0, node, OFF, [CellChange("on sale", "yes", "no")]))


# --- writing --------------------------------------------------------------------------------------------------------


def write_plan(plan: MenuPlan) -> None:
    """Writes what was compared, a kind after the other, in batches; must run in a transaction, the menu locked."""
    for kind, model in KINDS.items():
        mine = [item for item in plan.items if item.node.kind == kind]
        if kind in PARENTS:
            for item in mine:
                assert item.node.parent
                setattr(item.node.row, PARENTS[kind][1], item.node.parent.row)
        new = [item.node.row for item in mine if item.act == NEW]
        model._default_manager.bulk_create(new, batch_size=BATCH)
        write_columns(model, [item for item in mine if item.act in (CHANGED, OFF)])
    write_conditions([item for item in plan.items if item.node.kind == "group"])
    products = [item for item in plan.items if item.node.kind == "product" and item.act in (NEW, CHANGED)]
    write_links([item for item in products if is_changed(item, "option groups")])
    write_plan_stock([item.node for item in products if is_changed(item, "stock")])


def is_changed(item: PlannedRow, heading: str) -> bool:
    return any(one.heading == heading for one in item.differences)


def write_columns(model: Any, items: Sequence[PlannedRow]) -> None:
    """The columns that differ in any of the rows."""
    apart = {"option groups", "condition", "stock", "parent"}
    headings = {one.heading for item in items for one in item.differences}
    names = {HEADINGS[heading].name for heading in headings - apart}
    if "parent" in headings:
        names.add(PARENTS[items[0].node.kind][1])
    if "on sale" in headings:
        names.add("unavailable_until")
    rows = [item.node.row for item in items if any(one.heading not in apart - {"parent"} for one in item.differences)]
    if rows and names:
        model._default_manager.bulk_update(rows, sorted(names), batch_size=BATCH)


def write_conditions(items: Sequence[PlannedRow]) -> None:
    """Last, since they stand on options of other groups."""
    changed = [item.node for item in items if is_changed(item, "condition")]
    for node in changed:
        node.row.condition = node.condition.row if node.condition else None
    if changed:
        OptionGroup.objects.bulk_update([node.row for node in changed], ["condition"], batch_size=BATCH)


def write_links(items: Iterable[PlannedRow]) -> None:
    """The groups of products become those of their nodes, in that order."""
    nodes = {item.node.row.pk: item.node for item in items}
    if not nodes:
        return
    wanted = {(pk, group.row.pk): position for pk, node in nodes.items() for position, group in enumerate(node.groups)}
    standing = {
        (link.product_id, link.group_id): link for link in ProductOptionGroup.objects.filter(product__in=list(nodes))
    }
    gone = [link.pk for key, link in standing.items() if key not in wanted]
    if gone:
        ProductOptionGroup.objects.filter(pk__in=gone).delete()
    moved = []
    for key, link in standing.items():
        if key in wanted and link.position != wanted[key]:
            link.position = wanted[key]
            moved.append(link)
    ProductOptionGroup.objects.bulk_update(moved, ["position"], batch_size=BATCH)
    fresh = [
        ProductOptionGroup(product_id=product, group_id=group, position=position)
        for (product, group), position in wanted.items()
        if (product, group) not in standing
    ]
    ProductOptionGroup.objects.bulk_create(fresh, batch_size=BATCH)


def write_plan_stock(nodes: Sequence[MenuNode]) -> None:
    if not nodes:
        return
    rows = lock_stock({node.row.pk: 0 for node in nodes})
    Stock.objects.filter(pk__in=[node.row.pk for node in nodes if node.stock is None]).delete()
    changed = []
    for node in nodes:
        if node.stock is not None and node.row.pk in rows:
            rows[node.row.pk].quantity = node.stock
            changed.append(rows[node.row.pk])
    Stock.objects.bulk_update(changed, ["quantity"], batch_size=BATCH)
    fresh = [
        Stock(product_id=node.row.pk, quantity=node.stock)
        for node in nodes
        if node.stock is not None and node.row.pk not in rows
    ]
    Stock.objects.bulk_create(fresh, batch_size=BATCH)
