"""The journal's lines of a period, and of actions that are rare, without reading all of it."""

from django.db import migrations, models

from core.postgresql.operations import AddIndexWhileWriting


class Migration(migrations.Migration):
    """Adds two indexes to a large table that is always written."""

    atomic = False
    dependencies = [("core", "0007_saved_views")]

    operations = [
        AddIndexWhileWriting("journalentry", models.Index(fields=["at"], name="journal_at")),
        AddIndexWhileWriting(
            "journalentry",
            models.Index(
                fields=["action", "id"],
                condition=models.Q(action__in=["delete", "export", "refused", "use"]),
                name="journal_rare_action",
            ),
        ),
    ]
