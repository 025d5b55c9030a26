"""What doors show is made from the views of `orders.reading` alone: their outputs know no rows of orders."""

import ast
from pathlib import Path

import pytest

ORDERS = Path(__file__).parents[2] / "orders"
OUTPUTS = sorted(
    [*ORDERS.glob("api/*outputs.py"), *ORDERS.glob("dialects/*/outputs.py"), *ORDERS.glob("dialects/*/rendering.py")]
)
# Models whose names outputs may use: for their choices, for a status that everybody may read, and for the change of
# items that the caller has just made.
ALLOWED = {"ItemChange", "Kind", "LineOption", "NumberSeries", "OrderEvent", "PaymentStatus", "StatusLabel"}
AS_ROWS = {"ItemChange", "StatusLabel"}


def faults_in(source: str) -> list[str]:
    """Rows of orders that a module imports or takes, and ways around what a view shows."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("orders.models"):
            found += [f"imports {one.name}" for one in node.names if one.name not in ALLOWED]
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("orders.services.record"):
            found += [f"imports {one.name}" for one in node.names]
        if isinstance(node, ast.arg) and node.annotation is not None:
            names = {one.id for one in ast.walk(node.annotation) if isinstance(one, ast.Name)}
            found += [f"takes {name}" for name in sorted(names & ALLOWED - AS_ROWS - {"Kind"})]
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            found.append(f"reaches for {node.attr}")
    return found


@pytest.mark.parametrize("path", OUTPUTS, ids=lambda path: str(path.relative_to(ORDERS)))
def test_outputs_know_views_only(path: Path) -> None:
    assert faults_in(path.read_text()) == []


def test_all_doors_are_looked_at() -> None:
    assert {path.parent.name for path in OUTPUTS} == {"api", "kaddy", "kesk", "ordering", "shop"}


@pytest.mark.parametrize(
    "source",
    [
        "from orders.models import Order",
        "from orders.services.record.access import OrderAccess",
        "def show(event: OrderEvent): ...",
        "order._View__row",
    ],
)
def test_control_a_row_is_found(source: str) -> None:
    assert faults_in(source)
