"""On PostgreSQL a published version of a portfolio keeps its number, start and products."""

from django.db import migrations

from core.db import on_postgresql

FORBID = """
CREATE FUNCTION stores_published_versions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published portfolio version stays as it is'
        USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stores_published_versions_stay BEFORE UPDATE ON stores_portfolioversion
    FOR EACH ROW WHEN (
        OLD.state <> 'draft' AND (
            NEW.state = 'draft'
            OR NEW.portfolio_id <> OLD.portfolio_id
            OR NEW.number <> OLD.number
            OR NEW.valid_from <> OLD.valid_from
            OR NEW.product_ids::text <> OLD.product_ids::text
        )
    ) EXECUTE FUNCTION stores_published_versions_stay();
"""
ALLOW = """
DROP TRIGGER stores_published_versions_stay ON stores_portfolioversion;
DROP FUNCTION stores_published_versions_stay();
"""


class Migration(migrations.Migration):
    """Adds the trigger."""

    dependencies = [("stores", "0001_initial")]

    operations = [migrations.RunPython(on_postgresql(FORBID), on_postgresql(ALLOW))]
