"""The data folder of a site that is tried: who uses it holds a shared lock on it, and nobody takes it away meanwhile.

`make` runs this file before any package is installed, so it imports none:
`python3 ordersite/web/data_folder.py VERB DATA` leaves with a sentence where a site uses the folder.
"""

import fcntl
import os
import sys
from pathlib import Path

REMEDIES = {
    "run": "stop it first, or give this one a folder of its own: make run PORT=8010 DATA_DIR=var/second",
    "fresh": "stop it first (Ctrl-C in its terminal), then `make fresh`",
}


def hold(folder: Path) -> int:
    """Tells others that this process uses the folder, until it ends; the descriptor that holds the lock."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def is_held(folder: Path) -> bool:
    """Whether any process uses it now."""
    if not folder.is_dir():
        return False
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def refusal_of_verb(verb: str, folder: Path) -> str:
    """Why the verb of `make` has to wait, and what helps; "" for nothing."""
    return f"A site or its worker is running with the data in {folder}/: {REMEDIES[verb]}." if is_held(folder) else ""


if __name__ == "__main__":
    if fault := refusal_of_verb(sys.argv[1], Path(sys.argv[2])):
        sys.exit(fault)
    if sys.argv[3:]:  # the folder, opened by the shell: held from here on until the last process has closed it
        fcntl.flock(int(sys.argv[3]), fcntl.LOCK_SH)
