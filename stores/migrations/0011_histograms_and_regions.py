from django.db import migrations, models

from core.postgresql.operations import AddFields

STAYS = (1, 2, 3, 5, 8, 13, 20, 30, 45, 60, 120, 240)
DELAYS = (1, 5, 15, 30, 60, 120, 240, 480, 1440, 4320, 14400, 64800)
SUMS = (
    ('visits', models.PositiveIntegerField, 'visits'),
    ('done', models.PositiveIntegerField, 'visits done'),
    ('flagged', models.PositiveIntegerField, 'flagged visits'),
    ('audited', models.PositiveIntegerField, 'visits with a list'),
    ('must_have', models.PositiveBigIntegerField, 'must-haves'),
    ('present', models.PositiveBigIntegerField, 'must-haves seen'),
    ('compliance_sum', models.PositiveBigIntegerField, 'sum of compliances'),
    ('seen', models.PositiveBigIntegerField, 'products seen'),
    ('unrecognised', models.PositiveBigIntegerField, 'items not recognised'),
    ('timed', models.PositiveIntegerField, 'visits with a duration'),
    ('seconds', models.PositiveBigIntegerField, 'seconds in establishments'),
    ('prompt', models.PositiveIntegerField, 'visits received within 15 minutes'),
)


def buckets():
    """Return the columns of the histograms."""
    return [
        *(
            (f'stay_{minutes}', models.IntegerField(db_default=0, verbose_name=f'visits of up to {minutes} min'))
            for minutes in STAYS
        ),
        *(
            (f'delay_{minutes}', models.IntegerField(db_default=0, verbose_name=f'visits received within {minutes} min'))
            for minutes in DELAYS
        ),
    ]


class Migration(migrations.Migration):

    dependencies = [
        ('stores', '0010_coverage_of_months'),
    ]

    operations = [
        AddFields(
            'dailyfigure',
            {'first_at': models.DateTimeField(null=True, verbose_name='first visit'), **dict(buckets())},
        ),
        AddFields('areaday', dict(buckets())),
        migrations.CreateModel(
            name='RegionDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                *((name, kind(verbose_name=label)) for name, kind, label in SUMS),
                *buckets(),
                ('day', models.DateField(verbose_name='day')),
                ('region', models.CharField(blank=True, max_length=20, verbose_name='region')),
                ('typology', models.CharField(blank=True, max_length=20, verbose_name='typology')),
            ],
            options={
                'verbose_name': "figures of a region's day",
                'verbose_name_plural': "figures of regions' days",
                'constraints': [models.UniqueConstraint(fields=('day', 'region', 'typology'), name='stores_region_day_unique')],
            },
        ),
    ]
