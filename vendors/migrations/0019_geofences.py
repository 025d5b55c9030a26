"""Radii of geofences, and the minutes of a reminder and of waiting drivers: columns with constant defaults."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("vendors", "0018_dispatch"),
    ]

    operations = [
        migrations.AddField(
            model_name='vendor',
            name='customer_at_business_metres',
            field=models.PositiveIntegerField(blank=True, help_text='Who collects has arrived within so many metres of the vendor; empty: as on the whole site, 0: never by position.', null=True, validators=[django.core.validators.MaxValueValidator(5000)]),
        ),
        migrations.AddField(
            model_name='vendor',
            name='customer_near_business_metres',
            field=models.PositiveIntegerField(blank=True, help_text='Who collects has almost arrived within so many metres of the vendor; empty: as on the whole site, 0: never by position.', null=True, validators=[django.core.validators.MaxValueValidator(5000)]),
        ),
        migrations.AddField(
            model_name='vendor',
            name='driver_at_business_metres',
            field=models.PositiveIntegerField(blank=True, help_text='The driver has arrived within so many metres of where the order is fetched; empty: as on the whole site, 0: never by position.', null=True, validators=[django.core.validators.MaxValueValidator(5000)]),
        ),
        migrations.AddField(
            model_name='vendor',
            name='driver_leaves_business_metres',
            field=models.PositiveIntegerField(blank=True, help_text='The driver is on the way from a quarter beyond so many metres of it; empty: as on the whole site, 0: never by position.', null=True, validators=[django.core.validators.MaxValueValidator(5000)]),
        ),
        migrations.AddField(
            model_name='vendor',
            name='driver_near_business_metres',
            field=models.PositiveIntegerField(blank=True, help_text='The driver has almost arrived within so many metres of it; empty: as on the whole site, 0: never by position.', null=True, validators=[django.core.validators.MaxValueValidator(5000)]),
        ),
        migrations.AddField(
            model_name='vendor',
            name='driver_near_customer_metres',
            field=models.PositiveIntegerField(blank=True, help_text='The driver has almost arrived within so many metres of the customer; empty: as on the whole site, 0: never by position.', null=True, validators=[django.core.validators.MaxValueValidator(5000)]),
        ),
        migrations.AddField(
            model_name='vendor',
            name='remind_minutes',
            field=models.PositiveIntegerField(blank=True, help_text='So long before an order is rejected for want of an answer, its boards ring once more; empty: never.', null=True),
        ),
        migrations.AddField(
            model_name='vendor',
            name='waiting_minutes',
            field=models.PositiveIntegerField(blank=True, db_default=5, default=5, help_text='A driver who has been at the vendor for longer, while the order is not ready, is shown as waiting; empty: never.', null=True),
        ),
    ]
