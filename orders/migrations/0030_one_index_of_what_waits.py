"""The index that 0029 stands for is dropped (ACCESS EXCLUSIVE, no row is read)."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0029_index_of_what_is_waited_for")]

    operations = [
        migrations.RemoveIndex("order", "order_of_vendor_that_waits"),
    ]
