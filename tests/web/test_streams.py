"""Files that are sent while they are made: under ASGI a block is read once the one before it was taken."""

import io
from collections.abc import Iterator
from contextlib import aclosing

import pytest
from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse

from orders.reading.streams import BLOCK, BlockResponse, OpenFileResponse

LINES = [f"line {number}\n" for number in range(2 * BLOCK + 1)]


def read_by(response: StreamingHttpResponse, taken: list[str]) -> tuple[int, bytes]:
    """How many lines were read for the first block, and all that is sent."""

    async def send() -> tuple[int, bytes]:
        async with aclosing(aiter(response)) as blocks:  # type: ignore[type-var]  # as Django's handler does
            first = await anext(blocks)
            count = len(taken)
            return count, first + b"".join([block async for block in blocks])

    return async_to_sync(send)()


def lines(taken: list[str]) -> Iterator[str]:
    for line in LINES:
        taken.append(line)
        yield line


def test_lines_are_read_as_they_are_taken() -> None:
    taken: list[str] = []
    assert read_by(BlockResponse(lines(taken)), taken) == (BLOCK, "".join(LINES).encode())


def test_control_django_reads_all_before_it_sends_any() -> None:
    taken: list[str] = []
    with pytest.warns(Warning, match="must consume synchronous iterators"):
        count, _ = read_by(StreamingHttpResponse(lines(taken)), taken)
    assert count == len(LINES)


def test_under_wsgi_they_are_read_as_they_are_taken_too() -> None:
    taken: list[str] = []
    sent = iter(BlockResponse(lines(taken)))
    assert (next(sent), len(taken)) == (b"line 0\n", 1)


@pytest.mark.django_db  # an answer's end looks after the connections
def test_a_file_is_sent_whole_and_closed() -> None:
    file = io.BytesIO("".join(LINES).encode() * 300)
    response = OpenFileResponse(file)
    assert read_by(response, [])[1] == file.getvalue()
    response.close()
    assert file.closed
