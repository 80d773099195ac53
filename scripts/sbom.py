"""Write a CycloneDX bill of materials from the lock file: ``python scripts/sbom.py [FILE]``.

It lists what the image installs, with the digests that pip checks. Nothing is looked up: the lock
file is the truth, so the same lock gives the same document, also offline.
"""

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

ROOT = Path(__file__).resolve().parent.parent


def licence(name: str) -> str:
    """Return the licence that the installed package names; empty when it is not installed here."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    classifiers = [
        entry.rpartition(" :: ")[2]
        for entry in about.get_all("Classifier") or []
        if entry.startswith("License ::")
    ]
    stated = about.get("License-Expression") or "; ".join(classifiers) or about.get("License") or ""
    return stated.partition("\n")[0][:100]


def component(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Return one package as CycloneDX wants it."""
    version = entry["version"].removeprefix("==")
    canonical = re.sub(r"[-_.]+", "-", name).lower()
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{canonical}@{version}",
        "name": canonical,
        "version": version,
        "purl": f"pkg:pypi/{canonical}@{version}",
        "hashes": [
            {"alg": "SHA-256", "content": digest.removeprefix("sha256:")}
            for digest in entry["hashes"]
        ],
    }
    if named := licence(name):
        found["licenses"] = [{"license": {"name": named}}]
    return found


def bill(lock: dict[str, Any]) -> dict[str, Any]:
    """Return the whole document."""
    identity = uuid5(NAMESPACE_URL, json.dumps(lock["default"], sort_keys=True))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{identity}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "plaza", "name": "plaza"}},
        "components": [component(name, entry) for name, entry in sorted(lock["default"].items())],
    }


def main(arguments: list[str]) -> None:
    """Write the file, by default var/sbom.json."""
    target = Path(arguments[0]) if arguments else ROOT / "var" / "sbom.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    document = bill(json.loads((ROOT / "Pipfile.lock").read_text()))
    target.write_text(json.dumps(document, indent=2) + "\n")
    sys.stdout.write(f"{target}: {len(document['components'])} components\n")


if __name__ == "__main__":
    main(sys.argv[1:])
