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
from tests.routes import all_routes
from tests.test_contract import complaints

ROOT = Path(__file__).resolve().parent.parent
OPTIONAL = plugs.every_optional_app()
# The suite itself runs with all. An app's migrations run alone here, and with all others there; so
# where one app is left out, the tables are made from the models, which takes a tenth of the time.
CHOICES = {
    "none": ("migrations", []),
    **{f"only {name}": ("migrations", [name]) for name in OPTIONAL},
    **{
        f"without {name}": ("models", [other for other in OPTIONAL if other != name])
        for name in OPTIONAL
    },
}
PROBE = """
import json
import sys
import warnings
import django
warnings.simplefilter("error", RuntimeWarning)
django.setup()
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
from drf_spectacular.drainage import GENERATOR_STATS
from core import plugs
from config.celery import app
from tests.routes import all_routes

made_from, *addresses = sys.argv[1:]
setup_test_environment()
call_command("check", fail_level="WARNING")
call_command("makemigrations", check=True, dry_run=True, verbosity=0)
if made_from == "models":
    settings.MIGRATION_MODULES = {app.label: None for app in apps.get_app_configs()}
call_command("migrate", run_syncdb=True, verbosity=0)
call_command("demo", verbosity=0)
client = Client()
schema = client.get("/api/openapi.yaml", headers={"accept": "application/json"})
app.loader.import_default_modules()
print(json.dumps({
    "enabled": [app.label for app in plugs.enabled()],
    "routes": sorted({route.view.__module__.partition(".")[0] for route in all_routes()}),
    "admin": sorted({model._meta.app_label for model in admin.site._registry}),
    "queues": sorted(queue.name for queue in app.conf.task_queues),
    "tasks": sorted({name.partition(".")[0] for name in app.tasks}),
    "beat": sorted({key.partition(".")[0] for key in app.conf.beat_schedule}),
    "schema": schema.json(),
    "warned": bool(GENERATOR_STATS),
    "statuses": [client.get(path).status_code for path in addresses],
}))
"""
# One address of each app that runs here, by app.
ADDRESSES = {
    route.view.__module__.partition(".")[0]: route.path()
    for route in all_routes()
    if route.method == "GET" and not route.parameters
}


@pytest.fixture
def report_of(boot, tmp_path) -> Callable[[str, list[str]], dict]:
    """Return a function that boots the project with just these optional apps and asks it."""

    def ask(made_from: str, choice: list[str]) -> dict:
        done = boot(PROBE, environment(choice, tmp_path), made_from, *ADDRESSES.values())
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


@pytest.mark.parametrize(("made_from", "choice"), CHOICES.values(), ids=CHOICES.keys())
def test_exactly_the_chosen_apps_are_there(report_of, made_from, choice):
    seen = report_of(made_from, choice)
    always = {"core", "users"}
    assert set(seen["enabled"]) == always | set(choice)
    assert set(seen["routes"]) == always | set(choice)
    assert set(seen["admin"]) & set(OPTIONAL) == set(choice)
    assert set(seen["queues"]) <= always | set(choice)
    assert set(seen["tasks"]) & set(OPTIONAL) <= set(choice)
    assert set(seen["beat"]) <= always | set(choice)
    assert (seen["warned"], mistakes(seen["schema"])) == (False, [])
    # What an app says of its fields does not stand in another app's table.
    assert complaints(seen["schema"]) == []
    assert set(ADDRESSES) == always | set(settings.PLATFORM_APPS)
    for name, status in zip(ADDRESSES, seen["statuses"], strict=True):
        expected = {200, 401} if name in always | set(choice) else {404}
        assert status in expected, ADDRESSES[name]


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


@pytest.fixture
def folders(monkeypatch, tmp_path):
    """A repository with two optional apps, and folders that are none."""
    for name in ("core/apps.py", "users/apps.py", "users/models.py", "zoo/apps.py", "bees/apps.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("tests", "half", "bees.bak"):
        (tmp_path / name).mkdir()
    (tmp_path / "bees.bak" / "apps.py").touch()  # cannot be imported
    monkeypatch.setattr(plugs, "ROOT", tmp_path)
    return tmp_path


def test_the_apps_are_the_folders_with_apps_py_in_alphabetical_order(folders):
    assert plugs.every_optional_app() == ["bees", "zoo"]
    assert plugs.objection(["zoo", "bees"]) == plugs.objection([]) == ""


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ("zoo,cats", "PLATFORM_APPS names 'cats', which is no app here. Known: bees, zoo."),
        ("users", "PLATFORM_APPS names 'users', which is no app here. Known: bees, zoo."),
        ("../zoo", "PLATFORM_APPS names '../zoo', which is no app here. Known: bees, zoo."),
        ("zoo,bees,zoo", "PLATFORM_APPS names 'zoo' 2 times."),
        ("zoo,", "PLATFORM_APPS has an empty name: 'zoo,'."),
        ("half", "PLATFORM_APPS names 'half', a folder without apps.py."),
    ],
)
def test_an_objection_to_platform_apps_is_one_sentence(folders, names, sentence):
    assert plugs.objection(names.split(",")) == sentence


def test_a_folder_with_models_and_no_apps_py_is_not_passed_over_in_silence(folders):
    (folders / "half" / "models.py").touch()
    assert plugs.objection(["zoo"]) == (
        "The folder 'half' has models.py but no apps.py, so it would be no app."
    )


def test_where_no_optional_app_is_here_none_is_known(folders):
    for name in ("zoo", "bees"):
        (folders / name / "apps.py").unlink()
    assert plugs.objection(["cats"]).endswith("which is no app here. Known: none.")
    assert plugs.objection([]) == ""


def test_optional_apps_point_only_to_users():
    """Import contracts cannot see a foreign key given as a string."""
    for app in plugs.enabled():
        if app.label in settings.REQUIRED_APPS:
            continue
        for model in app.get_models():
            for field in model._meta.get_fields():
                if not isinstance(field, models.ForeignKey | models.ManyToManyField):
                    continue
                target = field.related_model._meta.app_label
                assert target in {app.label, "users"}, field
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
