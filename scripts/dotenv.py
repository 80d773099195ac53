"""Write .env from .env.example, with a secret of its own wherever the example says GENERATE.

``python scripts/dotenv.py [EXAMPLE] [TARGET]`` changes nothing in a file that is there; it only
adds the secrets that a newer example asks for. It needs nothing but Python: `make` runs it before
anything is installed. GENERATE becomes 64 random characters, GENERATE_KEY a 256-bit key in base64.
"""

import base64
import re
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = re.compile(r"^([A-Z][A-Z0-9_]*)=(.*\bGENERATE(?:_KEY)?)\s*$", re.MULTILINE)


def fill(line: re.Match[str]) -> str:
    """Return the line with its secret made up."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    value = line[2].replace("GENERATE_KEY", key).replace("GENERATE", secrets.token_urlsafe(48))
    return f"{line[1]}={value}"


def missing(example: str, present: str) -> list[str]:
    """Return the lines of secrets that the example has and the file has not."""
    names = set(re.findall(r"^([A-Z][A-Z0-9_]*)=", present, re.MULTILINE))
    return [fill(line) for line in PLACEHOLDER.finditer(example) if line[1] not in names]


def main(arguments: list[str]) -> None:
    """Write the target, or add to it what is missing."""
    example = (Path(arguments[0]) if arguments else ROOT / ".env.example").read_text()
    target = Path(arguments[1]) if arguments[1:] else ROOT / ".env"
    if not target.exists():
        target.touch(mode=0o600)
        target.write_text(PLACEHOLDER.sub(fill, example))
        return
    present = target.read_text()
    lines = missing(example, present)
    if lines:
        separator = "" if present.endswith("\n") or not present else "\n"
        target.write_text(present + separator + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
