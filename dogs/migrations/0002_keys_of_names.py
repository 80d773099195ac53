"""Names have one key whatever shows nothing in them; words are looked for without accents."""


import core.fields
from django.db import migrations

from core.keys import refreshed


class Migration(migrations.Migration):
    """Adds the columns, then fills them."""

    dependencies = [
        ('dogs', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='dog',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=300, sources=('name',)),
        ),
        migrations.AddField(
            model_name='relayedfile',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=500, sources=('name',)),
        ),
        refreshed("dogs", Dog=("name_key", "search_key"), RelayedFile=("search_key",)),
    ]
