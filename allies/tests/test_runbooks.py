"""The runbooks tell the truth: each SQL block and HTTP example runs and does what its page says."""

import json
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import DataError, IntegrityError, ProgrammingError, connection

from allies import services
from allies.models import Ally
from allies.tests.factories import history
from allies.tests.logs import example_log
from allies.tests.runbooks import (
    BOOKS,
    blocks,
    promises,
    requests_of,
    run_sql,
    send,
    statements,
    table_of,
)

PAGES = sorted(path.relative_to(BOOKS).as_posix() for path in BOOKS.glob("e[ns]/*.md"))
# What a page in Spanish runs and shows is the same to the letter, which a test below sees to.
RUN = [page for page in PAGES if page.startswith("en/")]
WOLF = "0d4f7a40-651d-44fb-8744-04d9b31ef844"
HEADINGS = {
    "en": ("**When.**", "**What you need.**", "## Steps", "You should see", "## How to undo"),
    "es": ("**Cuándo.**", "**Qué necesita.**", "## Pasos", "Debe ver", "## Cómo deshacer"),
}

SHELL = ".venv/bin/python manage.py dbshell -- "
COMMANDS = {
    "postgresql": SHELL + "-AqX -P footer=off -f {}",
    "sqlite": SHELL + "-bail -header -list -cmd '.timeout 5000' '.read {}'",
}
CLIENTS = {"postgresql": "psql", "sqlite": "sqlite3"}


@pytest.fixture
def demo(db):
    call_command("demo", app=["users", "allies"])


# --- The pages --------------------------------------------------------------------------------
def test_both_languages_have_the_same_pages_and_blocks():
    names = {
        language: [page[3:] for page in PAGES if page[:2] == language] for language in HEADINGS
    }
    assert len(names["en"]) == 4
    assert names["en"] == names["es"]
    for name in names["en"]:
        assert blocks(f"en/{name}") == blocks(f"es/{name}")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_when_what_steps_outcome_and_undo(page):
    text = (BOOKS / page).read_text()
    places = [text.index(heading) for heading in HEADINGS[page[:2]]]
    assert places == sorted(places)


@pytest.mark.parametrize("page", PAGES)
def test_blocks_are_the_files_beside_the_page(page):
    seen = 0
    for _language, about, content in blocks(page):
        if about.startswith("file="):
            assert (BOOKS / about.removeprefix("file=")).read_text() == content + "\n"
            seen += 1
    assert seen >= 2


def test_every_file_is_on_a_page():
    on_pages = {
        about[5:] for page in PAGES for _l, about, _c in blocks(page) if about[:5] == "file="
    }
    files = {path.relative_to(BOOKS).as_posix() for path in BOOKS.glob("[sh][qt]*/*")}
    assert files == on_pages


@pytest.mark.parametrize("page", PAGES)
def test_each_file_of_sql_has_its_command(page):
    """SQLite's shell would else give up beside a running platform, and go on after an error."""
    found = blocks(page)
    for number, (_language, about, _content) in enumerate(found):
        if about.endswith(".sql"):
            vendor = about.rsplit(".", 2)[1]
            name = f"docs/runbooks/{about.removeprefix('file=')}"
            assert found[number - 1] == ("sh", vendor, COMMANDS[vendor].format(name))


def test_the_example_log_is_made_up():
    assert (BOOKS / "example.log").read_bytes() == example_log()


