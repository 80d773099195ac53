"""What PostgreSQL and SQLite say differently in the statements that count figures."""

from collections.abc import Mapping

from django.db import connection

# ``{each:…}`` has a column ``value`` with the items;
# ``{key:…}`` is the column that ``{keys:…}`` has.
WORDS: Mapping[str, Mapping[str, str]] = {
    "postgresql": {
        "length": "jsonb_array_length({0})",
        "each": "jsonb_array_elements_text({0}) AS {1}(value)",
        "keys": "jsonb_object_keys({0}) AS {1}(value)",
        "key": "{0}.value",
        "number": "CAST({0} AS bigint)",
        "within": "({1} - {0} <= interval '{2} seconds')",
        "object": "jsonb_object_agg(CAST({0} AS text), jsonb_build_array({1}, {2}))",
        "empty": "CAST('{{}}' AS jsonb)",
        "pairs": "jsonb_each({0}) AS {1}(value, document)",
        "part": "CAST({0}.document ->> {1} AS bigint)",
        "asked": "json_to_recordset(CAST(%s AS json)) AS asked({0})",
    },
    "sqlite": {
        "length": "json_array_length({0})",
        "each": "json_each({0}) AS {1}",
        "keys": "json_each({0}) AS {1}",
        "key": "{0}.key",
        "number": "CAST({0} AS integer)",
        # Days as fractions; half a millisecond is what they may be off by.
        "within": "((julianday({1}) - julianday({0})) * 86400 <= {2}.0005)",
        "object": "json_group_object(CAST({0} AS text), json_array({1}, {2}))",
        "empty": "'{{}}'",
        "pairs": "json_each({0}) AS {1}",
        "part": "json_extract({0}.value, '$[{1}]')",
        "asked": "(SELECT {0} FROM json_each(%s)) AS asked",
    },
}


def word(name: str, *arguments: str) -> str:
    """Return one of :data:`WORDS` about its arguments."""
    return WORDS[connection.vendor][name].format(*arguments)
