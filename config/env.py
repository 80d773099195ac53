"""The one place that reads the environment (rule 8 of docs/architecture.md).

Every variable has a line in ``.env.example``; a missing or malformed one stops the process with one
sentence that says what to set.
"""

import sys
from pathlib import Path
from typing import Any, NoReturn

import dj_database_url
from environs import Env, EnvError

BASE_DIR = Path(__file__).resolve().parent.parent

env = Env()
env.read_env(str(BASE_DIR / ".env"), recurse=False)


def refuse(reason: str) -> NoReturn:
    """Stop the process with one line on stderr instead of a traceback."""
    sys.exit(f"plaza: {reason}")


def read(kind: str, name: str, default: Any = None, **options: Any) -> Any:
    """Return variable ``name`` cast by environs' ``kind``, or stop the process.

    Without a default the variable is required.
    """
    try:
        if default is None:
            return getattr(env, kind)(name, **options)
        return getattr(env, kind)(name, default, **options)
    except EnvError as error:
        refuse(f"{name}: {error}. Set it in the environment or in .env (see .env.example).")


def text(name: str, default: str | None = None) -> str:
    """Return a text variable."""
    return str(read("str", name, default))


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    """Return a whole number of at least ``minimum``."""
    value = int(read("int", name, default))
    if value < minimum:
        refuse(f"{name} must be at least {minimum}, not {value}.")
    return value


def number(name: str, default: float) -> float:
    """Return a decimal number."""
    return float(read("float", name, default))


def flag(name: str, *, default: bool) -> bool:
    """Return a yes/no variable."""
    return bool(read("bool", name, default))


def words(name: str, default: list[str]) -> list[str]:
    """Return a comma-separated list without empty entries."""
    return [word.strip() for word in read("list", name, default) if word.strip()]


def database(name: str) -> dict[str, Any]:
    """Return Django's settings of the database that URL variable ``name`` points at.

    Empty or missing: SQLite on disk in WAL mode, whose writers queue up instead of failing
    (``BEGIN IMMEDIATE`` takes the write lock at the start of a transaction).
    """
    url = text(name, "")
    if not url:
        url = f"sqlite:///{VAR_DIR / 'plaza.sqlite3'}"
    try:
        config: dict[str, Any] = dict(dj_database_url.parse(url))
    except (ValueError, KeyError) as error:
        refuse(f"{name} is not a database URL ({error}). Example: postgres://user:pw@host:5432/db")
    engine = config.get("ENGINE", "")
    if engine.endswith("sqlite3"):
        Path(config["NAME"]).parent.mkdir(parents=True, exist_ok=True)
        config["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 10,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    elif engine.endswith("postgresql"):
        config["ENGINE"] = "core.postgresql"  # Django's, with a cheaper health check
        config["CONN_MAX_AGE"] = 600
        config["CONN_HEALTH_CHECKS"] = True
        config["OPTIONS"] = {
            **config.get("OPTIONS", {}),
            "connect_timeout": 2,
            # A server behind a network that went silent is noticed in 4 s, not in 15 minutes:
            # what was sent must be acknowledged, and waiting for an answer asks for signs of life.
            "tcp_user_timeout": 4000,
            "keepalives_idle": 2,
            "keepalives_interval": 1,
            "keepalives_count": 3,
            # A request never waits longer for a lock or a statement than its client does.
            "options": "-c statement_timeout=15s -c lock_timeout=5s"
            " -c idle_in_transaction_session_timeout=60s",
        }
    else:
        refuse(f"{name} names {engine or 'no engine'}; Plaza runs on sqlite and postgres URLs.")
    return config


# Everything that the platform writes, unless a variable of its own says otherwise.
VAR_DIR = Path(text("VAR_DIR", str(BASE_DIR / "var")))
