"""The delivery files agree with each other, and the process refuses what it cannot run with."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from core import plugs
from scripts import dotenv, proxy, sbom
from tests.build_context import context
from tests.test_repository import variables_shown

ROOT = Path(__file__).resolve().parent.parent
COMPOSE_TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE = yaml.safe_load(COMPOSE_TEXT)
SERVICES = COMPOSE["services"]
EXAMPLE = (ROOT / ".compose.env-example").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
OURS = ("api", "worker", "beat")


def test_there_is_every_service():
    assert set(SERVICES) == {"nginx", "api", "worker", "beat", "postgres", "redis"}


def test_only_nginx_is_published_and_the_databases_have_no_way_out():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    assert SERVICES["nginx"]["ports"] == ["${PLAZA_PORT:-9050}:8080"]
    assert COMPOSE["networks"]["data"] == {"internal": True}
    for name in ("postgres", "redis", "beat"):
        assert SERVICES[name]["networks"] == ["data"], name
    assert SERVICES["nginx"]["networks"] == ["edge"]


def test_images_are_pinned_and_the_pipeline_uses_the_same():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(set(bases)) == 1
    images = {*bases, *(SERVICES[name]["image"] for name in ("postgres", "redis", "nginx"))}
    for image in images:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+(\.\d+)?-(slim-)?bookworm", image), image
    used = WORKFLOW["jobs"]["checks"]["services"]
    assert used["postgres"]["image"] == SERVICES["postgres"]["image"]
    assert used["redis"]["image"] == SERVICES["redis"]["image"]
    assert {SERVICES[name]["image"] for name in OURS} == {"plaza:${PLAZA_VERSION:-local}"}


@pytest.mark.parametrize("name", [*OURS, "nginx"])
def test_what_we_run_can_do_little(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - a file system of the container's own


def test_the_image_runs_as_nobody_special_and_compiles_nothing():
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes" in DOCKERFILE
    assert "--only-binary :all:" in DOCKERFILE
    assert not re.search(r"apt-get|build-essential|gcc", DOCKERFILE)
    assert "HEALTHCHECK" in DOCKERFILE


RUNS = """
    .compose.env-example Pipfile.lock manage.py config/wsgi.py config/settings/base.py
    core/locale/es/LC_MESSAGES/django.mo core/templates/core/page.html core/id_fields.py
    plants/__init__.py plants/apps.py plants/migrations/0001_initial.py plants/data/demo.csv
    plants/static/plants/leaf.svg plants/templates/plants/mail.txt
    scripts/dotenv.py scripts/lock.py scripts/prepared.sh
"""
STAYS_OUT = """
    .compose.env .env .env.local .git/config .git/hooks/check.py .venv/lib/module.py .netrc
    backup.sql db.sqlite3 dump.tar.gz id_rsa key.pem secrets.json token.txt old/customers.csv
    core/id_ed25519 plants/.env plants/.cache/module.py plants/db.sqlite3 plants/db.sqlite3-wal
    plants/server.key plants/data/demo.xlsx plants/static/.env plants/templates/.secret/page.html
    var/media/static/photo.jpg var/plaza.sqlite3 var/broker/task.py
    .github/workflows/ci.yml Dockerfile Makefile Pipfile README.md conftest.py openapi.yaml
    benchmarks/run.py deploy/values.py docs/data/table.csv nginx/static/start.sh sandbox/server.py
    scripts/smoke.py scripts/data/table.csv staticfiles/static/app.js tests/conftest.py
    plants/README.md plants/__pycache__/apps.pyc plants/tests/test_routes.py
    plants/static/node_modules/left/index.js core/locale/es/LC_MESSAGES/django.po
