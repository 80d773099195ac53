"""Have a program of Debian's without installing it.

``unpacked`` fetches packages and unpacks them into a folder (``apt-get download``, ``dpkg -x``),
which needs no root and changes nothing else.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path


def unpacked(folder: Path, program: str, packages: Sequence[str]) -> Path | None:
    """Return the folder into which packages were unpacked; None where that is impossible.

    ``program`` is a path below the folder that is there once they are.
    """
    if not (folder / program).exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            command = ["apt-get", "download", *packages]
            subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=120)  # noqa: S603 - Debian's own client, names of ours
            for package in folder.glob("*.deb"):
                subprocess.run(["dpkg", "-x", package, folder], check=True, capture_output=True)  # noqa: S603, S607 - what was just fetched
        except (OSError, subprocess.SubprocessError):
            return None
    return folder if (folder / program).exists() else None


def libraries(folder: Path) -> str:
    """Return the value of LD_LIBRARY_PATH for what was unpacked into a folder."""
    return ":".join(str(path) for path in folder.glob("usr/lib/*") if path.is_dir())
