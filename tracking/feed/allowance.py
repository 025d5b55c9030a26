"""How much a client may send on a socket that only tells: counted in bytes and frames, below the parser of frames."""

BYTES, FRAMES = 16_384, 20
SECONDS = 10.0  # in which as much may be sent again


class Allowance:
    """Two buckets that are full at first and fill up evenly, and as much of the frames' headers as has to be read."""

    def __init__(self, now: float) -> None:
        self.at = now
        self.bytes: float = BYTES
        self.frames: float = FRAMES
        self.header = b""  # of a frame, not complete yet
        self.payload = 0  # bytes of the frame that are still to come

    def take(self, data: bytes, now: float) -> bool:
        """Whether the client may send this too. More bytes than are allowed are not looked into."""
        share = (now - self.at) / SECONDS
        self.at = now
        self.bytes = min(BYTES, self.bytes + share * BYTES) - len(data)
        self.frames = min(FRAMES, self.frames + share * FRAMES)
        return self.bytes >= 0 and self.count(data)

    def count(self, data: bytes) -> bool:
        """Counts the frames that begin in the data; ends with the first one too many."""
        at = 0
        while at < len(data):
            if self.payload:
                step = min(self.payload, len(data) - at)
                self.payload -= step
                at += step
                continue
            if not self.header:
                self.frames -= 1
                if self.frames < 0:
                    return False
            step = header_size(self.header) - len(self.header)
            self.header += data[at : at + step]
            at += step
            if len(self.header) == header_size(self.header):
                self.payload = payload_size(self.header)
                self.header = b""
        return True


def header_size(header: bytes) -> int:
    """How long a frame's header is, as far as what has come of it tells: 2 bytes, a longer length, a mask."""
    if len(header) < 2:
        return 2
    length = header[1] & 0x7F
    return 2 + {126: 2, 127: 8}.get(length, 0) + (4 if header[1] & 0x80 else 0)


def payload_size(header: bytes) -> int:
    length = header[1] & 0x7F
    if length < 126:
        return length
    return int.from_bytes(header[2 : 4 if length == 126 else 10], "big")
