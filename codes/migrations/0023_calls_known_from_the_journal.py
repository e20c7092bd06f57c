import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_key_of_each_index'),
        ('codes', '0022_disputes_of_each_use'),
    ]

    operations = [
        migrations.AddField(
            model_name='redemption',
            name='call_hashes',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=80),
        ),
        migrations.CreateModel(
            name='RecoveredCall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key_index', models.CharField(editable=False, max_length=64)),
                ('body_index', models.CharField(editable=False, max_length=64)),
                ('index_key_id', models.CharField(db_default='0', default='0', editable=False, max_length=8)),
                ('at', models.DateTimeField()),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.agency')),
                ('redemption', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='codes.redemption')),
            ],
            options={
                'verbose_name': 'call known from the journal',
                'verbose_name_plural': 'calls known from the journal',
                'constraints': [models.UniqueConstraint(fields=('agency', 'key_index'), name='recovered_call_once')],
            },
        ),
    ]
