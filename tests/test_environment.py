"""What the environment decides that no other test can see."""

import base64
import io
import os
import stat
import sys
from pathlib import Path

import pytest

import manage
from config import database, env, mail
from core import context

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


REFUSED = """
import importlib, os
from config.settings import base
for name, value in %r:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        importlib.reload(base)
        print(name, base.PLATFORM_APPS)
    except SystemExit as end:
        print(end.code)
    os.environ.pop(name) if before is None else os.environ.update({name: before})
"""


def test_a_malformed_variable_stops_the_process_with_one_sentence(boot, tmp_path):
    values = [
        ("SECRET_KEY", ""),
        ("DATABASE_URL", "mysql://u@h/x"),
        ("PLATFORM_APPS", "dogs,cats"),
        ("PLATFORM_APPS", "dogs, dogs"),
        ("PLATFORM_APPS", "dogs,"),
        ("PLATFORM_APPS", ","),
        ("REDIS_URL", "localhost:6379"),
        ("CELERY_BROKER_URL", "rabbit"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("LOG_FORMAT", ""),
        ("TIME_ZONE", "Mars/Base"),
        ("TIME_ZONE", "../etc/passwd"),
        ("TRUSTED_PROXIES", "10.0.0.1,proxy"),
        ("DOG_API_URL", ""),
        ("RELAY_API_URL", "ftp://relay.example"),
        ("TMDB_API_URL", "https://user:sekret@api.example"),
        ("ACCESS_TOKEN_SECONDS", "0"),
        ("ACCESS_TOKEN_SECONDS", "99999999999999"),
        ("REFRESH_TOKEN_DAYS", "99999999"),
        ("LOGIN_WINDOW_SECONDS", "soon"),
        ("DEMO_DATA", "perhaps"),
        ("PUBLIC_URL", "plaza.example"),
        ("PUBLIC_URL", "https://user:sekret@plaza.example"),
        ("PASSWORD_RESET_URL", "https://front.example/new-password"),
        ("PASSWORD_RESET_URL", "javascript:{token}"),
        ("STAFF_SECOND_FACTOR", "always"),
        ("RECOGNITION", "barcode, magic"),
        ("EMAIL_URL", "mail.example:25"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "gopher://mail.example"),
        ("EMAIL_URL", "file://folder/mail"),
        ("EMAIL_URL", "smtp://user:sekret@mail.example:port"),
        ("EMAIL_URL", "smtp://user:sekret@mail.example/?tls=maybe"),
        ("EMAIL_URL", "smtp://user:sekret@mail.example/?tls=true&ssl=true"),
    ]
    taken = [("PLATFORM_APPS", ""), ("PLATFORM_APPS", " "), ("PLATFORM_APPS", " movies , dogs ")]
    environment = {
        "PATH": os.defpath,
        "SECRET_KEY": "k" * 50,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        "VAR_DIR": str(tmp_path),
    }
    ran = boot(REFUSED % [*values, *taken], environment)
    assert ran.stderr == ""
    *said, empty, blank, two = ran.stdout.splitlines()
    assert empty == blank == "PLATFORM_APPS []"
    assert two == "PLATFORM_APPS ['movies', 'dogs']"
    for (name, _value), sentence in zip(values, said, strict=True):
        assert sentence.startswith((f"plaza: {name} ", f"plaza: {name}:"))
    assert "sekret" not in ran.stdout


def test_a_command_acts_under_its_name(monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "argv", ["manage.py", "changepassword", "ana@example.com"])
    monkeypatch.setattr(
        "django.core.management.execute_from_command_line",
        lambda _arguments: seen.append((context.actor.get(), context.request_id.get())),
    )
    manage.main()
    [(actor, request_id)] = seen
    assert actor == context.Actor("command", label="changepassword")
    assert len(request_id) == 32
    assert context.actor.get() == context.NOBODY


def test_a_database_behind_a_silent_network_is_noticed_in_seconds():
    url = "postgres://u@db.example/x?sslmode=require"
    options = database.settings_of("DATABASE_URL", url)["OPTIONS"]
    assert options["sslmode"] == "require"
    assert options["connect_timeout"] <= 2
    assert options["tcp_user_timeout"] <= 5000
    alive = (
        options["keepalives_idle"] + options["keepalives_interval"] * options["keepalives_count"]
    )
    assert alive <= 5


def test_production_believes_the_server_not_a_header_about_https(boot, tmp_path):
    """Gunicorn reads X-Forwarded-Proto, of TRUSTED_PROXIES only; Django must not read it again."""
    secrets = {"SECRET_KEY": "k" * 50, "JWT_SIGNING_KEY": "j" * 50, "CREDENTIALS_KEYS": ""}
    outside = dict.fromkeys(("DOG_API_URL", "RELAY_API_URL"), "https://api.example")
    environment = {
        **secrets,
        **outside,
        "TMDB_API_URL": "https://api.example",
        "DOG_PICTURES_URL": "",
        "EMAIL_URL": "",
        "PATH": os.defpath,
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "ALLOWED_HOSTS": "testserver",
        "PLATFORM_APPS": "dogs",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
    }
    ran = boot(SCHEMES, environment)
    assert ran.stderr == ""
    assert ran.stdout.split() == ["http", "https"]


@pytest.mark.parametrize("hosts", ["", "*", "a.example,*"])
def test_production_names_its_hosts(boot, tmp_path, hosts):
    environment = {
        "PATH": os.defpath,
        "SECRET_KEY": "k" * 50,
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "ALLOWED_HOSTS": hosts,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
    }
    ran = boot("import config.wsgi", environment)
    assert ran.returncode == 1
    assert ran.stderr.startswith("plaza: ALLOWED_HOSTS is not set.")


LOADED = """
import sys, config.wsgi
print("core.ops.health" in sys.modules, "users.views.accounts" in sys.modules)
"""


def test_the_views_are_there_before_workers_are_forked(boot, tmp_path):
    """Else each worker's first requests load them, and others wait behind."""
    environment = {
        "PATH": os.defpath,
        "SECRET_KEY": "k" * 50,
        "DJANGO_SETTINGS_MODULE": "config.settings.local",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        "VAR_DIR": str(tmp_path),
    }
    ran = boot(LOADED, environment)
    assert ran.stderr == ""
    assert ran.stdout.split() == ["True", "True"]


MAILED = """
from config.settings import production
print(production.MAIL_ENABLED, production.EMAIL_BACKEND.split(".")[-2], repr(production.PUBLIC_URL))
"""


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "False dummy ''"),
        ({"PUBLIC_URL": "https://plaza.example"}, "False dummy 'https://plaza.example'"),
        (
            {"EMAIL_URL": "smtps://mail.example", "PUBLIC_URL": "https://plaza.example"},
            "True smtp 'https://plaza.example'",
        ),
        (
            {
                "EMAIL_URL": "smtps://mail.example",
                "PASSWORD_RESET_URL": "https://front.example/#{token}",
            },
            "True smtp ''",
        ),
        (
            {"EMAIL_URL": "smtps://mail.example"},
            "plaza: PUBLIC_URL is not set, and EMAIL_URL is: mails with links need its address.",
        ),
    ],
)
def test_production_mails_no_link_without_an_address(boot, tmp_path, variables, said):
    apis = ("DOG_API_URL", "DOG_PICTURES_URL", "RELAY_API_URL", "TMDB_API_URL")
    environment = {
        **dict.fromkeys(apis, "https://api.example"),
        "EMAIL_URL": "",
        "PATH": os.defpath,
        "SECRET_KEY": "k" * 50,
        "JWT_SIGNING_KEY": "j" * 50,
        "ALLOWED_HOSTS": "testserver",
        "PLATFORM_APPS": "",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
        **variables,
    }
    ran = boot(MAILED, environment)
    assert (ran.stdout + ran.stderr).strip() == said


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", {"BACKEND": "dummy"}),
        ("console://", {"BACKEND": "console"}),
        ("file://", {"BACKEND": "filebased", "FILE_PATH": str(env.VAR_DIR / "mail")}),
        ("file:///srv/mail", {"BACKEND": "filebased", "FILE_PATH": "/srv/mail"}),
        ("smtp://mail.example", {"HOST": "mail.example", "PORT": 25}),
        ("smtp://[2001:db8::1]:2525", {"HOST": "2001:db8::1", "PORT": 2525}),
        ("smtp+tls://mail.example", {"HOST": "mail.example", "PORT": 587, "USE_TLS": True}),
        (
            "smtp://mail.example:587/?tls=true",
            {"HOST": "mail.example", "PORT": 587, "USE_TLS": True},
        ),
        ("smtp://mail.example/?ssl=1", {"HOST": "mail.example", "PORT": 465, "USE_SSL": True}),
        (
            "smtps://ana%40example.com:p%2Fw%3A@mail.example",
            {
                "HOST": "mail.example",
                "PORT": 465,
                "HOST_USER": "ana@example.com",
                "HOST_PASSWORD": "p/w:",
                "USE_SSL": True,
            },
        ),
    ],
)
def test_an_email_url_is_djangos_settings(url, expected):
    if "HOST" in expected:
        defaults = {"BACKEND": "smtp", "HOST_USER": "", "HOST_PASSWORD": "", "TIMEOUT": 10}
        expected = {**defaults, **expected}
    backend = f"django.core.mail.backends.{expected['BACKEND']}.EmailBackend"
    wanted = {f"EMAIL_{name}": value for name, value in {**expected, "BACKEND": backend}.items()}
    assert mail.settings_of("EMAIL_URL", url) == wanted


