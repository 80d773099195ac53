"""Statements that FastAPI and Flask share: pages by keys, newest studies, the journal, sign-ins."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Select,
    TextClause,
    Update,
    bindparam,
    case,
    func,
    select,
    text,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import aliased

from benchmarks.common import SHOWN_STUDIES
from benchmarks.peers import promises, sign
from benchmarks.peers.tables import (
    Adoption,
    Dog,
    JournalEntry,
    LoginBucket,
    Patient,
    Session,
    Study,
    User,
    now,
)

type_cursor = promises.Cursor | None

# --- Who calls ----------------------------------------------------------------------------------
WHO = (
    select(User.id, User.email, User.role)
    .join(Session, Session.user_id == User.id)
    .where(
        Session.id == bindparam("session_id"),
        User.id == bindparam("user_id"),
        User.is_active,
        Session.revoked_at.is_(None),
        Session.expires_at > func.now(),
    )
)


# --- Pages --------------------------------------------------------------------------------------
class Page(NamedTuple):
    """The rows of a page and where its neighbours begin."""

    rows: list[Any]
    next: type_cursor
    previous: type_cursor


def page_query(query: Select, columns: Sequence[Any], cursor: type_cursor, limit: int) -> Select:
    """Return the statement of a page; whether there is another one, the row after it shows."""
    backwards = cursor is not None and cursor.backwards
    if cursor is not None:
        place = columns[0] if len(columns) == 1 else tuple_(*columns)
        keys = cursor.keys[0] if len(columns) == 1 else tuple_(*cursor.keys)
        query = query.where(place < keys if backwards else place > keys)
    order = [column.desc() if backwards else column for column in columns]
    return query.order_by(*order).limit(limit + 1)


def page_of(found: Sequence[Any], columns: Sequence[Any], cursor: type_cursor, limit: int) -> Page:
    """Return the page that its statement found."""
    rows, more = list(found[:limit]), len(found) > limit
    backwards = cursor is not None and cursor.backwards
    if backwards:
        rows.reverse()
    has_next, has_previous = (True, more) if backwards else (more, cursor is not None)

    def at(row: Any, *, before: bool) -> promises.Cursor:
        return promises.Cursor([getattr(row, column.key) for column in columns], before)

    return Page(
        rows,
        at(rows[-1], before=False) if rows and has_next else None,
        at(rows[0], before=True) if rows and has_previous else None,
    )


# --- The clinic ---------------------------------------------------------------------------------
def newest_studies() -> Select:
    """Return the statement of the newest studies of each of some patients (``ids``)."""
    ids = bindparam("ids", type_=ARRAY(BigInteger))
    keys = func.unnest(ids).table_valued("key").render_derived()
    newest = (
        select(Study)
        .where(Study.patient_id == keys.c.key, Study.archived_at.is_(None))
        .order_by(Study.id.desc())
        .limit(SHOWN_STUDIES)
        .lateral()
    )
    return select(aliased(Study, newest)).select_from(keys).join(newest, true())


NEWEST_STUDIES = newest_studies()
COUNTS_OF_STUDIES = (
    select(Study.patient_id, func.count())
    .where(Study.patient_id == func.any(bindparam("ids", type_=ARRAY(BigInteger))))
    .where(Study.archived_at.is_(None))
    .group_by(Study.patient_id)
)


def hang(patients: Sequence[Patient], studies: Sequence[Study]) -> list[int]:
    """Give each patient their studies; return who may have more than are shown."""
    by_patient: dict[int, list[Study]] = defaultdict(list)
    for study in sorted(studies, key=lambda study: study.id):
        by_patient[study.patient_id].append(study)
    for patient in patients:
        patient.studies = by_patient[patient.id]
        patient.studies_count = len(patient.studies)
    return [patient.id for patient in patients if patient.studies_count == SHOWN_STUDIES]


# --- The journal --------------------------------------------------------------------------------
READING: TextClause = text("""
INSERT INTO core_journalentry (at, actor_kind, actor_id, actor_label, request_id, action, model,
                               object_id, object_label, changes, reason, count)