# --- SQL --------------------------------------------------------------------------------------
def sql_blocks(page):
    """The page's SQL for the database at hand, in its order, with the table that is promised."""
    ending = f".{connection.vendor}.sql"
    return list(
        promises(page, lambda language, about: language == "sql" and about.endswith(ending))
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", RUN)
def test_sql_does_what_the_page_says(page, demo):
    found = sql_blocks(page)
    for about, script, expected in found:
        assert run_sql(script) == table_of(expected), about
    if "03" not in page:
        assert len(found) >= 1


@pytest.mark.django_db(transaction=True)
def test_the_change_is_one_change_in_the_journal_and_harmless_twice(demo):
    (_, change, _), (_, undo, _) = sql_blocks("en/02-rename-and-retag.md")
    before = Ally.objects.filter(pk=WOLF).values().get()
    others = list(Ally.objects.exclude(pk=WOLF).order_by("pk").values())
    entries = history().count()
    assert run_sql(change) is not None
    assert run_sql(change) is None
    changed = Ally.objects.get(pk=WOLF)
    assert (changed.name, changed.tags) == ("Old-Wolf", ["educacion", "movilidad", "tecnologia"])
    assert changed.updated_at > before["updated_at"]
    entry = history()[entries]
    assert history().count() == entries + 1
    assert (entry.action, entry.model, entry.object_id) == ("change", "allies.Ally", WOLF)
    assert entry.reason == "ticket 1234: new owner"
    assert entry.changes == {
        "name": ["Young-Wolf", "Old-Wolf"],
        "tags": [
            ["finanzas", "movilidad", "tecnologia"],
            ["educacion", "movilidad", "tecnologia"],
        ],
    }
    assert run_sql(undo) is not None
    after = Ally.objects.filter(pk=WOLF).values().get()
    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    assert list(Ally.objects.exclude(pk=WOLF).order_by("pk").values()) == others


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["movilidad", "finanzas"], ["movilidad", "educacion"]),
        (["finanzas", "educacion", "x"], ["educacion", "x"]),
        (["finanzas"], ["educacion"]),
    ],
)
def test_the_tag_is_found_by_its_value(demo, tags, expected):
    Ally.objects.filter(pk=WOLF).update(tags=tags)
    (_, change, _), _undo = sql_blocks("en/02-rename-and-retag.md")
    assert run_sql(change)[1][2] == json.dumps(expected)
    assert Ally.objects.get(pk=WOLF).tags == expected


def address_of_database(tmp_path):
    """Return the DATABASE_URL of the test's database; of one in memory, that of a copy on disk."""
    values = connection.settings_dict
    if connection.vendor == "postgresql":
        who = quote(values["USER"]) + (
            f":{quote(values['PASSWORD'])}" if values["PASSWORD"] else ""
        )
        port = values["PORT"] or 5432
        return f"postgres://{who}@{values['HOST'] or '127.0.0.1'}:{port}/{quote(values['NAME'])}"
    path = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(path)) as copy:
        connection.ensure_connection()
        connection.connection.backup(copy)
    return f"sqlite:///{path}"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", [page for page in PAGES if "/03" not in page])
def test_the_commands_show_what_the_page_shows(page, demo, tmp_path):
    """Word by word, as somebody runs them who has the platform's folder and no variable set."""
    if not shutil.which(CLIENTS[connection.vendor]):
        pytest.skip("psql or sqlite3 is not installed")  # the pages' commands call it
    ready = f"export DATABASE_URL={shlex.quote(address_of_database(tmp_path))}"
    mine = ("sh", connection.vendor)
    found = list(promises(page, lambda language, about: (language, about) == mine))
    assert found
    for _vendor, command, expected in found:
        script = command.replace(".venv/bin/python", shlex.quote(sys.executable))
        done = subprocess.run(
            ["bash", "-euc", f"{ready}\n{script}"],  # noqa: S607 - bash from the PATH
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=BOOKS.parent.parent,
        )
        assert (done.returncode, done.stdout) == (0, expected + "\n"), done.stderr


def refused(script):
    """Run a script that the database refuses, and roll back as a client does that stops."""
    with pytest.raises((DataError, IntegrityError, ProgrammingError)):
        run_sql(script)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tag", ["' Educacion '", "'EDUCACION'", "'educacion'"])
