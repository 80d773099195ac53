"""Tags that SQL stored in another spelling than the API's get the one that is found.

In batches, each its own transaction, and safe to repeat.
"""

from django.db import migrations, transaction

from allies.constants import MAX_TAGS, TAG_LENGTH
from allies.values import normal_tag

BATCH_ROWS = 1000


def spelled(tags):
    """Return the tags as the API would have stored them; what cannot be one is left out."""
    texts = [str(tag) for tag in tags if isinstance(tag, str | int | float)]
    normal = (normal_tag(text)[:TAG_LENGTH].strip() for text in texts)
    return list(dict.fromkeys(filter(None, normal)))[:MAX_TAGS]


def mend(apps, _schema_editor):
    """Store the right spelling, with an entry that has both."""
    Ally = apps.get_model("allies", "Ally")
    entries = apps.get_model("core", "JournalEntry").objects
    last = ""
    while True:
        with transaction.atomic():
            rows = Ally.objects.select_for_update().filter(pk__gt=last).order_by("pk")
            batch = list(rows[:BATCH_ROWS])
            if not batch:
                return
            changed = [ally for ally in batch if ally.tags != spelled(ally.tags)]
            entries.bulk_create(
                entries.model(
                    actor_kind="command",
                    actor_label="migrate",
                    action="change",
                    model="allies.Ally",
                    object_id=ally.pk,
                    object_label=ally.name,
                    changes={"tags": [ally.tags, spelled(ally.tags)]},
                    reason="tags have one spelling",
                )
                for ally in changed
            )
            for ally in changed:
                ally.tags = spelled(ally.tags)
            Ally.objects.bulk_update(changed, ["tags"], batch_size=200)
            last = batch[-1].pk


class Migration(migrations.Migration):
    """Mends the rows."""

    atomic = False
    dependencies = [("allies", "0004_key_fingerprints"), ("core", "0002_journal_append_only")]

    operations = [migrations.RunPython(mend, migrations.RunPython.noop)]
