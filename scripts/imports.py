"""Check who imports whom: import-linter, with the apps that are here.

Its contracts in ``pyproject.toml`` must name every package, and cannot look for them; so they say
``"{optional apps}"``, and this puts the names there. Example: ``make imports``.
"""

import sys
import tempfile
from pathlib import Path

from importlinter import cli

from core import plugs

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = '"{optional apps}"'


def filled(settings: str, apps: list[str]) -> str:
    """Return the text of ``pyproject.toml`` with the apps' names for each placeholder."""
    return settings.replace(PLACEHOLDER, ", ".join(f'"{name}"' for name in apps))


def main() -> int:
    """Return 0 when every contract is kept."""
    settings = filled((ROOT / "pyproject.toml").read_text(), plugs.every_optional_app())
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(settings)
        file.flush()
        return cli.lint_imports(config_filename=file.name, no_logo=True)


if __name__ == "__main__":
    sys.exit(main())
