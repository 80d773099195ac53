"""Addresses have one key whatever the form of their domain; studies can be looked for."""


import core.fields
import core.validators
from django.db import migrations, models

from core.keys import refreshed


class Migration(migrations.Migration):
    """Adds the columns, then fills them."""

    dependencies = [
        ('clinic', '0003_records'),
    ]

    operations = [
        migrations.AddField(
            model_name='study',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=400, sources=('body_part',)),
        ),
        migrations.AlterField(
            model_name='patient',
            name='email',
            field=models.EmailField(blank=True, max_length=254, null=True, validators=[core.validators.plain_email], verbose_name='e-mail'),
        ),
        migrations.AlterField(
            model_name='patient',
            name='email_key',
            field=core.fields.EmailKeyField(editable=False, max_length=254, null=True, source='email'),
        ),
        migrations.AlterField(
            model_name='patient',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=2000, sources=('first_name', 'last_name', 'email')),
        ),
        refreshed("clinic", Patient=("email_key", "search_key"), Study=("search_key",)),
    ]