# --- The log's form ------------------------------------------------------------------------------
def test_what_is_chosen_may_be_written_in_any_case(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "warning")
    monkeypatch.setenv("LOG_FORMAT", "TEXT")
    monkeypatch.setenv("NO_COLOR", "1")
    assert env.log_options() == {"level": "WARNING", "form": "text", "colour": False}


def test_a_wrong_form_is_refused_with_one_sentence(monkeypatch):
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(SystemExit) as end:
        env.log_options()
    assert end.value.code == "plaza: LOG_FORMAT is 'xml'. Set one of json, text."


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("variables", "terminal", "piped"),
    [
        ({}, True, False),
        ({"TERM": "xterm-256color"}, True, False),
        ({"NO_COLOR": ""}, True, False),  # no-color.org: only a value counts
        ({"NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(monkeypatch, variables, terminal, piped):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert env.colour() is terminal
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert env.colour() is piped


# --- Secrets on one machine ----------------------------------------------------------------------
LOCAL = """
from config.settings import local
print(local.SECRET_KEY)
print(local.JWT_SIGNING_KEY)
print(*local.CREDENTIALS_KEYS)
"""


@pytest.fixture
def local(boot, tmp_path):
    """Return a function that reads the local settings in a process of its own."""

    def read(**variables):
        given = {"SECRET_KEY": "mine" * 10, "CREDENTIALS_KEYS": "k1:mine", "JWT_SIGNING_KEY": ""}
        return boot(LOCAL, {"PATH": os.defpath, "VAR_DIR": str(tmp_path), **given, **variables})

    return read


@pytest.mark.parametrize(
    ("secret", "ring"), [("", ""), ("GENERATE", "k1:GENERATE_KEY"), ("", "k1:GENERATE_KEY")]
)
def test_secrets_that_nobody_set_are_made_once_for_one_machine(local, tmp_path, secret, ring):
    first = local(SECRET_KEY=secret, CREDENTIALS_KEYS=ring)
    assert (first.returncode, first.stderr) == (0, "")
    key, signing, entry = first.stdout.split()
    assert len(key) == 64
    assert signing == key
    name, _, value = entry.partition(":")
    assert (name, len(base64.b64decode(value, validate=True))) == ("kept", 32)
    assert local(SECRET_KEY=secret, CREDENTIALS_KEYS=ring).stdout == first.stdout
    folder = tmp_path / "secrets"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "SECRET_KEY": 0o600,
        "CREDENTIALS_KEYS": 0o600,
    }


def test_secrets_that_are_set_stay_and_none_is_made(local, tmp_path):
    assert local().stdout.split() == ["mine" * 10, "mine" * 10, "k1:mine"]
    assert not (tmp_path / "secrets").exists()


def test_a_secret_that_cannot_be_kept_is_refused_with_one_sentence(local, tmp_path):
    (tmp_path / "secrets").write_text("a file where the folder should be")
    ran = local(SECRET_KEY="GENERATE")
    assert (ran.returncode, ran.stdout) == (1, "")
    [sentence] = ran.stderr.splitlines()
    assert sentence.startswith("plaza: SECRET_KEY is not set, and ")
    assert sentence.endswith("Set it in .env.")


def test_processes_that_start_together_keep_the_same_secret(tmp_path):
    path = tmp_path / "secrets" / "SECRET_KEY"

    def slow():
        assert env.kept(path, lambda: "the first one") == "the first one"
        return "too late"

    assert env.kept(path, slow) == "the first one"
    assert [each.name for each in path.parent.iterdir()] == ["SECRET_KEY"]


@pytest.mark.parametrize("secret", ["", "GENERATE"])
def test_production_makes_no_secret(boot, tmp_path, secret):
    environment = {
        "PATH": os.defpath,
        "SECRET_KEY": secret,
        "JWT_SIGNING_KEY": "",
        "VAR_DIR": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'empty.sqlite3'}",
    }
    ran = boot("import config.settings.production", environment)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("plaza: SECRET_KEY is missing")
    assert ran.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == []
