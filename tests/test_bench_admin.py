"""What the admin's benchmark finds and how it judges; what pages cost is asserted nowhere."""

import pytest
from django.contrib import admin
from django.db import connection
from django.urls import resolve

from benchmarks.admin import database, pages, plans, run, trail
from benchmarks.admin.measuring import Cost
from core.models import JournalEntry
from core.roles import Role
from users.models import User

JOURNAL = frozenset({plans.JOURNAL})
SCAN = {"Node Type": "Seq Scan", "Relation Name": plans.JOURNAL}
PARALLEL = {**SCAN, "Parallel Aware": True}
OTHER = {"Node Type": "Seq Scan", "Relation Name": "dogs_dog"}
INDEXED = {"Node Type": "Index Scan", "Relation Name": plans.JOURNAL}
SQL = "SELECT count(*) FROM core_journalentry"


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        (SCAN, JOURNAL),
        (PARALLEL, JOURNAL),
        ({"Node Type": "Aggregate", "Plans": [{"Node Type": "Limit", "Plans": [SCAN]}]}, JOURNAL),
        ({"Node Type": "Nested Loop", "Plans": [OTHER, INDEXED]}, frozenset()),
        ({"Node Type": "Result"}, frozenset()),
    ],
    ids=["itself", "parallel", "far below", "others and by index", "no table"],
)
def test_a_plan_that_reads_the_journal_from_end_to_end_is_found(plan, found):
    assert plans.scanned(plan, JOURNAL) == found


class Explaining:
    """A cursor that explains each statement with the plan that it was given for it."""

    def __init__(self, answers):
        self.answers, self.explained = answers, []

    def execute(self, sql, params=None):
        self.explained.append((sql, params))

    def fetchone(self):
        sql = self.explained[-1][0].removeprefix("EXPLAIN (FORMAT JSON) ")
        return [[{"Plan": self.answers[sql]}]]


def test_each_statement_is_explained_once_with_its_values():
    cursor = Explaining({SQL: SCAN, "SELECT 1": OTHER})
    statements = [(SQL, ["a"]), ("SET x = 1", None), (SQL, ["a"]), (SQL, ["b"]), ("SELECT 1", None)]
    found = plans.findings(cursor, statements, JOURNAL)
    assert [(one.tables, one.sql) for one in found] == [(JOURNAL, SQL)] * 2
    assert [params for _sql, params in cursor.explained] == [["a"], ["b"], None]


@pytest.mark.parametrize(
    ("unserved", "by_key", "works"),
    [(SCAN, INDEXED, True), (INDEXED, INDEXED, False), (SCAN, SCAN, False)],
    ids=["sees it", "is blind", "sees what is not there"],
)
def test_the_control_tells_whether_scans_are_seen(unserved, by_key, works):
    answers = {plans.UNSERVED[0]: unserved, plans.BY_KEY[0]: by_key}
    assert plans.control(Explaining(answers), JOURNAL) is works


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_control_holds_in_a_real_database():
    with connection.cursor() as cursor:
        tables = plans.journal_tables(cursor)
        assert tables == JOURNAL
        # An empty table is cheaper to read than any index.
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert plans.control(cursor, tables)


@pytest.mark.django_db
def test_statements_are_recorded_with_their_values():
    with plans.recorded(connection) as found:
        assert not JournalEntry.objects.filter(pk=7).exists()
    assert [params for _sql, params in found] == [(1, 7)]
    assert plans.JOURNAL in found[0][0]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "ok"),
        ({"web": 100.0, "database": 150.5}, "over"),
        ({"scans": [plans.Finding(JOURNAL, SQL)]}, "SCANS THE JOURNAL"),
        ({"status": 500}, "FAILED"),
        ({"status": 404}, "ok"),
    ],
    ids=["fine", "dear", "scan", "error", "not for this row"],
)
def test_a_page_is_judged(changes, verdict):
    cost = Cost("page", 250.0, 200)
    for name, value in changes.items():
        setattr(cost, name, value)
    assert cost.verdict == verdict


class Watched:
    is_busy = False

    def __str__(self):
        return "busy at most 1%"


def test_only_a_scan_or_a_failure_ends_with_an_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run.common, "ROOT", tmp_path)
    monkeypatch.setattr(run, "RESULTS", tmp_path / "var" / "pages.json")
    fine, dear = Cost("fine", 250.0, 200), Cost("dear", 250.0, 200, web=300.0)
    assert run.publish([fine, dear], Watched()) == 0
    assert "2 pages: 1 over their goal, 0 that scan the journal or fail" in capsys.readouterr().out
    scan = Cost("scan", 250.0, 200, scans=[plans.Finding(JOURNAL, SQL)])
    assert run.publish([fine, scan], Watched()) == 1
    run.show([fine, scan], shown=1)
    assert f"scan: core_journalentry: {SQL}" in capsys.readouterr().out


def views_of(found):
    return {resolve(one.path.partition("?")[0]).view_name for one in found}


@pytest.mark.django_db
def test_every_page_of_the_admin_is_opened():
    """Without rows: all but the pages of rows."""
    boss = User.objects.create_user("boss@bench.example", role=Role.ADMIN)
    found = list(pages.every_page(boss, ("2026-11-01", "2026-11-28")))
    views = views_of(found)
    expected = {
        f"admin:{pattern.name}"
        for pattern in pages.patterns(admin.site.get_urls())
        if pattern.name and not pattern.pattern.regex.groups
    }
    left_out = {f"admin:{name}" for name in pages.NO_PAGES} - {"admin:autocomplete"}
    assert expected - views == left_out & expected
    # A user is there: all of their pages.
    of_users = {
        f"admin:{pattern.name}"
        for pattern in pages.patterns(admin.site._registry[User].get_urls())
        if pattern.name and set(pattern.pattern.converters) <= {"object_id"}
    }
    assert of_users <= views


@pytest.mark.django_db
def test_a_list_is_filtered_searched_sorted_and_exported():
    boss = User.objects.create_user("boss@bench.example", role=Role.ADMIN)
    JournalEntry.objects.create(actor_kind="user", action="read", model="users.User")
    found = [
        one
        for one in pages.every_page(boss, ("2026-11-01", "2026-11-28"))
        if one.name.startswith("core.journalentry: ")
    ]
    queries = {one.path.partition("?")[2] for one in found if one.post is None}
    assert {"action__exact=read", "actor_kind=user", "q=zzqqxx", "o=-1", "p=1"} <= queries
    assert "request=zzqqxx" in queries
    assert [one.post["action"] for one in found if one.post] == ["export_csv"]


def test_the_lines_of_the_journal_are_a_thousand_throws_of_known_kinds():
    kinds, dice = trail.kind_rows()
    assert [throw for throw, _kind in dice] == list(range(1000))
    assert {kind for _throw, kind in dice} == {kind[0] for kind in kinds}


def test_only_a_database_that_was_filled_to_its_end_is_kept(monkeypatch):
    called = []
    monkeypatch.setattr(database, "is_filled", lambda: True)
    monkeypatch.setattr(database, "migrate", lambda: called.append("migrated"))
    database.prepare(fresh=False)
    assert called == ["migrated"]

    def refuse():
        raise SystemExit("too small")

    monkeypatch.setattr(database, "refuse_small_disk", refuse)
    monkeypatch.setattr(database, "is_filled", lambda: False)
    for fresh in (False, True):
        with pytest.raises(SystemExit, match="too small"):
            database.prepare(fresh=fresh)
    assert called == ["migrated"]
