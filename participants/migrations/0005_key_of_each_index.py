from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('participants', '0004_payout_traces'),
    ]

    operations = [
        migrations.AddField(
            model_name='entrytrace',
            name='index_key_id',
            field=models.CharField(db_default='0', default='0', editable=False, max_length=8),
        ),
        migrations.AddField(
            model_name='identity',
            name='index_key_id',
            field=models.CharField(db_default='0', default='0', editable=False, max_length=8),
        ),
        migrations.AddField(
            model_name='typedproof',
            name='index_key_id',
            field=models.CharField(db_default='0', default='0', editable=False, max_length=8),
        ),
    ]
