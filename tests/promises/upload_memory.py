"""A process of its own that reads forms with photos from files, and tells how much memory that took.

`python -m tests.promises.upload_memory [--careless] form …` prints for each form whether its photos were taken, and by
how many megabytes the process has grown at most since it read a small one.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from ordersite.web import multipart
from ordersite.web.problems import BadRequest
from tests.controls.careless_pictures import decode_whatever_comes

BOUNDARY = "a-boundary"


def peak() -> float:
    """The most memory that this process ever held, in MB.

    Not resource.getrusage: what that tells begins with the peak of whoever started the process.
    """
    [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(kilobytes) / 1024


def form_of(photos: list[bytes]) -> bytes:
    """A body with these photos."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\n'.encode()
    return b"".join(head + photo + b"\r\n" for photo in photos) + f"--{BOUNDARY}--\r\n".encode()


def read(path: Path) -> bool:
    """Reads a form as the API does; whether it was taken."""
    meta = {
        "CONTENT_TYPE": f"multipart/form-data; boundary={BOUNDARY}",
        "CONTENT_LENGTH": str(path.stat().st_size),
    }
    with path.open("rb") as stream:
        try:
            form = multipart.PhotoFormParser().parse(stream, "multipart/form-data", {"request": Request(meta)})
            return bool(form.photos)
        except BadRequest:
            return False


class Request:
    """As much of a request as the parser asks for."""

    def __init__(self, meta: dict[str, Any]) -> None:
        self.META = meta


def main(arguments: list[str]) -> None:
    if "--careless" in arguments:
        arguments.remove("--careless")
        multipart.clean_image = decode_whatever_comes  # type: ignore[attr-defined]
        multipart.Together.add = lambda self, raw: None  # type: ignore[attr-defined,method-assign]
    first, *others = (Path(argument) for argument in arguments)
    read(first)
    base = peak()
    told = {path.name: {"taken": read(path), "grown": peak() - base} for path in others}
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
