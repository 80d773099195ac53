"""What a photo of 200 kB costs: Plaza's tus beside ``@tus/server`` on Node, in one run.

Both write to a folder and take the SHA-256 of what is whole. Counted is the CPU time of the
server's process and of its database; creations are not counted. Plaza besides synchronises the
disk, decodes the picture, and keeps it in its storage. Needs node, npm (which fetches the peer)
and a database:

    BENCH_DATABASE_URL=postgres://… .venv/bin/python -m benchmarks.photos
"""

import base64
import contextlib
import hashlib
import http.client
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from PIL import Image

from benchmarks.common import DATABASE_URL, ROOT, server_environment
from benchmarks.servers import Database, processes, spent
from scripts.nodes import Node
from scripts.npm import NODE, NPM, missing
from scripts.proxy import free_port

NODES_OWN = {"PORT", "WEB_HOST", "TRUSTED_PROXIES"}
PHOTO_BYTES = 200_000
UPLOADS = 100
ROUNDS = 3
PEER = ["@tus/server@2.4.5", "@tus/file-store@2.1.1"]
PEER_APP = """
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Server } from '@tus/server';
import { FileStore } from '@tus/file-store';
const [folder, port] = process.argv.slice(2);
const server = new Server({
  path: '/api/photos',
  datastore: new FileStore({ directory: folder }),
  async onUploadFinish(_request, upload) {
    const hash = createHash('sha256');
    for await (const data of createReadStream(upload.storage.path)) hash.update(data);
    hash.digest('hex');
    return {};
  },
});
server.listen({ host: '127.0.0.1', port: Number(port) });
"""
SELLER = """
from uuid import uuid4
from core.roles import Role
from users.auth.tokens import AccessToken
from users.tests.factories import SessionFactory, UserFactory
seller = UserFactory(role=Role.SELLER, email=f"{uuid4()}@example.com")
print(AccessToken.of(SessionFactory(user=seller)))
"""


def picture() -> bytes:
    """Return a JPEG of some 200 kB, 1600 pixels wide."""
    noise = random.Random(1)
    small = Image.frombytes("RGB", (266, 200), noise.randbytes(266 * 200 * 3))
    data = bytes(PHOTO_BYTES + 1)
    quality = 80
    large = small.resize((1600, 1200))
    while len(data) > PHOTO_BYTES:
        target = io.BytesIO()
        large.save(target, "JPEG", quality=quality)
        data = target.getvalue()
        quality -= 5
    return data + bytes(max(0, PHOTO_BYTES - len(data)))


class Tus:
    """One client on one connection."""

    def __init__(self, url: str, token: str = "") -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self.headers = {"Tus-Resumable": "1.0.0"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> str:
        """Send a request that must go well; return where the answer points to."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, body=body, headers={**self.headers, **said})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"bench: {method} {path}: {answer.status} {text[:300]!r}")
        return urlsplit(answer.headers.get("Location", "")).path

    def announce(self, data: bytes, length: int) -> str:
        """Announce an upload; return where it is."""
        said = {"id": str(uuid.uuid4()), "sha256": hashlib.sha256(data).hexdigest()}
        said["type"] = "image/jpeg"
        pairs = (
            f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items()
        )
        return self.ask(
            "POST", "/api/photos", Upload_Length=str(length), Upload_Metadata=",".join(pairs)
        )

    def send(self, path: str, data: bytes) -> None:
        """Send bytes from the beginning on."""
        kind = "application/offset+octet-stream"
        self.ask("PATCH", path, data, Upload_Offset="0", Content_Type=kind)


def tree(pid: int) -> float:
    """Return the CPU seconds of a process and all below it."""
    table = processes()
    found = [pid]
    for parent in found:
        found += [child for child, (above, _) in table.items() if above == parent]
    return sum(table[one][1] for one in found if one in table)


def measured(client: Tus, pid: int, database: Database | None, *, whole: bool) -> float:
    """Return the CPU milliseconds of one PATCH of 200 kB."""
    client.connection.close()  # Node ends one that was idle for 5 s; the next request opens another
    base = picture()
    photos = [base + uuid.uuid4().bytes for _ in range(UPLOADS)]
    paths = [client.announce(data, len(data) * (1 if whole else 2)) for data in photos]
    rows = database.backends() if database else {}
    before = tree(pid)
    for path, data in zip(paths, photos, strict=True):
        client.send(path, data)
    seconds = tree(pid) - before
    if database:
        seconds += spent(rows, database.backends())
    return seconds * 1000 / UPLOADS


@contextlib.contextmanager
def peer(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the address and process of ``@tus/server``."""
    (folder / "package.json").write_text(json.dumps({"type": "module", "private": True}))
    (folder / "app.mjs").write_text(PEER_APP)
    (folder / "files").mkdir()
    subprocess.run([str(NPM), "install", "--loglevel=error", *PEER], cwd=folder, check=True)
    port = free_port()
    command = [str(NODE), "app.mjs", "files", str(port)]
    process = subprocess.Popen(command, cwd=folder)
    try:
        while True:
            with contextlib.suppress(OSError):
                http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(10)


def manage(settings: dict[str, str], *arguments: str) -> str:
    """Run one of Django's commands and return what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.check_output(command, cwd=ROOT, env=settings, text=True)


def main() -> int:
    """Measure both, round by round, and print the medians."""
    lacking = missing()
    if lacking:
        sys.stdout.write(f"bench: {lacking}\n")
        return 1
    with tempfile.TemporaryDirectory(
        prefix="plaza-photos-", dir=os.environ.get("BENCH_DIR")
    ) as name:
        folder = Path(name)
        settings = {
            **server_environment(),
            "DJANGO_SETTINGS_MODULE": "config.settings.local",
            "VAR_DIR": str(folder / "var"),
            "WEB_WORKERS": "1",
            "RECOGNITION": "manual",  # what looks at photos afterwards is another benchmark
        }
        own = {key: value for key, value in settings.items() if key not in NODES_OWN}
        manage(settings, "prepare", "--verbosity", "0")
        token = manage(settings, "shell", "--no-imports", "-c", SELLER).strip()
        database = Database(DATABASE_URL)
        (folder / "peer").mkdir()
        found: dict[str, list[float]] = {}
        with (
            Node(folder, **own) as node,
            peer(folder / "peer") as (url, pid),
        ):
            assert node.process is not None  # noqa: S101 - it was started
            plaza, other = Tus(f"http://127.0.0.1:{node.port}", token), Tus(url)
            for _round in range(ROUNDS + 1):  # the first one warms up
                for what, whole in (("whole", True), ("first half", False)):
                    for who, client, process, rows in (
                        ("plaza", plaza, node.process.pid, database),
                        ("@tus/server", other, pid, None),
                    ):
                        cost = measured(client, process, rows, whole=whole)
                        found.setdefault(f"{who}, {what}", []).append(cost)
        for what, costs in found.items():
            kept = costs[1:]
            spread = f"{min(kept):.2f} to {max(kept):.2f}"
            sys.stdout.write(f"{what}: {median(kept):.2f} ms CPU ({spread})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
