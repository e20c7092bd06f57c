from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('receipts', '0008_returned_receipts'),
    ]

    operations = [
        migrations.AddField(
            model_name='receipt',
            name='index_key_id',
            field=models.CharField(db_default='0', default='0', editable=False, max_length=8),
        ),
    ]
