import secrets

import django.utils.timezone
from django.db import migrations, models


def begin_first_epoch(apps, schema_editor):
    apps.get_model('orders', 'FeedEpoch').objects.create(number=1, epoch=secrets.token_hex(8))


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0013_answer_from'),
    ]

    operations = [
        migrations.CreateModel(
            name='FeedEpoch',
            fields=[
                ('number', models.PositiveIntegerField(primary_key=True, serialize=False)),
                ('epoch', models.CharField(max_length=32, unique=True)),
                ('begun_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
        ),
        migrations.RunPython(begin_first_epoch, migrations.RunPython.noop),
    ]
