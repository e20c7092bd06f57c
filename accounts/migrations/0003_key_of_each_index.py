from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_squashed_0002_data_keys_and_second_person'),
    ]

    operations = [
        migrations.AddField(
            model_name='apikey',
            name='index_key_id',
            field=models.CharField(db_default='0', default='0', editable=False, max_length=8),
        ),
    ]
