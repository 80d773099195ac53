"""What helps, taken away for as long as a control takes."""

from collections.abc import Iterator
from contextlib import contextmanager

from scripts.drill.disk import on_small_disk
from scripts.drill.rig import APP, DATABASE, Rig


@contextmanager
def nothing(_rig: Rig) -> Iterator[None]:
    """Change nothing: the control is another fault, or another nginx."""
    yield


@contextmanager
def small_disk(rig: Rig) -> Iterator[None]:
    """Have the primary's data, and not its WAL, on a small disk: the act and its control."""
    with on_small_disk(rig.primary, rig.disk, wal=False):
        yield


@contextmanager
def small_disk_for_all(rig: Rig) -> Iterator[None]:
    """Have the primary's data and its WAL on one small disk."""
    with on_small_disk(rig.primary, rig.disk, wal=True):
        yield


@contextmanager
def unkept_background(rig: Rig) -> Iterator[None]:
    """Have nobody start workers and beat again."""
    for one in (*rig.workers, rig.beat):
        one.restart(kept=False)
    try:
        yield
    finally:
        for one in (*rig.workers, rig.beat):
            one.restart()


@contextmanager
def late_commits(rig: Rig) -> Iterator[None]:
    """Have PostgreSQL acknowledge what it has not written yet."""
    rig.primary.set(synchronous_commit="off")
    try:
        yield
    finally:
        rig.primary.reset("synchronous_commit")


@contextmanager
def patient_with_the_cache(rig: Rig) -> Iterator[None]:
    """Have nodes wait five seconds for Redis instead of a tenth of one."""
    rig.restart_nodes(DJANGO_SETTINGS_MODULE="scripts.drill.patient_cache")
    try:
        yield
    finally:
        rig.restart_nodes(DJANGO_SETTINGS_MODULE=rig.settings["DJANGO_SETTINGS_MODULE"])


@contextmanager
def no_beat(rig: Rig) -> Iterator[None]:
    """Have nobody look for what waits."""
    rig.beat.kill()
    try:
        yield
    finally:
        rig.beat.start()


@contextmanager
def endless_locks(rig: Rig) -> Iterator[None]:
    """Have sessions wait for locks, however long."""
    lock_timeout(rig, "0")
    try:
        yield
    finally:
        lock_timeout(rig, "5s")


def lock_timeout(rig: Rig, value: str) -> None:
    """Set the application's patience with locks, for the pooler's sessions, too."""
    rig.primary.ask(f"ALTER ROLE {APP} SET lock_timeout = '{value}'", name=DATABASE)
    rig.pooler.stop()
    rig.pooler.start()
