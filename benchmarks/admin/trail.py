"""The rows of the journal, as SQL: 5,000,000 lines of a year.

What a line is about, who wrote it and which request it belongs to come from hashes of its number:
the same rows each time, without a pattern that an index would profit from. Low numbers are busy:
patient 1 has one look in fifty.
"""

from benchmarks.admin.field import VISITS
from benchmarks.admin.rows import (
    CLINICIANS,
    DOGS,
    FIRST_CLINICIAN,
    FIRST_OTHER,
    FIRST_SELLER,
    OTHERS,
    PATIENTS,
    SELLERS,
    STUDIES,
)

LINES = 5_000_000
REQUEST_LINES = 3  # that one request leaves
SEEN = "{}"
SAID = '{"name": ["Before", "After"], "state": [null, "active"], "note": ["", "Some words."]}'
MADE = '{"name": [null, "Some name"], "state": [null, "active"], "day": [null, "2026-11-01"]}'
CLINICIAN = ("clinician", FIRST_CLINICIAN, CLINICIANS)
SELLER = ("seller", FIRST_SELLER, SELLERS)
OTHER = ("user", FIRST_OTHER, OTHERS)
SUPPORT = ("staff", 11, 15)
ADMIN = ("staff", 1, 1)  # who looks at the pages
TASK = ("dogs.tasks.fetch_picture", 0, 0)
# Per thousand lines: how many, model, action, spelling and number of objects, actor, reason,
# changes. Without objects a line is about a list.
KINDS = (
    (270, "clinic.Patient", "read", "", PATIENTS, CLINICIAN, "GET /api/patients/{id}", SEEN),
    (150, "clinic.Study", "read", "", STUDIES, CLINICIAN, "GET /api/studies/{id}", SEEN),
    (50, "clinic.Patient", "read", "", 0, CLINICIAN, "GET /api/patients", SEEN),
    (200, "stores.Visit", "create", "visit", VISITS, SELLER, "", MADE),
    (80, "users.Session", "create", "session", 60_000, SELLER, "", MADE),
    (40, "users.ApiToken", "use", "", 2_000, SUPPORT, "GET /api/dogs", SEEN),
    (40, "clinic.Patient", "change", "", PATIENTS, CLINICIAN, "", SAID),
    (40, "clinic.Study", "create", "", STUDIES, CLINICIAN, "", MADE),
    (30, "dogs.Dog", "change", "", DOGS, TASK, "", SAID),
    (20, "dogs.Dog", "change", "", DOGS, OTHER, "", SAID),
    (20, "stores.Establishment", "change", "", 48_000, SUPPORT, "", SAID),
    (20, "movies.Favorite", "create", "", 60_000, OTHER, "", MADE),
    (15, "cases.Case", "change", "", 100_000, SUPPORT, "", SAID),
    (10, "clinic.Patient", "read", "", PATIENTS, ADMIN, "admin", SEEN),
    (5, "users.User", "change", "", 1_000, ADMIN, "", SAID),
    (4, "clinic.Patient", "refused", "", PATIENTS, SELLER, "GET /api/patients/{id}", SEEN),
    (3, "allies.Ally", "change", "ally-", 300, SUPPORT, "", SAID),
    (2, "dogs.Dog", "delete", "", DOGS, SUPPORT, "", SEEN),
    (1, "clinic.Patient", "export", "", 0, SUPPORT, "admin: CSV", SEEN),
)

FILL = """
INSERT INTO core_journalentry (at, actor_kind, actor_id, actor_label, request_id, action, model,
                               object_id, object_label, changes, reason, count)
SELECT now() - interval '365 days' + i * (interval '365 days' / %(lines)s),
    CASE WHEN k.actors = 0 THEN 'task' ELSE 'user' END,
    CASE WHEN k.actors > 0 THEN actor END,
    CASE WHEN k.actors = 0 THEN k.who ELSE k.who || actor || '@bench.invalid' END,
    CASE WHEN k.actors = 0 AND i %% 2 = 0 THEN ''
         ELSE md5('request' || i / %(request_lines)s) END,
    k.action, k.model,
    CASE WHEN k.objects = 0 THEN '' WHEN k.spelling IN ('visit', 'session')
         THEN md5(k.spelling || number)::uuid::text ELSE k.spelling || number END,
    CASE WHEN k.objects = 0 THEN '' ELSE 'Object ' || number END, k.changes, k.reason,
    CASE WHEN k.objects = 0 THEN 50 END
FROM generate_series(%(first)s::bigint, %(last)s) i
CROSS JOIN LATERAL (SELECT (hashint8extended(i, 1) & 1048575) / 1048576.0::float8 AS a,
                           (hashint8extended(i, 2) & 1048575) / 1048576.0::float8 AS b,
                           (hashint8extended(i, 3) & 1048575) / 1048576.0::float8 AS c) h
JOIN kinds_by_dice d ON d.dice = floor(h.a * 1000)
JOIN kinds_of_lines k ON k.id = d.kind
CROSS JOIN LATERAL (SELECT 1 + floor(k.objects * h.b ^ 3)::bigint AS number,
                           k.first_actor + floor(k.actors * h.c ^ 2)::bigint AS actor) n
"""
KIND_TABLES = """
CREATE TEMP TABLE kinds_of_lines (id int, model text, action text, spelling text, objects bigint,
    who text, first_actor bigint, actors bigint, reason text, changes jsonb);
CREATE TEMP TABLE kinds_by_dice (dice int, kind int)
"""


def kind_rows() -> tuple[list[tuple[object, ...]], list[tuple[int, int]]]:
    """Return the kinds of lines, and which of them each of a thousand throws means."""
    kinds: list[tuple[object, ...]] = []
    dice: list[tuple[int, int]] = []
    for number, (share, model, action, spelling, objects, actor, reason, said) in enumerate(KINDS):
        kinds.append((number, model, action, spelling, objects, *actor, reason, said))
        begin = len(dice)
        dice.extend((begin + one, number) for one in range(share))
    return kinds, dice
