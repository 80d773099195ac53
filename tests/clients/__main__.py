"""Let generated clients work with Plaza: ``make clients``; hold the contract: ``--lint``.

A node and a worker of their own with an SQLite file of their own, a sandbox of the outside APIs,
and for each generator a program that does what its first users do. The TypeScript ones are compiled
strictly before they run.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from scripts import local
from scripts.nodes import environment
from scripts.npm import NODE, NPM, missing
from scripts.proxy import ROOT
from users.constants import DEMO_PASSWORD

HERE = Path(__file__).resolve().parent
CONTRACT = ROOT / "openapi.yaml"
# Made by the Makefile, with the generator from tests/clients/requirements.txt.
PYTHON = ROOT / "var" / "clients" / "venv" / "bin"


def run(*command: object, folder: Path = HERE, **settings: str) -> None:
    """Run one tool, and raise CalledProcessError when it fails."""
    words = [str(word) for word in command]
    subprocess.run(words, cwd=folder, env=environment(**settings), check=True)


def installed(tool: str) -> Path:
    """Return the path of a tool from npm."""
    return HERE / "node_modules" / ".bin" / tool


def lint() -> None:
    """Hold openapi.yaml against redocly.yaml."""
    options = ("--config", "redocly.yaml", "--format", "stylish")
    run(installed("redocly"), "lint", CONTRACT, *options, folder=ROOT, REDOCLY_TELEMETRY="off")


def generate(folder: Path) -> None:
    """Make the three clients, and compile what is compiled."""
    run(str(NODE), "generate.mjs")
    run(installed("tsc"), "--project", "tsconfig.json", "--noEmit", "false")
    output = ("--output-path", folder / "plaza_client", "--meta", "none", "--overwrite")
    # Our own style is not that of generated code: no formatter runs over it.
    quiet = ("--config", HERE / "python_client.yaml")
    run(PYTHON / "openapi-python-client", "generate", "--path", CONTRACT, *output, *quiet)


def walk(folder: Path) -> None:
    """Start a platform and let each program work with it."""
    with local.running(folder) as node:
        person = {
            "PLAZA_URL": f"http://127.0.0.1:{node.port}",
            "PLAZA_EMAIL": "admin@plaza.example",
            "PLAZA_PASSWORD": DEMO_PASSWORD,
        }
        run(str(NODE), "build/openapi-fetch.js", **person)
        run(str(NODE), "build/hey-api.js", **person)
        program = (PYTHON / "python", HERE / "python_client.py", *person.values())
        run(*program, PYTHONPATH=str(folder))


def main() -> int:
    """Do what is asked, or say why not."""
    lacking, only_lint = missing(), "--lint" in sys.argv
    if lacking:
        sys.stdout.write(f"{'contract-lint' if only_lint else 'clients'}: left out, {lacking}\n")
        return 0
    try:
        run(str(NPM), "ci", "--omit=optional", "--loglevel=error")
        if only_lint:
            lint()
            return 0
        with tempfile.TemporaryDirectory(prefix="plaza-clients-") as name:
            generate(Path(name))
            walk(Path(name))
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"{' '.join(error.cmd[:3])}: exit {error.returncode}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
