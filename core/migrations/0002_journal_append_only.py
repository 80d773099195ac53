"""On PostgreSQL the journal itself refuses to be changed (rule 11)."""

from django.db import migrations

from core.db import on_postgresql

FORBID = """
CREATE FUNCTION core_journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER core_journal_append_only BEFORE UPDATE OR DELETE ON core_journalentry
    FOR EACH ROW EXECUTE FUNCTION core_journal_append_only();
"""
ALLOW = """
DROP TRIGGER core_journal_append_only ON core_journalentry;
DROP FUNCTION core_journal_append_only();
"""


class Migration(migrations.Migration):
    """Adds the trigger."""

    dependencies = [("core", "0001_initial")]

    operations = [migrations.RunPython(on_postgresql(FORBID), on_postgresql(ALLOW))]
