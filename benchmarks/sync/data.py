"""The sellers' data: a catalogue of one size, sellers and their visits by scale; made by SQL.

Ids are numbered from 1 and say what belongs together: seller 1 has the establishments 1 to 40. So
that nothing has to be counted again, :func:`products_of` says in Python what the SQL wrote.
"""

import psycopg2

PRODUCTS, PORTFOLIOS, MUST_HAVES, SEEN = 300, 72, 40, 60
STORES, VISITS = 40, 50  # of each seller
SELLERS = 120  # at scale 1
FIRST_SELLER = 1001  # ids of users below are those of benchmarks/data.py
STEP = 7  # between the products of a list; shares no divisor with their number
# Ids of visits that are there begin with the time, as version 7 has it; pushed ones with this.
PUSHED = "a"

FILL_SELLERS = """
INSERT INTO users_user (id, name, last_name, email, role, is_active, created_at, updated_at,
                        password, last_login)
SELECT %(first_seller)s + i, 'Seller ' || i, 'Bench', 'seller' || i || '@bench.invalid', 'SELLER',
       true, now(), now(), '!', NULL
FROM generate_series(0, %(sellers)s - 1) AS i;
SELECT setval(pg_get_serial_sequence('users_user', 'id'), %(first_seller)s + %(sellers)s)
"""
FILL_CATALOGUE = """
INSERT INTO stores_product (id, sku, sku_key, gtin, gtin_key, name, brand, category, is_competitor,
                            state, inactive_on, search_key, seq)
SELECT i, 'SKU-' || i, 'sku-' || i, gtin, '0' || gtin, 'Leche entera UHT ' || i || ' ml',
       'Nubariel', (ARRAY['leche', 'yogur', 'queso', 'kumis'])[i %% 4 + 1], i %% 10 = 0, 'active',
       NULL, 'sku-' || i || ' ' || gtin || ' leche entera uht ' || i || ' ml nubariel', i
FROM generate_series(1, %(products)s) AS i,
LATERAL (SELECT '952' || lpad(i::text, 9, '0') AS digits) AS body,
LATERAL (SELECT digits || (10 - sum(substr(digits, k, 1)::int * (1 + 2 * ((k + 1) %% 2))) %% 10)
                          %% 10 AS gtin
         FROM generate_series(1, 12) AS k) AS checked;
INSERT INTO stores_portfolio (id, name, typology_id, region_id)
SELECT row_number() OVER (ORDER BY r.code, t.code), t.name || ', ' || r.name, t.code, r.code
FROM stores_typology AS t, stores_region AS r;
INSERT INTO stores_portfolioversion (id, portfolio_id, number, state, valid_from, valid_until,
                                     product_ids, published_at, published_by_id, seq)
SELECT id, id, 1, 'published', date '2020-01-01', NULL,
       (SELECT jsonb_agg((id * 4 + k * %(step)s) %% %(products)s + 1 ORDER BY k)
        FROM generate_series(0, %(must_haves)s - 1) AS k), now(), 1, %(products)s + id
FROM stores_portfolio;
INSERT INTO stores_portfolioitem (version_id, product_id, position)
SELECT v.id, product::int, place - 1 FROM stores_portfolioversion AS v,
       jsonb_array_elements_text(v.product_ids) WITH ORDINALITY AS item(product, place);
SELECT setval(pg_get_serial_sequence('stores_product', 'id'), %(products)s),
       setval(pg_get_serial_sequence('stores_portfolio', 'id'), %(portfolios)s),
       setval(pg_get_serial_sequence('stores_portfolioversion', 'id'), %(portfolios)s)
"""
FILL_ESTABLISHMENTS = """
WITH city AS (SELECT row_number() OVER (ORDER BY code) - 1 AS place, code, lat, lon
              FROM stores_city),
typology AS (SELECT row_number() OVER (ORDER BY code) - 1 AS place, code FROM stores_typology)
INSERT INTO stores_establishment (id, code, code_key, name, address, city_id, typology_id,
                                  portfolio_id, lat, lon, geofence_m, state, search_key, seq)
SELECT i, 'EST-' || i, 'est-' || i, 'Minimercado ' || i, 'Calle ' || i %% 200 || ' # 65-10',
       city.code, typology.code, NULL, city.lat, city.lon, 150, 'active',
       'est-' || i || ' minimercado ' || i || ' calle ' || i %% 200 || ' # 65-10',
       %(products)s + %(portfolios)s + i
FROM generate_series(1, %(establishments)s) AS i
JOIN city ON city.place = i * 11 %% (SELECT count(*) FROM city)
JOIN typology ON typology.place = i %% (SELECT count(*) FROM typology);
INSERT INTO stores_assignment (id, seller_id, establishment_id, valid_from, valid_until, state,
                               released_on, seq)
SELECT id, %(first_seller)s + (id - 1) / %(stores)s, id, date '2020-01-01', NULL, 'active', NULL,
       seq + %(establishments)s
FROM stores_establishment;
SELECT setval(pg_get_serial_sequence('stores_establishment', 'id'), %(establishments)s),
       setval(pg_get_serial_sequence('stores_assignment', 'id'), %(establishments)s)
"""
FILL_VISITS = """
ANALYZE stores_establishment, stores_city, stores_department, stores_portfolio;
WITH list AS MATERIALIZED (
  SELECT id, (SELECT jsonb_agg((id * 4 + k * %(step)s) %% %(products)s + 1 ORDER BY k)
              FROM generate_series(0, %(must_haves)s + %(present)s - 1) AS k
              WHERE k < %(present)s OR k >= %(must_haves)s) AS seen,
         (SELECT jsonb_agg((id * 4 + k * %(step)s) %% %(products)s + 1 ORDER BY k)
          FROM generate_series(%(present)s, %(must_haves)s - 1) AS k) AS missing
  FROM stores_portfolio)
INSERT INTO stores_visit (id, seller_id, establishment_id, captured_at, occurred_at, received_at,
                          day, seconds, outcome, state, flags, portfolio_version_id, must_have,
                          present, compliance, seen, missing, photos_missing, city, region,
                          typology, distance_m, doc, digest, seq)
SELECT key, seller, e.id, at, at, at + interval '5 minutes', day, 600, 'done', 'accepted', '[]',
       p.id, %(must_haves)s, %(present)s, %(present)s::numeric / %(must_haves)s, seen, missing, 0,
       e.city_id, d.region_id, e.typology_id, 12, doc, md5(doc) || md5(key::text), n
FROM generate_series(0, %(sellers)s - 1) AS s
CROSS JOIN generate_series(1, %(visits)s) AS n
JOIN stores_establishment AS e ON e.id = s * %(stores)s + (n - 1) %% %(stores)s + 1
JOIN stores_city AS c ON c.code = e.city_id JOIN stores_department AS d ON d.code = c.department_id
JOIN stores_portfolio AS p ON p.typology_id = e.typology_id AND p.region_id = d.region_id
JOIN list ON list.id = p.id
CROSS JOIN LATERAL (SELECT %(first_seller)s + s AS seller,
                           current_date - (n / 25 + 1) AS day) AS who
CROSS JOIN LATERAL (SELECT day + time '08:00' + n %% 25 * interval '20 minutes' AS at) AS moment
CROSS JOIN LATERAL (SELECT lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
                           AS hex) AS stamp
CROSS JOIN LATERAL (SELECT (substr(hex, 1, 8) || '-' || substr(hex, 9) || '-7000-8000-'
        || lpad(to_hex(s * 1000::bigint + n), 12, '0'))::uuid AS key) AS named
CROSS JOIN LATERAL (SELECT '{"id":"' || key || '","establishment":"' || e.id || '","captured_at":"'
        || to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS') || '+00:00","clock_offset_ms":-1830,"location":'
        || '{"lat":' || e.lat || ',"lon":' || e.lon || ',"accuracy_m":14,"taken_at":"'
        || to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS') || '+00:00","source":"gps"},"seen":'
        || replace(seen::text, ' ', '') || ',"outcome":"done","note":"","app_version":"3.2.0"}'
        AS doc) AS said;
INSERT INTO stores_clock (key, seq, epoch)
SELECT 'seller:' || %(first_seller)s + i, %(visits)s, NULL
FROM generate_series(0, %(sellers)s - 1) AS i;
INSERT INTO stores_clock (key, seq, epoch)
VALUES ('catalogue', %(products)s + %(portfolios)s + 2 * %(establishments)s,
        '0195c1c8-0000-7000-8000-000000000001')
ON CONFLICT (key) DO UPDATE SET seq = excluded.seq
"""
# The areas of a month as 12,000 sellers make them: every department has every typology each day.
FIGURES_FROM, FIGURES_TO = "2026-10-01", "2026-10-31"
FILL_FIGURES = f"""
INSERT INTO stores_areaday (day, region, typology, department, visits, done, flagged, audited,
                            must_have, present, compliance_sum, seen, unrecognised, timed, seconds,
                            prompt)
SELECT at::date, d.region_id, t.code, d.code, n, n - n / 9, n / 20, n - n / 8,
       (n - n / 8) * {MUST_HAVES}, (n - n / 8) * {MUST_HAVES * 3 // 4}, (n - n / 8) * 7500,
       n * {SEEN}, n / 3, n - n / 50, (n - n / 50) * 615, n - n / 7
FROM generate_series(date '{FIGURES_FROM}', date '{FIGURES_TO}', interval '1 day') AS at
CROSS JOIN stores_department AS d CROSS JOIN stores_typology AS t
CROSS JOIN LATERAL (SELECT 200 + (extract(day FROM at) * 37 + ascii(t.code) * 11
                                  + d.code::int * 7)::int % 1100 AS n) AS counted
"""
CLEAN_VISITS = f"""
DELETE FROM stores_visit WHERE id >= '{PUSHED}0000000-0000-0000-0000-000000000000';
DELETE FROM stores_visitrevision;
DELETE FROM stores_rejectedupload;
DELETE FROM stores_dirtyday
"""
# The latest product is found at the end of an index: not behind thousands that are gone.
VACUUM = "VACUUM stores_visit, stores_dirtyday, stores_clock, stores_product"
CLEAN_PRODUCTS = f"DELETE FROM stores_product WHERE id > {PRODUCTS}"


