"""The rows of the admin's benchmark, as SQL: all but the journal and the stores.

Lowest ids are the busiest: user 1 is who looks at the pages, patient 1 has most of the looks.
"""

DOGS, ALLIES, PATIENTS, STUDIES, CASES, MOVIES = 20_000, 300, 100_000, 300_000, 100_000, 2_000
STAFF, CLINICIANS, SELLERS, OTHERS = 30, 200, 12_000, 5_000
FIRST_CLINICIAN, FIRST_SELLER, FIRST_OTHER = 101, 1_001, 20_001

NUMBERS = {
    "dogs": DOGS,
    "allies": ALLIES,
    "patients": PATIENTS,
    "studies": STUDIES,
    "cases": CASES,
    "movies": MOVIES,
    "staff": STAFF,
    "clinicians": CLINICIANS,
    "sellers": SELLERS,
    "others": OTHERS,
    "first_clinician": FIRST_CLINICIAN,
    "first_seller": FIRST_SELLER,
    "first_other": FIRST_OTHER,
}

USERS = """
INSERT INTO users_user (id, name, last_name, email, role, is_active, created_at, updated_at,
                        password, search_key)
SELECT id, 'Name ' || id, initcap(word), word || id || '@bench.invalid', role, id % 50 <> 7,
       now() - id % 900 * interval '1 day', now(), '!',
       'name ' || id || ' ' || word || ' ' || word || id || '@bench.invalid'
FROM (
    SELECT i AS id, 'staff' AS word,
           CASE WHEN i <= 10 THEN 'ADMIN' WHEN i <= 25 THEN 'SUPPORT' ELSE 'ANALYST' END AS role
    FROM generate_series(1, {staff}) i
    UNION ALL SELECT {first_clinician} + i, 'clinician', 'CLINICIAN'
    FROM generate_series(0, {clinicians} - 1) i
    UNION ALL SELECT {first_seller} + i, 'seller', 'SELLER' FROM generate_series(0, {sellers} - 1) i
    UNION ALL SELECT {first_other} + i, 'user', 'USER' FROM generate_series(0, {others} - 1) i
) people;
INSERT INTO users_session (id, created_at, expires_at, generation, rotated_at, revoked_at,
                           revoked_reason, request_id, user_agent, user_id, address, kind)
SELECT md5('session' || i)::uuid, made, made + interval '30 days', 1, made,
       CASE WHEN i % 4 = 0 THEN made + interval '1 day' END,
       CASE WHEN i % 4 = 0 THEN 'Signed out.' ELSE '' END, md5('sign-in' || i),
       'okhttp/4.12.0', {first_seller} + i % {sellers}, '10.0.' || i % 250 || '.7', 'api'
FROM generate_series(1, 60000) i, LATERAL (SELECT now() - i * interval '1 minute' AS made) m;
INSERT INTO users_apitoken (name, digest, hint, created_at, expires_at, revoked_at, last_used_at,
                            user_id, read_only, search_key)
SELECT 'Token ' || i, md5('token' || i) || md5(i::text), left(md5('token' || i), 6),
       now() - interval '90 days', now() + (i % 400 - 30) * interval '1 day',
       CASE WHEN i % 5 = 0 THEN now() END, now(), i % {staff} + 1, i % 2 = 0, 'token ' || i
FROM generate_series(1, 2000) i;
INSERT INTO users_loginbucket (key, account, known_device, attempts, window_ends_at)
SELECT md5('bucket' || i) || md5(i::text), md5('account' || i % 4000) || md5(i::text), i % 2 = 0,
       i % 8, now() + (i % 2000 - 1990) * interval '1 minute'
FROM generate_series(1, 5000) i;
INSERT INTO users_onetimelink (purpose, digest, created_at, expires_at, ended_at, user_id)
SELECT 'reset', md5('link' || i) || md5(i::text), now() - i * interval '1 hour',
       now() - i * interval '1 hour' + interval '1 day', now(), {first_other} + i % {others}
FROM generate_series(1, 3000) i;
INSERT INTO users_linkmail (email, language, status, attempts, due_at, created_at)
SELECT 'user' || i || '@bench.invalid', 'es', CASE WHEN i % 3 = 0 THEN 'failed' ELSE 'pending' END,
       5, now(), now() - i * interval '1 hour' FROM generate_series(1, 500) i;
"""
DOG_ROWS = """
INSERT INTO dogs_dog (id, name, name_key, search_key, picture, picture_status, picture_attempts,
                      picture_due_at, create_date, is_adopted, owner_id)
SELECT i, 'Dog-' || i, 'dog-' || i, 'dog-' || i,
       CASE status WHEN 'ready' THEN 'https://images.example/n' || i || '.jpg' ELSE '' END, status,
       1, now() - i % 90 * interval '1 minute', now() - i * interval '20 minutes', i % 3 = 0,
       CASE WHEN i % 3 = 0 THEN {first_other} + i % {others} END
FROM generate_series(1, {dogs}) i, LATERAL (SELECT CASE WHEN i % 200 = 0 THEN 'failed'
    WHEN i % 201 = 0 THEN 'pending' ELSE 'ready' END AS status) s;
INSERT INTO dogs_adoption (dog_id, owner_id, adopted_at, end_reason)
SELECT id, owner_id, create_date, '' FROM dogs_dog WHERE is_adopted;
INSERT INTO dogs_relayedfile (id, name, search_key, file, size, sha256, status, attempts, due_at,
                              remote_name, created_at, owner_id)
SELECT md5('file' || i)::uuid, 'file-' || i || '.pdf', 'file-' || i || '.pdf', 'files/00/' || i,
       i * 7, md5('file' || i) || md5(i::text), CASE WHEN i % 300 = 0 THEN 'failed'
       WHEN i % 301 = 0 THEN 'pending' ELSE 'sent' END, 1, now() - i % 90 * interval '1 minute',
       'remote-' || i, now() - i * interval '10 minutes', {first_other} + i % {others}
FROM generate_series(1, 20000) i;
"""
CLINIC_ROWS = """
INSERT INTO clinic_patient (id, first_name, last_name, birth_date, email, email_key, search_key,
                            external_id, created_at, archived_at)
SELECT i, name, family, date '1940-01-01' + i % 25000, 'patient' || i || '@bench.invalid',
       'patient' || i || '@bench.invalid',
       lower(name || ' ' || family || ' patient' || i || '@bench.invalid'), 'H-' || i,
       now() - ({patients} - i) * interval '10 minutes', CASE WHEN i % 50 = 49 THEN now() END
FROM generate_series(1, {patients}) i, LATERAL (SELECT
    (ARRAY['Maria', 'Jose', 'Luis', 'Ana', 'Juan', 'Luz', 'Carlos', 'Rosa'])[i % 8 + 1] AS name,
    (ARRAY['Gomez', 'Rojas', 'Diaz', 'Moreno', 'Castro', 'Ortiz', 'Vargas'])[i % 7 + 1]
        || ' ' || i AS family) n;
INSERT INTO clinic_study (id, patient_id, urgency_level, body_part, description, type, status,
                          performed_on, created_at, search_key)
SELECT i, (i - 1) / ({studies} / {patients}) + 1, (ARRAY['HIGH', 'MID', 'LOW'])[i % 3 + 1],
       part, 'Study number ' || i || ': pain after a fall, no fracture seen so far.',
       (ARRAY['XRAY', 'MAMMOGRAM', 'CT', 'MRI', 'ULTRASOUND'])[i % 5 + 1],
       (ARRAY['reported', 'reported', 'ordered', 'performed'])[i % 4 + 1], current_date - i % 700,
       now() - ({studies} - i) * interval '3 minutes', lower(part)
FROM generate_series(1, {studies}) i, LATERAL (SELECT
    (ARRAY['KNEE', 'CHEST', 'HAND', 'SKULL', 'SPINE', 'FOOT'])[i % 6 + 1] AS part) p;
INSERT INTO clinic_studysource (key, study_id)
SELECT md5('source' || id)::uuid, id FROM clinic_study WHERE id % 3 = 0;
"""
ALLY_ROWS = """
INSERT INTO allies_ally (id, name, brand_owner, search_key, tags, discount, min_amount, max_amount,
                         allowed_origins, is_active, created_at, updated_at)
SELECT 'ally-' || i, 'Tienda ' || i, 'Owner ' || i % 40, 'tienda ' || i || ' ally-' || i,
       jsonb_build_array('frescos', 'barrio ' || i % 30), i % 50, 0, NULL, '[]', i % 9 <> 0,
       now(), now() FROM generate_series(1, {allies}) i;
INSERT INTO allies_allycredential (ally_id, version, is_current, key_id, data_key, user_sealed,
                                   password_sealed, created_at, created_by_id, request_id,
                                   revoked_at, revoked_request_id, revoked_reason)
SELECT 'ally-' || i, version, version = 3, 'bench', '\\x00', '\\x00', '\\x00', now(), i % 10 + 1,
       md5('credential' || i), CASE WHEN version = 1 THEN now() END, '',
       CASE WHEN version = 1 THEN 'changed' ELSE '' END
FROM generate_series(1, {allies}) i, generate_series(1, 3) version WHERE i % 20 <> 0;
"""
MOVIE_ROWS = """
INSERT INTO movies_movie (id, title, search_key, release_date, details, fetched_at, refresh_status,
                          refresh_attempts, refresh_due_at)
SELECT i, 'Movie ' || i, 'movie ' || i, date '1990-01-01' + i * 97 % 13000,
       jsonb_build_object('id', i, 'overview', repeat('A story of two dogs and a city. ', 8)),
       now() - i % 40 * interval '1 day', CASE WHEN i % 400 = 0 THEN 'failed' ELSE 'pending' END, 0,
       now() + interval '2 days' FROM generate_series(1, {movies}) i;
UPDATE movies_movie SET absent_days = 5, absent_on = current_date, absent_since = now()
WHERE id % 100 = 1;
INSERT INTO movies_favoriteswipe (id, created_at, count, user_id, wiped_by_id)
SELECT i, now() - i * interval '1 hour', 12, {first_other} + i, 1 FROM generate_series(1, 500) i;
INSERT INTO movies_favorite (user_id, movie_id, created_at, release_rank, rating_rank)
SELECT {first_other} + i % {others}, i / {others} * 7 + 1, now(), -i % 9000, i % 7
FROM generate_series(0, 60000 - 1) i;
INSERT INTO movies_rating (user_id, movie_id, stars, created_at, updated_at)
SELECT user_id, movie_id, id % 6, now(), now() FROM movies_favorite;
INSERT INTO movies_cachedanswer (key, body, fetched_at)
SELECT 'search:' || i, '{{}}', now() - i * interval '1 minute' FROM generate_series(1, 2000) i;
"""
CASE_ROWS = """
INSERT INTO cases_case (id, kind, state, priority, subject, search_key, details, answer,
    object_label, object_id, links, request_id, app_version, occurrences, first_response_due,
    solution_due, clock_started_at, clock_minutes, paused_minutes, first_responded_at,
    waiting_since, resolved_at, resolution, resolution_values, created_at, updated_at, assignee_id,
    reporter_id)
SELECT i, (ARRAY['question', 'unrecognised', 'service_failure'])[i % 3 + 1], state,
    (ARRAY[1, 2, 2, 2, 3])[i % 5 + 1], 'Subject ' || i || ' of a seller''s case',
    'subject ' || i || ' of a sellers case', repeat('What happened, in some words. ', 20), '', '',
    '', '[]', md5('case' || i), '3.2.0', 1, made + interval '4 hours',
    now() + (i * 7919 % 17400 - 3000) * interval '1 minute', made, 1440, 0,
    CASE WHEN state <> 'new' THEN made END, CASE WHEN state LIKE 'waiting%' THEN made END,
    CASE WHEN state IN ('resolved', 'closed') THEN made + interval '1 day' END,
    CASE WHEN state IN ('resolved', 'closed') THEN 'answered' ELSE '' END, '{{}}', made, now(),
    CASE WHEN i % 3 <> 0 THEN 11 + i % 15 END, {first_seller} + i % {sellers}
FROM generate_series(1, {cases}::bigint) i, LATERAL (SELECT CASE WHEN i % 2 = 0 THEN
    (ARRAY['resolved', 'closed'])[i / 2 % 2 + 1] ELSE (ARRAY['new', 'open', 'open',
    'waiting_seller', 'reopened'])[i / 2 % 5 + 1] END AS state,
    now() - (i * 104729 % 129600) * interval '1 minute' AS made) s;
INSERT INTO cases_caseevent (at, actor_label, actor_id, kind, from_state, to_state, note,
                             visible_to_seller, values, case_id)
SELECT now(), '', NULL, (ARRAY['opened', 'noted', 'replied'])[n], '', '', 'Some words.', true,
       '{{}}', i FROM generate_series(1, {cases}) i, generate_series(1, 3) n;
INSERT INTO core_storedanswer (key, fingerprint, status, headers, body, created_at, replays)
SELECT md5('key' || i) || md5(i::text), md5(i::text), 201, '{{}}', '\\x00',
       now() - i * interval '1 second', 0 FROM generate_series(1, 100000) i;
"""
STATEMENTS = {
    "people": USERS,
    "dogs and files": DOG_ROWS,
    "patients and studies": CLINIC_ROWS,
    "allies": ALLY_ROWS,
    "films": MOVIE_ROWS,
    "cases": CASE_ROWS,
}
