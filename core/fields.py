"""Model fields that several apps need."""

from typing import Any, ClassVar

from django.db import models
from django.db.models import lookups

from core.text import email_key, name_key, search_key

# Two blanks, which no key has: what follows makes the key of a twin its own.
TWIN = "  twin "

CAUSE_LENGTH = 200


class ComputedField:
    """Mixin: code computes the column whenever the row is written; the journal leaves it out."""


class KeyField(ComputedField, models.CharField):
    """Base: a key of another attribute of the row, made by one function of :mod:`core.text`.

    A column of its own and not ``Lower()`` in an index, because SQLite lowers ASCII only.
    """

    key: ClassVar[Any]  # a function of core.text, as a static method

    def __init__(self, *args: Any, source: str = "", **kwargs: Any) -> None:
        self.source = source
        kwargs.setdefault("max_length", 255)
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Describe the field for migrations."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source}

    @property
    def read(self) -> tuple[str, ...]:
        """Return the names of the attributes that the key is made of."""
        return (self.source,)

    def key_of(self, row: Any) -> str | None:
        """Return the key of what the row says, or None where it says nothing."""
        value = getattr(row, self.source)
        return None if value is None or (self.null and not value) else str(self.key(value))

    def twin_key_of(self, row: Any) -> str:
        """Return the key of a row whose own one another row had first (:mod:`core.keys`)."""
        mark = f"{TWIN}{row.pk}"
        return f"{(self.key_of(row) or '')[: (self.max_length or 0) - len(mark)]}{mark}"

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:  # noqa: FBT001 - Django's signature
        """Compute the value whenever the row is written; a twin stays one until it is renamed."""
        stored = getattr(model_instance, self.attname)
        if (
            isinstance(stored, str)
            and TWIN in stored
            and stored == self.twin_key_of(model_instance)
        ):
            return stored
        value = self.key_of(model_instance)
        setattr(model_instance, self.attname, value)
        return value


class FoldedField(KeyField):
    """The key that makes a name unique: whatever its case, its blanks and how it is encoded."""

    key = staticmethod(name_key)


class EmailKeyField(KeyField):
    """The key that makes an e-mail address unique."""

    key = staticmethod(email_key)


@EmailKeyField.register_lookup
class SameEmail(lookups.IExact):
    """``email_key__iexact``: it is this address, however that is written."""

    def __init__(self, lhs: Any, rhs: Any) -> None:
        super().__init__(lhs, email_key(str(rhs)))


class SearchKeyField(KeyField):
    """What ``?search=`` and the admin look into: some attributes of the row, as search keys.

    A look-up by ``icontains`` folds what is looked for by the same function, so that
    ``search_fields = ("search_key",)`` is all that a view or an admin page says.
    """

    key = staticmethod(search_key)

    def __init__(self, *args: Any, sources: tuple[str, ...] = (), **kwargs: Any) -> None:
        self.sources = tuple(sources)
        # Rows that older code or SQL inserts have no key until `refresh_keys` makes it.
        super().__init__(*args, **{"max_length": 500, "db_default": "", "blank": True, **kwargs})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Describe the field for migrations."""
        name, path, args, kwargs = super().deconstruct()
        del kwargs["source"]
        return name, path, args, {**kwargs, "sources": self.sources}

    @property
    def read(self) -> tuple[str, ...]:
        """Return the names of the attributes that the key is made of."""
        return self.sources

    def key_of(self, row: Any) -> str:
        """Return the keys of all that the row says, as much as the column takes."""
        words = " ".join(str(getattr(row, name) or "") for name in self.sources)
        return search_key(words)[: self.max_length]


@SearchKeyField.register_lookup
class ContainsWords(lookups.Contains):
    """``search_key__icontains``: the text occurs, whatever its case, accents and apostrophes."""

    lookup_name = "icontains"

    def __init__(self, lhs: Any, rhs: Any) -> None:
        super().__init__(lhs, search_key(str(rhs)))


class CauseField(models.CharField):
    """Why the latest attempt of a row's work came to nothing; written by :mod:`core.jobs.work`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The database's default is for nodes that still run the release before the column.
        own = {"max_length": CAUSE_LENGTH, "blank": True, "default": "", "db_default": ""}
        super().__init__(*args, **{**kwargs, **own, "editable": False})
