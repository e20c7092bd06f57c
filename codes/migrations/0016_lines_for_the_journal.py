from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('codes', '0015_key_of_each_index'),
    ]

    operations = [
        migrations.CreateModel(
            name='UnwrittenLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.JSONField()),
            ],
            options={
                'verbose_name': 'line for the journal',
                'verbose_name_plural': 'lines for the journal',
                'ordering': ['pk'],
            },
        ),
    ]
