"""A full disk, sessions that are all taken, a held lock: the database is there, and refuses."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psycopg2

from scripts.drill.rig import APP, DATABASE, Rig
from scripts.drill.stage import Stage

FULL_SECONDS = 6.0
STORM_SECONDS = 9.0
LONG_STORM_SECONDS = 25.0
STORM_CLIENTS = 40  # more than the pooler has sessions
LOCK_SECONDS = 30.0


def disk_full(stage: Stage) -> None:
    """Fill the disk that the primary's data is on; its WAL is on another one."""
    with full(stage.rig.primary.data):
        time.sleep(FULL_SECONDS)
    stage.is_whole()


def disk_full_of_wal(stage: Stage) -> None:
    """Fill the disk that data and WAL are on; the primary goes on to the next file of its WAL."""
    primary = stage.rig.primary
    with full(primary.data):
        deadline = time.monotonic() + FULL_SECONDS
        while time.monotonic() < deadline:
            with suppress(psycopg2.OperationalError):  # it ends itself, as it should here
                primary.ask("SELECT pg_switch_wal()", name=DATABASE)
            time.sleep(0.2)
    if primary.process is not None and primary.process.poll() is not None:
        primary.start()
    stage.is_whole()


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill the disk of a folder inside the block."""
    filler = folder / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                with suppress(OSError):
                    while file.write(bytes(size)):
                        pass
        yield
    finally:
        filler.unlink()


def connections_exhausted(stage: Stage) -> None:
    """Have slow statements take every session of the pooler's, the reserve, too."""
    storm(stage, STORM_SECONDS)


def connections_exhausted_for_long(stage: Stage) -> None:
    """Do the same for longer than clients are patient."""
    storm(stage, LONG_STORM_SECONDS)


def storm(stage: Stage, seconds: float) -> None:
    """Take every session of the pooler's for so long."""
    until = time.monotonic() + seconds
    many = [threading.Thread(target=sleep, args=(stage.rig, until)) for _ in range(STORM_CLIENTS)]
    for thread in many:
        thread.start()
    for thread in many:
        thread.join()
    stage.is_whole()


def sleep(rig: Rig, until: float) -> None:
    """Keep a session of the pooler's busy, as the application; ask for another if there is none."""
    while (left := until - time.monotonic()) > 0:
        with (
            suppress(psycopg2.OperationalError),  # others have them all
            closing(psycopg2.connect(rig.url(APP, rig.pooler.port))) as connection,
        ):
            connection.cursor().execute("SELECT pg_sleep(%s)", (left,))


def table_locked(stage: Stage) -> None:
    """Hold a lock on the dogs' table that nobody gets past."""
    with closing(stage.rig.primary.connect(DATABASE)) as connection:
        connection.autocommit = False
        connection.cursor().execute("LOCK TABLE dogs_dog IN ACCESS EXCLUSIVE MODE")
        time.sleep(LOCK_SECONDS)
        connection.rollback()
    stage.is_whole()
