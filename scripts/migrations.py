"""Hold migrations to what a running release can live with: ``make migrations-lint``.

``lint`` writes each migration as the SQL that PostgreSQL would get, and lets squawk read it: what
takes a lock that requests wait for, or takes away what the release before still uses. It also holds
that no migration in ``migrations.sha256`` was changed or removed, and that every one is in it.
``seal`` adds those that are not. Migrations above the line ``# linted`` are older than the linter.

A migration that may break a rule says so, and why, in its class: ``squawk_ignore``, rule to reason.
Rules that say nothing about Django's SQL are in .squawk.toml.
"""

import hashlib
import json
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from scripts.proxy import ROOT

SEALS = ROOT / "migrations.sha256"
LINTED = "# linted"


def every_migration() -> list[str]:
    """Return the paths of all migrations of the repository's apps, in order."""
    found = ROOT.glob("*/migrations/[0-9]*.py")
    return sorted(str(path.relative_to(ROOT)) for path in found)


def digest(path: str) -> str:
    """Return the SHA-256 of a file of the repository."""
    return hashlib.sha256((ROOT / path).read_bytes()).hexdigest()


def sealed(text: str) -> tuple[dict[str, str], set[str]]:
    """Return path → digest of a file of seals, and which paths are older than the linter."""
    seals: dict[str, str] = {}
    older: set[str] = set()
    is_older = True
    for line in text.splitlines():
        if line.startswith("#"):
            is_older = is_older and not line.startswith(LINTED)
            continue
        value, path = line.split()
        seals[path] = value
        if is_older:
            older.add(path)
    return seals, older


def broken_seals(seals: dict[str, str]) -> list[str]:
    """Return a sentence for each sealed migration that is not what it was."""
    found = []
    for path, value in seals.items():
        if not (ROOT / path).is_file():
            found.append(f"{path} is gone. A migration that was released stays.")
        elif digest(path) != value:
            found.append(f"{path} was changed. Databases have it already: write another one.")
    return found


def seal() -> None:
    """Add every migration that has no seal."""
    text = SEALS.read_text()
    seals, _older = sealed(text)
    new = [path for path in every_migration() if path not in seals]
    SEALS.write_text(text + "".join(f"{digest(path)}  {path}\n" for path in new))
    sys.stdout.write(f"migrations: {len(new)} sealed\n")


def sql_of(paths: list[str]) -> dict[str, tuple[str, bool, dict[str, str]]]:
    """Return, by path, the SQL, whether it is one transaction, and the rules that it may break."""
    import django  # noqa: PLC0415 - only what is linted needs it

    django.setup()
    from django.db import connection  # noqa: PLC0415 - after setup
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415 - see above

    loader = MigrationLoader(connection, replace_migrations=False)
    written = {}
    for path in paths:
        key = (path.split("/", maxsplit=1)[0], Path(path).stem)
        lines = loader.collect_sql([(loader.graph.nodes[key], False)])
        migration: Any = loader.graph.nodes[key]
        written[path] = (
            "\n".join(lines),
            migration.atomic,
            getattr(migration, "squawk_ignore", {}),
        )
    return written


def objections(path: str, sql: str, *, atomic: bool, ignored: Collection[str]) -> list[str]:
    """Return what squawk says against one migration, a line each."""
    command = [str(Path(sys.executable).parent / "squawk"), "--reporter", "json"]
    command += ["--stdin-filepath", path]
    command += ["--assume-in-transaction" if atomic else "--no-assume-in-transaction"]
    ran = subprocess.run(  # noqa: S603 - the linter of the lock file
        command, cwd=ROOT, input=sql, capture_output=True, text=True, check=False
    )
    if ran.returncode not in {0, 1} or not ran.stdout.strip():
        return [f"{path}: squawk failed: {ran.stderr.strip()}"] if ran.returncode else []
    return [
        f"{path}: {one['rule_name']}: {' '.join(str(one['message']).split())}"
        for one in json.loads(ran.stdout)
        if one["rule_name"] not in ignored
    ]


def lint() -> list[str]:
    """Return all that is wrong."""
    seals, older = sealed(SEALS.read_text())
    every = every_migration()
    found = broken_seals(seals)
    found += [
        f"{path} has no seal. Say make migrations-seal." for path in every if path not in seals
    ]
    younger = [path for path in every if path not in older]
    for path, (sql, atomic, ignored) in sql_of(younger).items():
        found += objections(path, sql, atomic=atomic, ignored=ignored)
    return found


def main(arguments: list[str]) -> int:
    """Do what is asked for, and return the exit status."""
    if arguments == ["seal"]:
        seal()
        return 0
    if arguments != ["lint"]:
        sys.stderr.write("migrations: say lint or seal.\n")
        return 2
    found = lint()
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.stdout.write(f"migrations: {len(found)} objections\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