"""


@pytest.mark.parametrize("podman", [False, True], ids=["Docker", "Podman"])
def test_the_image_is_built_from_what_runs_and_from_no_secret(tmp_path, podman):
    for name in (*RUNS.split(), *STAYS_OUT.split()):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("planted")
    (tmp_path / ".dockerignore").write_text((ROOT / ".dockerignore").read_text())
    assert context(tmp_path, podman=podman) == set(RUNS.split())


def test_the_image_is_built_from_all_of_every_app():
    listed = subprocess.run(
        ["git", "ls-files", "config", *plugs.folders_with("apps.py")],  # noqa: S607 - git from the PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    runs = {name for name in listed if not re.search(r"/tests/|/README\.md$|\.po$", name)}
    assert runs - context(ROOT) == set()
    assert len(runs) > 200


def test_the_rules_of_dockerignore_are_those_of_docker(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("x", "y.z", "a/x", "a/b/x", "a/b/y.z"):
        (tmp_path / name).touch()

    def kept(*lines):
        (tmp_path / ".dockerignore").write_text("\n".join([*lines, ".dockerignore"]))
        return " ".join(sorted(context(tmp_path)))

    assert kept() == "a/b/x a/b/y.z a/x x y.z"
    assert kept("# *", "", "x") == "a/b/x a/b/y.z a/x y.z"
    assert kept("*", "!*/") == "a/b/x a/b/y.z a/x x y.z"  # the slash counts for nothing
    assert kept("**/x") == "a/b/y.z y.z"
    assert kept("a/*") == "x y.z"
    assert kept("a/**", "!a/?", "[wx]") == "a/b/x a/b/y.z a/x y.z"
    assert kept("*", "!a/b") == "a/b/x a/b/y.z"
    assert kept("!a/b", "*") == ""
    assert kept("**/*.*", "!y.z") == "a/b/x a/x x y.z"
    assert kept("/a/../x", "*.?") == "a/b/x a/b/y.z a/x"


def test_whoever_needs_the_tables_waits_for_them():
    for name in ("api", "worker", "beat"):
        assert SERVICES[name]["depends_on"]["postgres"] == {"condition": "service_healthy"}
        # depends_on holds for the first start only: the container waits itself, too.
        assert SERVICES[name]["command"][:2] == ["sh", "scripts/prepared.sh"]


def test_the_pages_name_the_file_of_variables():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")]
    said = [line for page in pages for line in re.findall(r"docker compose .*", page.read_text())]
    assert len(said) > 2
    assert [line for line in said if not line.startswith("docker compose --env-file ")] == []


class Prepared:
    """``scripts/prepared.sh`` with a ``python`` that sleeps or ends as the test wants."""

    def __init__(self, folder, prepare, *command):
        (folder / "python").write_text(f"#!/bin/sh\n{prepare}\n")
        (folder / "python").chmod(0o755)
        self.said = folder / "said"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                ["sh", str(ROOT / "scripts" / "prepared.sh"), *command],  # noqa: S607 - as compose does
                cwd=folder,
                env={"PATH": f"{folder}:{os.defpath}"},
                stdout=said,
            )

    def end(self):
        return self.process.wait(20)

    def says(self, words):
        deadline = time.monotonic() + 20
        while words not in self.said.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.01)


SLEEPS = "trap 'echo stopped; exit {}' TERM; echo asleep; while :; do sleep 0.05; done"


def test_prepared_runs_the_command_with_the_arguments_of_prepare(tmp_path):
    prepared = Prepared(tmp_path, 'echo "$@"', "sh", "-c", 'echo "ran $0"; exit 7', "a b")
    assert prepared.end() == 7
    assert prepared.said.read_text() == "manage.py prepare --wait 120\nran a b\n"


def test_prepared_runs_nothing_when_prepare_fails(tmp_path):
    prepared = Prepared(tmp_path, "exit 3", "echo", "ran")
    assert prepared.end() == 3
    assert prepared.said.read_text() == ""


def test_prepared_hands_sigterm_on_while_it_waits(tmp_path):
    prepared = Prepared(tmp_path, SLEEPS.format(5), "echo", "ran")
    prepared.says("asleep\n")
    prepared.process.terminate()
    assert prepared.end() == 5
    assert prepared.said.read_text() == "asleep\nstopped\n"


@pytest.mark.parametrize("status", [0, 9])
def test_prepared_hands_sigterm_on_to_the_command(tmp_path, status):
    prepared = Prepared(tmp_path, "exit 0", "sh", "-c", SLEEPS.format(status))
    prepared.says("asleep\n")
    prepared.process.terminate()
    assert prepared.end() == status
    assert prepared.said.read_text() == "asleep\nstopped\n"


def test_health_checks_look_where_there_is_something_to_see():
    folder = re.search(r"VAR_DIR=(\S+)", DOCKERFILE)[1]
    assert "VAR_DIR" not in EXAMPLE + COMPOSE_TEXT
    watched = f'test -n "$$(find {folder}/beat-alive -mmin -5)"'
    assert SERVICES["beat"]["healthcheck"]["test"] == ["CMD-SHELL", watched]


def test_a_stopping_worker_gets_the_time_that_it_takes():
    shown = dict(
        re.findall(r"^([A-Z_]+)=(\S+)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )
    assert int(shown["WEB_GRACE_SECONDS"]) < int(SERVICES["api"]["stop_grace_period"].rstrip("s"))
    assert SERVICES["worker"]["stop_grace_period"] == "60s"


def test_every_variable_of_compose_is_in_its_example_and_read_by_somebody():
    shown = variables_shown(EXAMPLE)
    used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", COMPOSE_TEXT)) - {"PLAZA_VERSION"}
    assert used - shown == set()
    read = variables_shown((ROOT / ".env.example").read_text())
    assert shown - used - read == set()


def test_every_variable_of_the_example_has_a_comment():
    lines = EXAMPLE.splitlines()
    for number, text in enumerate(lines):
        if re.match(r"[A-Z_]+=", text):
            above = next(one for one in reversed(lines[:number]) if not re.match(r"[A-Z_]+=", one))
            assert above.startswith("# "), text


def test_nginx_refuses_at_the_same_size_as_the_app():
    limit = re.search(r"^MAX_UPLOAD_BYTES=(\d+)$", EXAMPLE, re.MULTILINE)[1]
    assert SERVICES["nginx"]["environment"]["MAX_UPLOAD_BYTES"] == f"${{MAX_UPLOAD_BYTES:-{limit}}}"
    assert proxy.DEFAULTS["MAX_UPLOAD_BYTES"] == limit
    assert f"MAX_UPLOAD_BYTES={limit}\n" in (ROOT / ".env.example").read_text()
    base = (ROOT / "config" / "settings" / "base.py").read_text()
    written = re.search(r'"MAX_UPLOAD_BYTES", ([\d *]+)', base)[1]
    product = 1
    for factor in written.split("*"):
        product *= int(factor)
    assert product == int(limit)


@pytest.mark.parametrize(
    "script",
    ["compose_build.sh", "compose_remove.sh", "nginx/start.sh", "scripts/keep.sh", ".ci/run"],
)
def test_scripts_are_executable_and_parse(script):
    path = ROOT / script
    shell = "bash" if path.read_text().startswith("#!/usr/bin/env bash") else "sh"
    subprocess.run([shell, "-n", str(path)], check=True)
    if script != "nginx/start.sh":  # compose names its shell
        assert os.access(path, os.X_OK)


def test_compose_build_refuses_an_unfilled_example(tmp_path):
    for name in ("compose_build.sh", ".compose.env-example"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    (tmp_path / ".compose.env").write_text(EXAMPLE)
    ran = subprocess.run(
        ["bash", "compose_build.sh"],  # noqa: S607 - bash from the PATH
        cwd=tmp_path,
        env={"PATH": os.defpath, "COMPOSE": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert "still says GENERATE" in ran.stderr


def test_the_bill_of_materials_lists_what_the_lock_file_locks():
    lock = json.loads((ROOT / "Pipfile.lock").read_text())
    document = sbom.bill(lock)
    assert document == sbom.bill(lock)  # the same every time
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    listed = {part["name"]: part for part in document["components"]}
    assert set(listed) == {re.sub(r"[-_.]+", "-", name).lower() for name in lock["default"]}
    assert listed["django"]["purl"] == f"pkg:pypi/django@{listed['django']['version']}"
    digests = {digest.removeprefix("sha256:") for digest in lock["default"]["django"]["hashes"]}
    assert {entry["content"] for entry in listed["django"]["hashes"]} == digests


# --- What the process refuses ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """The environment of a container with a freshly filled example."""
    target = tmp_path_factory.mktemp("compose") / ".compose.env"
    dotenv.main([str(ROOT / ".compose.env-example"), str(target)])
    (target.parent / "static").mkdir()
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", target.read_text(), re.MULTILINE))
    return {
        **values,
        "PATH": os.defpath,
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DATABASE_URL": f"sqlite:///{target.parent / 'empty.sqlite3'}",
        "REDIS_URL": "",
        "CELERY_BROKER_URL": "memory://",
        "DEBUG": "false",
        "STATIC_ROOT": str(target.parent / "static"),
    }


START = "import config.wsgi; print('started')"


def test_the_filled_example_starts(filled):
    ran = subprocess.run(
        [sys.executable, "-c", START],
        cwd=ROOT,
        env=filled,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    assert ran.stdout == "started\n"


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "change-me-" + "x" * 40}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"JWT_SIGNING_KEY": "insecure-" + "x" * 40}, "JWT_SIGNING_KEY"),
        ({"CREDENTIALS_KEYS": ""}, "CREDENTIALS_KEYS"),
        ({"CREDENTIALS_KEYS": "k1:short"}, "CREDENTIALS_KEYS"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"DEBUG": "true"}, "DEBUG"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://u:pw-c4n4ry@h/x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgres://u:pw-c4n4ry@h:port/x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgres://u:pw-c4n4ry@h"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:////proc/nowhere/x.sqlite3"}, "DATABASE_URL"),
        ({"PLATFORM_APPS": "dogs,cats"}, "PLATFORM_APPS"),
        ({"PLATFORM_APPS": "core"}, "PLATFORM_APPS"),
        ({"DOG_API_URL": "http://127.0.0.1:9051/dogs/api"}, "DOG_API_URL"),
        ({"MAX_BODY_BYTES": "many"}, "MAX_BODY_BYTES"),
        ({"ACCESS_TOKEN_SECONDS": "0"}, "ACCESS_TOKEN_SECONDS"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_the_process_refuses_with_one_line(boot, filled, change, names):
    ran = boot(START, {**filled, **change})
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1, ran.stderr
    assert ran.stderr.startswith("plaza: ")
    assert names in ran.stderr
    assert "c4n4ry" not in ran.stderr
