from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0002_events_stay'),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='first_response_minutes',
            field=models.PositiveIntegerField(blank=True, editable=False, null=True, verbose_name='minutes of working time until the first response'),
        ),
    ]
