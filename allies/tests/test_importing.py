"""Allies from files: all or nothing, said row by row."""

import csv
import json

import pytest
from django.core.management import CommandError, call_command

from allies.files import importing
from allies.models import Ally, AllyCredential
from allies.tests.factories import AllyFactory, history, with_credentials

pytestmark = pytest.mark.django_db

WOLF = {
    "name": "Young-Wolf",
    "tags": {"tag1": "finanzas", "tag2": "Movilidad"},
    "brand_owner": "Wolf S.A.S.",
    "discount": 12.5,
    "maxAmount": 2000000.0,
    "minAmount": "50000",
    "credentials": {"user": "canary-user", "password": "canary-password"},
}
OWL = {"name": "New-Owl", "tags": ["moda"]}


@pytest.fixture(params=["csv", "jsonl", "flat"])
def write(request, tmp_path):
    """Return a function that writes rows in one of the formats."""

    def save(rows):
        path = tmp_path / f"allies.{request.param}"
        with path.open("w", newline="") as file:
            if request.param == "csv":
                writer = csv.writer(file)
                writer.writerow(("id", "data"))
                writer.writerows((key, json.dumps(data)) for key, data in rows)
            else:
                for key, data in rows:
                    row = (
                        {"id": key, **data}
                        if request.param == "flat"
                        else {"id": key, "data": data}
                    )
                    file.write(json.dumps(row) + "\n")
        return str(path)

    return save


def test_import(write, capsys):
    path = write([("wolf", WOLF), ("owl", OWL)])
    call_command("import_allies", path)
    out = capsys.readouterr().out
    assert "allies: 2 created, 0 updated, 0 unchanged\n" in out
    assert "wolf created left out: credentials. Credentials are never imported" in out
    wolf = Ally.objects.get(pk="wolf")
    assert (wolf.name, wolf.tags, wolf.brand_owner) == (
        "Young-Wolf",
        ["finanzas", "movilidad"],
        "Wolf S.A.S.",
    )
    assert (float(wolf.discount), wolf.min_amount, wolf.max_amount) == (12.5, 50000, 2000000)
    assert AllyCredential.objects.count() == 0
    assert [(e.action, e.object_id, e.actor_label) for e in history()] == [
        ("create", "wolf", "import_allies"),
        ("create", "owl", "import_allies"),
    ]
    assert "canary" not in out + str(list(history().values()))


def test_again_changes_nothing_and_leaves_no_entry(write, capsys):
    path = write([("wolf", WOLF), ("owl", OWL)])
    call_command("import_allies", path)
    entries, rows = history().count(), list(Ally.objects.values())
    call_command("import_allies", path)
    assert "allies: 0 created, 0 updated, 2 unchanged" in capsys.readouterr().out
    assert (history().count(), list(Ally.objects.values())) == (entries, rows)


def test_upsert_leaves_what_a_row_does_not_name(write, capsys):
    with_credentials(AllyFactory(id="wolf", name="Old", brand_owner="Kept", tags=["kept"]))
    entries = history().count()
    call_command("import_allies", write([("wolf", {"name": "New"}), ("owl", OWL)]))
    assert "1 created, 1 updated, 0 unchanged" in capsys.readouterr().out
    wolf = Ally.objects.get(pk="wolf")
    assert (wolf.name, wolf.brand_owner, wolf.tags) == ("New", "Kept", ["kept"])
    assert AllyCredential.objects.get().is_current
    assert history()[entries].changes == {"name": ["Old", "New"]}


def test_dry_run(write, capsys):
    call_command("import_allies", write([("wolf", WOLF)]), "--dry-run")
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "Dry run, nothing was written.",
        "allies: 1 created, 0 updated, 0 unchanged",
    ]
    assert Ally.objects.count() == history().count() == 0


BAD = [
    ("", OWL, "id"),
    ("a/b", OWL, "id"),
    ("tags", OWL, "id"),
    ("x" * 65, OWL, "id"),
    ("owl", {}, "name"),
    ("owl", {"name": 5}, "name"),
    ("owl", {**OWL, "tags": "moda"}, "tags"),
    ("owl", {**OWL, "tags": {"tag": "x"}}, "tags"),
    ("owl", {**OWL, "discount": 101}, "discount"),
    ("owl", {**OWL, "minAmount": -1}, "min_amount"),
    ("owl", {**OWL, "minAmount": 1.5}, "min_amount"),
    ("owl", {**OWL, "minAmount": 5, "maxAmount": 4}, "max_amount"),
    ("wolf", OWL, "has the same"),
]


@pytest.mark.parametrize(("key", "data", "message"), BAD)
def test_one_bad_row_and_nothing_is_written(write, capsys, key, data, message):
    path = write([("wolf", WOLF), (key, data), ("third", OWL)])
    with pytest.raises(CommandError, match=r"Nothing was written\. Bad rows: 1\."):
        call_command("import_allies", path)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("row ")
    assert message in line
    assert Ally.objects.count() == history().count() == 0


