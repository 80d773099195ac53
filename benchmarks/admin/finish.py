"""What Plaza itself makes of the rows: the figures of stores, and the mark of a key."""

import datetime as dt

import django

from benchmarks.admin import field


def mark_key() -> None:
    """Let the ring's key be the one that sealed the credentials: what they hold opens with none."""
    from allies.credentials import crypto
    from allies.models import KeyFingerprint

    for key_id, fingerprint in crypto.ring().fingerprints.items():
        KeyFingerprint.objects.create(key_id=key_id, fingerprint=fingerprint)


def count_figures() -> None:
    """Count every day and month that has visits."""
    from django.db import connection
    from django.db.models import Max

    from core.patience import patience
    from stores.figures import checking, counting
    from stores.models import Visit

    with patience(None), connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        last = Visit.objects.aggregate(last=Max("day"))["last"]
        for ago in range(field.DAYS):  # each batch reads all marks that there are
            checking.mark_day(last - dt.timedelta(days=ago))
            counting.count_days()
            counting.count_areas()
            cursor.execute("VACUUM stores_dirtyday, stores_figuremark")
        cursor.execute("VACUUM ANALYZE")
        counting.count_months()


if __name__ == "__main__":
    django.setup()
    mark_key()
    count_figures()