def test_the_sql_stores_a_tag_as_the_api_does(demo, tag):
    (_, change, _), _undo = sql_blocks("en/02-rename-and-retag.md")
    run_sql(change.replace("'educacion'", tag))
    assert Ally.objects.get(pk=WOLF).tags == ["educacion", "movilidad", "tecnologia"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("tag", ["''", "' '", "7", f"'{'x' * 51}'"])
def test_the_sql_refuses_what_the_api_refuses(demo, tag):
    (_, change, _), _undo = sql_blocks("en/02-rename-and-retag.md")
    before, entries = Ally.objects.filter(pk=WOLF).values().get(), history().count()
    refused(change.replace("'educacion'", tag))
    assert Ally.objects.filter(pk=WOLF).values().get() == before
    assert history().count() == entries


@pytest.mark.django_db(transaction=True)
def test_the_sql_refuses_a_store_without_name(demo):
    (_, change, _), _undo = sql_blocks("en/02-rename-and-retag.md")
    refused(change.replace("'Old-Wolf'", "' '"))
    assert Ally.objects.get(pk=WOLF).name == "Young-Wolf"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_change_is_one_statement_on_postgresql(demo):
    for name in ("02-rename-and-retag", "02-undo", "01-tag-distribution", "04-credentials-now"):
        script = (BOOKS / "sql" / f"{name}.postgresql.sql").read_text()
        assert len(list(statements(script))) == 1


# --- HTTP -------------------------------------------------------------------------------------
def shell(page, live_server, script):
    """Run a block as somebody would who copied the page's set-up and the block into a shell."""
    ready = next(content for _l, about, content in blocks(page) if about == "setup")
    ready = ready.replace("http://127.0.0.1:9050", live_server.url)
    assert live_server.url in ready
    done = subprocess.run(
        ["bash", "-euc", f"{ready}\n{script}"],  # noqa: S607 - bash and curl from the PATH
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="the pages' examples call curl")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", [page for page in RUN if "/02" not in page])
def test_curl_examples_do_what_the_page_says(page, demo, live_server):
    found = list(promises(page, lambda language, about: (language, about) == ("sh", "run")))
    assert found
    for _about, script, expected in found:
        assert shell(page, live_server, script) == expected


HTTP_OUTCOMES = {
    "01-tag-distribution": [(200, '[{"tag":"mascotas","allies":85},')],
    "03-add-credentials": [
        (200, '{"message":"Credentials added","allyId":"1f585fc9-4926-468c-a728-eb34d80e9ea1",'),
        (200, '{"message":"Ally has credentials set!"}'),
    ],
    "04-check-credentials": [(400, '{"message":"Ally does not have credentials set!"}')],
}


def test_every_http_file_has_its_outcome_here():
    assert {path.stem for path in (BOOKS / "http").glob("*.http")} == set(HTTP_OUTCOMES)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", HTTP_OUTCOMES)
def test_http_files(name, demo, live_server):
    text = (BOOKS / "http" / f"{name}.http").read_text()
    for request, (status, start) in zip(
        requests_of(text, live_server), HTTP_OUTCOMES[name], strict=True
    ):
        found, answer = send(*request)
        assert (found, answer[: len(start)]) == (status, start)


@pytest.mark.django_db(transaction=True)
def test_httpie_file(demo, live_server):
    script = (BOOKS / "http" / "03-add-credentials.httpie.sh").read_text().replace("\\\n", " ")
    script = script.replace("$PLAZA", live_server.url).replace("$TOKEN", "abcdef1234567890")
    program, option, method, url, *items = shlex.split(script)
    # Without a terminal HTTPie would else wait for a body, and refuse the fields.
    assert (program, option) == ("http", "--ignore-stdin")
    headers, body = {"Content-Type": "application/json"}, {}
    for item in items:  # HTTPie: the first separator decides
        name, separator, value = re.fullmatch(r"([^:=]+)([:=])(.*)", item).groups()
        (headers if separator == ":" else body)[name] = value
    status, answer = send(method, url, headers, json.dumps(body).encode())
    assert (status, json.loads(answer)["message"]) == (200, "Credentials added")
    opened = services.open_credentials(
        ally_id="1f585fc9-4926-468c-a728-eb34d80e9ea1", purpose="test"
    )
    assert (opened.user, opened.password) == ("aliado_addi", "}sxh7_5}BdJ4K:Qf")


# --- The command ------------------------------------------------------------------------------
@pytest.mark.parametrize("page", [page for page in RUN if "/04" in page])
def test_the_report_is_what_the_page_shows(page, demo, capsys):
    ((_about, script, expected),) = promises(page, lambda _language, about: about == "command")
    python, manage, *arguments = shlex.split(script)
    assert (python, manage) == (".venv/bin/python", "manage.py")
    capsys.readouterr()
    call_command(*[str(BOOKS.parent.parent / one) if "/" in one else one for one in arguments])
    assert capsys.readouterr().out == expected + "\n"
