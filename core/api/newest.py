"""The newest rows that point at a resource, and how many there are in all.

A resource that shows all rows behind it grows with them: a list of fifty would carry megabytes. So
it shows the newest (those with the highest keys, the oldest of them first) and their number; the
rest have an address of their own. :mod:`core.api.fast.plan` knows both fields.
"""

from typing import Any

from rest_framework import serializers


def newest(manager: Any, limit: int) -> list[Any]:
    """Return the newest rows of a related manager, the oldest first; prefetched ones as they are.

    Whoever prefetches limits, too: ``Prefetch("studies", Study.objects.order_by("-pk")[:50])``.
    """
    rows = manager.all()
    if rows._result_cache is None:  # noqa: SLF001 - the only way to ask whether it was prefetched
        rows = rows.order_by("-pk")[:limit]
    return sorted(rows, key=lambda row: row.pk)


class NewestListSerializer(serializers.ListSerializer):
    """At most ``limit`` rows: ``studies = NewestListSerializer(child=StudySerializer())``."""

    limit = 50

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["read_only"] = True
        super().__init__(*args, **kwargs)

    def to_representation(self, data: Any) -> list[Any]:
        """Return the newest rows as JSON has them."""
        shown: list[Any] = super().to_representation(newest(data, self.limit))
        return shown


class CountField(serializers.IntegerField):
    """How many rows there are behind the NewestListSerializer that is called ``of``."""

    def __init__(self, *, of: str, **kwargs: Any) -> None:
        self.of = of
        super().__init__(**{**kwargs, "read_only": True, "source": "*", "min_value": 0})

    def to_representation(self, value: Any) -> int:
        """Return the number; where fewer are shown than could be, that is all of them."""
        shown = self.parent.fields[self.of]
        manager = getattr(value, shown.source)
        rows = manager.all()
        found = rows._result_cache  # noqa: SLF001 - the only way to ask whether it was prefetched
        if found is not None and len(found) < shown.limit:
            return len(found)
        number: int = manager.count()
        return number
