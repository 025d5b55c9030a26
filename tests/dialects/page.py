"""docs/dialects.md: which test shows which row of which foreign API. `python -m tests.dialects.page [--check]`."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "dialects.md"
# Rows of docs/requirements.md that the dialects must show, by dialect: what each foreign API alone says, or says in its
# own way.
ROWS: dict[str, tuple[str, tuple[int, ...]]] = {
    "kesk": ("Kesk OrdersApi", (*range(1, 11), *range(24, 29), 55, *range(58, 61), 111)),
    "shop": ("the shop platform's /System/Orders", (11, 29, 30, 31, 56, *range(63, 73))),
    "ordering": ("Ordering's Orders Model", (*range(12, 21), *range(32, 40), 57, 61, 62, *range(74, 111))),
    "kaddy": ("Kaddy Cloud", (*range(40, 53), 73)),
    "kalixo": ("Kalixo", (21, 22, 23, 53, 54, 112)),
}


LENIENCY = """\
## What all five read

As much as the systems whose clients they serve (`orders/dialects/base`, shown by `test_reading` and `test_leniency`).

| sent | read as |
| --- | --- |
| `4`, `4.0`, `"4"`, `"4.0"` | the same whole number |
| `0.30000000000000004`, `1.635`, `"1.635"` | an amount, rounded half up to the minor unit: 0.30, 1.64 |
| a word in another case: `CASH`, `eur` | the word |
| `null`, `""`, `[]`, `{}` for an optional field or a body, 0 for an id or measure, objects of these | left out |
| a query parameter that is empty, `null` or `undefined` | left out; a filter by id 0 is refused |
| more than 100 rows of a page | 100 |
| a field or query parameter that is not known | not sent |
| what was read, put back by an update | no change |
| a time: `2026-11-29T10:30:00+01:00`, `2026-11-29 09:30:00` | that moment; UTC without an offset |
| a path with a slash at its end | the same call, also to `Idempotency-Key` |
| `Content-Type` and `Accept` with a charset, another `Accept`, a byte order mark | JSON |
| a `charset` of ISO-8859-1, ISO-8859-15 or Windows-1252 | that; UTF-8 without one |
| a form to the shop and Ordering, `x-www-form-urlencoded` or `multipart`: `products[0][id]=4` | the same body |

A wrong value (`"abc"` or `4.5` for a whole number, `true` for a number, an unknown word, nothing for a required field)
is refused by name in the dialect's words, and changes nothing. Forms have the bounds of JSON.
""".splitlines()


@dataclass(frozen=True)
class Case:
    """A test, the call that it makes, and the rows that it shows."""

    rows: tuple[int, ...]
    call: str
    test: str


def marks_of(node: ast.FunctionDef | ast.ClassDef) -> Iterator[ast.Call]:
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.rows":
            yield decorator


def cases_of(dialect: str) -> list[Case]:
    """The cases of a dialect's tests that carry rows, in the order in which they stand."""
    trees = {path.stem: ast.parse(path.read_text()) for path in sorted((HERE / dialect).glob("*.py"))}
    named = {name: value for tree in trees.values() for name, value in assigned(tree)}
    found = []
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef):
                continue
            for mark in marks_of(node):
                rows = tuple(number for argument in mark.args for number in numbers_of(argument))
                told = next((word.value for word in mark.keywords if word.arg == "call"), ast.Constant(""))
                call = ast.literal_eval(named[told.id] if isinstance(told, ast.Name) else told)
                found.append(Case(rows, call, f"{dialect}/{module}::{node.name}"))
    return found


def assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """The names that a module gives to values, one by one or several at once."""
    for node in tree.body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                for name, value in zip(target.elts, node.value.elts, strict=True):
                    yield ast.unparse(name), value


def numbers_of(argument: ast.expr) -> tuple[int, ...]:
    """A number, or `*range(a, b)`."""
    if isinstance(argument, ast.Starred) and isinstance(argument.value, ast.Call):
        return tuple(range(*(ast.literal_eval(part) for part in argument.value.args)))
    return (int(ast.literal_eval(argument)),)


def missing_rows() -> dict[str, list[int]]:
    """The rows that no case of their dialect shows."""
    shown = {dialect: {row for case in cases_of(dialect) for row in case.rows} for dialect in ROWS}
    return {
        dialect: left
        for dialect, (_, rows) in ROWS.items()
        if (left := [row for row in rows if row not in shown[dialect]])
    }


def notes_of(dialect: str) -> list[str]:
    """What is said of the dialect by hand, in notes.md beside its tests, and an empty line; links are the page's."""
    notes = HERE / dialect / "notes.md"
    return [*notes.read_text().replace("](../../../docs/", "](").splitlines(), ""] if notes.exists() else []


def page() -> str:
    """The page's text."""
    lines = [
        "# The five dialects",
        "",
        "Generated by `python -m tests.dialects.page` from the tests: a row of [requirements.md](requirements.md), the",
        "call that serves it, and the test that shows it. A row without a test fails `make check`.",
        "",
        *LENIENCY,
    ]
    for dialect, (title, rows) in ROWS.items():
        cases = cases_of(dialect)
        lines += ["", f"## {title}: `/dialects/{dialect}`", "", *notes_of(dialect)]
        lines += ["| row | call | test |", "| --- | --- | --- |"]
        for row in rows:
            of_row = [case for case in cases if row in case.rows]
            calls = ", ".join(dict.fromkeys(f"`{case.call}`" for case in of_row if case.call))
            lines.append(f"| {row} | {calls} | {', '.join(f'`{case.test}`' for case in of_row) or '**missing**'} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Writes the page, or with --check says what is wrong with it."""
    text = page()
    if "--check" not in sys.argv:
        PAGE.write_text(text)
        return 0
    for dialect, rows in missing_rows().items():
        print(f"{dialect}: no test shows the rows {rows}.")
    if not PAGE.exists() or PAGE.read_text() != text:
        print("docs/dialects.md is not current: run python -m tests.dialects.page.")
        return 1
    return int(bool(missing_rows()))


if __name__ == "__main__":
    sys.exit(main())
