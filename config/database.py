"""The database's URL as Django's settings: on disk, direct, or behind a pooler."""

from pathlib import Path
from typing import Any

import dj_database_url

from config import env

# A request never waits longer for a statement or a lock than its client does.
TIMEOUTS = {
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "60s",
}
# The server ends a statement after 15 s: who hears nothing a second later waits for nobody.
SILENCE_SECONDS = 16
EXAMPLE = "Example: postgres://user:pw@host:5432/db"


def settings_of(name: str, url: str, *, pooled: bool = False) -> dict[str, Any]:
    """Return Django's settings of the database that the URL of variable ``name`` points at.

    Empty: SQLite on disk in WAL mode, whose writers queue up instead of failing
    (``BEGIN IMMEDIATE`` takes the write lock at the start of a transaction). ``pooled``: between
    the platform and PostgreSQL is a pooler that hands a session to one transaction after the other.
    """
    if not url:
        url = f"sqlite:///{env.VAR_DIR / 'plaza.sqlite3'}"
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except (ValueError, KeyError) as error:
        env.refuse(f"{name} is not a database URL ({error}). {EXAMPLE}")
    engine = config.get("ENGINE", "")
    if engine.endswith("postgresql"):
        if not config["NAME"]:
            env.refuse(f"{name} names no database. {EXAMPLE}")
        return postgresql(config, pooled=pooled)
    if not engine.endswith("sqlite3"):
        env.refuse(f"{name} names {engine or 'no engine'}; Plaza runs on sqlite and postgres URLs.")
    if pooled:
        env.refuse(f"DATABASE_POOLED is on, and {name} is no postgres URL. Unset one of the two.")
    return sqlite(name, config)


def sqlite(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a file."""
    folder = Path(config["NAME"]).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        env.refuse(f"{name}: the folder {folder} cannot be made ({error.strerror}).")
    config["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
    return config


def postgresql(config: dict[str, Any], *, pooled: bool) -> dict[str, Any]:
    """Return the settings of a server, or of a pooler before it.

    A pooler drops ``options``, or refuses who sends them: its sessions have the timeouts from
    their role (deploy/postgresql/roles.sql), and each process looks whether they do.
    """
    config["ENGINE"] = "core.postgresql"  # Django's, with what is cheaper and what ends silence
    config["CONN_MAX_AGE"] = 600
    config["CONN_HEALTH_CHECKS"] = True
    config["POOLED"] = pooled
    config["TIMEOUTS"] = TIMEOUTS
    config["SILENCE_SECONDS"] = SILENCE_SECONDS
    config["OPTIONS"] = {
        **config.get("OPTIONS", {}),
        "connect_timeout": 2,
        # A server behind a network that went silent is noticed in 4 s, not in 15 minutes:
        # what was sent must be acknowledged, and waiting for an answer asks for signs of life.
        "tcp_user_timeout": 4000,
        "keepalives_idle": 2,
        "keepalives_interval": 1,
        "keepalives_count": 3,
    }
    if not pooled:
        config["OPTIONS"]["options"] = " ".join(f"-c {key}={TIMEOUTS[key]}" for key in TIMEOUTS)
    return config


def direct(name: str, url: str, default: dict[str, Any]) -> dict[str, Any] | None:
    """Return the settings of the way around the pooler, or None: for migrations and backups.

    Nobody waits for an answer there, so only locks have an end (core.postgresql.schema).
    """
    if not url:
        return None
    config = settings_of(name, url)
    if not config["ENGINE"].endswith("postgresql") or config["ENGINE"] != default["ENGINE"]:
        env.refuse(f"{name} is no postgres URL as DATABASE_URL is. {EXAMPLE}")
    config["OPTIONS"].pop("options", None)
    return {**config, "TIMEOUTS": {}, "SILENCE_SECONDS": None}
