from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('eligibility', '0007_rings_of_a_sponsor'),
    ]

    operations = [
        migrations.AddField(
            model_name='attemptbudget',
            name='index_key_id',
            field=models.CharField(db_default='0', default='0', editable=False, max_length=8),
        ),
        migrations.AddField(
            model_name='referencenumber',
            name='index_key_id',
            field=models.CharField(db_default='0', default='0', editable=False, max_length=8),
        ),
        migrations.AddField(
            model_name='serial',
            name='index_key_id',
            field=models.CharField(db_default='0', default='0', editable=False, max_length=8),
        ),
    ]
