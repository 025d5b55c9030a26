"""Public names of two modules: `python -m tests.sources.repeated_names` strikes off the list what is no longer one.

Nothing is ever added: a new function or class whose name is taken gets another one.
"""

import re
from collections import defaultdict
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("ordersite", "vendors", "orders", "tracking", "benchmarks")
# Those that are to be renamed, a line each.
LIST = Path(__file__).with_name("repeated_names.txt")
# Why these may stay.
DELIBERATE = {
    "Command": "Django finds a command by it",
    "main": "what a module that is run begins with",
}
# What begins a line; to look at no more costs a fraction of parsing all of it.
PUBLIC = re.compile(r"^(?:async def|def|class) ([^\W_]\w*)", re.MULTILINE)
# Each dialect answers the same questions in its own words, and none imports another. The bare view repeats the native
# API, which is measured against it. A template names a tag or filter by what it shows.
NOT_READ = ("orders/dialects/", "benchmarks/bare", "orders/templatetags/")


def listed_names() -> set[str]:
    return set(LIST.read_text().split())


@cache
def repeated_names() -> dict[str, list[str]]:
    """The public functions and classes of more than one module, with their modules."""
    modules = defaultdict(list)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            where = path.relative_to(ROOT).as_posix()
            if "/migrations/" in where or where.startswith(NOT_READ):
                continue
            for name in PUBLIC.findall(path.read_text()):
                modules[name].append(where)
    repeated = {name: found for name, found in modules.items() if len(set(found)) > 1}
    return {name: found for name, found in repeated.items() if name not in DELIBERATE}


if __name__ == "__main__":
    left = listed_names() & set(repeated_names())
    LIST.write_text("".join(f"{name}\n" for name in sorted(left)))
    print(f"{len(left)} names are left to be renamed.")
