"""Where Debian keeps the programs that a drill needs, and which are missing."""

import os
import pwd
import shutil
from pathlib import Path

from scripts import pooler, proxy

SYSTEM_PATHS = "/usr/sbin:/usr/local/sbin"
# Program → Debian's package.
PACKAGES = {
    "nginx": "nginx-light",
    "postgres": "postgresql",
    "psql": "postgresql-client",
    "pg_dump": "postgresql-client",
    "pgbouncer": "pgbouncer",
    "redis-server": "redis-server",
    "rabbitmq-server": "rabbitmq-server",
    "epmd": "erlang-base",
}


def postgres_folder() -> Path | None:
    """Return the folder with initdb and its like, of the newest version here."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = sorted(versions, key=lambda path: float(path.parent.parent.name))
    if newest:
        return newest[-1].parent
    found = shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def rabbitmq_server() -> str | None:
    """Return RabbitMQ's own start script: Debian's wrapper wants root, and becomes its user."""
    own = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin/rabbitmq-server"))
    return str(own[-1]) if own else shutil.which("rabbitmq-server", path=SYSTEM_PATHS)


def path_of(name: str) -> str | None:
    """Return where a program is, which may be outside of people's PATH."""
    if name == "nginx":
        return proxy.nginx_path()
    if name == "postgres":
        folder = postgres_folder()
        return str(folder / "postgres") if folder else None
    if name == "pgbouncer":
        found = pooler.found()
        return found[0] if found else None
    if name == "rabbitmq-server":
        return rabbitmq_server()
    return shutil.which(name) or shutil.which(name, path=SYSTEM_PATHS)


def missing() -> list[str]:
    """Return a line for each program that is not here."""
    return [
        f"{name} is not here (Debian: apt-get install {package})"
        for name, package in PACKAGES.items()
        if path_of(name) is None
    ]


def compiler() -> str | None:
    """Return the C compiler, without which no clock is shifted, if it is here."""
    return shutil.which("cc")


def unprivileged() -> dict[str, int | list[int]]:
    """Return how subprocess starts what refuses to run as root; nothing for everybody else."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("there is no user that PostgreSQL could run as: neither postgres nor nobody")
