"""Columns of a new form of money: what came in and went back is asked of each order's share, cash is a posting.

On PostgreSQL each statement is a transaction of its own. At 100,000 orders new columns take their exclusive locks for a
millisecond each; the foreign key of orders_posting and the indexes, which are partial, hold up writes while the table
is read once, for less than half a second each.
"""

import django.db.models.deletion
import orders.lifecycle
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('accounts', '0002_initial'),
        ('orders', '0009_fill_terms'),
        ('vendors', '0005_transfers_to'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='order',
            name='money_leaves_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='waived',
            field=models.BigIntegerField(default=0, help_text='What of the total staff have said need not be paid.'),
        ),
        migrations.AddField(
            model_name='payment',
            name='disputed_amount',
            field=models.BigIntegerField(blank=True, help_text='Minor units.', null=True),
        ),
        migrations.AddField(
            model_name='payment',
            name='disputed_currency',
            field=models.CharField(blank=True, max_length=3),
        ),
        migrations.AddField(
            model_name='payment',
            name='to_vendor',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='paymentshare',
            name='is_extra',
            field=models.BooleanField(default=False, help_text='A rise of what was paid already: while it is not paid it holds nothing up.'),
        ),
        migrations.AddField(
            model_name='paymentshare',
            name='received',
            field=models.BigIntegerField(default=0, help_text='What came in.'),
        ),
        migrations.AddField(
            model_name='paymentshare',
            name='tip',
            field=models.BigIntegerField(default=0, help_text="The part of the amount that is the driver's tip."),
        ),
        migrations.AddField(
            model_name='offeruse',
            name='has_left',
            field=models.BooleanField(default=False, help_text='Its customer cancelled the order: the others share the offer without it.'),
        ),
        migrations.AddField(
            model_name='refund',
            name='posting',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refund_row', to='orders.posting'),
        ),
        migrations.AddField(
            model_name='posting',
            name='share',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='orders.paymentshare'),
        ),
        migrations.AlterField(
            model_name='order',
            name='refunded',
            field=models.BigIntegerField(default=0, help_text='Given back so far, while the total stayed.'),
        ),
        migrations.AlterField(
            model_name='paymentshare',
            name='refunded',
            field=models.BigIntegerField(default=0, help_text='What went back.'),
        ),
        migrations.AlterField(
            model_name='posting',
            name='kind',
            field=models.CharField(choices=[('top_up', 'top-up'), ('payment', 'payment'), ('cash', 'cash handed over with the order'), ('refund', 'refund'), ('retake', 'refund taken back'), ('settlement', 'settlement'), ('reversal', 'settlement taken back'), ('adjustment', 'settlement corrected'), ('payout', 'paid out'), ('hand_in', 'cash handed in'), ('payout_rev', 'payout taken back'), ('handin_rev', 'cash handed in taken back')], max_length=10),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('payment_status', 'refunded'), ('status__in', [orders.lifecycle.Status['PENDING'], orders.lifecycle.Status['DRIVER_IN_BUSINESS'], orders.lifecycle.Status['PREPARATION_COMPLETED'], orders.lifecycle.Status['CANCELED_BY_DRIVER'], orders.lifecycle.Status['ACCEPTED_BY_BUSINESS'], orders.lifecycle.Status['ACCEPTED_BY_DRIVER'], orders.lifecycle.Status['PICK_UP_COMPLETED_BY_DRIVER'], orders.lifecycle.Status['PICK_UP_FAILED_BY_DRIVER'], orders.lifecycle.Status['PREORDER'], orders.lifecycle.Status['ORDER_NOT_READY'], orders.lifecycle.Status['DRIVER_ALMOST_ARRIVED_TO_BUSINESS'], orders.lifecycle.Status['DRIVER_ALMOST_ARRIVED_TO_CUSTOMER'], orders.lifecycle.Status['CUSTOMER_ALMOST_ARRIVED_TO_BUSINESS'], orders.lifecycle.Status['CUSTOMER_ARRIVED_TO_BUSINESS'], orders.lifecycle.Status['LOOKING_FOR_DRIVER'], orders.lifecycle.Status['DRIVER_ON_WAY'], orders.lifecycle.Status['DRIVER_WAITING_FOR_ORDER'], orders.lifecycle.Status['ACCEPTED_BY_DRIVER_COMPANY']])), fields=['id'], name='order_refunded_and_open'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('disputed_amount__isnull', False)), fields=['id'], name='payment_disputed'),
        ),
    ]
