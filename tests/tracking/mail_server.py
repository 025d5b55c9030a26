"""A mail server on loopback: it keeps what it takes, and answers each command as a test says."""

import email
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any


@dataclass
class Taken:
    """A mail that the server said it has."""

    sender: str
    recipient: str
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        found: Any = email.message_from_bytes(self.raw, policy=default)
        return found


@dataclass
class MailServer:
    """SMTP as far as a client needs it. `answer` gets a command, its argument and the recipient so far.

    What it returns is answered in the place of 250 (or 354); None leaves it, and "" hangs up.
    """

    answer: Callable[[str, str], str | None] = lambda command, argument: None
    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)
    listener: socket.socket | None = None

    def start(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", self.port), backlog=50)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def kill(self) -> None:
        """Stops listening and cuts whoever is connected."""
        if self.listener is not None:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        for one in self.connections:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    def accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self.talk(connection)

    def talk(self, connection: socket.socket) -> None:
        lines = connection.makefile("rb")

        def say(text: str) -> None:
            connection.sendall(f"{text}\r\n".encode())

        def ask(command: str, argument: str, usual: str) -> str:
            given = self.answer(command, argument)
            if given == "":
                raise ConnectionAbortedError
            say(usual if given is None else given)
            return usual if given is None else given

        sender, recipient = "", ""
        ask("CONNECT", "", "220 here")
        while line := lines.readline():
            command, _, argument = line.decode().strip().partition(" ")
            command = command.upper()
            self.commands.append(command)
            if command == "MAIL":
                sender = argument
                ask(command, argument, "250 go on")
            elif command == "RCPT":
                recipient = argument.partition("<")[2].partition(">")[0]
                ask(command, recipient, "250 go on")
            elif command == "DATA":
                if not ask(command, recipient, "354 go on").startswith("354"):
                    continue
                raw = b""
                while (part := lines.readline()) not in (b".\r\n", b""):
                    raw += part[1:] if part.startswith(b"..") else part
                # It is taken before the answer: where that is lost, the mail comes again.
                given = self.answer("TAKEN", recipient)
                if given is None or given == "" or given.startswith("250"):
                    self.taken.append(Taken(sender, recipient, raw))
                if given == "":
                    raise ConnectionAbortedError
                say(given or "250 taken")
            elif command == "QUIT":
                say("221 bye")
                return
            else:
                ask(command, argument, "250 here")


@contextmanager
def mail_server() -> Iterator[MailServer]:
    server = MailServer()
    server.start()
    try:
        yield server
    finally:
        server.kill()
