"""``PLATFORM_APPS`` is the one switch: each optional app can be off, alone, or gone with the rest.

Each choice boots the project in a process of its own, with a database of its own.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from core import plugs
from tests.openapi import mistakes

ROOT = Path(__file__).resolve().parent.parent
OPTIONAL = plugs.every_optional_app()
CHOICES = {  # the suite itself runs with all
    "none": [],
    **{f"without {name}": [other for other in OPTIONAL if other != name] for name in OPTIONAL},
    **{f"only {name}": [name] for name in OPTIONAL},
}
PROBE = """
import json
import warnings
import django
warnings.simplefilter("error", RuntimeWarning)
django.setup()
from django.contrib import admin
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from drf_spectacular.drainage import GENERATOR_STATS
from core import plugs
from config.celery import app
from tests.routes import all_routes

setup_test_environment()
call_command("check", fail_level="WARNING")
call_command("makemigrations", check=True, dry_run=True, verbosity=0)
call_command("migrate", verbosity=0)
call_command("demo", verbosity=0)
client = Client()
schema = client.get("/api/openapi.yaml", headers={"accept": "application/json"})
app.loader.import_default_modules()
print(json.dumps({
    "enabled": [plug.label for plug in plugs.enabled()],
    "routes": sorted({route.view.__module__.partition(".")[0] for route in all_routes()}),
    "admin": sorted({model._meta.app_label for model in admin.site._registry}),
    "queues": sorted(queue.name for queue in app.conf.task_queues),
    "tasks": sorted({name.partition(".")[0] for name in app.tasks}),
    "beat": sorted({key.partition(".")[0] for key in app.conf.beat_schedule}),
    "schema": schema.json(),
    "warned": bool(GENERATOR_STATS),
    "prefixes": {path: client.get(path).status_code
                 for path in ("/api/users", "/api/dogs", "/api/patients",
                              "/api/movies/popular", "/api/allies")},
}))
"""
PREFIXES = {
    "dogs": "/api/dogs",
    "clinic": "/api/patients",
    "movies": "/api/movies/popular",
    "allies": "/api/allies",
}


@pytest.fixture
def report_of(boot, tmp_path) -> Callable[[list[str]], dict]:
    """Return a function that boots the project with just these optional apps and asks it."""

    def ask(choice: list[str]) -> dict:
        done = boot(PROBE, environment(choice, tmp_path))
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return ask


def environment(choice: list[str], folder: Path) -> dict[str, str]:
    """Return what decides about the apps, and a database that nobody else uses."""
    return {
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "SECRET_KEY": "x" * 50,
        "PLATFORM_APPS": ",".join(choice),
        "DATABASE_URL": f"sqlite:///{folder / 'plaza.sqlite3'}",
        "REDIS_URL": "",
    }


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES.keys())
def test_exactly_the_chosen_apps_are_there(report_of, choice):
    seen = report_of(choice)
    always = {"core", "users"}
    assert set(seen["enabled"]) == always | set(choice)
    assert set(seen["routes"]) == always | set(choice)
    assert set(seen["admin"]) & set(OPTIONAL) == set(choice)
    assert set(seen["queues"]) <= always | set(choice)
    assert set(seen["tasks"]) & set(OPTIONAL) <= set(choice)
    assert set(seen["beat"]) <= always | set(choice)
    assert (seen["warned"], mistakes(seen["schema"])) == (False, [])
    assert seen["prefixes"]["/api/users"] == 401
    for name, path in PREFIXES.items():
        expected = {200, 401} if name in choice else {404}
        assert seen["prefixes"][path] in expected, path


def test_an_unknown_app_stops_the_process_with_one_line(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "SECRET_KEY": "x" * 50, "PLATFORM_APPS": "dogs,cats"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"plaza: PLATFORM_APPS names 'cats', which is no app here. Known: {', '.join(OPTIONAL)}."
    ]


def test_optional_apps_point_only_to_users():
    """Import contracts cannot see a foreign key given as a string."""
    for plug in plugs.enabled():
        if plug.label in settings.REQUIRED_APPS or plug.label == "core":
            continue
        for model in plug.get_models():
            for field in model._meta.get_fields():
                if not isinstance(field, models.ForeignKey | models.ManyToManyField):
                    continue
                target = field.related_model._meta.app_label
                assert target in {plug.label, "users"}, field
                if target == "users":
                    assert field.remote_field.related_name == "+", field


def test_every_optional_app_has_the_shape():
    """The same name means the same thing in every app."""
    for name in OPTIONAL:
        folder = ROOT / name
        for part in ("apps.py", "models.py", "urls.py", "permissions.py", "README.md", "tests"):
            exists = (folder / part).exists() or (folder / part.removesuffix(".py")).is_dir()
            assert exists, f"{name}/{part}"
    assert isinstance(apps.get_app_config("users"), plugs.PluggableApp)
