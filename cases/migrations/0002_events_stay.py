"""On PostgreSQL events of cases refuse to be changed, but for a note that is erased."""

from django.db import migrations

from core.db import on_postgresql

FORBID = """
CREATE FUNCTION cases_events_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.note = '' THEN
        OLD.note := '';
        IF OLD IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the events of a case stay as they are' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER cases_events_stay BEFORE UPDATE OR DELETE ON cases_caseevent
    FOR EACH ROW EXECUTE FUNCTION cases_events_stay();
"""
ALLOW = """
DROP TRIGGER cases_events_stay ON cases_caseevent;
DROP FUNCTION cases_events_stay();
"""


class Migration(migrations.Migration):
    """Adds the trigger."""

    dependencies = [("cases", "0001_initial")]

    operations = [migrations.RunPython(on_postgresql(FORBID), on_postgresql(ALLOW))]
