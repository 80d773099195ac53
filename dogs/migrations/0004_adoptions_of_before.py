"""Dogs that are adopted get the adoption that their columns tell of, since when nobody knows.

In batches, each its own transaction, and safe to repeat: a run that was stopped goes on.
"""

from django.db import migrations, transaction
from django.db.models import Exists, OuterRef, Q

BATCH_ROWS = 1000


def store(apps, _schema_editor):
    """Make the missing adoptions; whoever was named as owner has adopted the dog."""
    Dog, Adoption = apps.get_model("dogs", "Dog"), apps.get_model("dogs", "Adoption")
    entries = apps.get_model("core", "JournalEntry").objects
    open_one = Adoption.objects.filter(dog=OuterRef("pk"), ended_at__isnull=True)
    told = Dog.objects.filter(Q(is_adopted=True) | Q(owner__isnull=False), ~Exists(open_one))
    while True:
        with transaction.atomic():
            dogs = list(told.select_for_update(of=("self",)).order_by("pk")[:BATCH_ROWS])
            if not dogs:
                return
            Adoption.objects.bulk_create(
                Adoption(dog_id=dog.pk, owner_id=dog.owner_id, adopted_at=None) for dog in dogs
            )
            flagged = [dog for dog in dogs if not dog.is_adopted]
            Dog.objects.filter(pk__in=[dog.pk for dog in flagged]).update(is_adopted=True)
            entries.bulk_create(
                entries.model(
                    actor_kind="command",
                    actor_label="migrate",
                    action="change",
                    model="dogs.Dog",
                    object_id=str(dog.pk),
                    object_label=dog.name,
                    changes={"is_adopted": [False, True]},
                    reason="a dog with an owner is adopted",
                )
                for dog in flagged
            )


class Migration(migrations.Migration):
    """Fills the table."""

    atomic = False
    dependencies = [("dogs", "0003_adoptions"), ("core", "0002_journal_append_only")]

    operations = [migrations.RunPython(store, migrations.RunPython.noop)]
