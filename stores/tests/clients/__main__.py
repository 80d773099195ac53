"""Let sync clients from npm run against Plaza: ``make clients``.

A node of its own with an SQLite file of its own, RxDB as it is published, and a network that loses
two answers of five after their effect. What the phones say is held against the server over HTTP;
what must not be there is looked for in the database at the end. Photos go up by tus-js-client, each
piece cut in the middle, to the node and through nginx.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.local import settings_in
from scripts.nodes import Node, environment
from scripts.npm import NODE, NPM, missing
from scripts.proxy import ROOT, Proxy, nginx_path
from stores.tests.clients import pictures

HERE = Path(__file__).resolve().parent
SEED = "from stores.tests.clients import seed; seed.main()"
SCRIPTS = ("rxdb.mjs", "tus.mjs")
# What a phone on a bad network must not leave behind: other content under a visit's id.
LEFT_BEHIND = "from stores.models import VisitRevision; print(VisitRevision.objects.count())"


def manage(settings: dict[str, str], *arguments: str) -> str:
    """Run one of Django's commands on the clients' database and return what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.check_output(command, cwd=ROOT, env=environment(**settings), text=True)


@contextlib.contextmanager
def front(folder: Path, node: Node) -> Iterator[str]:
    """Yield the address of nginx before the node; nothing where it is not installed."""
    if nginx_path() is None:
        yield ""
        return
    nginx = Proxy(folder / "nginx")
    nginx.nodes({node.port: ""})
    with nginx:
        yield f"http://127.0.0.1:{nginx.port}"


def run(folder: Path, scripts: Sequence[str]) -> int:
    """Start a node, let the phones work, and return how the process ends."""
    settings = settings_in(folder, WEB_THREADS="4")
    manage(settings, "prepare", "--verbosity", "0")
    world = manage(settings, "shell", "--no-imports", "-c", SEED)
    pictures.make(folder / "pictures")
    with Node(folder, **settings) as node, front(folder, node) as front_url:
        variables = environment(
            **settings,
            PLAZA_URL=f"http://127.0.0.1:{node.port}",
            PLAZA_PROXY=front_url,
            PLAZA_PHOTOS=str(folder / "pictures"),
            PLAZA_WORLD=world,
            PLAZA_MANAGE=json.dumps([sys.executable, str(ROOT / "manage.py")]),
        )
        ended = [
            subprocess.run([str(NODE), script], cwd=HERE, env=variables, check=False).returncode
            for script in scripts
        ]
    revisions = int(manage(settings, "shell", "--no-imports", "-c", LEFT_BEHIND))
    if revisions:
        sys.stdout.write(f"clients: BROKEN: {revisions} revisions of visits that nobody changed\n")
    return max(*ended, bool(revisions))


def main() -> int:
    """Run the clients, or say why not."""
    lacking = missing()
    if lacking:
        sys.stdout.write(f"clients: left out, {lacking}\n")
        return 0
    subprocess.run([str(NPM), "ci", "--omit=optional", "--loglevel=error"], cwd=HERE, check=True)
    with tempfile.TemporaryDirectory(prefix="plaza-clients-") as name:
        return run(Path(name), sys.argv[1:] or SCRIPTS)


if __name__ == "__main__":
    sys.exit(main())
