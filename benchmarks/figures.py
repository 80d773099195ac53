"""Counting figures at full size: ``python -m benchmarks.figures`` (needs PostgreSQL).

Fills a database of its own with ``--days`` days of 12,000 sellers with 25 visits each, counts one
day of 300,000 visits as the task does, then one seller's day, a month's question and the same
question on the visits. CPU is that of this process and of its database session.
"""

import argparse
import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

ROOT = Path(__file__).resolve().parent.parent
SERVER = os.environ.get("BENCH_DATABASE_URL", "postgres://postgres@127.0.0.1:5432/postgres")
NAME = "plaza_figures_bench"
SELLERS, STORES_EACH, PRODUCTS, MUST_HAVES = 12_000, 40, 60, 40
FILL = """
INSERT INTO users_user (id, name, last_name, email, role, is_active, created_at, updated_at,
    password, search_key)
SELECT i, 'S', '', 's' || i || '@bench.invalid', 'SELLER', true, now(), now(), '', 's' || i
FROM generate_series(1, {sellers}) i;
SELECT setval(pg_get_serial_sequence('users_user', 'id'), {sellers});
INSERT INTO stores_product (id, sku, sku_key, gtin, gtin_key, name, brand, category,
    is_competitor, state, search_key, seq)
SELECT i, 'P' || i, 'p' || i, '', '', 'Leche ' || i, '', '', false, 'active', 'leche', i
FROM generate_series(1, {products}) i;
CREATE TEMP TABLE kinds AS
SELECT code, row_number() OVER (ORDER BY code) - 1 AS n FROM stores_typology;
CREATE TEMP TABLE towns AS
SELECT c.code, d.region_id AS region, row_number() OVER (ORDER BY md5(c.code)) - 1 AS n
FROM stores_city c JOIN stores_department d ON d.code = c.department_id;
INSERT INTO stores_portfolio (id, name, typology_id, region_id, search_key)
SELECT row_number() OVER (), 'P', t.code, r.code, 'p' FROM stores_typology t, stores_region r;
INSERT INTO stores_portfolioversion (id, portfolio_id, number, state, valid_from, product_ids,
    published_at, seq)
SELECT id, id, 1, 'published', '2026-01-01',
    (SELECT jsonb_agg((id + p) % {products} + 1) FROM generate_series(0, {must} - 1) p), now(), id
FROM stores_portfolio;
-- A third of the sellers work in three big cities, the others in some town each.
CREATE TEMP TABLE routes AS
SELECT i AS seller, CASE WHEN i % 3 = 0 THEN i % 4 ELSE i % 400 END AS town
FROM generate_series(1, {sellers}) i;
INSERT INTO stores_establishment (id, code, code_key, name, address, city_id, typology_id,
    geofence_m, state, search_key, seq)
SELECT (r.seller - 1) * {stores} + s, 'E' || ((r.seller - 1) * {stores} + s),
    'e' || ((r.seller - 1) * {stores} + s), 'Tienda', 'Calle 1', t.code, k.code, 150, 'active',
    'tienda', (r.seller - 1) * {stores} + s
FROM routes r CROSS JOIN generate_series(1, {stores}) s
JOIN towns t ON t.n = r.town JOIN kinds k ON k.n = (r.seller + s / 20) % 12;
INSERT INTO stores_assignment (seller_id, establishment_id, valid_from, state, seq)
SELECT (id - 1) / {stores} + 1, id, '2026-01-01', 'active', id FROM stores_establishment;
"""
VISITS = """
INSERT INTO stores_visit (id, seller_id, establishment_id, captured_at, occurred_at, received_at,
    day, seconds, outcome, state, flags, portfolio_version_id, must_have, present, compliance,
    seen, missing, photos_missing, city, region, typology, doc, digest, seq)
SELECT gen_random_uuid(), (e.id - 1) / {stores} + 1, e.id, moment, moment, moment + '1 minute',
    '{day}', 600, 'done', 'accepted', '[]', v.id, {must}, {must} - g.gone,
    round(({must} - g.gone)::numeric / {must}, 4),
    (SELECT jsonb_agg(x) FROM jsonb_array_elements(v.product_ids) WITH ORDINALITY o(x, n)
        WHERE n > g.gone),
    coalesce((SELECT jsonb_agg(x) FROM jsonb_array_elements(v.product_ids) WITH ORDINALITY o(x, n)
        WHERE n <= g.gone), '[]'),
    0, e.city_id, d.region_id, e.typology_id, {doc}, repeat('0', 64), e.id
FROM stores_establishment e
JOIN stores_city c ON c.code = e.city_id JOIN stores_department d ON d.code = c.department_id
JOIN stores_portfolio p ON p.typology_id = e.typology_id AND p.region_id = d.region_id
JOIN stores_portfolioversion v ON v.portfolio_id = p.id
CROSS JOIN LATERAL (SELECT ((e.id * 7 + {number}) % 21)::int AS gone,
    timestamptz '{day} 15:00+00' + ((e.id % {stores}) * 15) * interval '1 minute' AS moment) g
WHERE ((e.id - 1) % {stores} + {number} * 25) % {stores} < 25;
"""


