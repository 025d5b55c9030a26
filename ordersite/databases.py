"""The databases that the environment names, and what each session of ours asks of PostgreSQL (docs/scaling.md)."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from ordersite.environment import Environment

SERVING = ("asgi", "wsgi", "worker")
# An order is read with a row from each of eight tables by their keys: to weigh in which order all of them could be
# joined took PostgreSQL 16 ms, to join them 1. Four at a time are planned in 4 ms, with the same plans.
PLANNING = {"join_collapse_limit": "4", "from_collapse_limit": "4"}
# ms, of processes that serve. What a transaction has locked is free again where its process hangs or its host is gone
# without a word, which TCP alone tells PostgreSQL after two hours.
BOUNDS = {"lock_timeout": "3000", "statement_timeout": "15000", "idle_in_transaction_session_timeout": "30000"}
POOLERS = ("", "transaction")
# A server whose host is gone without a word is given up after some ten seconds, also by who waits for its answer.
NOTICES_DEAD_HOST = {
    "connect_timeout": 10,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
# Of a replica, in seconds: the primary answers as well.
CONNECT_SECONDS = 2
REPLICA_OPTIONS = NOTICES_DEAD_HOST | {"connect_timeout": CONNECT_SECONDS, "tcp_user_timeout": CONNECT_SECONDS * 1000}


def read_databases(env: Environment, process: str, data_dir: Path) -> dict[str, dict[str, Any]]:
    """Django's DATABASES: "default", and "replica" where one is read from; raises ImproperlyConfigured."""
    url, direct = env.str("DATABASE_URL", ""), env.str("DATABASE_DIRECT_URL", "")
    replica, pooler = env.str("DATABASE_REPLICA_URL", ""), env.str("DATABASE_POOLER", "")
    if pooler not in POOLERS:
        raise ImproperlyConfigured(f'DATABASE_POOLER is "{pooler}": set it to transaction, or leave it unset.')
    if not url:
        if direct or pooler or replica:
            raise ImproperlyConfigured("Set DATABASE_URL too: SQLite, which is used without it, has none of these.")
        return {"default": sqlite(data_dir)}
    if pooler and not direct:
        raise ImproperlyConfigured(
            "DATABASE_POOLER needs DATABASE_DIRECT_URL, which leads to PostgreSQL itself: migrations take longer than "
            "the pooler's sessions let a statement take."
        )
    if direct and process not in SERVING:
        return {"default": postgresql(env, "DATABASE_DIRECT_URL", direct, process, is_pooled=False)}
    found = {"default": postgresql(env, "DATABASE_URL", url, process, is_pooled=bool(pooler))}
    if replica and process in ("asgi", "wsgi"):
        found["replica"] = replica_of(env, replica, process)
    return found


def sqlite(data_dir: Path) -> dict[str, Any]:
    data_dir.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": data_dir / "ordersite.sqlite3",
        "OPTIONS": {
            # IMMEDIATE: a transaction that reads and then writes would otherwise fail on the upgrade of its lock.
            "transaction_mode": "IMMEDIATE",
            "timeout": 5,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


def postgresql(
    env: Environment, name: str, url: str, process: str, *, is_pooled: bool, network: dict[str, int] = NOTICES_DEAD_HOST
) -> dict[str, Any]:
    """A PostgreSQL database by its address; raises ImproperlyConfigured for the address of anything else.

    A pooler in transaction mode gives each transaction another session: nothing is set for a session, nothing prepared
    in it and no cursor left open there. The pooler itself sets the limits (`connect_query`), and a check at the start
    refuses one that does not.
    """
    parsed = env.db_url_config(url)
    if parsed.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured(f"{name} must begin with postgres:// (leave it unset for SQLite).")
    options = parsed["OPTIONS"] = network | parsed.get("OPTIONS", {})
    if process in SERVING:
        from ordersite.core.postgresql import PreparingCursor  # noqa: PLC0415  SQLite does without psycopg

        # A statement that comes a third time on a connection is prepared: PostgreSQL plans it once, not each time.
        # Its CPU a call, measured at 100,000 orders: placing 5.0 → 3.0 ms, one order 4.8 → 1.2, a list by page
        # 5.2 → 2.4, accepting 5.4 → 2.0; ours does not change. From the first time on (0) migrations fail.
        options |= {"server_side_binding": True, "cursor_factory": PreparingCursor}
        options.setdefault("prepare_threshold", None if is_pooled else 2)
    if is_pooled:
        parsed["DISABLE_SERVER_SIDE_CURSORS"] = True
    else:
        limits = PLANNING | (BOUNDS if process in SERVING else {})
        # What the address itself sets comes last, and counts.
        sets = [f"-c {limit}={value}" for limit, value in limits.items()]
        options["options"] = " ".join([*sets, options.get("options", "")]).strip()
    if process in ("asgi", "worker"):
        # Every request runs in a thread of its own there, so a connection kept by a thread is never used again; and the
        # worker's many threads, which wait for others' servers most of their time, have one only while they use it.
        options["pool"] = {"min_size": 2, "max_size": env.int("DATABASE_POOL", 20), "timeout": 10}
    else:
        parsed["CONN_MAX_AGE"] = None
        parsed["CONN_HEALTH_CHECKS"] = True
    return parsed


def replica_of(env: Environment, url: str, process: str) -> dict[str, Any]:
    """A standby that is read from (ordersite.core.replica), past any pooler: nobody waits long for it."""
    found = postgresql(env, "DATABASE_REPLICA_URL", url, process, is_pooled=False, network=REPLICA_OPTIONS)
    options = found["OPTIONS"]
    if "pool" in options:
        options["pool"] |= {"min_size": 0, "timeout": CONNECT_SECONDS}
    return found
