"""Allies are looked for without accents."""


import core.fields
from django.db import migrations

from core.keys import refreshed


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
        refreshed("allies", Ally=("search_key",)),
    ]
