"""Migrations that databases have are never edited, and new ones hold nobody up."""

import pytest

from scripts import migrations

SEALS = migrations.SEALS.read_text()
HARMLESS = 'ALTER TABLE "dogs_dog" ADD COLUMN "colour" varchar(20) NULL;'
HARMFUL = """
    ALTER TABLE "dogs_dog" ADD COLUMN "age" integer NOT NULL;
    ALTER TABLE "dogs_dog" RENAME COLUMN "name" TO "title";
    CREATE INDEX "dogs_by_age" ON "dogs_dog" ("age");
"""


def test_no_released_migration_was_changed_or_removed():
    seals, older = migrations.sealed(SEALS)
    assert len(older) >= 37
    assert migrations.broken_seals(seals) == []


def test_a_change_and_a_removal_are_seen(monkeypatch, tmp_path):
    (tmp_path / "a.py").write_text("as it was")
    (tmp_path / "b.py").write_text("as it was")
    monkeypatch.setattr(migrations, "ROOT", tmp_path)
    seals = {name: migrations.digest(name) for name in ("a.py", "b.py")}
    assert migrations.broken_seals(seals) == []
    (tmp_path / "a.py").write_text("as it is")
    (tmp_path / "b.py").unlink()
    assert migrations.broken_seals(seals) == [
        "a.py was changed. Databases have it already: write another one.",
        "b.py is gone. A migration that was released stays.",
    ]


def test_new_ones_are_sealed_below_the_line_and_old_ones_stay(monkeypatch, tmp_path):
    folder = tmp_path / "dogs" / "migrations"
    folder.mkdir(parents=True)
    for name in ("0001_initial.py", "0002_more.py"):
        (folder / name).write_text(name)
    monkeypatch.setattr(migrations, "ROOT", tmp_path)
    monkeypatch.setattr(migrations, "SEALS", tmp_path / "seals")
    old = f"# old:\n{'0' * 64}  dogs/migrations/0001_initial.py\n# linted\n"
    migrations.SEALS.write_text(old)
    migrations.seal()
    new = f"{migrations.digest('dogs/migrations/0002_more.py')}  dogs/migrations/0002_more.py\n"
    assert migrations.SEALS.read_text() == old + new
    assert migrations.sealed(old + new)[1] == {"dogs/migrations/0001_initial.py"}


def rules(sql, **options):
    found = migrations.objections("x.py", sql, **{"atomic": True, "ignored": (), **options})
    return {line.split(": ")[1] for line in found}


def test_the_linter_names_what_holds_requests_up_or_breaks_the_release_before():
    harmful = {"adding-required-field", "renaming-column", "require-concurrent-index-creation"}
    assert rules(HARMLESS) == set()
    assert rules(HARMFUL) == harmful
    assert rules(HARMFUL, ignored={"renaming-column"}) == harmful - {"renaming-column"}


@pytest.mark.parametrize(("atomic", "found"), [(True, 1), (False, 0)])
def test_an_index_beside_requests_wants_no_transaction(atomic, found):
    sql = HARMLESS + 'CREATE INDEX CONCURRENTLY "dogs_by_age" ON "dogs_dog" ("colour");'
    assert len(rules(sql, atomic=atomic)) == found
