from django.db import migrations, models

from core.postgresql.operations import AddIndexWhileWriting


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('cases', '0003_minutes_of_responses'),
    ]

    operations = [
        AddIndexWhileWriting(
            model_name='case',
            index=models.Index(fields=['created_at'], name='cases_opened_on'),
        ),
        AddIndexWhileWriting(
            model_name='case',
            index=models.Index(fields=['first_responded_at'], name='cases_answered_on'),
        ),
        AddIndexWhileWriting(
            model_name='case',
            index=models.Index(fields=['first_response_due'], name='cases_answer_due_on'),
        ),
        AddIndexWhileWriting(
            model_name='caseevent',
            index=models.Index(condition=models.Q(('kind', 'moved')), fields=['at'], name='cases_moved_on'),
        ),
    ]
