from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('codes', '0012_rotation_prints_and_file_problems'),
    ]

    operations = [
        migrations.AddField(
            model_name='shownnumber',
            name='index_key_id',
            field=models.CharField(db_default='0', default='0', editable=False, max_length=8),
        ),
    ]
