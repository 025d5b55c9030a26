"""What a printer last told of itself; a column with a constant default."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('vendors', '0015_device'),
    ]

    operations = [
        migrations.AddField(
            model_name='device',
            name='printer_status',
            field=models.CharField(blank=True, db_default='', default='', help_text='As the printer last told it: 200 OK.', max_length=100),
        ),
    ]
