from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0043_event_actor_name"),
    ]

    operations = [
        migrations.CreateModel(
            name="LearntTimes",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("times", models.JSONField(default=dict)),
                ("last_event", models.BigIntegerField(db_default=0, default=0)),
            ],
            options={
                "verbose_name_plural": "learnt times",
            },
        ),
    ]
