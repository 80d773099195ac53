"""Make a backup, and put one in the place of an empty platform."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from core import signals
from core.backups import archive, databases
from core.backups.sealing import BadBackup, key_of
from core.db import directly
from core.jobs import work

type_report = Callable[[str], Any]
# Settings whose values open what the database holds, and what stays shut without them.
KEYS = {
    "SECRET_KEY": "digests of API tokens and links, second factors, stored answers",
    "JWT_SIGNING_KEY": "sessions of the API",
    "CREDENTIALS_KEYS": "partners' credentials",
}


def fingerprint(value: str) -> str:
    """Return twelve digits that tell two keys apart and say nothing about either."""
    return hashlib.blake2b(value.encode(), key=b"plaza backup", digest_size=6).hexdigest()


def keys_here() -> dict[str, list[str]]:
    """Return the fingerprints of the keys in force, former ones behind the current one."""
    found = {}
    for name in KEYS:
        value = getattr(settings, name)
        values = [value] if isinstance(value, str) else list(value)
        values += getattr(settings, f"{name}_FALLBACKS", [])
        found[name] = [fingerprint(one) for one in values if one]
    return found


def missing_keys(manifest: dict[str, Any]) -> list[str]:
    """Return a phrase for each key of a backup that this platform does not have."""
    here = keys_here()
    return [
        f"{name} (fingerprint {one}; without it: {KEYS.get(name, 'unknown')})"
        for name, prints in manifest["keys"].items()
        for one in prints
        if one not in here.get(name, [])
    ]


def backup_key() -> bytes | None:
    """Return the key by which backups are sealed, or None."""
    return key_of(settings.BACKUP_KEY) if settings.BACKUP_KEY else None


def media_files() -> Iterator[Path]:
    """Yield the files of the media folder; where media are in a bucket, none."""
    if isinstance(default_storage, FileSystemStorage):
        root = Path(settings.MEDIA_ROOT)
        yield from sorted(path for path in root.rglob("*") if path.is_file())


def described() -> dict[str, Any]:
    """Return what a manifest says about the platform."""
    version = connection.get_database_version()
    return {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "plaza": settings.SPECTACULAR_SETTINGS["VERSION"],
        "database": connection.vendor,
        "database_version": ".".join(map(str, version)),
        "apps": [*settings.REQUIRED_APPS, *settings.PLATFORM_APPS],
        "migrations": sorted(map(list, MigrationRecorder(connection).applied_migrations())),
        "media": "here" if isinstance(default_storage, FileSystemStorage) else "in the bucket",
        "keys": keys_here(),
    }


def make(target: Path, report: type_report) -> dict[str, Any]:
    """Write a backup and return its manifest; a file of that name is never overwritten.

    The database comes first: media that are sent meanwhile are more than it knows, never less.

    Raises:
        BadBackup: it cannot be made; says why. Nothing is left behind.
    """
    key = backup_key()
    if target.exists():
        raise BadBackup(f"{target} is there already.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(prefix="plaza-backup-") as folder, directly():
            dump = Path(folder) / archive.DATABASE
            databases.dump(dump)
            report(f"  database: {dump.stat().st_size:,} bytes")
            part.touch(mode=0o600)
            with part.open("wb") as file:
                writer = archive.Writer(file, key)
                writer.add(archive.DATABASE, dump)
                for path in media_files():
                    name = archive.MEDIA + str(path.relative_to(settings.MEDIA_ROOT))
                    writer.add(name, path)
                report(f"  media: {len(writer.entries) - 1:,} files")
                manifest = described()
                writer.finish(manifest)
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)
    return manifest


def check_fits(manifest: dict[str, Any], *, without_keys: bool, force: bool) -> None:
    """Raise BadBackup where a backup, or this platform, is not what a restore wants."""
    vendor = connection.vendor
    if manifest["database"] != vendor:
        raise BadBackup(f"The backup is of {manifest['database']}, and DATABASE_URL is {vendor}.")
    known = MigrationLoader(None).disk_migrations
    enabled = {label for label, _name in known}
    newer = [
        f"{app}.{name}"
        for app, name in manifest["migrations"]
        if app in enabled and (app, name) not in known
    ]
    if newer:
        raise BadBackup(f"The backup is of a newer Plaza: this one does not know {newer[0]}.")
    if (lacking := missing_keys(manifest)) and not without_keys:
        raise BadBackup(
            f"Keys of the backup are missing here: {'; '.join(lacking)}. Set them, a former one as"
            " a fallback; or say --without-keys, and what they open stays shut."
        )
    if not force and not databases.is_empty():
        raise BadBackup("The database is not empty. Say --force to replace what is in it.")
    if not force and next(media_files(), None) is not None:
        raise BadBackup(f"{settings.MEDIA_ROOT} is not empty. Say --force to add to what is there.")


def restore(
    source: Path, report: type_report, *, without_keys: bool = False, force: bool = False
) -> dict[str, Any]:
    """Put a backup in the place of what is here, and return its manifest.

    All of it is read and verified before anything changes.

    Raises:
        BadBackup: it is no whole backup, or does not fit; says why. Nothing has changed.
    """
    if not source.is_file():
        raise BadBackup(f"There is no file {source}.")
    key = backup_key()
    manifest = archive.verified(source, key)
    report(f"  verified: {len(manifest['files']):,} files of {manifest['made_at']}")
    with directly():
        check_fits(manifest, without_keys=without_keys, force=force)
        with (
            tempfile.TemporaryDirectory(prefix="plaza-restore-") as folder,
            archive.opened(source, key) as files,
        ):
            for name, content in files:
                if name == archive.DATABASE:
                    copy(content, Path(folder) / name)
                    databases.load(Path(folder) / name, report=report)
                    report("  database: loaded")
                elif name.startswith(archive.MEDIA):
                    copy(content, Path(settings.MEDIA_ROOT) / name.removeprefix(archive.MEDIA))
        report(f"  media: {len(manifest['files']) - 1:,} files")
        call_command("migrate", interactive=False, verbosity=0)
        after(report)
    return manifest


def copy(content: Any, target: Path) -> None:
    """Write a member of a backup into a file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as file:
        while data := content.read(archive.BLOCK_BYTES):
            file.write(data)


def after(report: type_report) -> None:
    """Do what a restored database wants: apps hear of it, and work that waits is queued."""
    signals.restored.send(None)
    report(f"  work that waits: {work.sweep_all():,} rows queued")
