"""Allies are looked for without accents; tags have nothing in them that does not show."""


import core.fields
from django.db import migrations

from allies.values import normal_tag
from core.keys import refreshed


def one_spelling_of_tags(apps, schema_editor):
    """Store each tag as it is looked for, each once."""
    allies = apps.get_model("allies", "Ally").objects.using(schema_editor.connection.alias)
    for pk, tags in list(allies.order_by("pk").values_list("pk", "tags").iterator()):
        spelt = list(dict.fromkeys(filter(None, map(normal_tag, tags))))
        if spelt != tags:
            allies.filter(pk=pk).update(tags=spelt)
            print(f"allies.Ally {pk}: its tags have their one spelling now.")


class Migration(migrations.Migration):
    """Adds the columns, then fills them."""

    dependencies = [
        ('allies', '0002_tags_index'),
    ]

    operations = [
        migrations.AddField(
            model_name='ally',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=500, sources=('name', 'id', 'brand_owner')),
        ),
        migrations.RunPython(one_spelling_of_tags, migrations.RunPython.noop),
        refreshed("allies", Ally=("search_key",)),
    ]
