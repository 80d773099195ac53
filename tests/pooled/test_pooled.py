"""What Plaza promises behind a pooler in transaction mode, with the example's own PgBouncer."""

import concurrent.futures
import csv
import io
import json
import threading
import urllib.error
import urllib.request
from uuid import uuid4

import pytest

from scripts.nodes import Node
from users.constants import DEMO_TOKENS

pytestmark = [pytest.mark.timeout(300)]
PRODUCTS = 20_000
MAKE_PRODUCTS = f"""
from stores.models import Product
from stores import clock
rows = [Product(sku=f"SKU-{{n}}", name=f"Product {{n}}", category="Food", seq=10**6 + n)
        for n in range({PRODUCTS})]
for row in rows:
    row.sku_key, row.search_key = row.sku.casefold(), row.name.casefold()
Product.objects.bulk_create(rows, batch_size=2000)
"""
LEFT_BEHIND = """
    SELECT count(*) FROM pg_locks JOIN pg_database ON oid = database
    WHERE datname = current_database() AND locktype = 'advisory'
"""


def ask(node, path, *, method="GET", body=None, key=""):
    headers = {"Authorization": f"Bearer {DEMO_TOKENS[0]}", "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{node.port}{path}", data=data, headers=headers, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own node
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_writes_reads_and_exports_are_whole_under_load_with_two_sessions(
    database, pooler_with, platform, manage, tmp_path
):
    pooler = pooler_with(default_pool_size="2", reserve_pool_size="0", query_wait_timeout="30")
    settings = platform(pooler)
    manage(settings, "prepare", "--demo", "--verbosity", "0")
    manage(
        {**settings, "DATABASE_URL": database.url(database.owner), "DATABASE_POOLED": "false"},
        "shell",
        "-v0",
        "-c",
        MAKE_PRODUCTS,
    )
    stop, written = threading.Event(), []

    def write(number):
        while not stop.is_set():
            name = f"pooled-{number}-{uuid4().hex[:12]}"
            status, _body = ask(node, f"/api/dogs/{name}", method="POST", body={}, key=name)
            written.append((name, status))
            ask(node, "/api/dogs?limit=20")

    with Node(tmp_path, **settings) as node:
        writers = [threading.Thread(target=write, args=(n,)) for n in range(6)]
        for thread in writers:
            thread.start()
        try:
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                exports = list(pool.map(lambda _: ask(node, "/api/products.csv"), range(6)))
        finally:
            stop.set()
            for thread in writers:
                thread.join()
        for status, body in exports:
            assert status == 200
            rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))
            ours = [row for row in rows if row[0].startswith("SKU-")]
            assert len(ours) == len({row[0] for row in ours}) == PRODUCTS
        assert len(written) > 100
        assert {status for _name, status in written} == {201}
        assert ask(node, f"/api/dogs/{written[-1][0]}")[0] == 200
    count = database.run("SELECT count(*) FROM dogs_dog WHERE name LIKE 'pooled-%'")
    assert count == [(len(written),)]
    assert database.run(LEFT_BEHIND) == [(0,)]


def test_two_that_prepare_at_once_through_the_pooler_make_the_tables_once(
    database, pooler_with, platform, manage
):
    pooler = pooler_with()
    database.run(
        f"ALTER ROLE {database.owner} SET statement_timeout = '15s'",
        f"ALTER ROLE {database.owner} SET lock_timeout = '5s'",
        f"ALTER ROLE {database.owner} SET idle_in_transaction_session_timeout = '60s'",
    )
    settings = platform(
        pooler, DATABASE_URL=database.url(database.owner, pooler.port), DATABASE_DIRECT_URL=""
    )
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        ran = list(pool.map(lambda _: manage(settings, "prepare"), range(2)))
    assert sorted(one.stdout.count("Applying core.0001_initial... OK") for one in ran) == [0, 1]
    assert database.run(LEFT_BEHIND) == [(0,)]
    # What migrations set for themselves is nobody else's afterwards.
    connection = database.connect(user=database.owner, port=pooler.port)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        assert cursor.fetchone() == ("15s",)
    connection.close()


