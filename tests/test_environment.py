"""What the environment decides that no other test can see."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import env

ROOT = Path(__file__).resolve().parent.parent

SCHEMES = """
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory
import django
django.setup()
for scheme in ("http", "https"):
    environ = RequestFactory()._base_environ(**{"wsgi.url_scheme": scheme})
    environ["HTTP_X_FORWARDED_PROTO"] = "https"
    print(WSGIRequest(environ).scheme)
"""


def test_a_database_behind_a_silent_network_is_noticed_in_seconds(monkeypatch):
    monkeypatch.setenv("ANY_DATABASE_URL", "postgres://u@db.example/x?sslmode=require")
    options = env.database("ANY_DATABASE_URL")["OPTIONS"]
    assert options["sslmode"] == "require"
    assert options["connect_timeout"] <= 2
    assert options["tcp_user_timeout"] <= 5000
    alive = (
        options["keepalives_idle"] + options["keepalives_interval"] * options["keepalives_count"]
    )
    assert alive <= 5


def test_production_believes_the_server_not_a_header_about_https(tmp_path):
    """Gunicorn reads X-Forwarded-Proto, of TRUSTED_PROXIES only; Django must not read it again."""
    secrets = {"SECRET_KEY": "k" * 50, "JWT_SIGNING_KEY": "j" * 50, "CREDENTIALS_KEYS": ""}
    outside = dict.fromkeys(("DOG_API_URL", "RELAY_API_URL"), "https://api.example")
    environment = {
        **secrets,
        **outside,
        "TMDB_API_URL": "https://api.example",
        "PATH": os.defpath,
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "ALLOWED_HOSTS": "testserver",
        "PLATFORM_APPS": "dogs",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
    }
    ran = subprocess.run(
        [sys.executable, "-c", SCHEMES],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    assert ran.stdout.split() == ["http", "https"]


@pytest.mark.parametrize("hosts", ["", "*", "a.example,*"])
def test_production_names_its_hosts(tmp_path, hosts):
    environment = {
        "PATH": os.defpath,
        "SECRET_KEY": "k" * 50,
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "ALLOWED_HOSTS": hosts,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
    }
    ran = subprocess.run(
        [sys.executable, "-c", "import config.wsgi"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("plaza: ALLOWED_HOSTS is not set.")
