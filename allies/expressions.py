"""JSON conditions that PostgreSQL and SQLite spell differently."""

from typing import Any

from django.db import models


class IsTextList(models.Func):
    """True for a JSON list; PostgreSQL also looks that every element is a text.

    SQLite allows no subquery in a CHECK, so there the elements are the serializers' business.
    """

    output_field = models.BooleanField()
    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Compile for PostgreSQL."""
        template = (
            'COALESCE(jsonb_path_match(%(expressions)s, \'strict $.type() == "array" && '
            "!(exists($[*] ? (@.type() != \"string\")))', '{}', true), false)"
        )
        return self.as_sql(compiler, connection, template=template, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Compile for SQLite."""
        return self.as_sql(
            compiler, connection, template="json_type(%(expressions)s) = 'array'", **extra
        )


class HasTag(models.Func):
    """True where a JSON list holds a text, for SQLite; PostgreSQL has ``__contains``."""

    output_field = models.BooleanField()
    arity = 2

    def as_sql(self, compiler: Any, connection: Any, *_args: Any, **_extra: Any) -> Any:
        """Compile column and tag into their places."""
        column, tag = self.get_source_expressions()
        column_sql, column_params = compiler.compile(column)
        tag_sql, tag_params = compiler.compile(tag)
        sql = (
            f"EXISTS (SELECT 1 FROM json_each({column_sql}) AS item "  # noqa: S608 - compiled parts only
            f"WHERE item.value = {tag_sql} AND item.type = 'text')"
        )
        return sql, (*column_params, *tag_params)
