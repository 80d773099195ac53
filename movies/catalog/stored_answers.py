"""The catalogue's answers in the database, and the lease of the one who asks for a newer one.

Every function is one or two statements that commit at once: callers hold no transaction. A database
that reads but cannot write (a full disk, a standby) costs the copy, not the answer.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from core.db import if_writable
from movies.constants import MAX_ANSWERS
from movies.models import CachedAnswer

# core.outbound ends a call with all its attempts after 4 s; a lease outlives only who died with it.
LEASE = timedelta(seconds=6)


def find(key: str) -> CachedAnswer | None:
    """Return the row of a question."""
    return CachedAnswer.objects.filter(key=key).first()


@if_writable
def take_lease(key: str, seen: CachedAnswer | None) -> bool:
    """Tell whether the caller is the one to ask, having ``seen`` the row as it was just now."""
    if seen is None:
        CachedAnswer.objects.bulk_create([CachedAnswer(key=key)], ignore_conflicts=True)
    now = timezone.now()
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    fetched = None if seen is None else seen.fetched_at
    # An answer that came since then is good: nobody has to ask again.
    same = Q(fetched_at__isnull=True) if fetched is None else Q(fetched_at=fetched)
    rows = CachedAnswer.objects.filter(free, same, key=key)
    return rows.update(lease_until=now + LEASE) == 1


def under_way(row: CachedAnswer) -> float | None:
    """Return for how many seconds somebody has been asking; None when nobody is."""
    if row.lease_until is None:
        return None
    return (LEASE - (row.lease_until - timezone.now())).total_seconds()


@if_writable
def keep(key: str, body: bytes) -> None:
    """Store a good answer and end the lease."""
    answer = CachedAnswer(key=key, body=body.decode(), fetched_at=timezone.now())
    CachedAnswer.objects.bulk_create(
        [answer],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["body", "fetched_at", "lease_until"],
    )


@if_writable
def release(key: str) -> None:
    """End the lease without an answer."""
    row = CachedAnswer.objects.filter(key=key)
    row.filter(fetched_at__isnull=True).delete()
    row.update(lease_until=None)


@if_writable
def forget(key: str) -> None:
    """Drop the answer: what it was about is gone."""
    CachedAnswer.objects.filter(key=key).delete()


def purge() -> int:
    """Delete what is too old to be served, and the oldest beyond a bound; return how many."""
    limit = timezone.now() - timedelta(days=settings.MOVIES_STALE_DAYS)
    abandoned = Q(fetched_at__isnull=True, lease_until__lt=timezone.now() - LEASE)
    count, _ = CachedAnswer.objects.filter(Q(fetched_at__lt=limit) | abandoned).delete()
    newest = CachedAnswer.objects.filter(fetched_at__isnull=False).order_by("-fetched_at")
    surplus = newest.values_list("fetched_at", flat=True)[MAX_ANSWERS : MAX_ANSWERS + 1].first()
    if surplus is not None:
        more, _ = CachedAnswer.objects.filter(fetched_at__lte=surplus).delete()
        count += more
    return count
