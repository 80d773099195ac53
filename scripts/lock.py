"""Read and tidy Pipfile.lock without pipenv.

``python scripts/lock.py requirements [--dev]`` prints the locked packages with their hashes, as
``pip install --require-hashes`` wants them; ``python scripts/lock.py tidy`` removes what names a
package index, so that the lock file works with whatever index the machine is configured for.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent.parent / "Pipfile.lock"


def requirements(lock: dict[str, Any], *, categories: list[str]) -> list[str]:
    """Return one requirement line per locked package of the given categories."""
    lines = []
    for category in categories:
        for name, entry in sorted(lock[category].items()):
            extras = "[" + ",".join(entry["extras"]) + "]" if "extras" in entry else ""
            marker = f" ; {entry['markers']}" if "markers" in entry else ""
            hashes = "".join(f" \\\n    --hash={digest}" for digest in entry["hashes"])
            lines.append(f"{name}{extras}{entry['version']}{marker}{hashes}")
    return lines


def tidy(lock: dict[str, Any]) -> dict[str, Any]:
    """Return the lock without index names (pipenv accepts that for sync and deploy)."""
    lock["_meta"]["sources"] = []
    for category, packages in lock.items():
        if category != "_meta":
            for entry in packages.values():
                entry.pop("index", None)
    return lock


def main() -> None:
    """Run one of the two verbs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("verb", choices=["requirements", "tidy"])
    parser.add_argument("--dev", action="store_true", help="with the development packages")
    parser.add_argument("--category", action="append", default=[], help="another Pipfile category")
    options = parser.parse_args()
    lock = json.loads(LOCK.read_text())
    if options.verb == "tidy":
        LOCK.write_text(json.dumps(tidy(lock), indent=4) + "\n")
        return
    categories = ["default", *(["develop"] if options.dev else []), *options.category]
    sys.stdout.write("\n".join(requirements(lock, categories=categories)) + "\n")


if __name__ == "__main__":
    main()