def test_amounts_that_cross_with_what_is_stored(write, capsys):
    AllyFactory(id="wolf", max_amount=10)
    AllyFactory(id="fox", min_amount=5, max_amount=10)
    rows = [
        ("owl", OWL),
        ("wolf", {"name": "x", "minAmount": 11}),
        ("fox", {"name": "x", "maxAmount": 4}),
    ]
    with pytest.raises(CommandError, match=r"Nothing was written\. Bad rows: 2\."):
        call_command("import_allies", write(rows))
    errors = capsys.readouterr().err.splitlines()
    assert [error.partition(", ")[2] for error in errors] == [
        "max_amount: The largest amount must not be below the smallest."
    ] * 2
    assert Ally.objects.count() == 2
    rows[1:] = [("wolf", {"name": "x", "minAmount": 10}), ("fox", {"name": "x", "maxAmount": 5})]
    call_command("import_allies", write(rows))
    assert Ally.objects.filter(name="x").count() == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "first line"),
        (b"name,data\nx,{}\n", "first line"),
        (b"id,data\na,{}\n", "name"),
        (b"id,data\na,[]\n", "JSON object"),
        (b"id,data\na,{\n", "JSON"),
        (b'id,data\na,"{""name"": ""x"", ""name"": ""y""}"\n', "JSON"),
        (b'id,data\na,"{""name"": ""x\\u0000""}"\n', "JSON"),
        (b'id,data\na,"{""name"": ""\xff""}"\n', "UTF-8"),
        (b"id,data\na,b,c\n", "cells"),
        (b'id,data\na,"unfinished', "quotes"),
        (b'{"id": 5, "name": "x"}\n', "row 1, id: Not a string."),
        (b'{"id": "a", "name": "x"}\n{"id": "b", "name": "\xff"}\n', "row 2: This is no UTF-8"),
        (b'{"id": "a", "data": 5}\n', "JSON object"),
        (b'{"id": "a"\n', "JSON"),
        (b'{"id": "a", "name": "' + b"x" * 70_000 + b'"}\n', "row 1: This line is too long."),
        (b'id,data\na,"{""name"": ""' + b"x" * 70_000 + b'""}"\n', "row 2: This line is too long."),
        (b'id,data\na,"' + b"\n" * 140_000 + b'"\n', "row 2: The quotes"),
    ],
)
def test_broken_files(tmp_path, capsys, content, message):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(CommandError, match="Nothing was written"):
        call_command("import_allies", str(path))
    assert message in capsys.readouterr().err
    assert Ally.objects.count() == 0


def test_byte_order_mark_blank_lines_and_crlf(tmp_path, capsys):
    path = tmp_path / "file"
    path.write_bytes(b'\xef\xbb\xbfid, data\r\na,"{""name"": ""\xc3\x91and\xc3\xba""}"\r\n\r\n')
    call_command("import_allies", str(path))
    assert Ally.objects.get().name == "Ñandú"


def test_no_file():
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_allies", "/nowhere")


def test_report(write, tmp_path):
    report = tmp_path / "report.csv"
    AllyFactory(id="owl", name="New-Owl", tags=["moda"])
    call_command("import_allies", write([("wolf", WOLF), ("owl", OWL)]), report=report)
    rows = list(csv.reader(report.read_text().splitlines()))
    assert rows[0] == ["row", "id", "column", "code", "message"]
    assert [row[1:4] for row in rows[1:]] == [["wolf", "", "created"], ["owl", "", "unchanged"]]


def test_report_of_bad_rows_is_inert(write, tmp_path, capsys):
    report = tmp_path / "report.csv"
    path = write([("=cmd", {"name": 5}), ("\uff0bowl", OWL)])
    with pytest.raises(CommandError, match="Bad rows: 2"):
        call_command("import_allies", path, report=report)
    rows = list(csv.reader(report.read_text().splitlines()))[1:]
    assert [row[1] for row in rows] == ["'=cmd", "'\uff0bowl"]
    assert [row[2:4] for row in rows] == [["id; name", "invalid_id"], ["id", "invalid_id"]]
    assert capsys.readouterr().err == ""


def test_no_message_quotes_a_row_that_stands_where_the_header_should(tmp_path, capsys):
    path = tmp_path / "file"
    path.write_text('a,"{""credentials"": {""password"": ""canary-password""}}"\n')
    with pytest.raises(CommandError):
        call_command("import_allies", str(path))
    assert capsys.readouterr().err == "row 1: The first line must be: id,data\n"


def test_the_limit_of_a_cell_stays_for_the_whole_process(write):
    before = csv.field_size_limit()
    call_command("import_allies", write([("wolf", WOLF)]))
    assert csv.field_size_limit() == before == 131_072


def test_an_exported_id_imports_as_it_was(tmp_path):
    path = tmp_path / "file"
    path.write_text('ID,Data\n\'-wolf,"{""name"": ""x""}"\n')
    call_command("import_allies", str(path))
    assert Ally.objects.get().pk == "-wolf"


def test_a_file_that_changes_during_the_import(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_text('{"id": "owl", "name": "x"}\n')
    check = importing.check

    def changed(*args):
        check(*args)
        path.write_text('{"id": "owl", "name": 5}\n')

    monkeypatch.setattr(importing, "check", changed)
    with pytest.raises(CommandError, match="The file changed"):
        call_command("import_allies", str(path))
    assert Ally.objects.count() == history().count() == 0


def test_an_ally_that_changes_during_the_import(tmp_path, monkeypatch):
    AllyFactory(id="owl", max_amount=10)
    path = tmp_path / "file"
    path.write_text('{"id": "fox", "name": "x"}\n{"id": "owl", "name": "x", "min_amount": 9}\n')
    check = importing.check

    def changed(*args):
        check(*args)
        Ally.objects.update(max_amount=8)

    monkeypatch.setattr(importing, "check", changed)
    with pytest.raises(CommandError, match="The same allies changed"):
        call_command("import_allies", str(path))
    assert Ally.objects.count() == 1


@pytest.mark.parametrize("count", [1, 10, 50])
def test_the_same_queries_for_any_number_of_rows(write, django_assert_num_queries, count):
    path = write([(f"a{number}", OWL) for number in range(count)])
    # savepoint, known allies, upsert, journal, release
    with django_assert_num_queries(5):
        call_command("import_allies", path)
    assert Ally.objects.count() == count
