"""The catalogue's answers in the database, and the lease of the one who asks for a newer one.

Every function is a few statements that commit at once: callers hold no transaction. A database
that reads but cannot write (a full disk, a standby) costs the copy, not the answer.

All times are the database's: the clocks of two nodes are never compared. What is stamped in the
future all the same (the database moved to a machine whose clock is behind) counts as expired.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from core.db import if_writable
from movies.catalog.decorator import SEARCH
from movies.constants import GONE_AFTER_DAYS, MAX_ANSWERS, MAX_SEARCHES
from movies.models import CachedAnswer

# core.outbound ends a call with all its attempts after 4 s; a lease outlives only who died with it.
LEASE = timedelta(seconds=6)


def clock() -> Combinable:
    """Return the database's time. The sum spells it on SQLite as Django spells stored times."""
    return Now() + timedelta()


def find(key: str) -> CachedAnswer | None:
    """Return the row of a question, with the database's time as ``now``."""
    return CachedAnswer.objects.filter(key=key).annotate(now=clock()).first()


@if_writable
def take_lease(key: str, seen: CachedAnswer | None) -> bool:
    """Tell whether the caller is the one to ask, having ``seen`` the row as it was just now."""
    if seen is None:
        CachedAnswer.objects.bulk_create([CachedAnswer(key=key)], ignore_conflicts=True)
    now = clock()
    held = Q(lease_until__gte=now, lease_until__lte=now + LEASE)
    free = Q(lease_until__isnull=True) | ~held
    fetched = None if seen is None else seen.fetched_at
    # An answer that came since then is good: nobody has to ask again.
    same = Q(fetched_at__isnull=True) if fetched is None else Q(fetched_at=fetched)
    rows = CachedAnswer.objects.filter(free, same, key=key)
    return rows.update(lease_until=now + LEASE) == 1


def under_way(row: Any) -> float | None:
    """Return for how many seconds somebody had been asking when the row was read; None: nobody."""
    if row.lease_until is None or not row.now <= row.lease_until <= row.now + LEASE:
        return None
    return (LEASE - (row.lease_until - row.now)).total_seconds()


def age(row: Any) -> timedelta | None:
    """Return how old the answer was when the row was read; None when there is none."""
    return None if row.fetched_at is None else row.now - row.fetched_at


@if_writable
def keep(key: str, body: bytes) -> None:
    """Store a good answer, end the lease and all doubt."""
    answer = CachedAnswer(key=key, body=body.decode(), fetched_at=clock())
    CachedAnswer.objects.bulk_create(
        [answer],
        update_conflicts=True,
        unique_fields=["key"],
        update_fields=["body", "fetched_at", "lease_until", "absent_days", "absent_on"],
    )
    if key.startswith(SEARCH):
        drop_surplus(MAX_SEARCHES, key__startswith=SEARCH)


@if_writable
def release(key: str) -> None:
    """End the lease without an answer."""
    row = CachedAnswer.objects.filter(key=key)
    row.filter(fetched_at__isnull=True).delete()
    row.update(lease_until=None)


@if_writable
def doubt(key: str) -> bool:
    """Note that TMDB does not have it today, and end the lease; tell whether that is believed."""
    row: Any = find(key)
    if row is None:
        return True
    today = row.now.date()
    if row.absent_on == today:
        release(key)
        return False
    noted = CachedAnswer.objects.filter(Q(absent_on__isnull=True) | ~Q(absent_on=today), key=key)
    noted.update(absent_days=F("absent_days") + 1, absent_on=today, lease_until=None)
    return row.absent_days + 1 >= GONE_AFTER_DAYS


@if_writable
def forget(key: str) -> None:
    """Drop the answer: what it was about is gone."""
    CachedAnswer.objects.filter(key=key).delete()


def drop_surplus(limit: int, **which: str) -> int:
    """Delete all but the newest ``limit`` of some answers; return how many."""
    kept = CachedAnswer.objects.filter(fetched_at__isnull=False, **which).order_by("-fetched_at")
    surplus = list(kept.values_list("pk", flat=True)[limit:])
    return CachedAnswer.objects.filter(pk__in=surplus).delete()[0] if surplus else 0


def purge() -> int:
    """Delete what is too old to be served, and the oldest beyond a bound; return how many."""
    now = clock()
    old = Q(fetched_at__lt=now - timedelta(days=settings.MOVIES_STALE_DAYS))
    leased = Q(lease_until__gte=now - LEASE, lease_until__lte=now + LEASE)
    abandoned = Q(fetched_at__isnull=True) & ~leased
    count, _ = CachedAnswer.objects.filter(old | abandoned).delete()
    # Stamped in the future, an answer would never get old: its time begins now.
    expired = now - timedelta(seconds=settings.MOVIES_CACHE_SECONDS)
    CachedAnswer.objects.filter(fetched_at__gt=now).update(fetched_at=expired)
    return count + drop_surplus(MAX_ANSWERS)
