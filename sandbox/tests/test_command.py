"""The sandbox as a command."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import sandbox
from sandbox.tests.helpers_requests import KEY, OPENER

ROOT = Path(__file__).parents[2]


@pytest.fixture
def process():
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}  # noqa: TID251 - handed on to a child
    with subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", "0"],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        yield child
        child.kill()


def test_the_command_serves_logs_without_keys_and_stops_on_sigterm(process):
    url = process.stderr.readline().split()[-1]
    with OPENER.open(f"{url}/tmdb/3/movie/1?{KEY}", timeout=30) as response:
        assert response.status == 200
    line = process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert line.startswith("sandbox GET /tmdb/3/movie/1 200 ")
    assert sandbox.API_KEY not in line


def test_the_command_says_that_a_port_is_taken(server):
    port = str(server.server_address[1])
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "--port", port],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert "Address already in use" in done.stderr
