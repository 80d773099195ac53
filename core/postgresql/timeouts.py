"""Whether a database's sessions have the timeouts that everything here relies on.

They come with the start of a session (``options`` of the URL's settings) or, behind a pooler, from
the role (deploy/postgresql/roles.sql). A pooler that is told to ignore ``options``, or that signs
in as somebody else, drops them without a word: then a lock that nobody gives back holds a request,
and its thread, for ever.
"""

from django.db.backends.base.base import BaseDatabaseWrapper

QUESTION = "SELECT current_setting(%s), current_setting(%s)::interval <= %s::interval"
OFF = "0"


def lost(database: BaseDatabaseWrapper) -> list[str]:
    """Return what is wrong with the timeouts of this connection's session, a phrase each."""
    found = []
    for name, wanted in database.settings_dict.get("TIMEOUTS", {}).items():
        with database.cursor() as cursor:
            cursor.execute(QUESTION, [name, name, wanted])
            value, is_short = cursor.fetchone()
        if value == OFF:
            found.append(f"{name} is off (wanted: {wanted})")
        elif not is_short:
            found.append(f"{name} is {value} (at most {wanted})")
    return found


def objection(database: BaseDatabaseWrapper) -> str:
    """Return why no process should run on this database, and what to do; empty: it may."""
    found = lost(database)
    if not found:
        return ""
    if database.settings_dict["POOLED"]:
        advice = "Set them on the role that the pooler signs in as (deploy/postgresql/roles.sql)."
    else:
        advice = (
            "Something between here and PostgreSQL drops them: say DATABASE_POOLED=true,"
            " and set them on the role (deploy/postgresql/roles.sql)."
        )
    return f"The database's sessions have lost their timeouts: {'; '.join(found)}. {advice}"
