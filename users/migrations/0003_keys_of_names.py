"""Addresses have one form of their domain; people are looked for without accents."""


import core.fields
import core.validators
from django.db import migrations, models, transaction

from django.db.utils import IntegrityError

from core.keys import refreshed
from core.text import email_key


def one_form_of_domains(apps, schema_editor):
    """Store each address in the form that email_key gives; who has a twin keeps the former one."""
    using = schema_editor.connection.alias
    users = apps.get_model("users", "User").objects.using(using)
    for pk, email in list(users.order_by("pk").values_list("pk", "email").iterator()):
        if email == email_key(email):
            continue
        try:
            with transaction.atomic(using=using):
                users.filter(pk=pk).update(email=email_key(email))
        except IntegrityError:
            print(f"users.User {pk}: another user has this address in its other form; both stay.")
        else:
            print(f"users.User {pk}: the domain of the address has its one form now.")


class Migration(migrations.Migration):
    """Adds the columns, then fills them."""

    dependencies = [
        ('users', '0002_sessions_and_own_tokens'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=500, sources=('name', 'last_name', 'email')),
        ),
        migrations.AddField(
            model_name='apitoken',
            name='search_key',
            field=core.fields.SearchKeyField(blank=True, db_default='', editable=False, max_length=500, sources=('name', 'hint')),
        ),
        migrations.AlterField(
            model_name='user',
            name='email',
            field=models.EmailField(help_text='Signs in with it; case does not matter.', max_length=254, validators=[core.validators.plain_email], verbose_name='e-mail address'),
        ),
        migrations.AlterField(
            model_name='user',
            name='last_name',
            field=models.CharField(blank=True, default='', max_length=100, validators=[core.validators.plain_text], verbose_name='last name'),
        ),
        migrations.AlterField(
            model_name='user',
            name='name',
            field=models.CharField(max_length=100, validators=[core.validators.plain_text], verbose_name='first name'),
        ),
        migrations.RunPython(one_form_of_domains, migrations.RunPython.noop),
        refreshed("users", User=("search_key",), ApiToken=("search_key",)),
    ]
