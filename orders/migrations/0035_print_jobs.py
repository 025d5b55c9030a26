"""Papers to be printed: a table of its own. Its foreign keys lock orders and vendors for a moment, nothing is read."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0034_delivery_proofs'),
        ('vendors', '0011_printing'),
    ]

    operations = [
        migrations.CreateModel(
            name='PrintJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('ticket', 'ticket'), ('cancellation', 'slip that says that the order is cancelled')], default='ticket', max_length=12)),
                ('number', models.PositiveSmallIntegerField(help_text='Of the order and kind; above 1 the paper is marked as a copy.')),
                ('reason', models.CharField(choices=[('accepted', 'the order was accepted'), ('asked', 'somebody asked for it'), ('not_printed', 'the paper before it was not printed, or may not have been'), ('reopened', 'the order goes on after its cancellation'), ('cancelled', 'the order was cancelled')], max_length=12)),
                ('may_double', models.BooleanField(default=False, help_text='Whether the paper before it may have been printed.')),
                ('tries', models.PositiveSmallIntegerField(default=0, help_text='How many papers in a row failed before this one.')),
                ('actor', models.CharField(max_length=60)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('claimed', 'claimed by a device'), ('printed', 'printed'), ('failed', 'not printed'), ('withdrawn', 'not needed any more')], default='waiting', max_length=9)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('claimed_by', models.CharField(blank=True, max_length=60)),
                ('claimed_name', models.CharField(blank=True, max_length=120)),
                ('claimed_at', models.DateTimeField(blank=True, null=True)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('content', models.JSONField(blank=True, null=True)),
                ('settled_at', models.DateTimeField(blank=True, help_text='When it was printed, failed or was withdrawn.', null=True)),
                ('failure', models.CharField(blank=True, max_length=200)),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='print_jobs', to='orders.order')),
                ('vendor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vendors.vendor')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'claimed'])), fields=['vendor', 'id'], name='print_job_open')],
                'constraints': [models.UniqueConstraint(fields=('order', 'kind', 'number'), name='print_job_number_once')],
            },
        ),
    ]
