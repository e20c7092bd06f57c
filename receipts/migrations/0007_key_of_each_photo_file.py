from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('receipts', '0006_first_look'),
    ]

    operations = [
        migrations.AddField(
            model_name='receiptphoto',
            name='file_name_key',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name='receiptphoto',
            name='covered_file_name_key',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=40),
        ),
    ]
