"""What analysts read with tools of their own: views in a schema ``bi``, and who may read them.

An app's ``bi.py`` has ``VIEWS``: names and queries without personal data. Views pin the columns
that they name, so they are no migrations: ``manage.py bi_schema`` makes all of them anew.
PostgreSQL only.
"""

from collections.abc import Iterator

from core import plugs

SCHEMA = "bi"
READER = "plaza_reader"
# A role's settings hold for who signs in as it, not for members of a group: both get them.
LIMITS = ("default_transaction_read_only = on", "statement_timeout = '30s'")


def views() -> dict[str, str]:
    """Return the queries of all apps that run, by the views' names."""
    found: dict[str, str] = {}
    for app in plugs.enabled():
        found |= getattr(app.part("bi"), "VIEWS", {})
    return {name: " ".join(query.split()) for name, query in found.items()}


def drop() -> list[str]:
    """Return the statements that take the views away; the role stays."""
    return [f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"]


def make() -> list[str]:
    """Return the statements that make the views anew, and grant the role what it may read."""
    return [
        *drop(),
        f"CREATE SCHEMA {SCHEMA}",
        *(f"CREATE VIEW {SCHEMA}.{name} AS {query}" for name, query in sorted(views().items())),
        f"GRANT USAGE ON SCHEMA {SCHEMA} TO {READER}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {SCHEMA} TO {READER}",
    ]


def make_reader() -> list[str]:
    """Return the statements that make the group of readers, which signs in to nothing itself."""
    return [unless_there(READER, "NOLOGIN"), *limits_of(READER)]


def make_login(name: str) -> list[str]:
    """Return the statements that let somebody sign in as a reader; the password is set by hand."""
    return [unless_there(name, "LOGIN"), *limits_of(name), f"GRANT {READER} TO {quoted(name)}"]


def unless_there(name: str, options: str) -> str:
    """Return the statement that makes a role where there is none of its name."""
    text = name.replace("'", "''")
    return (
        f"DO $do$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{text}')"
        f" THEN CREATE ROLE {quoted(name)} {options}; END IF; END $do$"
    )


def limits_of(name: str) -> Iterator[str]:
    """Yield the statements by which a role reads only, and not for long."""
    return (f"ALTER ROLE {quoted(name)} SET {limit}" for limit in LIMITS)


def quoted(name: str) -> str:
    """Return a role's name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'
