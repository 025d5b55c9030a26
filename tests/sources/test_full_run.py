"""Which share of the tests a run of .ci/run has with the clock at other times: by the commit another, or the whole."""

import re
import subprocess
from itertools import product
from pathlib import Path

SOURCE = (Path(__file__).parents[2] / ".ci/run").read_text()
FUNCTIONS = ("turn", "turn_or_all", "at_other_times")


def shares(turn: int, everything: str) -> set[tuple[str, ...]]:
    """The instants of a run, each with its share."""
    found = [re.search(rf"^{name}\(\) \{{.*?^\}}", SOURCE, re.MULTILINE | re.DOTALL) for name in FUNCTIONS]
    functions = "\n".join(one[0] for one in found if one)
    stubs = 'at_time() { echo "$1 $2"; }; date() { echo 2026-01-14; }'
    script = f"TURN={turn} ALL={everything}\n{functions}\n{stubs}\nat_other_times"
    answer = subprocess.run(["bash", "-uc", script], capture_output=True, text=True, check=True)
    return {tuple(line.split()) for line in answer.stdout.splitlines()}


def test_all_is_the_whole_at_each_instant_and_eight_commits_see_each_quarter_of_it() -> None:
    whole = shares(5, "1")
    assert (len(whole), {share for _, share in whole}) == (8, {"1/1"})
    some = [shares(turn, "") for turn in range(8)]
    assert {len(run) for run in some} == {4}
    instants = {instant for instant, _ in whole}
    assert set().union(*some) == set(product(instants, ("1/4", "2/4", "3/4", "4/4")))
