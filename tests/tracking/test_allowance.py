"""How much a client may send: bytes and frames, however they are cut into pieces."""

import pytest
from websockets.frames import Frame, Opcode

from tracking.feed.allowance import BYTES, FRAMES, SECONDS, Allowance


def frame(size: int, opcode: Opcode = Opcode.PING, *, mask: bool = True) -> bytes:
    return Frame(opcode, b"x" * size).serialize(mask=mask)


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 100, 100_000])
@pytest.mark.parametrize("sizes", [[0], [1, 125], [126, 0, 200], [4096, 3], [0] * 7])
def test_frames_are_counted_whatever_the_pieces(sizes: list[int], piece: int) -> None:
    allowance = Allowance(0.0)
    data = b"".join(frame(size, Opcode.BINARY if size > 125 else Opcode.PING) for size in sizes)
    for start in range(0, len(data), piece):
        assert allowance.take(data[start : start + piece], 0.0)
    assert (allowance.frames, allowance.bytes) == (FRAMES - len(sizes), BYTES - len(data))
    assert (allowance.header, allowance.payload) == (b"", 0)


def test_a_length_of_64_bits_is_read() -> None:
    allowance = Allowance(0.0)
    assert allowance.take(bytes([0x82, 0xFF]) + (2**40).to_bytes(8, "big") + b"mask", 0.0)
    assert allowance.payload == 2**40


def test_so_many_frames_and_one_more() -> None:
    allowance = Allowance(0.0)
    assert all(allowance.take(frame(0), 0.0) for _ in range(FRAMES))
    assert not allowance.take(frame(0), 0.0)


def test_so_many_frames_and_one_more_in_one_piece() -> None:
    assert Allowance(0.0).take(frame(0) * FRAMES, 0.0)
    assert not Allowance(0.0).take(frame(0) * (FRAMES + 1), 0.0)


def test_so_many_bytes_and_one_more() -> None:
    head = len(frame(BYTES, Opcode.TEXT)) - BYTES
    assert Allowance(0.0).take(frame(BYTES - head, Opcode.TEXT), 0.0)
    allowance = Allowance(0.0)
    assert not allowance.take(frame(BYTES - head + 1, Opcode.TEXT), 0.0)
    assert allowance.frames == FRAMES, "what is too long is not looked into"


def test_it_fills_up_again_and_not_above_what_it_was() -> None:
    allowance = Allowance(0.0)
    assert allowance.take(frame(0) * FRAMES, 0.0)
    assert not allowance.take(frame(0) * 11, SECONDS / 2)
    allowance = Allowance(0.0)
    assert allowance.take(frame(0) * FRAMES, 0.0)
    assert allowance.take(frame(0) * 10, SECONDS / 2)
    assert not allowance.take(frame(0) * (FRAMES + 1), 100 * SECONDS)
