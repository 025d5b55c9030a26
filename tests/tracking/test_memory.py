"""Memory of threads: 20 that allocate at the same time share two places."""

import platform
import subprocess
import sys

import pytest

from tests.tracking.live import ROOT
from tracking.memory import ARENAS

# Threads that hold some memory of the C library's at once, each larger than what Python manages by itself. Prints how
# many of its places were made: each begins at a multiple of 64 MB, but for the first.
SCRIPT = """
import re, sys, threading
from tracking.memory import share_arenas
if sys.argv[1] == "shared":
    share_arenas()
gate = threading.Barrier(21)
def work():
    kept = [bytearray(4000) for _ in range(50)]
    gate.wait()
    gate.wait()
for _ in range(20):
    threading.Thread(target=work).start()
gate.wait()
lines = [line for line in open("/proc/self/maps") if re.search(r" rw-p 00000000 00:00 0 *$", line)]
starts = [int(line.split("-")[0], 16) for line in lines]
print(sum(start % (64 << 20) == 0 for start in starts))
gate.wait()
"""


def places(how: str) -> int:
    ran = subprocess.run([sys.executable, "-c", SCRIPT, how], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no such places")
def test_threads_share_few_places() -> None:
    assert places("shared") <= ARENAS
    # The control: by itself the C library makes more.
    assert places("apart") > ARENAS
