"""Let generated clients work with Plaza: ``make clients``; hold the contract: ``--lint``.

A node and a worker of their own with an SQLite file of their own, a sandbox of the outside APIs,
and for each generator a program that does what its first users do. The TypeScript ones are compiled
strictly before they run.
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import sandbox
from scripts.nodes import Node, environment
from scripts.proxy import ROOT
from users.constants import DEMO_PASSWORD

HERE = Path(__file__).resolve().parent
CONTRACT = ROOT / "openapi.yaml"
MIN_NODE = 20
NODE, NPM = shutil.which("node"), shutil.which("npm")
# Made by the Makefile, with the generator from tests/clients/requirements.txt.
PYTHON = ROOT / "var" / "clients" / "venv" / "bin"


def missing() -> str:
    """Return what these clients need and this machine has not; "" when all is there."""
    if not (NODE and NPM):
        return "node and npm are not installed"
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    if int(said.lstrip("v").partition(".")[0]) < MIN_NODE:
        return f"node is older than {MIN_NODE}: {said.strip()}"
    return ""


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


def settings_in(folder: Path, outside: str) -> dict[str, str]:
    """Return the environment of a platform that has its files in ``folder``."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "SECRET_KEY": uuid4().hex + uuid4().hex,
        "CREDENTIALS_KEYS": "",  # this machine's own, as there may be no .env
        "DATABASE_URL": f"sqlite:///{folder / 'clients.sqlite3'}",
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "filesystem://localhost/",
        "VAR_DIR": str(folder),
        "DOG_API_URL": f"{outside}/dogs/api",
        "RELAY_API_URL": f"{outside}/relay/api",
        "LOG_LEVEL": "WARNING",
        "WEB_WORKERS": "1",
        "WEB_THREADS": "4",
    }


@contextlib.contextmanager
def worker(folder: Path, settings: dict[str, str]) -> Iterator[None]:
    """Let a worker fetch pictures and pass files on."""
    options = ("--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle")
    command = [sys.executable, "-m", "celery", "-A", "config.celery", "--quiet", "worker", *options]
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(**settings), stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def walk(folder: Path) -> None:
    """Start a platform and let each program work with it."""
    with sandbox.running() as outside:
        settings = settings_in(folder, f"http://127.0.0.1:{outside.server_address[1]}")
        manage = (sys.executable, "manage.py", "prepare", "--demo", "--verbosity", "0")
        run(*manage, folder=ROOT, **settings)
        with worker(folder, settings), Node(folder, **settings) as node:
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
