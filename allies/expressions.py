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


class IsTagList(models.Func):
    """True for a list of tags in their one spelling, as far as a CHECK can tell.

    PostgreSQL: each from 1 to 50 characters, no capital of ASCII, single blanks inside. SQLite,
    which allows no subquery in a CHECK, looks at the JSON text: no capital, no empty tag, no blank
    before a tag or after the last, and the first one is a text.
    """

    output_field = models.BooleanField()
    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Compile for PostgreSQL."""
        word = "[^ A-Z[:cntrl:]]+"
        template = (
            "COALESCE(jsonb_path_match(%(expressions)s, 'strict !(exists($[*] ? (!("
            f'@ like_regex "^{word}( {word})*$" && @ like_regex "^.{{1,50}}$"'
            "))))', '{}', true), false)"
        )
        return self.as_sql(compiler, connection, template=template, **extra)

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Compile for SQLite."""
        text = "%(expressions)s"
        refused = ('[""', ', ""', ',""', '[" ', ', " ', '," ')
        parts = [
            f"({text} = '[]' OR {text} GLOB '[[]\"*')",
            f"{text} NOT GLOB '*[A-Z]*'",
            f"{text} NOT GLOB '* \"]'",
            *(f"instr({text}, '{part}') = 0" for part in refused),
        ]
        template = f"({' AND '.join(parts)})"
        sql, params = self.as_sql(compiler, connection, template=template, **extra)
        return sql, list(params) * template.count(text)


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
