"""Model fields that several apps need."""

from typing import Any

from django.db import models

from core.text import name_key


class ComputedField:
    """Mixin: code computes the column whenever the row is written; the journal leaves it out."""


class FoldedField(ComputedField, models.CharField):
    """The folded copy of another text field, for caseless uniqueness and look-ups.

    A column of its own and not ``Lower()`` in an index, because SQLite lowers ASCII only.
    """

    def __init__(self, *args: Any, source: str = "", **kwargs: Any) -> None:
        self.source = source
        kwargs.setdefault("max_length", 255)
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        """Describe the field for migrations."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:  # noqa: FBT001 - Django's signature
        """Compute the value from the source field whenever the row is written; of none, none."""
        text = getattr(model_instance, self.source)
        value = None if text is None else name_key(text)
        setattr(model_instance, self.attname, value)
        return value
