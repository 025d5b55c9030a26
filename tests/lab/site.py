"""The whole site on hosts of its own: a load balancer, two hosts of each kind of process, and what they stand on twice.

`Lab(directory)` takes the tests' database along, with the cast, into a primary of its own.
"""

import glob
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from ordersite.databases import BOUNDS, PLANNING
from tests.lab.hosts import Host, Network, wait_for
from tests.tracking.live import ROOT, environment

# High ones: who may not make namespaces may not open low ones either.
HTTP, SOCKETS, DATABASE, POOLER, REDIS, PLAIN, TLS = 8001, 8011, 15432, 16432, 16379, 16080, 16443
SITE = "orders.example.com"
LIMITS = "; ".join(f"SET {name} = {value}" for name, value in (PLANNING | BOUNDS).items())
# Without these the pooler waits many minutes for a host that is gone.
NOTICES_DEAD_HOSTS = (
    "tcp_keepidle = 3\ntcp_keepintvl = 1\ntcp_keepcnt = 3\ntcp_user_timeout = 6000\nserver_login_retry = 1\n"
)


class Lab:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.chmod(0o755)
        self.network = Network()
        add = self.network.add
        self.balancer, self.pooler = add("lb"), add("pool")
        self.databases, self.redis = [add("db1"), add("db2")], [add("redis1"), add("redis2")]
        self.web, self.sockets, self.workers = ([add(f"{kind}{n}") for n in (1, 2)] for kind in ("web", "ws", "job"))
        self.primary, self.standby = self.databases
        self.programs = Path(sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"))[-1]).parent

    # --- what it stands on ------------------------------------------------------------------------------------

    def as_postgres(self, host: Host, *command: str) -> Any:
        return host.start(command, self.directory / f"{host.name}.log", user="postgres", cwd="/")

    def folder_of(self, host: Host) -> Path:
        folder = self.directory / host.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        return folder

    def run_to_end(self, host: Host, *command: str) -> None:
        process = self.as_postgres(host, *command)
        assert process.wait(300) == 0, (self.directory / f"{host.name}.log").read_text()
        host.processes.remove(process)

    def start_postgres(self, host: Host) -> None:
        given = {"listen_addresses": host.address, "port": DATABASE, "unix_socket_directories": ""}
        given |= {"max_connections": 200, "hot_standby": "on", "wal_receiver_timeout": "5s"}
        options = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
        self.as_postgres(host, f"{self.programs}/postgres", "-D", str(self.directory / host.name), *options)
        wait_for(f"PostgreSQL on {host.name}", lambda: self.answers(host))

    def answers(self, host: Host) -> bool:
        try:
            return self.ask(host, "SELECT 1", database="postgres") == [(1,)]
        except psycopg.OperationalError:
            return False

    def ask(self, host: Host, query: str, *given: Any, database: str = "ordersite") -> list[Any]:
        """The rows of a statement, by a session of its own."""
        dsn = f"host={host.address} port={DATABASE} user=postgres dbname={database} connect_timeout=5"
        with psycopg.connect(dsn, autocommit=True) as session:
            cursor = session.execute(query, given)
            return cursor.fetchall() if cursor.description else []

    def start_primary(self) -> None:
        folder = self.folder_of(self.primary)
        self.run_to_end(self.primary, f"{self.programs}/initdb", "-D", str(folder), "-A", "trust", "-E", "UTF8", "-N")
        with (folder / "pg_hba.conf").open("a") as rules:
            rules.write("host all all 0.0.0.0/0 trust\nhost replication all 0.0.0.0/0 trust\n")
        self.start_postgres(self.primary)
        self.ask(self.primary, "CREATE DATABASE ordersite", database="postgres")
        copied = f"pg_dump --no-owner '{self.source}' | psql -qX -v ON_ERROR_STOP=1 '{self.direct_url}'"
        done = subprocess.run(["sh", "-c", copied], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    def start_standby(self, *, synchronous: bool) -> None:
        """A copy of the primary that follows it, and, where synchronous, has every commit before it is acknowledged."""
        folder = self.folder_of(self.standby)
        link = f"host={self.primary.address} port={DATABASE} user=postgres application_name=standby"
        command = ("-D", str(folder), "-R", "-X", "stream", "-c", "fast", "-d", link)
        self.run_to_end(self.standby, f"{self.programs}/pg_basebackup", *command)
        self.start_postgres(self.standby)
        wait_for("the standby follows", lambda: self.ask(self.primary, "SELECT 1 FROM pg_stat_replication"))
        if synchronous:
            self.ask(self.primary, "ALTER SYSTEM SET synchronous_standby_names = standby")
            self.ask(self.primary, "SELECT pg_reload_conf()")
            state = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
            wait_for("the standby is synchronous", lambda: self.ask(self.primary, state))

    def promote(self) -> None:
        """The standby becomes the primary, and the pooler leads there."""
        self.ask(self.standby, "ALTER SYSTEM RESET synchronous_standby_names", database="postgres")
        self.ask(self.standby, "SELECT pg_promote()", database="postgres")
        self.primary, self.standby = self.standby, self.primary
        self.write_pooler()
        self.pooler.signal(signal.SIGHUP)

    def write_pooler(self) -> Path:
        ini = self.directory / "pgbouncer.ini"
        ini.write_text(
            f"[databases]\nordersite = host={self.primary.address} port={DATABASE} user=postgres "
            f"connect_query='{LIMITS}'\n[pgbouncer]\nlisten_addr = {self.pooler.address}\nlisten_port = {POOLER}\n"
            "unix_socket_dir =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 60\n"
            f"max_client_conn = 500\nserver_connect_timeout = 3\n{NOTICES_DEAD_HOSTS}"
        )
        return ini

    def start_pooler(self) -> None:
        self.as_postgres(self.pooler, "/usr/sbin/pgbouncer", str(self.write_pooler()))
        wait_for("PgBouncer", lambda: self.pooler.is_open(POOLER))

    def start_redis(self, host: Host, *more: str) -> None:
        command = ["redis-server", "--bind", host.address, "--port", str(REDIS), "--protected-mode", "no"]
        nothing = ["--save", "", "--appendonly", "no", "--dir", str(self.directory)]
        host.start([*command, *nothing, *more], self.directory / f"{host.name}.log")
        wait_for(f"Redis on {host.name}", lambda: host.is_open(REDIS))

    def start_balancer(self) -> None:
        """HAProxy by deploy/haproxy.cfg, with this lab's addresses."""
        pem = self.directory / "tls.pem"
        made = f"req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={SITE} -keyout {pem} -out {pem}.crt"
        subprocess.run(["openssl", *made.split()], check=True, capture_output=True)
        pem.write_text(pem.read_text() + Path(f"{pem}.crt").read_text())
        here, text = self.balancer.address, ""
        for name in ("haproxy.cfg", "haproxy-redis.cfg"):
            text += (ROOT / "deploy" / name).read_text()
        for port, host, its in (
            ("8001", self.web[0], HTTP),
            ("8002", self.web[1], HTTP),
            ("8011", self.sockets[0], SOCKETS),
            ("8012", self.sockets[1], SOCKETS),
        ):
            text = text.replace(f"127.0.0.1:{port}", f"{host.address}:{its}")
        for number, host in enumerate(self.redis, 11):
            text = text.replace(f"10.0.0.{number}:6379", f"{host.address}:{REDIS}")
        text = text.replace("bind :80\n", f"bind {here}:{PLAIN}\n").replace("bind :443", f"bind {here}:{TLS}")
        text = text.replace("bind 127.0.0.1:6379", f"bind {here}:{REDIS}")
        text = text.replace("maxconn 20000", "maxconn 1000")
        text = text.replace("/etc/haproxy/orders.example.com.pem", str(pem))
        config = self.directory / "haproxy.cfg"
        config.write_text(text)
        self.balancer.start(["/usr/sbin/haproxy", "-f", str(config)], self.directory / "lb.log")
        wait_for("HAProxy", lambda: self.balancer.is_open(TLS))

    # --- the site ---------------------------------------------------------------------------------------------

    @property
    def source(self) -> str:
        return environment(self.directory)["DATABASE_URL"]

    @property
    def direct_url(self) -> str:
        return f"postgres://postgres@{self.primary.address}:{DATABASE}/ordersite"

    def environment(self, host: Host, **more: str) -> dict[str, str]:
        folder = self.directory / f"data-{host.name}"
        folder.mkdir(exist_ok=True)
        return environment(self.directory) | {
            "DATABASE_URL": f"postgres://postgres@{self.pooler.address}:{POOLER}/ordersite",
            "DATABASE_POOLER": "transaction",
            "DATABASE_DIRECT_URL": self.direct_url,
            "REDIS_URL": f"redis://{self.balancer.address}:{REDIS}/0",
            "DATA_DIR": str(folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "ALLOWED_HOSTS": SITE,
            "BEHIND_PROXY": "on",
            "THROTTLE_CALLER": "0",
            "THROTTLE_ANONYMOUS": "0",
            **more,
        }

    def start_site(self, host: Host, *command: str, **env: str) -> None:
        python = [sys.executable, *command]
        host.start(python, self.directory / f"{host.name}.log", cwd=ROOT, env=self.environment(host, **env))

    def start_web(self, host: Host, **env: str) -> None:
        arguments = f"--interface wsgi --blocking-threads 1 --workers 1 --host {host.address} --port {HTTP}"
        self.start_site(host, "-m", "granian", *arguments.split(), "ordersite.wsgi:application", **env)

    def start_sockets(self, host: Host, **env: str) -> None:
        arguments = f"--no-worker --host {host.address} --port {SOCKETS}"
        self.start_site(host, "manage.py", "serve", *arguments.split(), **env)

    def start_worker(self, host: Host, **env: str) -> None:
        self.start_site(host, "manage.py", "worker", **env)

    def start(self) -> None:
        self.start_primary()
        self.start_standby(synchronous=True)
        self.start_pooler()
        self.start_redis(self.redis[0])
        self.start_redis(self.redis[1], "--replicaof", self.redis[0].address, str(REDIS))
        self.start_balancer()
        for starts, hosts in ((self.start_web, self.web), (self.start_sockets, self.sockets)):
            for host in hosts:
                starts(host)
        for host in self.workers:
            self.start_worker(host)
        for host in self.web:
            wait_for(f"{host.name} answers", lambda host=host: host.is_open(HTTP))
        for host in self.sockets:
            wait_for(f"{host.name} answers", lambda host=host: host.is_open(SOCKETS))

    def close(self) -> None:
        self.network.close()

    def log(self) -> str:
        """The last lines of every log, for whoever reads a failure."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text()[-1500:]}" for path in sorted(self.directory.glob("*.log"))
        )
