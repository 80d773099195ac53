"""The rows of stores, as SQL: 12,000 sellers, 48,000 establishments and 1,000,000 visits."""

from benchmarks.admin.rows import FIRST_SELLER, SELLERS

STORES_EACH, PRODUCTS, MUST_HAVES, VISITS = 4, 300, 40, 1_000_000
ESTABLISHMENTS = SELLERS * STORES_EACH
DAYS = VISITS // SELLERS + 1
NUMBERS = {
    "sellers": SELLERS,
    "first_seller": FIRST_SELLER,
    "stores": STORES_EACH,
    "establishments": ESTABLISHMENTS,
    "products": PRODUCTS,
    "must": MUST_HAVES,
    "visits": VISITS,
}

CATALOGUE = """
INSERT INTO stores_product (id, sku, sku_key, gtin, gtin_key, name, brand, category, is_competitor,
                            state, search_key, seq)
SELECT i, 'SKU-' || i, 'sku-' || i, '', '', 'Leche entera UHT ' || i || ' ml', 'Nubariel',
       (ARRAY['leche', 'yogur', 'queso', 'kumis'])[i % 4 + 1], i % 10 = 0, 'active',
       'sku-' || i || ' leche entera uht ' || i || ' ml nubariel', i
FROM generate_series(1, {products}) i;
INSERT INTO stores_portfolio (id, name, typology_id, region_id, search_key)
SELECT row_number() OVER (ORDER BY r.code, t.code), t.name || ', ' || r.name, t.code, r.code,
       lower(t.name) FROM stores_typology t, stores_region r;
INSERT INTO stores_portfolioversion (id, portfolio_id, number, state, valid_from, product_ids,
                                     published_at, published_by_id, seq)
SELECT id, id, 1, 'published', date '2020-01-01',
       (SELECT jsonb_agg((id * 4 + k * 7) % {products} + 1 ORDER BY k)
        FROM generate_series(0, {must} - 1) k), now(), 1, {products} + id FROM stores_portfolio;
INSERT INTO stores_portfolioitem (version_id, product_id, position)
SELECT v.id, product::int, place - 1 FROM stores_portfolioversion v,
       jsonb_array_elements_text(v.product_ids) WITH ORDINALITY item(product, place);
CREATE TEMP TABLE towns AS SELECT code, row_number() OVER (ORDER BY md5(code)) - 1 AS n
FROM stores_city;
CREATE TEMP TABLE kinds AS SELECT code, row_number() OVER (ORDER BY code) - 1 AS n
FROM stores_typology;
-- Each seller works in one town; a third of them in one of four.
INSERT INTO stores_establishment (id, code, code_key, name, address, city_id, typology_id,
                                  geofence_m, state, search_key, seq)
SELECT i, 'EST-' || i, 'est-' || i, 'Minimercado ' || i, 'Calle ' || i % 200 || ' # 65-10', t.code,
       k.code, 150, CASE WHEN i % 40 = 0 THEN 'inactive' ELSE 'active' END,
       'est-' || i || ' minimercado ' || i || ' calle ' || i % 200 || ' # 65-10', i
FROM generate_series(1, {establishments}) i
JOIN towns t ON t.n = CASE WHEN i / {stores} % 3 = 0 THEN i / {stores} % 4
                      ELSE i / {stores} % 400 END
JOIN kinds k ON k.n = i % (SELECT count(*) FROM kinds);
INSERT INTO stores_assignment (seller_id, establishment_id, valid_from, state, seq)
SELECT {first_seller} + (id - 1) / {stores}, id, '2020-01-01', 'active', id
FROM stores_establishment;
ANALYZE stores_establishment, stores_portfolio, stores_portfolioversion;
"""
# Each seller has a visit a day, to one of their establishments after the other.
VISIT_ROWS = """
CREATE TEMP TABLE lists AS
SELECT v.id, p.typology_id AS typology, p.region_id AS region, g.gone,
    (SELECT jsonb_agg(x) FROM jsonb_array_elements(v.product_ids) WITH ORDINALITY o(x, n)
     WHERE n > g.gone) AS seen,
    coalesce((SELECT jsonb_agg(x) FROM jsonb_array_elements(v.product_ids) WITH ORDINALITY o(x, n)
     WHERE n <= g.gone), '[]') AS missing
FROM stores_portfolioversion v JOIN stores_portfolio p ON p.id = v.portfolio_id,
generate_series(0, 20) g(gone);
ANALYZE lists;
INSERT INTO stores_visit (id, seller_id, establishment_id, captured_at, occurred_at, received_at,
    day, seconds, outcome, state, flags, portfolio_version_id, must_have, present, compliance,
    seen, missing, photos_missing, city, region, typology, distance_m, doc, digest, seq)
SELECT md5('visit' || n)::uuid, {first_seller} + who, e.id, at, at, at + interval '1 minute',
    day, 600, 'done', CASE WHEN n % 50 = 0 THEN 'void' WHEN n % 10 = 0 THEN 'flagged'
    ELSE 'accepted' END, CASE WHEN n % 10 = 0 AND n % 50 <> 0
    THEN jsonb_build_array((ARRAY['far', 'clock', 'no_location'])[n / 10 % 3 + 1]) ELSE '[]' END,
    l.id, {must}, {must} - l.gone, round(({must} - l.gone)::numeric / {must}, 4), l.seen,
    l.missing, 0, e.city_id, l.region, e.typology_id, n % 200, repeat('x', 400),
    md5(n::text) || md5(n::text), n / {sellers} + 1
FROM generate_series(0, {visits} - 1) n
CROSS JOIN LATERAL (SELECT n % {sellers} AS who, current_date - n / {sellers} AS day) w
CROSS JOIN LATERAL (SELECT day + time '13:00' + n % 25 * interval '20 minutes' AS at) m
JOIN stores_establishment e ON e.id = who * {stores} + n / {sellers} % {stores} + 1
JOIN stores_city c ON c.code = e.city_id JOIN stores_department d ON d.code = c.department_id
JOIN lists l ON l.typology = e.typology_id AND l.region = d.region_id AND l.gone = n * 7 % 21;
"""
WORK_ROWS = """
INSERT INTO stores_visitrevision (visit_id, number, digest, doc, received_at)
SELECT md5('visit' || n * 40)::uuid, 1, md5(n::text) || md5(n::text), repeat('y', 400), now()
FROM generate_series(1, 20000) n;
INSERT INTO stores_photo (id, visit_id, sha256, bytes, "offset", type, kind, state, fault, file,
                          created_at, received_at, seller_id)
SELECT md5('photo' || n)::uuid, md5('visit' || n * 4)::uuid, md5(n::text) || md5(n::text), 200000,
       200000, 'image/jpeg', 'shelf', 'stored', '', 'photos/00/' || n,
       now() - n * interval '30 seconds', now() - n * interval '30 seconds',
       {first_seller} + n * 4 % {sellers}
FROM generate_series(1, 200000) n;
INSERT INTO stores_recognition (adapter, status, attempts, due_at, asked_at, done_at, found,
                                photo_id)
SELECT 'barcode', status, 1, now(), now(), CASE status WHEN 'done' THEN now() END,
       '[]', md5('photo' || n)::uuid
FROM generate_series(1, 100000) n, LATERAL (SELECT CASE WHEN n % 500 = 0 THEN 'failed'
    WHEN n % 501 = 0 THEN 'pending' ELSE 'done' END AS status) s;
INSERT INTO stores_unrecognisedgroup (id, status, attempts, due_at, marks, kind, value, text,
    search_key, state, resolution, occurrences, sellers, cities, first_seen_at, resolved_at,
    product_id)
SELECT n, 'done', 0, now(), 0, 'text', 'text ' || n, 'Text ' || n, 'text ' || n,
       CASE WHEN n % 2 = 0 THEN 'open' ELSE 'resolved' END,
       CASE WHEN n % 2 = 0 THEN '' ELSE 'alias_of' END, 20, 9, 3, now() - n * interval '1 hour',
       CASE WHEN n % 2 = 1 THEN now() END, CASE WHEN n % 2 = 1 THEN n % {products} + 1 END
FROM generate_series(1, 2000) n;
INSERT INTO stores_unrecognised (visit_id, item, kind, value, text, state, product_id, seller_id,
                                 group_id)
SELECT md5('visit' || n * 20)::uuid, 'item', 'text', 'text ' || g, 'Text ' || g,
       CASE WHEN g % 2 = 0 THEN 'open' ELSE 'matched' END,
       CASE WHEN g % 2 = 1 THEN g % {products} + 1 END, {first_seller} + n * 20 % {sellers}, g
FROM generate_series(1, 40000) n, LATERAL (SELECT n % 2000 + 1 AS g) k;
INSERT INTO stores_productalias (kind, value, created_at, product_id)
SELECT 'text', 'text ' || id, now(), product_id FROM stores_unrecognisedgroup WHERE id % 2 = 1;
INSERT INTO stores_rejectedupload (visit_id, digest, raw, problems, app_version, received_at,
                                   processed_at, seller_id)
SELECT md5('rejected' || n)::uuid, md5(n::text) || md5(n::text), repeat('z', 400), '[]', '3.2.0',
       now() - n * interval '10 minutes', CASE WHEN n % 4 <> 0 THEN now() END,
       {first_seller} + n % {sellers} FROM generate_series(1, 5000) n;
INSERT INTO stores_syncseen (seller_id, app_version, backlog, last_pull_at, last_push_at)
SELECT {first_seller} + n, '3.2.0', n % 5, now() - n % 3000 * interval '1 minute',
       now() - n % 3000 * interval '1 minute' FROM generate_series(0, {sellers} - 1) n;
"""
STATEMENTS = {
    "establishments": CATALOGUE,
    "1,000,000 visits": VISIT_ROWS,
    "photos, and what phones could not name": WORK_ROWS,
}
