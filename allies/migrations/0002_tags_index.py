"""On PostgreSQL an index finds the allies of a tag; SQLite has no index into JSON lists."""

from django.db import migrations

from core.db import on_postgresql

CREATE = "CREATE INDEX allies_ally_tags ON allies_ally USING gin (tags jsonb_path_ops)"
DROP = "DROP INDEX allies_ally_tags"


class Migration(migrations.Migration):
    """Adds the index."""

    dependencies = [("allies", "0001_initial")]

    operations = [migrations.RunPython(on_postgresql(CREATE), on_postgresql(DROP))]
