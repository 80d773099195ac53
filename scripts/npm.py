"""Node and npm, where programs of other people are tried."""

import shutil
import subprocess

MIN_NODE = 20
NODE, NPM = shutil.which("node"), shutil.which("npm")


def missing() -> str:
    """Return what such programs need and this machine has not; "" when all is there."""
    if not (NODE and NPM):
        return "node and npm are not installed"
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - from the PATH
    if int(said.lstrip("v").partition(".")[0]) < MIN_NODE:
        return f"node is older than {MIN_NODE}: {said.strip()}"
    return ""