SELECT now(), 'user', :actor_id, :actor_label, :request_id, 'read', 'clinic.Patient', object_id, '',
       '{}', :reason, :count
FROM unnest(CAST(:ids AS text[])) AS object_id
""")


def reading(
    who: promises.Person, path: str, ids: Sequence[int], *, is_list: bool
) -> dict[str, Any]:
    """Return what READING is given: a list has an entry of its own beside those of its patients."""
    return {
        "actor_id": who.id,
        "actor_label": who.email,
        "request_id": promises.request_id.get(),
        "reason": f"GET {path}",
        "count": len(ids) if is_list else None,
        "ids": [*([""] if is_list else []), *map(str, ids)],
    }


def created(dog: Dog) -> dict[str, Any]:
    """Return what the journal says of a new dog."""
    fields = {
        "id": dog.id,
        "name": dog.name,
        "picture_status": dog.picture_status,
        "picture_attempts": dog.picture_attempts,
        "picture_due_at": dog.picture_due_at.isoformat(),
        "create_date": dog.create_date.isoformat(),
        "is_adopted": dog.is_adopted,
        "owner": dog.owner_id,
    }
    return {name: [None, value] for name, value in fields.items() if value is not None}


def entry(
    who: promises.Person, action: str, dog: Dog, changes: dict[str, list[Any]]
) -> JournalEntry:
    """Return the journal's line about a dog."""
    return JournalEntry(
        actor_id=who.id,
        actor_label=who.email,
        request_id=promises.request_id.get(),
        action=action,
        model="dogs.Dog",
        object_id=str(dog.id),
        object_label=dog.name,
        changes=changes,
    )


def changed(dog: Dog, wanted: dict[str, Any]) -> dict[str, list[Any]]:
    """Write a PATCH's fields to a dog, its home in step; return what changed."""
    names = {"name": "name", "is_adopted": "is_adopted", "id_user": "owner_id"}
    fields = {names[name]: value for name, value in wanted.items()}
    if fields.get("is_adopted") is False:
        fields["owner_id"] = None
    elif fields.get("owner_id") is not None:
        fields["is_adopted"] = True
    changes = {}
    for name, value in fields.items():
        before = getattr(dog, name)
        if before != value:
            changes["owner" if name == "owner_id" else name] = [before, value]
            setattr(dog, name, value)
    dog.name_key = dog.search_key = sign.fold(dog.name)
    return changes


def stay(dog: Dog, changes: dict[str, list[Any]]) -> Update | Insert | None:
    """Return the statement that ends a dog's stay or begins one."""
    if "is_adopted" not in changes:
        return None
    if dog.is_adopted:
        values = {"dog_id": dog.id, "owner_id": dog.owner_id, "adopted_at": now()}
        return insert(Adoption).values(**values, end_reason="")
    ended = func.greatest(func.coalesce(Adoption.adopted_at, now()), now())
    open_one = update(Adoption).where(Adoption.dog_id == dog.id, Adoption.ended_at.is_(None))
    return open_one.values(ended_at=ended, end_reason="returned")


def session_entry(user: User, session: Session) -> JournalEntry:
    """Return the journal's line about a sign-in."""
    return JournalEntry(
        actor_id=user.id,
        actor_label=user.email,
        request_id=promises.request_id.get(),
        action="create",
        model="users.Session",
        object_id=str(session.id),
        object_label=str(session.id),
        changes={"user": [None, user.id]},
    )


# --- Attempts to sign in ------------------------------------------------------------------------
def attempt(email: str) -> Insert:
    """Return the statement that counts an attempt and says how many there were."""
    key, end = sign.bucket_key(email), now() + sign.LOGIN_WINDOW
    new = insert(LoginBucket).values(
        key=key, account=key, known_device=False, attempts=1, window_ends_at=end
    )
    over = LoginBucket.window_ends_at <= func.now()
    return new.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "attempts": case((over, 1), else_=LoginBucket.attempts + 1),
            "window_ends_at": case((over, end), else_=LoginBucket.window_ends_at),
        },
    ).returning(LoginBucket.attempts)
