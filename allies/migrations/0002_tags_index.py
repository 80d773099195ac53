"""On PostgreSQL an index finds the allies of a tag; SQLite has no index into JSON lists."""

from django.db import migrations

CREATE = "CREATE INDEX allies_ally_tags ON allies_ally USING gin (tags jsonb_path_ops)"
DROP = "DROP INDEX allies_ally_tags"


def on_postgresql(sql):
    """Return an operation that runs ``sql`` on PostgreSQL only."""

    def run(_apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql)

    return run


class Migration(migrations.Migration):
    """Adds the index."""

    dependencies = [("allies", "0001_initial")]

    operations = [migrations.RunPython(on_postgresql(CREATE), on_postgresql(DROP))]