def fill(cursor: psycopg2.extensions.cursor, scale: int = 1) -> None:
    """Fill the tables, unless they hold this many sellers already."""
    cursor.execute("SELECT count(*) FROM users_user WHERE role = 'SELLER'")
    sellers = SELLERS * scale
    if cursor.fetchone()[0] == sellers:
        return
    numbers = {
        "sellers": sellers,
        "first_seller": FIRST_SELLER,
        "products": PRODUCTS,
        "portfolios": PORTFOLIOS,
        "must_haves": MUST_HAVES,
        "present": SEEN // 2,
        "step": STEP,
        "stores": STORES,
        "establishments": sellers * STORES,
        "visits": VISITS,
    }
    for statement in (FILL_SELLERS, FILL_CATALOGUE, FILL_ESTABLISHMENTS, FILL_VISITS):
        cursor.execute(statement, numbers)


def fill_figures(cursor: psycopg2.extensions.cursor) -> None:
    """Fill the figures of a month, unless they are there."""
    cursor.execute("SELECT count(*) FROM stores_areaday")
    if cursor.fetchone()[0] == 0:
        cursor.execute(FILL_FIGURES)


def clean(cursor: psycopg2.extensions.cursor) -> None:
    """Remove what was pushed and imported."""
    cursor.execute(CLEAN_VISITS)
    cursor.execute(CLEAN_PRODUCTS)
    cursor.execute("DELETE FROM stores_syncseen")


def products_of(portfolio: int, first: int, last: int) -> list[int]:
    """Return some products by their place: the first 40 are a portfolio's, the others are not."""
    return [(portfolio * 4 + place * STEP) % PRODUCTS + 1 for place in range(first, last)]


def seen_in(portfolio: int) -> list[int]:
    """Return what a visit sees: half of it from the list, half of it not."""
    half = SEEN // 2
    return products_of(portfolio, 0, half) + products_of(portfolio, MUST_HAVES, MUST_HAVES + half)
