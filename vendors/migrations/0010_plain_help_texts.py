"""What forms say beside their fields: no statement for the database."""

import django.core.validators
import django.db.models.deletion
import vendors.models.hours
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vendors', '0009_driver_deadlines'),
    ]

    operations = [
        migrations.AlterField(
            model_name='deliveryzone',
            name='free_from',
            field=models.PositiveBigIntegerField(blank=True, help_text='Delivery is free from this total of the items on; empty: never.', null=True),
        ),
        migrations.AlterField(
            model_name='deliveryzone',
            name='minimum',
            field=models.PositiveBigIntegerField(default=0, help_text='The smallest total of the items.'),
        ),
        migrations.AlterField(
            model_name='deliveryzone',
            name='polygon',
            field=models.JSONField(blank=True, help_text='Instead of a radius: the corners, as [[lat, lng], …].', null=True, validators=[vendors.models.hours.validate_polygon]),
        ),
        migrations.AlterField(
            model_name='deliveryzone',
            name='position',
            field=models.PositiveSmallIntegerField(default=0, help_text='Where zones overlap, the one with the lowest position counts.'),
        ),
        migrations.AlterField(
            model_name='offer',
            name='amount',
            field=models.PositiveBigIntegerField(blank=True, help_text='For an amount only; it is for all vendors of a purchase together.', null=True, validators=[django.core.validators.MinValueValidator(1, 'Send more than zero.')]),
        ),
        migrations.AlterField(
            model_name='offer',
            name='code',
            field=models.CharField(blank=True, help_text='What the customer types, in upper or lower case. Empty: the offer is given by itself.', max_length=40),
        ),
        migrations.AlterField(
            model_name='offer',
            name='max_uses',
            field=models.PositiveIntegerField(blank=True, help_text='How often it can be used in all; empty: no limit.', null=True),
        ),
        migrations.AlterField(
            model_name='offer',
            name='max_uses_per_customer',
            field=models.PositiveIntegerField(blank=True, help_text='How often each customer can use it; empty: no limit.', null=True),
        ),
        migrations.AlterField(
            model_name='offer',
            name='minimum',
            field=models.PositiveBigIntegerField(default=0, help_text='The smallest total of the items.'),
        ),
        migrations.AlterField(
            model_name='offer',
            name='most',
            field=models.PositiveBigIntegerField(blank=True, help_text='The most that it takes off; empty: no limit.', null=True),
        ),
        migrations.AlterField(
            model_name='offer',
            name='rate',
            field=models.PositiveIntegerField(blank=True, help_text='For a percentage only.', null=True, validators=[django.core.validators.MinValueValidator(1, 'Send more than zero.'), django.core.validators.MaxValueValidator(10000, 'A percentage is at most 100.')]),
        ),
        migrations.AlterField(
            model_name='offer',
            name='vendor',
            field=models.ForeignKey(blank=True, help_text='Empty: at every vendor.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='offers', to='vendors.vendor'),
        ),
        migrations.AlterField(
            model_name='openinghours',
            name='fulfilment',
            field=models.CharField(blank=True, choices=[('delivery', 'delivery'), ('pickup', 'pickup'), ('eat_in', 'eat_in'), ('curbside', 'curbside'), ('drive_thru', 'drive_thru')], help_text='Empty: for all delivery types.', max_length=10),
        ),
        migrations.AlterField(
            model_name='openinghours',
            name='slot_orders',
            field=models.PositiveIntegerField(blank=True, help_text="The most orders in a time slot; empty: the vendor's own limit.", null=True),
        ),
        migrations.AlterField(
            model_name='openinghours',
            name='slot_value',
            field=models.PositiveBigIntegerField(blank=True, help_text="The most that the orders of a time slot may be worth; empty: the vendor's own limit.", null=True),
        ),
        migrations.AlterField(
            model_name='option',
            name='half_price',
            field=models.PositiveBigIntegerField(blank=True, help_text='The price of one half; empty: half of the price.', null=True),
        ),
        migrations.AlterField(
            model_name='optiongroup',
            name='maximum',
            field=models.PositiveSmallIntegerField(default=1, help_text='The most choices, their quantities added up; a half counts as half.'),
        ),
        migrations.AlterField(
            model_name='packagetype',
            name='max_distance',
            field=models.PositiveIntegerField(blank=True, help_text='From pick-up to drop-off, in metres; empty: no limit.', null=True),
        ),
        migrations.AlterField(
            model_name='packagetype',
            name='max_side',
            field=models.PositiveIntegerField(blank=True, help_text='The longest side, in millimetres; empty: no limit.', null=True),
        ),
        migrations.AlterField(
            model_name='packagetype',
            name='max_weight',
            field=models.PositiveIntegerField(blank=True, help_text='In grams; empty: no limit.', null=True),
        ),
        migrations.AlterField(
            model_name='packagetype',
            name='per_kg',
            field=models.PositiveBigIntegerField(default=0, help_text='Added for each kilogram, a part of one counts in full.'),
        ),
        migrations.AlterField(
            model_name='packagetype',
            name='per_km',
            field=models.PositiveBigIntegerField(default=0, help_text='Added for each kilometre, a part of one counts in full.'),
        ),
        migrations.AlterField(
            model_name='packagetype',
            name='price',
            field=models.PositiveBigIntegerField(help_text='The base price of a package.'),
        ),
        migrations.AlterField(
            model_name='product',
            name='is_digital',
            field=models.BooleanField(default=False, help_text='Sold as codes, one for each unit, which are issued when it is paid.'),
        ),
        migrations.AlterField(
            model_name='product',
            name='low_codes',
            field=models.PositiveIntegerField(default=0, help_text='The back-office warns when fewer codes than this are left; 0: never.'),
        ),
        migrations.AlterField(
            model_name='product',
            name='max_per_order',
            field=models.PositiveIntegerField(blank=True, help_text='The most in one order; empty: no limit.', null=True, validators=[django.core.validators.MinValueValidator(1)]),
        ),
        migrations.AlterField(
            model_name='product',
            name='plu_code',
            field=models.CharField(blank=True, help_text="The till's number for it.", max_length=40, verbose_name='PLU code'),
        ),
        migrations.AlterField(
            model_name='product',
            name='price_per',
            field=models.PositiveSmallIntegerField(choices=[(1, '1 unit'), (1000, '1000 units')], default=1, help_text='How many units the price is for: 1000 for what is sold in grams and priced by the kilogram.'),
        ),
        migrations.AlterField(
            model_name='product',
            name='sku',
            field=models.CharField(blank=True, help_text="The warehouse's number for it.", max_length=40, verbose_name='SKU'),
        ),
        migrations.AlterField(
            model_name='service',
            name='at_customer',
            field=models.BooleanField(default=False, help_text="It can take place at the customer's address."),
        ),
        migrations.AlterField(
            model_name='service',
            name='at_vendor',
            field=models.BooleanField(default=True, help_text="It can take place at the vendor's."),
        ),
        migrations.AlterField(
            model_name='service',
            name='capacity',
            field=models.PositiveSmallIntegerField(default=1, help_text='How many customers can book the same time.', validators=[django.core.validators.MinValueValidator(1)]),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='accept_minutes',
            field=models.PositiveIntegerField(blank=True, help_text='An order that is not accepted in this time is rejected, and the money goes back; empty: never.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='auto_accept',
            field=models.BooleanField(default=False, help_text='Orders are accepted by themselves.'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='auto_search',
            field=models.BooleanField(default=False, help_text='A driver is looked for as soon as an order is accepted.'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='cancel_fee_accepted',
            field=models.PositiveIntegerField(default=0, help_text='Of what was paid without the tip, if the customer cancels once the order is accepted.', validators=[django.core.validators.MaxValueValidator(10000)]),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='cancel_fee_prepared',
            field=models.PositiveIntegerField(default=0, help_text='Of what was paid without the tip, if the customer cancels once it is prepared.', validators=[django.core.validators.MaxValueValidator(10000)]),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='cancel_fee_preparing',
            field=models.PositiveIntegerField(default=0, help_text='Of what was paid without the tip, if the customer cancels once it is being prepared.', validators=[django.core.validators.MaxValueValidator(10000)]),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='cancel_until',
            field=models.CharField(choices=[('accepted', 'until it is accepted'), ('preparation_started', 'until preparation starts'), ('prepared', 'until it is prepared'), ('picked_up', 'until it is picked up')], default='preparation_started', help_text='How long the customer may cancel.', max_length=20),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='code_minutes',
            field=models.PositiveIntegerField(default=60, help_text='If codes cannot be issued in this time, the order is cancelled and the money goes back.'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='collect_minutes',
            field=models.PositiveIntegerField(blank=True, help_text='An order that is not collected this long after it is ready counts as not collected; empty: never.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='commission_rate',
            field=models.PositiveIntegerField(default=0, help_text="The platform's share of the items.", validators=[django.core.validators.MaxValueValidator(10000)]),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='company_minutes',
            field=models.PositiveIntegerField(blank=True, db_default=15, default=15, help_text='If the company that accepted sends no driver in this time, another is looked for; empty: never.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='confirm_accepts',
            field=models.BooleanField(default=False, help_text='An order that the till confirms is accepted too.'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='country',
            field=models.CharField(default='BE', help_text='Two letters (ISO 3166), such as BE.', max_length=2),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='decide_minutes',
            field=models.PositiveIntegerField(blank=True, help_text='If a driver has quit or could not pick the order up, and nobody decides in this time what happens, the order is cancelled and the money goes back; empty: never.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='driver_answer_seconds',
            field=models.PositiveSmallIntegerField(db_default=45, default=45, help_text='A driver who is offered an order and does not answer in this time is offered it no more.', validators=[django.core.validators.MinValueValidator(5)]),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='driver_left_minutes',
            field=models.PositiveIntegerField(blank=True, db_default=5, default=5, help_text='When another driver is looked for once one has quit or could not pick up; 0: at once, empty: never.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='fee_tax_rate',
            field=models.PositiveIntegerField(default=0, help_text='Tax on the fees for delivery and service.', validators=[django.core.validators.MaxValueValidator(10000)]),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='guest_limit',
            field=models.PositiveBigIntegerField(blank=True, help_text='The most that a guest may order without paying first; empty: no limit.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='no_show_fee',
            field=models.PositiveIntegerField(default=0, help_text='Of what was paid without the tip, if it is not collected or nobody is there to receive it.', validators=[django.core.validators.MaxValueValidator(10000)]),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='pay_minutes',
            field=models.PositiveIntegerField(default=30, help_text='An order that is not paid online in this time is cancelled, and what it held is free again.'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='preorder_minutes',
            field=models.PositiveIntegerField(default=60, help_text='An order for more than this many minutes ahead is a preorder at first.'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='proof',
            field=models.CharField(blank=True, choices=[('', 'none'), ('code', 'the collection code'), ('signature', 'a signature'), ('photo', 'a photo')], help_text='What the driver needs to complete a delivery.', max_length=10),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='retry_minutes',
            field=models.PositiveIntegerField(blank=True, help_text='A failed delivery that is not tried again in this time is rejected for good; empty: never.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='rush_minutes',
            field=models.PositiveSmallIntegerField(default=0, help_text='Minutes added to the preparation time while the vendor is busy.'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='rush_until',
            field=models.DateTimeField(blank=True, help_text='When the added minutes end by themselves; empty: never.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='search_minutes',
            field=models.PositiveIntegerField(blank=True, help_text='If no driver is found in this time, the order is cancelled; empty: never.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='served_minutes',
            field=models.PositiveIntegerField(blank=True, help_text='An order to eat in counts as completed this long after it is ready, once it is paid; empty: never.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='service_fee',
            field=models.PositiveBigIntegerField(default=0, help_text='For each order.'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='service_fee_rate',
            field=models.PositiveIntegerField(default=0, help_text='Of the items, added to the service fee of each order.', validators=[django.core.validators.MaxValueValidator(10000)]),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='settle_minutes',
            field=models.PositiveIntegerField(default=1440, help_text='This long after its delivery or collection an order is closed for good.'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='settled_completes',
            field=models.BooleanField(default=False, help_text='A delivered or collected order that is closed for good becomes Completed.'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='slot_minutes',
            field=models.PositiveSmallIntegerField(default=15, help_text='How long a time slot is.', validators=[django.core.validators.MinValueValidator(5)]),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='slot_orders',
            field=models.PositiveIntegerField(blank=True, help_text='The most orders in a time slot, for each delivery type; empty: no limit.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='slot_value',
            field=models.PositiveBigIntegerField(blank=True, help_text='The most that the orders of a time slot may be worth; empty: no limit.', null=True),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='transfer_minutes',
            field=models.PositiveIntegerField(default=2880, help_text='An order that is not paid by transfer in this time is cancelled.'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='transfers_to',
            field=models.CharField(choices=[('platform', "the platform's: staff approve"), ('vendor', 'its own: the vendor approves, and refunds by hand')], default='platform', help_text='Whose bank account transfers are paid into; whoever receives them confirms that they arrived.', max_length=8),
        ),
    ]
