"""Hosts: each a network namespace with an address of its own; where these are not allowed, an address of the loopback.

On the loopback a host that is cut off is one whose processes are stopped (SIGSTOP): they answer nobody either.
"""

import contextlib
import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PREFIX = "lab"
NETWORK = "10.213.{}.{}"
LOOPBACK = "127.{}.77.{}"
# Whether hosts are addresses of the loopback where namespaces are allowed, too: to try that.
LOOPBACK_ALONE = os.environ.get("LAB_LOOPBACK") == "1"


def wait_for(what: str, is_so: Callable[[], object], seconds: float = 180) -> None:
    """Until it is so; raises AssertionError with `what` where it never is."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, f"waited in vain: {what}"
        time.sleep(0.1)


def run_quietly(*command: str) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0


class Network:
    """The bridge that all hosts hang on, named by this process: a later run sees what one that died has left."""

    def __init__(self) -> None:
        self.number = os.getpid() % 250 + 1
        self.name = f"{PREFIX}{os.getpid()}"
        sweep()
        self.has_namespaces = not LOOPBACK_ALONE and os.geteuid() == 0 and self.make_bridge()
        self.address = NETWORK if self.has_namespaces else LOOPBACK
        self.hosts: list[Host] = []

    @property
    def told(self) -> str:
        """What the hosts are."""
        if self.has_namespaces:
            return "hosts are network namespaces"
        return "hosts are addresses of the loopback: one that is cut off is one whose processes are stopped"

    def make_bridge(self) -> bool:
        steps = (
            ("ip", "netns", "add", f"{self.name}-try"),
            ("ip", "netns", "exec", f"{self.name}-try", "true"),
            ("ip", "netns", "del", f"{self.name}-try"),
            ("ip", "link", "add", self.name, "type", "bridge"),
            ("ip", "address", "add", f"{NETWORK.format(self.number, 1)}/24", "dev", self.name),
            ("ip", "link", "set", self.name, "up"),
        )
        try:
            return all(run_quietly(*step) for step in steps)
        except FileNotFoundError:
            return False

    def add(self, name: str) -> "Host":
        host = Host(self, name, len(self.hosts) + 2)
        self.hosts.append(host)
        return host

    def close(self) -> None:
        for host in self.hosts:
            host.close()
        if self.has_namespaces:
            run_quietly("ip", "link", "del", self.name)


def sweep() -> None:
    """Ends what labs whose process is gone have left."""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
        for name in (line.split()[0] for line in listed.splitlines() if line.startswith(PREFIX)):
            pid = name.removeprefix(PREFIX).split("-")[0]
            if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
                kill_all_in(name)
                run_quietly("ip", "netns", "del", name)
                run_quietly("ip", "link", "del", f"{PREFIX}{pid}")
                for folder in glob.glob(f"{tempfile.gettempdir()}/{PREFIX}{pid}-*"):
                    shutil.rmtree(folder, ignore_errors=True)


def kill_all_in(namespace: str) -> None:
    told = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True).stdout
    for pid in map(int, told.split()):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def with_children(pids: set[int]) -> set[int]:
    """These processes and all below them: PostgreSQL's have a process group and a session each."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The name before it, in brackets, may have anything in it.
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = set(pids)
    while below := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= below
    return found


class Host:
    """What runs on it is reached at `address`, and dies with it."""

    def __init__(self, network: Network, name: str, number: int) -> None:
        self.network, self.name = network, name
        self.address = network.address.format(network.number, number)
        self.namespace, self.link = f"{network.name}-{name}", f"{network.name}.{number}"
        self.processes: list[subprocess.Popen[bytes]] = []
        if network.has_namespaces:
            inside = ("ip", "-n", self.namespace)
            for step in (
                ("ip", "netns", "add", self.namespace),
                ("ip", "link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", self.namespace),
                ("ip", "link", "set", self.link, "master", network.name, "up"),
                (*inside, "address", "add", f"{self.address}/24", "dev", "eth0"),
                (*inside, "link", "set", "eth0", "up"),
                (*inside, "link", "set", "lo", "up"),
            ):
                subprocess.run(step, check=True, capture_output=True)

    def start(self, command: Sequence[str], log: Path, user: str = "", **options: Any) -> "subprocess.Popen[bytes]":
        """A process there, which ends with this one; of a user whom only root can become."""
        become = [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user and os.geteuid() == 0 else []
        inside = ["ip", "netns", "exec", self.namespace] if self.network.has_namespaces else []
        with log.open("ab") as out:
            process = subprocess.Popen(
                [*inside, "setpriv", "--pdeathsig", "KILL", *become, *command],
                stdout=out,
                stderr=out,
                start_new_session=True,
                **options,
            )
        self.processes.append(process)
        return process

    def signal(self, number: int) -> None:
        """To each process that was started there, with whatever these have started."""
        for pid in with_children({process.pid for process in self.processes if process.poll() is None}):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def cut(self) -> None:
        """Nothing comes or goes any more; what runs there does not know."""
        if self.network.has_namespaces:
            subprocess.run(["ip", "link", "set", self.link, "down"], check=True)
        else:
            self.signal(signal.SIGSTOP)

    def join(self) -> None:
        if self.network.has_namespaces:
            subprocess.run(["ip", "link", "set", self.link, "up"], check=True)
        else:
            self.signal(signal.SIGCONT)

    def kill(self) -> None:
        """As if its power failed: no process says goodbye, and no packet comes back."""
        if self.network.has_namespaces:
            self.cut()
            kill_all_in(self.namespace)
        self.signal(signal.SIGKILL)
        for process in self.processes:
            process.wait(20)
        self.processes = []

    def boot(self) -> None:
        """After `kill`: it can be reached again, and nothing runs there yet."""
        if self.network.has_namespaces:
            self.join()

    def is_open(self, port: int) -> bool:
        """Whether somebody answers; raises AssertionError where a process there has ended by itself."""
        assert [process.poll() for process in self.processes] == [None] * len(self.processes), f"{self.name} has failed"
        with contextlib.suppress(OSError), socket.create_connection((self.address, port), timeout=1):
            return True
        return False

    def close(self) -> None:
        self.kill()
        if self.network.has_namespaces:
            run_quietly("ip", "link", "del", self.link)
            run_quietly("ip", "netns", "del", self.namespace)
