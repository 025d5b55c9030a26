"""The dashboard, the alerts and the page of monitoring speak of metrics that there are."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from orders.reading.troubles import TROUBLES
from orders.services.paying.providers import PROVIDERS
from ordersite.core.metrics import DESCRIBED, Described
from tests.tracking import monitoring_page
from tests.tracking.live import ROOT
from tracking.metrics.pool import STATES
from tracking.worker import WORK

PAGE = monitoring_page.page()  # imports whatever counts
DOCS = ROOT / "docs/monitoring"
ALERTS = yaml.safe_load((DOCS / "alerts.yml").read_text())["groups"][0]["rules"]
PANELS = json.loads((DOCS / "dashboard.json").read_text())["panels"]
# A metric of ours with what is asked of its labels.
SELECTOR = re.compile(r"\b(ordersite_\w+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')
GROUPING = re.compile(r"\b(?:by|without) \(([^)]*)\)")
# What the labels hold that are asked for by value; of the others any value may come.
KINDS = {one.name for work in WORK for one in work.waits}
VALUES: dict[tuple[str, str], set[str]] = {
    ("ordersite_waiting", "kind"): KINDS,
    ("ordersite_waiting_seconds", "kind"): KINDS,
    ("ordersite_work_done_timestamp_seconds", "kind"): {work.name for work in WORK},
    ("ordersite_work_runs_total", "kind"): {work.name for work in WORK},
    ("ordersite_work_runs_total", "outcome"): {"ok", "failed"},
    ("ordersite_stuck_orders", "trouble"): {trouble.slug for trouble in TROUBLES},
    ("ordersite_outside_call_seconds", "outcome"): {"ok", "refused", "failed"},
    ("ordersite_outside_call_seconds", "service"): {*PROVIDERS, "geocoder", "mail_server", "webhooks"},
    ("ordersite_database_pool", "state"): set(STATES.values()),
}


def expressions() -> Iterator[tuple[str, str, str]]:
    """Every expression with where it stands, and what is written of its labels."""
    for rule in ALERTS:
        yield rule["alert"], rule["expr"], " ".join(rule["annotations"].values())
    for panel in PANELS:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"], target["legendFormat"]


def metric_of(name: str) -> Described:
    """The metric that a series is of; raises KeyError for none."""
    found = DESCRIBED.get(name) or DESCRIBED[re.sub(r"_(bucket|sum|count)$", "", name)]
    assert (found.kind == "histogram") == (name not in DESCRIBED), f"{name} is no series of a {found.kind}"
    return found


@pytest.mark.parametrize(("where", "expression", "told"), list(expressions()), ids=lambda text: text[:40])
def test_what_is_asked_for_is_there(where: str, expression: str, told: str) -> None:
    used: set[str] = set()
    for name, matchers in SELECTOR.findall(expression):
        metric = metric_of(name)
        labels = {*metric.labels, *(["le"] if name.endswith("_bucket") else [])}
        used |= labels
        asked = MATCHER.findall(matchers)
        assert {label for label, _, _ in asked} <= labels
        for label, sign, value in asked:
            if sign in ("=", "!="):
                assert value in VALUES[metric.name, label]
        assert "rate(" in expression or "increase(" in expression or metric.kind == "gauge"
    assert SELECTOR.search(expression)
    grouped = {label.strip() for labels in GROUPING.findall(expression) for label in labels.split(",")}
    assert grouped <= used
    assert set(re.findall(r"\$labels\.(\w+)|\{\{(\w+)\}\}", told)) <= {(one, "") for one in grouped} | {
        ("", one) for one in grouped
    }


def test_every_alert_says_what_to_do_and_how_urgent_it_is() -> None:
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)
    for rule in ALERTS:
        assert set(rule["annotations"]) == {"summary", "action"}
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["for"]


def test_every_metric_is_drawn_somewhere() -> None:
    drawn = {metric_of(name).name for _, expression, _ in expressions() for name, _ in SELECTOR.findall(expression)}
    assert drawn == set(DESCRIBED)


def test_panels_lie_beside_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in PANELS:
        place: dict[str, Any] = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


def test_the_page_lists_what_there_is() -> None:
    """`python -m tests.tracking.monitoring_page` writes it."""
    assert monitoring_page.PAGE.read_text() == PAGE


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed (Debian's package prometheus)")
@pytest.mark.slow
def test_prometheus_takes_the_alerts_and_they_fire_when_they_should(tmp_path: Path) -> None:
    for file in (DOCS / "alerts.yml", ROOT / "tests/tracking/alerts_test.yml"):
        shutil.copy(file, tmp_path)
    for call in (("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")):
        done = subprocess.run(["promtool", *call], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
