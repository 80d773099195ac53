"""What analysts take along: Parquet files and views say what a hand count says, and name nobody."""

import datetime as dt
import io
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from core import bi
from core.models import JournalEntry
from stores.figures import export
from stores.models import DailyFigure, ProductDay, ProductMonth, StoreMonth, Visit
from stores.tests.factories import SellerFactory, today
from stores.tests.helpers_figures import Field, count_figures

pytestmark = pytest.mark.django_db
MONTH = today().replace(day=1)
with_duckdb = pytest.mark.skipif(
    find_spec("duckdb") is None,
    reason="needs DuckDB, an optional extra: pip install duckdb",  # Pipfile, [parquet]
)


@pytest.fixture
def field():
    made = Field()
    seller = SellerFactory(name="Quimbaya", email="quimbaya@example.com")
    for number in range(6):
        store = made.store(made.bello if number % 2 else None)
        state = "void" if number == 5 else "accepted"
        made.visit(store, seller, range(number % 4), state=state, flags=["far", "no_location"])
    made.visit(made.store(), seller, (), listed=[], day=MONTH - dt.timedelta(days=1))
    count_figures()
    return made


def exported(folder):
    out = io.StringIO()
    call_command("export_facts", "--month", f"{MONTH:%Y-%m}", "--to", str(folder), stdout=out)
    return out.getvalue().split()


@with_duckdb
def test_the_files_say_what_the_tables_say(field, tmp_path):
    import duckdb

    paths = exported(tmp_path / "facts")
    assert sorted(path.rsplit("/", 1)[1] for path in paths) == sorted(
        f"{name}-{MONTH:%Y-%m}.parquet" for name in export.FILES
    )
    assert len(list((tmp_path / "facts").iterdir())) == len(paths)
    with duckdb.connect() as parquet:

        def ask(name, what):
            path = tmp_path / "facts" / f"{name}-{MONTH:%Y-%m}.parquet"
            return parquet.execute(what.format(f"read_parquet('{path}')")).fetchall()

        counted = {}
        for visit in Visit.objects.filter(day__gte=MONTH).exclude(state="void"):
            for pk in visit.portfolio_version.product_ids:
                sums = counted.setdefault((pk, visit.city), [0, 0])
                sums[0] += 1
                sums[1] += pk in visit.missing
        found = ask(
            "product_day",
            "SELECT product_id, city, sum(must_have), sum(missing) FROM {} GROUP BY 1, 2",
        )
        assert {(pk, city): [int(must), int(gone)] for pk, city, must, gone in found} == counted
        by_visit = ask(
            "visits",
            "SELECT item, city, count(*) FROM (SELECT unnest(missing) AS item, city FROM {})"
            " GROUP BY 1, 2",
        )
        assert {(pk, city): count for pk, city, count in by_visit} == {
            key: gone for key, (_must, gone) in counted.items() if gone
        }
        [(visits, flags)] = ask("visits", "SELECT count(*), max(len(flags)) FROM {}")
        assert (visits, flags) == (5, 2)
        for name, model in (
            ("daily", DailyFigure),
            ("store_month", StoreMonth),
            ("product_day", ProductDay),
            ("product_month", ProductMonth),
        ):
            [(count,)] = ask(name, "SELECT count(*) FROM {}")
            column = export.FILES[name].column
            assert count == model.objects.filter(**{f"{column}__gte": MONTH}).count(), name
        [(must, gone)] = ask(
            "store_month",
            "SELECT sum(one[1]), sum(one[2]) FROM"
            " (SELECT unnest(map_values(products)) AS one FROM {})",
        )
        assert [int(must), int(gone)] == [
            sum(sums[place] for sums in counted.values()) for place in (0, 1)
        ]
    entry = JournalEntry.objects.filter(action="export").get()
    assert (entry.actor_kind, entry.reason) == ("command", f"export_facts {MONTH:%Y-%m}")


@with_duckdb
def test_an_export_again_is_the_same_and_names_nobody(field, tmp_path):
    paths = exported(tmp_path)
    first = [Path(path).read_bytes() for path in paths]
    assert [Path(path).read_bytes() for path in exported(tmp_path)] == first
    assert not any(b"uimbaya" in content for content in first)


@with_duckdb
def test_a_file_that_fails_is_not_there(field, tmp_path, monkeypatch):
    monkeypatch.setitem(export.FILES["visits"].types, "state", "BIGINT")
    with pytest.raises(Exception, match="Conversion Error"):
        exported(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_duckdb_the_command_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(CommandError, match="needs DuckDB") as error:
        exported(tmp_path / "facts")
    assert error.value.returncode == 2
    assert not (tmp_path / "facts").exists()


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "november", "1899-12"])
def test_a_month_is_spelt_in_one_way(month, tmp_path):
    with pytest.raises(CommandError, match="--month"):
        call_command("export_facts", "--month", month, "--to", str(tmp_path))


# -- views for tools that ask the database ---------------------------------------------------------
def made(*arguments):
    out = io.StringIO()
    call_command("bi_schema", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.postgres
def test_readers_may_read_the_views_and_nothing_else(field):
    views = ["v_daily", "v_product_day", "v_product_month", "v_store_month", "v_visits"]
    assert set(views) <= set(made().removeprefix("views in bi: ").strip().split(", "))
    made("--login", "plaza_test_reader")  # again, and somebody who signs in
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unnest(setconfig) FROM pg_db_role_setting s"
            " JOIN pg_roles r ON r.oid = s.setrole WHERE rolname = 'plaza_test_reader' ORDER BY 1"
        )
        assert cursor.fetchall() == [
            ("default_transaction_read_only=on",),
            ("statement_timeout=30s",),
        ]
        cursor.execute("SET LOCAL ROLE plaza_test_reader")
        cursor.execute(
            "SELECT sum(visits), sum(must_have) FROM bi.v_daily WHERE day >= %s", [MONTH]
        )
        assert cursor.fetchone() == (5, 20)
        for view in views:
            cursor.execute(f"TABLE bi.{view}")
            assert cursor.fetchall(), view
            assert "quimbaya" not in str(cursor.description).lower()
        for table in ("stores_visit", "users_user", "core_journalentry"):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                cursor.execute(f"TABLE {table} LIMIT 1")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute("DELETE FROM stores_dailyfigure")
        cursor.execute("RESET ROLE")
    assert made("--drop") == "views in bi: none\n"


@pytest.mark.postgres
def test_a_view_has_no_column_about_a_person(field):
    made()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'bi'"
        )
        columns = {row[0] for row in cursor.fetchall()}
    words = ("email", "note", "doc", "lat", "lon", "location", "position", "subject", "details")
    assert not columns & set(words)
    assert "seller_id" in columns


def test_the_sql_is_printed_for_whoever_may_make_roles():
    sql = made("--sql", "--login", "grafana")
    assert sql.startswith("BEGIN;\n")
    assert sql.endswith('GRANT plaza_reader TO "grafana";\nCOMMIT;\n')
    for name in bi.views():
        assert f"CREATE VIEW bi.{name} AS SELECT" in sql


def test_what_cannot_be_made_is_refused():
    with pytest.raises(CommandError, match="--login"):
        made("--login", 'x"; DROP TABLE users_user')
    if connection.vendor == "sqlite":
        with pytest.raises(CommandError, match="for PostgreSQL"):
            made()
