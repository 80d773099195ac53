"""Whole months of the journal as files: written, read again, and only then removed."""

import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import TruncMonth

from core.audit import journal
from core.backups.sealing import MAGIC, BadBackup, Opener, Sealer
from core.models import JournalEntry

FIELDS = tuple(field.attname for field in JournalEntry._meta.concrete_fields)
CHUNK_ROWS = 2000


class Month(NamedTuple):
    """One month of UTC."""

    year: int
    month: int

    @property
    def begin(self) -> datetime:
        """Return its first moment."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)

    @property
    def end(self) -> datetime:
        """Return the first moment of the next one."""
        return Month(self.year + self.month // 12, self.month % 12 + 1).begin

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def months_before(limit: datetime) -> list[Month]:
    """Return the months that have entries and are over before a moment, oldest first."""
    found = (
        JournalEntry.objects.filter(at__lt=limit)
        .order_by()
        .annotate(month=TruncMonth("at", tzinfo=UTC))
        .values_list("month", flat=True)
        .distinct()
    )
    months = (Month(moment.year, moment.month) for moment in found)
    return sorted(month for month in months if month.end <= limit)


def entries(month: Month) -> QuerySet[JournalEntry]:
    """Return the entries of a month."""
    return JournalEntry.objects.filter(at__gte=month.begin, at__lt=month.end)


def lines(month: Month) -> Iterator[bytes]:
    """Yield the entries of a month as JSON, a line each, in their order."""
    last = 0
    while True:
        rows = entries(month).filter(pk__gt=last).order_by("pk").values(*FIELDS)[:CHUNK_ROWS]
        chunk = list(rows)
        if not chunk:
            return
        for row in chunk:
            row["at"] = row["at"].isoformat()
            yield json.dumps(row, ensure_ascii=False).encode() + b"\n"
        last = chunk[-1]["id"]


def write(month: Month, target: Path, key: bytes | None) -> tuple[int, str]:
    """Write the file of a month; return how many entries it has, and their SHA-256."""
    digest, count = hashlib.sha256(), 0
    part = target.with_name(f".{target.name}.part")
    part.touch(mode=0o600)
    with part.open("wb") as file:
        sealer = Sealer(file, key) if key else None
        with gzip.GzipFile(fileobj=sealer or file, mode="wb", mtime=0) as packed:
            for line in lines(month):
                packed.write(line)
                digest.update(line)
                count += 1
        if sealer is not None:
            sealer.finish()
    part.rename(target)
    return count, digest.hexdigest()


def read(source: Path, key: bytes | None) -> Iterator[bytes]:
    """Yield the lines of a file.

    Raises:
        BadBackup: it is cut off or changed, or the key is missing or another one.
    """
    with source.open("rb") as file:
        is_sealed = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        if is_sealed and key is None:
            raise BadBackup("The file is encrypted, and BACKUP_KEY is not set.")
        opened: IO[bytes] | Any = io.BufferedReader(Opener(file, key)) if is_sealed else file  # type: ignore[arg-type]  # just looked
        try:
            yield from gzip.GzipFile(fileobj=opened)
        except (EOFError, OSError) as error:
            raise BadBackup("The file is no archive, or is cut off.") from error


def remove(month: Month, count: int, *, reason: str) -> None:
    """Delete a month's entries, which the archive has, and say so in the journal.

    Raises:
        BadBackup: there are more or fewer than the archive has; nothing was deleted.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL plaza.archiving = 'on'; SET LOCAL statement_timeout = 0")
        deleted, _details = entries(month).delete()
        if deleted != count:
            raise BadBackup(f"{month}: {deleted} entries, and {count} in the file.")
        journal.record(journal.Action.EXPORT, JournalEntry, reason=reason, count=count)
