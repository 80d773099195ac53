"""Reads that routes, admin, import and runbooks share."""

from collections.abc import Iterable
from typing import Any

from django.core.cache import cache
from django.db import connections, models
from django.db.models import Exists, OuterRef, QuerySet, Value

from allies.constants import ID_LENGTH, LOG_ANALYSED
from allies.expressions import HasTag
from allies.models import Ally, AllyCredential
from core.models import Action, JournalEntry

MAX_SUGGESTED_TAGS = 500
FRESH_SECONDS = 300  # to count the tags of a million allies takes a second
TAGS_KEY = "allies.known_tags"
TAG_COUNTS = {
    "postgresql": (
        "SELECT tag, count(*) AS allies FROM allies_ally, jsonb_array_elements_text(tags) AS tag"
        ' GROUP BY tag ORDER BY allies DESC, tag COLLATE "C"'
    ),
    "sqlite": (
        "SELECT item.value AS tag, count(*) AS allies FROM allies_ally, json_each(tags) AS item"
        " GROUP BY item.value ORDER BY allies DESC, tag"
    ),
}


def tag_counts() -> list[dict[str, Any]]:
    """Return each tag and how many allies carry it, the most frequent first: one query."""
    connection = connections[Ally.objects.db]
    with connection.cursor() as cursor:
        cursor.execute(TAG_COUNTS[connection.vendor])
        return [{"tag": tag, "allies": allies} for tag, allies in cursor.fetchall()]


def known_tags() -> list[str]:
    """Return the most frequent tags, for suggestions; counted again every ``FRESH_SECONDS``."""
    found: list[str] | None = cache.get(TAGS_KEY)
    if found is None:
        found = [row["tag"] for row in tag_counts()[:MAX_SUGGESTED_TAGS]]
        cache.set(TAGS_KEY, found, FRESH_SECONDS)
    return found


def with_tag(queryset: QuerySet, tag: str) -> QuerySet:
    """Narrow allies to those that carry a tag; PostgreSQL takes the GIN index."""
    if connections[queryset.db].vendor == "postgresql":
        return queryset.filter(tags__contains=[tag])
    return queryset.filter(HasTag(models.F("tags"), Value(tag)))


def usable_credentials() -> QuerySet[AllyCredential]:
    """Return the credentials that are not revoked."""
    return AllyCredential.objects.filter(revoked_at__isnull=True)


def last_log_report(ally: Ally) -> JournalEntry | None:
    """Return the journal's line about the last log that named an ally; ``count`` calls failed."""
    lines = JournalEntry.objects.filter(model=Ally._meta.label, object_id=ally.pk)
    found = lines.filter(action=Action.READ, reason__startswith=f"{LOG_ANALYSED}: ")
    return found.order_by("-id").first()


def has_credentials(ally: Ally) -> bool:
    """Tell whether an ally is active and has credentials that are not revoked."""
    return ally.is_active and usable_credentials().filter(ally=ally).exists()


def existing_ids(ids: Iterable[str]) -> set[str]:
    """Return those of ``ids`` that an ally has."""
    wanted = [one for one in ids if len(one) <= ID_LENGTH]
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        found.update(
            Ally.objects.filter(pk__in=wanted[start : start + 500]).values_list("pk", flat=True)
        )
    return found


def names_and_credentials(ids: Iterable[str]) -> dict[str, tuple[str, bool]]:
    """Return name and whether credentials are set, of the allies among ``ids``."""
    wanted, found = list(ids), {}
    for start in range(0, len(wanted), 500):
        rows = Ally.objects.filter(pk__in=wanted[start : start + 500]).annotate(
            is_set=Exists(usable_credentials().filter(ally=OuterRef("pk")))
        )
        for key, name, is_set in rows.values_list("pk", "name", "is_set"):
            found[key] = (name, is_set)
    return found
