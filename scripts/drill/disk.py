"""A disk of its own, in memory, for the primary's data: one that can be filled.

Root mounts it. Everybody else may in a namespace of their own, where Linux allows that: the drill
then starts once more inside one (``unshare``), with the disk mounted before.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.drill.postgres import Server
from scripts.proxy import ROOT

AT = ROOT / "var" / "drill-disk"
BYTES = 768 << 20  # more than data and WAL take; what is left is filled
OPTIONS = f"size={BYTES},mode=0700"
# Its user is root inside, mounts, and goes on as itself, whom PostgreSQL takes.
INSIDE = f"""
set -eu
mount -t tmpfs -o {OPTIONS} tmpfs "$1"
disk=$1 user=$2 group=$3
shift 3
exec unshare --user --map-user="$user" --map-group="$group" "$@" --disk "$disk"
"""


def may_mount() -> bool:
    """Tell whether this process may mount a disk."""
    return os.geteuid() == 0


def start_again(arguments: list[str]) -> None:
    """Become the drill with its disk mounted; return only where nobody may do that."""
    inside = ["unshare", "--user", "--map-root-user", "--mount"]
    try:
        if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:  # noqa: S603 - a system's own program
            return
    except FileNotFoundError:
        return
    AT.mkdir(parents=True, exist_ok=True)  # what is mounted there is seen inside only
    identity = (str(os.geteuid()), str(os.getegid()))
    drill = [sys.executable, "-m", "scripts.drill", *arguments]
    os.execvp("unshare", [*inside, "sh", "-c", INSIDE, "sh", str(AT), *identity, *drill])  # noqa: S606, S607 - the same, and our own program


@contextmanager
def on_small_disk(server: Server, mounted_at: Path | None, *, wal: bool) -> Iterator[None]:
    """Have a server's data on the disk inside the block; its WAL, too, or where it is."""
    home = server.data
    server.stop()
    with mounted(server.folder / "disk", mounted_at) as disk:
        server.hand_over(disk)
        copy(home, disk / "data", whole=wal)
        server.data = disk / "data"
        server.start()
        try:
            yield
        finally:
            server.stop()
            server.data = home
            bring_home(disk / "data", home, server.folder / "wal", whole=wal)
    server.start()


@contextmanager
def mounted(folder: Path, already: Path | None) -> Iterator[Path]:
    """Mount a disk in memory inside the block, or take an empty folder of the one that is."""
    folder = already / "drill" if already else folder
    folder.mkdir()
    if already is None:
        mount = ["mount", "-t", "tmpfs", "-o", OPTIONS, "tmpfs", str(folder)]
        subprocess.run(mount, check=True)  # noqa: S603 - a system's own program
    try:
        yield folder
    finally:
        if already is None:
            subprocess.run(["umount", str(folder)], check=True)  # noqa: S603, S607 - as above
            folder.rmdir()
        else:
            shutil.rmtree(folder)


def copy(source: Path, target: Path, *, whole: bool) -> None:
    """Copy data with owners and modes; ``whole``: the WAL, and not the link to it."""
    command = ["cp", "-a", *(["-L"] if whole else []), str(source), str(target)]
    subprocess.run(command, check=True)  # noqa: S603 - our own files


def bring_home(source: Path, home: Path, wal: Path, *, whole: bool) -> None:
    """Put data where it was before, the WAL beside it."""
    shutil.rmtree(home)
    copy(source, home, whole=False)
    if whole:
        shutil.rmtree(wal)
        (home / "pg_wal").rename(wal)
        (home / "pg_wal").symlink_to(wal)
