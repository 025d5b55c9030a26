"""Promise 12: mails arrive at least once, though the mail server fails and restarts and the workers are killed.

What comes twice comes by the same Message-ID, and only where a worker or a connection died between the server's answer
and the row.
"""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection

from ordersite.accounts.mails import queue_mail
from ordersite.accounts.models import Mail
from tests.tracking.live import ROOT, environment
from tests.tracking.mail_server import MailServer, mail_server

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
WORKERS = 2


class Mailers:
    """Workers that share the mails; one that is killed is replaced by another."""

    def __init__(self, directory: Path, port: int, *args: str) -> None:
        self.env = environment(directory, EMAIL_URL=f"smtp://127.0.0.1:{port}")
        self.args, self.kills = args, 0
        self.processes = [self.start() for _ in range(WORKERS)]

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.controls.hurried_mailer", *self.args]
        return subprocess.Popen(command, cwd=ROOT, env=self.env, stderr=subprocess.DEVNULL)

    def kill_all(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def replace_all(self) -> None:
        self.kill_all()
        self.kills += len(self.processes)
        self.processes = [self.start() for _ in range(WORKERS)]


def send_all(directory: Path, count: int, seconds: float, *args: str) -> tuple[MailServer, int, int]:
    """Has so many mails sent by workers that are killed to a server that fails; how many workers and answers died."""
    for number in range(count):
        queue_mail("text", f"reader{number}@example.org", subject=f"Mail {number}", text="Hello")
    dice, lost = random.Random(12), 0
    # Where mails get lost, fewer come: also of those more than these do.
    killed_at = {count // 6, count // 3}
    with mail_server() as server:
        mailers = Mailers(directory, server.port, *args)

        def answer(command: str, argument: str) -> str | None:
            nonlocal lost
            if command == "TAKEN":
                if len(server.taken) in killed_at:
                    # It has the mail, and whoever sent it never hears so.
                    killed_at.remove(len(server.taken))
                    mailers.replace_all()
                    return ""
                if dice.random() < 0.05:
                    lost += 1
                    return ""
            if command in ("CONNECT", "MAIL", "RCPT") and dice.random() < 0.1:
                return dice.choice(["451 4.3.0 later", "421 4.3.2 closing", ""])
            return None

        server.answer = answer
        until, restarted = time.monotonic() + seconds, False
        try:
            while Mail.objects.filter(state="waiting").exists():
                assert time.monotonic() < until, Counter(Mail.objects.values_list("state", flat=True))
                if not restarted and len(server.taken) > count // 2:
                    server.kill()
                    time.sleep(0.5)
                    server.start()
                    restarted = True
                time.sleep(0.05)
        finally:
            mailers.kill_all()
        assert restarted
        assert killed_at == set()
    connection.close()
    return server, mailers.kills, lost


def came(server: MailServer) -> tuple[set[str], Counter[str]]:
    """The subjects that came, and how often each Message-ID did."""
    messages = [taken.message for taken in server.taken]
    pairs = {(message["Message-ID"], message["Subject"]) for message in messages}
    assert len(pairs) == len({subject for _, subject in pairs}), "a mail has one Message-ID"
    return {subject for _, subject in pairs}, Counter(message["Message-ID"] for message in messages)


def test_each_arrives_at_least_once(tmp_path: Path, full: bool, figure: Callable[[str], None]) -> None:
    count = 400 if full else 60
    server, kills, lost = send_all(tmp_path, count, 300)
    subjects, times = came(server)
    assert subjects == {f"Mail {number}" for number in range(count)}
    assert set(Mail.objects.values_list("state", flat=True)) == {"sent"}
    # Twice only where an answer was lost: by a kill, a hang-up, or the server's own end.
    assert sum(times.values()) - count <= kills + lost + WORKERS
    figure(f"{count} mails in {sum(times.values())} by {kills} workers that were killed, 0 lost")


def test_control_where_no_lease_ends_what_was_cut_off_is_lost(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="waiting"):
        send_all(tmp_path, 40, 30, "forgetful")


def test_control_where_a_mail_counts_as_sent_too_early_it_is_lost(tmp_path: Path) -> None:
    server, _, _ = send_all(tmp_path, 60, 120, "hasty")
    assert len(came(server)[0]) < 60
