"""docs/promises.md from the docstrings of the tests beside it. `python -m tests.promises.page [--check]`."""

import ast
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "promises.md"
HEAD = """# Promises

What must hold whatever happens: races, crashes, hostile callers. Each has a test, named by its number; where it is \
about a race or a crash, the test has a control that fails with the protection taken out. `make promises` runs them \
all at full size on PostgreSQL and Redis, and prints a line with its figure for each; the quick tests run them small.

Generated from the tests by `python -m tests.promises.page`.

| | promise | shown by |
| --- | --- | --- |
"""


def rows() -> list[str]:
    """A line for each module, in the order of the numbers; the promise is the first paragraph of its docstring."""
    found = []
    for path in sorted(HERE.glob("test_p*.py")):
        first = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n\n")[0]
        told = re.fullmatch(r"Promise (\d+)(?::|, | )(.+)", " ".join(first.split()))
        if told is None:
            sys.exit(f"{path.name}: its docstring does not begin with “Promise” and its number.")
        text = told[2].strip()
        found.append(f"| {told[1]} | {text[0].upper()}{text[1:]} | `{path.relative_to(HERE.parent.parent)}` |\n")
    return found


def page() -> str:
    return HEAD + "".join(rows())


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(0 if PAGE.exists() and PAGE.read_text() == page() else f"{PAGE} is old: run this without --check.")
    PAGE.write_text(page())
