"""Which statements of a page read the journal from one end to the other.

The statements are those that Django's connection was given, each explained again with the values
that it had: also one that was cancelled has a plan. What a trigger or a function runs is not seen.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

JOURNAL = "core_journalentry"
PLANNED = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "(")
type_statement = tuple[str, Any]
UNSERVED: type_statement = (f"SELECT count(*) FROM {JOURNAL} WHERE reason LIKE %s", ["%x%"])
BY_KEY: type_statement = (f"SELECT * FROM {JOURNAL} WHERE id = %s", [1])


class Finding(NamedTuple):
    """A statement that reads a table from one end to the other, and what of it is read so."""

    tables: frozenset[str]
    sql: str


def scanned(plan: dict[str, Any], tables: frozenset[str]) -> frozenset[str]:
    """Return which of the tables a plan reads from one end to the other, at whatever depth."""
    found = {plan.get("Relation Name")} if plan["Node Type"] == "Seq Scan" else set()
    below = (scanned(part, tables) for part in plan.get("Plans", ()))
    return frozenset(found & tables).union(*below)


def journal_tables(cursor: Any) -> frozenset[str]:
    """Return the journal's table and its partitions, if it has any."""
    cursor.execute(
        "SELECT relid::regclass::text FROM pg_partition_tree(%s::regclass) UNION SELECT %s",
        [JOURNAL, JOURNAL],
    )
    return frozenset(name for (name,) in cursor.fetchall())


@contextmanager
def recorded(connection: Any) -> Iterator[list[type_statement]]:
    """Yield a list that takes every statement that the connection is given within the block."""
    found: list[type_statement] = []

    def record(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's signature
        found.extend((sql, one) for one in (params if many else [params]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(record):
        yield found


def findings(
    cursor: Any, statements: list[type_statement], tables: frozenset[str]
) -> list[Finding]:
    """Return the statements whose plan reads one of the tables from one end to the other."""
    found, seen = [], set()
    for sql, params in statements:
        key = (sql, repr(params))
        if key in seen or not sql.lstrip().upper().startswith(PLANNED):
            continue
        seen.add(key)
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        [[plan]] = cursor.fetchone()
        if read := scanned(plan["Plan"], tables):
            found.append(Finding(read, sql))
    return found


def control(cursor: Any, tables: frozenset[str]) -> bool:
    """Tell whether a statement that no index serves is found, and one by its key is not."""
    found = findings(cursor, [UNSERVED, BY_KEY], tables)
    return [one.sql for one in found] == [UNSERVED[0]]
