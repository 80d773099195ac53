"""nginx/start.sh with real nginx and a name server that does what the test wants."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
import urllib.request

import pytest

from scripts import proxy

pytestmark = [
    pytest.mark.skipif(proxy.nginx_path() is None, reason="nginx is not installed"),
    pytest.mark.skipif(shutil.which("envsubst") is None, reason="envsubst is not installed"),
]
# Names are looked up in the file "addresses"; while there is a file "away", forever.
GETENT = """#!/bin/sh
echo asked >>asked
[ ! -e away ] || exec sleep 600
cat addresses
"""


class Container:
    """The script as a container runs it, in ``folder``."""

    def __init__(self, folder):
        self.folder = folder
        self.port = proxy.free_port()
        getent = folder / "getent"
        getent.write_text(GETENT)
        getent.chmod(0o755)
        self.answers("10.0.0.1")

    def start(self, **variables):
        nginx = os.path.dirname(proxy.nginx_path())  # noqa: PTH120 - for the PATH
        with (self.folder / "said").open("wb") as said:
            self.process = subprocess.Popen(
                ["sh", str(proxy.ROOT / "nginx" / "start.sh")],  # noqa: S607 - as compose does
                cwd=self.folder,
                env={
                    "PATH": f"{self.folder}:{nginx}:{os.defpath}",
                    "RUN_DIR": str(self.folder / "run"),
                    "LISTEN": f"127.0.0.1:{self.port}",
                    "ACCESS_LOG": str(self.folder / "access.log"),
                    "ERROR_LOG": str(self.folder / "error.log"),
                    "POLL_SECONDS": "0.1",
                    **variables,
                },
                stderr=said,
                start_new_session=True,
            )

    def answers(self, *addresses):
        lines = [f"{address} STREAM api\n{address} DGRAM\n" for address in addresses]
        (self.folder / "addresses").write_text("".join(lines))

    def wait_for(self, done):
        deadline = time.monotonic() + 20
        while not done():
            assert time.monotonic() < deadline, (self.folder / "said").read_text()
            assert self.process.poll() is None, (self.folder / "said").read_text()
            time.sleep(0.02)

    def listed(self):
        path = self.folder / "run" / "upstream.conf"
        return path.read_text() if path.exists() else ""

    def asked(self):
        path = self.folder / "asked"
        return path.read_text().count("asked") if path.exists() else 0

    def healthy(self):
        """Tell whether nginx answers. ``nginx -t`` listens for a moment, too, and does not."""
        url = f"http://127.0.0.1:{self.port}/nginx-health"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read() == b'{"status": "ok"}'
        except OSError:
            return False

    def stop(self, number):
        self.process.send_signal(number)
        return self.process.wait(20)


@pytest.fixture
def container(tmp_path):
    tmp_path.chmod(0o755)
    made = Container(tmp_path)
    # A suite in the background (`make tests &`) ignores this signal, and so would what it starts.
    before = signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    yield made
    signal.signal(signal.SIGQUIT, before)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(made.process.pid, signal.SIGKILL)
    made.process.wait(10)


def node(address):
    return f"server {address}:8000 max_fails=0;\n"


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGTERM])
def test_it_follows_the_nodes_and_stops_when_told_to(container, number):
    container.start()
    container.wait_for(container.healthy)
    assert container.listed() == node("10.0.0.1")
    container.answers("10.0.0.2", "fd00::1")
    container.wait_for(lambda: "10.0.0.2" in container.listed())
    assert container.listed() == node("10.0.0.2") + node("[fd00::1]")
    # Nobody answers for the name: the last list stays.
    container.answers()
    asked = container.asked()
    container.wait_for(lambda: container.asked() > asked + 2)
    assert container.listed() == node("10.0.0.2") + node("[fd00::1]")
    assert container.stop(number) == 0
    assert not proxy.answers(container.port)


def test_a_name_server_that_is_away_does_not_keep_it_from_stopping(container):
    container.start()
    container.wait_for(container.healthy)
    (container.folder / "away").touch()
    asked = container.asked()
    container.wait_for(lambda: container.asked() > asked)
    assert container.stop(signal.SIGQUIT) == 0
    assert not proxy.answers(container.port)


def test_it_stops_before_it_has_found_anybody(container):
    (container.folder / "away").touch()
    container.start()
    container.wait_for(lambda: container.asked() == 1)
    assert container.stop(signal.SIGTERM) == 0
    assert not proxy.answers(container.port)


def test_front_ends_are_known_as_the_app_knows_them(container):
    container.start(CORS_ALLOWED_ORIGINS="https://front.example, http://[::1]:3000")
    container.wait_for(container.healthy)
    made = proxy.Proxy(
        container.folder / "other", origins=["https://front.example", "http://[::1]:3000"]
    )
    assert (container.folder / "run" / "cors.conf").read_text() == (
        made.folder / "cors.conf"
    ).read_text()
    container.stop(signal.SIGTERM)


@pytest.mark.parametrize("origin", ['https://a"; return 200', "https://a.example/$host", "a;b"])
def test_what_is_no_origin_stops_the_start_with_one_sentence(container, origin):
    container.start(CORS_ALLOWED_ORIGINS=origin)
    assert container.process.wait(20) == 1
    assert "no origin" in (container.folder / "said").read_text()
    assert container.listed() == ""
