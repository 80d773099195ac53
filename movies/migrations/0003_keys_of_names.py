"""Titles are looked for without accents."""


import core.fields
from django.db import migrations

from core.keys import refreshed


class Migration(migrations.Migration):
    """Adds the columns, then fills them."""

    dependencies = [
        ('movies', '0002_gone_movies'),
    ]

    operations = [
        migrations.AddField(
            model_name='movie',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=300, sources=('title',)),
        ),
        refreshed("movies", Movie=("search_key",)),
    ]
