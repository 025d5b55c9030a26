"""Migrations run while the version before serves, so that two processes can be replaced one at a time."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import CASCADE
from django.db.models.functions import Now

from ordersite.core.management.commands import upgrade_plan
from ordersite.core.online_migrations import RUN_BESIDE_SINCE, AddIndexOnline, RemoveIndexOnline, VacuumOften, recorded
from tests.sources.migration_rules import faults_of

LOADER = MigrationLoader(None)
RECORDED = list(RUN_BESIDE_SINCE.items())
STATE = LOADER.project_state(RECORDED)


def nothing(apps: Any, schema_editor: Any) -> None:
    pass


def newer() -> list[tuple[str, str]]:
    """The migrations after the recorded ones, each after those that it depends on."""
    graph = LOADER.graph
    leaves = [leaf for leaf in graph.leaf_nodes() if leaf[0] in RUN_BESIDE_SINCE]
    plan = dict.fromkeys(key for leaf in leaves for key in graph.forwards_plan(leaf))
    old = recorded(graph)
    return [key for key in plan if key not in old]


def test_migrations_run_beside_the_version_before() -> None:
    state, new = STATE.clone(), set[tuple[str, str]]()
    wrong = {}
    for key in newer():
        migration = LOADER.graph.nodes[key]
        faults = list(faults_of(migration, state, new))
        told = getattr(migration, "stops_site_because", "") or getattr(migration, "runs_beside_because", "")
        if faults and not told:
            wrong[key] = faults
    assert wrong == {}, "see CONTRIBUTING.md, expand, then contract"


INDEX = models.Index(fields=["status"], name="toy")
CHECK = models.CheckConstraint(condition=models.Q(total__gte=0), name="toy")


@pytest.mark.parametrize(
    ("operations", "fault"),
    [
        ([migrations.AddField("order", "toy", models.IntegerField(null=True))], None),
        ([migrations.AddField("order", "toy", models.IntegerField(db_default=0))], None),
        ([migrations.AddField("order", "toy", models.DateTimeField(db_default=Now()))], None),
        ([migrations.AddField("order", "toy", models.IntegerField(default=0))], "inserts rows without it"),
        ([migrations.AddField("order", "toy", models.IntegerField(null=True, db_index=True))], "index is built"),
        ([migrations.AddField("order", "toy", models.IntegerField(null=True, unique=True))], "index is built"),
        (
            [migrations.AddField("order", "toy", models.ForeignKey("vendors.vendor", CASCADE, null=True))],
            "index is built",
        ),
        ([migrations.RemoveField("order", "comment")], "still uses it"),
        ([migrations.RenameField("order", "comment", "remark")], "still uses it"),
        ([migrations.DeleteModel("line")], "still uses it"),
        ([migrations.RunSQL("UPDATE orders_order SET comment = ''")], "nobody has looked"),
        ([migrations.AlterField("order", "accepted_at", models.DateTimeField())], "all rows are read"),
        ([migrations.AlterField("order", "comment", models.TextField(blank=True))], "written anew"),
        ([migrations.AlterField("order", "comment", models.CharField(max_length=9000, help_text="toy"))], None),
        ([migrations.AlterField("order", "comment", models.CharField(max_length=1))], "written anew"),
        ([migrations.AddIndex("order", INDEX)], "AddIndexOnline"),
        ([AddIndexOnline("order", INDEX)], None),
        ([RemoveIndexOnline("order", "order_due")], None),
        ([VacuumOften("order")], None),
        ([migrations.AddConstraint("order", CHECK)], "AddConstraintOnline"),
        ([migrations.RunPython(nothing, nothing)], "locked to its end"),
        ([migrations.CreateModel("toy", [("id", models.AutoField(primary_key=True))])], None),
        (
            [
                migrations.CreateModel("toy", [("id", models.AutoField(primary_key=True))]),
                migrations.AddField("toy", "order", models.ForeignKey("orders.order", CASCADE)),
            ],
            None,
        ),
    ],
)
def test_what_would_lock_or_break_the_version_before_is_refused(operations: list[Operation], fault: str | None) -> None:
    migration = migrations.Migration("toy", "orders")
    migration.operations = operations
    found = list(faults_of(migration, STATE.clone(), set()))
    assert [fault in one for one in found] == [True] if fault else found == []


def test_rows_are_filled_in_batches() -> None:
    for there_and_back, expected in ((nothing, 0), (None, 1)):
        migration = migrations.Migration("toy", "orders")
        migration.atomic, migration.operations = False, [migrations.RunPython(nothing, there_and_back)]
        assert len(list(faults_of(migration, STATE.clone(), set()))) == expected


BEFORE, BESIDE = ("orders", "0080_hidden_guide"), ("web", "0006_vacuum_what_is_pruned")


@pytest.mark.parametrize(
    ("due", "stops", "told"),
    [
        ([], "", ["No migrations: replace the processes one at a time."]),
        (
            [BESIDE],
            "",
            [
                "web.0006_vacuum_what_is_pruned: runs beside the version before",
                "Migrate, then replace the processes one at a time.",
            ],
        ),
        ([BESIDE], "a toy", ["web.0006_vacuum_what_is_pruned: a toy", "Stop all processes, then migrate."]),
        (
            [BEFORE, BESIDE],
            "",
            [
                "orders.0080_hidden_guide: it was written to run while nothing else does",
                "web.0006_vacuum_what_is_pruned: runs beside the version before",
                "Stop all processes, then migrate.",
            ],
        ),
    ],
)
def test_the_plan_of_an_upgrade_says_whether_to_stop(
    due: list[tuple[str, str]],
    stops: str,
    told: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nodes = LOADER.graph.nodes
    monkeypatch.setattr(nodes[BESIDE], "stops_site_because", stops, raising=False)
    executor = SimpleNamespace(loader=LOADER, migration_plan=lambda _: [(nodes[key], False) for key in due])
    monkeypatch.setattr(upgrade_plan, "MigrationExecutor", lambda _: executor)
    if told[-1].startswith("Stop"):
        with pytest.raises(SystemExit):
            call_command("upgrade_plan")
    else:
        call_command("upgrade_plan")
    assert capsys.readouterr().out.splitlines() == told
