"""One name, one meaning: no public function or class is called as one of another module."""

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("ordersite", "vendors", "orders", "tracking", "benchmarks")
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


def test_no_name_is_repeated() -> None:
    modules = defaultdict(set)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            where = path.relative_to(ROOT).as_posix()
            if "/migrations/" in where or where.startswith(NOT_READ):
                continue
            for name in PUBLIC.findall(path.read_text()):
                modules[name].add(where)
    repeated = {name: found for name, found in modules.items() if len(found) > 1}
    # What is no longer repeated leaves the list.
    assert repeated.keys() == DELIBERATE.keys(), {n: f for n, f in repeated.items() if n not in DELIBERATE}
