"""Keys without what does not show; words are looked for without accents, also of portfolios."""


import core.fields
from django.db import migrations

from core.keys import refreshed


class Migration(migrations.Migration):
    """Adds the columns, then fills them."""

    dependencies = [
        ('stores', '0002_published_versions_stay'),
    ]

    operations = [
        migrations.AddField(
            model_name='department',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=300, sources=('name',)),
        ),
        migrations.AddField(
            model_name='portfolio',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=300, sources=('name',)),
        ),
        migrations.AddField(
            model_name='region',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=300, sources=('name',)),
        ),
        migrations.AddField(
            model_name='typology',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=300, sources=('name',)),
        ),
        migrations.AlterField(
            model_name='city',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=300, sources=('name',)),
        ),
        migrations.AlterField(
            model_name='establishment',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=1600, sources=('code', 'name', 'address')),
        ),
        migrations.AlterField(
            model_name='product',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=1600, sources=('sku', 'gtin', 'name', 'brand', 'category')),
        ),
        refreshed(
            "stores",
            Product=("sku_key", "search_key"),
            Establishment=("code_key", "search_key"),
            Portfolio=("search_key",),
            Region=("search_key",),
            Department=("search_key",),
            City=("search_key",),
            Typology=("search_key",),
        ),
    ]
