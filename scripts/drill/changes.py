"""What people do to a platform that is running: bring a release, back up, restore."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.drill import history
from scripts.drill.release import COLUMN, copied_to
from scripts.drill.rig import DATABASE, OWNER, Rig
from scripts.drill.stage import Stage
from scripts.nodes import rolling_restart

OLDER_SECONDS = 3.0
COLUMNS = "SELECT count(*) FROM information_schema.columns WHERE column_name = %s"


@contextmanager
def release_at_hand(rig: Rig) -> Iterator[None]:
    """Have the next release here, compiled as an image has it."""
    folder = release_of(rig)
    if not folder.exists():
        copied_to(folder)
        compiling = [sys.executable, "-m", "compileall", "-q", str(folder)]
        subprocess.run(compiling, check=True)  # noqa: S603 - our own files
    yield


def release_of(rig: Rig) -> Path:
    """Return the folder of the next release."""
    return rig.folder / "release"


def deployed(stage: Stage) -> None:
    """Migrate, replace each node while nobody is sent to it, then workers and beat."""
    deploy(stage, drain=True)


def deployed_rashly(stage: Stage) -> None:
    """Do the same without a word to nginx."""
    deploy(stage, drain=False)


def deploy(stage: Stage, *, drain: bool) -> None:
    """Bring the next release."""
    rig = stage.rig
    root = release_of(rig)
    rig.manage("prepare", "--verbosity", "0", root=root, nice=True)
    found = rig.primary.ask(COLUMNS, (COLUMN,), name=DATABASE)
    stage.promise(found == [(1,)], "the migration is applied")
    for node in rig.nodes:
        node.root = root
    rolling_restart(stage.proxy, rig.nodes, drain=drain)
    for one in (*rig.workers, rig.beat):
        one.root = root
        one.restart()
    stage.is_whole()


def backed_up(stage: Stage) -> None:
    """Back up under load, restore beside; what was acknowledged before must be in it."""
    began = time.monotonic()
    file = back_up(stage.rig)
    restore(stage, file, began)


def backed_up_before(stage: Stage) -> None:
    """Restore a backup that is older than what clients were told since."""
    file = back_up(stage.rig)
    time.sleep(OLDER_SECONDS)
    restore(stage, file, time.monotonic())


def back_up(rig: Rig) -> Path:
    """Return the file of a backup that was made now."""
    file = rig.folder / "var" / f"drill-{time.monotonic_ns()}.plaza"
    rig.manage("backup", "--to", str(file))
    return file


def restore(stage: Stage, file: Path, until: float) -> None:
    """Restore beside, and hold what clients were told until then against it."""
    rig, name = stage.rig, "plaza_beside"
    rig.primary.ask(f"DROP DATABASE IF EXISTS {name}", name="postgres")
    rig.primary.ask(f"CREATE DATABASE {name} OWNER {OWNER}", name="postgres")
    began = time.monotonic()
    rig.manage(
        "restore",
        str(file),
        DATABASE_URL=rig.url(OWNER, rig.primary.port, name),
        DATABASE_POOLED="false",
        DATABASE_DIRECT_URL="",
        MEDIA_ROOT=str(rig.folder / f"beside-{file.stem}"),
    )
    taken = time.monotonic() - began
    before = [one for one in list(stage.clients.operations) if one.end <= until]
    effects = history.effects_of(before, rig.there(name))
    stage.promise(effects.acknowledged > 0, f"there were writes ({effects.acknowledged})")
    stage.promise(
        not effects.lost and not effects.doubled,
        f"the restored database, after {taken:.0f} s, has every write of before, once"
        f" ({len(effects.lost)} missing, {len(effects.doubled)} doubled)",
    )
    stage.is_whole()
