"""An app that follows docs/architecture.md word for word is everywhere, and in no list.

The steps are taken in a copy of the tracked files, with the tools that people use.
"""

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.build_context import context
from tests.openapi import read
from tests.test_contract import complaints
from tests.test_docs import chapter

ROOT = Path(__file__).resolve().parent.parent
MANUAL = (ROOT / "docs" / "architecture.md").read_text()
BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
APP = {
    "__init__.py",
    "admin.py",
    "apps.py",
    "contract.py",
    "demo.py",
    "models.py",
    "permissions.py",
    "serializers.py",
    "services.py",
    "tasks.py",
    "urls.py",
    "views.py",
}
# Asked in the copy, beside the app's own tests.
PROBE = """
import io

import pytest
from django.contrib import admin
from django.core.management import call_command

from config.celery import app
from core import plugs
from plants.models import Plant
from scripts import messages


@pytest.mark.django_db  # a worker runs the system checks
def test_admin_tasks_and_texts():
    assert admin.site.is_registered(Plant)
    assert "plants" in {queue.name for queue in app.conf.task_queues}
    assert app.conf.beat_schedule["plants.water_all"]["task"] == "plants.tasks.water_all"
    app.loader.import_default_modules()
    assert "plants.tasks.water_all" in app.tasks
    assert plugs.route_task("plants.tasks.water_all") == {"queue": "plants"}
    assert "plants/models.py" in {name for name, _, _ in messages.sources()}


@pytest.mark.django_db
def test_demo_data():
    for expected in ("plants: 3 plants", "plants: plants are here already"):
        said = io.StringIO()
        call_command("demo", stdout=said)
        assert expected in said.getvalue().splitlines()
        assert Plant.objects.count() == 3
"""


def steps(text):
    """Yield each block with the file that the text above it names first, or with its language."""
    end = 0
    for block in BLOCK.finditer(text):
        named = re.search(r"`(plants/[\w/]+\.\w+)`", text[end : block.start()])
        end = block.end()
        yield named[1] if named else block[2], textwrap.dedent(block[3])


class Copy:
    """The tracked files, elsewhere, with an environment of their own."""

    def __init__(self, folder):
        self.folder = folder
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - git from the PATH
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()
        for name in listed:
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)
        (folder / ".venv").symlink_to(sys.prefix)
        self.run(sys.executable, "scripts/dotenv.py")

    def run(self, *command, status=0):
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},  # noqa: TID251 - tools are found by it
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == status, ran.stdout[-3000:] + ran.stderr[-3000:]
        return ran.stdout

    def make(self, *targets, status=0):
        """Make the targets, with what is installed here already."""
        return self.run("make", "--no-print-directory", "-o", "install", *targets, status=status)


def take_the_steps(copy):
    """Do what the manual says in the copy."""
    for name, text in steps(chapter(MANUAL, "Adding an app")):
        if name == "bash":
            for command in text.splitlines():
                tool, *words = command.split()
                copy.make(*words) if tool == "make" else copy.run(tool, *words)
        else:
            (copy.folder / name).write_text(text)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_an_app_that_follows_the_manual_is_everywhere(tmp_path):
    copy = Copy(tmp_path)
    take_the_steps(copy)
    assert {path.name for path in (tmp_path / "plants").glob("*.py")} == APP

    # Contract, diagram.
    contract = read((tmp_path / "openapi.yaml").read_text())
    routes = {path for path in contract["paths"] if "plant" in path}
    assert routes == {"/api/plants", "/api/plants/{id}"}
    assert "plants" in contract["info"]["description"]
    assert complaints(contract) == []
    plants = contract["paths"]["/api/plants"]
    assert (plants["get"]["operationId"], plants["post"]["summary"]) == (
        "listPlants",
        "Create a plant",
    )
    assert plants["post"]["responses"]["409"]["x-error-codes"] == [
        "idempotency_key_in_use",
        "conflict",
    ]
    assert "    Plant {\n" in (tmp_path / "docs" / "erd.md").read_text()

    # Style, types.
    copy.make("lint")
    linted = copy.run(".venv/bin/ruff", "check", "--show-files").splitlines()
    assert str(tmp_path / "plants" / "views.py") in linted
    assert "plants" in copy.make("-n", "types").split()

    # Routes, admin, tasks, demo data, texts, and what its own tests say.
    (tmp_path / "plants" / "tests" / "test_probe.py").write_text(PROBE)
    shape = "tests/test_pluggability.py::test_every_optional_app_has_the_shape"
    suite = ("plants", "tests/test_permissions.py", shape, "-k", "plants or shape")
    ran = copy.run(".venv/bin/pytest", "-q", "--no-migrations", *suite)
    assert re.search(r"^11 passed", ran, re.MULTILINE), ran

    # Coverage: a file that nothing runs counts when it is among the sources.
    copy.run(".venv/bin/coverage", "run", "manage.py", "version")
    seen = copy.run(".venv/bin/coverage", "report", "--include", "plants/*")
    assert re.search(r"^plants/services\.py .* 0%", seen, re.MULTILINE), seen

    # The image.
    built_from = {name for name in context(tmp_path) if name.startswith("plants/")}
    migrations = {"migrations/__init__.py", "migrations/0001_initial.py"}
    assert built_from == {f"plants/{name}" for name in APP | migrations}

    # An import that no optional app may have.
    (tmp_path / "plants" / "selectors.py").write_text("from dogs import constants\n")
    kept = copy.make("imports", status=2)
    assert "Optional apps never import each other BROKEN" in kept
    assert "Contracts: 6 kept, 1 broken." in kept