def test_a_pooler_that_drops_the_timeouts_is_refused(pooler_with, platform, manage):
    """Whoever tells the pooler to ignore what it does not know, instead of telling Plaza."""
    pooler = pooler_with(ignore_startup_parameters="extra_float_digits,options")
    good = platform(pooler)
    assert manage(good, "prepare").returncode == 0
    settings = {**good, "DATABASE_POOLED": "false", "DATABASE_URL": good["DATABASE_URL"]}
    # The role has them here, so nothing is lost; a role without them loses all three.
    assert manage(settings, "prepare").returncode == 0


def test_a_role_without_timeouts_is_refused(database, pooler_with, platform, manage):
    pooler = pooler_with(ignore_startup_parameters="options")
    database.run(
        f"ALTER ROLE {database.app} RESET statement_timeout",
        f"ALTER ROLE {database.app} SET lock_timeout = '20s'",
    )
    lost = (
        "The database's sessions have lost their timeouts: statement_timeout is off (wanted: 15s);"
        " lock_timeout is 20s (at most 5s). "
    )
    for pooled, advice in (
        ("true", "Set them on the role that the pooler signs in as"),
        ("false", "Something between here and PostgreSQL drops them: say DATABASE_POOLED=true"),
    ):
        settings = platform(pooler, DATABASE_POOLED=pooled)
        ran = manage(settings, "prepare", check=False)
        assert (ran.returncode, ran.stdout) == (1, "")
        assert ran.stderr.startswith(f"CommandError: {lost}{advice}")
        web = manage(settings, "shell", "-c", "import config.wsgi", check=False)
        assert web.stderr.startswith(f"plaza: {lost}{advice}")
    assert database.run("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_options_that_the_pooler_does_not_take_are_refused_in_words(pooler_with, platform, manage):
    settings = platform(pooler_with(), DATABASE_POOLED="false")
    ran = manage(settings, "prepare", "--wait", "0", check=False)
    assert ran.returncode == 1
    assert "unsupported startup parameter: options" in ran.stderr
    assert "Set DATABASE_POOLED=true" in ran.stderr


def test_the_application_can_neither_empty_a_table_nor_switch_a_trigger_off(
    database, pooler_with, platform, manage, tmp_path
):
    settings = platform(pooler_with())
    manage(settings, "prepare", "--demo")
    connection = database.connect(user=database.app)
    with connection.cursor() as cursor:
        for statement in (
            "TRUNCATE core_journalentry",
            "ALTER TABLE core_journalentry DISABLE TRIGGER ALL",
            "DROP TRIGGER core_journal_append_only ON core_journalentry",
            "DROP TABLE dogs_dog CASCADE",
            "CREATE TABLE public.mine (id int)",
            "SET session_replication_role = replica",
            f"SET ROLE {database.owner}",
        ):
            with pytest.raises(Exception, match=r"permission denied|must be owner"):
                cursor.execute(statement)
        cursor.execute("SET plaza.archiving = 'on'")
        with pytest.raises(Exception, match="append-only"):
            cursor.execute("DELETE FROM core_journalentry")
    connection.close()
    # The owner may, on purpose; made older first by who may do anything.
    database.run(
        "ALTER TABLE core_journalentry DISABLE TRIGGER USER",
        "UPDATE core_journalentry SET at = '2020-01-15'",
        "ALTER TABLE core_journalentry ENABLE TRIGGER USER",
    )
    [(count,)] = database.run("SELECT count(*) FROM core_journalentry")
    archived = ("archive_journal", "--before", "2020-02", "--delete", "--to", str(tmp_path))
    ran = manage({**settings, "DATABASE_DIRECT_URL": ""}, *archived, check=False)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "the journal is append-only" in ran.stderr
    assert database.run("SELECT count(*) FROM core_journalentry") == [(count,)]
    (tmp_path / "journal-2020-01.jsonl.gz").unlink()
    assert f"2020-01: {count:,} entries moved" in manage(settings, *archived).stdout
    assert database.run("SELECT action, count FROM core_journalentry") == [("export", count)]
