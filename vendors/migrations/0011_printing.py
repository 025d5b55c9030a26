"""How a vendor prints tickets; columns with a constant default, so no row is written."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vendors', '0010_plain_help_texts'),
    ]

    operations = [
        migrations.AddField(
            model_name='vendor',
            name='prints_tickets',
            field=models.BooleanField(db_default=False, default=False, help_text='A ticket is printed by itself when an order is accepted.'),
        ),
        migrations.AddField(
            model_name='vendor',
            name='ticket_columns',
            field=models.PositiveSmallIntegerField(choices=[(32, '32, on paper of 58 mm'), (48, '48, on paper of 80 mm')], db_default=48, default=48, help_text='How many characters a printer that asks for its jobs has in a line.'),
        ),
    ]
