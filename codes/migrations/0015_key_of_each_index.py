from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('codes', '0014_one_foreign_key_for_three'),
    ]

    operations = [
        migrations.AddField(
            model_name='shownnumber',
            name='index_key_id',
            field=models.CharField(db_default='0', default='0', editable=False, max_length=8),
        ),
    ]
