"""Whole months of the journal may go into an archive: by the table's owner, and on purpose."""

from django.db import migrations

from core.db import on_postgresql

ARCHIVE = """
CREATE OR REPLACE FUNCTION core_journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('plaza.archiving', true) = 'on'
        AND OLD.at < date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'
        AND pg_has_role((SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER')
    THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
END $$;
"""
NEVER = """
CREATE OR REPLACE FUNCTION core_journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):
    """Replaces the trigger's function."""

    dependencies = [("core", "0004_heartbeat")]

    operations = [migrations.RunPython(on_postgresql(ARCHIVE), on_postgresql(NEVER))]
