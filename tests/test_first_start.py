"""What a newcomer does first: `make run` in a terminal, a copy of the example, the tests."""

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_docs import NOT_COPIED

ROOT = Path(__file__).resolve().parent.parent


# --- make run ------------------------------------------------------------------------------------
@pytest.fixture
def run(tmp_path):
    """Return a function that says `make run` and returns how the two programs were started."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / ".env.example", tmp_path / ".env")
    shown = "|".join(
        f"${{{name}-unset}}" for name in ("LOG_FORMAT", "FORCE_COLOR", "DJANGO_COLORS")
    )
    ports = "${SANDBOX_PORT-unset}"
    stand_in = f'#!/bin/sh\necho "${{0##*/}} $*|{shown}|$TZ|{ports}" >> said\n'
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("python", "honcho"):
        (tmp_path / ".venv" / "bin" / name).write_text(stand_in)
        (tmp_path / ".venv" / "bin" / name).chmod(0o755)

    sandboxes = []

    def start(*, terminal, **variables):
        ours, theirs = pty.openpty() if terminal else os.pipe()
        try:
            subprocess.run(
                ["make", "--old-file=install", "run"],  # noqa: S607 - make from the PATH
                cwd=tmp_path,
                env={"PATH": os.defpath, "TERM": "xterm", **variables},
                stdin=subprocess.DEVNULL,
                stdout=theirs,
                check=True,
            )
        finally:
            os.close(ours)
            os.close(theirs)
        python, honcho = (tmp_path / "said").read_text().splitlines()
        (tmp_path / "said").unlink()
        assert python.startswith("python manage.py prepare --demo|")
        honcho, _, port = honcho.rpartition("|")
        sandboxes.append(port)
        return python.split("|")[1:-1], honcho.split("|")

    start.sandboxes = sandboxes
    return start


PLAIN = "honcho -e /dev/null --no-colour start -p 9050"
COLOURED = "honcho -e /dev/null start -p 9050"


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_run_writes_for_people_only_in_a_terminal(run):
    bogota = "America/Bogota"
    python, honcho = run(terminal=True)
    assert python == ["text", "unset", "unset", ""]
    assert honcho == [COLOURED, "text", "1", "unset", bogota]
    for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        python, honcho = run(terminal=True, **plain)
        assert python == ["text", "unset", "nocolor", ""]
        assert honcho == [PLAIN, "text", "unset", "nocolor", bogota]
    python, honcho = run(terminal=False)
    assert python == ["unset", "unset", "nocolor", ""]
    assert honcho == [PLAIN, "unset", "unset", "nocolor", bogota]
    _python, honcho = run(terminal=True, LOG_FORMAT="json", PORT="9070", TIME_ZONE="Asia/Tokyo")
    assert honcho == [COLOURED.replace("9050", "9070"), "json", "1", "unset", "Asia/Tokyo"]
    _python, honcho = run(terminal=False, LOG_FORMAT="text")
    assert honcho == [PLAIN, "text", "unset", "nocolor", bogota]


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_run_leaves_the_form_to_the_file_of_variables(run, tmp_path):
    with (tmp_path / ".env").open("a") as file:
        file.write("LOG_FORMAT=json\n")
    assert run(terminal=True)[1] == [COLOURED, "unset", "1", "unset", "America/Bogota"]


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_the_sandbox_listens_beside_the_platform_or_where_it_is_told_to(run, tmp_path):
    run(terminal=False)
    run(terminal=False, PORT="9070")
    run(terminal=False, PORT="9070", SANDBOX_PORT="9099")
    with (tmp_path / ".env").open("a") as file:
        file.write("SANDBOX_PORT=9088\n")
    run(terminal=False)
    assert run.sandboxes == ["9051", "9071", "9099", "9088"]
    assert "--port ${SANDBOX_PORT:-9051}" in (ROOT / "Procfile").read_text()


# --- Without `make` ------------------------------------------------------------------------------
@pytest.fixture
def clone(tmp_path):
    """A fresh clone: nothing but the repository's own files, and a function that runs there."""
    here = tmp_path / "plaza"
    shutil.copytree(ROOT, here, ignore=NOT_COPIED)
    shutil.copy(ROOT / ".env.example", here)

    def command(*arguments):
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=here,
            env={"PATH": os.defpath},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return here, command


ASK = """
from django.test import Client
bearer = {"authorization": "Bearer abcdef1234567890"}
print(Client().get("/api/users/me", headers=bearer).json()["email"])
"""


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_copy_of_the_example_is_enough(clone):
    here, command = clone
    shutil.copy(here / ".env.example", here / ".env")
    prepared = command("manage.py", "prepare", "--demo", "--verbosity", "0")
    assert (prepared.returncode, prepared.stderr) == (0, "")
    asked = command("manage.py", "shell", "--verbosity", "0", "--command", ASK)
    assert asked.stdout == "admin@plaza.example\n"
    assert "GENERATE" in (here / ".env").read_text()


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_fresh_clone_runs_its_tests_and_says_how_to_start(clone):
    here, command = clone
    quickly = ("-q", "-p", "no:cacheprovider", "--no-migrations")  # the suite itself migrates
    ran = command("-m", "pytest", *quickly, "users/tests/test_api_tokens.py")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not (here / ".env").exists()
    refused = command("manage.py", "check")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "plaza: SECRET_KEY is missing or empty."
        " Set it in the environment, or write .env: make install.\n"
    )