def say(*words: object) -> None:
    """Print one line."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def address(name: str) -> str:
    """Return the URL of a database on the server."""
    parts = urlsplit(SERVER)
    return urlunsplit(parts._replace(path=f"/{name}"))


def make(days: int) -> None:
    """Make the database anew and fill it: the last day is not counted yet."""
    with closing(psycopg2.connect(SERVER)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(f"DROP DATABASE IF EXISTS {NAME}")
        cursor.execute(f"CREATE DATABASE {NAME}")
    environment = {**os.environ, "DATABASE_URL": address(NAME)}
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], cwd=ROOT, env=environment, check=True)
    load = "from stores import reference; reference.load()"
    subprocess.run([*manage, "shell", "-c", load], cwd=ROOT, env=environment, check=True)
    sizes = {"sellers": SELLERS, "stores": STORES_EACH, "products": PRODUCTS, "must": MUST_HAVES}
    with closing(psycopg2.connect(address(NAME))) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(FILL.format(**sizes))
        for number in range(days):
            day = f"2026-11-{number + 1:02d}"
            doc = "repeat('x', 500)" if number == days - 1 else "'{}'"
            cursor.execute(VISITS.format(**sizes, day=day, number=number, doc=doc))
            say(f"{day}: {cursor.rowcount} visits")
        cursor.execute("VACUUM ANALYZE")


def cpu(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(what, times: int = 1):
    """Run something; return CPU seconds of web and database per run, and how long it took."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    before, begun = cpu(os.getpid()) + cpu(backend), time.perf_counter()
    for number in range(times):
        what(number)
    used = cpu(os.getpid()) + cpu(backend) - before
    return used / times, (time.perf_counter() - begun) / times


def show(name: str, result) -> None:
    """Print one line."""
    used, took = result
    say(f"{name:<62} {used * 1000:9.1f} ms CPU  {took * 1000:9.1f} ms")


def main() -> None:
    """Fill, count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=25, help="days of 300,000 visits (25)")
    parser.add_argument("--keep", action="store_true", help="use the database of the last run")
    parser.add_argument("--months", action="store_true", help="also count the stores' months")
    given = parser.parse_args()
    if not given.keep:
        make(given.days)
    os.environ["DATABASE_URL"] = address(NAME)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")
    import django

    django.setup()
    run(given.days, keep=given.keep, months=given.months)


def run(days: int, *, keep: bool, months: bool) -> None:  # noqa: C901, PLR0915 - one line after the other
    """Count and ask."""
    import datetime as dt

    from django.db import connection, transaction
    from django.test import override_settings

    from core.roles import Role
    from stores.figures import checking, counting
    from stores.models import (
        AreaDay,
        DailyFigure,
        DirtyDay,
        FigureMark,
        ProductDay,
        RegionDay,
        StoreMonth,
    )
    from users.models import User

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        counted = (AreaDay, DailyFigure, DirtyDay, FigureMark, ProductDay, RegionDay, StoreMonth)
        for model in counted:
            if not keep:
                cursor.execute(f"TRUNCATE {model._meta.db_table}")
    last = dt.date(2026, 11, days)
    for number in range(0 if keep else days - 1):
        checking.mark_day(dt.date(2026, 11, number + 1))
        counting.count_days()
        counting.count_areas()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    checking.mark_day(last)
    show(
        "one day of 300,000 visits: sellers' days",
        measure(lambda _n: counting.until_none(counting.count_batch_of_days)),
    )
    show(
        "the same day: areas and products",
        measure(lambda _n: counting.until_none(counting.count_batch_of_areas)),
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    say(
        "rows: "
        + ", ".join(
            f"{model.__name__} {model.objects.count()}"
            for model in (DailyFigure, AreaDay, RegionDay, ProductDay)
        )
    )

    def one_pair(number: int) -> None:
        with transaction.atomic():
            counting.count_pairs([(last, 100 + number)])

    show("one seller's day", measure(one_pair, 200))
    show(
        "its areas and products",
        measure(lambda _n: counting.until_none(counting.count_batch_of_areas)),
    )
    analyst = User.objects.create_user(
        f"analyst{time.time()}@bench.invalid", "x", role=Role.ANALYST
    )
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_authenticate(analyst)
    period = f"from=2026-11-01&to={last}"

    def ask(query: str):
        def get(_number: int) -> None:
            answer = client.get(f"/api/stores/figures?{period}&{query}", HTTP_HOST="127.0.0.1")
            if answer.status_code != 200:
                raise SystemExit(answer.content)

        return get

    with override_settings(ALLOWED_HOSTS=["*"]):
        for query in (
            "group_by=region,typology",
            "group_by=day",
            "group_by=city",
            "group_by=product&typology=minimarket&department=05",
            "group_by=product,city&typology=minimarket&department=05",
        ):
            ask(query)(0)
            show(f"month: {query}", measure(ask(query), 20))

    def on_visits(_number: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT region, typology, count(*), sum(must_have), sum(present)"
                " FROM stores_visit WHERE day BETWEEN '2026-11-01' AND %s AND state <> 'void'"
                " GROUP BY 1, 2",
                [last],
            )
            cursor.fetchall()

    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    show("the month's region x typology on the visits", measure(on_visits))
    if months:
        show(
            "months of 1,200 sellers",
            measure(lambda _n: [counting.count_batch_of_seller_months() for _ in range(12)]),
        )
        say("per seller, at this number of days; rows:", StoreMonth.objects.count())


if __name__ == "__main__":
    main()
