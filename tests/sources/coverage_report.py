"""How much of each package the last `make coverage` ran, in percent of its statements. A report, without a bound."""

from collections import Counter
from pathlib import Path

from coverage import Coverage

ROOT = Path(__file__).resolve().parent.parent.parent
# Packages of which each part is told.
PARTS_OF = ("ordersite", "orders", "orders/services", "orders/dialects")


def package_of(path: Path) -> str:
    """The package that a module is counted for: `orders/services/placing`, `vendors`."""
    folder, *rest = path.relative_to(ROOT).parent.parts
    for part in rest:
        if folder not in PARTS_OF:
            break
        folder += f"/{part}"
    return folder


def main() -> None:
    coverage = Coverage()
    coverage.load()
    statements: Counter[str] = Counter()
    run: Counter[str] = Counter()
    for name in coverage.get_data().measured_files():
        _, all_lines, _, missing, _ = coverage.analysis2(name)
        for package in (package_of(Path(name)), "all"):
            statements[package] += len(all_lines)
            run[package] += len(all_lines) - len(missing)
    for package in [*sorted(statements.keys() - {"all"}), "all"]:
        if statements[package]:
            print(f"{package:32}{run[package] / statements[package]:7.1%} of {statements[package]:6,} statements")


if __name__ == "__main__":
    main()
