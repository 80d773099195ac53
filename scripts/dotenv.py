"""Write .env from .env.example, with a secret of its own wherever the example says GENERATE.

``python scripts/dotenv.py [EXAMPLE] [TARGET]`` leaves a file that is there alone. It needs nothing
but Python: `make` runs it before anything is installed.
"""

import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def filled(example: str) -> str:
    """Return the example with each GENERATE replaced by 48 random bytes of its own."""
    lines = []
    for line in example.splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.startswith("#") and value.strip() == "GENERATE":
            lines.append(f"{name}={secrets.token_urlsafe(48)}")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> None:
    """Write the target unless it exists."""
    example = Path(arguments[0]) if arguments else ROOT / ".env.example"
    target = Path(arguments[1]) if arguments[1:] else ROOT / ".env"
    if not target.exists():
        target.touch(mode=0o600)
        target.write_text(filled(example.read_text()))


if __name__ == "__main__":
    main(sys.argv[1:])
