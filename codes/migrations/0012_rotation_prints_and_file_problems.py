import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('codes', '0011_goods_and_cancelled_cards'),
    ]

    operations = [
        migrations.AddField(
            model_name='codebatch',
            name='journaled_status',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=9),
        ),
        migrations.AlterField(
            model_name='codejob',
            name='kind',
            field=models.CharField(choices=[('check', 'check a file'), ('import', 'read a file in'), ('generate', 'make own codes'), ('activate', 'put into stock'), ('discard', 'discard'), ('hold', 'hold back'), ('release', 'put back into stock'), ('recall', 'recall'), ('export', 'export'), ('rewrap', 'seal under a new key'), ('reindex', 'index under a new key'), ('master', 'seal everything under a new master key')], max_length=8, verbose_name='what'),
        ),
        migrations.CreateModel(
            name='FileProblem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.PositiveIntegerField(verbose_name='row')),
                ('code', models.CharField(max_length=40, verbose_name='problem')),
                ('tail', models.CharField(blank=True, max_length=4, verbose_name='last four symbols')),
                ('job', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='file_problems', to='codes.codejob')),
            ],
            options={
                'verbose_name': 'row that cannot be used',
                'verbose_name_plural': 'rows that cannot be used',
                'ordering': ['row', 'pk'],
                'indexes': [models.Index(fields=['job', 'row'], name='file_problem_by_row')],
            },
        ),
    ]
