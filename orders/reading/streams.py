"""Files that are sent while they are made, under ASGI too: Django would read all of it before the first byte leaves."""

from collections.abc import AsyncIterator, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django.http import FileResponse, StreamingHttpResponse

# Parts that are made by one turn in the request's thread: lines of a table, or 4 kB each of a file.
BLOCK = 200


class BlockResponse(StreamingHttpResponse):
    """Text or bytes, part by part.

    Reads a block in the request's thread, sends it, and only then reads the next: what the client is slow to take is
    not in memory, and a client that has left is noticed.
    """

    async def __aiter__(self) -> AsyncIterator[bytes]:
        parts: Iterator[bytes] = iter(self)
        take = sync_to_async(lambda: b"".join(islice(parts, BLOCK)))
        while block := await take():
            yield block


class OpenFileResponse(BlockResponse, FileResponse):
    """A file that is open, and closed once it is sent."""
