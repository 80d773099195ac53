from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0006_analysts'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='time_zone',
            field=models.CharField(blank=True, db_default='', default='', help_text='In which the console shows them times; empty: that of the platform.', max_length=64, verbose_name='time zone'),
        ),
    ]
