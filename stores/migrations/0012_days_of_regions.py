from django.db import migrations

NAMES = (
    'visits, done, flagged, audited, must_have, present, compliance_sum, seen, unrecognised, timed, seconds, prompt'
)
ADDED = ', '.join(f'SUM({name})' for name in NAMES.split(', '))
# Until its days are counted anew, a region's day is what its areas were: without histograms.
FILL = f"""
INSERT INTO stores_regionday (day, region, typology, {NAMES})
SELECT day, region, typology, {ADDED} FROM stores_areaday GROUP BY day, region, typology
"""


class Migration(migrations.Migration):

    dependencies = [
        ('stores', '0011_histograms_and_regions'),
    ]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
