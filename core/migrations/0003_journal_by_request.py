"""The journal's lines of one request are found without reading all of it."""

from django.db import migrations, models

from core.postgresql.operations import AddIndexWhileWriting


class Migration(migrations.Migration):
    """Adds an index to a large table that is always written."""

    atomic = False
    dependencies = [("core", "0002_journal_append_only")]

    operations = [
        AddIndexWhileWriting(
            "journalentry",
            models.Index(
                fields=["request_id", "id"],
                condition=~models.Q(request_id=""),
                name="journal_request",
            ),
        )
    ]
